"""Reductions as rules write them: half floats are accumulated in f32 and rounded once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.ir import Attribute

from ....dialects.tir.compute import Buffer, Index, KernelBuilder
from ....dialects.tir.values import Number, Value
from ....symbolic import IntExpr, as_expr
from .scalars import compute_dtype

Update = Callable[..., Value]
"""A function `(accumulator, *spatial, *reduced) -> value`, in the computed type."""


def reduce_into(
    k: KernelBuilder,
    name: str,
    out: Buffer,
    extents: Sequence[Index],
    init: Number,
    update: Update,
) -> None:
    """Append a reduction into `out`, through f32 where it holds half floats.

    A symbolic extent is taken to be positive: a block that never runs does not initialize.
    """
    dtype = compute_dtype(out.dtype)
    if any(as_expr(extent) is as_expr(0) for extent in extents):
        k.compute(name, out, lambda *i: k.cast(k.const(init, dtype), out.dtype))
        return
    if not extents:  # a block without reduce variables has no initialization
        k.compute(name, out, lambda *i: k.cast(update(k.const(init, dtype), *i), out.dtype))
        return
    if dtype == out.dtype:
        k.reduce(name, out, extents, init, update)
        return
    wide = k.temp(out.shape, dtype)
    k.reduce(name, wide, extents, init, update)
    k.compute(f"{name}_round", out, lambda *i: k.cast(k.load(wide, *i), out.dtype))


def reduce_temp(
    k: KernelBuilder,
    name: str,
    shape: Sequence[IntExpr],
    dtype: Attribute,
    extents: Sequence[Index],
    init: Number,
    update: Update,
) -> Buffer:
    """Append a reduction into a new buffer of `dtype`'s computed type; return the buffer."""
    result = k.temp(shape, compute_dtype(dtype))
    reduce_into(k, name, result, extents, init, update)
    return result


def count_of(extents: Sequence[Index]) -> IntExpr:
    """Return how many elements a reduction over `extents` has."""
    count = as_expr(1)
    for extent in extents:
        count = count * extent
    return count


def divide_by_count(k: KernelBuilder, total: Value, count: IntExpr) -> Value:
    """Return the float `total / count`: a product where the count is known, 0 / 0 is NaN."""
    if count.is_constant and count.constant_value > 0:
        return total * (1.0 / count.constant_value)
    return total / k.index_value(count, total.dtype)


def position(
    rank: int, reduced: Sequence[int], kept: Sequence[IntExpr], inner: Sequence[IntExpr]
) -> list[IntExpr]:
    """Return an index of `rank`: `inner` on the reduced axes, `kept` in order on the others."""
    outer = iter(kept)
    within = dict(zip(reduced, inner, strict=True))
    return [within[axis] if axis in within else next(outer) for axis in range(rank)]
