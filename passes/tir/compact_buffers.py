"""compact-buffers: a stack buffer moves into the loops that use it and shrinks to what they use.

Rewrites   t = alloc [64, 64] ; for i { for j in 4 { t[i * 4 + j] = .. } ; for j in 4 { .. t[..] } }
into       for i { t = alloc [4] ; for j in 4 { t[j] = .. } ; for j in 4 { .. t[j] } }

Schedules name elements of a temporary by where they are in all of it; what one iteration of the
loops around all its uses touches is a box, by symbolic bounds. A buffer whose box is not of
constant extents keeps its shape. A box may be larger than the buffer: lanes that a condition turns
off still have their place in stack memory, which lower-blocks does not mask. What is large and
used by several top-level nests goes to global memory.

Needs:  scheduled blocks (apply-schedule, `tyrex.Schedule`); each iteration writes what it reads.
Leaves: block bodies that name outer loops: nothing is scheduled after this.
Why here: after all scheduling, before lower-blocks, which lets stack buffers be inside loops.
Source: TVM's PlanAndUpdateBufferAllocationLocation and CompactBufferAllocation, in one walk.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from ...analysis.nests import Access, Write
from ...analysis.regions import (
    Box,
    box_of,
    context_bounds,
    inner_ends,
    loops_between,
    over_loops,
    union,
)
from ...dialects import tir
from ...dialects.diagnostics import CompileError
from ...symbolic import IntExpr, const
from .primitives.legality import block_around
from .primitives.rewrite import func_of, insert_before, set_exprs

AnyAccess = Access | Write
MAX_STACK_BYTES = 1 << 16  # threads have little stack; what no loop makes smaller goes to memory


def compact(alloc: tir.AllocOp) -> None:
    """Move one allocation to the innermost loop around its uses; shrink it to their box."""
    uses = [u.operation for u in alloc.buffer.uses]
    accesses = [op for op in uses if isinstance(op, Access | Write)]
    if not accesses or len(accesses) != len(uses):
        return
    scope = _innermost_loop(alloc, accesses)
    box = union([_box(op, scope) for op in accesses])
    bounds = context_bounds(alloc) if scope is None else _bounds_inside(scope)
    starts = [lo for lo, _ in box]
    extents = [(hi - lo + 1).simplify(bounds) for lo, hi in box]
    shape = alloc.buffer_type.shape
    for axis, (extent, dim) in enumerate(zip(extents, shape, strict=True)):
        if not extent.is_constant:
            starts[axis], extents[axis] = const(0), dim
    _place(alloc, scope)
    if tuple(extents) != shape:
        alloc = _replace(alloc, alloc.buffer_type.with_shape(extents), accesses, starts)
    size = alloc.buffer_type.size_bytes()
    if scope is None and (size is None or size > MAX_STACK_BYTES):
        in_memory = tir.BufferType.of(extents, alloc.buffer_type.dtype)
        _replace(alloc, in_memory, accesses, [const(0)] * len(shape))
    elif size is None:
        text = ", ".join(str(dim) for dim in extents)
        raise CompileError(
            alloc,
            f"one iteration of the loops uses [{text}] elements of it: stack memory needs constant "
            "extents",
            hint='use scope "global", or split the loops by constants',
        )


def _innermost_loop(alloc: tir.AllocOp, accesses: Sequence[AnyAccess]) -> tir.ForOp | None:
    """Return the innermost loop, outside of vectors and blocks, around all uses; None: no loop."""
    chains = [_loops_from(alloc, op) for op in accesses]
    found: tir.ForOp | None = None
    for level in zip(*chains, strict=False):
        if any(loop is not level[0] for loop in level):
            break
        if level[0].kind.data is tir.ForKind.VECTORIZED:
            break
        found = level[0]
    return found


def _loops_from(alloc: tir.AllocOp, op: Operation) -> list[tir.ForOp]:
    """Return the loops between an allocation's place and an operation's block, outermost first."""
    found: list[tir.ForOp] = []
    parent = op.parent_op()
    while parent is not None and parent is not alloc.parent_op():
        if isinstance(parent, tir.ForOp):
            found.append(parent)
        elif not isinstance(parent, tir.IfOp):
            found.clear()  # loops inside of a block are not a place for allocations
        parent = parent.parent_op()
    return found[::-1]


def _bounds_inside(loop: tir.ForOp) -> dict[Hashable, tuple[IntExpr | int | None, IntExpr | None]]:
    return {**context_bounds(loop), loop.induction_var: (0, loop.extent_expr() - 1)}


def _box(op: AnyAccess, scope: tir.ForOp | None) -> Box:
    """Return what an access touches in one iteration of the loop `scope`."""
    outermost = block_around(op)
    indices = op.exprs_over_values(op.indices)
    if outermost is not None:
        indices = over_loops(op, outermost)
    inner = inner_ends(loops_between(scope or func_of(op), op))
    buffer_type = op.buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    return box_of(indices, buffer_type.shape, inner, context_bounds(op))


def _place(alloc: tir.AllocOp, scope: tir.ForOp | None) -> None:
    """Move an allocation to the start of a loop's body."""
    if scope is None:
        return
    alloc.detach()
    first = scope.body.block.ops.first
    assert first is not None, "the buffer's uses are inside"
    insert_before(alloc, first, alloc.location)


def _replace(
    alloc: tir.AllocOp,
    buffer_type: tir.BufferType,
    accesses: Sequence[AnyAccess],
    starts: Sequence[IntExpr],
) -> tir.AllocOp:
    """Replace a buffer by one of another type; its accesses count from `starts`."""
    new = tir.AllocOp(buffer_type)
    new.buffer.name_hint = alloc.buffer.name_hint
    insert_before(new, alloc, alloc.location)
    for op in accesses:
        indices = [
            index - start
            for index, start in zip(op.exprs_over_values(op.indices), starts, strict=True)
        ]
        op.operands = [new.buffer if value is alloc.buffer else value for value in op.operands]
        set_exprs(op, {"indices": indices})
    alloc.detach()
    alloc.erase()
    return new


@dataclass(frozen=True)
class CompactBuffersPass(ModulePass):
    """See the module docstring."""

    name = "compact-buffers"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp):
                for alloc in list(func.body.block.ops):
                    if isinstance(alloc, tir.AllocOp) and alloc.buffer_type.scope == tir.STACK:
                        compact(alloc)
