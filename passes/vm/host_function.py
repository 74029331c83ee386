"""One function of the host program as native code: the walk of lower-vm-to-llvm.

A tensor is its address. Storages, and memory that a function allocates and does not return, lie at
fixed places of the function's frame, behind what its callees work in; where a loop may come by an
allocation twice, each time gets memory of its own from the context. Symbols are arguments behind
the addresses; sizes, places and the frame's own size are expressions over them.

A symbol that the function tells on its way is a number from there on; memory that it sizes comes
from the context. A dim without a name goes along with the tensor's address, as a symbol that no
program can name. A result that the function's own symbols do not size is *open*: in place of memory
for it the caller gives an array of numbers, `{address, dim 0, dim 1, ...}`, that is filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects.builtin import StringAttr, i1, i8, i32, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ...analysis.constant_pool import ConstantPool
from ...analysis.kernel_symbols import Dims, solve_symbols
from ...analysis.repetition import repeated_blocks
from ...dialects import dtypes, llvm, relax, vm
from ...dialects.llvm.build import LLVMBuilder
from ...dialects.llvm.types import PTR
from ...dialects.location import is_known, show
from ...symbolic import IntExpr, as_expr, ceildiv, max_, var
from ..llvm.expressions import Expressions

CONTEXT_ALLOCATE = 24
"""Offset of `allocate` in struct tyrex_context (runtime/native/tyrex.h)."""

CONTEXT_SET_ERROR = 16
"""Offset of `set_error` there."""

ERROR_ARGUMENT = 1
"""TYREX_ERROR_ARGUMENT of runtime/native/abi.h."""

ERROR_SHAPE = 2
"""TYREX_ERROR_SHAPE."""

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


@dataclass(frozen=True)
class Callee:
    """A function that was built: what its callers need."""

    func: vm.FuncOp
    frame_bytes: IntExpr
    """The memory that it works in, over its symbols."""

    @property
    def open_results(self) -> frozenset[int]:
        """The positions of results whose size its symbols do not tell."""
        return open_results(self.func)


def open_results(func: vm.FuncOp) -> frozenset[int]:
    """Return the positions of the results whose size a function's symbols do not tell."""
    declared = set(func.symbol_names)
    return frozenset(
        index
        for index, type_ in enumerate(func.function_type.outputs)
        if isinstance(type_, relax.TensorType)
        and any(
            d is None or not declared.issuperset(d.free_vars())
            for d in ((None,) if type_.shape is None else type_.shape)
        )
    )


