"""Compute definition of Resize: exact integer coordinates, so that 2x is `i floordiv 2`.

A source coordinate is a fraction p / q of index expressions: nearest elements and the left
neighbours are integer divisions, only the weights are floats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.ir import Attribute

from ....dialects import dtypes, relax
from ....dialects.tir.compute import Buffer, Index, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr, max_, min_
from .rules import rule

Bounds = dict[Any, tuple[IntExpr | int | None, IntExpr | int | None]]
"""What is known of variables: SSA values and symbols."""

_ROUND: dict[str, Callable[[IntExpr, IntExpr], IntExpr]] = {
    "floor": lambda p, q: p // q,
    "ceil": lambda p, q: (p + q - 1) // q,
    "round_prefer_floor": lambda p, q: (2 * p + q - 1) // (2 * q),
    "round_prefer_ceil": lambda p, q: (2 * p + q) // (2 * q),
}


@dataclass(frozen=True)
class Axis:
    """One axis at one element of the result: where it is read."""

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


def interpolation_dtype(dtype: Attribute) -> Attribute:
    """Return the type in which elements of `dtype` are interpolated."""
    return dtypes.f64 if dtype == dtypes.f64 else dtypes.f32


def saturating(k: KernelBuilder, value: Value, dtype: Attribute) -> Value:
    """Return a float as `dtype`: integers are rounded to even and clamped to their range."""
    return k.cast(value if dtypes.is_float(dtype) else k.math("round_even", value), dtype)


@rule(relax.ResizeOp)
def _resize(
    k: KernelBuilder, op: relax.ResizeOp, ins: Sequence[Buffer], outs: Sequence[Buffer]
) -> None:
    x, out = ins[0], outs[0]
    if op.antialias.value.data and op.mode.data != "nearest":
        raise NotImplementedError("relax.resize: antialias has no native code yet")
    empty = any(dim.is_constant and dim.constant_value == 0 for dim in (*x.shape, *out.shape))

    def element(*i: IntExpr) -> Value:
        if empty:
            return k.const(0, out.dtype)
        axes = _axes(op, x, out, i)
        if op.mode.data == "nearest":
            value = k.load(x, *(_nearest(op, axis) for axis in axes), where=_not_empty(x, out))
        else:
            value = saturating(k, _Blend(k, op, x, axes, _not_empty(x, out)).value(0, ()), x.dtype)
        return _extrapolated(k, op, axes, value)

    k.compute("resize", out, element)


def _axes(
    op: relax.ResizeOp, x: Buffer, out: Buffer, indices: Sequence[IntExpr]
) -> list[Axis | IntExpr]:
    """Return for each axis how it is read; an index where the axis does not change."""
    scales, axes = op.scale_values, list[Axis | IntExpr]()
    bounds: Bounds = {s: (1, None) for dim in (*x.shape, *out.shape) for s in dim.free_vars()}
    for i, size in zip(indices, out.shape, strict=True):
        bounds[i.free_vars()[0]] = (0, size - 1)
    for d, (i, n, size) in enumerate(zip(indices, x.shape, out.shape, strict=True)):
        if n == size and op.roi is None and (scales is None or scales[d] == 1):
            axes.append(i)
        else:
            p, q = op.coordinate(d, i, n, size)
            axes.append(Axis(p, q, n, bounds))
    return axes


def _nearest(op: relax.ResizeOp, axis: Axis | IntExpr) -> IntExpr:
    if not isinstance(axis, Axis):
        return axis
    return axis.clamp(_ROUND[op.nearest_mode.data](axis.p, axis.q))


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
