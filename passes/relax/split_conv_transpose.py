"""split-conv-transpose: where windows do not overlap, a transposed convolution is a product.

Rewrites   %y = relax.conv_transpose %x, %w {strides = the kernel, no padding}
into       %t = relax.conv %x, %w'        a 1x1 convolution to O * k * k channels
           %y = those channels, laid out as k x k pixels (reshape, permute_dims, reshape)

The operators after it that treat every pixel of a channel alike (a bias, a factor, an activation)
move before the layout, where they are the epilogue of the convolution. So does a convolution of one
tap to few channels, which mixes the channels of each pixel by itself:

           %z = relax.conv (pixels of %t), %w     ->     pixels of (relax.conv %t, %w')

w' has k * k copies of w, and zeros between: multiplied by zeros is less work than all pixels moved.

Needs:  a constant weight (fold-constants), scales folded (fold-scales).
Leaves: transposed convolutions whose windows overlap.
Why here: before relax-cse; convolutions have a schedule, gathering by remainders has a slow one.
Source: Shi et al., CVPR 2016, section 2.2 (sub-pixel convolution, read backwards).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from ...dialects import relax
from ...dialects.relax import Array, ints
from ...symbolic import IntExpr
from .rewriting import Rewriter, constant_of, with_constant

MOVE_COST = 64
"""Of moving a number to another pixel, in operations of a convolution: by their rates, 3e9 numbers
and 190 GFLOP a second on an Intel core with two units of 512 bits."""


def _split(rw: Rewriter, op: Operation) -> SSAValue | None:
    """`f(conv_transpose(x, w)) -> shuffle(f(conv(x, w')))`, f the end of a chain of maps."""
    if _continues(op):
        return None  # the last of the chain decides
    chain: list[Operation] = []
    current: Operation | None = op
    while current is not None and not isinstance(current, relax.ConvTransposeOp | relax.ConvOp):
        chain.append(current)
        current = _before(current)
    begun = _transposed(rw, current) or _mixed(rw, current)
    if begun is None:
        return None
    value, channels, kernel = begun
    shape = relax.tensor_type(value).known_shape()
    assert shape is not None, "the input's is known, and the window's"
    for step in reversed(chain):
        rw.absorb(step)
        value = _apply(rw, step, value, prod(kernel))
    return _shuffled(rw, value, (shape[0], *shape[2:]), channels, kernel)


Begun = tuple[SSAValue, int, tuple[int, ...]]
"""A tensor [N, O k k, *S], O, and the pixels k x k that the channels of an output are."""


def _transposed(rw: Rewriter, op: Operation | None) -> Begun | None:
    """Return what a transposed convolution makes, before its pixels are laid out."""
    if not isinstance(op, relax.ConvTransposeOp) or not _is_disjoint(op):
        return None
    weight, shape = constant_of(op.w), relax.tensor_type(op.x).known_shape()
    if weight is None or shape is None:
        return None
    rw.absorb(op)
    return rw.add(_product(rw, op, weight)), weight.shape[1], weight.shape[2:]


def _mixed(rw: Rewriter, op: Operation | None) -> Begun | None:
    """Return what a convolution of one tap makes of pixels, before these are laid out."""
    if not isinstance(op, relax.ConvOp):
        return None
    weight, pixels = constant_of(op.w), _pixels_of(op.x)
    ones = (1,) * op.spatial_rank
    simple = ints(op.strides) == ones and not any(ints(op.padding)) and op.groups.value.data == 1
    if weight is None or pixels is None or weight.shape[2:] != ones or not simple:
        return None
    source, channels, kernel = pixels
    filters, count = weight.shape[0], prod(kernel)
    if 2 * filters * (count - 1) >= MOVE_COST:
        return None
    same = np.eye(count, dtype=weight.dtype)
    wider = np.einsum("oc,pq->opcq", weight.reshape(filters, channels), same)
    wider = wider.reshape(filters * count, channels * count, *ones)
    rw.absorb(op)
    return rw.add(_conv(source, rw.constant(wider, like=op.w))), filters, kernel


def _pixels_of(value: SSAValue) -> Begun | None:
    """Return the channels that a tensor has as pixels, laid out as `_shuffled` does it."""
    joined, moved, split = _makers(value, 3)
    if not isinstance(joined, relax.ReshapeOp) or not isinstance(split, relax.ReshapeOp):
        return None
    if not isinstance(moved, relax.PermuteDimsOp):
        return None
    shape = relax.tensor_type(split.result).known_shape()
    if shape is None or len(shape) < 4 or len(shape) % 2:
        return None
    n = len(shape) // 2 - 1
    if not all(dim.is_constant for dim in shape[1 : 2 + n]):
        return None
    channels, *kernel = (dim.constant_value for dim in shape[1 : 2 + n])
    spatial = shape[2 + n :]
    large = tuple(size * k for size, k in zip(spatial, kernel, strict=True))
    laid_out = (
        relax.tensor_type(split.x).known_shape() == (shape[0], channels * prod(kernel), *spatial)
        and ints(moved.axes) == _order(n)
        and relax.tensor_type(value).known_shape() == (shape[0], channels, *large)
    )
    return (split.x, channels, tuple(kernel)) if laid_out else None


def _makers(value: SSAValue, count: int) -> list[Operation | None]:
    """Return the operators that made a value one after the other, of which no other has a part."""
    found: list[Operation | None] = []
    for _ in range(count):
        owner = value.owner if value.has_one_use() else None
        if not isinstance(owner, Operation) or not owner.operands:
            return [None] * count
        found.append(owner)
        value = owner.operands[0]
    return found


def _order(spatial: int) -> tuple[int, ...]:
    """Return the axes of `[N, O, *k, *S]` in the order `[N, O, S0, k0, S1, k1, ...]`."""
    return (0, 1, *(axis for i in range(spatial) for axis in (2 + spatial + i, 2 + i)))


def _is_disjoint(op: relax.ConvTransposeOp) -> bool:
    """Tell whether each output position belongs to one window."""
    kernel = constant_of(op.w)
    return (
        kernel is not None
        and kernel.shape[2:] == ints(op.strides)
        and kernel[0, 0].size > 1
        and op.groups.value.data == 1
        and not any(ints(op.padding))
        and not any(ints(op.output_padding))
        and all(d == 1 for d in ints(op.dilations))
    )


def _before(op: Operation) -> Operation | None:
    """Return the operator before a map of channels, None where it is none."""
    match op:
        case relax.UnaryOp() if not op.properties:
            value: SSAValue = op.x
        case relax.AddOp() | relax.MultiplyOp():
            found = with_constant(op)
            if found is None or not _is_per_channel(found[2], found[0], op):
                return None
            value = found[0]
        case _:
            return None
    owner = value.owner
    return owner if isinstance(owner, Operation) and value.has_one_use() else None


def _is_per_channel(array: Array, value: SSAValue, op: relax.BinaryOp) -> bool:
    rank = relax.tensor_type(value).rank
    if rank is None or array.ndim > rank or value.type != op.result.type:
        return False
    shape = (1,) * (rank - array.ndim) + array.shape
    return all(extent == 1 for axis, extent in enumerate(shape) if axis != 1)


def _continues(op: Operation) -> bool:
    """Tell whether the only user of a result is a map of channels too."""
    if not op.results[0].has_one_use():
        return False
    user = next(iter(op.results[0].uses)).operation
    return _before(user) is op


def _product(rw: Rewriter, op: relax.ConvTransposeOp, weight: Array) -> relax.ConvOp:
    """Return the convolution of one position to O k k channels, those of an output together."""
    inputs, outputs = weight.shape[:2]
    spatial = weight.ndim - 2
    matrix = weight.reshape(inputs, -1).T.reshape(-1, inputs, *(1,) * spatial)
    assert matrix.shape[0] == outputs * weight[0, 0].size
    return _conv(op.x, rw.constant(matrix, like=op.w))


def _conv(x: SSAValue, weight: SSAValue) -> relax.ConvOp:
    """Return the convolution of one tap."""
    spatial = (relax.tensor_type(weight).rank or 0) - 2
    window: dict[str, Any] = {"strides": (1,) * spatial, "dilations": (1,) * spatial}
    return relax.ConvOp(x, weight, padding=(0,) * (2 * spatial), groups=1, **window)


def _apply(rw: Rewriter, step: Operation, value: SSAValue, repeats: int) -> SSAValue:
    """Add a map of channels, of which there are `repeats` times as many."""
    if isinstance(step, relax.UnaryOp):
        return rw.add(type(step)(value))
    assert isinstance(step, relax.AddOp | relax.MultiplyOp)
    found = with_constant(step)
    assert found is not None, "a map of channels has a constant"
    _, constant, array = found
    if array.size > 1:
        rank = len(relax.tensor_type(value).shape or ())
        array = np.repeat(array.reshape(-1), repeats).reshape(-1, *(1,) * (rank - 2))
    return rw.add(type(step)(value, rw.constant(array, like=constant)))


def _shuffled(
    rw: Rewriter,
    value: SSAValue,
    sizes: tuple[IntExpr, ...],
    channels: int,
    kernel: tuple[int, ...],
) -> SSAValue:
    """Lay `[N, O k k, *S]` out as `[N, O, *(S k)]`."""
    batch, *spatial = sizes
    split = rw.add(relax.ReshapeOp(value, shape=(batch, channels, *kernel, *spatial)))
    moved = rw.add(relax.PermuteDimsOp(split, axes=_order(len(kernel))))
    extents = [size * k for size, k in zip(spatial, kernel, strict=True)]
    return rw.add(relax.ReshapeOp(moved, shape=(batch, channels, *extents)))


MAPS = (
    relax.AddOp,
    relax.MultiplyOp,
    *(k for k in relax.ELEMENTWISE if issubclass(k, relax.UnaryOp)),
)


@dataclass(frozen=True)
class SplitConvTransposePass(ModulePass):
    """See the module docstring."""

    name = "split-conv-transpose"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        kinds = (relax.ConvOp, relax.ConvTransposeOp, *MAPS)
        Rewriter({kind: (_split,) for kind in kinds}).run(op)
