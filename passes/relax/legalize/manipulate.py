"""Compute definitions of the operators that move elements: index expressions, one block each.

`relax.reshape` has no rule: it stays a view. `copy_reshaped` is what it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import prod

from xdsl.dialects.builtin import DenseArrayBase, i64

from ....dialects import relax
from ....dialects.tir.attributes import IterKind
from ....dialects.tir.compute import Buffer, Index, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr, as_expr, max_, min_
from .rules import rule
from .scalars import broadcast_indices

Buffers = Sequence[Buffer]


def move(
    name: str,
    k: KernelBuilder,
    x: Buffer,
    out: Buffer,
    source: Callable[[Sequence[IntExpr]], Sequence[Index]],
) -> None:
    """Append `out[i...] = x[source(i...)]`."""
    k.compute(name, out, lambda *i: k.load(x, *source(i)))


@rule(relax.PermuteDimsOp)
def _permute_dims(k: KernelBuilder, op: relax.PermuteDimsOp, ins: Buffers, outs: Buffers) -> None:
    axes = relax.ints(op.axes)
    inverse = [axes.index(axis) for axis in range(len(axes))]
    move("permute_dims", k, ins[0], outs[0], lambda i: [i[d] for d in inverse])


@rule(relax.BroadcastToOp)
def _broadcast_to(k: KernelBuilder, op: relax.BroadcastToOp, ins: Buffers, outs: Buffers) -> None:
    x, out = ins[0], outs[0]
    move("broadcast_to", k, x, out, lambda i: broadcast_indices(x.shape, out.shape, i))


def shifted(indices: Sequence[IntExpr], axis: int, offset: IntExpr) -> list[IntExpr]:
    """Return `indices` with an offset along one axis."""
    return [i + offset if d == axis else i for d, i in enumerate(indices)]


@rule(relax.ConcatOp)
def _concat(k: KernelBuilder, op: relax.ConcatOp, ins: Buffers, outs: Buffers) -> None:
    """One block per input, which writes its part of the result."""
    axis, offset = op.axis.value.data, as_expr(0)
    _note_pieces(k, "joins", ins, outs[0], axis)
    for number, x in enumerate(ins):
        _copy_into(k, f"concat_{number}", x, outs[0], axis, offset)
        offset = offset + x.shape[axis]


def _copy_into(
    k: KernelBuilder, name: str, x: Buffer, out: Buffer, axis: int, offset: IntExpr
) -> None:
    k.nest(
        name,
        [(IterKind.SPATIAL, dim) for dim in x.shape],
        lambda *i: k.store(out, shifted(i, axis, offset), k.load(x, *i)),
    )


def _note_pieces(k: KernelBuilder, name: str, pieces: Buffers, whole: Buffer, axis: int) -> None:
    """Say that pieces lie one after the other in a whole, where they do: see place-pieces."""
    sizes = [piece.type.static_shape() for piece in pieces]
    outer = whole.shape[:axis]
    if len(pieces) < 2 or None in sizes or any(dim != 1 for dim in outer):
        return
    starts = accumulate((prod(size) for size in sizes[:-1] if size is not None), initial=0)
    k.attributes[name] = DenseArrayBase.from_list(i64, list(starts))


def _note_run(
    k: KernelBuilder, starts: Sequence[IntExpr], steps: Sequence[int], x: Buffer, out: Buffer
) -> None:
    """Say where a slice lies in its input, if it is a run of elements there: see place-pieces."""
    whole, part = x.type.static_shape(), out.type.static_shape()
    if whole is None or part is None or not all(start.is_constant for start in starts):
        return
    axis = next((d for d, size in enumerate(part) if size != 1), len(part))
    if part[axis + 1 :] != whole[axis + 1 :] or any(step != 1 for step in steps):
        return
    offset = 0
    for start, size in zip(starts, whole, strict=True):
        offset = offset * size + start.constant_value
    k.attributes["parts"] = DenseArrayBase.from_list(i64, [offset])


@rule(relax.SplitOp)
def _split(k: KernelBuilder, op: relax.SplitOp, ins: Buffers, outs: Buffers) -> None:
    axis, offset = op.axis.value.data, as_expr(0)
    _note_pieces(k, "parts", outs, ins[0], axis)
    for number, out in enumerate(outs):
        _copy_from(k, f"split_{number}", ins[0], out, axis, offset)
        offset = offset + out.shape[axis]


def _copy_from(
    k: KernelBuilder, name: str, x: Buffer, out: Buffer, axis: int, offset: IntExpr
) -> None:
    move(name, k, x, out, lambda i: shifted(i, axis, offset))


@rule(relax.StridedSliceOp)
def _strided_slice(k: KernelBuilder, op: relax.StridedSliceOp, ins: Buffers, outs: Buffers) -> None:
    starts, steps = op.starts.data, relax.ints(op.steps)
    _note_run(k, starts, steps, ins[0], outs[0])

    def source(indices: Sequence[IntExpr]) -> list[IntExpr]:
        rows = zip(starts, indices, steps, strict=True)
        return [start + i * step for start, i, step in rows]

    move("strided_slice", k, ins[0], outs[0], source)


@rule(relax.PadOp)
def _pad(k: KernelBuilder, op: relax.PadOp, ins: Buffers, outs: Buffers) -> None:
    x, value = ins
    padding, rank = relax.ints(op.padding), len(x.shape)
    widths = list(zip(padding[:rank], padding[rank:], strict=True))
    if op.mode.data == "constant":

        def element(*indices: IntExpr) -> Value:
            source = [i - pre for i, (pre, _) in zip(indices, widths, strict=True)]
            where: list[IntExpr] = []
            for i, dim, (pre, post) in zip(source, x.shape, widths, strict=True):
                where += [i] if pre else []
                where += [dim - 1 - i] if post else []
            return k.load(x, *source, where=where, default=k.load(value))

        k.compute("pad", outs[0], element)
        return
    fold = _FOLD[op.mode.data]

    def source(indices: Sequence[IntExpr]) -> list[IntExpr]:
        rows = zip(indices, x.shape, widths, strict=True)
        return [fold(i - w[0], dim, w) if any(w) else i for i, dim, w in rows]

    move("pad", k, x, outs[0], source)


Widths = tuple[int, int]


def _edge(i: IntExpr, dim: IntExpr, widths: Widths) -> IntExpr:
    inner = max_(i, 0) if widths[0] else i
    return min_(inner, dim - 1) if widths[1] else inner


def _wrap(i: IntExpr, dim: IntExpr, widths: Widths) -> IntExpr:
    return i % dim


def _reflect(i: IntExpr, dim: IntExpr, widths: Widths) -> IntExpr:
    """Fold at both borders; where each is crossed at most once, no division is needed."""
    last = dim - 1
    if last.is_constant and max(widths) <= last.constant_value:
        folded = max_(i, -i) if widths[0] else i
    else:
        folded = i % max_(2 * last, 1)
    return min_(folded, 2 * last - folded) if widths[1] or folded is not i else folded


_FOLD: dict[str, Callable[[IntExpr, IntExpr, Widths], IntExpr]] = {
    "edge": _edge,
    "reflect": _reflect,
    "wrap": _wrap,
}


@rule(relax.TileOp)
def _tile(k: KernelBuilder, op: relax.TileOp, ins: Buffers, outs: Buffers) -> None:
    x = ins[0]

    def source(indices: Sequence[IntExpr]) -> list[IntExpr]:
        rows = zip(indices, x.shape, outs[0].shape, strict=True)
        return [i if dim == goal else i % dim for i, dim, goal in rows]

    move("tile", k, x, outs[0], source)


@rule(relax.IotaOp)
def _iota(k: KernelBuilder, op: relax.IotaOp, ins: Buffers, outs: Buffers) -> None:
    axis, out = op.axis.value.data, outs[0]
    k.compute("iota", out, lambda *i: k.index_value(i[axis], out.dtype))


@rule(relax.FullOp)
def _full(k: KernelBuilder, op: relax.FullOp, ins: Buffers, outs: Buffers) -> None:
    move("full", k, ins[0], outs[0], lambda i: ())


@rule(relax.TriluOp)
def _trilu(k: KernelBuilder, op: relax.TriluOp, ins: Buffers, outs: Buffers) -> None:
    diagonal = op.k.value.data

    def element(*i: IntExpr) -> Value:
        above = i[-1] - i[-2] - diagonal
        return k.load(ins[0], *i, where=(above if op.is_upper else -above,))

    k.compute("trilu", outs[0], element)


def unflatten(flat: IntExpr, shape: Sequence[IntExpr]) -> list[IntExpr]:
    """Return the indices of the element at position `flat` in row-major order."""
    indices: list[IntExpr] = []
    stride = as_expr(1)
    for axis, dim in reversed(list(enumerate(shape))):
        quotient = flat // stride
        indices.append(quotient % dim if axis else quotient)
        stride = stride * dim
    return indices[::-1]


def copy_reshaped(k: KernelBuilder, op: relax.ReshapeOp, ins: Buffers, outs: Buffers) -> None:
    """Append what a reshape computes, as a copy: for a kernel that needs one, not for the table."""
    x, out = ins[0], outs[0]

    def source(indices: Sequence[IntExpr]) -> list[IntExpr]:
        flat = as_expr(0)
        for i, dim in zip(indices, out.shape, strict=True):
            flat = flat * dim + i
        bounds = {i.free_vars()[0]: (0, dim - 1) for i, dim in zip(indices, out.shape, strict=True)}
        return [index.simplify(bounds) for index in unflatten(flat, x.shape)]

    move("reshape", k, x, out, source)
