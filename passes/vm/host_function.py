"""One function of the host program as native code: the walk of lower-vm-to-llvm.

A tensor is its address. Storages, and memory that a function allocates and does not return, lie at
fixed places of the function's frame, behind what its callees work in; where a loop may come by an
allocation twice, each time gets memory of its own from the context.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects.builtin import i8, i32, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ...analysis.constant_pool import ConstantPool
from ...dialects import relax, vm
from ...dialects.llvm.build import LLVMBuilder
from ...dialects.llvm.types import PTR
from ...dialects.location import show

CONTEXT_ALLOCATE = 24
"""Offset of `allocate` in struct tyrex_context (runtime/native/tyrex.h)."""

ERROR_MEMORY = 4
"""TYREX_ERROR_MEMORY of runtime/native/abi.h."""

_ALIGN_BYTES = 64
_WORD_BYTES = 8

Value = SSAValue | tuple["Value", ...]
"""A tensor's or a storage's address; a tuple's fields."""


@dataclass(frozen=True)
class Names:
    """The symbols of a host program."""

    prefix: str
    kernels: Mapping[str, str]

    def entry(self, function: str) -> str:
        """Return the symbol of a function's entry."""
        return f"{self.prefix}_{function}_run"

    def body(self, function: str) -> str:
        """Return the symbol of a function's code."""
        return f"{self.prefix}_{function}.body"

    def constant(self, number: int) -> str:
        """Return the symbol of a constant."""
        return f"{self.prefix}_constant{number}"

    def kernel(self, name: str) -> str:
        """Return the symbol of a kernel."""
        return self.kernels.get(name, name)


