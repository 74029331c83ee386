"""Which part of a copy a reduction's tiles need at a time: the copy is made piece by piece.

A reduction that reads a padded copy of its input may fill, before each run of its tiles, only
what these read: a block of channels, a strip of rows. The piece stays in the second-level cache,
and no copy of the whole is written and read again. Rows that two strips share are copied twice.
Source: compute_at with overlap, Ragan-Kelley et al., "Halide", PLDI 2013, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from ..dialects import dtypes, tir
from ..dialects.target import Target
from ..symbolic import IntExpr, as_expr
from .nests import Access, Nest
from .steps import NestSteps
from .tiling import Tile

SHARE_OF_L2 = 8  # a piece takes one part in so many: input, weights and results pass through too
PIECES_PER_CORE = 4  # at least so many for each, or a core waits for the last


@dataclass(frozen=True, eq=False)
class Staging:
    """The pieces of a copy.

    Attributes:
        producer: the nest that would fill the whole copy.
        load: the access of the reduction that reads it.
        points: axes of the reduction outside of its tiles of which a piece serves one value each.
        strip: the axis of which a piece serves `rows` values; None where there is none.
        rows: values of the strip axis that a piece serves.
        factors: per dim of the copy, how far it moves with each of these axes.
        starts: per dim, the least index that the first piece has.
        shape: of a piece.
        reach: of what its tiles read, lanes that do not count included: never below the shape.
        pieces: what the shapes are computed from.
    """

    producer: Nest
    load: Access
    points: tuple[int, ...]
    strip: int | None
    rows: int
    factors: tuple[tuple[tuple[int, int], ...], ...]
    starts: tuple[int, ...]
    shape: tuple[int, ...]
    reach: tuple[int, ...]
    pieces: _Pieces

    def with_rows(self, rows: int) -> Staging:
        """Return the same of pieces that serve another number of rows."""
        starts, shape = self.pieces.box(rows)
        reach = self.pieces.reach(rows)
        return replace(self, rows=rows, starts=starts, shape=shape, reach=reach)

    def origin(self, base: Mapping[int, IntExpr]) -> list[IntExpr]:
        """Return which element of the copy is the first of the piece for given axes."""
        return [
            sum((base[axis] * factor for axis, factor in factors), as_expr(start))
            for factors, start in zip(self.factors, self.starts, strict=True)
        ]


def choose_staging(steps: NestSteps, tile: Tile, producer: Nest, target: Target) -> Staging | None:
    """Return the pieces in which a reduction best reads a copy; None for the copy as a whole.

    Symbols may decide the axes of which a piece serves one value, such as a batch.
    Where what the tiles read besides does not stay near, it is better read once than once per
    piece.
    """
    copies = {store.buffer for store in producer.stores}
    loads = [m.op for m in steps.loads if m.op.buffer in copies]
    if len(loads) != 1 or not isinstance(loads[0], tir.LoadOp):
        return None
    beside = {m.op.buffer for m in steps.loads} - copies - {m.op.buffer for m in steps.stores}
    if sum(_bytes(buffer.type) for buffer in beside) > target.l2_bytes // 2:
        return None
    pieces = _Pieces.of(steps, tile, loads[0])
    if pieces is None:
        return None
    rows = pieces.rows_for(target)
    count = pieces.count(rows)
    if count == 1:
        return None
    moved = pieces.points, pieces.strip, rows, pieces.factors
    return Staging(producer, loads[0], *moved, *pieces.box(rows), pieces.reach(rows), pieces)


def _bytes(buffer_type: object) -> int:
    assert isinstance(buffer_type, tir.BufferType)
    return buffer_type.size_bytes() or 0


@dataclass(frozen=True, eq=False)
class _Pieces:
    """How the copy's indices move with the axes outside of the tiles."""

    steps: NestSteps
    tile: Tile
    load: Access
    points: tuple[int, ...]
    strip: int | None
    factors: tuple[tuple[tuple[int, int], ...], ...]

    @staticmethod
    def of(steps: NestSteps, tile: Tile, load: Access) -> _Pieces | None:
        """Return the pieces of a load; None where it moves with no axis, or not linearly."""
        spatial = steps.nest.spatial
        outer = [a for a in spatial if a not in tile.axes and steps.extents[a] != 1]
        factors: list[tuple[tuple[int, int], ...]] = []
        shared: set[int] = set()
        for index in load.exprs_over_values(load.indices):
            moved = _factors(steps, index, outer)
            if moved is None:
                return None
            factors.append(moved)
            axes = {axis for axis, _ in moved}
            if any(_varies(steps, key, axes) for key in index.free_vars()):
                shared |= axes
        moving = {axis for dim in factors for axis, _ in dim}
        if not moving or len(shared) > 1:
            return None
        points = tuple(sorted(moving - shared))
        if not steps.is_constant({*range(len(steps.extents))} - {*points}):
            return None
        return _Pieces(steps, tile, load, points, next(iter(shared), None), tuple(factors))

    def count(self, rows: int) -> int:
        """Return the number of pieces; where symbols decide it, the least."""
        strips = 1 if self.strip is None else -(-self.steps.extents[self.strip] // rows)
        return strips * prod(self.steps.least[axis] for axis in self.points)

    def box(self, rows: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return where the first piece starts, and its shape."""
        return self._box(rows, {})

    def reach(self, rows: int) -> tuple[int, ...]:
        """Return the shape of what tiles of a piece read: the last vector may be filled in part."""
        outermost, *inner = self.tile.lane_group
        beneath = prod(self.steps.extents[axis] for axis in inner)
        vectors = -(-self.steps.extents[outermost] * beneath // self.tile.lanes)
        return self._box(rows, {outermost: -(-vectors * self.tile.lanes // beneath)})[1]

    def _box(self, rows: int, wider: Mapping[int, int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        staged = {self.strip: rows} | dict.fromkeys(self.points, 1) | dict(wider)
        ranges = {
            key: (0, staged.get(axis, self.steps.extents[axis]) - 1)
            for axis, key in enumerate(self.steps.nest.block.iter_vars)
        }
        starts: list[int] = []
        shape: list[int] = []
        for index in self.load.exprs_over_values(self.load.indices):
            low, high = index.bounds(ranges)
            assert low is not None, "every variable has a range"
            assert high is not None, "every variable has a range"
            starts.append(low)
            shape.append(high - low + 1)
        return tuple(starts), tuple(shape)

    def rows_for(self, target: Target) -> int:
        """Return the rows of a piece: many, for little is copied twice; but near, and shared out.

        A number that divides the extent, where one is at least half of what would fit.
        """
        if self.strip is None:
            return 1
        extent = self.steps.extents[self.strip]
        buffer_type = self.load.buffer.type
        assert isinstance(buffer_type, tir.BufferType)
        budget = target.l2_bytes // SHARE_OF_L2 // dtypes.size_bytes(buffer_type.dtype)
        wanted = min(PIECES_PER_CORE * target.cores, self.count(1))
        fitting = [
            rows
            for rows in range(1, extent + 1)
            if prod(self.box(rows)[1]) <= budget and self.count(rows) >= wanted
        ]
        most = max(fitting, default=1)
        return max((n for n in fitting if extent % n == 0 and 2 * n >= most), default=most)


def _factors(
    steps: NestSteps, index: IntExpr, axes: Sequence[int]
) -> tuple[tuple[int, int], ...] | None:
    """Return (axis, factor) of the axes that move an index; None where it is not linear."""
    found: list[tuple[int, int]] = []
    for axis in axes:
        split = index.coefficient(steps.nest.block.iter_vars[axis])
        if split is None or not split[0].is_constant:
            return None
        if split[0].constant_value:
            found.append((axis, split[0].constant_value))
    return tuple(found)


def _varies(steps: NestSteps, key: object, axes: set[int]) -> bool:
    """Tell whether a variable is another than those of the axes, and takes several values."""
    variables = steps.nest.block.iter_vars
    return any(
        key is v and axis not in axes and steps.extents[axis] > 1
        for axis, v in enumerate(variables)
    )
