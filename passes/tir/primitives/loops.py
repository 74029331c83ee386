"""Loops: split, fuse, reorder, add_unit_loop."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from xdsl.ir import Operation

from ....analysis.regions import child_blocks, context_bounds, enclosing_loops
from ....dialects import tir
from ....dialects.location import fuse_op_locations
from ....symbolic import IntExpr, as_expr, ceildiv, const, var
from .errors import describe
from .exchange import check_exchange
from .legality import Checks, reduce_loops
from .rewrite import (
    add_conditions,
    loop_vars,
    nested,
    new_loop,
    replace,
    simplify_bindings,
    substitute,
)


def split(loop: tir.ForOp, factors: Sequence[int | None]) -> list[tir.ForOp]:
    """Replace a loop by nested ones; return them, outermost first.

    for i in 17  ->  for i0 in 5 { for i1 in 4 { ... where 16 - i0 * 4 - i1 >= 0 } }
    """
    checks = Checks("split")
    checks.serial(loop)
    extent = loop.extent_expr()
    sizes = _sizes(checks, loop, factors, extent)
    total = as_expr(1)
    for size in sizes:
        total = total * size
    bounds = context_bounds(loop)
    exact = (total - extent).simplify(bounds) == 0
    if not exact:
        _check_guardable(checks, loop)
    name = loop.induction_var.name_hint or "i"
    loops = [new_loop(size, f"{name}{n}", loop.location) for n, size in enumerate(sizes)]
    merged = const(0)
    for part, size in zip(loop_vars(loops), sizes, strict=True):
        merged = merged * size + part
    blocks = child_blocks(loop)
    outermost = nested(loops, loop.body.block.ops)
    assert outermost is not None
    substitute(loop.induction_var, merged)
    replace(loop, outermost)
    if not exact:
        for block in blocks:
            add_conditions(block, [extent - 1 - merged])
    simplify_bindings(outermost)
    return loops


def _sizes(
    checks: Checks, loop: tir.ForOp, factors: Sequence[int | None], extent: IntExpr
) -> list[IntExpr]:
    """Return the extents of the new loops."""
    given = [f for f in factors if f is not None]
    if len(factors) < 2 or len(factors) - len(given) > 1 or any(f < 1 for f in given):
        checks.refuse(
            loop,
            f"found factors {list(factors)}, expected two or more positive ones, None at most once",
        )
    known = prod(given)
    if len(given) == len(factors):
        if not (known - extent).provably_ge0(context_bounds(loop)):
            checks.refuse(
                loop,
                f"the factors {list(factors)} make {known} iterations, fewer than the extent "
                f"{extent} of {describe(loop)}",
                "let one factor be None: it becomes what the others leave",
            )
        return [as_expr(f) for f in given]
    rest = ceildiv(extent, known)
    return [rest if f is None else as_expr(f) for f in factors]


def _check_guardable(checks: Checks, loop: tir.ForOp) -> None:
    """Check that all that happens inside happens in blocks, which take conditions."""
    pending: list[Operation] = [loop]
    while pending:
        for op in pending.pop().regions[0].block.ops:
            if isinstance(op, tir.ForOp):
                pending.append(op)
            elif not isinstance(op, tir.BlockOp | tir.AllocOp | tir.IndexValueOp):
                checks.refuse(
                    loop,
                    f"the factors do not divide the extent of {describe(loop)}, and it holds a "
                    f"{op.name} outside of blocks, which cannot bear the condition",
                    "use factors that divide",
                )


def fuse(loops: Sequence[tir.ForOp]) -> tir.ForOp:
    """Replace nested loops by one; return it.

    for i in 4 { for j in 8 { b(i, j) } }  ->  for f in 32 { b(f floordiv 8, f mod 8) }
    """
    checks = Checks("fuse")
    if len(loops) < 2:
        checks.refuse(loops[0] if loops else None, "expected two loops or more")
    for loop in loops:
        checks.serial(loop)
    for outer, inner in pairwise(loops):
        checks.only_child(outer, inner)
    check_rectangular(checks, loops)
    extents = [loop.extent_expr() for loop in loops]
    total = as_expr(1)
    for extent in extents:
        total = total * extent
    name = "_".join(loop.induction_var.name_hint or "i" for loop in loops) + "_fused"
    fused = new_loop(total, name, fuse_op_locations(loops))
    pieces = _unfused(var(fused.induction_var), extents)
    nested([fused], loops[-1].body.block.ops)
    for loop, piece in zip(loops, pieces, strict=True):
        substitute(loop.induction_var, piece)
    replace(loops[0], fused)
    simplify_bindings(fused)
    return fused


def _unfused(fused: IntExpr, extents: Sequence[IntExpr]) -> list[IntExpr]:
    """Return the values of the loops that were fused; all 0 where nothing runs."""
    if any(extent == 0 for extent in extents):
        return [const(0)] * len(extents)
    result: list[IntExpr] = []
    inner = as_expr(1)
    for position in reversed(range(len(extents))):
        piece = fused // inner
        result.append(piece % extents[position] if position else piece)
        inner = inner * extents[position]
    return result[::-1]


def check_rectangular(checks: Checks, loops: Sequence[tir.ForOp]) -> None:
    """Check that no loop's extent depends on another of the loops."""
    for loop in loops:
        free = loop.extent_expr().free_vars()
        for other in loops:
            if other.induction_var in free:
                checks.refuse(loop, f"the extent of {describe(loop)} depends on {describe(other)}")


