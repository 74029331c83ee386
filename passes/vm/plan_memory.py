"""plan-memory: the storages of a function share one arena.

Rewrites   %s = vm.alloc_storage {size_bytes = 64}      (first needed when %r is not any more)
           %t = vm.tensor %s {offset = 0}
into       %arena = vm.alloc_storage {size_bytes = N}   (the first operation)
           %t = vm.tensor %arena {offset = that of %r}

Two storages overlap only where no operation of any block finds both in use: branches share bytes
with each other, a loop keeps what it carries, a view keeps what it views. A kernel's inputs,
outputs and workspaces are all in use while it runs; in place is only what names one memory twice.

A storage that symbols size has the room of its largest size where the symbols have upper bounds;
without them such storages share *slots*, as large as the largest tensor in them turns out to be, or
places in units of what all sizes are multiples of. What is sized by a symbol that the function
tells on its way (the number of elements found) has the room of its largest size, too, where that
is known (of at most all elements) and no more than MAX_BOUND_BYTES; else it stays a storage of its
own.

Needs:  vm.func (lower-to-vm).      Leaves: one vm.alloc_storage a function, in its first block; one
for each slot besides; those sized on the way.
Why here: memory is visible, and every pass that makes or removes a temporary has run.
Source: see analysis/offset_assignment.py; TVM's static_plan_block_memory.cc reuses storages of a
branch on paths that never allocated them: here lifetimes are those of the control flow graph.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ...analysis.offset_assignment import assign_offsets
from ...analysis.slot_assignment import assign_slots
from ...analysis.storage_liveness import StorageLiveness, bits
from ...dialects import vm
from ...symbolic import IntExpr, as_expr

ARENA_ALIGN_BYTES = 64
"""One cache line, one AVX-512 register: two tensors never share one."""


MAX_BOUND_BYTES = 1 << 24
"""What data decide may be far smaller than it can become: above this it is allocated as it is."""

Bounds = dict[Hashable, tuple[int, int | None]]


def plan(func: vm.FuncOp) -> None:
    """Let the storages of `func` share memory."""
    liveness = StorageLiveness(func)
    bounds: Bounds = dict(zip(func.symbol_names, func.bounds, strict=True))
    told = told_bounds(func, bounds)
    fixed: dict[int, int] = {}
    symbolic: dict[int, IntExpr] = {}
    for i, op in enumerate(liveness.storages):
        if not liveness.fixed_places >> i & 1 or not told.keys() >= set(op.size.free_vars()):
            continue  # a storage of which several are needed, or that the way decides
        is_own = bounds.keys() >= set(op.size.free_vars())
        largest = op.size.bounds(told)[1]
        if largest is not None and (is_own or largest <= MAX_BOUND_BYTES):
            fixed[i] = largest
        elif is_own:
            symbolic[i] = op.size
    storages: list[vm.AllocStorageOp] = []
    if symbolic:
        conflicts = _conflicts(liveness, list(symbolic))
        slots = assign_slots(list(symbolic.values()), conflicts, ARENA_ALIGN_BYTES, bounds)
        storages += [_storage(func, size, "slot") for size in slots.storages]
        for i, place in zip(symbolic, slots.places, strict=True):
            _move(liveness.storages[i], storages[place.storage], place.offset)
    if fixed:
        places = assign_offsets(
            list(fixed.values()), _conflicts(liveness, list(fixed)), ARENA_ALIGN_BYTES
        )
        storages.append(_storage(func, as_expr(places.size_bytes), "arena"))
        for i, offset in zip(fixed, places.offsets, strict=True):
            _move(liveness.storages[i], storages[-1], as_expr(offset))
    entry = func.body.first_block
    first = None if entry is None else entry.first_op
    if entry is not None and first is not None:
        entry.insert_ops_before(storages, first)


def told_bounds(func: vm.FuncOp, own: Bounds) -> Bounds:
    """Return between which numbers symbols are: a function's own, and those that prefixes tell.

    A prefix has at most as many slices as what it is taken of.
    """
    found = dict(own)
    for op in func.body.walk():
        if not isinstance(op, vm.PrefixOp):
            continue
        whole = vm.tensor_type(op.x).known_shape()
        for name in op.symbol_names:
            largest = None
            if whole and found.keys() >= set(whole[0].free_vars()):
                largest = whole[0].bounds(found)[1]
            _, before = found.get(name, (0, 0))
            known = largest is not None and before is not None
            found[name] = (0, max(largest or 0, before or 0) if known else None)
    return found


def _conflicts(liveness: StorageLiveness, chosen: Sequence[int]) -> list[list[int]]:
    """Return for each of some storages those of them that hold something at the same time."""
    positions = {storage: position for position, storage in enumerate(chosen)}
    return [
        [positions[other] for other in bits(liveness.conflicts[i]) if other in positions]
        for i in chosen
    ]


def _storage(func: vm.FuncOp, size: IntExpr, hint: str) -> vm.AllocStorageOp:
    op = vm.AllocStorageOp(size, ARENA_ALIGN_BYTES)
    op.result.name_hint = hint
    op.location = func.location
    return op


def _move(old: vm.AllocStorageOp, new: vm.AllocStorageOp, offset: IntExpr) -> None:
    """Put the tensors of a storage into another one, and erase the first."""
    for use in list(old.result.uses):
        tensor = use.operation
        assert isinstance(tensor, vm.TensorOp), "storages are used by vm.tensor"
        tensor.properties["offset"] = vm.size_attr(offset + tensor.place)
        tensor.operands[0] = new.result
    old.detach()
    old.erase()


@dataclass(frozen=True)
class PlanMemoryPass(ModulePass):
    """See the module docstring."""

    name = "plan-memory"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, vm.FuncOp):
                plan(func)
