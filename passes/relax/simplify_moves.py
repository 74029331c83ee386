"""simplify-moves: elements that need not be moved stay where they are.

Rewrites   %t = relax.permute_dims %x ; %y = relax.permute_dims %t     one the inverse of the other
into       %x for %y

- identities: permute, reshape, broadcast, slice, pad, concat of one, split into one, match_cast;
- permute of permute, reshape of reshape -> one; a permute that moves only axes of extent 1 -> a
  reshape, which is a view; split -> slices, each of which can be fused on its own;
- broadcast_to before an elementwise operator that broadcasts by itself;
- a permute of the last two axes before matmul -> its flag; the flag of a constant -> a constant;
- zero padding before a convolution -> the convolution's own.

Needs:  shapes (infer-shapes).
Leaves: reshapes instead of moves; matmul with a constant second operand in its natural order.
Why here: before fusion and layouts, which take what moves elements as given.
Source: algebra.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import DenseArrayBase, ModuleOp, i64
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from ...dialects import relax
from ...dialects.relax import ints, tensor_type
from ...symbolic import IntExpr, as_expr
from .rewriting import Rewriter, Rules, constant_of

_ONE = as_expr(1)


def _same_type(rw: Rewriter, op: Operation) -> SSAValue | None:
    """`move(x: T) : T -> x`, for operators that then move nothing."""
    x = op.operands[0]
    return x if x.type == op.results[0].type else None


def _permute(rw: Rewriter, op: relax.PermuteDimsOp) -> SSAValue | None:
    """`permute(x) -> x` and `permute(permute(x)) -> permute(x)`."""
    axes = ints(op.axes)
    if axes == tuple(range(len(axes))):
        return op.x
    inner = op.x.owner
    if isinstance(inner, relax.PermuteDimsOp):
        before = ints(inner.axes)
        rw.absorb(inner)
        return rw.add(relax.PermuteDimsOp(inner.x, axes=[before[a] for a in axes]))
    return None


def _permute_of_ones(rw: Rewriter, op: relax.PermuteDimsOp) -> SSAValue | None:
    """`permute(x) -> reshape(x)`, where the axes of more than one element keep their order."""
    shape, result = tensor_type(op.x).known_shape(), tensor_type(op.result).known_shape()
    if shape is None or result is None:
        return None
    moved = [a for a in ints(op.axes) if shape[a] is not _ONE]
    return rw.add(relax.ReshapeOp(op.x, shape=result)) if moved == sorted(moved) else None


def _reshape_of_reshape(rw: Rewriter, op: relax.ReshapeOp) -> SSAValue | None:
    """`reshape(reshape(x)) -> reshape(x)`."""
    inner = op.x.owner
    if not isinstance(inner, relax.ReshapeOp):
        return None
    rw.absorb(inner)
    return rw.add(relax.ReshapeOp(inner.x, shape=op.shape))


def _whole_slice(rw: Rewriter, op: relax.StridedSliceOp) -> SSAValue | None:
    """`slice(x) -> x`, where it is all of x in order."""
    forward = all(step == 1 for step in ints(op.steps))
    return op.x if forward and op.x.type == op.result.type else None


def _no_padding(rw: Rewriter, op: relax.PadOp) -> SSAValue | None:
    """`pad(x) -> x`, where nothing is added."""
    return None if any(ints(op.padding)) else op.x


def _concat_of_one(rw: Rewriter, op: relax.ConcatOp) -> SSAValue | None:
    """`concat(x) -> x`; tensors without elements are left out."""
    axis = op.axis.value.data
    filled = [x for x in op.xs if not _is_empty_along(x, axis)]
    if len(filled) == 1:
        return filled[0]
    if not filled or len(filled) == len(op.xs):
        return None
    return rw.add(relax.ConcatOp(*filled, axis=axis))


def _is_empty_along(x: SSAValue, axis: int) -> bool:
    shape = tensor_type(x).shape
    dim = None if shape is None else shape[axis]
    return dim is not None and dim.is_constant and dim.constant_value == 0


def _split(rw: Rewriter, op: relax.SplitOp) -> Sequence[SSAValue] | None:
    """`a, b = split(x) -> a = slice(x), b = slice(x)`."""
    if len(op.res) == 1:
        return (op.x,)
    shape, axis = tensor_type(op.x).known_shape(), op.axis.value.data
    if shape is None:
        return None
    pieces: list[SSAValue] = []
    start: IntExpr = as_expr(0)
    for section, result in zip(op.sections.data, op.res, strict=True):
        starts, sizes = [as_expr(0)] * len(shape), list(shape)
        starts[axis], sizes[axis] = start, section
        steps = [1] * len(shape)
        piece = rw.add(relax.StridedSliceOp(op.x, starts=starts, sizes=sizes, steps=steps))
        piece.name_hint = result.name_hint
        pieces.append(piece)
        start = start + section
    return pieces


def _broadcast_operand(rw: Rewriter, op: relax.BinaryOp | relax.WhereOp) -> SSAValue | None:
    """`f(broadcast(x), y) -> f(x, y)`, where f broadcasts x to the same shape."""
    for i, operand in enumerate(op.operands):
        inner = operand.owner
        if not isinstance(inner, relax.BroadcastToOp) or constant_of(inner.x) is not None:
            continue
        operands = [inner.x if j == i else other for j, other in enumerate(op.operands)]
        if all(tensor_type(v).known_shape() is None for v in operands):
            continue
        candidate = type(op)(*operands)
        if candidate.results[0].type == op.results[0].type:
            rw.absorb(inner)
            return rw.add(candidate)
        candidate.erase()
    return None


def _matmul_of_permute(rw: Rewriter, op: relax.MatmulOp) -> SSAValue | None:
    """`matmul(a, permute(b)) -> matmul(a, b)` with the flag turned; the same of a."""
    operands, flags = [op.a, op.b], [relax.flag(op.transpose_a), relax.flag(op.transpose_b)]
    for i, operand in enumerate(operands):
        inner = operand.owner
        if isinstance(inner, relax.PermuteDimsOp) and _swaps_last_two(inner):
            rw.absorb(inner)
            operands[i], flags[i] = inner.x, not flags[i]
    if operands == [op.a, op.b]:
        return None
    return rw.add(relax.MatmulOp(*operands, transpose_a=flags[0], transpose_b=flags[1]))


def _swaps_last_two(op: relax.PermuteDimsOp) -> bool:
    *batch, m, n = ints(op.axes) if len(ints(op.axes)) > 1 else (0, 0)
    return batch == list(range(len(batch))) and (m, n) == (len(batch) + 1, len(batch))


def _matmul_of_constant(rw: Rewriter, op: relax.MatmulOp) -> SSAValue | None:
    """`matmul(a, c, transpose_b) -> matmul(a, c')` with c' the transpose of c."""
    array = constant_of(op.b)
    if array is None or not relax.flag(op.transpose_b):
        return None
    turned = rw.constant(np.swapaxes(array, -1, -2), like=op.b)
    flag = relax.flag(op.transpose_a)
    return rw.add(relax.MatmulOp(op.a, turned, transpose_a=flag, transpose_b=False))


