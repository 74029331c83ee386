"""Compute definitions of linear algebra and normalization."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce as fold

from ....dialects import relax
from ....dialects.tir.compute import Buffer, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr
from .accumulate import count_of, divide_by_count, reduce_into, reduce_temp
from .rules import rule
from .scalars import broadcast_indices, compute_dtype, wide_load

Buffers = Sequence[Buffer]


@rule(relax.MatmulOp)
def _matmul(k: KernelBuilder, op: relax.MatmulOp, ins: Buffers, outs: Buffers) -> None:
    (a, b), (out,) = ins, outs
    transpose_a, transpose_b = relax.flag(op.transpose_a), relax.flag(op.transpose_b)
    batch = out.shape[:-2]

    def operand(x: Buffer, outer: Sequence[IntExpr], row: IntExpr, col: IntExpr) -> Value:
        lead = broadcast_indices(x.shape[:-2], batch, outer)
        return wide_load(k, x, *lead, row, col)

    def update(acc: Value, *iters: IntExpr) -> Value:
        *outer, i, j, q = iters
        left = operand(a, outer, *((q, i) if transpose_a else (i, q)))
        right = operand(b, outer, *((j, q) if transpose_b else (q, j)))
        return acc + left * right

    depth = a.shape[-2] if transpose_a else a.shape[-1]
    reduce_into(k, "matmul", out, (depth,), 0, update)


@rule(relax.EinsumOp)
def _einsum(k: KernelBuilder, op: relax.EinsumOp, ins: Buffers, outs: Buffers) -> None:
    out = outs[0]
    spec = op.spec()
    extents = _label_extents(spec, ins)
    extents |= dict(zip(spec.output, out.shape, strict=True))
    labels = (*spec.output, *spec.summed)

    def update(acc: Value, *iters: IntExpr) -> Value:
        at = dict(zip(labels, iters, strict=True))

        def factor(x: Buffer, found: Sequence[str]) -> Value:
            target = [extents[label] for label in found]
            places = [at[label] for label in found]
            return wide_load(k, x, *broadcast_indices(x.shape, target, places))

        factors = [factor(x, found) for x, found in zip(ins, spec.inputs, strict=True)]
        return acc + fold(lambda left, right: left * right, factors)

    reduce_into(k, "einsum", out, [extents[label] for label in spec.summed], 0, update)


def _label_extents(spec: relax.EinsumSpec, ins: Buffers) -> dict[str, IntExpr]:
    """Return the extent of every label; a dim of 1 gives way to another one."""
    extents: dict[str, IntExpr] = {}
    for x, labels in zip(ins, spec.inputs, strict=True):
        for dim, label in zip(x.shape, labels, strict=True):
            known = extents.get(label)
            if known is None or (known.is_constant and known.constant_value == 1):
                extents[label] = dim
    return extents


@rule(relax.BatchNormOp)
def _batch_norm(k: KernelBuilder, op: relax.BatchNormOp, ins: Buffers, outs: Buffers) -> None:
    (x, scale, bias, mean, var), (out,) = ins, outs
    factor = k.temp(scale.shape, compute_dtype(x.dtype))

    def factor_of(c: IntExpr) -> Value:
        deviation = k.math("sqrt", wide_load(k, var, c) + op.epsilon.value.data)
        return wide_load(k, scale, c) / deviation

    def normalize(*i: IntExpr) -> Value:
        centered = wide_load(k, x, *i) - wide_load(k, mean, i[1])
        return k.cast(centered * k.load(factor, i[1]) + wide_load(k, bias, i[1]), out.dtype)

    k.compute("factor", factor, factor_of)
    k.compute("batch_norm", out, normalize)


@rule(relax.InstanceNormOp)
def _instance_norm(k: KernelBuilder, op: relax.InstanceNormOp, ins: Buffers, outs: Buffers) -> None:
    x, scale, bias = ins
    moments = _moments(k, x, 2, op.epsilon.value.data)
    _normalize(k, "instance_norm", x, moments, (scale, bias), outs[0], lambda i: i[1:2])


@rule(relax.LayerNormOp)
def _layer_norm(k: KernelBuilder, op: relax.LayerNormOp, ins: Buffers, outs: Buffers) -> None:
    x, scale, bias = ins
    axis = op.axis.value.data
    moments = _moments(k, x, axis, op.epsilon.value.data)
    _normalize(k, "layer_norm", x, moments, (scale, bias), outs[0], lambda i: i[axis:])


def _moments(k: KernelBuilder, x: Buffer, axis: int, epsilon: float) -> tuple[Buffer, Buffer]:
    """Append mean and 1 / sqrt(variance + epsilon) of x over the axes from `axis` on.

    The variance is of the differences from the mean: no cancellation where the mean is large.
    """
    outer, inner = x.shape[:axis], x.shape[axis:]
    count = count_of(inner)

    def add(acc: Value, *i: IntExpr) -> Value:
        return acc + wide_load(k, x, *i)

    total = reduce_temp(k, "sum", outer, x.dtype, inner, 0, add)
    mean = k.temp(outer, total.dtype)
    k.compute("mean", mean, lambda *i: divide_by_count(k, k.load(total, *i), count))

    def add_square(acc: Value, *i: IntExpr) -> Value:
        difference = wide_load(k, x, *i) - k.load(mean, *i[:axis])
        return acc + difference * difference

    squares = reduce_temp(k, "squares", outer, x.dtype, inner, 0, add_square)
    inverse = k.temp(outer, total.dtype)

    def inverse_deviation(*i: IntExpr) -> Value:
        variance = divide_by_count(k, k.load(squares, *i), count)
        return 1.0 / k.math("sqrt", variance + epsilon)

    k.compute("inverse_deviation", inverse, inverse_deviation)
    return mean, inverse


def _normalize(
    k: KernelBuilder,
    name: str,
    x: Buffer,
    moments: tuple[Buffer, Buffer],
    affine: tuple[Buffer, Buffer],
    out: Buffer,
    affine_index: Callable[[Sequence[IntExpr]], Sequence[IntExpr]],
) -> None:
    """Append `out = (x - mean) inverse scale + bias`."""
    (mean, inverse), (scale, bias) = moments, affine
    num_outer = len(mean.shape)

    def normalize(*i: IntExpr) -> Value:
        centered = wide_load(k, x, *i) - k.load(mean, *i[:num_outer])
        unit = centered * k.load(inverse, *i[:num_outer])
        where = affine_index(i)
        return k.cast(unit * wide_load(k, scale, *where) + wide_load(k, bias, *where), out.dtype)

    k.compute(name, out, normalize)


@rule(relax.LrnOp)
def _lrn(k: KernelBuilder, op: relax.LrnOp, ins: Buffers, outs: Buffers) -> None:
    (x,), (out,) = ins, outs
    size = op.size.value.data
    before = (size - 1) // 2

    def add_square(acc: Value, *iters: IntExpr) -> Value:
        n, c, *rest, j = iters
        channel = c + j - before
        inside = (channel, x.shape[1] - 1 - channel) if size > 1 else ()
        value = wide_load(k, x, n, channel, *rest, where=inside)
        return acc + value * value

    squares = reduce_temp(k, "squares", x.shape, x.dtype, (size,), 0, add_square)

    def normalize(*i: IntExpr) -> Value:
        base = k.load(squares, *i) * (op.alpha.value.data / size) + op.bias.value.data
        power = k.math("powf", base, k.const(-op.beta.value.data, base.dtype))
        return k.cast(wide_load(k, x, *i) * power, out.dtype)

    k.compute("lrn", out, normalize)
