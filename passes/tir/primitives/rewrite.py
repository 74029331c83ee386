"""Changing loops and blocks where they stand, so that handles to them stay valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from xdsl.dialects.builtin import LocationAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ....analysis.regions import child_blocks, context_bounds
from ....dialects import tir
from ....symbolic import IntExpr, as_expr, var

Exprs = tuple[IntExpr, ...]


def set_exprs(op: tir.IndexedOp, changed: Mapping[str, Iterable[IntExpr]]) -> None:
    """Give an operation new expressions over SSA values; properties not named keep theirs."""
    held = {key: p for key, p in op.properties.items() if isinstance(p, tir.ExprsAttr)}
    exprs = {
        key: tuple(changed[key]) if key in changed else op.exprs_over_values(p)
        for key, p in held.items()
    }
    placed, operands = tir.positional(e for values in exprs.values() for e in values)
    leading = op.operands[: len(op.operands) - len(op.index_operands)]
    op.operands = [*leading, *operands]
    start = 0
    for key, values in exprs.items():
        op.properties[key] = tir.ExprsAttr(placed[start : start + len(values)])
        start += len(values)


def substitute(value: SSAValue, expr: IntExpr) -> None:
    """Replace an index value by an expression wherever it is used."""
    for op in dict.fromkeys(use.operation for use in value.uses):
        if isinstance(op, tir.IndexedOp):
            held = {key: p for key, p in op.properties.items() if isinstance(p, tir.ExprsAttr)}
            set_exprs(
                op,
                {
                    key: [e.substitute({value: expr}) for e in op.exprs_over_values(p)]
                    for key, p in held.items()
                },
            )
        if value in op.operands:
            index = tir.IndexValueOp(expr, tir.INDEX)
            insert_before(index, op, op.location)
            op.operands = [index.result if v is value else v for v in op.operands]


def insert_before(op: Operation, place: Operation, location: LocationAttr) -> None:
    """Insert a new, located operation before another."""
    assert place.parent is not None
    op.location = location
    place.parent.insert_op_before(op, place)


def insert_after(op: Operation, place: Operation, location: LocationAttr) -> None:
    """Insert a new, located operation after another."""
    assert place.parent is not None
    op.location = location
    place.parent.insert_op_after(op, place)


def new_loop(
    extent: IntExpr | int,
    name: str | None,
    location: LocationAttr,
    kind: tir.ForKind = tir.ForKind.SERIAL,
    attributes: Mapping[str, Attribute] | None = None,
) -> tir.ForOp:
    """Return a loop with an empty body."""
    body = Block(arg_types=[tir.INDEX])
    body.args[0].name_hint = name
    loop = tir.ForOp(as_expr(extent), Region(body), kind, dict(attributes or {}))
    loop.location = location
    return loop


def nested(loops: Sequence[tir.ForOp], ops: Iterable[Operation]) -> Operation | None:
    """Put loops into one another and `ops` into the innermost; return the outermost."""
    for outer, inner in pairwise(loops):
        outer.body.block.add_op(inner)
    for op in list(ops):
        if op.parent is not None:
            op.detach()
        if loops:
            loops[-1].body.block.add_op(op)
    return loops[0] if loops else None


def replace(op: Operation, new: Operation) -> None:
    """Put `new` in the place of `op`, which is erased."""
    assert op.parent is not None
    op.parent.insert_op_before(new, op)
    erase(op)


def erase(op: Operation) -> None:
    """Remove an operation for good."""
    op.detach()
    op.erase()


def erase_emptied(op: Operation) -> None:
    """Remove an operation, then every loop that is left without a body because of it."""
    parent = op.parent_op()
    erase(op)
    remove_empty(parent)


def remove_empty(op: Operation | None) -> None:
    """Remove `op` if it is a loop or block with an empty body, then what that leaves empty."""
    while isinstance(op, tir.ForOp | tir.BlockOp) and op.body.block.ops.first is None:
        parent = op.parent_op()
        erase(op)
        op = parent


def add_conditions(block: tir.BlockOp, conditions: Iterable[IntExpr]) -> None:
    """Add conditions that the loops do not prove, each once."""
    bounds = context_bounds(block)
    old = block.exprs_over_values(block.conditions)
    new = [c for c in conditions if c not in old and not c.provably_ge0(bounds)]
    set_exprs(block, {"conditions": [*old, *dict.fromkeys(new)]})


def simplify_bindings(root: Operation) -> None:
    """Simplify the bindings and conditions of the blocks in `root` by the loops' bounds.

    Variables of loops of one iteration stay: such a loop may be split or fused later.
    """
    blocks = (root,) if isinstance(root, tir.BlockOp) else child_blocks(root)
    for block in blocks:
        bounds = context_bounds(block)
        loose = {key: (lo, None if hi == 0 else hi) for key, (lo, hi) in bounds.items()}
        conditions = [c.simplify(loose) for c in block.exprs_over_values(block.conditions)]
        set_exprs(
            block,
            {
                "bindings": [b.simplify(loose) for b in block.exprs_over_values(block.bindings)],
                "conditions": dict.fromkeys(c for c in conditions if not c.provably_ge0(bounds)),
            },
        )


def loop_vars(loops: Iterable[tir.ForOp]) -> list[IntExpr]:
    """Return the loops' variables as expressions."""
    return [var(loop.induction_var) for loop in loops]


def func_of(op: Operation) -> tir.FuncOp:
    """Return the kernel that an operation is in."""
    parent: Operation | None = op
    while not isinstance(parent, tir.FuncOp):
        assert parent is not None, "a loop or block is in a kernel"
        parent = parent.parent_op()
    return parent


def unique_block_name(func: tir.FuncOp, name: str) -> str:
    """Return `name`, numbered where a block of the kernel has it."""
    taken = {op.block_name.data for op in func.walk() if isinstance(op, tir.BlockOp)}
    if name not in taken:
        return name
    return next(n for i in range(1, len(taken) + 2) if (n := f"{name}_{i}") not in taken)


def buffer_name(buffer: SSAValue) -> str:
    """Return how names of blocks call a buffer."""
    return buffer.name_hint or "buffer"
