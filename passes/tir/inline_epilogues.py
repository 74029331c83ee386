"""inline-epilogues: a map after a block that writes several elements moves to where they are.

Rewrites   block { t[2 * i] = a ; t[2 * i + 1] = b } ; block { y[j] = f(t[j]) }
into       block { y[2 * i] = f(a) ; y[2 * i + 1] = f(b) }

For producers that write a tile at a time (the result transform of minimal filtering); those that
write one element are inlined into their readers by inline-blocks, and reductions take their
epilogue when they are scheduled.

Needs:  blocks inlined (inline-blocks).
Leaves: no temporary between such a block and the one map that reads all of it in place.
Why here: after inline-blocks, which makes one map of several; before schedule-default.
Source: TVM's reverse_compute_inline, for more than one store.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ...analysis.nests import Access, Nest, Write, nest_of, same_indices, statement_beside
from ...dialects import tir
from ...dialects.location import fuse_locations
from ...dialects.tir.clone import Cloner, Exprs, inline_block_body
from .inline_blocks import GuardedBody


class _Epilogue(GuardedBody):
    """Clones the map once, for one element that has just been computed."""

    def __init__(self, block: Block, conditions: Exprs, buffer: SSAValue, value: SSAValue) -> None:
        super().__init__(block, conditions)
        self.buffer = buffer
        self.element = value

    def load(self, op: Access, indices: Exprs, conditions: Exprs) -> SSAValue:
        if op.buffer is self.buffer:
            return self.element
        return super().load(op, indices, conditions)

    def store(
        self, op: tir.StoreOp | tir.PredicatedStoreOp, indices: Exprs, conditions: Exprs
    ) -> None:
        Cloner.store(self, op, indices, (*conditions, *self.conditions))


class _Fused(Cloner):
    """Clones the producer; where it stores an element the map runs on it."""

    def __init__(self, block: Block, buffer: SSAValue, reader: Nest) -> None:
        super().__init__(block)
        self.buffer = buffer
        self.reader = reader

    def store(
        self, op: tir.StoreOp | tir.PredicatedStoreOp, indices: Exprs, conditions: Exprs
    ) -> None:
        if op.buffer is not self.buffer:
            super().store(op, indices, conditions)
            return
        epilogue = _Epilogue(self.block, conditions, self.buffer, self.value(op.value))
        inline_block_body(epilogue, self.reader.block, indices)


def _reader_of(alloc: tir.AllocOp, producer: Operation) -> Nest | None:
    """Return the map beside the producer that alone reads a buffer, all of it, in place."""
    loads = [use.operation for use in alloc.buffer.uses if not isinstance(use.operation, Write)]
    roots = {statement_beside(op, alloc) for op in loads}
    root = roots.pop() if len(roots) == 1 else None
    reader = nest_of(root) if root is not None else None
    if reader is None or not reader.is_plain or not reader.is_flat or reader.reduce:
        return None
    whole = reader.extents == alloc.buffer_type.shape
    in_place = all(
        isinstance(op, tir.LoadOp) and same_indices(op, reader.block.iter_vars) for op in loads
    )
    follows = producer.next_op is reader.root
    return reader if whole and in_place and follows else None


def _producer_of(alloc: tir.AllocOp) -> Operation | None:
    """Return the statement with the one spatial block that stores a buffer, several at a time."""
    stores = [use.operation for use in alloc.buffer.uses if isinstance(use.operation, Write)]
    blocks = {op.parent_op() for op in stores}
    block = blocks.pop() if len(blocks) == 1 else None
    if not isinstance(block, tir.BlockOp) or len(stores) < 2:
        return None
    if any(kind is not tir.IterKind.SPATIAL for kind in block.kinds.data):
        return None
    return statement_beside(block, alloc)


def _fuse(alloc: tir.AllocOp) -> None:
    producer = _producer_of(alloc)
    reader = _reader_of(alloc, producer) if producer is not None else None
    if producer is None or reader is None:
        return
    block = producer.parent
    assert block is not None
    scratch = Block()
    _Fused(scratch, alloc.buffer, reader).clone([producer])
    copy = scratch.first_op
    assert copy is not None
    copy.detach()
    block.insert_op_before(copy, producer)
    copy.location = fuse_locations([producer.location, reader.block.location])
    for gone in (reader.root, producer, alloc):
        gone.detach()
        gone.erase()


@dataclass(frozen=True)
class InlineEpiloguesPass(ModulePass):
    """See the module docstring."""

    name = "inline-epilogues"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp):
                for alloc in [a for a in func.body.block.ops if isinstance(a, tir.AllocOp)]:
                    _fuse(alloc)
