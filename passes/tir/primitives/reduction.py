"""decompose_reduction: the init of a reduction in a block of its own."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from xdsl.ir import Block, Region

from ....analysis.regions import accesses, enclosing_loops, memory_groups, written
from ....dialects import tir
from ....dialects.tir.clone import Cloner
from ....symbolic import IntExpr, as_expr, var
from ..schedule.build import clone_region
from .errors import describe
from .legality import SPATIAL, Checks, name_of, reduce_loops
from .rewrite import (
    add_conditions,
    func_of,
    insert_before,
    nested,
    new_loop,
    simplify_bindings,
    unique_block_name,
)


def decompose_reduction(block: tir.BlockOp, loop: tir.ForOp) -> tir.BlockOp:
    """Make a reduction's init a block of its own before `loop`; return it.

    for i { for k { b init a } }  ->  for i { a' ; for k { b } }
    """
    checks = Checks("decompose_reduction")
    checks.reduction(block, needs_init=True)
    loops = enclosing_loops(block)
    if loop not in loops:
        checks.refuse(loop, f"{describe(loop)} is not around {describe(block)}")
    checks.affine(block)
    _check_init_alone(checks, block, loop)
    inside = loops[loops.index(loop) :]
    reducing = reduce_loops(block)
    checks.separate(block, reducing)
    for outer in loops[: loops.index(loop)]:
        if outer in reducing:
            checks.refuse(
                loop,
                f"{describe(outer)}, around {describe(loop)}, is in the binding of a reduce "
                f"variable of {describe(block)}",
                f"name {describe(outer)} or a loop outside of it",
            )
    init_block = _init_block(block, inside, reducing, loop)
    block.detach_region(1).erase()
    return init_block


def _check_init_alone(checks: Checks, block: tir.BlockOp, loop: tir.ForOp) -> None:
    """Check that nothing else inside the loop uses what the block writes."""
    groups = memory_groups(func_of(block))
    (buffer,) = written(block)
    target = groups.get(buffer, buffer)
    for access in accesses(loop):
        if block.is_ancestor(access) and access.buffer is buffer:
            continue
        if groups.get(access.buffer, access.buffer) is target:
            checks.refuse(
                loop,
                f"something inside {describe(loop)} besides {describe(block)} uses the memory of "
                f"{name_of(buffer)}, which the init would overwrite",
            )


def _init_block(
    block: tir.BlockOp,
    inside: Sequence[tir.ForOp],
    reducing: Sequence[tir.ForOp],
    loop: tir.ForOp,
) -> tir.BlockOp:
    """Insert the init's loops and block before `loop`."""
    assert block.init is not None
    zero: dict[Hashable, IntExpr | int] = {o.induction_var: 0 for o in reducing}
    copies: list[tir.ForOp] = []
    for old in inside:
        if old not in reducing:
            new = new_loop(
                old.extent_expr().substitute(zero),
                old.induction_var.name_hint,
                old.location,
                old.kind.data,
                old.attributes,
            )
            zero[old.induction_var] = var(new.induction_var)
            copies.append(new)
    bindings = [b.substitute(zero) for b in block.exprs_over_values(block.bindings)]
    domains = block.exprs_over_values(block.domains)
    rows = list(zip(block.kinds.data, domains, bindings, strict=True))
    spatial = [i for i, (kind, _, _) in enumerate(rows) if kind is SPATIAL]
    body = Block(arg_types=[tir.INDEX] * len(spatial))
    values = [as_expr(0)] * len(rows)
    for position, arg in zip(spatial, body.args, strict=True):
        arg.name_hint = block.iter_vars[position].name_hint
        values[position] = var(arg)
    clone_region(Cloner(body), block.init, values)
    name = unique_block_name(func_of(block), f"{block.block_name.data}_init")
    conditions = [c.substitute(zero) for c in block.exprs_over_values(block.conditions)]
    init_block = tir.BlockOp(name, [rows[i] for i in spatial], Region(body))
    init_block.location = block.location
    root = nested(copies, [init_block]) or init_block
    insert_before(root, loop, root.location)
    add_conditions(init_block, conditions)
    simplify_bindings(root)
    return init_block
