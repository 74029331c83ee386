"""Quantization, composed of integer and float arithmetic."""

from __future__ import annotations

import numpy as np
from xdsl.dialects.builtin import f32, i32
from xdsl.ir import Attribute

from ....dialects import dtypes
from ....dialects.dtypes import ui8
from ....symbolic import IntExpr, as_expr
from ..builder import Tensor
from ..node import Node
from ..registry import converter
from .convolution import convolve, per_channel
from .linear import matmul


def saturate(x: Tensor, dtype: Attribute) -> Tensor:
    """Return whole floats as integers of `dtype`, its extremes where they are outside.

    Raises:
        ValueError: `dtype` is a float.
    """
    if not dtypes.is_integer(dtype):
        raise ValueError(f"{dtype} is no integer type to quantize to")
    limits = np.iinfo(dtypes.name_of(dtype))
    return x.maximum(float(limits.min)).minimum(float(limits.max)).cast(dtype)


def along(node: Node, vector: Tensor, x: Tensor, axis: int, block: int = 0) -> Tensor:
    """Return a scale or zero point in a shape that broadcasts to `x`.

    It has one entry for all of x, one for each index of `axis`, or one for each `block` of them.
    """
    if vector.rank == 0 or (vector.rank == 1 and vector.shape[0] == 1):
        return vector.reshape([])
    if vector.rank == 1 and not block:
        shape = [as_expr(1)] * x.rank
        shape[axis] = vector.shape[0]
        return vector.reshape(shape)
    if vector.rank != x.rank:
        raise node.fail(f"a scale of rank {vector.rank} for a tensor of rank {x.rank}")
    if not block:
        return vector
    dims: list[IntExpr] = list(vector.shape)
    wide = vector.unsqueeze([axis + 1])
    repeated = wide.broadcast_to([*dims[: axis + 1], as_expr(block), *dims[axis + 1 :]])
    dims[axis] = dims[axis] * block
    flat = repeated.reshape(dims)
    return flat if flat.shape[axis] == x.shape[axis] else flat.slice(axis, 0, x.shape[axis])


@converter("QuantizeLinear")
def _(node: Node) -> Tensor:
    x, scale, zero = node.x(0), node.x(1), node.opt(2)
    axis = node.axis(node.integer("axis", 1), x.rank) if x.rank > 1 else 0
    block = node.integer("block_size", 0)
    dtype = zero.dtype if zero is not None else node.dtype("output_dtype", ui8)
    precision = node.dtype("precision", scale.dtype if scale.is_float else f32)
    if dtypes.is_float(x.dtype) and dtypes.size_bytes(precision) < 4:
        precision = f32  # 16-bit floats cannot hold what rounds to 16-bit integers
    wide = x.cast(precision)
    y = (wide / along(node, scale.cast(precision), x, axis, block)).round()
    if zero is not None:
        y = y + along(node, zero.cast(precision), x, axis, block)
    return saturate(y, dtype)


@converter("DequantizeLinear")
def _(node: Node) -> Tensor:
    x, scale, zero = node.x(0), node.x(1), node.opt(2)
    axis = node.axis(node.integer("axis", 1), x.rank) if x.rank > 1 else 0
    block = node.integer("block_size", 0)
    dtype = node.dtype("output_dtype", scale.dtype)
    precision = scale.dtype if dtypes.size_bytes(scale.dtype) >= 4 else f32
    exact = precision if x.is_float else i32  # weights of 8-bit floats are read as floats
    wide = x.cast(exact)
    if zero is not None:
        wide = wide - along(node, zero.cast(exact), x, axis, block)
    y = wide.cast(precision) * along(node, scale.cast(precision), x, axis, block)
    return y.cast(dtype)


@converter("DynamicQuantizeLinear")
def _(node: Node) -> list[Tensor]:
    x = node.x()
    axes = list(range(x.rank))
    high = x.max(axes, False).maximum(0.0)
    low = x.min(axes, False).minimum(0.0)
    scale = (high - low) / 255.0
    zero = saturate((-low / scale).round(), ui8)
    y = saturate((x / scale).round() + zero.cast(x.dtype), ui8)
    return [y, scale, zero]


def _centered(x: Tensor, zero: Tensor | None, axis_from_end: int | None = None) -> Tensor:
    """Return integers less their zero point, as i32; a vector of zero points lies along an axis."""
    wide = x.cast(i32)
    if zero is None:
        return wide
    zero = zero.cast(i32)
    if zero.rank == 1 and zero.shape[0] == 1:
        zero = zero.reshape([])
    if zero.rank == 1 and axis_from_end == 2:
        zero = zero.unsqueeze([1])  # one for each row
    return wide - zero


@converter("MatMulInteger")
def _(node: Node) -> Tensor:
    return matmul(_centered(node.x(0), node.opt(2), 2), _centered(node.x(1), node.opt(3)))


@converter("QLinearMatMul")
def _(node: Node) -> Tensor:
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = node.xs()
    product = matmul(_centered(a, a_zero, 2), _centered(b, b_zero))
    if a_scale.rank == 1 and a_scale.shape[0] != 1:
        a_scale = a_scale.unsqueeze([1])
    scale = a_scale.cast(f32) * b_scale.cast(f32) / y_scale.cast(f32)
    y = (product.cast(f32) * _scalar_like(scale)).round() + y_zero.cast(f32)
    return saturate(y, y_zero.dtype)


def _scalar_like(x: Tensor) -> Tensor:
    return x.reshape([]) if x.rank == 1 and x.shape[0] == 1 else x


@converter("ConvInteger")
def _(node: Node) -> Tensor:
    x, w = node.x(0), node.x(1)
    zero = node.opt(3)
    return convolve(node, _centered(x, node.opt(2)), _centered(w, _filters(zero, w)))


def _filters(zero: Tensor | None, w: Tensor) -> Tensor | None:
    """Return zero points of the filters as [O, 1, ..]."""
    if zero is None or zero.rank == 0 or zero.shape[0] == 1:
        return zero
    return zero.reshape([*zero.shape, *[as_expr(1)] * (w.rank - 1)])


@converter("QLinearConv")
def _(node: Node) -> Tensor:
    x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero = (node.x(i) for i in range(8))
    total = convolve(node, _centered(x, x_zero), _centered(w, _filters(w_zero, w)))
    bias = node.opt(8)
    if bias is not None:
        total = total + per_channel(bias, total.rank)
    scale = _scalar_like(x_scale * w_scale / y_scale)
    if scale.rank == 1:
        scale = per_channel(scale, total.rank)
    y = (total.cast(f32) * scale).round() + _scalar_like(y_zero.cast(f32))
    return saturate(y, y_zero.dtype)
