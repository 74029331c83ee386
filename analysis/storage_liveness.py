"""When the storages of a vm.func hold something that is still needed, over all its blocks.

A backward dataflow over sets of *names*: a name is a storage or an argument of a block. A value
stands for names: a tensor for its storage, a view for what it views, an argument of a block for
itself. A branch turns the arguments of its target into what it passes, so that a storage that one
branch hands on does not look alive in the other. Where an argument is alive, every storage that it
may be is occupied.

Sets are Python integers, one bit a name: union and difference of thousands of names take a
microsecond.

Source: Appel, Modern Compiler Implementation, section 10.1 (liveness); arguments for phis.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from ..dialects import vm
from ..dialects.relax.types import TensorType
from ..dialects.verify import successor_operands

_VIEWS = (vm.ReshapeOp, vm.TupleOp, vm.TupleGetOp, vm.CheckTensorOp, vm.CallPackedOp)


class StorageLiveness:
    """Which storages of a function may not share memory."""

    def __init__(self, func: vm.FuncOp) -> None:
        """Analyse `func`."""
        self.storages = [op for op in func.body.walk() if isinstance(op, vm.AllocStorageOp)]
        self._blocks = list(func.body.blocks)
        self._names: dict[SSAValue, int] = {}
        """Value -> the names it stands for."""
        self._args: list[BlockArgument] = []
        self._number()
        self._roots = self._find_roots()
        """Position among the arguments -> the storages that the argument may be."""
        self._live_in = dict.fromkeys(self._blocks, 0)
        self._flow()
        self.conflicts = [0] * len(self.storages)
        """Storage -> the storages (bits) that hold something at the same time."""
        self.fixed_places = (1 << len(self.storages)) - 1
        """The storages (bits) of which one instance at a time is needed."""
        self.peak_bytes = 0
        """The most bytes that storages of known size hold at one time: no plan needs less."""
        for block in self._blocks:
            self._collect(block)

    # ---- names -------------------------------------------------------------------

    def _number(self) -> None:
        for position, storage in enumerate(self.storages):
            self._names[storage.result] = 1 << position
        self._args = [arg for block in self._blocks[1:] for arg in block.args]
        first = len(self.storages)
        for position, arg in enumerate(self._args):
            self._names[arg] = 1 << (first + position)

    def names(self, value: SSAValue) -> int:
        """Return the names that a value stands for."""
        found = self._names.get(value)
        if found is None:
            owner = value.owner
            found = 0
            if isinstance(owner, vm.TensorOp):
                found = self.names(owner.storage)
            elif isinstance(owner, vm.PrefixOp):
                found = self.names(owner.x)
            elif isinstance(owner, _VIEWS):
                for operand in owner.operands:
                    found |= self.names(operand)
            self._names[value] = found
        return found

    def _find_roots(self) -> list[int]:
        """Return, for each argument, the storages it may be: a fixpoint over the branches."""
        first = len(self.storages)
        storage_bits = (1 << first) - 1
        passed = [0] * len(self._args)
        position = {arg: i for i, arg in enumerate(self._args)}
        for block in self._blocks:
            for target, values in edges(block):
                for arg, value in zip(target.args, values, strict=True):
                    passed[position[arg]] |= self.names(value)
        roots = [names & storage_bits for names in passed]
        changed = True
        while changed:
            changed = False
            for i, names in enumerate(passed):
                merged = roots[i]
                for other in bits(names >> first):
                    merged |= roots[other]
                changed = changed or merged != roots[i]
                roots[i] = merged
        return roots

    def occupied(self, names: int) -> int:
        """Return the storages that are occupied where `names` are alive."""
        first = len(self.storages)
        result = names & ((1 << first) - 1)
        for arg in bits(names >> first):
            result |= self._roots[arg]
        return result

    # ---- the flow ----------------------------------------------------------------

    def _effects(self, op: Operation) -> tuple[int, int]:
        """Return the names that `op` reads, and the storages whose contents it replaces."""
        match op:
            case vm.AllocStorageOp():
                return 0, self._names[op.result]
            case vm.CallOp():
                read = self._union(op.inputs)
                written = (*op.outputs, *op.workspaces)
            case vm.PrefixOp():
                return self.names(op.count), 0
            case vm.CopyOp():
                read = self.names(op.source)
                written = (op.destination,)
            case (
                vm.CallPackedOp()
                | vm.CondBranchOp()
                | vm.InvokeClosureOp()
                | vm.InvokeOp()
                | vm.MakeClosureOp()
                | vm.ReturnOp()
            ):
                operands = (op.cond,) if isinstance(op, vm.CondBranchOp) else op.operands
                return self._union(operands), 0
            case _:
                return 0, 0
        replaced = 0
        for value in written:
            names = self.names(value)
            if self._is_filled_by(value, names):
                replaced |= names
            else:
                read |= names
        return read, replaced

    def _union(self, values: Iterable[SSAValue]) -> int:
        names = 0
        for value in values:
            names |= self.names(value)
        return names

    def _is_filled_by(self, value: SSAValue, names: int) -> bool:
        """Tell whether writing all of `value` writes all of one storage."""
        position = names.bit_length() - 1
        if names == 0 or names & (names - 1) or position >= len(self.storages):
            return names == 0
        storage = self.storages[position]
        assert isinstance(value.type, TensorType)
        return vm.byte_size(value.type) == storage.size

    def _live_out(self, block: Block) -> int:
        names = 0
        for target, values in edges(block):
            live = self._live_in[target]
            for arg, value in zip(target.args, values, strict=True):
                if live & self._names[arg]:
                    names |= self.names(value)
                live &= ~self._names[arg]
            names |= live
        return names

    def _flow(self) -> None:
        changed = True
        while changed:
            changed = False
            for block in reversed(self._blocks):
                live = self._live_out(block)
                for op in reversed(list(block.ops)):
                    read, replaced = self._effects(op)
                    live = (live & ~replaced) | read
                if live != self._live_in[block]:
                    self._live_in[block] = live
                    changed = True

    def _collect(self, block: Block) -> None:
        """Note who is alive together, operation by operation."""
        args_above = ~((1 << len(self.storages)) - 1)
        live = self._live_out(block)
        for op in reversed(list(block.ops)):
            read, replaced = self._effects(op)
            # An instance of a storage that an argument of a block still holds, while another
            # instance is made: a loop that allocates. One place cannot serve both.
            held = self.occupied((live | read) & args_above)
            self.fixed_places &= ~(held & replaced)
            if not isinstance(op, vm.AllocStorageOp):
                self._note(self.occupied(live | read | replaced))
            live = (live & ~replaced) | read

    def _note(self, together: int) -> None:
        total = 0
        for storage in bits(together):
            self.conflicts[storage] |= together
            size = self.storages[storage].size
            total += size.constant_value if size.is_constant else 0
        self.peak_bytes = max(self.peak_bytes, total)


def bits(mask: int) -> Iterator[int]:
    """Yield the positions of the bits that are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def edges(block: Block) -> Iterator[tuple[Block, list[SSAValue]]]:
    """Yield the blocks that control goes to next, with what their arguments become."""
    last = block.last_op
    if last is not None:
        for index, target in enumerate(last.successors):
            yield target, list(successor_operands(last, index))
