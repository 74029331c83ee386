"""Filling a piece of a copy on the stack, before the tiles that read it.

for pieces (parallel)
piece[...] = copy's elements      a map in vectors, borders as the copy has them
tiles of the piece
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import Block, SSAValue

from ....analysis.nests import Access
from ....analysis.staging import Staging
from ....dialects import tir
from ....dialects.tir.clone import Exprs, zero_constant
from ....symbolic import IntExpr
from .build import Iter, NestBuilder, Redirected, clone_region


class Stage:
    """One piece: its buffer, and where in the whole copy it lies."""

    def __init__(
        self, b: NestBuilder, staging: Staging, base: Mapping[int, IntExpr], lanes: int
    ) -> None:
        self.staging = staging
        self.origin = staging.origin(base)
        *outer, last = staging.reach
        self.lanes = lanes if staging.shape[-1] >= lanes else 1
        room = -(-last // self.lanes) * self.lanes
        buffer_type = staging.load.buffer.type
        assert isinstance(buffer_type, tir.BufferType)
        self.room = (*outer, room)
        self.buffer = b.stack(self.room, buffer_type)
        self.clear(b)
        self.fill(b)

    def clear(self, b: NestBuilder) -> None:
        """Append zeros for the lanes that tiles read, but that do not count.

        Whatever the stack holds there might be a subnormal number, and each instruction that meets
        one takes a hundred times as long.
        """
        if self.staging.reach == self.staging.shape:
            return
        *outer, last = self.staging.shape
        *reach, room = self.room
        first = last // self.lanes if reach == outer else 0
        spatial = tir.IterKind.SPATIAL
        with (
            b.nest([*reach, room // self.lanes - first], tir.ForKind.SERIAL) as (*place, vector),
            b.loop(self.lanes, tir.ForKind.VECTORIZED) as lane,
        ):
            at = [*place, (vector + first) * self.lanes + lane]
            iters: list[Iter] = [(spatial, n, i) for n, i in zip(self.room, at, strict=True)]
            with b.tile_block("clear", iters) as args:
                zero = b.append(zero_constant(self.staging.load.results[0])).results[0]
                b.append(tir.StoreOp(zero, self.buffer, args))

    def fill(self, b: NestBuilder) -> None:
        """Append the map that fills the piece."""
        *outer, last = self.staging.shape
        with (
            b.nest([*outer, -(-last // self.lanes)], tir.ForKind.SERIAL) as (*place, vector),
            b.loop(self.lanes, tir.ForKind.VECTORIZED) as lane,
        ):
            column = vector * self.lanes + lane
            conditions = [last - 1 - column] if last % self.lanes else []
            self.element(b, [*place, column], conditions)

    def element(
        self, b: NestBuilder, place: Sequence[IntExpr], conditions: Sequence[IntExpr]
    ) -> None:
        """Append the block that computes an element of the piece."""
        block = self.staging.producer.block
        spatial = tir.IterKind.SPATIAL
        kinds = block.kinds.data
        rows = zip(kinds, self.staging.producer.extents, self.origin, place, strict=True)
        iters: list[Iter] = [(kind, extent, first + i) for kind, extent, first, i in rows]
        sizes = self.staging.shape
        iters += [(spatial, size, i) for size, i in zip(sizes, place, strict=True)]
        with b.tile_block(block.block_name.data, iters, conditions) as args:
            copy = self.staging.load.buffer
            cloner = Redirected(b.block, copy, self.buffer, args[len(kinds) :])
            clone_region(cloner, block.body, args[: len(kinds)])

    def iters(self) -> list[Iter]:
        """Return iteration variables that say in a block where the piece lies."""
        extents = self.staging.producer.extents
        return [
            (tir.IterKind.SPATIAL, extent, first)
            for extent, first in zip(extents, self.origin, strict=True)
        ]


class FromStage(Redirected):
    """Clones a reduction's update that reads the piece, its result redirected as well."""

    def __init__(
        self,
        block: Block,
        source: SSAValue,
        target: SSAValue,
        indices: Sequence[IntExpr],
        stage: Stage,
        origin: Sequence[IntExpr],
    ) -> None:
        """Redirect `source` to `target[indices]`; `origin`: the values of the stage's `iters`."""
        super().__init__(block, source, target, indices)
        self.stage = stage
        self.origin = origin

    def load(self, op: Access, indices: Exprs, conditions: Exprs) -> SSAValue:
        if op is not self.stage.staging.load:
            return super().load(op, indices, conditions)
        place = [i - first for i, first in zip(indices, self.origin, strict=True)]
        return self.append(tir.LoadOp(self.stage.buffer, place), op.location).results[0]
