"""fuse-rows: steps that work row by row run one after the other for each row.

Rewrites   for i, j { block: m[i] = max(m[i], x[i, j]) } ; for i, j { block: y[i, j] = x - m[i] }
into       for i parallel { m = alloc stack ; for j { m = max(m, x[i, j]) } ; for j { y = x - m } }

What one step hands to the next is then one row long and stays in the cache, as does the row that
several steps read: a softmax or a layer normalization passes over memory once. The rows must be
short enough for that; a kernel of longer ones keeps a loop per step. Where symbols decide how long
a row is, what steps hand on stays a buffer of all rows, of which each is written and read at once.

Where products of matrices are among the steps it is blocks of rows that share a loop, so that
products still have tiles: attention keeps a block of its scores in the cache and never has them
all. That needs what all rows read to be in the cache as well, as the keys and values of a head are.

Needs:  kernels as compute definitions with blocks inlined (inline-blocks).
Leaves: parallel loops around nests; stack buffers whose last axis has room for a whole vector.
Why here: after inlining, which leaves the steps that a row needs; before schedule-default, which
        schedules what is in a parallel loop for one thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ...analysis.nests import Nest, nest_of, same_indices
from ...analysis.nominal import nominal_size
from ...analysis.op_patterns import has_reuse
from ...analysis.rows import depth_of, own_axes, shared_bytes, works_in_blocks, works_in_rows
from ...dialects import dtypes, tir
from ...dialects.location import fuse_locations
from ...dialects.target import Target, target_of
from ...dialects.tir.clone import Cloner, Exprs
from ...symbolic import IntExpr, as_expr, var
from .schedule.build import NestBuilder, parts_of

MAX_STACK_BYTES = 1 << 16  # threads have little stack; longer rows would leave the caches, too
VECTOR_BYTES = 64  # of the widest vectors: a row's buffer ends with a whole one
BLOCK_ROWS = (32, 16, 8, 4)  # rows of a block: fewer would leave tiles without reuse
FEW_ROWS = 8  # with so few rows a block may be larger than half of the first-level cache
MAX_BLOCK_BYTES = 1 << 16  # threads have little stack


@dataclass(frozen=True)
class _Rows:
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


def _rows_of(func: tir.FuncOp, steps: Sequence[Nest], target: Target) -> _Rows | None:
    """Return how steps share a loop over rows, None where they cannot, or rows are too long."""
    depth = _unaliased_depth(func, steps)
    sums = [nest.stores[0].buffer for nest in steps if nest.reduce]
    if depth == 0 or not all(_is_known(buffer, depth) for buffer in sums):
        return None
    local = [b for nest in steps if _is_local(b := nest.stores[0].buffer, steps)]
    temps = {buffer: _row_type(buffer, depth) for buffer in local if _is_known(buffer, depth)}
    if sum(t.size_bytes() or 0 for t in temps.values()) > MAX_STACK_BYTES:
        return None
    touched = {op.buffer for nest in steps for op in (*nest.loads, *nest.stores)} - set(temps)
    if sum(_row_bytes(buffer, depth) for buffer in touched) > target.l2_bytes // 2:
        return None
    outputs = set[SSAValue]() if func.aliases() else set(func.outputs)
    unknown = set(local) - set(temps)
    return _Rows(tuple(steps), depth, temps, shared=_in_outputs(steps, unknown, outputs))


def _in_outputs(
    steps: Sequence[Nest], local: Set[SSAValue], outputs: Set[SSAValue]
) -> dict[SSAValue, SSAValue]:
    """Return for the buffers whose last reader writes an output in their place: which that is."""
    found: dict[SSAValue, SSAValue] = {}
    for i, nest in enumerate(steps):
        out = nest.stores[0].buffer
        touched = [b for j, other in enumerate(steps) for b in _touched(other, stores=j != i)]
        if nest.reduce or out not in outputs or out in touched:
            continue
        later = {load.buffer for other in steps[i + 1 :] for load in other.loads}
        dead = local - later - set(found)
        for source in dict.fromkeys(b for b in _touched(nest, stores=False) if b in dead):
            own = [load for load in nest.loads if load.buffer is source]
            in_place = all(same_indices(load, nest.block.iter_vars) for load in own)
            if in_place and _shape_of(source) == _shape_of(out):
                found[source] = out
                break
    return found


def _touched(nest: Nest, *, stores: bool) -> list[SSAValue]:
    """Return the buffers that a step reads, and those that it writes."""
    return [op.buffer for op in (*nest.loads, *(nest.stores if stores else ()))]


def _unaliased_depth(func: tir.FuncOp, steps: Sequence[Nest]) -> int:
    """Return `depth_of` the steps; a row must not be read once another row is written."""
    depth = depth_of(steps)
    aliased = {func.inputs[i] for i, _ in func.aliases()}
    for nest in steps:
        for load in nest.loads:
            if load.buffer in aliased:
                depth = min(depth, own_axes(nest, load))
    return depth


def _blocks_of(func: tir.FuncOp, steps: Sequence[Nest], target: Target) -> _Rows | None:
    """Return how all steps of a kernel share a loop over blocks of rows, None where they cannot."""
    if not all(works_in_blocks(nest) for nest in steps):
        return None
    products = [nest for nest in steps if nest.reduce and has_reuse(nest)]
    if not products or len(products) == len([nest for nest in steps if nest.reduce]):
        return None
    depth = _unaliased_depth(func, steps)
    if depth == 0 or shared_bytes(steps, depth) > target.l2_bytes // 2:
        return None
    local = [b for nest in steps if _is_local(b := nest.stores[0].buffer, steps)]
    shared = _in_place_of(steps, local)
    in_registers = {b for b in local if _is_in_tiles(b, steps)}
    row_bytes = sum(
        _row_type(buffer, depth).size_bytes() or 0
        for buffer in local
        if buffer not in shared and buffer not in in_registers
    )
    budget = target.l1d_bytes * 2 // 3
    fitting = [
        rows
        for rows in BLOCK_ROWS
        if rows * row_bytes <= (budget if rows > FEW_ROWS else MAX_BLOCK_BYTES)
    ]
    if not fitting:
        return None
    rows = min(fitting[0], steps[0].extents[depth - 1].constant_value)
    temps = {buffer: _row_type(buffer, depth - 1, rows) for buffer in local if buffer not in shared}
    return _Rows(tuple(steps), depth - 1, temps, rows, shared)


def _in_place_of(steps: Sequence[Nest], local: Sequence[SSAValue]) -> dict[SSAValue, SSAValue]:
    """Return for the buffers that a map may write in place of what it reads last: which that is."""
    maps = {nest.stores[0].buffer: nest for nest in steps if not nest.reduce}
    found: dict[SSAValue, SSAValue] = {}
    for i, nest in enumerate(steps):
        out = nest.stores[0].buffer
        later = {load.buffer for other in steps[i + 1 :] for load in other.loads}
        for load in nest.loads if out in maps and out in local else ():
            source = load.buffer
            dead = source in maps and source in local and source not in later
            if dead and source.type == out.type and same_indices(load, nest.block.iter_vars):
                found[out] = found.get(source, source)
                break
    return found


def _is_in_tiles(buffer: SSAValue, steps: Sequence[Nest]) -> bool:
    """Tell whether a map that follows a product takes its sums out of the registers."""
    writer = next(nest for nest in steps if nest.stores[0].buffer is buffer)
    readers = [nest for nest in steps if any(load.buffer is buffer for load in nest.loads)]
    readers = [nest for nest in readers if nest is not writer]
    return bool(writer.reduce) and len(readers) == 1 and not readers[0].reduce


def _shape_of(buffer: SSAValue) -> tuple[object, ...]:
    assert isinstance(buffer.type, tir.BufferType)
    return (*buffer.type.shape, buffer.type.dtype)


def _is_known(buffer: SSAValue, depth: int) -> bool:
    """Tell whether no symbol decides how large a buffer is for one row."""
    assert isinstance(buffer.type, tir.BufferType)
    return all(dim.is_constant for dim in buffer.type.shape[depth:])


def _is_local(buffer: SSAValue, steps: Sequence[Nest]) -> bool:
    """Tell whether a buffer is the kernel's own and no other step uses it."""
    return isinstance(buffer.owner, tir.AllocOp) and all(
        any(nest.root.is_ancestor(use.operation) for nest in steps) for use in buffer.uses
    )


