"""One register tile: fill, accumulate, write back.

acc[...] = init
for the reduction: acc[...] = update     rows and vectors unrolled, lanes a vector
                   prefetch              now and then, for the tiles of the next column
out[...] = epilogue(acc[...])            bias, activation, residual: still in registers
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from xdsl.ir import Block, SSAValue

from ....analysis.nests import Access, Nest
from ....analysis.steps import NestSteps
from ....analysis.tiling import Tile
from ....dialects import tir
from ....dialects.tir.clone import Cloner, Exprs
from ....symbolic import IntExpr, as_expr
from .build import Iter, NestBuilder, Redirected, clone_region, spatial_iters_of, spread
from .panels import Panel
from .stages import FromStage, Stage

OverTile = Callable[[IntExpr, IntExpr, IntExpr], None]  # of row, column and lane in the tile


@dataclass(frozen=True)
class Place:
    """Where a tile is, and how much of it there is.

    Attributes:
        outer: the values of the axes outside of tiles.
        row: its first row.
        rows: its rows.
        column: its first column, in elements, or in vectors where lanes are an axis of their own.
        columns: as many of them.
    """

    outer: tuple[IntExpr, ...]
    row: IntExpr
    rows: int
    column: IntExpr
    columns: int


@dataclass(frozen=True)
class Piece:
    """The part of the outermost reduced axis that tiles take at a time.

    Attributes:
        first: where it starts.
        depth: how long it is; 0 where tiles are filled and written only.
        resumes: whether tiles start with what the piece before left in memory.
        finishes: whether the epilogue follows.
    """

    first: IntExpr
    depth: int
    resumes: bool
    finishes: bool


@dataclass(frozen=True)
class Following:
    """What a tile asks for while it computes.

    Attributes:
        depth: how many loops of the reduction are around a request.
        step: iterations of the loop at that depth between two requests.
        fetch: appends a request to what is being built; takes the values of the loops around it,
            the last counts requests.
    """

    depth: int
    step: int
    fetch: Callable[[NestBuilder, Sequence[IntExpr]], None]


class _OnTile(Redirected):
    """Clones a body with its output in the tile and operands in their panels."""

    def __init__(
        self,
        block: Block,
        output: tuple[SSAValue, SSAValue],
        place: Sequence[IntExpr],
        panels: Mapping[SSAValue, Panel],
    ) -> None:
        super().__init__(block, *output, place)
        self.panels = panels

    def load(self, op: Access, indices: Exprs, conditions: Exprs) -> SSAValue:
        panel = self.panels.get(op.buffer)
        if panel is None:
            return super().load(op, indices, conditions)
        load = tir.LoadOp(panel.copy, panel.pack.indices(indices))
        return self.append(load, op.location).results[0]


class TileBody:
    """Builds the tiles of one reduction nest, and its epilogue."""

    def __init__(
        self,
        b: NestBuilder,
        steps: NestSteps,
        tile: Tile,
        epilogue: Nest | None,
        panels: Mapping[SSAValue, Panel],
    ) -> None:
        self.b = b
        self.steps = steps
        self.nest = steps.nest
        self.tile = tile
        self.epilogue = epilogue
        self.panels = panels
        self.stage: Stage | None = None  # the piece of an operand that is at hand
        self.piece: Piece | None = None  # of the reduction; None: all of it
        store = self.nest.block.body.block.last_op
        assert isinstance(store, tir.StoreOp)
        self.target = store.buffer
        buffer_type = self.target.type
        assert isinstance(buffer_type, tir.BufferType)
        self.buffer_type = buffer_type
        self.outer = [
            axis for axis in self.nest.spatial if axis not in tile.axes and steps.extents[axis] != 1
        ]

    def append(self, place: Place, following: Following | None) -> None:
        """Append one tile."""
        lanes = self.tile.lanes
        vectors = place.columns if self.tile.is_blocked else -(-place.columns // lanes)
        one = _OneTile(
            self, place, vectors, self.b.stack((place.rows, vectors * lanes), self.buffer_type)
        )
        if self.piece is not None and self.piece.resumes:
            one.resume()
        else:
            one.fill()
        if self.piece is None or self.piece.depth:
            one.accumulate(following)
        one.write_back()

    def bindings(
        self, place: Place, u: IntExpr, v: IntExpr, lane: IntExpr, reduce: Sequence[IntExpr] = ()
    ) -> list[IntExpr]:
        """Return the value of every axis, that of the reduced ones 0 unless given.

        Args:
            place: of the tile.
            u: the row in the tile.
            v: the vector in the tile.
            lane: in the vector.
            reduce: the values of the reduced axes.
        """
        tile = self.tile
        groups = [*([axis] for axis in self.outer), tile.row_group, tile.lane_group]
        values = [*place.outer, place.row + u]
        if tile.is_blocked:
            groups.append(tile.column_group)
            values += [lane, place.column + v]
        else:
            values.append(place.column + v * tile.lanes + lane)
        found = spread(groups, values, self.steps.extents, len(self.steps.extents))
        for axis, value in zip(self.nest.reduce, reduce, strict=False):
            found[axis] = value
        return found

    @property
    def epilogue_at_hand(self) -> Nest | None:
        """The epilogue, if the reduction is complete."""
        return self.epilogue if self.piece is None or self.piece.finishes else None

    @property
    def name(self) -> str:
        """The name of the block."""
        return self.nest.block.block_name.data


@dataclass(frozen=True, eq=False)
class _OneTile:
    """One tile: its place, and the stack buffer of its accumulators."""

    body: TileBody
    place: Place
    vectors: int
    acc: SSAValue

    def fill(self) -> None:
        """Append `acc = init`; the conditions keep the axes in their domains, and cost nothing."""
        body, nest = self.body, self.body.nest
        init = nest.block.init
        assert init is not None, "a reduction has an init"

        def fill_one(*at: IntExpr) -> None:
            with self.spatial_block("init", at) as args:
                values = [as_expr(0)] * len(nest.block.kinds.data)
                for axis, value in zip(nest.spatial, args[:-2], strict=True):
                    values[axis] = value
                cloner = Redirected(body.b.block, body.target, self.acc, args[-2:])
                clone_region(cloner, init, values)

        self.over_tile(fill_one)

    def resume(self) -> None:
        """Append `acc = out`."""
        body = self.body

        def read_one(*at: IntExpr) -> None:
            with self.spatial_block("resume", at) as args:
                copy_element(body, body.target, args[:-2], self.acc, args[-2:])

        self.over_tile(read_one)

    def accumulate(self, following: Following | None) -> None:
        """Append the reduction's loops around `acc = update(acc)`."""
        b, piece, reduce = self.body.b, self.body.piece, self.body.nest.reduce
        sizes = [as_expr(self.body.steps.sizes[axis]) for axis in reduce]
        starts = [as_expr(0)] * len(reduce)
        if piece is not None:
            sizes[0], starts[0] = as_expr(piece.depth), piece.first

        def loops(values: list[IntExpr]) -> None:
            depth = len(values)
            if following is not None and depth == following.depth:
                with b.loop(sizes[depth] // following.step) as k:
                    following.fetch(b, [*values, starts[depth] + k])
                    with b.loop(following.step) as within:
                        loops([*values, starts[depth] + k * following.step + within])
            elif depth < len(reduce):
                with b.loop(sizes[depth]) as k:
                    loops([*values, starts[depth] + k])
            else:
                self.over_tile(lambda u, v, lane: self.update(values, u, v, lane))

        loops([])

    def update(self, reduce: Sequence[IntExpr], u: IntExpr, v: IntExpr, lane: IntExpr) -> None:
        """Append one multiply-add, or whatever the reduction does."""
        nest = self.body.nest
        kinds, stage, b = nest.block.kinds.data, self.body.stage, self.body.b
        bindings = self.body.bindings(self.place, u, v, lane, reduce)
        iters: list[Iter] = list(zip(kinds, nest.extents, bindings, strict=True))
        iters += self.tile_iters(u, v, lane)
        count = len(iters)
        iters += [] if stage is None else stage.iters()
        with b.tile_block(self.body.name, iters, self.conditions(v, lane)) as args:
            axes, place, origin = args[: count - 2], args[count - 2 : count], args[count:]
            output = self.body.target, self.acc
            if stage is None:
                cloner: Cloner = _OnTile(b.block, output, place, self.body.panels)
            else:
                cloner = FromStage(b.block, *output, place, stage, origin)
            clone_region(cloner, nest.block.body, axes)

    def write_back(self) -> None:
        """Append `out = epilogue(acc)`."""

        def write_one(*at: IntExpr) -> None:
            with self.spatial_block("write", at) as args:
                self.write(args[:-2], args[-2:])

        self.over_tile(write_one)

    def write(self, axes: Sequence[IntExpr], place: Sequence[IntExpr]) -> None:
        """Append the epilogue's body, or a plain copy out of the tile."""
        body = self.body
        epilogue = body.epilogue_at_hand
        if epilogue is not None:
            cloner = Redirected(body.b.block, body.target, self.acc, place)
            clone_region(cloner, epilogue.block.body, axes)
        else:
            copy_element(body, self.acc, place, body.target, axes)

    # -- what the three have in common --------------------------------------------------------

    def over_tile(self, body: OverTile) -> None:
        """Append the unrolled loops over the tile and its vector of lanes."""
        b, unrolled = self.body.b, tir.ForKind.UNROLLED
        with (
            b.loop(self.place.rows, unrolled) as u,
            b.loop(self.vectors, unrolled) as v,
            b.loop(self.body.tile.lanes, tir.ForKind.VECTORIZED) as lane,
        ):
            body(u, v, lane)

    def spatial_block(
        self, what: str, at: tuple[IntExpr, ...]
    ) -> AbstractContextManager[Sequence[IntExpr]]:
        """Return a block over the spatial axes and the place in the tile."""
        body, (u, v, lane) = self.body, at
        name = body.name
        if what == "write" and body.epilogue_at_hand is not None:
            name = body.epilogue_at_hand.block.block_name.data
        iters = spatial_iters_of(body.nest, body.bindings(self.place, u, v, lane))
        iters += self.tile_iters(u, v, lane)
        return body.b.tile_block(f"{name}_{what}", iters, self.conditions(v, lane))

    def tile_iters(self, u: IntExpr, v: IntExpr, lane: IntExpr) -> list[Iter]:
        """Return two iteration variables for the position in the tile."""
        tile, spatial = self.body.tile, tir.IterKind.SPATIAL
        place = v * tile.lanes + lane
        return [(spatial, tile.rows, u), (spatial, tile.vectors * tile.lanes, place)]

    def conditions(self, v: IntExpr, lane: IntExpr) -> list[IntExpr]:
        """Return what must hold for a lane to count: nothing where all do."""
        tile = self.body.tile
        if tile.is_blocked:
            valid, lanes, at = self.body.steps.extent_of(tile.lane_group), tile.lanes, lane
        else:
            valid, lanes = self.place.columns, self.vectors * tile.lanes
            at = v * tile.lanes + lane
        return [] if valid == lanes else [valid - 1 - at]


def copy_element(
    body: TileBody,
    source: SSAValue,
    at: Sequence[IntExpr],
    target: SSAValue,
    to: Sequence[IntExpr],
) -> None:
    """Append `target[to] = source[at]`."""
    location = body.nest.block.location
    cloner = Cloner(body.b.block)
    value = cloner.append(tir.LoadOp(source, at), location).results[0]
    cloner.append(tir.StoreOp(value, target, to), location)
