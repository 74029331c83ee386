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

Where sums run across rows (a softmax along an axis that is not the last) it is slabs that share a
loop, if the cache holds one but not all of them.

Needs:  kernels as compute definitions with blocks inlined (inline-blocks).
Leaves: parallel loops around nests; stack buffers whose last axis has room for a whole vector.
Why here: after inlining, which leaves the steps that a row needs; before schedule-default, which
        schedules what is in a parallel loop for one thread.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ...analysis.nests import Nest, nest_of, same_indices
from ...analysis.nominal import nominal_size
from ...analysis.op_patterns import has_reuse
from ...analysis.rows import (
    depth_of,
    own_axes,
    shared_bytes,
    symbolic_axes,
    works_in_blocks,
    works_in_rows,
    works_in_slabs,
)
from ...dialects import dtypes, tir
from ...dialects.target import Target, target_of
from .row_loops import Rows, fuse_steps, is_local, row_type

MAX_STACK_BYTES = 1 << 16  # threads have little stack; longer rows would leave the caches, too
# Rows of a block: fewer would leave tiles without reuse. Six rows of four vectors are the tile of
# all products whose columns are not few, on 32 registers.
BLOCK_ROWS = (24, 12, 6, 4)
FEW_ROWS = 8  # with so few rows a block may be larger than half of the first-level cache
MAX_BLOCK_BYTES = 1 << 16  # threads have little stack
MAX_SMALL_BYTES = 1 << 14  # of what a step hands on in a slab: a few of them are on the stack
SLABS_OF_CORE = 2


def _rows_of(func: tir.FuncOp, steps: Sequence[Nest], target: Target) -> Rows | None:
    """Return how steps share a loop over rows, None where they cannot, or rows are too long."""
    depth = _unaliased_depth(func, steps)
    sums = [nest.stores[0].buffer for nest in steps if nest.reduce]
    if depth == 0 or not all(_is_known(buffer, depth) for buffer in sums):
        return None
    local = [b for nest in steps if is_local(b := nest.stores[0].buffer, steps)]
    temps = {buffer: row_type(buffer, depth) for buffer in local if _is_known(buffer, depth)}
    if sum(t.size_bytes() or 0 for t in temps.values()) > MAX_STACK_BYTES:
        return None
    touched = {op.buffer for nest in steps for op in (*nest.loads, *nest.stores)} - set(temps)
    if sum(_row_bytes(buffer, depth) for buffer in touched) > target.l2_bytes // 2:
        return None
    outputs = set[SSAValue]() if func.aliases() else set(func.outputs)
    unknown = set(local) - set(temps)
    return Rows(tuple(steps), depth, temps, shared=_in_outputs(steps, unknown, outputs))


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


def _blocks_of(func: tir.FuncOp, steps: Sequence[Nest], target: Target) -> Rows | None:
    """Return how all steps of a kernel share a loop over blocks of rows, None where they cannot."""
    if not all(works_in_blocks(nest) for nest in steps):
        return None
    products = [nest for nest in steps if nest.reduce and has_reuse(nest)]
    if not products or len(products) == len([nest for nest in steps if nest.reduce]):
        return None
    depth = _unaliased_depth(func, steps)
    if depth <= max(map(symbolic_axes, steps)):
        return None
    if shared_bytes(steps, depth) > target.l2_bytes // 2:
        return None
    local = [b for nest in steps if is_local(b := nest.stores[0].buffer, steps)]
    shared = _in_place_of(steps, local)
    in_registers = {b for b in local if _is_in_tiles(b, steps)}
    row_bytes = sum(
        row_type(buffer, depth).size_bytes() or 0
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
    temps = {buffer: row_type(buffer, depth - 1, rows) for buffer in local if buffer not in shared}
    return Rows(tuple(steps), depth - 1, temps, rows, shared)


def _slabs_of(func: tir.FuncOp, steps: Sequence[Nest], target: Target) -> Rows | None:
    """Return how all steps of a kernel share a loop over slabs, None where they do not.

    A softmax along an axis that is not the last one reads a slab from memory once, then from the
    cache, where that does not hold all of them. There have to be slabs for every thread.
    """
    in_rows = any(nest.reduce and works_in_rows(nest) for nest in steps)
    if in_rows or not all(works_in_slabs(nest) for nest in steps):
        return None
    depth = min(_unaliased_depth(func, steps), *(nest.spatial[-1] for nest in steps))
    slabs = prod(map(nominal_size, steps[0].extents[:depth]))
    if depth == 0 or slabs < SLABS_OF_CORE * target.cores:
        return None
    local = [b for nest in steps if is_local(b := nest.stores[0].buffer, steps)]
    small = [b for b in local if _is_known(b, depth) and _row_bytes(b, depth) <= MAX_SMALL_BYTES]
    temps = {buffer: row_type(buffer, depth) for buffer in small}
    outputs = set[SSAValue]() if func.aliases() else set(func.outputs)
    shared = _in_outputs(steps, set(local) - set(small), outputs)
    touched = {b for nest in steps for b in _touched(nest, stores=True)} - {*temps, *shared}
    slab_bytes = sum(_row_bytes(buffer, depth) for buffer in touched)
    if not slab_bytes <= target.l2_bytes // 2 < slab_bytes * slabs:
        return None
    sums = [nest.stores[0].buffer for nest in steps if nest.reduce]
    if not all(buffer in temps or _row_bytes(buffer, depth) <= MAX_SMALL_BYTES for buffer in sums):
        return None
    if sum(t.size_bytes() or 0 for t in temps.values()) > MAX_STACK_BYTES:
        return None
    rows = Rows(tuple(steps), depth, temps, shared=shared)
    return rows if _pays(rows) else None


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


def _row_bytes(buffer: SSAValue, depth: int) -> int:
    """Return how much of a buffer a row touches at most, nominal where symbols decide it."""
    buffer_type = buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    return prod(map(nominal_size, buffer_type.shape[depth:])) * dtypes.size_bytes(buffer_type.dtype)


def _pays(rows: Rows) -> bool:
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


def _groups(func: tir.FuncOp, target: Target) -> list[Rows]:
    """Return the longest runs of steps that share a loop and gain by it."""
    statements = [nest_of(op) for op in func.body.block.ops if not isinstance(op, tir.AllocOp)]
    nests = [nest for nest in statements if nest is not None]
    blocks = _blocks_of(func, nests, target) if len(nests) == len(statements) > 1 else None
    slabs = _slabs_of(func, nests, target) if len(nests) == len(statements) > 1 else None
    if blocks is not None or slabs is not None:
        return [rows for rows in (blocks or slabs,) if rows is not None]
    found: list[Rows] = []
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
                    fuse_steps(func, rows)
