"""Reductions across long rows: sums in the first-level cache, memory read row by row.

    for columns (parallel)
        acc = alloc [columns]                in the first-level cache
        for k in n / 4: for v: acc[v] = acc[v] + x[4 * k, v] + ... + x[4 * k + 3, v]
        out[columns] = acc[...]

A register tile would read a few vectors of each row, and go through all rows once for each of its
columns: runs so short, and so far apart, that the processor does not fetch ahead. The order of a
sum is that of the rows, as in a tile.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import prod

from xdsl.ir import SSAValue

from ....analysis.steps import NestSteps
from ....analysis.tiling import Tile
from ....dialects import tir
from ....dialects.target import Target
from ....dialects.tir.clone import Cloner
from ....symbolic import IntExpr, as_expr
from .build import (
    Iter,
    NestBuilder,
    Redirected,
    clone_region,
    iters_of,
    parts_of,
    spatial_iters_of,
    spread,
)
from .maps import kind_of_outer

ROWS = 4  # whose elements are added to a sum while it is in a register: streams at once
MIN_ROWS = 16  # else sums are filled and written as often as rows are read
ACCUMULATOR_BYTES = 1 << 14  # of the first-level cache, beside the rows


def streams(steps: NestSteps, tile: Tile, target: Target) -> bool:
    """Tell whether a reduction had better read whole rows than tiles of them.

    That is one of contiguous rows that are longer than a tile, where nothing is used twice and the
    second-level cache does not hold them all.
    """
    nest, axis = steps.nest, tile.lane_group[-1]
    reads = [m for m in steps.loads if m.op.buffer is not nest.stores[0].buffer]
    if tile.row_group or tile.is_blocked or not steps.is_constant(tile.lane_group):
        return False
    if any(m.steps[axis] != 1 or not isinstance(m.op, tir.LoadOp) for m in reads):
        return False
    groups = steps.groups(nest.reduce)
    if not reads or not groups or steps.extent_of(groups[-1]) < MIN_ROWS:
        return False
    far = prod(steps.extents) * steps.widest_bytes * len(reads) > target.l2_bytes
    return far and steps.extent_of(tile.lane_group) > tile.vectors * tile.lanes


class StreamSchedule:
    """Builds one reduction nest that reads rows in runs."""

    def __init__(self, b: NestBuilder, steps: NestSteps, tile: Tile, target: Target) -> None:
        self.b = b
        self.steps = steps
        self.nest = steps.nest
        self.tile = tile
        self.kind = kind_of_outer(steps)
        self.outer = [
            i for i in self.nest.spatial if i not in tile.lane_group and steps.extents[i] != 1
        ]
        self.groups = steps.groups(self.nest.reduce)
        extent, lanes = steps.extent_of(tile.lane_group), tile.lanes
        most = ACCUMULATOR_BYTES // steps.widest_bytes
        share = -(-extent // target.cores // lanes) * lanes  # each thread has one, at least
        self.parts = parts_of(extent, max(lanes, min(most // lanes * lanes, share)))
        store = self.nest.stores[0]
        self.target = store.buffer
        assert isinstance(store.buffer.type, tir.BufferType)
        self.buffer_type = store.buffer.type

    def build(self) -> None:
        """Append the loops over columns around sums of rows."""
        extents = [self.steps.sizes[axis] for axis in self.outer]
        for part in self.parts:
            with self.b.nest([*extents, as_expr(part.count)], self.kind) as (*outer, run):
                self.columns(outer, run * part.size + part.start, part.size)

    def columns(self, outer: Sequence[IntExpr], start: IntExpr, size: int) -> None:
        """Append the sums of some columns."""
        lanes = self.tile.lanes
        acc = self.b.stack((-(-size // lanes) * lanes,), self.buffer_type)
        sums = _Sums(self, acc, tuple(outer), start, size)
        sums.over(sums.init)
        self.over_rows([], sums)
        sums.over(sums.write)

    def over_rows(self, values: list[IntExpr], sums: _Sums) -> None:
        """Append the loops over what is reduced, the innermost a few rows at a time."""
        size = self.steps.size_of(self.groups[len(values)])
        if len(values) < len(self.groups) - 1:
            with self.b.loop(size) as k:
                self.over_rows([*values, k], sums)
            return
        full, rest = size // ROWS, size % ROWS
        with self.b.loop(full) as k:
            sums.over(partial(sums.update, [*values, k * ROWS], ROWS))
        if rest != 0:
            with self.b.loop(rest) as k:
                sums.over(partial(sums.update, [*values, full * ROWS + k], 1))

    def bindings(
        self, outer: Sequence[IntExpr], column: IntExpr, rows: Sequence[IntExpr] = ()
    ) -> list[IntExpr]:
        """Return the value of every axis, that of the reduced ones 0 unless given."""
        groups = [*([axis] for axis in self.outer), list(self.tile.lane_group)]
        values = [*outer, column]
        if rows:
            groups, values = [*groups, *self.groups], [*values, *rows]
        return spread(groups, values, self.steps.sizes, len(self.steps.sizes))


@dataclass(frozen=True, eq=False)
class _Sums:
    """The sums of some columns.

    Attributes:
        schedule: of the nest.
        acc: the stack buffer that they are in.
        outer: the values of the axes outside.
        start: the first column.
        size: how many columns.
    """

    schedule: StreamSchedule
    acc: SSAValue
    outer: tuple[IntExpr, ...]
    start: IntExpr
    size: int

    def over(self, body: Callable[[IntExpr, int], None]) -> None:
        """Append a body for each vector: of where it starts and how many of its lanes count."""
        b, lanes = self.schedule.b, self.schedule.tile.lanes
        whole, rest = divmod(self.size, lanes)
        if whole:
            with b.loop(whole) as v:
                body(v * lanes, lanes)
        if rest:
            body(as_expr(whole * lanes), rest)

    def init(self, first: IntExpr, valid: int) -> None:
        """Append `acc = init`."""
        nest = self.schedule.nest
        init = nest.block.init
        assert init is not None, "a reduction has an init"
        with self.vector("init", first, valid) as (axes, place):
            values = [as_expr(0)] * len(nest.block.kinds.data)
            for axis, value in zip(nest.spatial, axes, strict=True):
                values[axis] = value
            cloner = Redirected(self.schedule.b.block, self.schedule.target, self.acc, [place])
            clone_region(cloner, init, values)

    def update(self, rows: list[IntExpr], count: int, first: IntExpr, valid: int) -> None:
        """Append `acc = acc + x[row]` for some rows."""
        schedule, nest, b = self.schedule, self.schedule.nest, self.schedule.b
        with (
            b.loop(count, tir.ForKind.UNROLLED) as r,
            b.loop(schedule.tile.lanes, tir.ForKind.VECTORIZED) as lane,
        ):
            at = [*rows[:-1], rows[-1] + r]
            column = self.start + first + lane
            iters = iters_of(nest, schedule.bindings(self.outer, column, at))
            iters.append(self.place_iter(first + lane))
            with b.tile_block(self.name, iters, self.conditions(valid, lane)) as args:
                cloner = Redirected(b.block, schedule.target, self.acc, args[-1:])
                clone_region(cloner, nest.block.body, args[:-1])

    def write(self, first: IntExpr, valid: int) -> None:
        """Append `out = acc`."""
        location = self.schedule.nest.block.location
        with self.vector("write", first, valid) as (axes, place):
            cloner = Cloner(self.schedule.b.block)
            value = cloner.append(tir.LoadOp(self.acc, [place]), location).results[0]
            cloner.append(tir.StoreOp(value, self.schedule.target, axes), location)

    @contextmanager
    def vector(
        self, what: str, first: IntExpr, valid: int
    ) -> Generator[tuple[Sequence[IntExpr], IntExpr]]:
        """Append a block over a vector of sums; yield the spatial axes and the place among them."""
        schedule, b = self.schedule, self.schedule.b
        with b.loop(schedule.tile.lanes, tir.ForKind.VECTORIZED) as lane:
            bindings = schedule.bindings(self.outer, self.start + first + lane)
            iters = [*spatial_iters_of(schedule.nest, bindings), self.place_iter(first + lane)]
            conditions = self.conditions(valid, lane)
            with b.tile_block(f"{self.name}_{what}", iters, conditions) as args:
                yield args[:-1], args[-1]

    def place_iter(self, place: IntExpr) -> Iter:
        """Return an iteration variable for the place among the sums."""
        lanes = self.schedule.tile.lanes
        return tir.IterKind.SPATIAL, -(-self.size // lanes) * lanes, place

    def conditions(self, valid: int, lane: IntExpr) -> list[IntExpr]:
        """Return what must hold for a lane to count: nothing where all do."""
        return [] if valid == self.schedule.tile.lanes else [valid - 1 - lane]

    @property
    def name(self) -> str:
        """The name of the block."""
        return self.schedule.nest.block.block_name.data
