"""Compute definitions of the operators of `relax`, one file per family (see `rules.py`)."""

from . import elementwise, nn, reduce, windows  # they fill the table
from .rules import RULES

__all__ = ["RULES", "elementwise", "nn", "reduce", "windows"]
