"""group-convolutions: groups of channels are an axis; a channel shuffle is an order to write in.

Rewrites   %y = relax.conv %x, %w {groups = 4} ; %z = relax.relu %y
into       %g = relax.reshape %x ; %y = relax.grouped_conv %g, %w' ; %r = relax.relu %y
           %z = relax.reshape %r                                  reshapes are views
and        reshape, permute_dims, reshape of the channels of %z
into       a grouped_conv that is `interleaved`, and the operators after it likewise

With `o floordiv (O/G)` for its group a filter is no row of a register tile: its address in x is
not linear. With an axis for the groups, each group is a matrix product.

Needs:  constant weights; scales folded (fold-scales), moves simplified (simplify-moves).
Leaves: depthwise convolutions, and those of symbolic shapes, as they were.
Why here: before choose-layouts, which blocks channels of ungrouped and depthwise ones.
Source: the shuffle is Zhang et al., "ShuffleNet", CVPR 2018, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ...dialects import relax
from ...dialects.relax import tensor_type
from ...dialects.relax.elementwise import ELEMENTWISE
from .rewriting import Rewriter, Rules, constant_of

Shape = tuple[int, ...]


def _shape_of(value: SSAValue) -> Shape | None:
    return tensor_type(value).static_shape()


def _group(rw: Rewriter, op: relax.ConvOp) -> SSAValue | None:
    """`conv(x, w) -> reshape(grouped_conv(reshape(x), w'))`."""
    groups, weight = op.groups.value.data, constant_of(op.w)
    x, y = _shape_of(op.x), _shape_of(op.result)
    if groups == 1 or weight is None or x is None or y is None or weight.shape[0] == groups:
        return None
    filters, channels = weight.shape[:2]
    split = weight.reshape(groups, filters // groups, *weight.shape[1:])
    given = _reshaped(rw, op.x, (x[0], groups, channels, *x[2:]))
    conv = relax.GroupedConvOp(
        given,
        rw.constant(split, like=op.w),
        strides=op.strides,
        padding=op.padding,
        dilations=op.dilations,
        interleaved=False,
    )
    return _reshaped(rw, rw.add(conv), y)


def _reshaped(rw: Rewriter, value: SSAValue, shape: Shape) -> SSAValue:
    """Return a value in another shape, a view of what is in memory already."""
    while isinstance(value.owner, relax.ReshapeOp):
        rw.absorb(value.owner)
        value = value.owner.x
    return value if _shape_of(value) == shape else rw.add(relax.ReshapeOp(value, shape=shape))


def _grouped(value: SSAValue) -> SSAValue | None:
    """Return the result of a grouped convolution and maps of it that a value is a view of."""
    owner = value.owner
    if not isinstance(owner, relax.ReshapeOp):
        return None
    before, after = _shape_of(owner.x), _shape_of(value)
    if before is None or after is None or len(before) != len(after) + 1 or len(after) < 2:
        return None
    merged = (before[0], before[1] * before[2], *before[3:])
    return owner.x if merged == after and _conv_before(owner.x) is not None else None


def _conv_before(value: SSAValue) -> relax.GroupedConvOp | None:
    """Return the grouped convolution that a chain of maps starts with."""
    while True:
        owner = value.owner
        if isinstance(owner, relax.GroupedConvOp):
            return owner
        if not isinstance(owner, ELEMENTWISE):
            return None
        chain = [x for x in owner.operands if x.type == value.type and constant_of(x) is None]
        if not chain:
            return None
        value = chain[0]


def _map(rw: Rewriter, op: relax.RelaxOp) -> SSAValue | None:
    """`map(reshape(y)) -> reshape(map(y))`, y the result of a grouped convolution."""
    result = _shape_of(op.results[0])
    found = [value for x in op.operands if (value := _grouped(x)) is not None]
    if not found or result is None:
        return None
    inner = _shape_of(found[0])
    assert inner is not None, "seen by _grouped"
    if (inner[0], inner[1] * inner[2], *inner[3:]) != result:
        return None
    operands = _operands(rw, op, inner)
    return None if operands is None else _reshaped(rw, rw.add(_like(op, operands)), result)


def _operands(rw: Rewriter, op: relax.RelaxOp, inner: Shape) -> list[SSAValue] | None:
    """Return the operands of a map in the shape with groups; None where one has none."""
    shape = tensor_type(op.results[0]).shape
    arrays = [constant_of(x) for x in op.operands]
    for x, array in zip(op.operands, arrays, strict=True):
        if array is None and tensor_type(x).shape != shape:
            return None
    return [
        _reshaped(rw, x, inner)
        if array is None
        else rw.constant(_with_groups(array, inner[1:3], len(inner)), like=x)
        for x, array in zip(op.operands, arrays, strict=True)
    ]


def _with_groups(array: relax.Array, groups: Shape, rank: int) -> relax.Array:
    """Return a constant that broadcasts over [N, C, *S] as one over [N, G, C/G, *S]."""
    if array.ndim < rank - 2:
        return array  # over *S only
    full = array.reshape((1,) * (rank - 1 - array.ndim) + array.shape)
    if full.shape[1] == 1:
        return full[:, np.newaxis]
    return full.reshape(full.shape[0], *groups, *full.shape[2:])


def _like(op: relax.RelaxOp, operands: Sequence[SSAValue]) -> relax.RelaxOp:
    """Return a map of the same kind; its result types are inferred."""
    make = cast(Callable[..., relax.RelaxOp], type(op))  # each kind takes its own keywords
    return make(*operands, **op.properties)


def _shuffle(rw: Rewriter, op: relax.PermuteDimsOp) -> SSAValue | None:
    """`permute(maps(grouped_conv(x))) -> maps(interleaved(x))`, used nowhere else."""
    axes, shape = relax.ints(op.axes), _shape_of(op.x)
    if axes != (0, 2, 1, *range(3, len(axes))) or shape is None:
        return None
    value = op.x
    while isinstance(value.owner, relax.ReshapeOp) and value.has_one_use():
        value = value.owner.x
    chain: list[relax.RelaxOp] = []
    while isinstance(owner := value.owner, ELEMENTWISE) and value.has_one_use():
        moving = [x for x in owner.operands if constant_of(x) is None]
        if len(moving) != 1 or moving[0].type != value.type:
            return None
        chain.append(owner)
        value = moving[0]
    conv = value.owner
    if not isinstance(conv, relax.GroupedConvOp) or relax.flag(conv.interleaved):
        return None
    if _shape_of(value) != shape or not value.has_one_use():
        return None
    rw.absorb(conv)
    result = rw.add(
        relax.GroupedConvOp(
            conv.x,
            conv.w,
            strides=conv.strides,
            padding=conv.padding,
            dilations=conv.dilations,
            interleaved=True,
        )
    )
    for step in reversed(chain):
        rw.absorb(step)
        result = rw.add(_like(step, [_turned(rw, x, result) for x in step.operands]))
    return result


def _turned(rw: Rewriter, x: SSAValue, value: SSAValue) -> SSAValue:
    """Return an operand of a map whose groups and channels have changed places."""
    array = constant_of(x)
    if array is None:
        return value
    rank = len(_shape_of(value) or ())
    if array.ndim < rank - 2:
        return x
    full = array.reshape((1,) * (rank - array.ndim) + array.shape)
    return rw.constant(np.swapaxes(full, 1, 2), like=x)


RULES: Rules = {
    **{kind: (_map,) for kind in ELEMENTWISE},
    relax.ConvOp: (_group,),
    relax.PermuteDimsOp: (_shuffle,),
}


@dataclass(frozen=True)
class GroupConvolutionsPass(ModulePass):
    """See the module docstring."""

    name = "group-convolutions"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Rewriter(RULES).run(op)