def _row_type(buffer: SSAValue, depth: int, block: int = 0) -> tir.BufferType:
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


def _row_bytes(buffer: SSAValue, depth: int) -> int:
    """Return how much of a buffer a row touches at most, nominal where symbols decide it."""
    buffer_type = buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    return prod(map(nominal_size, buffer_type.shape[depth:])) * dtypes.size_bytes(buffer_type.dtype)


def _pays(rows: _Rows) -> bool:
    """Tell whether a step reads again what one before it read or wrote, and one reduces."""
    if not any(nest.reduce for nest in rows.steps):
        return False
    seen: set[SSAValue] = set()
    for nest in rows.steps:
        own = nest.stores[0].buffer
        if any(load.buffer in seen for load in nest.loads if load.buffer is not own):
            return True
        seen.update(load.buffer for load in nest.loads)
        seen.add(own)
    return False


class _InRow(Cloner):
    """Clones a step with its first axes fixed and the row's own buffers in place of the whole."""

    def __init__(
        self,
        block: Block,
        rows: _Rows,
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

    def __init__(self, rows: _Rows) -> None:
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
        for buffer, row_type in self.rows.temps.items():
            self.buffers[buffer] = self.alloc(row_type, buffer.name_hint)
        for buffer, other in self.rows.shared.items():
            self.buffers[buffer] = self.buffers.get(other, other)
        for nest in self.rows.steps:
            self.step(nest, fixed)

    def alloc(self, row_type: tir.BufferType, hint: str | None) -> SSAValue:
        """Append a stack buffer."""
        op = tir.AllocOp(row_type)
        op.buffer.name_hint = hint
        self.b.append(op)
        return op.buffer

    def step(self, nest: Nest, fixed: Sequence[IntExpr]) -> None:
        """Append one step. A sum of which the caller gets the result is summed up here first."""
        out = nest.stores[0].buffer
        if not nest.reduce or out in self.buffers:
            self.nest(nest, fixed, self.buffers)
            return
        row_type = _row_type(out, self.rows.depth, self.rows.block)
        row = self.alloc(row_type, out.name_hint)
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


def _fuse(func: tir.FuncOp, rows: _Rows) -> None:
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


def _groups(func: tir.FuncOp, target: Target) -> list[_Rows]:
    """Return the longest runs of steps that share a loop and gain by it."""
    statements = [nest_of(op) for op in func.body.block.ops if not isinstance(op, tir.AllocOp)]
    nests = [nest for nest in statements if nest is not None]
    blocks = _blocks_of(func, nests, target) if len(nests) == len(statements) > 1 else None
    if blocks is not None:
        return [blocks]
    found: list[_Rows] = []
    steps: list[Nest] = []

    def end() -> None:
        rows = _rows_of(func, steps, target) if len(steps) > 1 else None
        if rows is not None and _pays(rows):
            found.append(rows)
        steps.clear()

    for op in func.body.block.ops:
        if isinstance(op, tir.AllocOp):
            continue
        nest = nest_of(op)
        if nest is None or not works_in_rows(nest):
            end()
            continue
        if steps and depth_of([*steps, nest]) == 0:
            end()
        steps.append(nest)
    end()
    return found


@dataclass(frozen=True)
class FuseRowsPass(ModulePass):
    """See the module docstring."""

    name = "fuse-rows"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target = target_of(op) or Target("unknown")
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp):
                for rows in _groups(func, target):
                    _fuse(func, rows)
