"""inline-blocks: a buffer that one mapping block fills disappears into its readers.

Rewrites   block { t[i] = f(x[i]) } ; block { y[j] = g(t[e(j)]) }
into       block { y[j] = g(f(x[e(j)])) }

A producer is inlined when it only maps elements (spatial variables, straight-line code, one store
at its own variables) and computing it again is cheap: its only reader is a block that reads
it at one place, no element twice, or it only moves elements (transpose, pad, slice, cast).

Needs:  kernels as compute definitions (legalize-ops, fuse-tir).
Leaves: no temporary between mapping blocks; reductions and their epilogues stay blocks.
Why here: before schedule-default, which sees one block per pass over memory.
Source: TVM's compute_inline (src/s_tir/schedule/primitive/compute_inline.cc), the idea.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ...analysis.nests import Access, Nest, Write, nest_of, same_indices, statement_beside
from ...dialects import tir
from ...dialects.location import fuse_locations
from ...dialects.tir.clone import (
    DIVISIONS,
    Cloner,
    Exprs,
    clone_division,
    inline_block_body,
    zero_constant,
)

# Operations whose repetition costs nothing beside the load they follow.
_MOVES = (
    arith.ConstantOp,
    arith.ExtFOp,
    arith.TruncFOp,
    arith.ExtSIOp,
    arith.ExtUIOp,
    arith.TruncIOp,
    tir.LoadOp,
    tir.PredicatedLoadOp,
    tir.StoreOp,
)


class _Inliner(Cloner):
    """Clones a consumer with the loads of one buffer replaced by its producer's computation."""

    def __init__(self, block: Block, producer: Nest, buffer: SSAValue) -> None:
        super().__init__(block)
        self.producer = producer
        self.buffer = buffer
        self._done: dict[Hashable, SSAValue] = {}

    def load(self, op: Access, indices: Exprs, conditions: Exprs) -> SSAValue:
        if op.buffer is not self.buffer:
            return super().load(op, indices, conditions)
        default = self.value(op.default) if isinstance(op, tir.PredicatedLoadOp) else None
        key = (self.block, indices, conditions, default)
        if key not in self._done:
            self._done[key] = self._compute(op, indices, conditions, default)
        return self._done[key]

    def _compute(
        self, op: Access, indices: Exprs, conditions: Exprs, default: SSAValue | None
    ) -> SSAValue:
        inner = GuardedBody(self.block, conditions)
        inline_block_body(inner, self.producer.block, indices)
        assert inner.result is not None
        if default is None:
            return inner.result
        location = op.location
        holds = self.append(tir.PredicateOp(conditions), location).results[0]
        chosen = arith.SelectOp(holds, inner.result, default)
        return self.append(chosen, location).results[0]


class GuardedBody(Cloner):
    """Clones a producer: its store is the result, its loads touch memory under conditions only."""

    def __init__(self, block: Block, conditions: Exprs) -> None:
        super().__init__(block)
        self.conditions = conditions
        self.result: SSAValue | None = None

    def clone_op(self, op: Operation) -> None:
        if isinstance(op, DIVISIONS):
            clone_division(self, op, self.conditions)
        else:
            super().clone_op(op)

    def load(self, op: Access, indices: Exprs, conditions: Exprs) -> SSAValue:
        if not self.conditions or isinstance(op, tir.PredicatedLoadOp):
            return super().load(op, indices, (*conditions, *self.conditions))
        zero = self.append(zero_constant(op.result), op.location).results[0]
        guarded = tir.PredicatedLoadOp(
            self.value(op.buffer), indices, (*conditions, *self.conditions), zero
        )
        return self.append(guarded, op.location).results[0]

    def store(
        self, op: tir.StoreOp | tir.PredicatedStoreOp, indices: Exprs, conditions: Exprs
    ) -> None:
        self.result = self.value(op.value)


def _producer_of(alloc: tir.AllocOp) -> tuple[Nest, list[Access]] | None:
    """Return the one nest that writes a buffer and the loads that read it, if inlinable."""
    loads: list[Access] = []
    stores: list[Operation] = []
    for use in alloc.buffer.uses:
        if isinstance(use.operation, Access):
            loads.append(use.operation)
        else:
            stores.append(use.operation)
    if len(stores) != 1 or not loads:
        return None
    root = statement_beside(stores[0], alloc)
    producer = nest_of(root) if root is not None else None
    if producer is None or not producer.is_plain or not producer.writes_identity():
        return None
    if producer.reduce or len(producer.spatial) != len(producer.loops):
        return None
    return producer, loads


