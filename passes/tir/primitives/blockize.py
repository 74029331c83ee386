"""blockize: what is inside a loop becomes one block, whose variables count whole tiles."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from xdsl.ir import Block, Operation, Region, SSAValue

from ....dialects import tir
from ....dialects.tir.clone import Cloner
from ....symbolic import IntExpr, as_expr, ceildiv, const, var
from ..schedule.build import clone_region
from .errors import describe
from .legality import REDUCE, SPATIAL, Checks
from .rewrite import func_of, insert_before, nested, new_loop, set_exprs, unique_block_name

Iter = tuple[tir.IterKind, IntExpr, IntExpr]


@dataclass(frozen=True)
class Part:
    """A binding as `tile * size + inside`, `inside` over the loops of the tile."""

    kind: tir.IterKind
    domain: IntExpr
    tile: IntExpr
    inside: IntExpr
    size: int

    @property
    def tiles(self) -> IntExpr:
        """The number of tiles."""
        return ceildiv(self.domain, self.size)


def nest_inside(checks: Checks, loop: tir.ForOp) -> tuple[list[tir.ForOp], tir.BlockOp]:
    """Check that a loop is around one block and nothing else; return its loops and the block."""
    loops: list[tir.ForOp] = []
    op: Operation = loop
    while isinstance(op, tir.ForOp):
        loops.append(op)
        ops = list(op.body.block.ops)
        if len(ops) != 1:
            checks.refuse(op, f"{describe(op)} holds {len(ops)} operations, expected one")
        op = ops[0]
    if not isinstance(op, tir.BlockOp):
        checks.refuse(op, f"found {op.name} inside the loops, expected a block")
    return loops, op


def parts_of(checks: Checks, loops: Sequence[tir.ForOp], block: tir.BlockOp) -> list[Part]:
    """Check that a block's bindings are tiles and positions in them; return both."""
    checks.complete_or_reduction(block)
    checks.affine(block)
    inner = {loop.induction_var for loop in loops}
    for condition in block.exprs_over_values(block.conditions):
        if inner & set(condition.free_vars()):
            checks.refuse(
                block,
                f"{describe(block)} has a condition on the loops inside: the tiles are not whole",
                "split by factors that divide, or pad_einsum first",
            )
    rows = zip(
        block.kinds.data,
        block.exprs_over_values(block.domains),
        block.exprs_over_values(block.bindings),
        strict=True,
    )
    return [_part(checks, block, loops, *row) for row in rows]


def _part(
    checks: Checks,
    block: tir.BlockOp,
    loops: Sequence[tir.ForOp],
    kind: tir.IterKind,
    domain: IntExpr,
    binding: IntExpr,
) -> Part:
    inside = const(0)
    size = 1
    for loop in loops:
        variable = loop.induction_var
        split = binding.coefficient(variable)
        if split is None or not split[0].is_constant or not loop.extent_expr().is_constant:
            checks.refuse(
                block, f"{describe(loop)} is in the bindings of {describe(block)} other than once"
            )
        step = split[0].constant
        inside = inside + var(variable) * step
        size += step * (loop.extent_expr().constant_value - 1) if step else 0
    tile = binding - inside
    used = [loop for loop in loops if loop.induction_var in inside.free_vars()]
    count = 1
    for loop in used:
        count *= loop.extent_expr().constant_value
    if count != size or not tile.is_multiple_of(size):
        checks.refuse(
            block,
            f"the binding {binding} of {describe(block)} is not `tile * {count} + position`",
            "name a loop whose tiles are contiguous and aligned",
        )
    return Part(kind, domain, tile // size, inside, size)


def blockize(loop: tir.ForOp) -> tir.BlockOp:
    """Make what is inside a loop, itself included, one block; return it.

    for i, j { b (v = i * 4 + j) }  ->  for i { block (o = i) { for j { b (v = o * 4 + j) } } }
    """
    checks = Checks("blockize")
    loops, block = nest_inside(checks, loop)
    for inside in loops:
        checks.serial(inside)
    parts = parts_of(checks, loops, block)
    split_init = block.init is not None and any(p.kind is REDUCE and p.tiles != 1 for p in parts)
    iters: list[Iter] = [
        (SPATIAL if p.kind is REDUCE and p.tiles == 1 else p.kind, p.tiles, p.tile) for p in parts
    ]
    body = Block(arg_types=[tir.INDEX] * len(parts))
    for arg, value in zip(body.args, block.iter_vars, strict=True):
        arg.name_hint = f"{value.name_hint or 'v'}_o"
    init = _init_region(block, loops, parts) if split_init else None
    name = unique_block_name(func_of(block), f"{block.block_name.data}_o")
    conditions = block.exprs_over_values(block.conditions)
    outer = tir.BlockOp(name, iters, Region(body), init, conditions)
    insert_before(outer, loop, block.location)
    loop.detach()
    body.add_op(loop)
    set_exprs(block, {"bindings": _bindings(parts, body.args), "conditions": ()})
    if split_init:
        block.detach_region(1).erase()
    return outer


def _bindings(parts: Sequence[Part], tiles: Sequence[SSAValue]) -> list[IntExpr]:
    return [var(tile) * p.size + p.inside for p, tile in zip(parts, tiles, strict=True)]


def _init_region(block: tir.BlockOp, loops: Sequence[tir.ForOp], parts: Sequence[Part]) -> Region:
    """Return the init of the whole tile."""
    assert block.init is not None
    region = Block(arg_types=[tir.INDEX] * len(parts))
    spatial = [i for i, p in enumerate(parts) if p.kind is SPATIAL]
    used = {key for i in spatial for key in parts[i].inside.free_vars()}
    values: dict[Hashable, IntExpr | int] = {}
    copies: list[tir.ForOp] = []
    for loop in loops:
        if loop.induction_var in used:
            new = new_loop(loop.extent_expr(), loop.induction_var.name_hint, loop.location)
            values[loop.induction_var] = var(new.induction_var)
            copies.append(new)
    bindings = _bindings(parts, region.args)
    iters: list[Iter] = [
        (SPATIAL, parts[i].domain, bindings[i].substitute(values)) for i in spatial
    ]
    body = Block(arg_types=[tir.INDEX] * len(spatial))
    own = [as_expr(0)] * len(parts)
    for position, arg in zip(spatial, body.args, strict=True):
        own[position] = var(arg)
    clone_region(Cloner(body), block.init, own)
    name = unique_block_name(func_of(block), f"{block.block_name.data}_init")
    init = tir.BlockOp(name, iters, Region(body))
    init.location = block.location
    region.add_op(nested(copies, [init]) or init)
    return Region(region)