class HostFunction:
    """Builds one function; `callees` are those that it calls."""

    def __init__(
        self,
        b: LLVMBuilder,
        func: vm.FuncOp,
        names: Names,
        pool: ConstantPool,
        callees: Mapping[str, Callee],
    ) -> None:
        self.b, self.func, self.names = b, func, names
        self.pool = pool
        self.callees = callees
        self.exprs = Expressions(b)
        self.num_messages = 0
        self.values: dict[SSAValue, Value] = {}
        self.passed: dict[int, SSAValue] = {}  # what the argument words hold, within a block
        self.shapes: dict[SSAValue, tuple[IntExpr, ...]] = {}
        """Those that a value's type does not say."""
        self.told: dict[str, Block | None] = {}
        self.num_dims = 0
        self.own = frozenset(func.symbol_names)
        self.open = open_results(func)
        # One callee works at a time: all begin at the frame's start, its own memory follows.
        calls = [op for op in func.walk() if isinstance(op, vm.InvokeOp)]
        frames = [frame for frame in map(self.frame_of, calls) if frame is not None]
        self.frame_bytes = max_(*frames) if frames else as_expr(0)
        self.repeated = repeated_blocks(func.body)

    def build(self) -> Callee:
        """Append the function; return what its callers need."""
        b, types = self.b, self.func.function_type
        for type_ in types.inputs:
            self.bytes_of(self.func, type_)
        for type_ in types.outputs:
            if not isinstance(type_, relax.TensorType) or type_.rank is None:
                raise _missing(self.func, f"a result of type {type_}")
        b.location = self.func.location
        count = len(types.inputs) + len(types.outputs)
        name = self.names.body(self.func.sym_name.data)
        symbols = self.func.symbol_names
        arg_types = [*([PTR] * (2 + count)), *([i64] * len(symbols))]
        function = b.function(name, arg_types, i32, linkage="internal")
        self.context, self.memory, *pointers = function.body.block.args
        self.outputs = pointers[len(types.inputs) : count]
        self.exprs.values |= dict(zip(symbols, pointers[count:], strict=True))
        self.exprs.bounds |= dict(zip(symbols, self.func.bounds, strict=True))
        self.words, *self.arguments = self.argument_words()
        self.records = self.new_records()
        blocks = list(self.func.body.blocks)
        for value, pointer in zip(blocks[0].args, pointers, strict=False):
            self.values[value] = pointer
        self.blocks = {block: self.new_block(block) for block in blocks[1:]}
        self.failure, self.may_fail = b.new_block(i32), False
        for block in blocks:
            self.block(block)
        if self.may_fail:
            b.location = self.func.location
            b.start(self.failure)
            b.ret(self.failure.args[0])
        return Callee(self.func, self.frame_bytes)

    def block(self, block: Block) -> None:
        """Append the operations of a block."""
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
        words = b.alloca(i64, count, _WORD_BYTES)
        b.store(self.context, words, _WORD_BYTES)
        return [words, *(b.gep(words, i64, index) for index in range(1, count))]

    def new_records(self) -> dict[SSAValue, SSAValue]:
        """Return room for what each open result of a callee is."""
        b = self.b
        return {
            result: b.alloca(i64, 1 + (result.type.rank or 0), _WORD_BYTES)
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
            types += [PTR, *([i64] * len(self.unknown_axes(self.func, arg.type)))]
        block = self.b.new_block(*types)
        arguments = iter(block.args)
        for arg in source.args:
            self.values[arg] = next(arguments)
            self.named(arg, [next(arguments) for _ in self.unknown_axes(self.func, arg.type)])
        return block

    def unknown_axes(self, op: Operation, type_: Attribute) -> list[int]:
        """Return the axes of a tensor whose dims have no name."""
        if not isinstance(type_, relax.TensorType) or type_.shape is None:
            raise _missing(op, f"a value of type {type_}")
        return [axis for axis, dim in enumerate(type_.shape) if dim is None]

    def operation(self, op: Operation) -> None:
        """Append what an operation does."""
        handler = _HANDLERS.get(type(op))
        if handler is None:
            raise _missing(op, op.name)
        self.b.location = op.location
        handler(self, op)

    # -- shapes --------------------------------------------------------------------------------

    def named(self, value: SSAValue, extents: Sequence[SSAValue]) -> None:
        """Give the dims of a value that have no name one that stands for a number."""
        found = iter(extents)
        if extents and isinstance(value.type, relax.TensorType):
            dims = value.type.shape or ()
            self.shapes[value] = tuple(self.dim(next(found)) if d is None else d for d in dims)

    def dim(self, number: SSAValue) -> IntExpr:
        """Return a new symbol, which no program can name, for a number that is not negative."""
        self.num_dims += 1
        name = f"dim {self.num_dims}"
        self.exprs.values[name], self.exprs.bounds[name] = number, (0, None)
        return var(name)

    def shape(self, op: Operation, value: SSAValue) -> tuple[IntExpr, ...]:
        """Return the shape of a tensor."""
        known = value.type.known_shape() if isinstance(value.type, relax.TensorType) else None
        found = self.shapes.get(value) if known is None else known
        if found is None:
            raise _missing(op, f"a value of type {value.type}")
        return found

    def tell(self, op: Operation, name: str, number: SSAValue) -> None:
        """Have a symbol stand for a number from here on."""
        first = self.func.body.first_block
        if name in self.own or (self.told.get(name) is first and name in self.told):
            raise _missing(op, f"the symbol '{name}', which is told twice,")
        self.told[name] = op.parent
        self.exprs.values[name], self.exprs.bounds[name] = number, (0, None)

    def match(
        self, op: Operation, found: Sequence[IntExpr], wanted: relax.TensorType, what: str
    ) -> tuple[IntExpr, ...]:
        """Tell the symbols that a type names first; check its other dims. Return the shape."""
        b, names = self.b, list(relax.new_symbols(op))
        pairs = list(zip(found, wanted.shape or (), strict=True))
        for extent, dim in pairs:
            symbol = None if dim is None else dim.as_var()
            if symbol is not None and symbol.key in names:
                names.remove(str(symbol.key))
                self.tell(op, str(symbol.key), self.number(op, extent))
        if names:
            raise _missing(op, f"the symbol '{names[0]}', which no dim is,")
        for axis, (extent, dim) in enumerate(pairs):
            if (
                dim is not None
                and dim is not extent
                and self.number(op, dim) is not self.number(op, extent)
            ):
                differ = b.icmp("ne", self.number(op, extent), self.number(op, dim))
                message = f"{what}: expected {dim} in dimension {axis}, {wanted}"
                self.fail_with(op, differ, ERROR_SHAPE, message)
        return tuple(extent if dim is None else dim for extent, dim in pairs)

    # -- values --------------------------------------------------------------------------------

    def target(self, op: Operation, block: Block) -> Block:
        """Return the block that a branch leads to."""
        found = self.blocks.get(block)
        if found is None:
            raise _missing(op, "a branch to the first block")
        return found

    def bytes_of(self, op: Operation, type_: Attribute) -> IntExpr:
        """Return the bytes of a tensor."""
        size = vm.byte_size(type_) if isinstance(type_, relax.TensorType) else None
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

    def number(self, op: Operation, expr: IntExpr) -> SSAValue:
        """Return the value of an expression over the function's symbols."""
        unknown = [key for key in expr.free_vars() if key not in self.exprs.values]
        if unknown:
            raise _missing(op, f"the symbol '{unknown[0]}', which nothing tells")
        return self.exprs.value(expr)

    def callee_symbols(self, op: vm.InvokeOp) -> dict[str, IntExpr]:
        """Return the symbols of a callee over those of the function."""
        callee = self.callees[op.callee_name].func
        dims: list[Dims] = []
        for declared, arg in zip(callee.function_type.inputs, op.args, strict=True):
            if isinstance(declared, relax.TensorType):
                dims += zip(declared.known_shape() or (), self.shape(op, arg), strict=False)
        symbols = solve_symbols(sorted(dims, key=lambda pair: pair[0].as_var() is None))
        is_same = all(d.substitute(dict(symbols)) is f for d, f in dims if not d.is_constant)
        if not is_same or any(name not in symbols for name in callee.symbol_names):
            raise _missing(op, f"a call of @{op.callee_name} whose symbols only a run can tell")
        return symbols

    def frame_of(self, op: vm.InvokeOp) -> IntExpr | None:
        """Return what a callee works in, or None where the way decides how much that is."""
        frame = self.callees[op.callee_name].frame_bytes
        if all(
            isinstance(a.type, relax.TensorType) and a.type.known_shape() is not None
            for a in op.args
        ):
            frame = frame.substitute(dict(self.callee_symbols(op)))
        return frame if self.own.issuperset(frame.free_vars()) else None

    def at(self, op: Operation, base: SSAValue, offset: IntExpr) -> SSAValue:
        """Return the address at a byte of memory."""
        if offset.is_constant:
            return self.b.gep(base, i8, offset.constant_value) if offset != 0 else base
        return self.b.gep(base, i8, self.number(op, offset))

    def allocate(self, op: Operation, size: IntExpr) -> SSAValue:
        """Return memory that nobody else uses until the run ends."""
        if op.parent in self.repeated or not self.own.issuperset(size.free_vars()):
            return self.take(op, size)
        offset = self.frame_bytes
        whole = size if size.is_multiple_of(_ALIGN_BYTES) else _rounded(size)
        self.frame_bytes = offset + whole
        return self.at(op, self.memory, offset)

    def take(self, op: Operation, size: IntExpr) -> SSAValue:
        """Return memory of the context: it is there until the context's next run."""
        b = self.b
        function = b.load(b.gep(self.context, i8, CONTEXT_ALLOCATE), PTR, _WORD_BYTES)
        found = b.call(function, (self.context, self.number(op, size)), PTR)
        assert found is not None, "the call has a result"
        self.fail_if(b.icmp("eq", found, b.zero(PTR)), b.integer(ERROR_MEMORY, i32))
        return found

    def fail_if(self, failed: SSAValue, code: SSAValue) -> None:
        """Leave the function with `code` where `failed` (i1) is true."""
        self.may_fail = True
        following = self.b.new_block()
        self.b.cond_br(failed, self.failure, following, (code,))
        self.b.start(following)

    def fail_with(self, op: Operation, failed: SSAValue, code: int, message: str) -> None:
        """Set an error and leave the function where `failed` (i1) is true."""
        b = self.b
        text = f"{show(op.location)}: {message}" if is_known(op.location) else message
        failing, following = b.new_block(), b.new_block()
        b.cond_br(failed, failing, following)
        b.start(failing)
        number = b.integer(code, i32)
        function = b.load(b.gep(self.context, i8, CONTEXT_SET_ERROR), PTR, _WORD_BYTES)
        b.call(function, (number, b.address_of(self.message(text))), None)
        b.ret(number)
        b.start(following)

    def check(self, code: SSAValue | None) -> None:
        """Leave the function where a call failed."""
        assert code is not None, "the call has a result"
        self.fail_if(self.b.icmp("ne", code, self.b.integer(0, i32)), code)

    def message(self, text: str) -> str:
        """Return the symbol of a text of C, which is appended to the module."""
        data = text.encode() + b"\0"
        type_ = llvm.LLVMArrayType(len(data), i8)
        symbol = f"{self.names.body(self.func.sym_name.data)}.message{self.num_messages}"
        self.num_messages += 1
        linkage = llvm.LinkageAttr("private")
        value = StringAttr(text + "\0")
        self.b.module.body.block.add_op(
            llvm.GlobalOp(type_, symbol, linkage, constant=True, value=value)
        )
        return symbol

    def copy(self, op: Operation, source: SSAValue, target: SSAValue, size: IntExpr) -> None:
        """Append a copy of memory."""
        if source is not target and size != 0:
            self.b.memcpy(target, source, self.number(op, size))


def _call(f: HostFunction, op: vm.CallOp) -> None:
    b = f.b
    words: list[SSAValue] = f.pointers(op, op.operands)
    words += [f.number(op, symbol) for symbol in op.symbol_values]
    for index, word in enumerate(words):
        if f.passed.get(index) is not word:
            f.passed[index] = word
            b.store(word, f.arguments[index], _WORD_BYTES)
    kernel = f.names.kernel(op.callee_name)
    b.declare(kernel, [PTR], i32)
    f.check(b.call(kernel, (f.words,), i32))


def _invoke(f: HostFunction, op: vm.InvokeOp) -> None:
    b = f.b
    callee = f.callees[op.callee_name]
    results = [
        f.records[result]
        if index in callee.open_results
        else f.allocate(op, f.bytes_of(op, result.type))
        for index, result in enumerate(op.res)
    ]
    symbols = f.callee_symbols(op)
    numbers = [f.number(op, symbols[name]) for name in callee.func.symbol_names]
    memory = f.memory
    if f.frame_of(op) is None:
        memory = f.take(op, callee.frame_bytes.substitute(dict(symbols)))
    args = (f.context, memory, *f.pointers(op, op.args), *results, *numbers)
    f.check(b.call(f.names.body(op.callee_name), args, i32))
    for index, (result, place) in enumerate(zip(op.res, results, strict=True)):
        f.values[result] = place
        if index in callee.open_results:
            f.values[result] = b.load(place, PTR, _WORD_BYTES)
            axes = f.unknown_axes(op, result.type)
            dims = [b.load(b.gep(place, i64, 1 + axis), i64, _WORD_BYTES) for axis in axes]
            f.named(result, dims)


def _passed(f: HostFunction, op: Operation, block: Block, values: Sequence[SSAValue]) -> Any:
    """Return what a branch passes to a block: addresses, and dims that have no name there."""
    words: list[SSAValue] = []
    for arg, value in zip(block.args, values, strict=True):
        words.append(f.pointer(op, value))
        axes = f.unknown_axes(op, arg.type)
        shape = f.shape(op, value) if axes else ()
        words += [f.number(op, shape[axis]) for axis in axes]
    return words


def _branch(f: HostFunction, op: vm.BranchOp) -> None:
    f.b.br(f.target(op, op.successor), *_passed(f, op, op.successor, op.arguments))


def _cond_branch(f: HostFunction, op: vm.CondBranchOp) -> None:
    b = f.b
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
    f.b.ret(f.b.integer(0, i32))


def _return_open(f: HostFunction, op: vm.ReturnOp, value: SSAValue, record: SSAValue) -> None:
    """Say where a result is, and how large: in memory that stays when the function is left."""
    b, shape, size = f.b, f.shape(op, value), as_expr(1)
    address = f.pointer(op, value)
    base = value
    while isinstance(base.owner, vm.ReshapeOp | vm.CheckTensorOp | vm.PrefixOp):
        base = base.owner.x
    if not isinstance(base.owner, vm.AllocOutputOp):
        assert isinstance(value.type, relax.TensorType), "checked by shape"
        for dim in shape:
            size = size * dim
        size = size * dtypes.size_bytes(value.type.dtype)
        source, address = address, f.take(op, size)
        b.memcpy(address, source, f.number(op, size))
    b.store(b.integer(0), record, _WORD_BYTES)  # an address may be shorter than its place
    b.store(address, record, _WORD_BYTES)
    for axis, dim in enumerate(shape):
        b.store(f.number(op, dim), b.gep(record, i64, 1 + axis), _WORD_BYTES)


def _alloc_output(f: HostFunction, op: vm.AllocOutputOp) -> None:
    if op.index is not None and op.index.value.data in f.open:
        f.values[op.result] = f.take(op, f.bytes_of(op, op.result.type))
    elif op.index is not None:
        f.values[op.result] = f.outputs[op.index.value.data]
    else:
        f.values[op.result] = f.allocate(op, f.bytes_of(op, op.result.type))


def _alloc_storage(f: HostFunction, op: vm.AllocStorageOp) -> None:
    f.values[op.result] = f.allocate(op, op.size)


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
    if op.x.type == wanted and op.x not in f.shapes:
        return
    assert isinstance(wanted, relax.TensorType), "checked by the verifier"
    found = f.shape(op, op.x)
    if wanted.rank != len(found):
        raise _missing(op, f"{op.name} of a value of type {op.x.type}")
    f.shapes[op.result] = f.match(op, found, wanted, op.what.data)


def _prefix(f: HostFunction, op: vm.PrefixOp) -> None:
    b = f.b
    count = b.load(f.pointer(op, op.count), i64, _WORD_BYTES)
    whole = f.shape(op, op.x)
    outside = b.icmp("ugt", count, f.number(op, whole[0]))
    message = f"expected at most {op.x.type} as {op.result.type}"
    f.fail_with(op, outside, ERROR_SHAPE, message)
    f.values[op.result] = f.pointer(op, op.x)
    wanted = op.result.type
    assert isinstance(wanted, relax.TensorType), "checked by the verifier"
    f.shapes[op.result] = f.match(op, (f.dim(count), *whole[1:]), wanted, "a prefix")


def _fail(f: HostFunction, op: vm.FailOp) -> None:
    # What follows is there for the sake of its types.
    f.fail_with(op, f.b.integer(1, i1), ERROR_ARGUMENT, op.message.data)
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
    vm.FailOp: _fail,
    vm.InvokeOp: _invoke,
    vm.KillOp: _kill,
    vm.PrefixOp: _prefix,
    vm.ReshapeOp: _reshape,
    vm.ReturnOp: _return,
    vm.TensorOp: _tensor,
    vm.TupleGetOp: _tuple_get,
    vm.TupleOp: _tuple,
}


def _rounded(size: IntExpr) -> IntExpr:
    return ceildiv(size, _ALIGN_BYTES) * _ALIGN_BYTES


def _missing(op: Operation, what: str) -> NotImplementedError:
    return NotImplementedError(
        f"native code cannot express {what} at {show(op.location)}: only bytecode runs the program"
    )
