"""What a person wants to see of an array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # of any element type

TOP = 5
MIN_CLASSES = 10
"""Fewer scores than this are shown whole."""


def summary(name: str, array: Array) -> Iterator[str]:
    """Yield lines: type, range, mean; the values of a small array, the best of many scores."""
    head = f"{name}: {array.dtype}[{', '.join(map(str, array.shape))}]"
    if array.size == 0:
        yield f"{head}, empty"
        return
    numbers = array.astype(np.float64) if array.dtype.kind != "c" else np.abs(array)
    with np.errstate(all="ignore"):
        low, high, mean = numbers.min(), numbers.max(), numbers.mean()
    yield f"{head}  min {low:.6g}  max {high:.6g}  mean {mean:.6g}"
    broken = array.size - int(np.isfinite(numbers).sum())
    if broken:
        yield f"  {broken} of {array.size} are not finite"
    if array.size <= MIN_CLASSES:
        yield "  " + np.array2string(array, max_line_width=96, separator=", ").replace("\n", "\n  ")
    elif looks_like_scores(array):
        yield from _top(numbers.reshape(-1))


def looks_like_scores(array: Array) -> bool:
    """Tell whether an array may be one score per class, of a single example."""
    return array.dtype.kind == "f" and array.ndim > 0 and array.size == max(array.shape)


def _top(scores: Array) -> Iterator[str]:
    best = np.argsort(-scores, kind="stable")[:TOP]
    yield "  top 5: " + ", ".join(f"{index} ({scores[index]:.4g})" for index in best)


def difference(ours: Array, theirs: Array) -> float:
    """Return the largest difference of two arrays, relative to the second's largest value.

    Infinity where shapes or types differ; 0 for values that are equal, NaN to NaN too.
    """
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return float("inf")
    if theirs.size == 0:
        return 0.0
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    scale = np.abs(b[np.isfinite(b)]).max(initial=0.0) or 1.0
    with np.errstate(all="ignore"):
        apart = np.where(same, 0.0, np.abs(a - b) / scale)
    return float(np.nan_to_num(apart, nan=np.inf).max())
