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
from math import prod

from ..dialects import tir
from ..dialects.target import Target
from .steps import NestSteps

FMA_IN_FLIGHT = 8  # independent accumulators that keep two fma units of latency 4 busy
MAX_ROWS = 16
MAX_VECTORS = 4
REST_COST = 0.08  # a rest is code to compile, and its own branch, for a few elements
SPARE_REGISTERS = 4  # for the operands of the multiply-adds


@dataclass(frozen=True)
class Tile:
    """A register tile of a reduction nest.

    Attributes:
        lane_group: axes, fused, that run along the vectors.
        row_axis: the axis of the rows; None where nothing is reused along an axis.
        rows: accumulators along `row_axis`.
        vectors: accumulators along the lanes.
        lanes: elements of one vector.
    """

    lane_group: tuple[int, ...]
    row_axis: int | None
    rows: int
    vectors: int
    lanes: int


def choose_tile(steps: NestSteps, target: Target) -> Tile | None:
    """Return the tile of a reduction nest, None where no axis suits vectors."""
    nest = steps.nest
    groups = steps.groups(nest.spatial)
    if not groups:
        return None
    group = tuple(groups[-1])
    axis = group[-1]
    if not all(m.steps[axis] == 1 for m in steps.stores):
        return None
    if any(m.steps[axis] is None for m in steps.loads):
        return None
    extent = steps.extent_of(group)
    full = target.lanes(steps.widest_bytes)
    lanes = min(full, _power_of_two_from(extent))
    if lanes < 4 and lanes < full:
        return None
    row_axis = _row_axis(steps, group)
    total = -(-extent // lanes)
    budget = target.vector_registers - SPARE_REGISTERS
    if row_axis is None:
        return Tile(group, None, 1, min(total, MAX_VECTORS, budget), lanes)
    rows, vectors = _shape(steps.extents[row_axis], total, budget)
    return Tile(group, row_axis, rows, vectors, lanes)


def _power_of_two_from(n: int) -> int:
    return 1 << max(0, n - 1).bit_length()


def _row_axis(steps: NestSteps, group: Sequence[int]) -> int | None:
    """Return the largest axis along which a vector that was loaded is used again."""
    axis = group[-1]
    best: int | None = None
    for candidate in steps.nest.spatial:
        if candidate in group or steps.extents[candidate] == 1:
            continue
        reused = any(
            m.steps[axis] != 0 and m.steps[candidate] == 0 and candidate not in m.conditional
            for m in steps.loads
            if m.op.buffer is not steps.stores[0].op.buffer
        )
        if reused and (best is None or steps.extents[candidate] > steps.extents[best]):
            best = candidate
    return best


def _shape(row_extent: int, total_vectors: int, budget: int) -> tuple[int, int]:
    """Return (rows, vectors): the cheapest tile in the registers, rows preferably dividing."""
    best, best_cost = (1, 1), float("inf")
    for vectors in range(1, min(MAX_VECTORS, total_vectors) + 1):
        for rows in range(1, min(MAX_ROWS, row_extent, budget // vectors) + 1):
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
    """In which order the tiles of a nest run.

    Attributes:
        batch: spatial axes that move both operands; outermost.
        rows_first: whether the loop over row tiles is outside those over positions.
        row_block: with positions outside, how many row tiles run before the next position block;
            0 for all of them.
    """

    batch: tuple[int, ...]
    rows_first: bool
    row_block: int = 0


FAR = 4  # what a byte from beyond the second-level cache costs, in bytes from within it


def choose_order(steps: NestSteps, tile: Tile, target: Target, row_tiles: int) -> TileOrder:
    """Return the order of tiles that moves the fewest bytes, weighted by where they come from."""
    batch, others = _outer_axes(steps, tile)
    if tile.row_axis is None:
        return TileOrder(batch, rows_first=True)
    share = prod(steps.extents[axis] for axis in batch)
    rows_bytes, lanes_bytes = (n // share for n in _operand_bytes(steps, tile))
    width = tile.vectors * tile.lanes
    positions = -(-steps.extent_of(tile.lane_group) // width)
    positions *= prod(steps.extents[axis] for axis in others)
    near = target.l2_bytes // 2

    def traffic(once: int, again: int, times: int) -> int:
        return FAR * once + again * (FAR + (times - 1) * (1 if again <= near else FAR))

    rows_first = traffic(rows_bytes, lanes_bytes, row_tiles)
    lanes_first = traffic(lanes_bytes, rows_bytes, positions)
    block = _row_block(row_tiles, rows_bytes, near)
    if block:
        blocked = FAR * lanes_bytes * (row_tiles // block) + rows_bytes * (FAR + positions - 1)
        if blocked < min(rows_first, lanes_first):
            return TileOrder(batch, rows_first=False, row_block=block)
    return TileOrder(batch, rows_first=rows_first <= lanes_first)


def _outer_axes(steps: NestSteps, tile: Tile) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the spatial axes outside the tile: those that move every operand, and the others."""
    inside = {*tile.lane_group, tile.row_axis}
    outer = [i for i in steps.nest.spatial if i not in inside and steps.extents[i] != 1]
    written = {m.op.buffer for m in steps.stores}
    reads = [m for m in steps.loads if m.op.buffer not in written]
    batch = tuple(i for i in outer if all(m.steps[i] != 0 for m in reads))
    return batch, tuple(i for i in outer if i not in batch)


def _operand_bytes(steps: NestSteps, tile: Tile) -> tuple[int, int]:
    """Return the bytes of the operands that move with the rows, and with the lanes."""
    rows = lanes = 0
    written = {m.op.buffer for m in steps.stores}
    for m in steps.loads:
        buffer_type = m.op.buffer.type
        assert isinstance(buffer_type, tir.BufferType)
        size = buffer_type.size_bytes() or 0
        if m.op.buffer in written:
            continue
        if m.steps[tile.lane_group[-1]] != 0:
            lanes += size
        elif tile.row_axis is not None and m.steps[tile.row_axis] != 0:
            rows += size
    return rows, lanes


def _row_block(row_tiles: int, rows_bytes: int, near: int) -> int:
    """Return the largest divisor of the row tiles whose operand stays near; 0 if there is none."""
    if rows_bytes <= near:
        return 0
    fitting = near * row_tiles // rows_bytes
    return next((n for n in range(fitting, 1, -1) if row_tiles % n == 0), 0)