class HostFunction:
    """Builds one function; `frames` are the bytes of memory that its callees work in."""

    def __init__(
        self,
        b: LLVMBuilder,
        func: vm.FuncOp,
        names: Names,
        pool: ConstantPool,
        frames: Mapping[str, int],
    ) -> None:
        self.b, self.func, self.names = b, func, names
        self.pool = pool
        self.values: dict[SSAValue, Value] = {}
        self.passed: dict[int, SSAValue] = {}  # what the argument words hold, within a block
        # One callee works at a time: all begin at the frame's start, its own memory follows.
        callees = [frames[op.callee_name] for op in func.walk() if isinstance(op, vm.InvokeOp)]
        self.frame_bytes = max(callees, default=0)
        self.repeated = _repeated(func)

    def build(self) -> int:
        """Append the function; return the bytes of memory that it works in."""
        b, types = self.b, self.func.function_type
        for type_ in (*types.inputs, *types.outputs):
            self.bytes_of(self.func, type_)
        b.location = self.func.location
        count = len(types.inputs) + len(types.outputs)
        name = self.names.body(self.func.sym_name.data)
        function = b.function(name, [PTR] * (2 + count), i32, linkage="internal")
        self.context, self.memory, *pointers = function.body.block.args
        self.outputs = pointers[len(types.inputs) :]
        self.words, *self.arguments = self.argument_words()
        blocks = list(self.func.body.blocks)
        for value, pointer in zip(blocks[0].args, pointers, strict=False):
            self.values[value] = pointer
        self.blocks = {block: self.new_block(block) for block in blocks[1:]}
        self.failure, self.may_fail = b.new_block(i32), False
        for block in blocks:
            self.passed.clear()
            if block in self.blocks:
                b.start(self.blocks[block])
            for op in block.ops:
                self.operation(op)
        if self.may_fail:
            b.location = self.func.location
            b.start(self.failure)
            b.ret(self.failure.args[0])
        return self.frame_bytes

    def argument_words(self) -> list[SSAValue]:
        """Return the addresses of the argument words of kernel calls, the context's in its place.

        One array serves all calls: kernels do not write their words.
        """
        counts = [
            1 + len(op.operands) + len(op.symbol_values)
            for op in self.func.walk()
            if isinstance(op, vm.CallOp)
        ]
        b, count = self.b, max(counts, default=1)
        words = b.alloca(i64, count, _WORD_BYTES)
        b.store(self.context, words, _WORD_BYTES)
        return [words, *(b.gep(words, i64, index) for index in range(1, count))]

    def new_block(self, source: Block) -> Block:
        """Return a block whose arguments are addresses."""
        for arg in source.args:
            self.bytes_of(source.parent_op() or self.func, arg.type)
        block = self.b.new_block(*([PTR] * len(source.args)))
        self.values |= dict(zip(source.args, block.args, strict=True))
        return block

    def operation(self, op: Operation) -> None:
        """Append what an operation does."""
        handler = _HANDLERS.get(type(op))
        if handler is None:
            raise _missing(op, op.name)
        self.b.location = op.location
        handler(self, op)

    # -- values --------------------------------------------------------------------------------

    def target(self, op: Operation, block: Block) -> Block:
        """Return the block that a branch leads to."""
        found = self.blocks.get(block)
        if found is None:
            raise _missing(op, "a branch to the first block")
        return found

    def bytes_of(self, op: Operation, type_: Attribute) -> int:
        """Return the bytes of a tensor."""
        size = vm.size_bytes(type_) if isinstance(type_, relax.TensorType) else None
        if size is None:
            raise _missing(op, f"a value of type {type_}")
        return size

    def pointer(self, op: Operation, value: SSAValue) -> SSAValue:
        """Return the address of a tensor or a storage."""
        found = self.values[value]
        if isinstance(found, tuple):
            raise _missing(op, f"a value of type {value.type}")
        return found

    def pointers(self, op: Operation, values: Sequence[SSAValue]) -> list[SSAValue]:
        """Return the addresses of tensors."""
        return [self.pointer(op, value) for value in values]

    def allocate(self, op: Operation, size: int) -> SSAValue:
        """Return memory that nobody else uses until the run ends."""
        b = self.b
        if op.parent in self.repeated:
            function = b.load(b.gep(self.context, i8, CONTEXT_ALLOCATE), PTR, _WORD_BYTES)
            found = b.call(function, (self.context, b.integer(size)), PTR)
            assert found is not None, "the call has a result"
            self.fail_if(b.icmp("eq", found, b.zero(PTR)), b.integer(ERROR_MEMORY, i32))
            return found
        offset = self.frame_bytes
        self.frame_bytes += -(-size // _ALIGN_BYTES) * _ALIGN_BYTES
        return b.gep(self.memory, i8, offset) if offset else self.memory

    def fail_if(self, failed: SSAValue, code: SSAValue) -> None:
        """Leave the function with `code` where `failed` (i1) is true."""
        self.may_fail = True
        following = self.b.new_block()
        self.b.cond_br(failed, self.failure, following, (code,))
        self.b.start(following)

    def check(self, code: SSAValue | None) -> None:
        """Leave the function where a call failed."""
        assert code is not None, "the call has a result"
        self.fail_if(self.b.icmp("ne", code, self.b.integer(0, i32)), code)

    def copy(self, source: SSAValue, target: SSAValue, size: int) -> None:
        """Append a copy of memory."""
        if source is not target and size:
            self.b.memcpy(target, source, self.b.integer(size))


def _call(f: HostFunction, op: vm.CallOp) -> None:
    b = f.b
    words: list[SSAValue] = f.pointers(op, op.operands)
    words += [b.integer(symbol) for symbol in op.symbol_values]
    for index, word in enumerate(words):
        if f.passed.get(index) is not word:
            f.passed[index] = word
            b.store(word, f.arguments[index], _WORD_BYTES)
    kernel = f.names.kernel(op.callee_name)
    b.declare(kernel, [PTR], i32)
    f.check(b.call(kernel, (f.words,), i32))


def _invoke(f: HostFunction, op: vm.InvokeOp) -> None:
    b = f.b
    results = [f.allocate(op, f.bytes_of(op, result.type)) for result in op.res]
    f.values |= dict(zip(op.res, results, strict=True))
    args = (f.context, f.memory, *f.pointers(op, op.args), *results)
    f.check(b.call(f.names.body(op.callee_name), args, i32))


def _branch(f: HostFunction, op: vm.BranchOp) -> None:
    f.b.br(f.target(op, op.successor), *f.pointers(op, op.arguments))


def _cond_branch(f: HostFunction, op: vm.CondBranchOp) -> None:
    b = f.b
    condition = b.load(f.pointer(op, op.cond), i8, 1)
    b.cond_br(
        b.icmp("ne", condition, b.integer(0, i8)),
        f.target(op, op.then_block),
        f.target(op, op.else_block),
        f.pointers(op, op.then_arguments),
        f.pointers(op, op.else_arguments),
    )


def _return(f: HostFunction, op: vm.ReturnOp) -> None:
    for value, target in zip(op.values, f.outputs, strict=True):
        f.copy(f.pointer(op, value), target, f.bytes_of(op, value.type))
    f.b.ret(f.b.integer(0, i32))


def _alloc_output(f: HostFunction, op: vm.AllocOutputOp) -> None:
    if op.index is not None:
        f.values[op.result] = f.outputs[op.index.value.data]
    else:
        f.values[op.result] = f.allocate(op, f.bytes_of(op, op.result.type))


def _alloc_storage(f: HostFunction, op: vm.AllocStorageOp) -> None:
    f.values[op.result] = f.allocate(op, op.size_bytes.value.data)


def _tensor(f: HostFunction, op: vm.TensorOp) -> None:
    storage, offset = f.pointer(op, op.storage), op.offset.value.data
    f.values[op.result] = f.b.gep(storage, i8, offset) if offset else storage


def _reshape(f: HostFunction, op: vm.ReshapeOp) -> None:
    f.values[op.result] = f.pointer(op, op.x)


def _check_tensor(f: HostFunction, op: vm.CheckTensorOp) -> None:
    if op.x.type != op.result.type:
        raise _missing(op, f"{op.name} of a value of type {op.x.type}")
    f.values[op.result] = f.pointer(op, op.x)


def _constant(f: HostFunction, op: vm.ConstantOp) -> None:
    f.values[op.result] = f.b.address_of(f.names.constant(f.pool.position(op.value)))


def _copy(f: HostFunction, op: vm.CopyOp) -> None:
    size = f.bytes_of(op, op.source.type)
    f.copy(f.pointer(op, op.source), f.pointer(op, op.destination), size)


def _tuple(f: HostFunction, op: vm.TupleOp) -> None:
    f.values[op.result] = tuple(f.values[field] for field in op.fields)


def _tuple_get(f: HostFunction, op: vm.TupleGetOp) -> None:
    fields = f.values[op.tuple_value]
    assert isinstance(fields, tuple), "checked by the verifier"
    f.values[op.result] = fields[op.index.value.data]


def _kill(f: HostFunction, op: vm.KillOp) -> None:
    """The frame is given back as a whole."""


_HANDLERS: dict[type[Operation], Callable[[HostFunction, Any], None]] = {
    vm.AllocOutputOp: _alloc_output,
    vm.AllocStorageOp: _alloc_storage,
    vm.BranchOp: _branch,
    vm.CallOp: _call,
    vm.CheckTensorOp: _check_tensor,
    vm.CondBranchOp: _cond_branch,
    vm.ConstantOp: _constant,
    vm.CopyOp: _copy,
    vm.InvokeOp: _invoke,
    vm.KillOp: _kill,
    vm.ReshapeOp: _reshape,
    vm.ReturnOp: _return,
    vm.TensorOp: _tensor,
    vm.TupleGetOp: _tuple_get,
    vm.TupleOp: _tuple,
}


def _repeated(func: vm.FuncOp) -> set[Block]:
    """Return the blocks that control may reach again."""
    after = {block: _reachable(block) for block in func.body.blocks}
    return {block for block, blocks in after.items() if block in blocks}


def _reachable(block: Block) -> set[Block]:
    found: set[Block] = set()
    waiting = [block]
    while waiting:
        last = waiting.pop().last_op
        for following in () if last is None else last.successors:
            if following not in found:
                found.add(following)
                waiting.append(following)
    return found


def _missing(op: Operation, what: str) -> NotImplementedError:
    return NotImplementedError(
        f"native code cannot express {what} at {show(op.location)}: only bytecode runs the program"
    )
