"""compute_inline and reverse_compute_inline: a block disappears into its readers or its source."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from xdsl.dialects import arith
from xdsl.ir import Block, Operation, SSAValue

from ....analysis.nests import Access, Write
from ....analysis.regions import accesses, child_blocks, memory_groups, read, shape_of, written
from ....dialects import tir
from ....dialects.location import fuse_locations
from ....dialects.tir.clone import Cloner, Exprs, inline_block_body
from ....symbolic import IntExpr, as_expr
from ..inline_blocks import GuardedBody
from .errors import describe
from .legality import Checks, block_around, covers, domain_of, index_variables, name_of
from .ranges import check_guards
from .rewrite import erase, erase_emptied, func_of


def compute_inline(block: tir.BlockOp) -> None:
    """Compute a complete block's elements where they are read; the block and its buffer go."""
    checks = Checks("compute_inline")
    checks.complete(block)
    store, places = checks.identity_store(block)
    buffer = store.buffer
    alloc = temporary(checks, block, buffer)
    _check_all_of(checks, block, places, buffer)
    check_guards(checks, block)
    loads = [use.operation for use in buffer.uses if isinstance(use.operation, Access)]
    loads = [op for op in func_of(block).walk() if op in loads and isinstance(op, Access)]
    if not loads:
        checks.refuse(block, f"nothing reads {name_of(buffer)}, which {describe(block)} writes")
    _check_sources(checks, block, loads)
    done: dict[Hashable, SSAValue] = {}
    for load in loads:
        reader = block_around(load)
        if reader is not None:
            reader.location = fuse_locations([block.location, reader.location])
        _inline_at(load, block, places, done)
    erase_emptied(block)
    erase(alloc)


def temporary(checks: Checks, block: tir.BlockOp, buffer: SSAValue) -> tir.AllocOp:
    """Check that a buffer is allocated in the kernel; return where."""
    if not isinstance(buffer.owner, tir.AllocOp):
        checks.refuse(
            block,
            f"{describe(block)} writes {name_of(buffer)}, an output of the kernel; expected a "
            "buffer that the kernel allocates",
        )
    return buffer.owner


def _check_all_of(
    checks: Checks, block: tir.BlockOp, places: Sequence[SSAValue | None], buffer: SSAValue
) -> None:
    """Check that a block's variables are the buffer's axes, in all of their extent."""
    others = [v for v in block.iter_vars if v not in places and domain_of(block, v) != 1]
    if others or not covers(block, places, buffer):
        checks.refuse(
            block, f"{describe(block)} does not compute all of {name_of(buffer)}, each element once"
        )


def _check_sources(checks: Checks, block: tir.BlockOp, loads: Iterable[Operation]) -> None:
    """Check that what a block reads is the same where its readers are."""
    func = func_of(block)
    groups = memory_groups(func)
    sources = {groups.get(b, b) for b in read(block)}
    blocks = child_blocks(func)
    later = blocks[blocks.index(block) + 1 :] if block in blocks else ()
    for other in later:
        clash = sources & {groups.get(b, b) for b in written(other)}
        if clash:
            checks.refuse(
                block,
                f"{describe(block)} reads {name_of(next(iter(clash)))}, which {describe(other)} "
                "overwrites before or while the block's result is read",
            )
    for load in loads:
        if block_around(load) is None:
            checks.refuse(load, "the buffer is read outside of blocks")


def _inline_at(
    load: Access,
    block: tir.BlockOp,
    places: Sequence[SSAValue | None],
    done: dict[Hashable, SSAValue],
) -> None:
    """Replace a load by the computation of the element."""
    assert load.parent is not None
    indices = load.exprs_over_values(load.indices)
    conditions: Exprs = ()
    default: SSAValue | None = None
    if isinstance(load, tir.PredicatedLoadOp):
        conditions = load.exprs_over_values(load.conditions)
        default = load.default
    key = (load.parent, indices, conditions, default)
    if key not in done:
        scratch = Block()
        inner = GuardedBody(scratch, conditions)
        values = {v: index for v, index in zip(places, indices, strict=True) if v is not None}
        inline_block_body(inner, block, [values.get(v, as_expr(0)) for v in block.iter_vars])
        assert inner.result is not None
        done[key] = inner.result
        if default is not None:
            holds = inner.append(tir.PredicateOp(conditions), load.location).results[0]
            chosen = arith.SelectOp(holds, inner.result, default)
            done[key] = inner.append(chosen, load.location).results[0]
        for op in list(scratch.ops):
            op.detach()
            load.parent.insert_op_before(op, load)
    load.result.replace_all_uses_with(done[key])
    erase(load)


