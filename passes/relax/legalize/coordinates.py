"""Where Resize reads: coordinates as exact fractions of index expressions, and their bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.ir import Attribute

from ....dialects import dtypes
from ....symbolic import IntExpr, max_, min_

Bounds = dict[Any, tuple[IntExpr | int | None, IntExpr | int | None]]
"""What is known of variables: SSA values and symbols."""

ROUND: dict[str, Callable[[IntExpr, IntExpr], IntExpr]] = {
    "floor": lambda p, q: p // q,
    "ceil": lambda p, q: (p + q - 1) // q,
    "round_prefer_floor": lambda p, q: (2 * p + q - 1) // (2 * q),
    "round_prefer_ceil": lambda p, q: (2 * p + q) // (2 * q),
}
"""How a coordinate p / q becomes the index of the nearest element."""


@dataclass(frozen=True)
class Axis:
    """One axis at one element of the result: it is read at p / q."""

    p: IntExpr
    q: IntExpr
    length: IntExpr
    bounds: Bounds

    def clamp(self, index: IntExpr) -> IntExpr:
        """Return an index, brought into 0 .. length - 1 where it may be outside."""
        inner = index.simplify(self.bounds)
        if not inner.provably_ge0(self.bounds):
            inner = max_(inner, 0)
        last = self.length - 1
        return inner if (last - inner).provably_ge0(self.bounds) else min_(inner, last)


def bounds_of(
    dims: Sequence[IntExpr], indices: Sequence[IntExpr], extents: Sequence[IntExpr]
) -> Bounds:
    """Return what is known where an element exists: symbols of `dims` are positive."""
    bounds: Bounds = {symbol: (1, None) for dim in dims for symbol in dim.free_vars()}
    for i, extent in zip(indices, extents, strict=True):
        bounds[i.free_vars()[0]] = (0, extent - 1)
    return bounds


def interpolation_dtype(dtype: Attribute) -> Attribute:
    """Return the type in which elements of `dtype` are interpolated."""
    return dtypes.f64 if dtype == dtypes.f64 else dtypes.f32
