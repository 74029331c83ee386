"""NumPy meaning of what is as large as it can get: zeros behind the part that counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...dialects import relax
from .registry import Array, impl
from .selection import different, kept_boxes


def _filled(size: int, found: Array) -> Array:
    """Return `found` with zeros behind it."""
    result = np.zeros((size, *found.shape[1:]), np.int64)
    result[: len(found)] = found
    return result


def _count(found: Array) -> Array:
    return np.array([len(found)], np.int64)


@impl(relax.PositionsOp)
def _positions(op: relax.PositionsOp, x: Array) -> tuple[Array, Array]:
    found = np.flatnonzero(x)
    return _filled(x.size, found), _count(found)


@impl(relax.UnravelOp)
def _unravel(op: relax.UnravelOp, positions: Array, x: Array) -> Array:
    indices = np.unravel_index(positions, x.shape) if x.ndim else ()
    return np.array(indices, np.int64).reshape(x.ndim, len(positions))


@impl(relax.GroupsOp)
def _groups(op: relax.GroupsOp, x: Array) -> tuple[Array, Array, Array, Array]:
    axis = op.axis.value.data
    _, first, inverse, counts = different(x, axis, bool(op.sorted.value.data))
    size = x.shape[axis]
    return _filled(size, first), _filled(size, counts), inverse, _count(first)


@impl(relax.BestBoxesOp)
def _best_boxes(op: relax.BestBoxesOp, boxes: Array, scores: Array) -> tuple[Array, Array]:
    found = kept_boxes(op, boxes, scores)
    batch, classes, count = scores.shape
    most = min(max(op.max_output_boxes_per_class.value.data, 0), count)
    return _filled(batch * classes * most, found), _count(found)


@impl(relax.PrefixOp)
def _prefix(op: relax.PrefixOp, count: Array, *xs: Array) -> Any:
    (number,) = count.reshape(-1).tolist()
    for x in xs:
        if not 0 <= number <= len(x):
            raise ValueError(f"relax.prefix: the first {number} of {len(x)} slices")
    return tuple(x[:number] for x in xs)