class _Epilogue(Cloner):
    """Clones a consumer whose loads of one buffer are a value at hand."""

    def __init__(self, block: Block, buffer: SSAValue, value: SSAValue) -> None:
        super().__init__(block)
        self.buffer = buffer
        self.found = value

    def load(self, op: Access, indices: Exprs, conditions: Exprs) -> SSAValue:
        if op.buffer is self.buffer:
            return self.found
        return super().load(op, indices, conditions)


def reverse_compute_inline(block: tir.BlockOp) -> None:
    """Compute a complete block's elements where its one source is written; that buffer goes.

    The block reads the buffer at its own variables, and the buffer's only writer is complete.
    """
    checks = Checks("reverse_compute_inline")
    checks.complete(block)
    checks.identity_store(block)
    buffer, producer = _only_source(checks, block)
    checks.complete(producer)
    stores = [op for op in accesses(producer) if isinstance(op, Write)]
    store = stores[-1]
    if len(stores) != 1 or not isinstance(store, tir.StoreOp):
        checks.refuse(producer, f"{describe(producer)} does not write with one plain store")
    variables = _variables_at(checks, block, buffer)
    for use in buffer.uses:
        reader = block_around(use.operation)
        if reader not in (block, producer):
            checks.refuse(
                block, f"{describe(block)} is not the only block that reads {name_of(buffer)}"
            )
    _check_moves_up(checks, block, producer, buffer)
    indices = store.exprs_over_values(store.indices)
    mapping = {v: e for v, e in zip(variables, indices, strict=True) if v is not None}
    _append_at(store, block, buffer, mapping)
    producer.location = fuse_locations([producer.location, block.location])
    producer.properties["block_name"] = block.block_name
    erase(store)
    erase_emptied(block)
    assert isinstance(buffer.owner, tir.AllocOp)
    erase(buffer.owner)


def _only_source(checks: Checks, block: tir.BlockOp) -> tuple[SSAValue, tir.BlockOp]:
    """Return the one temporary that a block reads and another block writes, and that block."""
    found: list[tuple[SSAValue, tir.BlockOp]] = []
    for buffer in read(block):
        if not isinstance(buffer.owner, tir.AllocOp):
            continue
        writers = {
            block_around(use.operation): None
            for use in buffer.uses
            if isinstance(use.operation, Write)
        }
        found += [(buffer, writer) for writer in writers if writer is not None]
    if len(found) != 1:
        names = ", ".join(describe(writer) for _, writer in found) or "none"
        checks.refuse(
            block, f"{describe(block)} has {len(found)} producers ({names}), expected one"
        )
    return found[0]


def _variables_at(checks: Checks, block: tir.BlockOp, buffer: SSAValue) -> list[SSAValue | None]:
    """Check that a block reads a buffer at its variables; return them, axis by axis."""
    loads = [op for op in accesses(block) if isinstance(op, Access) and op.buffer is buffer]
    places = {
        tuple(p) if (p := index_variables(_indices(op), shape_of(buffer), block)) else None
        for op in loads
    }
    found = next(iter(places))
    whole = (
        len(places) == 1
        and found is not None
        and not any(isinstance(op, tir.PredicatedLoadOp) for op in loads)
    )
    missing = [v for v in block.iter_vars if v not in (found or ()) and domain_of(block, v) != 1]
    if not whole or found is None or missing or not covers(block, found, buffer):
        checks.refuse(
            block,
            f"{describe(block)} does not read each element of {name_of(buffer)} once, at its own "
            "variables",
            "compute_inline the producer instead",
        )
    return list(found)


def _indices(op: Access) -> tuple[IntExpr, ...]:
    return op.exprs_over_values(op.indices)


def _check_moves_up(
    checks: Checks, block: tir.BlockOp, producer: tir.BlockOp, buffer: SSAValue
) -> None:
    """Check that the block may run with its producer."""
    func = func_of(block)
    blocks = child_blocks(func)
    if producer not in blocks or block not in blocks:
        checks.refuse(block, f"{describe(block)} and {describe(producer)} are in different scopes")
    first, last = blocks.index(producer), blocks.index(block)
    checks.movable(block, blocks[first:last], ignored=[buffer])


def _append_at(
    store: tir.StoreOp, block: tir.BlockOp, buffer: SSAValue, mapping: Mapping[SSAValue, IntExpr]
) -> None:
    """Put a block's body in the place of a store, its variables replaced."""
    assert store.parent is not None
    scratch = Block()
    cloner = _Epilogue(scratch, buffer, store.value)
    inline_block_body(cloner, block, [mapping.get(v, as_expr(0)) for v in block.iter_vars])
    for op in list(scratch.ops):
        op.detach()
        store.parent.insert_op_before(op, store)