def reorder(loops: Sequence[tir.ForOp]) -> None:
    """Let loops of one nest change places; between the outermost and innermost stands no other.

    for i { for j { b } }  ->  for j { for i { b } }
    """
    checks = Checks("reorder")
    if len(set(loops)) != len(loops) or not loops:
        checks.refuse(loops[0] if loops else None, "expected different loops, one or more")
    chain = _chain(checks, loops)
    check_rectangular(checks, chain)
    for block in child_blocks(chain[-1]):
        checks.complete_or_reduction(block)
        checks.affine(block)
        if block.init is not None:  # it must stay the first iteration in which it runs
            checks.separate(block, reduce_loops(block))
    for loop in chain:
        check_exchange(checks, loop)
    wanted = iter(loops)
    order = [next(wanted) if loop in loops else loop for loop in chain]
    _check_vectors_inside(checks, order)
    parent, place = chain[0].parent, chain[0].next_op
    assert parent is not None
    body = list(chain[-1].body.block.ops)
    for loop in chain:
        loop.detach()
    outermost = nested(order, body)
    assert outermost is not None
    if place is None:
        parent.add_op(outermost)
    else:
        parent.insert_op_before(outermost, place)


def _check_vectors_inside(checks: Checks, order: Sequence[tir.ForOp]) -> None:
    """Check that a vectorized loop is around no parallel and no other vectorized one."""
    kinds = [loop.kind.data for loop in order]
    for depth, kind in enumerate(kinds):
        inside = kinds[depth + 1 :]
        if kind is tir.ForKind.VECTORIZED and (kind in inside or tir.ForKind.PARALLEL in inside):
            checks.refuse(
                order[depth],
                f"{describe(order[depth])} is vectorized, and would be around a parallel or "
                "another vectorized loop",
            )


def _chain(checks: Checks, loops: Sequence[tir.ForOp]) -> list[tir.ForOp]:
    """Return the loops from the outermost to the innermost of those given."""
    by_depth = sorted(loops, key=lambda loop: len(enclosing_loops(loop)))
    outermost, innermost = by_depth[0], by_depth[-1]
    path = [*enclosing_loops(innermost), innermost]
    for loop in loops:
        if loop not in path:
            checks.refuse(
                loop,
                f"{describe(loop)} is not around {describe(innermost)}: loops that change places "
                "are in one nest",
            )
    chain = path[path.index(outermost) :]
    for outer, inner in pairwise(chain):
        checks.only_child(outer, inner)
    return chain


def add_unit_loop(op: tir.BlockOp | tir.ForOp) -> tir.ForOp:
    """Put a loop of one iteration around a block or loop; return it."""
    unit = new_loop(1, "u", op.location)
    parent = op.parent
    assert parent is not None
    parent.insert_op_before(unit, op)
    nested([unit], [op])
    return unit
