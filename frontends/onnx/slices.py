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
    """Return where a cut of an axis of size `dim` starts, counted from 0, and how many it takes."""
    if spec.step > 0:
        start = _clamped(spec.start, dim, as_expr(0), dim)
        end = _clamped(spec.end, dim, as_expr(0), dim)
        return start, max_(ceildiv(end - start, spec.step), 0)
    start = _clamped(spec.start, dim, as_expr(0), dim - 1)
    end = _clamped(spec.end, dim, as_expr(-1), dim - 1)
    return start, max_(ceildiv(start - end, -spec.step), 0)


def _clamped(position: IntExpr, dim: IntExpr, low: IntExpr, high: IntExpr) -> IntExpr:
    """Return a position, counted back where it is negative, between `low` and `high`.

    A symbolic position that may be negative is taken to count from the front: exporters make
    such positions of dims alone.
    """
    if position.is_constant:
        if abs(position.constant_value) >= _INFINITE:
            return high if position.constant_value > 0 else low
        if position.constant_value < 0:
            position = position + dim
    bounds = {key: (0, None) for key in (*position.free_vars(), *dim.free_vars())}
    if (high - position).provably_ge0(bounds):
        if (position - low).provably_ge0(bounds):
            return position
        return max_(position, low)
    if (position - high).provably_ge0(bounds):
        return max_(high, low) if not (high - low).provably_ge0(bounds) else high
    return max_(min_(position, high), low)
