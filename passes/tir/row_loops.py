"""A loop over rows in the place of steps: each step runs for one row, or one block of them.

What a step hands to the next is then one row long, in stack memory. `fuse-rows` says which steps
may share such a loop, and `separate-windows` makes steps that do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.ir import Block, Operation, Region, SSAValue

from ...analysis.nests import Nest
from ...dialects import dtypes, tir
from ...dialects.location import fuse_locations
from ...dialects.tir.clone import Cloner, Exprs
from ...symbolic import IntExpr, as_expr, var
from .schedule.build import NestBuilder, parts_of

VECTOR_BYTES = 64  # of the widest vectors: a row's buffer ends with a whole one


@dataclass(frozen=True)
class Rows:
    """Steps that share a loop over rows.

    Attributes:
        steps: their nests, in order.
        depth: how many axes the loop runs over, all of each.
        temps: buffers that only these steps use, as they are for one row.
        block: how many rows along the next axis are one iteration's; 0: that axis is not cut.
        shared: buffers that take the memory of another, whose last reader writes them.
    """

    steps: tuple[Nest, ...]
    depth: int
    temps: dict[SSAValue, tir.BufferType]
    block: int = 0
    shared: Mapping[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])


def row_type(buffer: SSAValue, depth: int, block: int = 0) -> tir.BufferType:
    """Return a buffer's type for one row, or some: its last axis ends with a whole vector."""
    buffer_type = buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    shape = [dim.constant_value for dim in buffer_type.shape[depth:] if dim.is_constant]
    assert len(shape) == buffer_type.rank - depth, "asked for known rows only"
    if block:
        shape[0] = block
    if shape and shape[-1] > 1:
        lanes = max(1, VECTOR_BYTES // dtypes.size_bytes(buffer_type.dtype))
        shape[-1] = -(-shape[-1] // lanes) * lanes
    return tir.BufferType.of(shape, buffer_type.dtype, tir.STACK)


def is_local(buffer: SSAValue, steps: Sequence[Nest]) -> bool:
    """Tell whether a buffer is the kernel's own and no other step uses it."""
    return isinstance(buffer.owner, tir.AllocOp) and all(
        any(nest.root.is_ancestor(use.operation) for nest in steps) for use in buffer.uses
    )


class _InRow(Cloner):
    """Clones a step with its first axes fixed and the row's own buffers in place of the whole."""

    def __init__(
        self,
        block: Block,
        rows: Rows,
        buffers: Mapping[SSAValue, SSAValue],
        first: IntExpr,
    ) -> None:
        super().__init__(block, values=buffers)
        self.rows = rows
        self.first = first  # row of the block

    def load(
        self, op: tir.LoadOp | tir.PredicatedLoadOp, indices: Exprs, conditions: Exprs
    ) -> SSAValue:
        return super().load(op, self.within(op.buffer, indices), conditions)

    def store(
        self, op: tir.StoreOp | tir.PredicatedStoreOp, indices: Exprs, conditions: Exprs
    ) -> None:
        super().store(op, self.within(op.buffer, indices), conditions)

    def within(self, buffer: SSAValue, indices: Exprs) -> Exprs:
        """Return the indices in a row's buffer."""
        new = self.values.get(buffer)
        if new is None or not isinstance(new.type, tir.BufferType) or new.type.scope != tir.STACK:
            return indices
        own = indices[self.rows.depth :]
        return (own[0] - self.first, *own[1:]) if self.rows.block else own

    def region(self, region: Region, fixed: Sequence[IntExpr], count: int) -> Region:
        """Return a block's body or init: `count` variables follow the fixed ones."""
        body = Block(arg_types=[tir.INDEX] * count)
        inner = [var(arg) for arg in body.args]
        if self.rows.block:
            inner[0] = inner[0] + self.first
        values = [*fixed, *inner]
        for old, new in zip(region.block.args, values, strict=True):
            self.exprs[old] = new
        for old, new in zip(region.block.args[len(fixed) :], body.args, strict=True):
            new.name_hint = old.name_hint
        outer, self.block = self.block, body
        self.clone(region.block.ops)
        self.block = outer
        return Region(body)


class _Builder:
    """Builds the loop over rows."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        location = fuse_locations(nest.block.location for nest in rows.steps)
        self.b = NestBuilder(Block(), location)
        self.buffers: dict[SSAValue, SSAValue] = {}
        self.first: IntExpr = as_expr(0)  # row of the block
        self.size = 0  # rows of the block

    def build(self) -> Block:
        """Return the loop, in a block of its own; a second one for the rows that fill no block."""
        depth, block = self.rows.depth, self.rows.block
        extents = self.rows.steps[0].extents
        outer = extents[:depth]
        if not block:
            with self.b.independent(outer) as fixed:
                self.steps(fixed)
            return self.b.block
        for part in parts_of(extents[depth].constant_value, block):
            with self.b.independent([*outer, as_expr(part.count)]) as (*fixed, run):
                self.first, self.size = run * part.size + part.start, part.size
                self.steps(fixed)
        return self.b.block

    def steps(self, fixed: Sequence[IntExpr]) -> None:
        """Append the steps for one row, or one block of them."""
        for buffer, buffer_type in self.rows.temps.items():
            self.buffers[buffer] = self.alloc(buffer_type, buffer.name_hint)
        for buffer, other in self.rows.shared.items():
            self.buffers[buffer] = self.buffers.get(other, other)
        for nest in self.rows.steps:
            self.step(nest, fixed)

    def alloc(self, buffer_type: tir.BufferType, hint: str | None) -> SSAValue:
        """Append a stack buffer."""
        op = tir.AllocOp(buffer_type)
        op.buffer.name_hint = hint
        self.b.append(op)
        return op.buffer

    def step(self, nest: Nest, fixed: Sequence[IntExpr]) -> None:
        """Append one step. A sum of which the caller gets the result is summed up here first."""
        out = nest.stores[0].buffer
        if not nest.reduce or out in self.buffers:
            self.nest(nest, fixed, self.buffers)
            return
        row = self.alloc(row_type(out, self.rows.depth, self.rows.block), out.name_hint)
        self.nest(nest, fixed, {**self.buffers, out: row})
        self.copy(nest, fixed, row, out)

    def nest(
        self, nest: Nest, fixed: Sequence[IntExpr], buffers: Mapping[SSAValue, SSAValue]
    ) -> None:
        """Append a step's loops without those over the rows."""
        depth = self.rows.depth
        cloner = _InRow(Block(), self.rows, buffers, self.first)
        inner = self.cut(nest.extents[depth:])
        body = cloner.region(nest.block.body, fixed, len(inner))
        init = nest.block.init
        start = cloner.region(init, fixed, len(inner)) if init is not None else None
        kinds = nest.block.kinds.data[depth:]
        self.loops(nest, list(zip(kinds, inner, strict=True)), body, start)

    def cut(self, extents: Sequence[IntExpr]) -> Sequence[IntExpr]:
        """Return the extents of the axes after the fixed ones as they are in a block of rows."""
        return [as_expr(self.size), *extents[1:]] if self.rows.block else extents

    def copy(self, nest: Nest, fixed: Sequence[IntExpr], row: SSAValue, out: SSAValue) -> None:
        """Append `out[row] = row`."""
        inner = self.cut([nest.extents[i] for i in nest.spatial[self.rows.depth :]])
        body = Block(arg_types=[tir.INDEX] * len(inner))
        own = [var(arg) for arg in body.args]
        cloner = Cloner(body)
        value = cloner.append(tir.LoadOp(row, own), nest.block.location).results[0]
        place = [own[0] + self.first, *own[1:]] if self.rows.block else own
        cloner.append(tir.StoreOp(value, out, [*fixed, *place]), nest.block.location)
        self.loops(nest, [(tir.IterKind.SPATIAL, e) for e in inner], Region(body), None)

    def loops(
        self,
        nest: Nest,
        axes: Sequence[tuple[tir.IterKind, IntExpr]],
        body: Region,
        init: Region | None,
    ) -> None:
        """Append a plain nest around a block."""
        loops = [Block(arg_types=[tir.INDEX]) for _ in axes]
        pairs = zip(axes, loops, strict=True)
        iters = [(kind, extent, var(loop.args[0])) for (kind, extent), loop in pairs]
        op: Operation = tir.BlockOp(nest.block.block_name.data, iters, body, init)
        op.location = nest.block.location
        for (_, extent), loop in reversed(list(zip(axes, loops, strict=True))):
            loop.add_op(op)
            op = tir.ForOp(as_expr(extent), Region(loop))
            op.location = nest.block.location
        self.b.block.add_op(op)


def fuse_steps(func: tir.FuncOp, rows: Rows) -> None:
    """Put a loop over rows in the place of its steps."""
    block, last = func.body.block, rows.steps[-1].root
    new = _Builder(rows).build()
    for op in list(new.ops):
        op.detach()
        block.insert_op_before(op, last)
    for nest in rows.steps:
        nest.root.detach()
        nest.root.erase()
    for buffer in (*rows.temps, *rows.shared):
        assert isinstance(buffer.owner, tir.AllocOp)
        buffer.owner.detach()
        buffer.owner.erase()
