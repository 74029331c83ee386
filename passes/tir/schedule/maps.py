"""Nests that map elements: fused loops, vectors innermost, threads outermost."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.dialects import math as math_dialect
from xdsl.ir import Operation

from ....analysis.nests import Nest
from ....analysis.nominal import nominal_extent
from ....analysis.steps import NestSteps, has_any
from ....dialects import tir
from ....dialects.target import Target
from ....dialects.tir.clone import Cloner
from ....symbolic import IntExpr, min_, var
from .build import NestBuilder, clone_region, iters_of, spread
from .transposes import TransposeSchedule, crossing_of

# Below this much work a hand-off to other threads costs more than it saves (about 4 us: the
# hand-off takes one, and what the next kernel reads is then in two caches).
PARALLEL_WORK = 1 << 15

ELEMENTS_PER_DIVISION = 16  # or vectors: in the loops inside of one whose variable is taken apart

# libm functions without a vector form: a vectorized call would be one call per lane anyway.
SCALAR_MATH: tuple[type[Operation], ...] = (
    math_dialect.AcosOp,
    math_dialect.AcoshOp,
    math_dialect.AsinOp,
    math_dialect.AsinhOp,
    math_dialect.AtanOp,
    math_dialect.AtanhOp,
    math_dialect.CbrtOp,
    math_dialect.ErfOp,
    math_dialect.ExpM1Op,
    math_dialect.Log1pOp,
    math_dialect.SinhOp,
    math_dialect.CoshOp,
    math_dialect.TanOp,
)


def vectorizable(steps: NestSteps, axis: int) -> bool:
    """Tell whether an axis may become lanes: straight-line body, contiguous stores."""
    return _suits_lanes(steps, axis) and all(m.steps[axis] is not None for m in steps.loads)


def _suits_lanes(steps: NestSteps, axis: int) -> bool:
    """Tell whether an axis may become lanes as far as the body and the stores go."""
    nest = steps.nest
    return (
        (nest.is_flat or nest.is_straight)
        and not has_any(nest, (*SCALAR_MATH, tir.IfOp, tir.ForOp, arith.IndexCastOp))
        and all(m.steps[axis] == 1 for m in steps.stores)
    )


def kind_of_outer(steps: NestSteps, lanes: int = 1) -> tir.ForKind:
    """Return the kind of the outermost loop: parallel where there is enough to do."""
    return tir.ForKind.PARALLEL if steps.work(lanes) >= PARALLEL_WORK else tir.ForKind.SERIAL


def schedule_map(b: NestBuilder, steps: NestSteps, target: Target) -> None:
    """Append a data-parallel nest, scheduled."""
    groups = steps.groups(range(len(steps.extents)))
    lanes = target.lanes(steps.widest_bytes)
    last = groups[-1][-1] if groups else -1
    extent = steps.extent_of(groups[-1]) if groups else 1
    vectorize = groups and vectorizable(steps, last)
    crossing = crossing_of(steps, target) if groups and _suits_lanes(steps, last) else None
    if crossing is not None:
        TransposeSchedule(b, steps, crossing).build(kind_of_outer(steps))
        return
    if not vectorize or extent < lanes:
        _loops(b, steps, groups, kind_of_outer(steps))
        return
    _lane_loops(b, steps, groups, lanes)


def _loops(
    b: NestBuilder, steps: NestSteps, groups: Sequence[Sequence[int]], kind: tir.ForKind
) -> None:
    """Append one scalar loop per group around the block."""
    sizes = [steps.size_of(group) for group in groups]
    with b.nest(sizes, kind, _fusable(sizes)) as values:
        map_block(b, steps.nest, spread(groups, values, steps.sizes, len(steps.sizes)))


def _lane_loops(
    b: NestBuilder,
    steps: NestSteps,
    groups: Sequence[Sequence[int]],
    lanes: int,
) -> None:
    """Append the loops with the last group in vectors; of the last one some lanes count."""
    size = steps.size_of(groups[-1])
    vectors, rest = size // lanes, size % lanes
    outer = [steps.size_of(group) for group in groups[:-1]]
    kind = kind_of_outer(steps, lanes)

    def place(values: Sequence[IntExpr], conditions: Sequence[IntExpr] = ()) -> None:
        bindings = spread(groups, values, steps.sizes, len(steps.sizes))
        map_block(b, steps.nest, bindings, conditions)

    def over_lanes(values: list[IntExpr], v: IntExpr) -> None:
        with b.loop(lanes, tir.ForKind.VECTORIZED) as lane:
            place([*values, v * lanes + lane])

    if rest == 0:
        with b.nest([*outer, vectors], kind, _fusable([*outer, vectors])) as values:
            over_lanes(values[:-1], values[-1])
        return

    def last(values: list[IntExpr]) -> None:
        if not rest.is_constant or _has_room(steps, groups[-1], (vectors + 1) * lanes):
            # Where symbols decide, there may be no rest.
            count = 1 if rest.is_constant else min_(rest, 1)
            with b.loop(count), b.loop(lanes, tir.ForKind.VECTORIZED) as lane:
                place([*values, lane + vectors * lanes], [rest - 1 - lane])
        else:
            with b.loop(rest) as r:
                place([*values, r + vectors * lanes])

    if not outer:
        with b.nest([vectors], kind) as values:
            over_lanes([], values[0])
        last([])
        return
    with b.nest(outer, kind) as values:
        with b.loop(vectors) as v:
            over_lanes(values, v)
        last(values)


def _fusable(sizes: Sequence[IntExpr]) -> int:
    """Return how many loops may be one: where symbols decide, not those around a few elements.

    A division by a symbol costs more than what most maps do.
    """
    count, elements = len(sizes), 1
    if all(size.is_constant for size in sizes):
        return count
    while count and elements < ELEMENTS_PER_DIVISION:
        count -= 1
        elements *= nominal_extent(sizes[count])
    return count


def _has_room(steps: NestSteps, group: Sequence[int], extent: IntExpr) -> bool:
    """Tell whether stack memory that the nest stores to has a place for lanes that do not count.

    Memory is not written there; but stack buffers are, since they live in registers.
    """
    for m in steps.stores:
        buffer_type = m.op.buffer.type
        assert isinstance(buffer_type, tir.BufferType)
        if buffer_type.scope == tir.STACK:
            shape = buffer_type.static_shape()
            own = var(steps.nest.block.iter_vars[group[-1]])
            last = m.op.exprs_over_values(m.op.indices)[-1:]
            if len(group) > 1 or shape is None or last != (own,):
                return False
            if not extent.is_constant or shape[-1] < extent.constant_value:
                return False
    return True


def map_block(
    b: NestBuilder,
    nest: Nest,
    bindings: Sequence[IntExpr],
    conditions: Sequence[IntExpr] = (),
) -> None:
    """Append the nest's block with new bindings."""
    name = nest.block.block_name.data
    with b.tile_block(name, iters_of(nest, bindings), conditions) as iter_vars:
        clone_region(Cloner(b.block), nest.block.body, iter_vars)
