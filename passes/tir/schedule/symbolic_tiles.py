"""Register tiles of reductions whose extents symbols decide.

    for t in tiles (parallel)
      temp = alloc stack rows x columns
      for u, j, k { temp[u, j] += ... }          a nest of constant extents but for k:
      for u, j { out[...] = epilogue(temp) }     the policy makes a tile of it

An axis of n elements is tiles of the size that suits it, the last one moved back to end where the
axis ends: some elements are computed twice, to the same result. An axis shorter than a tile is cut
into small ones. Where memory is updated in place nothing may be computed twice; there the rest of
an axis is what is cut into small tiles.

Tiles of a column ask for shares of what the next column reads, as those of known extents do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.ir import Block, Region, SSAValue

from ....analysis.nests import Nest
from ....analysis.steps import NestSteps
from ....analysis.tiling import Tile, batch_bytes, choose_order, operands
from ....dialects import tir
from ....dialects.target import Target
from ....dialects.tir.clone import Cloner
from ....symbolic import IntExpr, as_expr, ceildiv, min_, var
from .build import NestBuilder, Redirected, clone_region, spread
from .maps import kind_of_outer
from .tile_body import Following
from .tiles import FEW_OF_CACHE, MIN_FETCH_STEP

MOST_SHARES = 16  # tiles that it takes to ask for all that the next column reads
SMALL_ROWS = 4  # rows of the tiles of what is shorter than a tile

_ZERO, _ONE = as_expr(0), as_expr(1)


@dataclass(frozen=True)
class Part:
    """A run of equal tiles along one axis: how many, how long each is, where one starts."""

    count: IntExpr
    size: int
    start: Callable[[IntExpr], IntExpr]


def parts_of(extent: IntExpr, sizes: Sequence[int], may_repeat: bool) -> list[Part]:
    """Return an axis as parts with tiles of some sizes, largest first; the last size is 1.

    Args:
        extent: of the axis.
        sizes: of the tiles.
        may_repeat: whether an element may be in two tiles.
    """
    if extent.is_constant:
        return _constant_parts(extent.constant_value, sizes[0])
    return _covering(extent, sizes) if may_repeat else _exact(extent, sizes)


def _constant_parts(extent: int, size: int) -> list[Part]:
    full, rest = divmod(extent, size)
    parts = [Part(as_expr(full), size, lambda t: t * size)] if full else []
    return [*parts, Part(_ONE, rest, lambda t: as_expr(full * size))] if rest else parts


def _covering(extent: IntExpr, sizes: Sequence[int]) -> list[Part]:
    """Return tiles of one size, the largest that fits into the axis; the last is moved back."""
    parts: list[Part] = []
    larger = _ZERO  # 1 where a larger size fits
    for size in sizes:
        fits = min_(extent // size, 1)

        def start(t: IntExpr, size: int = size) -> IntExpr:
            return t if size == 1 else min_(t * size, extent - size)

        parts.append(Part(ceildiv(extent, size) * (fits - larger), size, start))
        larger = fits
    return parts


def _exact(extent: IntExpr, sizes: Sequence[int]) -> list[Part]:
    """Return tiles of each size for what the larger ones leave."""
    parts: list[Part] = []
    begin, left = _ZERO, extent
    for size in sizes:

        def start(t: IntExpr, begin: IntExpr = begin, size: int = size) -> IntExpr:
            return begin + t * size

        count = left // size
        parts.append(Part(count, size, start))
        begin, left = begin + count * size, left % size
    return parts


class SymbolicTiles:
    """Builds one reduction nest, and its epilogue, as tiles of constant size in loops.

    Attributes:
        bodies: the blocks that hold the nests of tiles, still to be scheduled; with what a tile
            asks for while it computes.
    """

    def __init__(
        self,
        b: NestBuilder,
        steps: NestSteps,
        tile: Tile,
        machine: Target,
        epilogue: Nest | None,
        may_repeat: bool,
    ) -> None:
        self.b = b
        self.steps = steps
        self.machine = machine
        self.nest = steps.nest
        self.tile = tile
        self.epilogue = epilogue
        self.bodies: list[tuple[Block, Following | None]] = []
        store = self.nest.block.body.block.last_op
        assert isinstance(store, tir.StoreOp)
        self.target = store.buffer
        width = tile.vectors if tile.is_blocked else tile.vectors * tile.lanes
        rows = dict.fromkeys((tile.rows, min(tile.rows, SMALL_ROWS), 1))
        columns = dict.fromkeys((width, tile.lanes if not tile.is_blocked else 1, 1))
        self.rows = parts_of(steps.size_of(tile.row_group), list(rows), may_repeat)
        self.columns = parts_of(steps.size_of(tile.column_group), list(columns), may_repeat)

    def build(self) -> None:
        """Append the loops over tiles, and the nests that the tiles are."""
        rows, columns = (
            max(1, self.steps.extent_of(group) // size)
            for group, size in (
                (self.tile.row_group, self.rows[0].size),
                (self.tile.column_group, self.columns[0].size),
            )
        )
        order = choose_order(self.steps, self.tile, self.machine, rows, columns)
        kind = kind_of_outer(self.steps)
        first, second = (self.rows, order.with_rows), (self.columns, order.with_columns)
        if not order.rows_first:
            first, second = second, first
        for outer in first[0]:
            outer_axes = [*order.batch, *first[1]]
            with self.b.nest([*self.sizes(outer_axes), outer.count], kind) as (*values, t):
                known = dict(zip(outer_axes, values, strict=True))
                for inner in second[0]:
                    with self.b.nest([*self.sizes(second[1]), inner.count], tir.ForKind.SERIAL) as (
                        *more,
                        u,
                    ):
                        axes = {**known, **dict(zip(second[1], more, strict=True))}
                        pair = (outer, t), (inner, u)
                        row, column = pair if order.rows_first else pair[::-1]
                        following = None if order.rows_first else self.following(axes, row, column)
                        self.one_tile(axes, row, column, following)

    def sizes(self, axes: Sequence[int]) -> list[IntExpr]:
        """Return the extents of axes."""
        return [self.steps.sizes[axis] for axis in axes]

    def following(
        self, axes: dict[int, IntExpr], row: tuple[Part, IntExpr], column: tuple[Part, IntExpr]
    ) -> Following | None:
        """Return how a tile asks for a share of what the next column's tiles will read.

        As `TileSchedule.following`; of how many tiles there are in a column, only that several
        may be is known: so many take all the shares, and more take them again.
        """
        steps, tile, reduce = self.steps, self.tile, self.nest.reduce
        moving, _ = operands(steps, tile.lane_group[-1])
        if tile.is_blocked or len(moving) != 1 or len(reduce) != 1 or not steps.is_constant(reduce):
            return None
        if row[0].size < self.tile.rows or not steps.is_constant(tile.column_group):
            return None
        if batch_bytes(steps, tile, moving[0]) < self.machine.l2_bytes // FEW_OF_CACHE:
            return None
        depth = steps.extents[reduce[0]]
        step = max(d for d in range(1, MOST_SHARES + 1) if depth % d == 0)
        if step < MIN_FETCH_STEP or column[0].count == 1:
            return None
        share, width = row[1] % step, column[0].size
        groups = [[axis] for axis in axes]
        groups += [list(tile.row_group), list(tile.column_group), list(reduce)]
        load = moving[0].op

        def fetch(b: NestBuilder, values: Sequence[IntExpr]) -> None:
            with b.loop(ceildiv(width, tile.lanes), tir.ForKind.UNROLLED) as v:
                along = column[0].start(column[1]) + width + v * tile.lanes
                first = share * (depth // step) + values[0]
                at = [*axes.values(), row[0].start(row[1]), along, first]
                names = dict(
                    zip(
                        self.nest.block.iter_vars,
                        spread(groups, at, steps.sizes, len(steps.sizes)),
                        strict=True,
                    )
                )
                indices = [e.substitute(names) for e in load.exprs_over_values(load.indices)]
                b.append(tir.PrefetchOp(load.buffer, indices))

        return Following(0, step, fetch)

    def one_tile(
        self,
        axes: dict[int, IntExpr],
        row: tuple[Part, IntExpr],
        column: tuple[Part, IntExpr],
        following: Following | None,
    ) -> None:
        """Append the nests of one tile; `axes` are the values of the axes outside of it."""
        tile = self.tile
        shape = [row[0].size, column[0].size]
        if tile.is_blocked:
            shape.append(self.steps.extent_of(tile.lane_group))
        places = [part.start(t) for part, t in (row, column)]
        buffer_type = self.target.type
        assert isinstance(buffer_type, tir.BufferType)
        temp = self.b.stack(shape, buffer_type)

        def values(own: Sequence[IntExpr]) -> list[IntExpr]:
            """Return the values of the nest's axes at a place in the tile."""
            groups = [[axis] for axis in axes]
            at = list(axes.values())
            groups += [list(tile.row_group), list(tile.column_group)]
            at += [places[0] + own[0], places[1] + own[1]]
            if tile.is_blocked:
                groups.append(list(tile.lane_group))
                at.append(own[2])
            return spread(groups, at, self.steps.sizes, len(self.steps.sizes))

        self.reduction(shape, temp, values)
        self.write_back(shape, temp, values)
        self.bodies.append((self.b.block, following))

    def reduction(
        self,
        shape: Sequence[int],
        temp: SSAValue,
        values: Callable[[Sequence[IntExpr]], list[IntExpr]],
    ) -> None:
        """Append the reduction of one tile into `temp`."""
        nest, rank = self.nest, len(shape)
        reduce = nest.reduce
        extents = [*map(as_expr, shape), *self.sizes(reduce)]
        kinds = [tir.IterKind.SPATIAL] * rank + [tir.IterKind.REDUCE] * len(reduce)

        def region(source: Region) -> Region:
            body = Block(arg_types=[tir.INDEX] * len(extents))
            own = [var(arg) for arg in body.args]
            axes = values(own)
            for axis, value in zip(reduce, own[rank:], strict=True):
                axes[axis] = value
            clone_region(Redirected(body, self.target, temp, own[:rank]), source, axes)
            return Region(body)

        init = nest.block.init
        assert init is not None, "the policy asked before"
        self.plain(extents, kinds, region(nest.block.body), region(init))

    def write_back(
        self,
        shape: Sequence[int],
        temp: SSAValue,
        values: Callable[[Sequence[IntExpr]], list[IntExpr]],
    ) -> None:
        """Append the epilogue of one tile, or a plain copy out of it."""
        body = Block(arg_types=[tir.INDEX] * len(shape))
        own = [var(arg) for arg in body.args]
        axes = values(own)
        spatial = [axes[axis] for axis in self.nest.spatial]
        if self.epilogue is not None:
            cloner = Redirected(body, self.target, temp, own)
            clone_region(cloner, self.epilogue.block.body, spatial)
        else:
            copy = Cloner(body)
            location = self.nest.block.location
            value = copy.append(tir.LoadOp(temp, own), location).results[0]
            copy.append(tir.StoreOp(value, self.target, spatial), location)
        kinds = [tir.IterKind.SPATIAL] * len(shape)
        self.plain(list(map(as_expr, shape)), kinds, Region(body), None)

    def plain(
        self,
        extents: Sequence[IntExpr],
        kinds: Sequence[tir.IterKind],
        body: Region,
        init: Region | None,
    ) -> None:
        """Append loops around a block, each axis with a loop of its own."""
        loops = [Block(arg_types=[tir.INDEX]) for _ in extents]
        bindings = [var(loop.args[0]) for loop in loops]
        iters = list(zip(kinds, extents, bindings, strict=True))
        name = self.nest.block.block_name.data
        statement: tir.BlockOp | tir.ForOp = tir.BlockOp(name, iters, body, init)
        statement.location = self.b.location
        for extent, loop in reversed(list(zip(extents, loops, strict=True))):
            loop.add_op(statement)
            statement = tir.ForOp(extent, Region(loop))
            statement.location = self.b.location
        self.b.block.add_op(statement)
