"""plan-memory: the storages of a function share one arena.

Rewrites   %s = vm.alloc_storage {size_bytes = 64}      (first needed when %r is not any more)
           %t = vm.tensor %s {offset = 0}
into       %arena = vm.alloc_storage {size_bytes = N}   (the first operation)
           %t = vm.tensor %arena {offset = that of %r}

Two storages overlap only where no operation of any block finds both in use: branches share bytes
with each other, a loop keeps what it carries, a view keeps what it views. A kernel's inputs,
outputs and workspaces are all in use while it runs; in place is only what names one memory twice.

Needs:  vm.func (lower-to-vm).      Leaves: one vm.alloc_storage a function, in its first block.
Why here: memory is visible, and every pass that makes or removes a temporary has run.
Source: see analysis/offset_assignment.py; TVM's static_plan_block_memory.cc reuses storages of a
branch on paths that never allocated them: here lifetimes are those of the control flow graph.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.passes import ModulePass

from ...analysis.offset_assignment import assign_offsets
from ...analysis.storage_liveness import StorageLiveness, bits
from ...dialects import vm

ARENA_ALIGN_BYTES = 64
"""One cache line, one AVX-512 register: two tensors never share one."""


def plan(func: vm.FuncOp) -> None:
    """Put the storages of `func` into one."""
    liveness = StorageLiveness(func)
    planned = [(i, op) for i, op in enumerate(liveness.storages) if liveness.fixed_places >> i & 1]
    entry = func.body.first_block
    if not planned or entry is None:
        return
    positions = {storage: position for position, (storage, _) in enumerate(planned)}
    conflicts = [
        [positions[other] for other in bits(liveness.conflicts[i]) if other in positions]
        for i, _ in planned
    ]
    sizes = [op.size_bytes.value.data for _, op in planned]
    places = assign_offsets(sizes, conflicts, ARENA_ALIGN_BYTES)
    arena = vm.AllocStorageOp(places.size_bytes, ARENA_ALIGN_BYTES)
    arena.result.name_hint = "arena"
    arena.location = func.location
    for (_, op), offset in zip(planned, places.offsets, strict=True):
        for use in list(op.result.uses):
            tensor = use.operation
            assert isinstance(tensor, vm.TensorOp), "storages are used by vm.tensor"
            inner = tensor.offset.value.data
            tensor.properties["offset"] = IntegerAttr(offset + inner, i64)
            tensor.operands[0] = arena.result
        op.detach()
        op.erase()
    first = entry.first_op
    assert first is not None, "verified: a block ends with a terminator"
    entry.insert_op_before(arena, first)


@dataclass(frozen=True)
class PlanMemoryPass(ModulePass):
    """See the module docstring."""

    name = "plan-memory"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, vm.FuncOp):
                plan(func)
