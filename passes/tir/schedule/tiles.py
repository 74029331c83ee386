"""Reductions into register tiles: matmul, convolution, pooling.

for tiles (parallel)                       one tile of rows x vectors x lanes accumulators
acc[...] = init
for the reduction: acc[...] = update     rows and vectors unrolled, lanes a vector
                   prefetch              now and then, for the tiles of the next column
out[...] = epilogue(acc[...])            bias, activation, residual: still in registers
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.ir import BlockArgument, Region, SSAValue

from ....analysis.nests import Access, Nest, Write
from ....analysis.staging import Staging
from ....analysis.steps import NestSteps
from ....analysis.tiling import Tile, bytes_of, choose_order, operands
from ....dialects import tir
from ....dialects.target import Target
from ....dialects.tir.clone import Cloner
from ....symbolic import IntExpr, as_expr, var
from ..pack_constants import Pack
from .build import Iter, NestBuilder, Redirected, clone_region, spatial_iters_of, spread
from .maps import kind_of_outer
from .stages import FromStage, Stage

FEW_OF_CACHE = 16  # an operand below this part of the second-level cache is in it anyway
MIN_FETCH_STEP = 4  # reduction steps between two requests: each costs as much as a load

TileBody = Callable[[IntExpr, IntExpr, IntExpr], None]  # of row, column and lane in the tile
Bindings = Callable[[IntExpr, IntExpr, IntExpr], list[IntExpr]]
Conditions = Callable[[IntExpr, IntExpr], list[IntExpr]]  # of column and lane


@dataclass(frozen=True)
class Part:
    """A run of equal tiles along one axis: where it starts, how many, how long each is."""

    start: int
    count: int
    size: int


@dataclass(frozen=True)
class Ahead:
    """Which of the tiles that share a column one is."""

    index: IntExpr
    count: int


@dataclass(frozen=True)
class Following:
    """What a tile asks for while it computes: `fetch` at every `step`-th reduction step."""

    step: int
    fetch: Callable[[IntExpr], None]


def parts_of(extent: int, size: int) -> list[Part]:
    """Return an axis as full tiles and one rest."""
    full, rest = divmod(extent, size)
    parts = [Part(0, full, size)] if full else []
    return [*parts, Part(full * size, 1, rest)] if rest else parts


class TileSchedule:
    """Builds one reduction nest, and its epilogue, as register tiles."""

    def __init__(
        self,
        b: NestBuilder,
        steps: NestSteps,
        tile: Tile,
        machine: Target,
        epilogue: Nest | None,
        staging: Staging | None = None,
    ) -> None:
        self.b = b
        self.steps = steps
        self.machine = machine
        self.nest = steps.nest
        self.tile = tile
        self.epilogue = epilogue
        self.staging = staging
        self.stage: Stage | None = None
        self.base: dict[int, IntExpr] = {}  # where the stage's values of an axis start
        self.sizes = dict(enumerate(steps.extents))  # of the axes, within a stage
        self.kind = kind_of_outer(steps)
        store = self.nest.block.body.block.last_op
        assert isinstance(store, tir.StoreOp)
        self.target = store.buffer
        buffer_type = self.target.type
        assert isinstance(buffer_type, tir.BufferType)
        self.buffer_type = buffer_type
        inner = {*tile.lane_group, *tile.row_group, *tile.column_group}
        self.outer = [
            axis for axis in self.nest.spatial if axis not in inner and steps.extents[axis] != 1
        ]

    def build(self) -> None:
        """Append the tiles, in stages where an operand is copied piece by piece."""
        if self.staging is None:
            self.combinations()
            return
        strip, points = self.staging.strip, self.staging.points
        rows = self.staging.rows
        for part in parts_of(1 if strip is None else self.steps.extents[strip], rows):
            extents = [self.steps.extents[axis] for axis in points]
            with self.b.nest([*extents, part.count], kind_of_outer(self.steps)) as (*at, run):
                self.base = dict(zip(points, at, strict=True))
                self.sizes |= dict.fromkeys(points, 1)
                if strip is not None:
                    self.base[strip] = run * part.size + part.start
                    self.sizes[strip] = part.size
                staging = self.staging.with_rows(part.size)
                self.stage = Stage(self.b, staging, self.base, self.tile.lanes)
                self.kind = tir.ForKind.SERIAL
                self.combinations()

    def combinations(self) -> None:
        """Append every combination of full tiles and rests."""
        tile, steps = self.tile, self.steps
        rows = parts_of(steps.extent_of(tile.row_group), tile.rows)
        width = tile.vectors if tile.is_blocked else tile.vectors * tile.lanes
        for row in rows:
            for column in parts_of(steps.extent_of(tile.column_group), width):
                self.tiles(row, column)

    def tiles(self, row: Part, column: Part) -> None:
        """Append the loops over the tiles of one combination."""
        order = choose_order(self.steps, self.tile, self.machine, row.count, column.count)
        batch, by_rows, by_columns = (
            [(f"axis {axis}", self.sizes[axis]) for axis in axes]
            for axes in (order.batch, order.with_rows, order.with_columns)
        )
        block = order.row_block
        row_loops = [*by_rows, ("row", block or row.count)]
        column_loops = [*by_columns, ("column", column.count)]
        names = [*row_loops, *column_loops] if order.rows_first else [*column_loops, *row_loops]
        if block:
            names.insert(0, ("row block", row.count // block))
        names = [*batch, *names]
        with self.b.nest([extent for _, extent in names], self.kind) as loops:
            values = dict(zip((name for name, _ in names), loops, strict=True))
            r = values["row"] + values.get("row block", as_expr(0)) * block
            outer = [values[f"axis {axis}"] + self.base.get(axis, 0) for axis in self.outer]
            place = r * row.size + row.start, values["column"] * column.size + column.start
            ahead = None
            if not order.rows_first:
                runs = as_expr(0)
                for inner, count in row_loops:
                    runs = runs * count + values[inner]
                ahead = Ahead(runs, prod(count for _, count in row_loops))
            self.one_tile(outer, place, row, column, ahead)

    def packs(self) -> list[Pack]:
        """Return the layouts in which constant inputs would be read in order."""
        tile = self.tile
        axes: list[tuple[int, int]] = []
        if len(tile.row_group) == 1:
            axes.append((tile.row_group[0], tile.rows))
        if len(tile.lane_group) == 1 and not tile.is_blocked:
            axes.append((tile.lane_group[0], tile.vectors * tile.lanes))
        found: list[Pack] = []
        for m in self.steps.loads:
            if isinstance(m.op, tir.LoadOp) and isinstance(m.op.buffer, BlockArgument):
                indices = m.op.exprs_over_values(m.op.indices)
                for axis, size in axes:
                    dim = self.dim_of(indices, axis)
                    if dim is not None and size > 1:
                        found.append(Pack(m.op.buffer.index, dim, size))
        return found

    def dim_of(self, indices: Sequence[IntExpr], axis: int) -> int | None:
        """Return the dim whose index is exactly an axis's variable, in no other dim's."""
        key = self.nest.block.iter_vars[axis]
        dims = [d for d, index in enumerate(indices) if key in index.free_vars()]
        return dims[0] if len(dims) == 1 and indices[dims[0]] is var(key) else None

    def one_tile(
        self,
        outer: list[IntExpr],
        place: tuple[IntExpr, IntExpr],
        rows: Part,
        column: Part,
        ahead: Ahead | None,
    ) -> None:
        """Append one tile, its first row and column at `place`: fill, accumulate, write back."""
        tile, steps = self.tile, self.steps
        lanes = tile.lanes
        vectors = column.size if tile.is_blocked else -(-column.size // lanes)
        valid = steps.extent_of(tile.lane_group) if tile.is_blocked else column.size
        acc = self.b.stack((rows.size, vectors * lanes), self.buffer_type)
        shape = rows.size, vectors
        row, first = place

        def bindings(u: IntExpr, v: IntExpr, lane: IntExpr) -> list[IntExpr]:
            return self.bindings_of(outer, row + u, first, v, lane)

        masked = valid != lanes if tile.is_blocked else vectors * lanes != valid

        def conditions(v: IntExpr, lane: IntExpr) -> list[IntExpr]:
            if not masked:
                return []
            return [valid - 1 - (lane if tile.is_blocked else v * lanes + lane)]

        self.fill(acc, shape, bindings, conditions)
        following = self.following(ahead, outer, first + column.size, vectors)
        self.accumulate(acc, shape, bindings, conditions, following)
        self.write_back(acc, shape, bindings, conditions)

    def following(
        self, ahead: Ahead | None, outer: list[IntExpr], first: IntExpr, vectors: int
    ) -> Following | None:
        """Return how a tile asks for its share of what the next column's tiles will read.

        The tiles of one column read the same vectors; those of the next are far away the first
        time. Each tile asks for its part of them, spread over its reduction, so that they are
        near when their turn comes and no tile waits. Convolutions in blocked layouts gain nothing:
        their weights are few beside the work on them.
        """
        tile, reduce = self.tile, self.nest.reduce
        moving, _ = operands(self.steps, tile.lane_group[-1])
        if ahead is None or not reduce or len(moving) != 1 or tile.is_blocked:
            return None
        if self.stage is not None:
            return None  # what tiles read from a piece is near
        if bytes_of(moving) < self.machine.l2_bytes // FEW_OF_CACHE:
            return None
        extents = self.steps.extents
        step = max(d for d in range(1, ahead.count + 1) if extents[reduce[0]] % d == 0)
        if step < MIN_FETCH_STEP:
            return None

        def fetch(k: IntExpr) -> None:
            share = ahead.index * extents[reduce[0]] // ahead.count

            def loops(values: list[IntExpr]) -> None:
                if len(values) < len(reduce):
                    with self.b.loop(extents[reduce[len(values)]]) as inner:
                        loops([*values, inner])
                    return
                with self.b.loop(vectors, tir.ForKind.UNROLLED) as v:
                    at = self.bindings_of(outer, as_expr(0), first, v, as_expr(0))
                    for axis, value in zip(reduce, values, strict=True):
                        at[axis] = value
                    self.prefetch(moving[0].op, at)

            loops([share + k])

        return Following(step, fetch)

    def prefetch(self, load: Access | Write, at: Sequence[IntExpr]) -> None:
        """Append a prefetch of what a load reads when the nest's variables are `at`."""
        names = dict(zip(self.nest.block.iter_vars, at, strict=True))
        indices = [e.substitute(names) for e in load.exprs_over_values(load.indices)]
        self.b.append(tir.PrefetchOp(load.buffer, indices))

    def bindings_of(
        self, outer: list[IntExpr], row: IntExpr, first: IntExpr, v: IntExpr, lane: IntExpr
    ) -> list[IntExpr]:
        """Return the value of every axis, that of the reduced ones 0.

        Args:
            outer: the axes outside of the tile.
            row: along the rows.
            first: of the tile along its columns.
            v: the vector in the tile.
            lane: in the vector.
        """
        tile = self.tile
        groups = [*([axis] for axis in self.outer), tile.row_group, tile.lane_group]
        values = [*outer, row]
        if tile.is_blocked:
            groups.append(tile.column_group)
            values += [lane, first + v]
        else:
            values.append(first + v * tile.lanes + lane)
        return spread(groups, values, self.steps.extents, len(self.steps.extents))

    def over_tile(self, shape: tuple[int, int], body: TileBody) -> None:
        """Append the unrolled loops over a tile and its vector of lanes."""
        unrolled = tir.ForKind.UNROLLED
        with (
            self.b.loop(shape[0], unrolled) as u,
            self.b.loop(shape[1], unrolled) as v,
            self.b.loop(self.tile.lanes, tir.ForKind.VECTORIZED) as lane,
        ):
            body(u, v, lane)

    def tile_iters(self, u: IntExpr, v: IntExpr, lane: IntExpr) -> list[Iter]:
        """Return two iteration variables for the position in the tile."""
        spatial = tir.IterKind.SPATIAL
        place = v * self.tile.lanes + lane
        return [(spatial, self.tile.rows, u), (spatial, self.tile.vectors * self.tile.lanes, place)]

    def fill(
        self,
        acc: SSAValue,
        shape: tuple[int, int],
        bindings: Bindings,
        conditions: Conditions,
    ) -> None:
        """Append `acc = init`; the conditions keep the axes in their domains, and cost nothing."""
        init = self.nest.block.init
        assert init is not None, "a reduction has an init"

        def body(*at: IntExpr) -> None:
            iters = [*spatial_iters_of(self.nest, bindings(*at)), *self.tile_iters(*at)]
            with self.b.tile_block(f"{self.name}_init", iters, conditions(*at[1:])) as args:
                self.clone(init, acc, args[:-2], args[-2:], self.nest.spatial)

        self.over_tile(shape, body)

    def accumulate(
        self,
        acc: SSAValue,
        shape: tuple[int, int],
        bindings: Bindings,
        conditions: Conditions,
        following: Following | None,
    ) -> None:
        """Append the reduction's loops around `acc = update(acc)`."""
        reduce = self.nest.reduce

        def loops(values: list[IntExpr]) -> None:
            if not values and following is not None:
                extent = self.steps.extents[reduce[0]]
                step = following.step
                with self.b.loop(extent // step) as k:
                    following.fetch(k)
                    with self.b.loop(step) as within:
                        loops([k * step + within])
                return
            if len(values) < len(reduce):
                with self.b.loop(self.steps.extents[reduce[len(values)]]) as k:
                    loops([*values, k])
                return
            self.over_tile(shape, lambda u, v, lane: update(values, u, v, lane))

        def update(values: Sequence[IntExpr], *at: IntExpr) -> None:
            all_bindings = bindings(*at)
            for axis, value in zip(reduce, values, strict=True):
                all_bindings[axis] = value
            kinds, extents = self.nest.block.kinds.data, self.nest.extents
            iters: list[Iter] = list(zip(kinds, extents, all_bindings, strict=True))
            iters += self.tile_iters(*at)
            count, stage = len(iters), self.stage
            iters += [] if stage is None else stage.iters()
            with self.b.tile_block(self.name, iters, conditions(*at[1:])) as args:
                axes, place, origin = args[: count - 2], args[count - 2 : count], args[count:]
                if stage is None:
                    cloner = Redirected(self.b.block, self.target, acc, place)
                else:
                    cloner = FromStage(self.b.block, self.target, acc, place, stage, origin)
                clone_region(cloner, self.nest.block.body, axes)

        loops([])

    def write_back(
        self,
        acc: SSAValue,
        shape: tuple[int, int],
        bindings: Bindings,
        conditions: Conditions,
    ) -> None:
        """Append `out = epilogue(acc)`."""

        def body(*at: IntExpr) -> None:
            iters = [*spatial_iters_of(self.nest, bindings(*at)), *self.tile_iters(*at)]
            name = self.name if self.epilogue is None else self.epilogue.block.block_name.data
            with self.b.tile_block(f"{name}_write", iters, conditions(*at[1:])) as args:
                self.write(acc, args[:-2], args[-2:])

        self.over_tile(shape, body)

    def write(self, acc: SSAValue, axes: Sequence[IntExpr], place: Sequence[IntExpr]) -> None:
        """Append the epilogue's body, or a plain copy out of the tile."""
        if self.epilogue is not None:
            cloner = Redirected(self.b.block, self.target, acc, place)
            clone_region(cloner, self.epilogue.block.body, axes)
            return
        location = self.nest.block.location
        cloner = Cloner(self.b.block)
        value = cloner.append(tir.LoadOp(acc, place), location).results[0]
        cloner.append(tir.StoreOp(value, self.target, axes), location)

    def clone(
        self,
        region: Region,
        acc: SSAValue,
        args: Sequence[IntExpr],
        place: Sequence[IntExpr],
        axes: Sequence[int],
    ) -> None:
        """Append a region of the reduction with its buffer replaced by the tile."""
        values = [as_expr(0)] * len(self.nest.block.kinds.data)
        for axis, arg in zip(axes, args, strict=True):
            values[axis] = arg
        clone_region(Redirected(self.b.block, self.target, acc, place), region, values)

    @property
    def name(self) -> str:
        """The name of the block."""
        return self.nest.block.block_name.data
