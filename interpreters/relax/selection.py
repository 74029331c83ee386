"""NumPy meaning of the operators whose results' shapes depend on data."""

from __future__ import annotations

import numpy as np

from ...dialects import relax
from .registry import Array, impl


@impl(relax.NonZeroOp)
def _non_zero(op: relax.NonZeroOp, x: Array) -> Array:
    return np.argwhere(x).T.astype(np.int64)


@impl(relax.CompressOp)
def _compress(op: relax.CompressOp, x: Array, condition: Array) -> Array:
    return np.compress(condition, x, axis=None if op.axis is None else op.axis.value.data)


@impl(relax.UniqueOp)
def _unique(op: relax.UniqueOp, x: Array) -> tuple[Array, Array, Array, Array]:
    axis = None if op.axis is None else op.axis.value.data
    return different(x, axis, bool(op.sorted.value.data))


def different(x: Array, axis: int | None, is_sorted: bool) -> tuple[Array, Array, Array, Array]:
    """Return the different slices, where each is first, the group of each slice, their sizes."""
    if x.size == 0 and axis is not None:
        return _different_nothing(x, axis)
    values, first, inverse, counts = np.unique(x, True, True, True, axis=axis)
    inverse = inverse.reshape(-1)
    if not is_sorted:
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(order.size)
        first, counts, inverse = first[order], counts[order], rank[inverse]
        values = np.take(values, order, axis=axis or 0)
    return values, first.astype(np.int64), inverse.astype(np.int64), counts.astype(np.int64)


def _different_nothing(x: Array, axis: int) -> tuple[Array, Array, Array, Array]:
    """Return what `different` does for slices of no elements: all are equal."""
    count = x.shape[axis]
    groups = min(count, 1)
    first, inverse, counts = (np.zeros(n, np.int64) for n in (groups, count, groups))
    return np.take(x, first, axis), first, inverse, counts + count


@impl(relax.NonMaxSuppressionOp)
def _non_max_suppression(op: relax.NonMaxSuppressionOp, boxes: Array, scores: Array) -> Array:
    return kept_boxes(op, boxes, scores)


def kept_boxes(
    op: relax.NonMaxSuppressionOp | relax.BestBoxesOp, boxes: Array, scores: Array
) -> Array:
    """Return (batch, class, box) of the boxes that stay."""
    limit = op.max_output_boxes_per_class.value.data
    threshold = op.iou_threshold.value.data
    least = None if op.score_threshold is None else op.score_threshold.value.data
    corners = _corners(boxes, bool(op.center_point_box.value.data))
    rows: list[tuple[int, int, int]] = []
    for batch, label in np.ndindex(scores.shape[:2]):
        row = scores[batch, label]
        kept: list[int] = []
        for i in np.argsort(-row, kind="stable").tolist():
            if len(kept) >= limit or (least is not None and not row[i] > least):
                break
            if all(_overlap(corners[batch, i], corners[batch, j]) <= threshold for j in kept):
                kept.append(i)
        rows += [(batch, label, i) for i in kept]
    return np.array(rows, np.int64).reshape(-1, 3)


def _corners(boxes: Array, centered: bool) -> Array:
    """Return boxes `[..., 4]` as (low y, low x, high y, high x)."""
    if centered:
        x, y, width, height = (boxes[..., d] for d in range(4))
        half_height, half_width = height / 2, width / 2
        low = y - half_height, x - half_width
        high = y + half_height, x + half_width
        return np.stack([*low, *high], axis=-1)
    first, second = boxes[..., :2], boxes[..., 2:]
    return np.concatenate([np.minimum(first, second), np.maximum(first, second)], axis=-1)


def _overlap(a: Array, b: Array) -> float:
    """Return intersection over union of two boxes; 0 where a box is empty."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if (sides <= 0).any():
        return 0.0
    areas = (a[2:] - a[:2]).prod(), (b[2:] - b[:2]).prod()
    if min(areas) <= 0:
        return 0.0
    intersection = sides.prod()
    return float(intersection / (areas[0] + areas[1] - intersection))
