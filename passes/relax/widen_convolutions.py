"""widen-convolutions: convolutions over one axis are convolutions of images one pixel high.

Rewrites   %y = relax.conv %x, %w ; %z = relax.relu %y : [N, C, W]
into       %y = relax.conv %x4, %w4 ; %z = relax.relu %y : [N, C, 1, W]

with a reshape, which moves nothing, where a tensor enters and where one leaves. Those are taken
that choose-layouts may give blocks of channels: of f32, of constant weights, of one group, with
enough filters. Elementwise operators behind them follow.

Needs:  constants folded, scales in the weights (fold-scales).
Leaves: convolutions as they were where blocks would not pay.
Why here: before choose-layouts, which knows images; behind the passes that know plain layouts.
Source: -
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ...dialects import relax
from ...dialects.relax import tensor_type
from ...dialects.relax.elementwise import ELEMENTWISE
from ...dialects.target import target_of
from .choose_layouts import MOST_WASTE
from .rewriting import constant_like, constant_of

SEQUENCE_RANK = 3
_ELEMENTWISE = frozenset(ELEMENTWISE)


class _Widener:
    """Rewrites the operators of one block, in order."""

    def __init__(self, block: Block, lanes: int) -> None:
        self.block = block
        self.lanes = lanes
        self.wide: dict[SSAValue, SSAValue] = {}
        self.replaced: list[Operation] = []

    def run(self) -> None:
        """Widen what can be, then give what stays the results in the shapes that it had."""
        for op in list(self.block.ops):
            new = self.widened(op)
            if new is not None:
                self.insert(new, op)
                new.results[0].name_hint = op.results[0].name_hint
                self.wide[op.results[0]] = new.results[0]
                self.replaced.append(op)
        gone = set(self.replaced)
        for op in self.replaced:
            old = op.results[0]
            users = [use for use in old.uses if use.operation not in gone]
            if users:
                plain = self.narrow(old, op)
                for use in users:
                    use.operation.operands[use.index] = plain
        for op in reversed(self.replaced):
            op.detach()
            op.erase()

    def insert(self, op: Operation, before: Operation) -> None:
        """Insert an operation with the location of the one that it is made for."""
        op.location = before.location
        self.block.insert_op_before(op, before)

    def widened(self, op: Operation) -> Operation | None:
        """Return what computes the wide form of an operator's result, None where nothing does."""
        if isinstance(op, relax.ConvOp) and self.suits(op):
            return self.convolution(op)
        if type(op) in _ELEMENTWISE and _rank(op.results[0]) == SEQUENCE_RANK:
            assert isinstance(op, relax.RelaxOp)
            return self.elementwise(op)
        return None

    def suits(self, op: relax.ConvOp) -> bool:
        """Tell whether a convolution is one of sequences that blocks of channels pay for."""
        weight = constant_of(op.w)
        if weight is None or op.spatial_rank != 1 or op.groups.value.data != 1:
            return False
        x, filters = tensor_type(op.x), weight.shape[0]
        wastes_little = MOST_WASTE * (-filters % self.lanes) <= filters
        return x.dtype == f32 and x.known_shape() is not None and wastes_little

    def convolution(self, op: relax.ConvOp) -> relax.ConvOp:
        """Return the convolution of an image one pixel high."""
        weight = constant_of(op.w)
        assert weight is not None, "suits has looked"
        w = constant_like(op.w, weight[:, :, None, :])
        x = self.image(op.x, op)
        self.insert(w, op)
        before, after = relax.ints(op.padding)
        return relax.ConvOp(
            x,
            w,
            strides=(1, *relax.ints(op.strides)),
            padding=(0, before, 0, after),
            dilations=(1, *relax.ints(op.dilations)),
            groups=1,
        )

    def elementwise(self, op: relax.RelaxOp) -> Operation | None:
        """Return an operator of the same kind on images, where one of its operands is one."""
        if not any(operand in self.wide for operand in op.operands):
            return None
        ranks = [_rank(operand) for operand in op.operands]
        if None in ranks or not all(
            rank in (0, 1, SEQUENCE_RANK) or constant_of(operand) is not None
            for operand, rank in zip(op.operands, ranks, strict=True)
        ):
            return None
        operands = [self.image(operand, op) for operand in op.operands]
        make = cast(Callable[..., Operation], type(op))  # each kind takes its own keywords
        return make(*operands, **op.properties)

    def image(self, value: SSAValue, user: Operation) -> SSAValue:
        """Return a value with an axis of 1 before its last; it broadcasts as it did."""
        if value in self.wide:
            return self.wide[value]
        array = constant_of(value)
        if array is not None:
            new: Operation = constant_like(value, array[..., None, :] if array.ndim > 1 else array)
        elif _rank(value) == SEQUENCE_RANK:
            shape = tensor_type(value).known_shape() or ()
            wanted = relax.DimsAttr.of((*shape[:-1], 1, *shape[-1:]))
            new = relax.ReshapeOp(value, shape=wanted)
        else:
            return value
        self.insert(new, user)
        new.results[0].name_hint = value.name_hint
        return new.results[0]

    def narrow(self, value: SSAValue, op: Operation) -> SSAValue:
        """Return the wide form of a value in the value's own shape, behind what computes it."""
        shape = tensor_type(value).known_shape()
        assert shape is not None, "of a convolution of known shape"
        plain = relax.ReshapeOp(self.wide[value], shape=relax.DimsAttr.of(shape))
        self.insert(plain, op)
        plain.results[0].name_hint = value.name_hint
        return plain.results[0]


def _rank(value: SSAValue) -> int | None:
    shape = value.type.known_shape() if isinstance(value.type, relax.TensorType) else None
    return None if shape is None else len(shape)


def _blocks(op: Operation) -> Iterator[Block]:
    """Yield the blocks in an operation, inner ones last."""
    for region in op.regions:
        for block in region.blocks:
            yield block
            for inner in block.ops:
                yield from _blocks(inner)


@dataclass(frozen=True)
class WidenConvolutionsPass(ModulePass):
    """See the module docstring."""

    name = "widen-convolutions"
    block: int = 0
    """Channels in a block; 0 takes the lanes of the module's target."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = target_of(op)
        lanes = self.block or (0 if target is None else target.lanes(4))
        for func in op.body.ops if lanes else ():
            if isinstance(func, relax.FuncOp):
                for block in list(_blocks(func)):
                    _Widener(block, lanes).run()
