"""cache_read and cache_write: a buffer is used through a copy in another memory."""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects.builtin import LocationAttr
from xdsl.ir import Block, Operation, Region, SSAValue

from ....analysis.nests import Access, Write
from ....analysis.regions import accesses, body_accesses, read, shape_of, statement_in, written
from ....dialects import tir
from ....symbolic import IntExpr, var
from .errors import describe
from .legality import SPATIAL, Checks, block_around, covers, index_variables, name_of
from .rewrite import (
    buffer_name,
    func_of,
    insert_after,
    insert_before,
    nested,
    new_loop,
    unique_block_name,
)

Iter = tuple[tir.IterKind, IntExpr, IntExpr]


def cache_read(block: tir.BlockOp, position: int, scope: str) -> tir.BlockOp:
    """Let every reader of a buffer read a copy; return the block that copies, before them all.

    Args:
        block: one of the readers.
        position: which of the buffers that it reads and does not write, by first load.
        scope: of the copy.
    """
    checks = Checks("cache_read")
    buffer = _pick(checks, block, read(block), position, "reads")
    _check_scope(checks, block, scope)
    func = func_of(block)
    loads = [
        op
        for op in accesses(func)
        if isinstance(op, Access) and op.buffer is buffer and not _writes(op, buffer)
    ]
    roots = [root for op in loads if (root := statement_in(op, func)) is not None]
    first = next(op for op in func.body.block.ops if op in roots)
    _check_written_before(checks, block, buffer, first)
    alloc = _new_buffer(func, buffer, scope, block.location)
    copy = _copy_nest(func, buffer, alloc.buffer, scope, block.location)
    insert_before(_root(copy), first, block.location)
    _redirect(loads, buffer, alloc.buffer)
    return copy


def cache_write(block: tir.BlockOp, position: int, scope: str) -> tir.BlockOp:
    """Let a block write a buffer of its own; return the block that copies it to the old one.

    Args:
        block: the only writer of the buffer.
        position: which of the buffers that it writes, by first store.
        scope: of the new buffer.
    """
    checks = Checks("cache_write")
    buffer = _pick(checks, block, written(block), position, "writes")
    _check_scope(checks, block, scope)
    checks.complete_or_reduction(block)
    checks.sole_writer(block)
    func = func_of(block)
    for op in body_accesses(block):
        if isinstance(op, Write) and op.buffer is buffer:
            places = index_variables(
                op.exprs_over_values(op.indices), shape_of(buffer), _innermost(op, block)
            )
            if places is None or not covers(_innermost(op, block), places, buffer):
                checks.refuse(
                    block,
                    f"{describe(block)} does not write all of {name_of(buffer)}, each element at "
                    "its own spatial variables",
                )
    root = statement_in(block, func)
    assert root is not None
    for op in accesses(root):
        if op.buffer is buffer and not block.is_ancestor(op):
            checks.refuse(
                block,
                f"{describe(block_around(op) or op)}, in one nest with {describe(block)}, uses "
                f"{name_of(buffer)}",
                "cache_write before reverse_compute_at and decompose_reduction",
            )
    alloc = _new_buffer(func, buffer, scope, block.location)
    _redirect([op for op in accesses(block) if op.buffer is buffer], buffer, alloc.buffer)
    copy = _copy_nest(func, alloc.buffer, buffer, scope, block.location)
    insert_after(_root(copy), root, block.location)
    return copy


def _pick(
    checks: Checks, block: tir.BlockOp, buffers: list[SSAValue], position: int, verb: str
) -> SSAValue:
    if not 0 <= position < len(buffers):
        names = ", ".join(name_of(b) for b in buffers) or "none"
        checks.refuse(
            block,
            f"{describe(block)} {verb} {len(buffers)} buffers ({names}); there is no number "
            f"{position}",
        )
    return buffers[position]


def _check_scope(checks: Checks, block: tir.BlockOp, scope: str) -> None:
    if scope not in (tir.GLOBAL, tir.STACK):
        checks.refuse(block, f'scope "{scope}" is unknown; use "{tir.GLOBAL}" or "{tir.STACK}"')


def _check_written_before(
    checks: Checks, block: tir.BlockOp, buffer: SSAValue, first: Operation
) -> None:
    """Check that a buffer is complete before the statement where it is read first."""
    func = func_of(block)
    ready = True
    for op in func.body.block.ops:
        ready = ready and op is not first
        if not ready and buffer in written(op):
            writer = next(a for a in accesses(op) if isinstance(a, Write) and a.buffer is buffer)
            checks.refuse(
                block,
                f"{describe(block_around(writer) or op)} writes {name_of(buffer)} after or while "
                "it is read",
                "cache_read before compute_at",
            )


def _writes(op: Access, buffer: SSAValue) -> bool:
    block = block_around(op)
    return block is not None and buffer in written(block)


def _innermost(op: Operation, block: tir.BlockOp) -> tir.BlockOp:
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, tir.BlockOp):
        parent = parent.parent_op()
    return parent or block


def _new_buffer(
    func: tir.FuncOp, like: SSAValue, scope: str, location: LocationAttr
) -> tir.AllocOp:
    """Insert an allocation at the start of the kernel."""
    assert isinstance(like.type, tir.BufferType)
    alloc = tir.AllocOp(tir.BufferType.of(like.type.shape, like.type.dtype, scope))
    alloc.buffer.name_hint = f"{buffer_name(like)}_{scope}"
    first = func.body.block.ops.first
    assert first is not None
    insert_before(alloc, first, location)
    return alloc


def _copy_nest(
    func: tir.FuncOp, source: SSAValue, target: SSAValue, scope: str, location: LocationAttr
) -> tir.BlockOp:
    """Return a block that copies a buffer, with loops around it that stand nowhere yet."""
    shape = shape_of(source)
    loops = [new_loop(dim, f"ax{n}", location) for n, dim in enumerate(shape)]
    body = Block(arg_types=[tir.INDEX] * len(shape))
    args = [var(arg) for arg in body.args]
    for n, arg in enumerate(body.args):
        arg.name_hint = f"v{n}"
    load = tir.LoadOp(source, args)
    store = tir.StoreOp(load.result, target, args)
    for op in (load, store):
        op.location = location
        body.add_op(op)
    original = source if isinstance(target.owner, tir.AllocOp) else target
    name = unique_block_name(func, f"{buffer_name(original)}_{scope}")
    iters: list[Iter] = [
        (SPATIAL, dim, var(loop.induction_var)) for dim, loop in zip(shape, loops, strict=True)
    ]
    block = tir.BlockOp(name, iters, Region(body))
    block.location = location
    nested(loops, [block])
    return block


def _root(op: Operation) -> Operation:
    while (parent := op.parent_op()) is not None:
        op = parent
    return op


def _redirect(ops: Iterable[Operation], old: SSAValue, new: SSAValue) -> None:
    for op in ops:
        op.operands = [new if value is old else value for value in op.operands]
