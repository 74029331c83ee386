"""Allocations that a loop comes by again: which values may still lie in what it allocated before.

A backward dataflow over sets of names, as in `storage_liveness.py`: a name is what an operation
allocates (memory, the results of a call), or an argument of a block. A value of the program is
computed once per way through the loop, so what a place allocated before is still needed only as
an argument of a block; so many instances, and one more, are all that the place can need.

Sets are Python integers, one bit a name.
"""

from __future__ import annotations

from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from ..dialects import vm
from .storage_liveness import bits, edges

_ALLOCATIONS = (vm.AllocStorageOp, vm.AllocOutputOp, vm.InvokeOp, vm.ShapeOfOp)
_VIEWS = (vm.ReshapeOp, vm.TupleOp, vm.TupleGetOp, vm.CheckTensorOp, vm.CallPackedOp)


class Instances:
    """What a function allocates, and what may lie in it when it is allocated again."""

    def __init__(self, func: vm.FuncOp) -> None:
        """Analyse `func`."""
        self._blocks = list(func.body.blocks)
        self._args = [arg for block in self._blocks[1:] for arg in block.args]
        results = [r for op in func.body.walk() if isinstance(op, _ALLOCATIONS) for r in op.results]
        named: list[SSAValue] = [*self._args, *results]
        self._names = {value: 1 << position for position, value in enumerate(named)}
        self._origins = self._find_origins()
        self._live_in = dict.fromkeys(self._blocks, 0)
        self._flow()
        self._rivals: dict[SSAValue, list[BlockArgument]] = {}
        for block in self._blocks:
            self._collect(block)

    def rivals(self, result: SSAValue) -> list[BlockArgument]:
        """Return the arguments that may lie in earlier instances of `result`, and are needed."""
        return self._rivals.get(result, [])

    def _name(self, value: SSAValue) -> int:
        found = self._names.get(value)
        if found is None:
            owner, found = value.owner, 0
            if isinstance(owner, vm.TensorOp):
                found = self._name(owner.storage)
            elif isinstance(owner, vm.PrefixOp):
                found = self._name(owner.x)
            elif isinstance(owner, _VIEWS):
                for operand in owner.operands:
                    found |= self._name(operand)
            self._names[value] = found
        return found

    def _find_origins(self) -> list[int]:
        """Return, for each argument, the names of what it may lie in."""
        position = {arg: i for i, arg in enumerate(self._args)}
        origins = [0] * len(self._args)
        for block in self._blocks:
            for target, values in edges(block):
                for arg, value in zip(target.args, values, strict=True):
                    origins[position[arg]] |= self._name(value)
        arguments = (1 << len(self._args)) - 1
        changed = True
        while changed:
            changed = False
            for i, names in enumerate(origins):
                merged = names
                for other in bits(names & arguments):
                    merged |= origins[other]
                changed = changed or merged != names
                origins[i] = merged
        return origins

    def _reads(self, op: Operation) -> int:
        names = 0
        if not isinstance(op, vm.KillOp | vm.BranchOp):  # what a branch passes lives on by its name
            for operand in (op.cond,) if isinstance(op, vm.CondBranchOp) else op.operands:
                names |= self._name(operand)
        return names

    def _live_out(self, block: Block) -> int:
        names = 0
        for target, values in edges(block):
            live = self._live_in[target]
            for arg, value in zip(target.args, values, strict=True):
                if live & self._names[arg]:
                    names |= self._name(value)
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
                    live |= self._reads(op)
                if live != self._live_in[block]:
                    self._live_in[block] = live
                    changed = True

    def _collect(self, block: Block) -> None:
        live = self._live_out(block)
        for op in reversed(list(block.ops)):
            live |= self._reads(op)
            for result in op.results if isinstance(op, _ALLOCATIONS) else ():
                name = self._names[result]
                needed = [i for i in bits(live & ((1 << len(self._args)) - 1))]
                found = [self._args[i] for i in needed if self._origins[i] & name]
                if found:
                    self._rivals[result] = found
