"""Arithmetic on ranges of integers: `(lo, hi)`, inclusive, None = unbounded on that side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Interval: TypeAlias = "tuple[int | None, int | None]"


def range_of_sum(a: Interval, b: Interval) -> Interval:
    """The range of x + y."""
    return (
        None if a[0] is None or b[0] is None else a[0] + b[0],
        None if a[1] is None or b[1] is None else a[1] + b[1],
    )


def range_of_product(a: Interval, b: Interval) -> Interval:
    """The range of x * y."""
    if a[0] is not None and a[0] == a[1]:
        return _scaled(b, a[0])
    ends = [_end_product(x, y, i, j) for i, x in enumerate(a) for j, y in enumerate(b)]
    lo, hi = min(ends), max(ends)
    return (None if isinstance(lo, float) else lo, None if isinstance(hi, float) else hi)


def _scaled(a: Interval, factor: int) -> Interval:
    if factor == 0:
        return 0, 0
    lo = None if a[0] is None else a[0] * factor
    hi = None if a[1] is None else a[1] * factor
    return (lo, hi) if factor > 0 else (hi, lo)


_INFINITY = float("inf")


def _end_product(x: int | None, y: int | None, x_upper: int, y_upper: int) -> int | float:
    """The product of two ends of ranges; None is the infinity of its side."""
    if x == 0 or y == 0:
        return 0
    if x is not None and y is not None:
        return x * y
    x_positive = x > 0 if x is not None else bool(x_upper)
    y_positive = y > 0 if y is not None else bool(y_upper)
    return _INFINITY if x_positive == y_positive else -_INFINITY


def range_of_floordiv(a: Interval, b: Interval) -> Interval:
    """The range of x floordiv y; nothing is known unless y is positive."""
    lo, hi = a
    least, most = b
    if least is None or least < 1:
        return None, None
    if lo is not None:
        lo = lo // least if lo < 0 else 0 if most is None else lo // most
    if hi is not None:
        hi = hi // least if hi >= 0 else -1 if most is None else hi // most
    return lo, hi


def range_of_mod(a: Interval, b: Interval) -> Interval:
    """The range of x mod y; nothing is known unless y is positive."""
    lo, hi = a
    least, most = b
    if least is None or least < 1:
        return None, None
    if least == most and lo is not None and hi is not None and lo // least == hi // least:
        return lo % least, hi % least
    greatest = None if most is None else most - 1
    if lo is None or lo < 0 or hi is None:
        return 0, greatest
    return 0, hi if greatest is None else min(hi, greatest)


def range_of_min(ranges: Sequence[Interval]) -> Interval:
    """The range of the least of several values."""
    los = [lo for lo, _ in ranges if lo is not None]
    his = [hi for _, hi in ranges if hi is not None]
    return min(los) if len(los) == len(ranges) else None, min(his, default=None)


def range_of_max(ranges: Sequence[Interval]) -> Interval:
    """The range of the greatest of several values."""
    los = [lo for lo, _ in ranges if lo is not None]
    his = [hi for _, hi in ranges if hi is not None]
    return max(los, default=None), max(his) if len(his) == len(ranges) else None
