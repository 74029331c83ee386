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

from ..dialects.target import Target
from .steps import NestSteps

FMA_IN_FLIGHT = 8  # independent accumulators that keep two fma units of latency 4 busy
MAX_ROWS = 16
MAX_VECTORS = 4
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
            cost = (stall + 0.5 * loads) * waste
            if cost < best_cost:
                best, best_cost = (rows, vectors), cost
    return best
