"""Compute definitions of the operators whose indices are data.

Every index is brought into range before it is used: negative ones count from the end, what is out
of range even so is clamped. Where an extent may be 0 there is nothing to clamp to; then loads are
predicated and stores guarded by "the extent is not 0".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects.builtin import i64

from ....dialects import dtypes, relax
from ....dialects.relax.operand_checks import flag
from ....dialects.tir.attributes import IterKind
from ....dialects.tir.checks import CheckIndexOp
from ....dialects.tir.compute import Buffer, Index, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr, as_expr
from .manipulate import Buffers, move, unflatten
from .rules import rule
from .scalars import compute_dtype, wide_load


def clamped_index(k: KernelBuilder, value: Value, extent: IntExpr) -> IntExpr:
    """Return an integer value as an index in 0 .. extent - 1 (0 where the extent is 0)."""
    unsigned = dtypes.is_unsigned(value.dtype) and dtypes.size_bytes(value.dtype) < 8
    wide, limit = k.cast(value, i64), k.index_value(extent)
    if not unsigned:
        wide = k.select(wide < 0, wide + limit, wide)
    return k.as_index(k.max(k.min(wide, limit - 1), k.const(0, i64)))


def not_empty(extents: Sequence[IntExpr]) -> list[IntExpr]:
    """Return the conditions (>= 0) under which no extent is 0, without those that always hold."""
    return [
        extent - 1 for extent in extents if not (extent.is_constant and extent.constant_value > 0)
    ]


def guarded(k: KernelBuilder, extents: Sequence[IntExpr], body: Callable[[], None]) -> None:
    """Append `body`, run only where no extent is 0."""
    conditions = not_empty(extents)
    if conditions:
        k.if_(k.predicate(*conditions), body)
    else:
        body()


@rule(relax.GatherOp)
def _gather(k: KernelBuilder, op: relax.GatherOp, ins: Buffers, outs: Buffers) -> None:
    x, indices = ins
    axis, rank = op.axis.value.data, len(indices.shape)
    extent = x.shape[axis]

    def element(*i: IntExpr) -> Value:
        index = clamped_index(k, k.load(indices, *i[axis : axis + rank]), extent)
        where = not_empty([extent])
        return k.load(x, *i[:axis], index, *i[axis + rank :], where=where)

    k.compute("gather", outs[0], element)


@rule(relax.CheckPositionOp)
def _check_position(
    k: KernelBuilder, op: relax.CheckPositionOp, ins: Buffers, outs: Buffers
) -> None:
    length = ins[1].shape[0]
    last = length if flag(op.past_end) else length - 1

    def body() -> None:
        wide = k.cast(k.load(ins[0]), i64)
        position = k.select(wide < 0, wide + k.index_value(length), wide)
        k.append(CheckIndexOp(k.as_index(position), last + 1, op.place.data))
        k.store(outs[0], (), position)

    k.opaque("check_position", body)


@rule(relax.GatherElementsOp)
def _gather_elements(
    k: KernelBuilder, op: relax.GatherElementsOp, ins: Buffers, outs: Buffers
) -> None:
    x, indices = ins
    axis = op.axis.value.data
    extent = x.shape[axis]

    def element(*i: IntExpr) -> Value:
        index = clamped_index(k, k.load(indices, *i), extent)
        return k.load(x, *i[:axis], index, *i[axis + 1 :], where=not_empty([extent]))

    k.compute("gather_elements", outs[0], element)


def _tuple_index(
    k: KernelBuilder, indices: Buffer, where: Sequence[Index], extents: Sequence[IntExpr]
) -> list[IntExpr]:
    """Return one tuple of indices, `indices[where, :]`, brought into range."""
    loads = [k.load(indices, *where, d) for d in range(len(extents))]
    return [clamped_index(k, v, extent) for v, extent in zip(loads, extents, strict=True)]


@rule(relax.GatherNdOp)
def _gather_nd(k: KernelBuilder, op: relax.GatherNdOp, ins: Buffers, outs: Buffers) -> None:
    x, indices = ins
    batch, outer = op.batch_dims.value.data, len(indices.shape) - 1
    width = indices.shape[-1].constant_value
    extents = x.shape[batch : batch + width]

    def element(*i: IntExpr) -> Value:
        index = _tuple_index(k, indices, i[:outer], extents)
        return k.load(x, *i[:batch], *index, *i[outer:], where=not_empty(extents))

    k.compute("gather_nd", outs[0], element)


def _combine(
    k: KernelBuilder, op: relax.ScatterOp, out: Buffer, index: Sequence[Index], update: Value
) -> None:
    """Append `out[index] = out[index] (reduction) update`."""
    kind = op.reduction.data
    if kind != "none":
        wide = k.cast(update, compute_dtype(out.dtype))
        update = k.cast(k.binary(kind, wide_load(k, out, *index), wide), out.dtype)
    k.store(out, index, update)


@rule(relax.ScatterElementsOp)
def _scatter_elements(
    k: KernelBuilder, op: relax.ScatterElementsOp, ins: Buffers, outs: Buffers
) -> None:
    """Updates that differ only along the axis run in order, the others are independent."""
    x, indices, updates = ins
    out, axis = outs[0], op.axis.value.data
    move("copy", k, x, out, lambda i: i)

    def body(*i: IntExpr) -> None:
        def write() -> None:
            index = clamped_index(k, k.load(indices, *i), x.shape[axis])
            _combine(k, op, out, [*i[:axis], index, *i[axis + 1 :]], k.load(updates, *i))

        guarded(k, x.shape[axis : axis + 1], write)

    kinds = [IterKind.ORDERED if d == axis else IterKind.SPATIAL for d in range(len(x.shape))]
    k.nest("scatter_elements", list(zip(kinds, indices.shape, strict=True)), body)


@rule(relax.ScatterNdOp)
def _scatter_nd(k: KernelBuilder, op: relax.ScatterNdOp, ins: Buffers, outs: Buffers) -> None:
    """Index tuples run in order; the elements of one slice are independent."""
    x, indices, updates = ins
    out, outer = outs[0], len(indices.shape) - 1
    extents = x.shape[: indices.shape[-1].constant_value]
    move("copy", k, x, out, lambda i: i)

    def body(*i: IntExpr) -> None:
        def write() -> None:
            index = _tuple_index(k, indices, i[:outer], extents)
            _combine(k, op, out, [*index, *i[outer:]], k.load(updates, *i))

        guarded(k, extents, write)

    kinds = [IterKind.ORDERED if d < outer else IterKind.SPATIAL for d in range(len(updates.shape))]
    k.nest("scatter_nd", list(zip(kinds, updates.shape, strict=True)), body)


@rule(relax.ReverseSequenceOp)
def _reverse_sequence(
    k: KernelBuilder, op: relax.ReverseSequenceOp, ins: Buffers, outs: Buffers
) -> None:
    x, lengths = ins
    batch, time = op.batch_axis.value.data, op.time_axis.value.data

    def element(*i: IntExpr) -> Value:
        length = k.cast(k.load(lengths, i[batch]), i64)
        t = k.index_value(i[time])
        source = k.select(t < length, length - 1 - t, t)
        last = k.index_value(x.shape[time] - 1)
        index = k.as_index(k.max(k.min(source, last), k.const(0, i64)))
        return k.load(x, *(index if d == time else v for d, v in enumerate(i)))

    k.compute("reverse_sequence", outs[0], element)


@rule(relax.MaxUnpoolOp)
def _max_unpool(k: KernelBuilder, op: relax.MaxUnpoolOp, ins: Buffers, outs: Buffers) -> None:
    x, indices = ins
    out = outs[0]
    k.compute("zero", out, lambda *i: k.const(0, out.dtype))
    total = as_expr(1)
    for dim in out.shape:
        total = total * dim

    def body(*i: IntExpr) -> None:
        def write() -> None:
            flat = clamped_index(k, k.load(indices, *i), total)
            k.store(out, unflatten(flat, out.shape), k.load(x, *i))

        guarded(k, [total], write)

    k.nest("max_unpool", [(IterKind.ORDERED, dim) for dim in x.shape], body)
