"""Maps that read along one axis and write along another: tiles that are transposed in registers.

    t = alloc [n, n]
    for u in n: for lane: t[u, lane] = x[m + lane, l + u]      contiguous in x
    transpose t
    for v in n: for lane: y[l + lane, m + v] = f(t[v, lane])   contiguous in y

Both sides then move whole vectors; a gather touches a cache line per lane. Blocks of tiles read and
write runs of several cache lines. The last tile of an axis is used in part; where symbols decide
the axis, how much of it is a condition, and there may be none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Block, SSAValue

from ....analysis.nests import Access
from ....analysis.steps import NestSteps
from ....dialects import tir
from ....dialects.target import Target
from ....dialects.tir.clone import Cloner, Exprs, zero_constant
from ....symbolic import IntExpr, as_expr, ceildiv, min_
from .build import Iter, NestBuilder, clone_region, iters_of, spread

MAX_SIDE = 16  # a tile is as many registers as it has rows
MIN_SIDE = 4
BLOCK = 4  # tiles: as long a run of memory as the processor fetches ahead, on both sides


@dataclass(frozen=True)
class Crossing:
    """How a map crosses memory: what is contiguous where it writes, and where it reads.

    Attributes:
        groups: its axes in groups that are one loop each.
        along: the group that is contiguous where the map writes; the last one.
        across: the group that is contiguous in `loads`.
        loads: the loads that move by whole rows along the last group.
        side: of a tile.
    """

    groups: tuple[tuple[int, ...], ...]
    along: int
    across: int
    loads: tuple[tir.LoadOp, ...]
    side: int


def crossing_of(steps: NestSteps, target: Target) -> Crossing | None:
    """Return how a map crosses memory, None where it does not.

    The map is one whose body and stores suit vectors along its last group of axes.
    """
    groups = tuple(tuple(group) for group in steps.groups(range(len(steps.extents))))
    along = groups[-1][-1]
    strided = [m for m in steps.loads if m.steps[along] not in (0, 1)]
    loads = tuple(m.op for m in strided if isinstance(m.op, tir.LoadOp))
    if not strided or len(loads) < len(strided) or any(m.strides[along] is None for m in strided):
        return None
    across = [i for i, g in enumerate(groups[:-1]) if all(m.steps[g[-1]] == 1 for m in strided)]
    if not across:
        return None
    extents = [steps.extent_of(groups[i]) for i in (across[0], -1)]
    lanes = min(MAX_SIDE, target.lanes(steps.widest_bytes))
    side = min(lanes, *(1 << (extent - 1).bit_length() for extent in extents))
    if side < MIN_SIDE:
        return None
    return Crossing(groups, len(groups) - 1, across[0], loads, side)


@dataclass(frozen=True)
class Strip:
    """A run of equal tiles along one axis.

    Attributes:
        start: where it starts.
        count: of the tiles.
        size: how many elements of a tile there is code for.
        valid: how many of these there are.
    """

    start: IntExpr
    count: IntExpr
    size: int
    valid: IntExpr


def strips_of(extent: IntExpr, side: int) -> list[Strip]:
    """Return an axis as full tiles and one that is used in part."""
    full, rest = extent // side, extent % side
    strips = [Strip(as_expr(0), full, side, as_expr(side))] if full != 0 else []
    if rest == 0:
        return strips
    count, size = (as_expr(1), rest.constant_value) if rest.is_constant else (min_(rest, 1), side)
    return [*strips, Strip(full * side, count, size, rest)]


def _block(count: IntExpr, block: IntExpr) -> IntExpr:
    """Return how many tiles side by side a block has: the last one has what is left."""
    return as_expr(BLOCK) if count.is_multiple_of(BLOCK) else min_(BLOCK, count - block * BLOCK)


class TransposeSchedule:
    """Builds one map in tiles."""

    def __init__(self, b: NestBuilder, steps: NestSteps, crossing: Crossing) -> None:
        self.b = b
        self.steps = steps
        self.nest = steps.nest
        self.crossing = crossing
        self.outer = [
            i for i in range(len(crossing.groups)) if i not in (crossing.along, crossing.across)
        ]

    def build(self, kind: tir.ForKind) -> None:
        """Append every combination of full tiles and rests."""
        c, side = self.crossing, self.crossing.side
        along, across = (self.steps.size_of(c.groups[i]) for i in (c.along, c.across))
        for wide in strips_of(along, side):
            for high in strips_of(across, side):
                self.tiles(wide, high, kind)

    def tiles(self, wide: Strip, high: Strip, kind: tir.ForKind) -> None:
        """Append the loops over equal tiles, in blocks of a few of them."""
        outer = [self.steps.size_of(self.crossing.groups[i]) for i in self.outer]
        counts = wide.count, high.count
        with self.b.nest([*outer, *(ceildiv(n, BLOCK) for n in counts)], kind) as values:
            rest = [_block(n, v) for n, v in zip(counts, values[-2:], strict=True)]
            with self.b.loop(rest[0]) as u, self.b.loop(rest[1]) as v:
                w, h = values[-2] * BLOCK + u, values[-1] * BLOCK + v
                place = w * wide.size + wide.start, h * high.size + high.start
                self.tile(values[:-2], place, wide, high)

    def bindings(self, outer: Sequence[IntExpr], along: IntExpr, across: IntExpr) -> list[IntExpr]:
        """Return the value of every axis."""
        c = self.crossing
        groups = [*(c.groups[i] for i in self.outer), c.groups[c.along], c.groups[c.across]]
        return spread(groups, [*outer, along, across], self.steps.sizes, len(self.steps.sizes))

    def tile(
        self, outer: list[IntExpr], place: tuple[IntExpr, IntExpr], wide: Strip, high: Strip
    ) -> None:
        """Append one tile: read, transposed, written."""
        side, name = self.crossing.side, self.nest.block.block_name.data
        tiles: dict[tir.LoadOp, SSAValue] = {}
        for load in self.crossing.loads:
            buffer_type = load.buffer.type
            assert isinstance(buffer_type, tir.BufferType)
            tiles[load] = self.b.stack((side, side), buffer_type)
        with (
            self.b.loop(wide.size, tir.ForKind.UNROLLED) as u,
            self.b.loop(side, tir.ForKind.VECTORIZED) as lane,
        ):
            bindings = self.bindings(outer, place[0] + u, place[1] + lane)
            wheres = _conditions(wide, u, high, lane, side)
            with self.b.tile_block(f"{name}_read", self.iters(bindings, u, lane), wheres) as args:
                self.read(tiles, args)
        self.clear(tiles, wide.size)
        for tile in tiles.values():
            self.b.append(tir.TransposeOp(tile))
        with (
            self.b.loop(high.size, tir.ForKind.UNROLLED) as v,
            self.b.loop(side, tir.ForKind.VECTORIZED) as lane,
        ):
            bindings = self.bindings(outer, place[0] + lane, place[1] + v)
            wheres = _conditions(high, v, wide, lane, side)
            with self.b.tile_block(name, self.iters(bindings, v, lane), wheres) as args:
                cloner = _FromTiles(self.b.block, tiles, args[-2:])
                clone_region(cloner, self.nest.block.body, args[:-2])

    def clear(self, tiles: dict[tir.LoadOp, SSAValue], first: int) -> None:
        """Append zeros for the rows from `first` on, which nothing is read into.

        They would hold what the last tile left there: columns that depend on every tile before.
        LLVM follows such chains of exchanges where it unrolls loops, in exponential time.
        """
        side, name = self.crossing.side, self.nest.block.block_name.data
        if first == side:
            return
        with (
            self.b.loop(side - first, tir.ForKind.UNROLLED) as u,
            self.b.loop(side, tir.ForKind.VECTORIZED) as lane,
        ):
            place: list[Iter] = [(tir.IterKind.SPATIAL, side, at) for at in (u + first, lane)]
            with self.b.tile_block(f"{name}_clear", place) as args:
                for load, tile in tiles.items():
                    zero = self.b.append(zero_constant(load.result)).results[0]
                    self.b.append(tir.StoreOp(zero, tile, args))

    def iters(self, bindings: Sequence[IntExpr], row: IntExpr, lane: IntExpr) -> list[Iter]:
        """Return the map's iteration variables and two for the position in a tile."""
        side = self.crossing.side
        position: list[Iter] = [(tir.IterKind.SPATIAL, side, at) for at in (row, lane)]
        return [*iters_of(self.nest, bindings), *position]

    def read(self, tiles: dict[tir.LoadOp, SSAValue], args: Sequence[IntExpr]) -> None:
        """Append `t[u, lane] = x[...]` for every tile."""
        cloner = Cloner(self.b.block)
        for arg, value in zip(self.nest.block.iter_vars, args[:-2], strict=True):
            cloner.exprs[arg] = value
        for load, tile in tiles.items():
            cloner.clone_op(load)
            store = tir.StoreOp(cloner.values[load.result], tile, args[-2:])
            cloner.append(store, load.location)


def _conditions(rows: Strip, row: IntExpr, lanes: Strip, lane: IntExpr, side: int) -> list[IntExpr]:
    """Return what must hold for an element of a tile to be one of the map."""
    found = [lanes.valid - 1 - lane] if lanes.valid != side else []
    return found if rows.valid == rows.size else [*found, rows.valid - 1 - row]


class _FromTiles(Cloner):
    """Clones a map's body with the loads that cross memory out of tiles."""

    def __init__(
        self, block: Block, tiles: dict[tir.LoadOp, SSAValue], place: Sequence[IntExpr]
    ) -> None:
        super().__init__(block)
        self.tiles = tiles
        self.place = [as_expr(i) for i in place]

    def load(self, op: Access, indices: Exprs, conditions: Exprs) -> SSAValue:
        tile = self.tiles.get(op) if isinstance(op, tir.LoadOp) else None
        if tile is None:
            return super().load(op, indices, conditions)
        return self.append(tir.LoadOp(tile, self.place), op.location).results[0]
