"""Deformable convolution: samples at learned offsets, then a product of matrices.

Source: Dai et al., ICCV 2017, and Zhu et al., CVPR 2019 (the mask).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....dialects import dtypes, relax
from ....symbolic import IntExpr
from ..builder import Tensor, concat
from ..node import Node
from ..registry import converter
from .convolution import per_channel
from .windows import Window, read_window, static_kernel


@converter("DeformConv")
def _(node: Node) -> Tensor:
    x, w, offset = node.x(0), node.x(1), node.x(2)
    bias, mask = node.opt(3), node.opt(4)
    if x.rank != 4:
        raise node.unsupported(f"a deformable convolution over {x.rank - 2} axes")
    window = read_window(node, static_kernel(node, w.shape[2:]), x.shape[2:])
    groups, offset_groups = node.integer("group", 1), node.integer("offset_group", 1)
    columns = [
        _sampled(node, x, offset, mask, window, g, offset_groups) for g in range(offset_groups)
    ]
    n, _, out_h, out_w = offset.shape
    cells = int(np.prod(window.kernel))
    column = concat(columns, 1)  # [n, c, cells, out_h * out_w]
    per_group = x.shape[1] // groups
    rows = column.reshape([n, groups, per_group * cells, out_h * out_w])
    filters = w.shape[0] // groups
    weight = w.reshape([groups, filters, per_group * cells])
    y = weight.matmul(rows).reshape([n, w.shape[0], out_h, out_w])
    return y if bias is None else y + per_channel(bias, 4)


def _sampled(
    node: Node,
    x: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    window: Window,
    group: int,
    count: int,
) -> Tensor:
    """Return what the kernel's cells see of one group's channels: [n, c, cells, positions]."""
    n, _, out_h, out_w = offset.shape
    cells = int(np.prod(window.kernel))
    depth = x.shape[1] // count
    part = x.slice(1, depth * group, depth)
    first = group * cells
    found: list[Tensor] = []
    for cell in range(cells):
        row, column = divmod(cell, window.kernel[1])
        ys, xs = (
            _coordinate(node, offset, 2 * (first + cell) + axis, axis, place, window, x.shape[2:])
            for axis, place in ((0, row), (1, column))
        )
        grid = concat([xs.unsqueeze([3]), ys.unsqueeze([3])], 3)  # the last axis of x comes first
        sample = part.emit(
            relax.GridSampleOp,
            grid,
            mode="linear",
            padding_mode="zeros",
            align_corners=_corners(x.shape[2:]),
        )
        if mask is not None:
            sample = sample * mask.slice(1, first + cell, 1)
        found.append(sample.reshape([n, depth, 1, out_h * out_w]))
    return concat(found, 2)


def _coordinate(
    node: Node,
    offset: Tensor,
    channel: int,
    axis: int,
    place: int,
    window: Window,
    sizes: Sequence[IntExpr],
) -> Tensor:
    """Return where one cell of the kernel reads along one axis, as GridSample counts: [n, h, w]."""
    size, out = sizes[axis], offset.shape[2 + axis]
    if not size.is_constant or not out.is_constant:
        raise node.unsupported(f"a deformable convolution over a dim of {size}")
    start = place * window.dilations[axis] - window.before[axis]
    positions = np.arange(out.constant_value) * window.strides[axis] + start
    shape = (1, -1, 1) if axis == 0 else (1, 1, -1)
    dtype = dtypes.to_numpy(offset.dtype)
    base = node.constant(positions.reshape(shape), dtype)
    at = offset.slice(1, channel, 1).squeeze([1]) + base
    extent = size.constant_value
    if _corners(sizes):
        return at * 2.0 / float(extent - 1) - 1.0
    return (at * 2.0 + 1.0) / float(extent) - 1.0


def _corners(sizes: Sequence[IntExpr]) -> bool:
    """Tell whether -1 and 1 stand for the centres of the border elements.

    That keeps whole positions whole, but an axis of one element has no distance to count in.
    """
    return all(size != 1 for size in sizes)
