"""Normalizations."""

from __future__ import annotations

from math import prod

import numpy as np
from onnx import NodeProto

from ....dialects import dtypes, relax
from ....symbolic import IntExpr, as_expr
from ..builder import Tensor, full
from ..node import Node
from ..registry import attribute_int, converter
from .convolution import per_channel
from .elementwise import in_float


def _refuse_batch_norm(node: NodeProto) -> str | None:
    if attribute_int(node, "spatial", 1) == 0:
        return "statistics of each position (spatial = 0)"
    return None


@converter("BatchNormalization", refuse=_refuse_batch_norm)
def _(node: Node) -> Tensor | list[Tensor]:
    x, epsilon = node.x(0), node.number("epsilon", 1e-5)
    scale, bias, mean, var = (node.x(i) for i in range(1, 5))
    if node.integer("training_mode", 0):
        return _trained(node, x, scale, bias, mean, var)
    if node.version < 7 and not node.integer("is_test", 0):
        raise node.unsupported("batch normalization in training mode (is_test = 0)")
    if x.rank == 1:
        x = x.unsqueeze([1])  # [N]: one channel
        return _batch_norm(x, scale, bias, mean, var, epsilon).squeeze([1])
    return _batch_norm(x, scale, bias, mean, var, epsilon)


def _batch_norm(
    x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, var: Tensor, epsilon: float
) -> Tensor:
    vectors = [vector.cast(x.dtype) for vector in (scale, bias, mean, var)]
    return x.emit(relax.BatchNormOp, *vectors, epsilon=epsilon)


def _trained(
    node: Node, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, var: Tensor
) -> list[Tensor]:
    axes = [axis for axis in range(x.rank) if axis != 1]
    now = x.mean(axes)
    centered = x - now
    spread = (centered * centered).mean(axes)
    gain = per_channel(scale, x.rank) / (spread + node.number("epsilon", 1e-5)).sqrt()
    momentum = node.number("momentum", 0.9)
    kept = [
        old * momentum + new.squeeze(axes).cast(old.dtype) * (1.0 - momentum)
        for old, new in ((mean, now), (var, spread))
    ]
    return [centered * gain + per_channel(bias, x.rank), *kept]


@converter("InstanceNormalization")
def _(node: Node) -> Tensor:
    epsilon = node.number("epsilon", 1e-5)
    return node.x(0).emit(relax.InstanceNormOp, node.x(1), node.x(2), epsilon=epsilon)


@converter("LayerNormalization")
def _(node: Node) -> Tensor | list[Tensor]:
    x, epsilon = node.x(0), node.number("epsilon", 1e-5)
    axis = node.axis(node.integer("axis", -1), x.rank)
    inner = x.shape[axis:]
    wide = in_float(x)
    scale, bias = node.x(1).cast(wide.dtype), node.opt(2)
    if not node.wants(1) and not node.wants(2):
        offset = _filled(wide, inner, 0) if bias is None else bias.cast(wide.dtype)
        y = wide.emit(
            relax.LayerNormOp,
            scale.broadcast_to(inner),
            offset.broadcast_to(inner),
            axis=axis,
            epsilon=epsilon,
        )
        return y.cast(x.dtype)
    axes = list(range(axis, x.rank))
    mean = wide.mean(axes)
    centered = wide - mean
    inverse = 1.0 / ((centered * centered).mean(axes) + epsilon).sqrt()
    y = centered * inverse * scale
    if bias is not None:
        y = y + bias.cast(wide.dtype)
    return [y.cast(x.dtype), mean, inverse]


def _filled(like: Tensor, dims: tuple[IntExpr, ...], value: float) -> Tensor:
    return full(like.builder, dims, np.array(value, dtypes.to_numpy(like.dtype)))


@converter("GroupNormalization")
def _(node: Node) -> Tensor:
    x, groups, epsilon = node.x(0), node.integer("num_groups"), node.number("epsilon", 1e-5)
    batch, channels, *spatial = x.shape
    per_group = channels // groups
    wide = in_float(x)
    flat = wide.reshape([batch, groups, per_group * prod(spatial, start=as_expr(1))])
    one, zero = (_filled(wide, (as_expr(groups),), value) for value in (1, 0))
    y = flat.emit(relax.InstanceNormOp, one, zero, epsilon=epsilon).reshape(x.shape)
    scale, bias = node.x(1).cast(y.dtype), node.x(2).cast(y.dtype)
    if node.version < 21:  # one scale for each group, not for each channel
        scale, bias = (_repeated(v, groups, per_group) for v in (scale, bias))
    return (y * per_channel(scale, x.rank) + per_channel(bias, x.rank)).cast(x.dtype)


def _repeated(vector: Tensor, groups: int, count: IntExpr) -> Tensor:
    wide = vector.unsqueeze([1]).broadcast_to([groups, count])
    return wide.reshape([count * groups])


@converter("RMSNormalization")
def _(node: Node) -> Tensor:
    x, scale = node.x(0), node.x(1)
    axis = node.axis(node.integer("axis", -1), x.rank)
    wide = in_float(x)
    mean = (wide * wide).mean(range(axis, x.rank))
    y = (wide / (mean + node.number("epsilon", 1e-5)).sqrt()).cast(x.dtype)
    return (y.cast(scale.dtype) * scale).cast(scale.dtype)


@converter("LRN")
def _(node: Node) -> Tensor:
    return node.x().emit(
        relax.LrnOp,
        size=node.integer("size"),
        alpha=node.number("alpha", 1e-4),
        beta=node.number("beta", 0.75),
        bias=node.number("bias", 1.0),
    )


@converter("LpNormalization")
def _(node: Node) -> Tensor:
    x, p = node.x(), node.integer("p", 2)
    axis = node.axis(node.integer("axis", -1), x.rank)
    if p == 1:
        norm = x.abs().sum([axis])
    elif p == 2:
        norm = (x * x).sum([axis]).sqrt()
    else:
        raise node.fail(f"p is {p}, expected 1 or 2")
    return norm.equal(0.0).where(0.0, x / norm)
