"""Operators whose indices are data."""

from __future__ import annotations

from math import prod

import numpy as np
from xdsl.dialects.builtin import i64

from ....dialects import dtypes, relax
from ....symbolic import IntExpr, as_expr
from ..builder import Tensor, iota
from ..node import Node
from ..registry import converter
from ..values import settle


def _integers(x: Tensor) -> Tensor:
    """Return indices as integers; old models have them as floats."""
    return x if dtypes.is_integer(x.dtype) else x.cast(i64)


@converter("Gather")
def _(node: Node) -> Tensor:
    x = node.x(0)
    return x.gather(_integers(node.x(1)), node.axis(node.integer("axis", 0), x.rank))


@converter("GatherElements")
def _(node: Node) -> Tensor:
    x = node.x(0)
    axis = node.axis(node.integer("axis", 0), x.rank)
    return x.emit(relax.GatherElementsOp, node.x(1), axis=axis)


@converter("GatherND")
def _(node: Node) -> Tensor:
    return node.x(0).emit(relax.GatherNdOp, node.x(1), batch_dims=node.integer("batch_dims", 0))


@converter("Scatter", "ScatterElements")
def _(node: Node) -> Tensor:
    x = node.x(0)
    return x.emit(
        relax.ScatterElementsOp,
        node.x(1),
        node.x(2),
        axis=node.axis(node.integer("axis", 0), x.rank),
        reduction=node.text("reduction", "none"),
    )


@converter("ScatterND")
def _(node: Node) -> Tensor:
    reduction = node.text("reduction", "none")
    return node.x(0).emit(relax.ScatterNdOp, node.x(1), node.x(2), reduction=reduction)


@converter("TensorScatter")
def _(node: Node) -> Tensor:
    """Writes `update` into a cache along `axis`, from `write_indices` of each batch on."""
    cache, update = node.x(0), node.x(1)
    axis = node.axis(node.integer("axis", -2), cache.rank)
    mode = node.text("mode", "linear")
    length = update.shape[axis]
    shape = [as_expr(1)] * cache.rank
    shape[axis] = length
    positions = iota(node.builder, length, i64).reshape(shape)
    start = node.opt(2)
    if start is not None:
        positions = positions + start.reshape([start.shape[0], *[as_expr(1)] * (cache.rank - 1)])
    if mode == "circular":
        size = _scalar(node, cache.shape[axis])
        positions = positions.emit(relax.FloorModOp, size)
    indices = positions.broadcast_to(update.shape)
    return cache.emit(relax.ScatterElementsOp, indices, update, axis=axis, reduction="none")


@converter("OneHot")
def _(node: Node) -> Tensor:
    """Compares each index, counted from the end where negative, with 0 .. depth - 1."""
    indices, values = node.x(0), node.x(2)
    depth = node.dims(1, "depth")[0]
    indices = indices.cast(i64)
    rank = indices.rank + 1
    axis = node.axis(node.integer("axis", -1), rank)
    size = _scalar(node, depth)
    indices = (indices < 0).where(indices + size, indices).unsqueeze([axis])
    shape = [as_expr(1)] * rank
    shape[axis] = depth
    hot = indices.equal(iota(node.builder, depth, i64).reshape(shape))
    off, on = (values.slice(0, i, 1).reshape([]) for i in (0, 1))
    return hot.where(on, off)


def _scalar(node: Node, dim: IntExpr) -> Tensor:
    array = np.empty((), object)
    array[()] = dim
    return node.tensor(settle(array, i64))


_GRID_MODES = {"bilinear": "linear", "bicubic": "cubic"}  # names before opset 20


@converter("GridSample")
def _(node: Node) -> Tensor:
    mode = node.text("mode", "linear")
    return node.x(0).emit(
        relax.GridSampleOp,
        node.x(1),
        mode=_GRID_MODES.get(mode, mode),
        padding_mode=node.text("padding_mode", "zeros"),
        align_corners=bool(node.integer("align_corners", 0)),
    )


@converter("RoiAlign")
def _(node: Node) -> Tensor:
    default = "half_pixel" if node.version >= 16 else "output_half_pixel"
    return node.x(0).emit(
        relax.RoiAlignOp,
        node.x(1),
        node.x(2),
        output_height=node.integer("output_height", 1),
        output_width=node.integer("output_width", 1),
        sampling_ratio=node.integer("sampling_ratio", 0),
        spatial_scale=node.number("spatial_scale", 1.0),
        mode=node.text("mode", "avg"),
        coordinate_transformation_mode=node.text("coordinate_transformation_mode", default),
    )


@converter("ArrayFeatureExtractor", domain="ai.onnx.ml")
def _(node: Node) -> Tensor:
    x, indices = node.x(0), node.x(1)
    y = x.gather(indices.reshape([prod(indices.shape, start=as_expr(1))]), x.rank - 1)
    return y if y.rank > 1 else y.unsqueeze([0])
