"""What blocks that share loops pass to each other, and whether it stays in one iteration."""

from __future__ import annotations

from xdsl.ir import SSAValue

from ....analysis.nests import Access, Write
from ....analysis.regions import (
    Ends,
    child_blocks,
    context_bounds,
    inner_ends,
    loops_between,
    over_loops,
    relax,
    written,
)
from ....dialects import tir
from ....symbolic import Bounds, IntExpr
from .errors import describe
from .legality import Checks, name_of


def is_private(buffer: SSAValue, loop: tir.ForOp) -> bool:
    """Tell whether each iteration of a loop has a buffer of its own.

    So it is with stack buffers that are used inside only: compact-buffers moves them there.
    """
    buffer_type = buffer.type
    assert isinstance(buffer_type, tir.BufferType)
    if buffer_type.scope != tir.STACK:
        return False
    return all(loop.is_ancestor(use.operation) for use in buffer.uses)


def check_exchange(checks: Checks, loop: tir.ForOp) -> None:
    """Check that what one block inside writes and another uses stays in one iteration."""
    if loop.extent_expr() == 1:
        return
    blocks = child_blocks(loop)
    for buffer in dict.fromkeys(b for block in blocks for b in written(block)):
        if is_private(buffer, loop):
            continue
        users = [b for b in blocks if _uses(b, buffer)]
        if len(users) > 1:
            _check_same_iteration(checks, loop, users, buffer)


def _uses(block: tir.BlockOp, buffer: SSAValue) -> bool:
    return any(block.is_ancestor(use.operation) for use in buffer.uses)


def _check_same_iteration(
    checks: Checks, loop: tir.ForOp, users: list[tir.BlockOp], buffer: SSAValue
) -> None:
    """Check that there is an axis on which each iteration has indices of its own."""
    if any(_disjoint(loop, users, buffer, axis) for axis in range(_rank(buffer))):
        return
    checks.refuse(
        loop,
        f"{' and '.join(describe(b) for b in users)} pass {name_of(buffer)} from one iteration of "
        f"{describe(loop)} to another (or that cannot be ruled out)",
        "keep what they pass in stack memory, or move them apart",
    )


def _rank(buffer: SSAValue) -> int:
    assert isinstance(buffer.type, tir.BufferType)
    return buffer.type.rank


def _disjoint(loop: tir.ForOp, users: list[tir.BlockOp], buffer: SSAValue, axis: int) -> bool:
    """Tell whether all indices on an axis are `c * loop + r`, the r less than c apart."""
    step: IntExpr | None = None
    ends: list[tuple[Ends, Bounds]] = []
    for block in users:
        for op in block.walk():
            if not isinstance(op, Access | Write) or op.buffer is not buffer:
                continue
            split = over_loops(op, block)[axis].coefficient(loop.induction_var)
            if split is None or (step is not None and split[0] is not step):
                return False
            step = split[0]
            bounds = context_bounds(op)
            found = relax(split[1], inner_ends(loops_between(loop, op)), bounds)
            if found is None:
                return False
            ends.append((found, bounds))
    if step is None:
        return False
    return all(
        (step - 1 - (b[1] - a[0])).provably_ge0(bounds) for a, bounds in ends for b, _ in ends
    )
