"""Compute definitions of reductions, softmax and scans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ....dialects import dtypes, relax
from ....dialects.tir.attributes import IterKind
from ....dialects.tir.compute import Buffer, KernelBuilder
from ....dialects.tir.values import Number, Value
from ....symbolic import IntExpr
from .accumulate import count_of, divide_by_count, position, reduce_into, reduce_temp
from .rules import rule
from .scalars import compute_dtype, divide, highest, lowest, wide_load

Buffers = Sequence[Buffer]


@dataclass(frozen=True)
class _Reduced:
    """The axes that an operator reduces, and how its result's indices become x's."""

    x: Buffer
    axes: tuple[int, ...]
    keepdims: bool

    @property
    def extents(self) -> list[IntExpr]:
        """The extents of the reduced axes."""
        return [self.x.shape[axis] for axis in self.axes]

    def split(self, iters: Sequence[IntExpr]) -> tuple[list[IntExpr], Sequence[IntExpr]]:
        """Return the index of x for iteration variables (result's, reduced), and the reduced."""
        rank = len(self.x.shape)
        num_kept = rank if self.keepdims else rank - len(self.axes)
        kept, inner = iters[:num_kept], iters[num_kept:]
        if self.keepdims:
            kept = [i for axis, i in enumerate(kept) if axis not in self.axes]
        return position(rank, self.axes, kept, inner), inner


def _of(op: relax.ReductionOp, x: Buffer) -> _Reduced:
    return _Reduced(x, op.reduced_axes, relax.flag(op.keepdims))


def _accumulate(k: KernelBuilder, op: relax.ReductionOp, x: Buffer, out: Buffer) -> None:
    """Append the sum, product, maximum or minimum of x into `out`."""
    name, kind, init = _KINDS[type(op)]
    start = init(out.dtype) if callable(init) else init
    reduced = _of(op, x)

    def update(acc: Value, *iters: IntExpr) -> Value:
        return k.binary(kind, acc, wide_load(k, x, *reduced.split(iters)[0]))

    reduce_into(k, name, out, reduced.extents, start, update)


_KINDS: dict[type[relax.ReductionOp], tuple[str, str, Number | Callable[..., Number]]] = {
    relax.MaxOp: ("max", "max", lowest),
    relax.MeanOp: ("sum", "add", 0),
    relax.MinOp: ("min", "min", highest),
    relax.ProdOp: ("prod", "mul", 1),
    relax.SumOp: ("sum", "add", 0),
}
"""The block's name, what it accumulates by, and from what on."""


@rule(relax.MaxOp, relax.MinOp, relax.ProdOp, relax.SumOp)
def _reduction(k: KernelBuilder, op: relax.ReductionOp, ins: Buffers, outs: Buffers) -> None:
    _accumulate(k, op, ins[0], outs[0])


@rule(relax.MeanOp)
def _mean(k: KernelBuilder, op: relax.MeanOp, ins: Buffers, outs: Buffers) -> None:
    out = outs[0]
    total = k.temp(out.shape, compute_dtype(out.dtype))
    _accumulate(k, op, ins[0], total)
    count = count_of(_of(op, ins[0]).extents)

    def mean(*i: IntExpr) -> Value:
        value = k.load(total, *i)
        if dtypes.is_float(out.dtype):
            return k.cast(divide_by_count(k, value, count), out.dtype)
        return divide(k, value, k.index_value(count, out.dtype))

    k.compute("mean", out, mean)


@rule(relax.SoftmaxOp)
def _softmax(k: KernelBuilder, op: relax.SoftmaxOp, ins: Buffers, outs: Buffers) -> None:
    (x,), (out,) = ins, outs
    reduced = _Reduced(x, (op.axis.value.data,), keepdims=False)
    largest = _max_along(k, reduced)
    exponentials = k.temp(x.shape, compute_dtype(x.dtype))
    k.compute("exp", exponentials, lambda *i: _exp_shifted(k, reduced, largest, i))

    def add(acc: Value, *iters: IntExpr) -> Value:
        return acc + k.load(exponentials, *reduced.split(iters)[0])

    total = reduce_temp(k, "sum", largest.shape, x.dtype, reduced.extents, 0, add)
    inverse = k.temp(total.shape, total.dtype)  # one division a row; products are far cheaper
    k.compute("inverse", inverse, lambda *i: 1.0 / k.load(total, *i))

    def normalize(*i: IntExpr) -> Value:
        value = k.load(exponentials, *i) * k.load(inverse, *_outer(reduced, i))
        return k.cast(value, out.dtype)

    k.compute("softmax", out, normalize)


@rule(relax.LogSoftmaxOp)
def _log_softmax(k: KernelBuilder, op: relax.LogSoftmaxOp, ins: Buffers, outs: Buffers) -> None:
    (x,), (out,) = ins, outs
    reduced = _Reduced(x, (op.axis.value.data,), keepdims=False)
    largest = _max_along(k, reduced)

    def add(acc: Value, *iters: IntExpr) -> Value:
        return acc + _exp_shifted(k, reduced, largest, reduced.split(iters)[0])

    total = reduce_temp(k, "sum", largest.shape, x.dtype, reduced.extents, 0, add)

    def subtract(*i: IntExpr) -> Value:
        outer = _outer(reduced, i)
        shifted = wide_load(k, x, *i) - k.load(largest, *outer)
        return k.cast(shifted - k.math("log", k.load(total, *outer)), out.dtype)

    k.compute("log_softmax", out, subtract)


def _outer(reduced: _Reduced, index: Sequence[IntExpr]) -> list[IntExpr]:
    """Return an index of x without the reduced axes."""
    return [i for axis, i in enumerate(index) if axis not in reduced.axes]


def _max_along(k: KernelBuilder, reduced: _Reduced) -> Buffer:
    """Append the largest element of each row; where one is NaN the exponentials are, anyway."""
    x = reduced.x

    def update(acc: Value, *iters: IntExpr) -> Value:
        return k.larger(acc, wide_load(k, x, *reduced.split(iters)[0]))

    shape = _outer(reduced, x.shape)
    return reduce_temp(k, "max", shape, x.dtype, reduced.extents, lowest(x.dtype), update)


def _exp_shifted(
    k: KernelBuilder, reduced: _Reduced, largest: Buffer, index: Sequence[IntExpr]
) -> Value:
    shift = k.load(largest, *_outer(reduced, index))
    return k.exp_nonpositive(wide_load(k, reduced.x, *index) - shift)


@rule(relax.CumSumOp, relax.CumProdOp)
def _scan(k: KernelBuilder, op: relax.ScanOp, ins: Buffers, outs: Buffers) -> None:
    """One block whose variable along the axis runs in order: out[i] = out[i - 1] + x[i]."""
    (x,), (out,) = ins, outs
    axis = op.axis.value.data
    kind, start = ("add", 0) if isinstance(op, relax.CumSumOp) else ("mul", 1)
    dtype = compute_dtype(out.dtype)
    totals = out if dtype == out.dtype else k.temp(out.shape, dtype)

    def at(index: Sequence[IntExpr], step: IntExpr) -> list[IntExpr]:
        place = x.shape[axis] - 1 - step if relax.flag(op.reverse) else step
        return [place if a == axis else i for a, i in enumerate(index)]

    def body(*i: IntExpr) -> None:
        step = i[axis]
        before = k.load(totals, *at(i, step - 1), where=(step - 1,), default=start)
        if relax.flag(op.exclusive):
            read = k.load(x, *at(i, step - 1), where=(step - 1,), default=start)
        else:
            read = k.load(x, *at(i, step))
        k.store(totals, at(i, step), k.binary(kind, before, k.cast(read, dtype)))

    kinds = [IterKind.ORDERED if a == axis else IterKind.SPATIAL for a in range(len(x.shape))]
    name = op.name.removeprefix("relax.")
    k.nest(name, list(zip(kinds, x.shape, strict=True)), body)
    if totals is not out:
        k.compute(f"{name}_round", out, lambda *i: k.cast(k.load(totals, *i), out.dtype))
