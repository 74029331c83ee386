"""Compute definition of Resize with antialias: axis after axis, with tables of weights.

A smaller scale widens the kernel, so that an element has many neighbours: their weights are
computed once per index and not once per element, and each axis is a reduction over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from xdsl.ir import Attribute

from ....dialects import relax
from ....dialects.tir.compute import Buffer, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr
from .coordinates import Axis, bounds_of, interpolation_dtype


@dataclass(frozen=True)
class Filter:
    """The kernel of one axis: the neighbours `first` .. `first + count - 1`, scaled by `scale`."""

    first: int
    count: int
    scale: float

    @staticmethod
    def of(op: relax.ResizeOp, axis: int, length: IntExpr, size: IntExpr) -> Filter:
        """Return the filter of an axis.

        Raises:
            NotImplementedError: the scale is not known.
        """
        if op.scale_values is not None:
            scale = op.scale_values[axis]
        elif length.is_constant and size.is_constant:
            scale = size.constant_value / max(length.constant_value, 1)
        else:
            raise NotImplementedError("relax.resize: antialias of a symbolic dim without scales")
        scale = min(scale, 1.0)
        reach = 1 if op.mode.data == "linear" else 2
        first = floor(-reach / scale) + 1
        return Filter(first, 2 - 2 * first, scale)


def blend_axis(
    k: KernelBuilder, op: relax.ResizeOp, x: Buffer, axis: int, size: IntExpr, kernel: Filter
) -> Buffer:
    """Append the resizing of one axis and return its result."""
    length, dtype = x.shape[axis], interpolation_dtype(x.dtype)
    weights = k.temp((size, kernel.count), dtype)
    total = k.temp((size,), dtype)
    shape = [size if d == axis else dim for d, dim in enumerate(x.shape)]
    out = k.temp(shape, dtype)
    bounds = bounds_of((*x.shape, size), (), ())

    def place(i: IntExpr) -> Axis:
        p, q = op.coordinate(axis, i, length, size)
        return Axis(p, q, length, {**bounds, i.free_vars()[0]: (0, size - 1)})

    def weight(i: IntExpr, tap: IntExpr) -> Value:
        at = place(i)
        left = at.p // at.q
        ratio = k.index_value(at.p % at.q, dtype) / k.index_value(at.q, dtype)
        distance = k.index_value(tap + kernel.first, dtype) - ratio
        value = _kernel(k, op, k.math("abs", distance * kernel.scale), dtype)
        if not op.exclude_outside.value.data:
            return value
        index = left + tap + kernel.first
        inside = k.predicate(index, length - 1 - index)
        return k.select(inside, value, k.const(0.0, dtype))

    def add_weight(acc: Value, i: IntExpr, tap: IntExpr) -> Value:
        return acc + k.load(weights, i, tap)

    def blend(acc: Value, *i: IntExpr) -> Value:
        index, tap = i[:-1], i[-1]
        at = place(index[axis])
        source = at.clamp(at.p // at.q + tap + kernel.first)
        element = k.load(x, *(source if d == axis else v for d, v in enumerate(index)))
        scaled = k.load(weights, index[axis], tap) / k.load(total, index[axis])
        return acc + k.cast(element, dtype) * scaled

    k.compute(f"weights_{axis}", weights, weight)
    k.reduce(f"total_{axis}", total, (kernel.count,), 0.0, add_weight)
    k.reduce(f"blend_{axis}", out, (kernel.count,), 0.0, blend)
    return out


def _kernel(k: KernelBuilder, op: relax.ResizeOp, distance: Value, dtype: Attribute) -> Value:
    """Return the weight of an element at a distance: a triangle, or Keys' cubic."""
    zero, t = k.const(0.0, dtype), distance
    if op.mode.data == "linear":
        return k.max(1.0 - t, zero)
    a = op.cubic_coeff_a.value.data
    near = (t * (a + 2) - (a + 3)) * t * t + 1.0
    far = ((t * a - 5 * a) * t + 8 * a) * t - 4 * a
    return k.select(t <= 1.0, near, k.select(t < 2.0, far, zero))
