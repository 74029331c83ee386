"""Compute definitions of the operators of `relax`, one file per family (see `rules.py`)."""

from . import (  # they fill the table
    elementwise,
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
    "elementwise",
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