def _worth_it(producer: Nest, readers: Sequence[tuple[Nest, int]]) -> bool:
    """Tell whether inlining does not multiply work: see the module docstring."""
    if all(isinstance(op, _MOVES) for op in producer.block.body.block.ops):
        # Borders are tested once per copy; a stencil would test them at each of its places.
        has_borders = any(isinstance(load, tir.PredicatedLoadOp) for load in producer.loads)
        return not has_borders or all(count == 1 for _, count in readers)
    return len(readers) == 1 and readers[0][1] == 1 and _reads_once(readers[0][0], producer)


def _reads_once(reader: Nest, producer: Nest) -> bool:
    """Tell whether no element is read in several iterations, as a broadcast or a product does.

    Windows of a reduction may overlap, so there every index must be a variable of its own.
    """
    own = [v for v, n in zip(reader.block.iter_vars, reader.extents, strict=True) if n != 1]
    target = producer.stores[0].buffer
    load = next(load for load in reader.loads if load.buffer is target)
    indices = load.exprs_over_values(load.indices)
    used = {key for index in indices for key in index.free_vars()}
    if any(variable not in used for variable in own):
        return False
    return not reader.reduce or all(i.is_constant or i.as_var() is not None for i in indices)


def _distinct_places(loads: Sequence[Access]) -> int:
    return len({(op.exprs_over_values(op.indices), op.parent) for op in loads})


def _read_conflicts(func: tir.FuncOp, producer: Nest, readers: Sequence[Operation]) -> bool:
    """Tell whether something the producer reads is written between it and a reader."""
    sources = {load.buffer for load in producer.loads}
    updated = {func.outputs[o] for i, o in func.aliases() if func.inputs[i] in sources}
    in_place = _update_in_place(func, producer, readers)
    op: Operation | None = producer.root.next_op
    remaining = set(readers)
    while op is not None and remaining:
        remaining.discard(op)
        if any(
            write.buffer in sources or (write.buffer in updated and op is not in_place)
            for write in op.walk()
            if isinstance(write, Write)
        ):
            return True
        op = op.next_op
    return False


def _update_in_place(
    func: tir.FuncOp, producer: Nest, readers: Sequence[Operation]
) -> Operation | None:
    """Return the only reader if it may write over what the producer reads, else None.

    It may where each of its iterations reads, through the producer, the element that it writes.
    """
    reader = nest_of(readers[0]) if len(readers) == 1 else None
    if reader is None or reader.reduce or not reader.is_plain or not reader.writes_identity():
        return None
    inputs = {func.inputs[i] for i, _ in func.aliases()}
    target = producer.stores[0].buffer
    same = all(
        same_indices(load, nest.block.iter_vars)
        for nest, buffers in ((producer, inputs), (reader, {target}))
        for load in nest.loads
        if load.buffer in buffers
    )
    return readers[0] if same else None


def _inline(func: tir.FuncOp, alloc: tir.AllocOp) -> bool:
    """Inline the producer of one buffer; tell whether it was."""
    found = _producer_of(alloc)
    if found is None:
        return False
    producer, loads = found
    by_root: dict[Operation, list[Access]] = {}
    for load in loads:
        root = statement_beside(load, alloc)
        if root is None:
            return False
        by_root.setdefault(root, []).append(load)
    nests = [(nest_of(root), _distinct_places(group)) for root, group in by_root.items()]
    readers = [(nest, count) for nest, count in nests if nest is not None]
    if len(readers) != len(nests) or not _worth_it(producer, readers):
        return False
    if _read_conflicts(func, producer, list(by_root)):
        return False
    for reader, _ in readers:
        _replace(reader, producer, alloc)
    producer.root.detach()
    producer.root.erase()
    alloc.detach()
    alloc.erase()
    return True


def _replace(reader: Nest, producer: Nest, alloc: tir.AllocOp) -> None:
    block = reader.root.parent
    assert block is not None
    scratch = Block()
    cloner = _Inliner(scratch, producer, alloc.buffer)
    cloner.clone([reader.root])
    copy = scratch.first_op
    assert copy is not None
    copy.detach()
    block.insert_op_before(copy, reader.root)
    merged = nest_of(copy)
    assert merged is not None, "a cloned nest is a nest"
    location = fuse_locations([producer.block.location, reader.block.location])
    merged.block.location = location
    for loop in merged.loops:
        loop.location = location
    reader.root.detach()
    reader.root.erase()


@dataclass(frozen=True)
class InlineBlocksPass(ModulePass):
    """See the module docstring."""

    name = "inline-blocks"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, tir.FuncOp):
                allocs = [a for a in func.body.block.ops if isinstance(a, tir.AllocOp)]
                # The last first: what read a buffer in two blocks may read it in one after that.
                for alloc in reversed(allocs):
                    _inline(func, alloc)
