"""Compute definitions of what asks where the largest or smallest element is: ArgMax, TopK of one.

The extreme value, then the least (or greatest) position that has it: two reductions, which run in
vectors. Positions are counted in 32 bits where the axis allows it, as many to a vector as floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Attribute

from ....dialects import dtypes, relax
from ....dialects.tir.compute import Buffer, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr, as_expr
from .accumulate import position, reduce_into, reduce_temp
from .rules import rule
from .scalars import highest, lowest, wide_load

Buffers = Sequence[Buffer]
MAX_POSITION = (1 << 31) - 2  # of 32 bits; the greatest number means nowhere


@dataclass(frozen=True)
class Search:
    """Where an axis has its extreme value.

    Attributes:
        x: what is searched.
        axis: along which.
        is_max: whether for the largest value.
        last: whether of equal values the last one counts.
        keeps: whether results have the axis, of extent 1.
        skips_nan: whether NaN loses against every number; else it is the extreme value.
    """

    x: Buffer
    axis: int
    is_max: bool
    last: bool
    keeps: bool
    skips_nan: bool = False

    @property
    def shape(self) -> list[IntExpr]:
        """The shape of results."""
        dims, own = self.x.shape, [as_expr(1)] if self.keeps else []
        return [*dims[: self.axis], *own, *dims[self.axis + 1 :]]

    @property
    def dtype(self) -> Attribute:
        """The type in which positions are counted."""
        extent = self.x.shape[self.axis]
        return i32 if extent.is_constant and extent.constant_value <= MAX_POSITION else i64

    @property
    def nowhere(self) -> int:
        """The position that loses against every other."""
        found = -1 if self.last else highest(self.dtype)
        assert isinstance(found, int), "positions are integers"
        return found

    def at(self, iters: Sequence[IntExpr], place: IntExpr) -> list[IntExpr]:
        """Return an index of x for a result's and a place along the axis."""
        kept = [i for d, i in enumerate(iters) if not self.keeps or d != self.axis]
        return position(len(self.x.shape), (self.axis,), kept, (place,))

    def into(self, k: KernelBuilder, out: Buffer) -> None:
        """Append: `out`, of the type of positions, says where the extreme values are."""
        best = self.extremes(k)
        rank = len(out.shape)

        def place(acc: Value, *iters: IntExpr) -> Value:
            value = wide_load(k, self.x, *self.at(iters[:rank], iters[rank]))
            extreme = k.load(best, *iters[:rank])
            same = value.compare("eq", extreme) if self.skips_nan else _same(value, extreme)
            nowhere = k.const(self.nowhere, self.dtype)
            here = k.select(same, k.index_value(iters[rank], self.dtype), nowhere)
            return k.max(acc, here) if self.last else k.min(acc, here)

        reduce_into(k, "position", out, [self.x.shape[self.axis]], self.nowhere, place)

    def extremes(self, k: KernelBuilder) -> Buffer:
        """Append the extreme values; return where they are."""
        x, rank = self.x, len(self.shape)
        kind, start = ("max", lowest(x.dtype)) if self.is_max else ("min", highest(x.dtype))

        def extreme(acc: Value, *iters: IntExpr) -> Value:
            value = wide_load(k, x, *self.at(iters[:rank], iters[rank]))
            if self.skips_nan and dtypes.is_float(value.dtype):
                value = k.select(value.compare("eq", value), value, k.const(start, value.dtype))
            return k.binary(kind, acc, value)

        extents = [x.shape[self.axis]]
        return reduce_temp(k, kind, self.shape, x.dtype, extents, start, extreme)


def _same(value: Value, best: Value) -> Value:
    """Return whether a value is the extreme one; a NaN is the same as every NaN."""
    equal = value.compare("eq", best)
    if not dtypes.is_float(value.dtype):
        return equal
    return equal | (value.compare("ne", value) & best.compare("ne", best))


@rule(relax.ArgMaxOp, relax.ArgMinOp)
def _arg_reduction(k: KernelBuilder, op: relax.ArgReductionOp, ins: Buffers, outs: Buffers) -> None:
    (x,), (out,) = ins, outs
    last, keeps = relax.flag(op.select_last_index), relax.flag(op.keepdims)
    search = Search(x, op.axis.value.data, isinstance(op, relax.ArgMaxOp), last, keeps)
    if search.dtype == out.dtype:
        search.into(k, out)
        return
    places = k.temp(out.shape, search.dtype)
    search.into(k, places)
    k.compute("widen", out, lambda *i: k.cast(k.load(places, *i), out.dtype))


def top_one(k: KernelBuilder, op: relax.TopKOp, x: Buffer, outs: Buffers) -> None:
    """Append the first element of each row in order, and where it is; NaN comes last.

    A row of NaN alone has no extreme value: its first element is taken.
    """
    (values, indices), axis = outs, op.axis.value.data
    search = Search(x, axis, op.is_largest, last=False, keeps=True, skips_nan=True)
    places = k.temp(indices.shape, search.dtype)
    search.into(k, places)

    def index(*i: IntExpr) -> Value:
        found = k.load(places, *i)
        zero = k.const(0, search.dtype)
        found = k.select(found.compare("eq", search.nowhere), zero, found)
        return k.cast(found, indices.dtype)

    def first(*i: IntExpr) -> Value:
        return k.load(x, *search.at(i, k.as_index(k.load(indices, *i))))

    k.compute("index", indices, index)
    k.compute("value", values, first)
