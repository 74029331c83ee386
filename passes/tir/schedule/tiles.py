"""Reductions into register tiles: matmul, convolution, pooling.

for columns (parallel)
    panel = operand[:, column]               where it pays: schedule/panels.py
    for rows
        one tile                             schedule/tile_body.py

or with the rows outside; `choose_order` says which. A long reduction runs in pieces, all of this
for each. Symbols may decide what is outside of tiles, as a batch is. Source: Goto & van de Geijn
(ACM TOMS 2008): a column's piece stays in the second-level cache; rows are not copied, since
broadcasts read them in order as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, prod

from xdsl.ir import BlockArgument, SSAValue

from ....analysis.nests import Access, Nest, Write
from ....analysis.staging import Staging
from ....analysis.steps import Movement, NestSteps
from ....analysis.tiling import (
    Tile,
    batch_bytes,
    bytes_of,
    choose_order,
    operands,
    panel_pays,
)
from ....dialects import tir
from ....dialects.target import Target
from ....symbolic import IntExpr, as_expr, var
from ..pack_constants import Pack
from .build import BALANCED_ITERATIONS, NestBuilder, Part, parts_of
from .maps import kind_of_outer
from .panels import Panel, copy_panel
from .stages import Stage
from .tile_body import Following, Piece, Place, TileBody

FEW_OF_CACHE = 16  # an operand below this part of the second-level cache is in it anyway
MOST_UNEVEN = 1.05  # the longest of the threads' shares of columns, by the mean
PIECES_OF_CACHE = 4  # what one column of a piece reads is at most this part of the second level
MIN_FETCH_STEP = 4  # reduction steps between two requests: each costs as much as a load

Allocate = Callable[[tir.BufferType], SSAValue]
Loops = list[tuple[str, IntExpr]]  # name and extent, outermost first
Values = dict[str, IntExpr]  # of loops, by name


@dataclass(frozen=True)
class Surroundings:
    """What a nest's schedule may use of the kernel it is in.

    Attributes:
        constants: inputs that are laid out at compile time where the schedule asks for it.
        workspace: makes a buffer for the length of a call.
        before: where what is copied before all tiles goes; None where it may not be copied.
        times: how often the nest runs, by the loops around it.
        staging: how an operand that is a copy is made piece by piece, if it is.
        following: what a tile asks for while it computes, where that is known from outside.
        copyable: with loops around the nest, what holds the same at every run; None: all.
    """

    constants: frozenset[SSAValue]
    workspace: Allocate
    before: NestBuilder | None
    times: int = 1
    staging: Staging | None = None
    copyable: frozenset[SSAValue] | None = None
    following: Following | None = None


class TileSchedule:
    """Builds one reduction nest, and its epilogue, as register tiles."""

    def __init__(
        self,
        b: NestBuilder,
        steps: NestSteps,
        tile: Tile,
        machine: Target,
        epilogue: Nest | None,
        around: Surroundings,
    ) -> None:
        self.b = b
        self.steps = steps
        self.nest = steps.nest
        self.tile = tile
        self.machine = machine
        self.kind = kind_of_outer(steps)
        self.staging = around.staging
        self.constants = around.constants
        self.base: dict[int, IntExpr] = {}  # where the stage's values of an axis start
        self.sizes = dict(enumerate(steps.sizes))  # of the axes, within a stage
        width = tile.vectors if tile.is_blocked else tile.vectors * tile.lanes
        self.rows = parts_of(steps.extent_of(tile.row_group), tile.rows)
        self.columns = parts_of(steps.extent_of(tile.column_group), width)
        row_tiles, column_tiles = self.rows[0].count, self.columns[0].count
        self.pieces = self.count_pieces(around)
        self.order = choose_order(steps, tile, machine, row_tiles, column_tiles, self.pieces)
        self.before = around.before or b
        self.given = around.following
        self.panel = self.choose_panel(around)
        panels = {} if self.panel is None else {self.panel.load.buffer: self.panel}
        self.body = TileBody(b, steps, tile, epilogue, panels)

    # -- loops -------------------------------------------------------------------------------

    def build(self) -> None:
        """Append the tiles, in stages where an operand is copied piece by piece."""
        if self.panel is not None and self.panel.whole:
            copy_type = self.panel.copy.type
            assert isinstance(copy_type, tir.BufferType)
            copy_panel(self.before, self.panel, [None] * copy_type.rank, self.machine)
        if self.pieces > 1:
            self.in_pieces()
            return
        if self.staging is None:
            self.combinations()
            return
        strip, points = self.staging.strip, self.staging.points
        rows = self.staging.rows
        for part in parts_of(1 if strip is None else self.steps.extents[strip], rows):
            extents = [self.steps.sizes[axis] for axis in points]
            with self.b.nest([*extents, part.count], kind_of_outer(self.steps)) as (*at, run):
                self.base = dict(zip(points, at, strict=True))
                self.sizes |= dict.fromkeys(points, as_expr(1))
                if strip is not None:
                    self.base[strip] = run * part.size + part.start
                    self.sizes[strip] = as_expr(part.size)
                staging = self.staging.with_rows(part.size)
                self.body.stage = Stage(self.b, staging, self.base, self.tile.lanes)
                self.kind = tir.ForKind.SERIAL
                self.combinations()

    def count_pieces(self, around: Surroundings) -> int:
        """Return in how many pieces a long reduction runs: what a column of one reads stays near.

        Every tile of rows reads it again. What tiles have summed up is in memory between pieces.
        """
        tile, steps, reduce = self.tile, self.steps, self.nest.reduce
        at_top = around.before is not None and around.copyable is None
        few_rows = len(self.rows) == 1 and self.rows[0].count == 1
        if not at_top or self.staging is not None or tile.is_blocked or few_rows:
            return 1
        if len(reduce) != 1 or not steps.is_constant(reduce):
            return 1
        width = tile.vectors * tile.lanes * steps.widest_bytes
        return -(-steps.extents[reduce[0]] * width // (self.machine.l2_bytes // PIECES_OF_CACHE))

    def in_pieces(self) -> None:
        """Append tiles that are only filled, then the reduction's pieces, the last to finish."""
        extent = self.steps.extents[self.nest.reduce[0]]
        depth = -(-extent // self.pieces)
        whole = (extent - 1) // depth
        self.body.piece = Piece(as_expr(0), 0, resumes=False, finishes=False)
        self.combinations()
        with self.b.loop(whole) as k:
            self.body.piece = Piece(k * depth, depth, resumes=True, finishes=False)
            self.combinations()
        last = Piece(as_expr(whole * depth), extent - whole * depth, resumes=True, finishes=True)
        self.body.piece = last
        self.combinations()

    def combinations(self) -> None:
        """Append every combination of full tiles and rests."""
        for outside in self.rows if self.order.rows_first else self.columns:
            self.run_of(outside)

    def axes(self, axes: Sequence[int]) -> Loops:
        """Return loops over axes outside of tiles."""
        return [(f"axis {axis}", self.sizes[axis]) for axis in axes]

    def run_of(self, outside: Part) -> None:
        """Append the tiles of a run of rows, or of columns."""
        rows_first = self.order.rows_first
        by = self.order.with_rows if rows_first else self.order.with_columns
        batch = self.axes(self.order.batch)
        outer = [*self.axes(by), ("outside", as_expr(outside.count))]
        inside = self.columns if rows_first else self.rows
        if not self.order.row_block and self.shares([*batch, *outer]):
            with self.loops([*batch, *outer], self.kind) as values:
                self.fill_panel(values, outside)
                before, count = 0, sum(self.tiles_in(part.count) for part in inside)
                for part in inside:
                    with self.loops(self.inner(part.count), tir.ForKind.SERIAL) as more:
                        self.tile_at({**values, **more}, outside, part, before, count)
                    before += self.tiles_in(part.count)
            return
        for part in inside:
            block = self.order.row_block if part is self.rows[0] else 0
            blocks = [("block", as_expr(part.count // block))] if block else []
            inner = self.inner(block or part.count)
            with self.loops([*batch, *blocks, *outer, *inner], self.kind) as values:
                self.tile_at(values, outside, part, 0, self.tiles_in(block or part.count))

    def shares(self, outer: Loops) -> bool:
        """Tell whether full tiles and rests run one after the other inside of the same loops.

        So both find an operand in the cache; but loops that threads share must be many.
        """
        column_by_column = self.panel is not None and not self.panel.whole
        counts = [count.constant_value for _, count in outer if count.is_constant]
        many = prod(counts) >= BALANCED_ITERATIONS
        return column_by_column or many or self.kind is tir.ForKind.SERIAL

    def inner(self, count: int) -> Loops:
        """Return the loops over the tiles inside of the outer ones."""
        by = self.order.with_columns if self.order.rows_first else self.order.with_rows
        return [*self.axes(by), ("inside", as_expr(count))]

    @contextmanager
    def loops(self, loops: Loops, kind: tir.ForKind) -> Generator[Values]:
        """Append loops, the outermost of a kind; yield their variables by name."""
        with self.b.nest([extent for _, extent in loops], kind) as variables:
            yield dict(zip((name for name, _ in loops), variables, strict=True))

    def tiles_in(self, count: int) -> int:
        """Return how many tiles a run in the outer loops has; one image of an unknown batch."""
        extents = [extent for _, extent in self.inner(count) if extent.is_constant]
        return prod(extent.constant_value for extent in extents)

    def tile_at(self, values: Values, outside: Part, inside: Part, before: int, count: int) -> None:
        """Append the tile at the values of the loops around it.

        Args:
            values: of the loops.
            outside: the run of tiles that the outer loops are over.
            inside: the run of tiles in it.
            before: how many tiles come before this run, in the same iteration of the outer loops.
            count: how many tiles there are in one.
        """
        block = values.get("block", as_expr(0)) * self.order.row_block
        first = values["outside"] * outside.size + outside.start
        second = (values["inside"] + block) * inside.size + inside.start
        outer = tuple(values[f"axis {axis}"] + self.base.get(axis, 0) for axis in self.body.outer)
        if self.order.rows_first:
            self.body.append(Place(outer, first, outside.size, second, inside.size), self.given)
            return
        following = Place(outer, as_expr(0), 1, first + outside.size, outside.size)
        index = as_expr(0)
        for name, extent in self.inner(self.order.row_block or inside.count):
            if extent.is_constant:  # else each of a batch asks for the same
                index = index * extent + values[name]
        index = index + before
        place = Place(outer, second, inside.size, first, outside.size)
        last = outside is self.columns[-1] and outside.count == 1
        last = last and not self.order.with_columns and not self.order.batch
        self.body.append(place, self.following(following, index, count, last))

    # -- operands ----------------------------------------------------------------------------

    def choose_panel(self, around: Surroundings) -> Panel | None:
        """Return the copy that the vectors' operand is read from, None for none."""
        moving, _ = operands(self.steps, self.tile.lane_group[-1])
        pack = self.lane_pack(moving[0].op) if len(moving) == 1 else None
        if pack is None or around.before is None or around.staging is not None:
            return None
        if moving[0].op.buffer in around.constants:
            return None
        if around.copyable is not None and moving[0].op.buffer not in around.copyable:
            return None
        if not panel_pays(self.steps, self.tile, moving[0], self.machine, around.times):
            return None
        load = moving[0].op
        assert isinstance(load, tir.LoadOp)
        source_type = load.buffer.type
        assert isinstance(source_type, tir.BufferType)
        if not source_type.shape[pack.axis].is_constant:
            return None
        copy_type = source_type.with_shape(pack.shape(source_type.shape))
        whole = around.copyable is not None or not self.fills_by_column(load)
        return Panel(load, pack, around.workspace(copy_type), whole)

    def fills_by_column(self, load: tir.LoadOp) -> bool:
        """Tell whether a panel is filled column by column, while it is wanted: so it stays near."""
        if self.order.rows_first or self.order.row_block or self.pieces > 1:
            return False
        if self.dims_of_columns(load) is None:
            return False
        outer = (*self.order.batch, *self.order.with_columns)
        extents = [self.steps.least[axis] for axis in outer]
        runs = prod(extents) * self.columns[0].count
        cores = self.machine.cores
        uneven = -(-runs // cores) * cores / runs
        return self.kind is tir.ForKind.SERIAL or uneven <= MOST_UNEVEN

    def dims_of_columns(self, load: tir.LoadOp) -> list[IntExpr | None] | None:
        """Return for each dim of an operand where a column of tiles is, None for all of the dim.

        None where an index mixes what is reduced with what is not.
        """
        variables = self.nest.block.iter_vars
        reduced = {variables[axis] for axis in self.nest.reduce}
        known = {variables[axis] for axis in (*self.order.batch, *self.order.with_columns)}
        known.add(variables[self.tile.lane_group[0]])
        found: list[IntExpr | None] = []
        for index in load.exprs_over_values(load.indices):
            free = index.free_vars()
            if any(index is var(key) for key in reduced):
                found.append(None)
            elif any(key in reduced or (key in variables and key not in known) for key in free):
                return None
            else:
                found.append(index)
        return found

    def fill_panel(self, values: Values, column: Part) -> None:
        """Append the copy of what a column of tiles reads, if it is made column by column."""
        panel = self.panel
        if panel is None or panel.whole:
            return
        dims = self.dims_of_columns(panel.load)
        assert dims is not None, "chosen so"
        tile = values["outside"] + column.start // panel.pack.tile
        axes = {
            self.nest.block.iter_vars[axis]: values[f"axis {axis}"]
            for axis in self.body.outer
            if f"axis {axis}" in values
        }
        rest = [None if e is None else e.substitute(axes) for e in dims]
        del rest[panel.pack.axis]
        copy_panel(self.b, panel, [tile, *rest, None], self.machine)

    def following(self, place: Place, index: IntExpr, count: int, last: bool) -> Following | None:
        """Return how a tile asks for its share of what the next column's tiles will read.

        The tiles of one column read the same vectors; those of the next are far away the first
        time. Each tile asks for its part of them, spread over its reduction, so that they are
        near when their turn comes and no tile waits.

        Args:
            place: of the next column.
            index: which of the tiles of its column the tile is.
            count: the tiles of a column.
            last: whether no column follows.
        """
        tile, reduce = self.tile, self.nest.reduce
        moving, _ = operands(self.steps, tile.lane_group[-1])
        if self.given is not None:
            return self.given
        if not reduce or len(moving) != 1 or last or self.staging is not None:
            return None
        if self.body.piece is not None and not self.body.piece.depth:
            return None
        if not self.steps.is_constant(reduce):
            return None
        if self.read_at_once(moving[0]) < self.machine.l2_bytes // FEW_OF_CACHE:
            return None
        if tile.is_blocked:
            return self.following_in_blocks(moving[0], place, index, count)
        extents = [self.steps.extents[axis] for axis in reduce]
        if self.body.piece is not None:
            extents[0] = self.body.piece.depth
        step = max(d for d in range(1, count + 1) if extents[0] % d == 0)
        if step < MIN_FETCH_STEP:
            return None

        def fetch(b: NestBuilder, values: Sequence[IntExpr]) -> None:
            vectors, zero = -(-place.columns // tile.lanes), as_expr(0)
            with (
                b.nest(extents[1:], tir.ForKind.SERIAL) as inner,
                b.loop(vectors, tir.ForKind.UNROLLED) as v,
            ):
                reduced = [index * extents[0] // count + values[0], *inner]
                self.prefetch(moving[0].op, self.body.bindings(place, zero, v, zero, reduced))

        return Following(0, step, fetch)

    def read_at_once(self, operand: Movement) -> int:
        """Return how much of an operand is read with nothing between that would bring it near.

        Nobody touches a constant between two runs of a model: all batches of it come from afar.
        """
        if operand.op.buffer in self.constants:
            return bytes_of([operand])
        return batch_bytes(self.steps, self.tile, operand)

    def following_in_blocks(
        self, operand: Movement, place: Place, index: IntExpr, count: int
    ) -> Following | None:
        """Return what a tile of a convolution in blocks asks for: its share of the next column.

        One vector now and then, each the next in memory: the core waits for few lines at a time,
        its tile's own among them, and many at once would keep these waiting.
        """
        reduce = self.nest.reduce
        *outer, inner = (self.steps.extents[axis] for axis in reduce)
        depth = prod(outer) * inner
        column_bytes = depth * place.columns * self.tile.lanes * self.steps.widest_bytes
        if not self.in_order(operand) or 2 * column_bytes > self.machine.l2_bytes:
            return None
        level, extent, rate = len(outer), inner, Fraction(place.columns, count)
        if outer and rate * inner <= 1:
            level, extent, rate = level - 1, outer.pop(), rate * inner
        at_once = ceil(rate)
        step = max(d for d in range(1, extent + 1) if extent % d == 0 and rate * d <= at_once)
        share = prod(outer) * (extent // step) * at_once

        def fetch(b: NestBuilder, values: Sequence[IntExpr]) -> None:
            number = as_expr(0)
            for value, size in zip(values, [*outer, extent // step], strict=True):
                number = number * size + value
            zero, first = as_expr(0), index * share + number * at_once
            with b.loop(at_once, tir.ForKind.UNROLLED) as i:
                reduced = [*[zero] * (len(reduce) - 1), first + i]  # beyond its axis: in order
                self.prefetch(operand.op, self.body.bindings(place, zero, zero, zero, reduced))

        return Following(level, step, fetch)

    def in_order(self, operand: Movement) -> bool:
        """Tell whether the vectors of a column follow each other in memory as they are read."""
        *outer, column = self.tile.column_group
        size = self.tile.lanes
        for axis in (*reversed(self.nest.reduce), column):
            if self.steps.extents[axis] != 1 and operand.steps[axis] != size:
                return False
            size *= self.steps.extents[axis]
        return not outer

    def prefetch(self, load: Access | Write, at: Sequence[IntExpr]) -> None:
        """Append a prefetch of what a load reads when the nest's variables are `at`."""
        names = dict(zip(self.nest.block.iter_vars, at, strict=True))
        indices = [e.substitute(names) for e in load.exprs_over_values(load.indices)]
        buffer = load.buffer
        if self.panel is not None and self.panel.whole:
            buffer, indices = self.panel.copy, self.panel.pack.indices(indices)
        self.b.append(tir.PrefetchOp(buffer, indices))

    # -- layouts at compile time -------------------------------------------------------------

    def packs(self) -> list[Pack]:
        """Return the layouts in which constant inputs would be read in order."""
        found: list[Pack] = []
        for m in self.steps.loads:
            if isinstance(m.op.buffer, BlockArgument):
                packs = (self.row_pack(m.op), self.lane_pack(m.op))
                found += [pack for pack in packs if pack is not None and pack.tile > 1]
        return found

    def row_pack(self, load: Access | Write) -> Pack | None:
        """Return the layout in which the rows' operand is read in order."""
        group = self.tile.row_group
        return self.pack_along(load, group[0], self.tile.rows) if len(group) == 1 else None

    def lane_pack(self, load: Access | Write) -> Pack | None:
        """Return the layout in which the vectors' operand is read in order.

        Without rows nothing is read again, and each vector of the tile is a stream of its own.
        """
        group, tile = self.tile.lane_group, self.tile
        if len(group) != 1 or tile.is_blocked:
            return None
        together = tile.vectors if tile.row_group else 1
        return self.pack_along(load, group[0], together * tile.lanes)

    def pack_along(self, load: Access | Write, axis: int, size: int) -> Pack | None:
        """Return a layout in tiles of an axis whose variable is exactly one index of a load."""
        if not isinstance(load, tir.LoadOp):
            return None
        key = self.nest.block.iter_vars[axis]
        indices = load.exprs_over_values(load.indices)
        dims = [d for d, index in enumerate(indices) if key in index.free_vars()]
        if len(dims) != 1 or indices[dims[0]] is not var(key):
            return None
        position = load.buffer.index if isinstance(load.buffer, BlockArgument) else -1
        return Pack(position, dims[0], size)
