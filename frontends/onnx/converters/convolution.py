"""Convolutions."""

from __future__ import annotations

import numpy as np

from ....dialects import dtypes, relax
from ....symbolic import as_expr
from ..builder import Tensor
from ..node import Node
from ..registry import converter
from .windows import Window, read_window, static_kernel


def convolve(node: Node, x: Tensor, w: Tensor) -> Tensor:
    """Return the convolution of `x` with `w` by the node's attributes, without bias."""
    sizes = x.shape[2:]
    window = read_window(node, static_kernel(node, w.shape[2:]), sizes)
    return x.emit(
        relax.ConvOp,
        w,
        strides=window.strides,
        padding=window.padding,
        dilations=window.dilations,
        groups=node.integer("group", 1),
    )


def per_channel(bias: Tensor, rank: int) -> Tensor:
    """Return a vector of channels as [C, 1, ..], to broadcast over spatial axes."""
    return bias.reshape([*bias.shape, *[as_expr(1)] * (rank - 2)])


@converter("Conv")
def _(node: Node) -> Tensor:
    x, bias = node.x(0), node.opt(2)
    y = convolve(node, x, node.x(1))
    return y if bias is None else y + per_channel(bias, x.rank)


@converter("ConvTranspose")
def _(node: Node) -> Tensor:
    x, w, bias = node.x(0), node.x(1), node.opt(2)
    rank = x.rank - 2
    kernel = static_kernel(node, w.shape[2:])
    strides = node.integers("strides", None) or [1] * rank
    dilations = node.integers("dilations", None) or [1] * rank
    more = node.integers("output_padding", None) or [0] * rank
    window = Window(kernel, strides, dilations, *_transposed_pads(node, rank))
    target = node.integers("output_shape", None)
    mode = node.text("auto_pad", "NOTSET")
    if target is not None or mode.startswith("SAME"):
        window, more = _to_shape(node, x, window, more, target)
    y = x.emit(
        relax.ConvTransposeOp,
        w,
        strides=strides,
        padding=window.padding,
        dilations=dilations,
        groups=node.integer("group", 1),
        output_padding=more,
    )
    return y if bias is None else y + per_channel(bias, x.rank)


def _transposed_pads(node: Node, rank: int) -> tuple[list[int], list[int]]:
    pads = node.integers("pads", None) or [0] * (2 * rank)
    if len(pads) != 2 * rank:
        raise node.fail(f"pads is {pads}; expected {2 * rank} entries")
    return pads[:rank], pads[rank:]


def _to_shape(
    node: Node, x: Tensor, window: Window, more: list[int], target: list[int] | None
) -> tuple[Window, list[int]]:
    """Return the window and output padding that make a result of `target`, or n * stride."""
    before: list[int] = []
    after: list[int] = []
    grown: list[int] = []
    upper = node.text("auto_pad", "NOTSET") == "SAME_UPPER"
    goals = None if target is None else target[-len(more) :]
    for axis, size in enumerate(x.shape[2:]):
        stride = window.strides[axis]
        goal = size * stride if goals is None else as_expr(goals[axis])
        total = (size - 1) * stride + more[axis] + window.extent(axis) - goal
        if not total.is_constant:
            raise node.fail(
                f"output_shape {target} over a dim of {size}: the padding depends on it"
            )
        cut = max(total.constant_value, 0)
        grown.append(more[axis] + cut - total.constant_value)
        small, large = cut // 2, cut - cut // 2
        before.append(small if upper else large)
        after.append(large if upper else small)
    return Window(window.kernel, window.strides, window.dilations, before, after), grown


@converter("Col2Im")
def _(node: Node) -> Tensor:
    """The sum of overlapping blocks is a transposed convolution with weights of 0 and 1."""
    x = node.x()
    image = node.known_ints(1, "image_shape")
    block = node.known_ints(2, "block_shape")
    rank, cells = len(image), int(np.prod(block))
    strides = node.integers("strides", None) or [1] * rank
    dilations = node.integers("dilations", None) or [1] * rank
    before, after = _transposed_pads(node, rank)
    if not x.shape[1].is_multiple_of(cells):
        raise node.fail(f"{x.shape[1]} rows are no multiple of the block {block}")
    if not x.shape[1].is_constant:
        raise node.fail("the number of channels must be known")
    channels = x.shape[1].constant_value // cells
    window = Window(block, strides, dilations, before, after)
    counts = [
        (image[i] + before[i] + after[i] - window.extent(i)) // strides[i] + 1 for i in range(rank)
    ]
    grown = [
        image[i] + before[i] + after[i] - (counts[i] - 1) * strides[i] - window.extent(i)
        for i in range(rank)
    ]
    identity = np.eye(cells, dtype=dtypes.to_numpy(x.dtype)).reshape(cells, 1, *block)
    weight = node.tensor(np.tile(identity, (channels, 1, *[1] * rank)))
    return x.reshape([x.shape[0], x.shape[1], *counts]).emit(
        relax.ConvTransposeOp,
        weight,
        strides=strides,
        padding=window.padding,
        dilations=dilations,
        groups=channels,
        output_padding=grown,
    )
