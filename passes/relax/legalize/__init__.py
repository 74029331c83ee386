"""Compute definitions of the operators of `relax`, one file per family (see `rules.py`)."""

from . import (
    bounded,  # they fill the table
    elementwise,
    extremes,
    indexing,
    manipulate,
    nn,
    recurrent,
    reduce,
    resize,
    sampling,
    sorting,
    windows,
    winograd,
)
from .rules import RULES

__all__ = [
    "RULES",
    "bounded",
    "elementwise",
    "extremes",
    "indexing",
    "manipulate",
    "nn",
    "recurrent",
    "reduce",
    "resize",
    "sampling",
    "sorting",
    "windows",
    "winograd",
]
