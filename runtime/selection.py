"""Operators whose results are as large as their data says: functions of the runtime, by name.

    values = tyrex.compress(x, condition, parameters)

A program calls them as host functions and then matches what came back: the symbols of the result's
shape are known from there on. The last argument holds an operator's attributes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]  # any element type

NO_AXIS = -1


def non_zero(x: Any) -> Array:
    """Return the indices of the elements of x that are not 0: i64 [rank, count], row-major."""
    return np.ascontiguousarray(np.argwhere(np.asarray(x)).T, np.int64)


def compress(x: Any, condition: Any, parameters: Any) -> Array:
    """Return the slices of x whose condition holds.

    Args:
        x: a tensor.
        condition: bool, of one axis, not longer than what it selects from.
        parameters: i64 [axis], -1 where x is flattened first.
    """
    (axis,) = np.asarray(parameters).tolist()
    chosen = np.asarray(condition)
    return np.compress(chosen, np.asarray(x), axis=None if axis == NO_AXIS else axis)


def unique(x: Any, parameters: Any) -> tuple[Array, Array, Array, Array]:
    """Return the different elements, where each is first, which one each element is, how often.

    Args:
        x: a tensor.
        parameters: i64 [axis, sorted]; axis -1 where x is flattened first, sorted 0 where values
            stand in the order in which they occur.
    """
    axis, is_sorted = np.asarray(parameters).tolist()
    along = None if axis == NO_AXIS else axis
    values, first, inverse, counts = np.unique(np.asarray(x), True, True, True, axis=along)
    inverse = inverse.reshape(-1)
    if not is_sorted:
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(order.size)
        first, counts, inverse = first[order], counts[order], rank[inverse]
        values = np.take(values, order, axis=along or 0)
    first, inverse, counts = (np.ascontiguousarray(x, np.int64) for x in (first, inverse, counts))
    return np.ascontiguousarray(values), first, inverse, counts


def non_max_suppression(boxes: Any, scores: Any, parameters: Any) -> Array:
    """Return the boxes that no better box of their class covers: i64 [count, 3].

    Args:
        boxes: [batch, n, 4], two opposite corners y, x, y, x; or centers x, y, width, height.
        scores: [batch, classes, n].
        parameters: f64 [most boxes a class, largest overlap, least score (NaN: none), whether boxes
            are centers].
    """
    limit, threshold, least, centered = np.asarray(parameters).tolist()
    corners = _corners(np.asarray(boxes), bool(centered))
    values = np.asarray(scores)
    rows: list[tuple[int, int, int]] = []
    for batch, label in np.ndindex(values.shape[:2]):
        row = values[batch, label]
        order = np.argsort(-row, kind="stable")
        if least == least:  # a number
            order = order[row[order] > least]
        kept = _kept(corners[batch], order, int(limit), threshold)
        rows += [(batch, label, i) for i in kept]
    return np.array(rows, np.int64).reshape(-1, 3)


def _kept(corners: Array, order: Array, limit: int, threshold: float) -> list[int]:
    """Return the boxes that stay, best first: each removes those that it overlaps too much."""
    kept: list[int] = []
    while len(order) and len(kept) < limit:
        best = int(order[0])
        kept.append(best)
        rest = order[1:]
        order = rest[_overlaps(corners[best], corners[rest]) <= threshold]
    return kept


def _corners(boxes: Array, centered: bool) -> Array:
    """Return boxes as [..., (low y, low x, high y, high x)]."""
    if centered:
        x, y, width, height = (boxes[..., d] for d in range(4))
        low, high = (y - height / 2, x - width / 2), (y + height / 2, x + width / 2)
        return np.stack([*low, *high], axis=-1)
    first, second = boxes[..., :2], boxes[..., 2:]
    return np.concatenate([np.minimum(first, second), np.maximum(first, second)], axis=-1)


def _overlaps(box: Array, others: Array) -> Array:
    """Return intersection over union of a box with others; 0 where a box is empty."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    sides = np.maximum(sides, 0)
    both = sides.prod(axis=-1)
    areas = (box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(axis=-1)
    union = areas[0] + areas[1] - both
    meets = (both > 0) & (union > 0)
    return np.where(meets, both / np.where(meets, union, 1), 0)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "tyrex.compress": compress,
    "tyrex.non_max_suppression": non_max_suppression,
    "tyrex.non_zero": non_zero,
    "tyrex.unique": unique,
}
"""Name in programs -> function."""
