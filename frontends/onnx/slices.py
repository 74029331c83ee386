"""What the inputs or attributes of a Slice say, for arrays and for tensors with symbolic dims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...symbolic import IntExpr, as_expr, ceildiv, max_, min_
from .node import Node

_INFINITE = (1 << 31) - 1  # models write INT32_MAX or more for "to the end" (ONNX, Slice-13)


@dataclass(frozen=True)
class SliceSpec:
    """Start, end and step of one axis as the model says them: outside, or counted from the end."""

    axis: int
    start: IntExpr
    end: IntExpr
    step: int


def slice_specs(node: Node, rank: int) -> list[SliceSpec]:
    """Return the axes that a Slice node cuts.

    Raises:
        ModelError: lists of different lengths, a step of 0, an axis out of range.
    """
    if node.version >= 10:
        starts, ends = node.dims(1, "starts"), node.dims(2, "ends")
        axes = node.known_ints(3, "axes") if node.has(3) else list(range(len(starts)))
        steps = node.known_ints(4, "steps") if node.has(4) else [1] * len(starts)
    else:
        starts = tuple(map(as_expr, node.integers("starts")))
        ends = tuple(map(as_expr, node.integers("ends")))
        axes = node.integers("axes", None) or list(range(len(starts)))
        steps = [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise node.fail(
            f"{len(starts)} starts, {len(ends)} ends, {len(axes)} axes and {len(steps)} steps; "
            "expected as many of each"
        )
    if 0 in steps:
        raise node.fail("a step is 0")
    return [
        SliceSpec(node.axis(axis, rank), start, end, step)
        for axis, start, end, step in zip(axes, starts, ends, steps, strict=True)
    ]


def slices_of(node: Node, shape: Sequence[int]) -> tuple[slice, ...]:
    """Return a Slice node's cuts of an array as Python slices."""
    cuts = [slice(None)] * len(shape)
    for spec in slice_specs(node, len(shape)):
        start, size = resolve(spec, as_expr(shape[spec.axis]))
        first, count = start.constant_value, size.constant_value
        stop = first + count * spec.step
        cuts[spec.axis] = slice(first, stop if stop >= 0 else None, spec.step)
        if not count:
            cuts[spec.axis] = slice(0, 0)
    return tuple(cuts)


def resolve(spec: SliceSpec, dim: IntExpr) -> tuple[IntExpr, IntExpr]:
    """Return where a cut of an axis of size `dim` starts, counted from 0, and how many it takes.

    Where the start is cut to the axis, and the end too, the distance between them is the least
    of the four distances between what they are cut from; written so it has few nested extremes.
    """
    step = spec.step
    if step > 0:
        start, end = _position(spec.start, dim, dim), _position(spec.end, dim, dim)
        distance = min_(end - start, end, dim - start, dim)
        return _largest(start, as_expr(0)), ceildiv(_largest(distance, as_expr(0)), step)
    last = dim - 1
    start, end = _position(spec.start, dim, last), _position(spec.end, dim, last)
    start = _largest(start, as_expr(0))  # other than in NumPy: before the front is at the front
    distance = min_(start - end, start + 1, last - end, dim)
    return _smallest(start, last), ceildiv(_largest(distance, as_expr(0)), -step)


def _position(position: IntExpr, dim: IntExpr, far: IntExpr) -> IntExpr:
    """Return a position counted from the front; `far` is what a very large one stands for."""
    if not position.is_constant:
        if _is_at_least(position, as_expr(0)):
            return position
        is_negative = min_(max_(-position, 0), 1)
        return position + dim * is_negative
    value = position.constant_value
    if abs(value) >= _INFINITE:
        return far if value > 0 else as_expr(-1)
    return position + dim if value < 0 else position


def _largest(a: IntExpr, b: IntExpr) -> IntExpr:
    return a if _is_at_least(a, b) else max_(a, b)


def _smallest(a: IntExpr, b: IntExpr) -> IntExpr:
    return a if _is_at_least(b, a) else min_(a, b)


def _is_at_least(a: IntExpr, b: IntExpr) -> bool:
    difference = a - b
    return difference.provably_ge0({key: (0, None) for key in difference.free_vars()})
