"""One function of the host program as native code: the walk of lower-vm-to-llvm.

Symbols are arguments behind the addresses of inputs and outputs. A result that the function's own
symbols do not size is *open*: in place of memory for it the caller gives an array of numbers,
`{address, dim 0, dim 1, ...}`, that is filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xdsl.dialects.builtin import i8, i32, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ...analysis.constant_pool import ConstantPool
from ...dialects import dtypes, llvm, relax, vm
from ...dialects.llvm.build import LLVMBuilder
from ...dialects.llvm.types import PTR
from ...symbolic import IntExpr, as_expr, max_
from .host_builder import ERROR_ARGUMENT, ERROR_SHAPE, WORD_BYTES, HostBuilder, missing
from .host_memory import HostMemory
from .host_shapes import HostShapes
from .host_symbols import Callee, Names, open_results


class HostFunction(HostBuilder):
    """Builds one function; `callees` are those that it calls."""

    def __init__(
        self,
        b: LLVMBuilder,
        func: vm.FuncOp,
        names: Names,
        pool: ConstantPool,
        callees: Mapping[str, Callee],
    ) -> None:
        super().__init__(b, func, names)
        self.pool = pool
        self.callees = callees
        self.passed: dict[int, SSAValue] = {}  # what the argument words hold, within a block
        self.begun: set[Block] = set()
        """Blocks that control may have come by."""
        self.open = open_results(func)
        self.shapes = HostShapes(self)
        calls = [op for op in func.walk() if isinstance(op, vm.InvokeOp)]
        self.frames = {op: self.frame_of(op) for op in calls}
        known = [frame for frame in self.frames.values() if frame is not None]
        size = max_(*known) if known else as_expr(0)
        self.memory = HostMemory(self, callees, self.frames, size)

    def build(self) -> Callee:
        """Append the function; return what its callers need."""
        b, types = self.b, self.func.function_type
        for type_ in types.inputs:
            self.bytes_of(self.func, type_)
        for type_ in types.outputs:
            if not isinstance(type_, relax.TensorType | relax.ShapeType) or type_.rank is None:
                raise missing(self.func, f"a result of type {type_}")
        b.location = self.func.location
        count = len(types.inputs) + len(types.outputs)
        name = self.names.body(self.func.sym_name.data)
        symbols = self.func.symbol_names
        arg_types = [*([PTR] * (2 + count)), *([i64] * len(symbols))]
        function = b.function(name, arg_types, i32, linkage="internal")
        self.context, self.memory.frame, *pointers = function.body.block.args
        self.outputs = pointers[len(types.inputs) : count]
        self.exprs.values |= dict(zip(symbols, pointers[count:], strict=True))
        self.exprs.bounds |= dict(zip(symbols, self.func.bounds, strict=True))
        self.memory.begin()
        self.words, *self.arguments = self.argument_words()
        self.records = self.new_records()
        blocks = list(self.func.body.blocks)
        for value, pointer in zip(blocks[0].args, pointers, strict=False):
            self.values[value] = pointer
        self.blocks = {block: self.new_block(block) for block in blocks[1:]}
        self.failure = b.new_block(i32)
        for block in blocks:
            self.block(block)
        if self.may_fail:
            b.location = self.func.location
            b.start(self.failure)
            b.ret(self.failure.args[0])
        is_recursive = self.func.sym_name.data in self.callees
        return Callee(self.func, self.memory.frame_bytes, is_recursive)

    def block(self, block: Block) -> None:
        """Append the operations of a block."""
        self.begun.add(block)
        self.passed.clear()
        if block in self.blocks:
            self.b.start(self.blocks[block])
            self.exprs.push()  # what the first block computes holds in all of them
        for op in block.ops:
            self.operation(op)
        if block in self.blocks:
            self.exprs.pop()

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
        words = b.alloca(i64, count, WORD_BYTES)
        b.store(self.context, words, WORD_BYTES)
        return [words, *(b.gep(words, i64, index) for index in range(1, count))]

    def new_records(self) -> dict[SSAValue, SSAValue]:
        """Return room for what each open result of a callee is."""
        b = self.b
        return {
            result: b.alloca(i64, 1 + (result.type.rank or 0), WORD_BYTES)
            for op in self.func.walk()
            if isinstance(op, vm.InvokeOp)
            for index, result in enumerate(op.res)
            if index in self.callees[op.callee_name].open_results
            and isinstance(result.type, relax.TensorType)
        }

    def new_block(self, source: Block) -> Block:
        """Return a block whose arguments are addresses, each before the dims without a name."""
        types: list[Attribute] = []
        for arg in source.args:
            types += [PTR, *([i64] * len(self.shapes.unknown_axes(self.func, arg.type)))]
        block = self.b.new_block(*types)
        arguments = iter(block.args)
        for arg in source.args:
            self.values[arg] = next(arguments)
            self.shapes.name(
                arg, [next(arguments) for _ in self.shapes.unknown_axes(self.func, arg.type)]
            )
        return block

    def operation(self, op: Operation) -> None:
        """Append what an operation does."""
        handler = _HANDLERS.get(type(op))
        if handler is None:
            raise missing(op, _called(op))
        self.b.location = op.location
        handler(self, op)

    def target(self, op: Operation, block: Block) -> Block:
        """Return the block that a branch leads to."""
        found = self.blocks.get(block)
        if found is None:
            raise missing(op, "a branch to the first block")
        return found

    def frame_of(self, op: vm.InvokeOp) -> IntExpr | None:
        """Return what a callee works in, or None where the way decides how much that is."""
        callee = self.callees[op.callee_name]
        if callee.is_recursive:
            return as_expr(0)
        frame = callee.frame_bytes
        if all(
            not isinstance(a.type, relax.TensorType) or a.type.known_shape() is not None
            for a in op.args
        ):
            frame = frame.substitute(dict(self.shapes.callee_symbols(op, callee.func)))
        return frame if self.own.issuperset(frame.free_vars()) else None


def _called(op: Operation) -> str:
    """Return what a message calls an operation."""
    return f"{op.name} @{op.callee_name}" if isinstance(op, vm.CallPackedOp) else op.name


def _call(f: HostFunction, op: vm.CallOp) -> None:
    b = f.b
    words: list[SSAValue] = f.pointers(op, op.operands)
    words += [f.number(op, symbol) for symbol in op.symbol_values]
    for index, word in enumerate(words):
        if f.passed.get(index) is not word:
            f.passed[index] = word
            b.store(word, f.arguments[index], WORD_BYTES)
    kernel = f.names.kernel(op.callee_name)
    b.declare(kernel, [PTR], i32)
    f.check(b.call(kernel, (f.words,), i32))


def _invoke(f: HostFunction, op: vm.InvokeOp) -> None:
    b = f.b
    callee = f.callees[op.callee_name]
    results = [
        f.records[result]
        if index in callee.open_results
        else f.memory.allocate(op, f.bytes_of(op, result.type), index)
        for index, result in enumerate(op.res)
    ]
    symbols = f.shapes.callee_symbols(op, callee.func)
    numbers = [f.number(op, symbols[name]) for name in callee.func.symbol_names]
    args = (*f.pointers(op, op.args), *results, *numbers)
    if callee.is_recursive:
        f.check(b.call(f.names.call(op.callee_name), (f.context, *args), i32))
    else:
        memory = f.memory.frame
        if f.frames[op] is None:
            memory = f.memory.allocate_frame(op, callee.frame_bytes.substitute(dict(symbols)))
        f.check(b.call(f.names.body(op.callee_name), (f.context, memory, *args), i32))
    for index, (result, place) in enumerate(zip(op.res, results, strict=True)):
        if index in callee.open_results:
            _adopt(f, op, index, place)
        else:
            f.values[result] = place


def _adopt(f: HostFunction, op: vm.InvokeOp, index: int, record: SSAValue) -> None:
    """Take a result over that the callee sized: where it is, and how large."""
    b, result = f.b, op.res[index]
    address = f.values[result] = b.load(record, PTR, WORD_BYTES)
    f.memory.adopt(op, index, address)
    axes = f.shapes.unknown_axes(op, result.type)
    dims = [b.load(b.gep(record, i64, 1 + axis), i64, WORD_BYTES) for axis in axes]
    f.shapes.name(result, dims)


def _passed(f: HostFunction, op: Operation, block: Block, values: Sequence[SSAValue]) -> Any:
    """Return what a branch passes to a block: addresses, and dims that have no name there."""
    words: list[SSAValue] = []
    for arg, value in zip(block.args, values, strict=True):
        words.append(f.pointer(op, value))
        axes = f.shapes.unknown_axes(op, arg.type)
        shape = f.shapes.of(op, value) if axes else ()
        words += [f.number(op, shape[axis]) for axis in axes]
    return words


def _branch(f: HostFunction, op: vm.BranchOp) -> None:
    if op.successor in f.begun:  # a loop
        f.ask()
    f.b.br(f.target(op, op.successor), *_passed(f, op, op.successor, op.arguments))


def _cond_branch(f: HostFunction, op: vm.CondBranchOp) -> None:
    b = f.b
    if op.then_block in f.begun or op.else_block in f.begun:  # a loop
        f.ask()
    condition = b.load(f.pointer(op, op.cond), i8, 1)
    b.cond_br(
        b.icmp("ne", condition, b.integer(0, i8)),
        f.target(op, op.then_block),
        f.target(op, op.else_block),
        _passed(f, op, op.then_block, op.then_arguments),
        _passed(f, op, op.else_block, op.else_arguments),
    )


def _return(f: HostFunction, op: vm.ReturnOp) -> None:
    for index, (value, target) in enumerate(zip(op.values, f.outputs, strict=True)):
        if index in f.open:
            _return_open(f, op, value, target)
        else:
            f.copy(op, f.pointer(op, value), target, f.bytes_of(op, value.type))
    f.memory.end()
    f.b.ret(f.b.integer(0, i32))


def _return_open(f: HostFunction, op: vm.ReturnOp, value: SSAValue, record: SSAValue) -> None:
    """Say where a result is, and how large: in memory that stays when the function is left."""
    b, shape, size = f.b, f.shapes.of(op, value), as_expr(1)
    assert isinstance(value.type, relax.TensorType), "checked by shape"
    for dim in shape:
        size = size * dim
    size = size * dtypes.size_bytes(value.type.dtype)
    address = f.memory.hand_over(op, f.pointer(op, value), size)
    b.store(b.integer(0), record, WORD_BYTES)  # an address may be shorter than its place
    b.store(address, record, WORD_BYTES)
    for axis, dim in enumerate(shape):
        b.store(f.number(op, dim), b.gep(record, i64, 1 + axis), WORD_BYTES)


def _alloc_output(f: HostFunction, op: vm.AllocOutputOp) -> None:
    if op.index is not None and op.index.value.data not in f.open:
        f.values[op.result] = f.outputs[op.index.value.data]
    else:
        f.values[op.result] = f.memory.allocate(op, f.bytes_of(op, op.result.type))


def _alloc_storage(f: HostFunction, op: vm.AllocStorageOp) -> None:
    f.values[op.result] = f.memory.allocate(op, op.size)


def _tensor(f: HostFunction, op: vm.TensorOp) -> None:
    f.values[op.result] = f.at(op, f.pointer(op, op.storage), op.place)


def _reshape(f: HostFunction, op: vm.ReshapeOp) -> None:
    sizes = f.bytes_of(op, op.x.type), f.bytes_of(op, op.result.type)
    if sizes[0] - sizes[1] != 0:  # only a run can tell
        b = f.b
        differ = b.icmp("ne", f.number(op, sizes[0]), f.number(op, sizes[1]))
        f.fail_with(op, differ, ERROR_SHAPE, f"{op.x.type} cannot be seen as {op.result.type}")
    f.values[op.result] = f.pointer(op, op.x)


def _check_tensor(f: HostFunction, op: vm.CheckTensorOp) -> None:
    f.values[op.result] = f.pointer(op, op.x)
    wanted = op.result.type
    if op.x.type == wanted and not f.shapes.is_found(op.x):
        return
    assert isinstance(wanted, relax.TensorType), "checked by the verifier"
    found = f.shapes.of(op, op.x)
    if wanted.rank != len(found):
        raise missing(op, f"{op.name} of a value of type {op.x.type}")
    f.shapes.set(op.result, f.shapes.match(op, found, wanted, op.what.data))


def _prefix(f: HostFunction, op: vm.PrefixOp) -> None:
    b = f.b
    count = b.load(f.pointer(op, op.count), i64, WORD_BYTES)
    whole = f.shapes.of(op, op.x)
    outside = b.icmp("ugt", count, f.number(op, whole[0]))
    message = f"expected at most {op.x.type} as {op.result.type}"
    f.fail_with(op, outside, ERROR_SHAPE, message)
    f.values[op.result] = f.pointer(op, op.x)
    wanted = op.result.type
    assert isinstance(wanted, relax.TensorType), "checked by the verifier"
    f.shapes.set(
        op.result, f.shapes.match(op, (f.shapes.dim(count), *whole[1:]), wanted, "a prefix")
    )


def _shape_of(f: HostFunction, op: vm.ShapeOfOp) -> None:
    b, shape = f.b, f.shapes.of(op, op.x)
    place = f.values[op.result] = f.memory.allocate(op, f.bytes_of(op, op.result.type))
    for axis, dim in enumerate(shape):
        b.store(f.number(op, dim), b.gep(place, i64, axis), WORD_BYTES)


def _fail(f: HostFunction, op: vm.FailOp) -> None:
    f.fail(op, ERROR_ARGUMENT, op.message.data)
    f.values |= dict.fromkeys(op.res, f.b.zero(PTR))


def _constant(f: HostFunction, op: vm.ConstantOp) -> None:
    f.values[op.result] = f.b.address_of(f.names.constant(f.pool.position(op.value)))


def _copy(f: HostFunction, op: vm.CopyOp) -> None:
    size = f.bytes_of(op, op.source.type)
    f.copy(op, f.pointer(op, op.source), f.pointer(op, op.destination), size)


def _tuple(f: HostFunction, op: vm.TupleOp) -> None:
    f.values[op.result] = tuple(f.values[field] for field in op.fields)


def _tuple_get(f: HostFunction, op: vm.TupleGetOp) -> None:
    fields = f.values[op.tuple_value]
    assert isinstance(fields, tuple), "checked by the verifier"
    f.values[op.result] = fields[op.index.value.data]


def _kill(f: HostFunction, op: vm.KillOp) -> None:
    """The frame is given back as a whole, and so are blocks."""


def _check_dims(f: HostFunction, op: vm.CheckDimsOp) -> None:
    b, relation = f.b, op.relation.data
    found, expected = pair = f.number(op, op.dims.data[0]), f.number(op, op.dims.data[1])
    test = {relax.AT_MOST: "sgt", relax.AT_LEAST: "slt"}.get(relation, "ne")
    failed = b.icmp(test, found, expected)
    ones = {relax.BROADCAST: (found, expected), relax.EXPAND: (found,)}
    for value in ones.get(relation, ()):
        failed = b.binary(llvm.AndOp, failed, b.icmp("ne", value, b.integer(1)))
    f.fail_dims(op, failed, op.what.data, relation, pair)


_HANDLERS: dict[type[Operation], Callable[[HostFunction, Any], None]] = {
    vm.AllocOutputOp: _alloc_output,
    vm.AllocStorageOp: _alloc_storage,
    vm.BranchOp: _branch,
    vm.CallOp: _call,
    vm.CheckDimsOp: _check_dims,
    vm.CheckTensorOp: _check_tensor,
    vm.CondBranchOp: _cond_branch,
    vm.ConstantOp: _constant,
    vm.CopyOp: _copy,
    vm.FailOp: _fail,
    vm.InvokeOp: _invoke,
    vm.KillOp: _kill,
    vm.PrefixOp: _prefix,
    vm.ReshapeOp: _reshape,
    vm.ReturnOp: _return,
    vm.ShapeOfOp: _shape_of,
    vm.TensorOp: _tensor,
    vm.TupleGetOp: _tuple_get,
    vm.TupleOp: _tuple,
}
