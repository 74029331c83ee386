"""Register tiles by an analytic model: which axes, and how large.

A tile is `rows x vectors` accumulators. Per reduction step it loads `vectors` vectors and `rows`
broadcast numbers and does `rows * vectors` multiply-adds, so it wants both large and their sum
small, within the registers. Source: Low et al., "Analytical Modeling Is Enough for
High-Performance BLIS", ACM TOMS 2016, section 4.1; latency 4 cycles x 2 units is Intel's and
AMD's figure for fma since 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod

from xdsl.ir import SSAValue

from ..dialects import dtypes, tir
from ..dialects.target import Target
from .nominal import least_size, nominal_size
from .steps import Movement, NestSteps

FMA_IN_FLIGHT = 8  # independent accumulators that keep two fma units of latency 4 busy
MAX_ROWS = 28
MAX_VECTORS = 4
# Vectors of a tile without rows. Laid out one by one, each is a stream on pages of its own, and the
# core waits for as many: one stream of weights runs at 13.5 GB/s, 2, 4, 8, 16 at 14.5, 15.9, 16.2,
# 15.7; of huge pages at 15.3, 15.6, 16.5, 16.5, 15.9.
STREAMS = 8
LARGE_PRODUCT = 1 << 25  # operations from which the few rests of a product cost hardly anything
LARGE_REST_COST = 0.02
REST_COST = 0.08  # a rest is code to compile, and its own branch, for a few elements
FEW_ROWS = 4  # a loaded vector that serves fewer rows is hardly used again
SPARE_REGISTERS = 4  # for the operands of the multiply-adds


@dataclass(frozen=True)
class Costs:
    """What operands cost, in multiply-adds.

    Attributes:
        free_loads: per multiply-add; these issue beside it.
        load: a further load.
        near: a vector from the second-level cache.
    """

    free_loads: float
    load: float
    near: float


# Both fitted on an Intel core with two units of 512 bits: eleven shapes of tiles in products of 128
# to 1024 rows; nine shapes in 1 x 1 convolutions of 64 to 1024 channels. In blocks, each vector of
# a tile comes from a place of its own.
PRODUCT_COSTS = Costs(0.4, 0.6, 0.67)
BLOCKED_COSTS = Costs(0.0, 0.15, 0.77)


@dataclass(frozen=True)
class Tile:
    """A register tile of a reduction nest: rows x vectors x lanes accumulators.

    Attributes:
        lane_group: axes, fused, that run along the vectors.
        lanes: elements of one vector.
        row_group: axes, fused, along which a loaded vector is used again; empty for none.
        rows: accumulators along the rows.
        column_group: axes, fused, of the vectors of a tile; `lane_group` where a tile takes
            several vectors of it, another where its lanes are one vector (blocked layouts).
        vectors: accumulators along the columns.
    """

    lane_group: tuple[int, ...]
    lanes: int
    row_group: tuple[int, ...]
    rows: int
    column_group: tuple[int, ...]
    vectors: int

    @property
    def axes(self) -> tuple[int, ...]:
        """All axes that a tile runs along."""
        return (*self.lane_group, *self.row_group, *self.column_group)

    @property
    def is_blocked(self) -> bool:
        """Whether columns and lanes are different axes."""
        return self.column_group != self.lane_group


def choose_tile(steps: NestSteps, target: Target) -> Tile | None:
    """Return the tile of a reduction nest, None where no axis suits vectors."""
    groups = [tuple(group) for group in steps.groups(steps.nest.spatial)]
    if not groups:
        return None
    lane_group = groups[-1]
    axis = lane_group[-1]
    if not all(m.steps[axis] == 1 for m in steps.stores):
        return None
    if any(m.steps[axis] is None for m in steps.loads):
        return None
    extent = steps.extent_of(lane_group)
    full = target.lanes(steps.widest_bytes)
    known = steps.is_constant(lane_group)  # else there may be any number of vectors
    lanes = min(full, _power_of_two_from(extent)) if known else full
    if lanes < 4 and lanes < full:
        return None
    moving, fixed = operands(steps, axis)
    rows = [g for g in groups[:-1] if any(m.steps[g[-1]] == 0 for m in moving)]
    rows = [g for g in rows if not any(g[-1] in m.conditional for m in moving)]
    columns = [lane_group]
    if extent <= lanes and known:
        columns = [
            g for g in groups[:-1] if any(m.steps[g[-1]] == 0 for m in fixed) and g not in rows
        ] or columns
    row_group = _row_group(steps, rows)
    column_group = max(columns, key=steps.extent_of)
    total = steps.extent_of(column_group)
    if column_group == lane_group:
        total = -(-extent // lanes)
    budget = target.vector_registers - SPARE_REGISTERS
    if not row_group:
        vectors = _run(total, STREAMS if fixed else budget)
        return Tile(lane_group, lanes, (), 1, column_group, vectors)
    shape = _shape
    if column_group != lane_group or len(steps.groups(steps.nest.reduce)) == 1:
        costs = PRODUCT_COSTS if column_group == lane_group else BLOCKED_COSTS
        known = steps.is_constant((*lane_group, *row_group, *column_group))
        large = 2 * prod(steps.least if known else steps.extents) >= LARGE_PRODUCT
        shape = partial(_product_shape, large, lanes, target.vector_registers, costs)
    row_count, vectors = shape(steps.extent_of(row_group), total, budget)
    return Tile(lane_group, lanes, row_group, row_count, column_group, vectors)


def _row_group(steps: NestSteps, groups: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the longest of the groups that rows may run along, of equals the nearest.

    One whose extent is known, if it is not short: a batch may be a single image. Of symbolic ones
    the nearest, whose elements are neighbours.
    """
    known = [g for g in groups if steps.is_constant(g) and steps.extent_of(g) >= FEW_ROWS]
    symbolic = [g for g in groups if not steps.is_constant(g)]
    if symbolic and not known:
        return symbolic[-1]
    return max(reversed(known or groups), key=steps.extent_of, default=())


