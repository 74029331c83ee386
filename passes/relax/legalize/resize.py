"""Compute definition of Resize: exact integer coordinates, so that 2x is `i floordiv 2`.

A source coordinate is a fraction p / q of index expressions: nearest elements and the left
neighbours are integer divisions, only the weights are floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Attribute

from ....dialects import dtypes, relax
from ....dialects.tir.compute import Buffer, Index, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr
from .antialias import Filter, blend_axis
from .coordinates import ROUND, Axis, bounds_of, interpolation_dtype
from .rules import rule


def saturating(k: KernelBuilder, value: Value, dtype: Attribute) -> Value:
    """Return a float as `dtype`: integers are rounded to even and clamped to their range."""
    return k.cast(value if dtypes.is_float(dtype) else k.math("round_even", value), dtype)


@rule(relax.ResizeOp)
def _resize(
    k: KernelBuilder, op: relax.ResizeOp, ins: Sequence[Buffer], outs: Sequence[Buffer]
) -> None:
    x, out = ins[0], outs[0]
    empty = any(dim.is_constant and dim.constant_value == 0 for dim in (*x.shape, *out.shape))

    staged = bool(op.antialias.value.data) and op.mode.data != "nearest" and not empty
    source = _antialiased(k, op, x, out) if staged else x

    def element(*i: IntExpr) -> Value:
        if empty:
            return k.const(0, out.dtype)
        axes = _axes(op, x, out, i)
        if op.mode.data == "nearest":
            value = k.load(x, *(_nearest(op, axis) for axis in axes), where=_not_empty(x, out))
        elif staged:
            value = saturating(k, k.load(source, *i), x.dtype)
        else:
            value = saturating(k, _Blend(k, op, x, axes, _not_empty(x, out)).value(0, ()), x.dtype)
        return _extrapolated(k, op, axes, value)

    k.compute("resize", out, element)


def _antialiased(k: KernelBuilder, op: relax.ResizeOp, x: Buffer, out: Buffer) -> Buffer:
    """Append the resizing of one axis after the other."""
    if _not_empty(x, out):
        raise NotImplementedError("relax.resize: antialias of a symbolic dim that may be 0")
    for axis, (length, size) in enumerate(zip(x.shape, out.shape, strict=True)):
        if _is_resized(op, axis, length, size):
            kernel = Filter.of(op, axis, length, size)
            x = blend_axis(k, op, x, axis, size, kernel)
    return x


def _is_resized(op: relax.ResizeOp, axis: int, length: IntExpr, size: IntExpr) -> bool:
    scales = op.scale_values
    return length != size or op.roi is not None or (scales is not None and scales[axis] != 1)


def _axes(
    op: relax.ResizeOp, x: Buffer, out: Buffer, indices: Sequence[IntExpr]
) -> list[Axis | IntExpr]:
    """Return for each axis how it is read; an index where the axis does not change."""
    bounds = bounds_of((*x.shape, *out.shape), indices, out.shape)
    axes: list[Axis | IntExpr] = []
    for d, (i, n, size) in enumerate(zip(indices, x.shape, out.shape, strict=True)):
        if _is_resized(op, d, n, size):
            axes.append(Axis(*op.coordinate(d, i, n, size), n, bounds))
        else:
            axes.append(i)
    return axes


def _nearest(op: relax.ResizeOp, axis: Axis | IntExpr) -> IntExpr:
    if not isinstance(axis, Axis):
        return axis
    return axis.clamp(ROUND[op.nearest_mode.data](axis.p, axis.q))


def _not_empty(x: Buffer, out: Buffer) -> list[IntExpr]:
    """Return conditions (>= 0) for axes of x that may be empty though the result's are not."""
    conditions: list[IntExpr] = []
    for n, size in zip(x.shape, out.shape, strict=True):
        at_zero = size.substitute(dict.fromkeys(n.free_vars(), 0))
        if not n.is_constant and not (at_zero.is_constant and at_zero.constant_value == 0):
            conditions.append(n - 1)
    return conditions


def _extrapolated(
    k: KernelBuilder, op: relax.ResizeOp, axes: Sequence[Axis | IntExpr], value: Value
) -> Value:
    """Return `value`, or the extrapolation value where a coordinate lies outside of x."""
    if op.roi is None:
        return value
    inside = [c for a in axes if isinstance(a, Axis) for c in (a.p, (a.length - 1) * a.q - a.p)]
    other = k.const(op.extrapolation_value.value.data, value.dtype)
    return k.select(k.predicate(*inside), value, other) if inside else value


@dataclass(frozen=True)
class _Blend:
    """The weighted sum of the neighbours of one element of the result."""

    k: KernelBuilder
    op: relax.ResizeOp
    x: Buffer
    axes: Sequence[Axis | IntExpr]
    where: Sequence[IntExpr]

    @property
    def dtype(self) -> Attribute:
        """The type of weights and sums."""
        return interpolation_dtype(self.x.dtype)

    def value(self, depth: int, indices: tuple[Index, ...]) -> Value:
        """Return the sum over the axes from `depth` on, at `indices` of those before."""
        if depth == len(self.axes):
            return self.k.cast(self.k.load(self.x, *indices, where=self.where), self.dtype)
        axis = self.axes[depth]
        if not isinstance(axis, Axis):
            return self.value(depth + 1, (*indices, axis))
        total: Value | None = None
        for index, weight in self.taps(axis):
            term = self.value(depth + 1, (*indices, index)) * weight
            total = term if total is None else total + term
        assert total is not None
        return total

    def number(self, expr: IntExpr) -> Value:
        """Return an index expression as a float."""
        if expr.is_constant:
            return self.k.const(expr.constant_value, self.dtype)
        return self.k.index_value(expr, self.dtype)

    def taps(self, axis: Axis) -> list[tuple[IntExpr, Value]]:
        """Return the neighbours along an axis and their weights."""
        k = self.k
        left = (axis.p // axis.q).simplify(axis.bounds)
        rest = (axis.p % axis.q).simplify(axis.bounds)
        ratio = self.number(rest) / self.number(axis.q)
        if self.op.mode.data == "linear":
            first, weights = 0, [1.0 - ratio, ratio]
        else:
            first, weights = -1, keys(k, ratio, self.op.cubic_coeff_a.value.data)
        places = [left + first + tap for tap in range(len(weights))]
        if self.op.exclude_outside.value.data:
            zero = k.const(0.0, self.dtype)
            weights = [
                k.select(k.predicate(at, axis.length - 1 - at), weight, zero)
                for at, weight in zip(places, weights, strict=True)
            ]
            total = weights[0]
            for weight in weights[1:]:
                total = total + weight
            weights = [weight / total for weight in weights]
        return [(axis.clamp(at), weight) for at, weight in zip(places, weights, strict=True)]


def keys(k: KernelBuilder, ratio: Value, a: float) -> list[Value]:
    """Return the weights of the elements -1, 0, 1, 2 around a point `ratio` after element 0.

    Source: Keys, IEEE ASSP 29 (1981), equation 15.
    """

    def near(t: Value) -> Value:
        return (t * (a + 2) - (a + 3)) * t * t + 1.0

    def far(t: Value) -> Value:
        return ((t * a - 5 * a) * t + 8 * a) * t - 4 * a

    other = 1.0 - ratio
    return [far(ratio + 1.0), near(ratio), near(other), far(other + 1.0)]
