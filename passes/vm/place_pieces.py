"""place-pieces: what a concat joins is computed where it would be copied to; splits are views.

Rewrites   %a = vm.tensor %s {offset = 0} ; %b = vm.tensor %t {offset = 0} ; ... compute both ...
           %y = vm.tensor %u {offset = 0} ; vm.call @concat(%a, %b) -> (%y)
into       %a = vm.tensor %u {offset = 0} ; %b = vm.tensor %u {offset = 64} ; ... compute both ...

So where one piece follows the other in memory: the kernel says so by `joins` (offsets of its inputs
in its output, in elements) or `parts` (of its outputs in its input). What cannot be computed in
its place, an argument or a constant, is copied there.

A piece may move when it and the whole are read and written in one block alone; when nothing writes
to it after it was joined; when the whole is not used before; and when not both the piece is read
and the whole is written afterwards. A piece of a split must not be written, nor its whole.

Needs:  vm.func (lower-to-vm), before storages share memory.
Leaves: no call of a kernel whose pieces lie in their whole; no kernel that only such calls used.
Why here: values are memory; plan-memory, which follows, plans the whole in the place of its pieces.
Source: TVM's and XLA's buffer assignment alias slices likewise; the conditions are Tyrex's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import DenseArrayBase, ModuleOp
from xdsl.ir import Block, SSAValue
from xdsl.passes import ModulePass

from ...dialects import dtypes, tir, vm
from ...dialects.vm.memory import size_attr, size_bytes, tensor_type

JOINS, PARTS = "joins", "parts"


@dataclass(frozen=True)
class _Place:
    """Where a tensor lies: a storage and a byte in it."""

    storage: vm.AllocStorageOp
    offset: int


@dataclass(frozen=True)
class _Accesses:
    """When a storage is read and written: positions in its block."""

    reads: tuple[int, ...]
    writes: tuple[int, ...]


def _place_of(value: SSAValue) -> _Place | None:
    """Return where a tensor lies, None where that is no storage of the function."""
    while isinstance(value.owner, vm.ReshapeOp):
        value = value.owner.x
    if not isinstance(value.owner, vm.TensorOp):
        return None
    storage, offset = value.owner.storage.owner, value.owner.place
    if not isinstance(storage, vm.AllocStorageOp) or not offset.is_constant:
        return None
    return _Place(storage, offset.constant_value) if storage.size.is_constant else None


def _bytes(value: SSAValue) -> int:
    size = size_bytes(tensor_type(value))
    assert size is not None, "a kernel with pieces has static shapes"
    return size


class _Placer:
    """Places the pieces that the kernels of one block join or part."""

    def __init__(self, block: Block, kernels: dict[str, tir.FuncOp]) -> None:
        self.block = block
        self.kernels = kernels
        self.position = {op: i for i, op in enumerate(block.ops)}

    def run(self) -> None:
        """Place what can be placed, in the order of the program."""
        for op in list(self.block.ops):
            kernel = self.kernels.get(op.callee_name) if isinstance(op, vm.CallOp) else None
            if kernel is None or not isinstance(op, vm.CallOp):
                continue
            for name, place in ((JOINS, self.join), (PARTS, self.part)):
                offsets = kernel.attributes.get(name)
                if isinstance(offsets, DenseArrayBase):
                    place(op, [int(n) for n in offsets.get_values()])

    # -- what may move -------------------------------------------------------------------------

    def accesses(self, storage: vm.AllocStorageOp) -> _Accesses | None:
        """Return when a storage is used, None where that is not in this block's calls alone."""
        reads: list[int] = []
        writes: list[int] = []
        waiting: list[SSAValue] = [storage.result]
        while waiting:
            for use in waiting.pop().uses:
                op = use.operation
                if op.parent is not self.block or op not in self.position:
                    return None
                match op:
                    case vm.TensorOp() | vm.ReshapeOp():
                        waiting.append(op.result)
                    case vm.CallOp():
                        is_input = use.index < len(op.inputs)
                        (reads if is_input else writes).append(self.position[op])
                    case vm.CopyOp():
                        (writes if use.index else reads).append(self.position[op])
                    case _:
                        return None
        return _Accesses(tuple(reads), tuple(writes))

    def move(self, piece: vm.AllocStorageOp, whole: vm.AllocStorageOp, shift: int) -> None:
        """Put the tensors of a storage into another one; that one is there as early."""
        if self.position[whole] > self.position[piece]:
            whole.detach()
            self.block.insert_op_before(whole, piece)
            self.position[whole] = self.position[piece]
        for use in list(piece.result.uses):
            tensor = use.operation
            assert isinstance(tensor, vm.TensorOp)
            tensor.properties["offset"] = size_attr(tensor.place + shift)
            tensor.operands[0] = whole.result
        piece.detach()
        piece.erase()

    # -- joins ---------------------------------------------------------------------------------

    def join(self, call: vm.CallOp, offsets: Sequence[int]) -> None:
        """Compute the inputs of a call where it would copy them."""
        result = call.outputs[0]
        whole = _place_of(result)
        used = None if whole is None else self.accesses(whole.storage)
        at = self.position[call]
        if whole is None or used is None or min((*used.reads, *used.writes)) < at:
            return
        element = dtypes.size_bytes(tensor_type(result).dtype)
        starts = [whole.offset + offset * element for offset in offsets]
        pieces = [(value, start) for value, start in zip(call.inputs, starts, strict=True)]
        is_written = any(position > at for position in used.writes)
        placed: set[SSAValue] = set()
        for storage, group in self.by_storage(pieces).items():
            shift = self.shift_of(storage, group)
            when = self.accesses(storage) if storage is not whole.storage else None
            if shift is None or when is None or storage.parent is not self.block:
                continue
            later = [position for position in when.reads if position > at]
            if any(position > at for position in when.writes) or (later and is_written):
                continue
            self.move(storage, whole.storage, shift)
            placed.update(value for value, _ in group)
        if placed:
            self.copy_rest(call, whole.storage, [p for p in pieces if p[0] not in placed])

    def by_storage(
        self, pieces: Iterable[tuple[SSAValue, int]]
    ) -> dict[vm.AllocStorageOp, list[tuple[SSAValue, int]]]:
        """Return the pieces that lie in storages, by storage."""
        found: dict[vm.AllocStorageOp, list[tuple[SSAValue, int]]] = {}
        for value, start in pieces:
            place = _place_of(value)
            if place is not None:
                found.setdefault(place.storage, []).append((value, start))
        return found

    def shift_of(
        self, storage: vm.AllocStorageOp, group: Sequence[tuple[SSAValue, int]]
    ) -> int | None:
        """Return by how many bytes a storage moves, None where its pieces are not all of it."""
        places = [_place_of(value) for value, _ in group]
        shifts = {start - p.offset for (_, start), p in zip(group, places, strict=True) if p}
        covered = sum(_bytes(value) for value, _ in group)
        distinct = len({start for _, start in group}) == len(group)
        whole = distinct and len({value for value, _ in group}) == len(group)
        if len(shifts) != 1 or not whole or storage.size != covered:
            return None
        return shifts.pop()

    def copy_rest(
        self,
        call: vm.CallOp,
        whole: vm.AllocStorageOp,
        pieces: Sequence[tuple[SSAValue, int]],
    ) -> None:
        """Copy the pieces that have no place in the whole, in the stead of a call."""
        for value, start in pieces:
            tensor = vm.TensorOp(whole.result, start, tensor_type(value))
            for op in (tensor, vm.CopyOp(value, tensor.result)):
                op.location = call.location
                self.block.insert_op_before(op, call)
                self.position[op] = self.position[call]
        self.block.erase_op(call)

    # -- parts ---------------------------------------------------------------------------------

    def part(self, call: vm.CallOp, offsets: Sequence[int]) -> None:
        """Let the outputs of a call lie where its input has them."""
        whole = _place_of(call.inputs[0])
        used = None if whole is None else self.accesses(whole.storage)
        at = self.position[call]
        if whole is None or used is None or any(position > at for position in used.writes):
            return
        places = [_place_of(value) for value in call.outputs]
        storages = [place.storage for place in places if place is not None and place.offset == 0]
        if len(set(storages)) < len(places) or not all(
            self.is_part(storage, value, at)
            for storage, value in zip(storages, call.outputs, strict=True)
        ):
            return
        element = dtypes.size_bytes(tensor_type(call.inputs[0]).dtype)
        for storage, offset in zip(storages, offsets, strict=True):
            self.move(storage, whole.storage, whole.offset + offset * element)
        self.block.erase_op(call)

    def is_part(self, storage: vm.AllocStorageOp, value: SSAValue, at: int) -> bool:
        """Tell whether a storage holds one output of a call, which nothing else writes."""
        used = self.accesses(storage)
        return (
            used is not None
            and storage.parent is self.block
            and storage.size == _bytes(value)
            and used.writes == (at,)
            and all(position > at for position in used.reads)
        )


def _called(functions: Iterable[vm.FuncOp]) -> set[str]:
    """Return the names of the kernels that functions call."""
    return {op.callee_name for f in functions for op in f.walk() if isinstance(op, vm.CallOp)}


@dataclass(frozen=True)
class PlacePiecesPass(ModulePass):
    """See the module docstring."""

    name = "place-pieces"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        kernels = {
            func.sym_name.data: func
            for func in op.body.ops
            if isinstance(func, tir.FuncOp) and func.attributes.keys() & {JOINS, PARTS}
        }
        if not kernels:
            return
        functions = [func for func in op.body.ops if isinstance(func, vm.FuncOp)]
        before = _called(functions)
        for func in functions:
            for block in func.body.blocks:
                _Placer(block, kernels).run()
        for name in before - _called(functions):
            kernels[name].detach()
            kernels[name].erase()