def operands(steps: NestSteps, axis: int) -> tuple[list[Movement], list[Movement]]:
    """Return the loads that move with an axis, and those that do not, the output aside."""
    written = {m.op.buffer for m in steps.stores}
    reads = [m for m in steps.loads if m.op.buffer not in written]
    return [m for m in reads if m.steps[axis] != 0], [m for m in reads if m.steps[axis] == 0]


# What a panel costs and saves, in cycles of one vector: to copy it (from the second-level cache; or
# by a gather), and what each row that reads it elsewhere loses to addresses far apart; where it is
# strided, each tile of rows gathers it anew.
CONTIGUOUS_COPY, CONTIGUOUS_READ = 4.0, 0.15
STRIDED_COPY, STRIDED_READ = 20.0, 16.0


def batch_bytes(steps: NestSteps, tile: Tile, operand: Movement) -> int:
    """Return how much of an operand the tiles of one batch read."""
    outer = {*steps.nest.spatial} - {*tile.lane_group, *tile.row_group, *tile.column_group}
    reads = [i for i in range(len(steps.extents)) if operand.steps[i] != 0 and i not in outer]
    return prod(steps.extents[i] for i in reads) * steps.widest_bytes


def panel_pays(
    steps: NestSteps, tile: Tile, operand: Movement, target: Target, times: int = 1
) -> bool:
    """Tell whether the vectors' operand had better be copied to where tiles read it in order.

    An element serves every row. Where vectors are contiguous already, each read of one costs a
    little more than it would in a panel, unless the operand of a batch lies in so little memory
    that the first-level cache holds it, or has the panel's layout; where they are strided, each
    tile of rows gathers it.

    Args:
        steps: of the reduction.
        tile: its register tile.
        operand: the load of the operand.
        target: the machine.
        times: how often the reduction runs, all on the same buffers.
    """
    elements = bytes_of([operand]) // steps.widest_bytes
    rows = times * prod(steps.extents) // max(1, elements)  # that an element serves
    if operand.steps[tile.lane_group[-1]] != 1:
        return -(-rows // tile.rows) * STRIDED_READ > STRIDED_COPY
    fixed = {*tile.lane_group, *tile.row_group}
    reads = [i for i in range(len(steps.extents)) if operand.steps[i] != 0]
    batch = [i for i in steps.nest.spatial if i not in fixed]
    inner = [i for i in reads if i not in batch]
    span = sum((steps.extents[i] - 1) * (operand.steps[i] or 0) for i in inner) + 1
    width = tile.vectors * tile.lanes
    in_order = steps.extent_of(tile.lane_group) <= width and _runs_on(steps, operand, width)
    near = in_order or span * steps.widest_bytes <= target.l1d_bytes // 2
    return not near and rows * CONTIGUOUS_READ > CONTIGUOUS_COPY


def _runs_on(steps: NestSteps, operand: Movement, width: int) -> bool:
    """Tell whether the next reduction step reads within a tile's width from here."""
    reduce = [i for i in steps.nest.reduce if steps.extents[i] != 1]
    return not reduce or (operand.steps[reduce[-1]] or width + 1) <= width


def _run(total: int, most: int) -> int:
    """Return how many vectors side by side: many, so that memory is read in long runs.

    A divisor of the total leaves no rest, and counts where it is not much smaller.
    """
    most = min(total, most)
    divisor = next(n for n in range(most, 0, -1) if total % n == 0)
    return divisor if 2 * divisor >= most else most


def _power_of_two_from(n: int) -> int:
    return 1 << max(0, n - 1).bit_length()


def _product_shape(
    large: bool,
    lanes: int,
    registers: int,
    costs: Costs,
    row_extent: int,
    total_vectors: int,
    budget: int,
) -> tuple[int, int]:
    """Return (rows, vectors) of a product's tiles: full ones and rests together cost least.

    A convolution in blocks is one, too: its weights are more than the first-level cache holds.

    What a multiply-add costs beside itself: loads beyond what issues along with it, and its share
    of what comes from the second-level cache, in vectors.
    """

    def cost(rows: int, vectors: int) -> float:
        accumulators = rows * vectors
        stall = max(1.0, FMA_IN_FLIGHT / accumulators)
        loads = max(0.0, (rows + vectors) / accumulators - costs.free_loads)
        near = (vectors + rows / lanes) / accumulators
        return accumulators * (stall + costs.load * loads + costs.near * near)

    def total(rows: int, vectors: int) -> float:
        (down, more), (across, rest) = divmod(row_extent, rows), divmod(total_vectors, vectors)
        found = down * across * cost(rows, vectors)
        found += down * cost(rows, rest) if rest else 0.0
        found += across * cost(more, vectors) if more else 0.0
        found += cost(more, rest) if more and rest else 0.0
        rests = (more > 0) + (rest > 0)
        return found * (1 + (LARGE_REST_COST if large else REST_COST) * rests)

    shapes = [
        (rows, vectors)
        for vectors in range(1, min(MAX_VECTORS, total_vectors) + 1)
        for rows in range(1, min(MAX_ROWS, row_extent, budget // vectors) + 1)
        if rows * vectors + vectors < registers
    ]
    return min(shapes, key=lambda shape: total(*shape))


def _shape(row_extent: int, total_vectors: int, budget: int) -> tuple[int, int]:
    """Return (rows, vectors): the cheapest tile in the registers, preferably without rests."""
    best, best_cost = (1, 1), float("inf")
    for vectors in range(1, min(MAX_VECTORS, total_vectors) + 1):
        # Beside the accumulators: the vectors, and the number that they are multiplied by.
        registers = min(budget, budget + SPARE_REGISTERS - vectors - 1)
        for rows in range(1, min(MAX_ROWS, row_extent, registers // vectors) + 1):
            accumulators = rows * vectors
            loads = (rows + vectors) / accumulators
            stall = max(1.0, FMA_IN_FLIGHT / accumulators)
            waste = -(-row_extent // rows) * rows / row_extent
            waste *= -(-total_vectors // vectors) * vectors / total_vectors
            rests = (row_extent % rows > 0) + (total_vectors % vectors > 0)
            cost = (stall + 0.5 * loads) * waste * (1 + REST_COST * rests)
            if cost < best_cost:
                best, best_cost = (rows, vectors), cost
    return best


@dataclass(frozen=True)
class TileOrder:
    """In which order the tiles of a nest run: batch axes, then two nests one in the other.

    Attributes:
        batch: axes outside the tile that move both operands, or none; outermost.
        with_rows: axes outside the tile that move the rows' operand; around the row tiles.
        with_columns: axes outside the tile that move the vectors' operand; around the column tiles.
        rows_first: whether the rows' nest is the outer one.
        row_block: with the columns outside, how many row tiles run before the columns start
            again; 0 for all of them.
    """

    batch: tuple[int, ...]
    with_rows: tuple[int, ...]
    with_columns: tuple[int, ...]
    rows_first: bool
    row_block: int = 0


FAR = 4  # what a byte from beyond the second-level cache costs, in bytes from within it


def choose_order(
    steps: NestSteps,
    tile: Tile,
    target: Target,
    row_tiles: int,
    column_tiles: int,
    pieces: int = 1,
) -> TileOrder:
    """Return the order of tiles that moves the fewest bytes, weighted by where they come from.

    Where the reduction runs in pieces it is the order within one. What symbols decide outside of
    tiles of known sizes, a batch, may be 1: the order is the one for that.
    """
    moving, fixed = operands(steps, tile.lane_group[-1])
    inside = set(tile.axes)
    outer = [i for i in steps.nest.spatial if i not in inside and steps.extents[i] != 1]
    by_rows = [i for i in outer if any(m.steps[i] != 0 for m in fixed)]
    by_columns = [i for i in outer if any(m.steps[i] != 0 for m in moving)]
    batch = tuple(i for i in outer if (i in by_rows) == (i in by_columns))
    with_rows = tuple(i for i in by_rows if i not in batch)
    with_columns = tuple(i for i in by_columns if i not in batch)
    known = steps.is_constant(inside)
    extents = steps.least if known else steps.extents
    share = pieces * prod(extents[axis] for axis in batch)
    sizes = (bytes_of(group, least=known) for group in (fixed, moving))
    row_bytes, column_bytes = (size // share for size in sizes)
    row_runs = row_tiles * prod(extents[axis] for axis in with_rows)
    column_runs = column_tiles * prod(extents[axis] for axis in with_columns)
    near = target.l2_bytes // 2

    def traffic(once: int, again: int, times: int) -> int:
        return FAR * once + again * (FAR + (times - 1) * (1 if again <= near else FAR))

    rows_first = traffic(row_bytes, column_bytes, row_runs)
    columns_first = traffic(column_bytes, row_bytes, column_runs)
    block = 0 if with_rows else _row_block(row_tiles, row_bytes, near)
    if block:
        blocked = FAR * column_bytes * (row_tiles // block) + row_bytes * (FAR + column_runs - 1)
        if blocked < min(rows_first, columns_first):
            return TileOrder(batch, with_rows, with_columns, rows_first=False, row_block=block)
    return TileOrder(batch, with_rows, with_columns, rows_first=rows_first <= columns_first)


def bytes_of(operands: Sequence[Movement], least: bool = False) -> int:
    """Return the size of the operands' buffers, nominal where symbols tell it; or with these 1."""
    sizes: dict[SSAValue, int] = {}
    size_of = least_size if least else nominal_size
    for m in operands:
        buffer_type = m.op.buffer.type
        assert isinstance(buffer_type, tir.BufferType)
        elements = prod(map(size_of, buffer_type.shape))
        sizes[m.op.buffer] = elements * dtypes.size_bytes(buffer_type.dtype)
    return sum(sizes.values())


def _row_block(row_tiles: int, row_bytes: int, near: int) -> int:
    """Return the largest divisor of the row tiles whose operand stays near; 0 if there is none."""
    if row_bytes <= near:
        return 0
    fitting = near * row_tiles // row_bytes
    return next((n for n in range(fitting, 1, -1) if row_tiles % n == 0), 0)