def _padded_conv(rw: Rewriter, op: relax.ConvOp) -> SSAValue | None:
    """`conv(pad(x, 0)) -> conv(x)` with the padding added to its own."""
    pad = op.x.owner
    if not isinstance(pad, relax.PadOp) or pad.mode.data != "constant":
        return None
    value, padding = constant_of(pad.value), ints(pad.padding)
    rank = len(padding) // 2
    around = (*padding[:2], *padding[rank : rank + 2])  # batch and channels
    if value is None or bool(value) or any(around):
        return None
    more = (*padding[2:rank], *padding[rank + 2 :])
    total = [a + b for a, b in zip(ints(op.padding), more, strict=True)]
    rw.absorb(pad)
    copy = op.create(
        operands=[pad.x, op.w],
        result_types=[op.result.type],
        properties={**op.properties, "padding": DenseArrayBase.from_list(i64, total)},
    )
    return rw.add(copy)


def _field_of_tuple(rw: Rewriter, op: relax.TupleGetItemOp) -> SSAValue | None:
    """`get(tuple(a, b), 0) -> a`."""
    inner = op.tuple_value.owner
    return inner.fields[op.index.value.data] if isinstance(inner, relax.TupleOp) else None


BROADCASTING = tuple(
    kind for kind in relax.ELEMENTWISE if issubclass(kind, relax.BinaryOp | relax.WhereOp)
)

RULES: Rules = {
    **{kind: (_broadcast_operand,) for kind in BROADCASTING},
    relax.BroadcastToOp: (_same_type,),
    relax.ConcatOp: (_concat_of_one,),
    relax.ConvOp: (_padded_conv,),
    relax.MatchCastOp: (_same_type,),
    relax.MatmulOp: (_matmul_of_permute, _matmul_of_constant),
    relax.PadOp: (_no_padding,),
    relax.PermuteDimsOp: (_permute, _permute_of_ones),
    relax.ReshapeOp: (_same_type, _reshape_of_reshape),
    relax.SplitOp: (_split,),
    relax.StridedSliceOp: (_whole_slice,),
    relax.TupleGetItemOp: (_field_of_tuple,),
}


@dataclass(frozen=True)
class SimplifyMovesPass(ModulePass):
    """See the module docstring."""

    name = "simplify-moves"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Rewriter(RULES).run(op)
