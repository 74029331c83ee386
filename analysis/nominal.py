"""Sizes for decisions about symbolic dims: what a symbol is taken to be where its value would tell.

A decision made with them is never wrong, only better or worse: code must be right for every size.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from ..symbolic import IntExpr

NOMINAL_SIZE = 128
"""As large as the lengths and images of small requests, larger than any register tile."""

SymbolBounds = Mapping[Hashable, tuple[int, int | None]]


def nominal_values(keys: SymbolBounds) -> dict[Hashable, int]:
    """Return a value for each symbol, within its bounds."""
    return {
        key: min(max(NOMINAL_SIZE, low), NOMINAL_SIZE if high is None else high)
        for key, (low, high) in keys.items()
    }


def nominal_size(expr: IntExpr, bounds: SymbolBounds | None = None) -> int:
    """Return the value of an expression for nominal values of its symbols, at least 0."""
    if expr.is_constant:
        return max(expr.constant_value, 0)
    known = bounds or {}
    values = nominal_values({key: known.get(key, (0, None)) for key in expr.free_vars()})
    return max(expr.evaluate(values), 0)


def least_size(expr: IntExpr) -> int:
    """Return the value of an expression where all its symbols are 1, at least 0."""
    return max(expr.evaluate(dict.fromkeys(expr.free_vars(), 1)), 0)


def nominal_extent(extent: IntExpr) -> int:
    """Return what a loop's extent is taken to be; never 1 where it may be another number."""
    return extent.constant_value if extent.is_constant else max(nominal_size(extent), 2)
