"""split-conv-transpose: where windows do not overlap, a transposed convolution is a product.

Rewrites   %y = relax.conv_transpose %x, %w {strides = the kernel, no padding}
into       %t = relax.conv %x, %w'        a 1x1 convolution to O * k * k channels
           %y = those channels, laid out as k x k pixels (reshape, permute_dims, reshape)

The operators after it that treat every pixel of a channel alike (a bias, a factor, an activation)
move before the layout, where they are the epilogue of the convolution.

Needs:  a constant weight (fold-constants), scales folded (fold-scales).
Leaves: transposed convolutions whose windows overlap.
Why here: before relax-cse; convolutions have a schedule, gathering by remainders has a slow one.
Source: Shi et al., CVPR 2016, section 2.2 (sub-pixel convolution, read backwards).
"""

from __future__ import annotations

from dataclasses import dataclass
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


def _split(rw: Rewriter, op: Operation) -> SSAValue | None:
    """`f(conv_transpose(x, w)) -> shuffle(f(conv(x, w')))`, f the end of a chain of maps."""
    if _continues(op):
        return None  # the last of the chain decides
    chain: list[Operation] = []
    current: Operation | None = op
    while current is not None and not isinstance(current, relax.ConvTransposeOp):
        chain.append(current)
        current = _before(current)
    if current is None or not _is_disjoint(current):
        return None
    weight, shape = constant_of(current.w), relax.tensor_type(current.x).known_shape()
    if weight is None or shape is None:
        return None
    kernel = weight.shape[2:]
    rw.absorb(current)
    value = rw.add(_product(rw, current, weight))
    for step in reversed(chain):
        rw.absorb(step)
        value = _apply(rw, step, value, int(np.prod(kernel)))
    return _shuffled(rw, value, (shape[0], *shape[2:]), weight.shape[1], kernel)


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
    window: dict[str, Any] = {"strides": (1,) * spatial, "dilations": (1,) * spatial}
    assert matrix.shape[0] == outputs * weight[0, 0].size
    return relax.ConvOp(
        op.x, rw.constant(matrix, like=op.w), padding=(0,) * (2 * spatial), groups=1, **window
    )


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
    n = len(kernel)
    split = rw.add(relax.ReshapeOp(value, shape=(batch, channels, *kernel, *spatial)))
    order = [axis for i in range(n) for axis in (2 + n + i, 2 + i)]
    moved = rw.add(relax.PermuteDimsOp(split, axes=(0, 1, *order)))
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
        Rewriter({kind: (_split,) for kind in (relax.ConvTransposeOp, *MAPS)}).run(op)
