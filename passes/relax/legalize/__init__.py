"""Compute definitions of the operators of `relax`, one file per family (see `rules.py`)."""

from .rules import RULES

__all__ = ["RULES"]
