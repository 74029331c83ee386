"""compute_at and reverse_compute_at: a block runs under a loop of its consumer or producer."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.ir import Operation, SSAValue

from ....analysis.nests import Access
from ....analysis.regions import (
    accesses,
    child_blocks,
    enclosing_loops,
    read,
    statement_in,
    union,
    written,
)
from ....dialects import tir
from ....symbolic import IntExpr, var
from .errors import describe
from .legality import Checks, between, block_around, known_bounds, name_of
from .ranges import (
    Range,
    box_written,
    boxes_read,
    check_guards,
    check_threads,
    places_read,
    ranges_over,
    store_ranges,
    writers,
)
from .rewrite import (
    add_conditions,
    func_of,
    insert_after,
    insert_before,
    nested,
    new_loop,
    remove_empty,
    set_exprs,
    simplify_bindings,
)


def compute_at(block: tir.BlockOp, loop: tir.ForOp) -> None:
    """Move a producer under a loop, where it computes what one iteration reads."""
    checks = Checks("compute_at")
    checks.complete_or_reduction(block)
    checks.sole_writer(block)
    if len(written(block)) != 1:
        checks.refuse(block, f"{describe(block)} writes {len(written(block))} buffers, expected 1")
    store, places = checks.identity_store(block)
    buffer = store.buffer
    if not isinstance(buffer.owner, tir.AllocOp):
        checks.refuse(block, f"{describe(block)} writes {name_of(buffer)}, an output of the kernel")
    if loop in enclosing_loops(block):
        checks.refuse(block, f"{describe(block)} is inside {describe(loop)} already")
    readers = _readers(checks, block, loop, buffer)
    check_guards(checks, block)
    mine, its = _common_scope(checks, block, loop)
    checks.movable(
        block,
        [*_others(mine, block), *between(mine, its), *child_blocks(its)],
        ignored=[buffer],
    )
    box = union([b for reader in readers for b in boxes_read(reader, loop, buffer)])
    bounds = known_bounds(loop)
    ranges = ranges_over(block, places, box, bounds)
    check_threads(checks, block, loop, buffer, [None if v is None else ranges[v] for v in places])
    first = next(op for op in loop.body.block.ops if any(_holds(op, r) for r in readers))
    _move(block, loop, ranges, first, before=True)


def reverse_compute_at(block: tir.BlockOp, loop: tir.ForOp) -> None:
    """Move a consumer under a loop, where it takes what one iteration has written."""
    checks = Checks("reverse_compute_at")
    checks.complete_or_reduction(block)
    checks.sole_writer(block)
    if loop in enclosing_loops(block):
        checks.refuse(block, f"{describe(block)} is inside {describe(loop)} already")
    check_guards(checks, block)
    sources = [b for b in read(block) if any(_holds(loop, w) for w in writers(b))]
    if not sources:
        checks.refuse(
            block, f"{describe(block)} reads nothing that is written inside {describe(loop)}"
        )
    its, mine = _common_scope(checks, loop, block)
    checks.movable(
        block,
        [*child_blocks(its), *between(its, mine), *_others(mine, block)],
        ignored=sources,
    )
    bounds = known_bounds(loop)
    ranges: dict[SSAValue, Range] = {}
    for buffer in sources:
        box = box_written(checks, block, loop, buffer)
        places = places_read(checks, block, buffer)
        for value, found in ranges_over(block, places, box, bounds).items():
            if value not in places:
                continue
            if ranges.setdefault(value, found) != found:
                checks.refuse(
                    block,
                    f"{describe(block)} reads buffers of which one iteration of {describe(loop)} "
                    "writes different parts",
                )
    for value, full in ranges_over(block, (), (), bounds).items():
        ranges.setdefault(value, full)
    for buffer in written(block):
        check_threads(checks, block, loop, buffer, store_ranges(block, buffer, ranges))
    inside = [w for buffer in sources for w in writers(buffer)]
    last = [op for op in loop.body.block.ops if any(_holds(op, w) for w in inside)][-1]
    _move(block, loop, ranges, last, before=False)


# -- checks ----------------------------------------------------------------------------------


def _readers(
    checks: Checks, block: tir.BlockOp, loop: tir.ForOp, buffer: SSAValue
) -> list[tir.BlockOp]:
    """Check that all consumers are inside the loop; return them."""
    found: list[tir.BlockOp] = []
    for op in accesses(func_of(block)):
        if not isinstance(op, Access) or op.buffer is not buffer or block.is_ancestor(op):
            continue
        reader = block_around(op)
        if reader is None or not loop.is_ancestor(reader):
            checks.refuse(
                block,
                f"{describe(reader or op)} reads {name_of(buffer)} outside of {describe(loop)}",
                "name a loop around all consumers",
            )
        if reader not in found:
            found.append(reader)
    if not found:
        checks.refuse(block, f"nothing reads {name_of(buffer)}, which {describe(block)} writes")
    return found


def _common_scope(checks: Checks, first: Operation, last: Operation) -> tuple[Operation, Operation]:
    """Return the statements, beside each other, that hold two operations; they are in order."""
    scope = first.parent_op()
    while scope is not None and not scope.is_ancestor(last):
        scope = scope.parent_op()
    assert scope is not None, "two operations of a kernel are in it"
    one, other = statement_in(first, scope), statement_in(last, scope)
    assert one is not None
    assert other is not None
    if one is other or not one.is_before_in_block(other):
        checks.refuse(last, f"{describe(last)} does not come after {describe(first)}")
    return one, other


def _others(statement: Operation, block: tir.BlockOp) -> list[tir.BlockOp]:
    """Return the blocks that share a statement with a block."""
    found = [statement] if isinstance(statement, tir.BlockOp) else child_blocks(statement)
    return [b for b in found if b is not block]


# -- the move --------------------------------------------------------------------------------


def _holds(op: Operation, block: tir.BlockOp) -> bool:
    return op is block or op.is_ancestor(block)


def _move(
    block: tir.BlockOp,
    loop: tir.ForOp,
    ranges: Mapping[SSAValue, Range],
    place: Operation,
    before: bool,
) -> None:
    """Put a block, in new loops over its ranges, beside a statement of the loop's body."""
    old = block.parent_op()
    block.detach()
    loops: list[tir.ForOp] = []
    bindings: list[IntExpr] = []
    conditions: list[IntExpr] = []
    domains = block.exprs_over_values(block.domains)
    for value, domain in zip(block.iter_vars, domains, strict=True):
        found = ranges[value]
        binding = found.start
        if found.extent != 1:
            new = new_loop(found.extent, f"ax{len(loops)}", block.location)
            loops.append(new)
            binding = binding + var(new.induction_var)
        bindings.append(binding)
        conditions += [binding, domain - 1 - binding]
        if found.last is not None:
            conditions.append(found.last - binding)
    root = nested(loops, [block]) or block
    (insert_before if before else insert_after)(root, place, root.location)
    set_exprs(block, {"bindings": bindings, "conditions": ()})
    add_conditions(block, conditions)
    simplify_bindings(root)
    remove_empty(old)
