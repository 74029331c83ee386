"""Building scheduled nests: loops around blocks that clone a compute definition's body."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import LocationAttr
from xdsl.ir import Block, Operation, Region, SSAValue

from ....analysis.nests import Access, Nest
from ....dialects import tir
from ....dialects.tir.clone import Cloner, Exprs
from ....symbolic import IntExpr, as_expr, const, var

Iter = tuple[tir.IterKind, IntExpr | int, IntExpr]

# A parallel loop is cut into one run of iterations per thread. From so many iterations on, the
# longest run of 2 threads is at most 1/32 over the mean, of 8 threads 1/4.
BALANCED_ITERATIONS = 32


@dataclass(frozen=True)
class Part:
    """A run of equal tiles along one axis: where it starts, how many, how long each is."""

    start: int
    count: int
    size: int


def parts_of(extent: int, size: int) -> list[Part]:
    """Return an axis as full tiles and one rest."""
    full, rest = divmod(extent, size)
    parts = [Part(0, full, size)] if full else []
    return [*parts, Part(full * size, 1, rest)] if rest else parts


class NestBuilder:
    """Appends loops and blocks to a block of a kernel."""

    def __init__(self, block: Block, location: LocationAttr) -> None:
        self.block = block
        self.location = location

    def append(self, op: Operation) -> Operation:
        """Append an operation, located."""
        op.location = self.location
        self.block.add_op(op)
        return op

    @contextmanager
    def loop(
        self, extent: int | IntExpr, kind: tir.ForKind = tir.ForKind.SERIAL
    ) -> Generator[IntExpr]:
        """Append a loop; what is built inside is its body. A single iteration needs no loop."""
        if extent == 1:
            yield const(0)
            return
        outer, body = self.block, Block(arg_types=[tir.INDEX])
        self.block = body
        yield var(body.args[0])
        self.block = outer
        self.append(tir.ForOp(extent, Region(body), kind))

    @contextmanager
    def nest(
        self, extents: Sequence[int | IntExpr], kind: tir.ForKind, fusable: int | None = None
    ) -> Generator[list[IntExpr]]:
        """Append loops in each other, the outermost of a kind; yield their variables.

        A parallel loop with few iterations takes in the loops below it: threads share evenly. What
        symbols decide may be a single iteration.

        Args:
            extents: of the loops, outermost first.
            kind: of the outermost loop.
            fusable: how many of the loops a parallel loop may take in; None for all.
        """
        fused = 0
        sizes = [as_expr(extent) for extent in extents]
        least = [size.constant_value if size.is_constant else 1 for size in sizes]
        if kind is tir.ForKind.PARALLEL:
            most = len(sizes) if fusable is None else fusable
            while fused < most and prod(least[:fused]) < BALANCED_ITERATIONS:
                fused += 1
        fused = max(fused, min(1, len(extents)))
        with ExitStack() as loops:
            values: list[IntExpr] = []
            if fused:
                whole = prod(sizes[:fused], start=as_expr(1))
                outermost = loops.enter_context(self.loop(whole, kind))
                values += unfuse(outermost, sizes[:fused])
            for extent in sizes[fused:]:
                values.append(loops.enter_context(self.loop(extent)))
            yield values

    @contextmanager
    def independent(self, extents: Sequence[IntExpr]) -> Generator[list[IntExpr]]:
        """Append one parallel loop over all of `extents`; yield their variables.

        What is inside is a compute definition again: schedules look into parallel loops alone.
        """
        whole = prod(extents, start=as_expr(1))
        with self.loop(whole, tir.ForKind.PARALLEL) as i:
            yield unfuse(i, extents)

    def stack(self, shape: Sequence[int], like: tir.BufferType) -> SSAValue:
        """Append a stack buffer with the element type of `like`."""
        op = tir.AllocOp(tir.BufferType.of(shape, like.dtype, tir.STACK))
        self.append(op)
        return op.buffer

    @contextmanager
    def tile_block(
        self, name: str, iters: Sequence[Iter], conditions: Sequence[IntExpr] = ()
    ) -> Generator[Sequence[IntExpr]]:
        """Append a block; what is built inside is its body, over the yielded variables."""
        outer, body = self.block, Block(arg_types=[tir.INDEX] * len(iters))
        self.block = body
        yield [var(arg) for arg in body.args]
        self.block = outer
        self.append(tir.BlockOp(name, iters, Region(body), None, conditions))


class Redirected(Cloner):
    """Clones a body with the accesses of one buffer moved to another place."""

    def __init__(
        self, block: Block, source: SSAValue, target: SSAValue, indices: Sequence[IntExpr]
    ) -> None:
        super().__init__(block)
        self.source = source
        self.target = target
        self.indices = tuple(indices)

    def load(self, op: Access, indices: Exprs, conditions: Exprs) -> SSAValue:
        if op.buffer is not self.source:
            return super().load(op, indices, conditions)
        return self.append(tir.LoadOp(self.target, self.indices), op.location).results[0]

    def store(
        self, op: tir.StoreOp | tir.PredicatedStoreOp, indices: Exprs, conditions: Exprs
    ) -> None:
        if op.buffer is not self.source:
            super().store(op, indices, conditions)
        else:
            self.append(tir.StoreOp(self.value(op.value), self.target, self.indices), op.location)


def clone_region(cloner: Cloner, region: Region, iter_vars: Sequence[IntExpr]) -> None:
    """Append a region's body with its iteration variables replaced."""
    for arg, expr in zip(region.block.args, iter_vars, strict=False):
        cloner.exprs[arg] = expr
    cloner.clone(region.block.ops)


def unfuse(fused: IntExpr, extents: Sequence[int | IntExpr]) -> list[IntExpr]:
    """Return the variables of the loops that were fused into one."""
    result: list[IntExpr] = []
    inner = as_expr(1)
    for position in reversed(range(len(extents))):
        piece = fused // inner
        result.append(piece % extents[position] if position else piece)
        inner *= extents[position]
    return result[::-1]


def spread(
    groups: Sequence[Sequence[int]],
    values: Sequence[IntExpr],
    extents: Sequence[int | IntExpr],
    count: int,
) -> list[IntExpr]:
    """Return the value of each of `count` axes; an axis in no group is 0."""
    result = [as_expr(0)] * count
    for group, value in zip(groups, values, strict=True):
        pieces = unfuse(value, [extents[axis] for axis in group])
        for axis, piece in zip(group, pieces, strict=True):
            result[axis] = piece
    return result


def iters_of(
    nest: Nest, bindings: Sequence[IntExpr], axes: Sequence[int] | None = None
) -> list[Iter]:
    """Return iteration variables like the nest's own with new bindings."""
    kinds, extents = nest.block.kinds.data, nest.extents
    wanted = range(len(kinds)) if axes is None else axes
    return [(kinds[i], extents[i], bindings[i]) for i in wanted]


def spatial_iters_of(nest: Nest, bindings: Sequence[IntExpr]) -> list[Iter]:
    """Return the nest's spatial iteration variables with new bindings of all axes."""
    return [(tir.IterKind.SPATIAL, nest.extents[i], bindings[i]) for i in nest.spatial]
