"""`vm` modules as programs: a register for each value, the blocks in a row.

    vm.call, vm.invoke, ...    call instructions; builtins have their sizes and types as arguments
    vm.br, vm.cond_br          moves to the registers of the block's arguments, then goto / if
    a value                    a register of its own, since the virtual machine resolves what does
                               not change (constants, tensors of the arena) once, not in each run

Constants are taken by reference; two equal ones (by digest) are one. Dims and sizes over symbols
become expressions in postfix.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr, TupleType
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ...analysis.constant_pool import ConstantPool
from ...dialects import dtypes, relax, tir, vm
from ...dialects.location import is_known, show
from ...runtime.bytecode import (
    Arg,
    ArgKind,
    Builtin,
    Call,
    CalleeKind,
    Constant,
    Function,
    Goto,
    If,
    Instruction,
    ObjectSpec,
    Param,
    Program,
    Ret,
    ShapeSpec,
    Spec,
    StringSpec,
    Symbol,
    TensorSpec,
    TupleSpec,
    integer,
    register,
    symbols_of,
)
from ...runtime.dims import Dim, SymbolicDim
from ...runtime.dtype import DType
from ...runtime.kernel_facts import METADATA_KEY, KernelFacts, argument_name, pack_facts
from ...symbolic import Atom, FloorDiv, IntExpr, Max, Min, Mod, Var, var


def emit_program(
    module: ModuleOp,
    metadata: Mapping[str, str] | None = None,
    flops: Mapping[str, IntExpr] | None = None,
) -> Program:
    """Return the program of the vm.func operations of `module`; its kernels are called by name.

    Args:
        module: of level `host`.
        metadata: what the program is to say of itself.
        flops: floating-point operations of kernels over their symbols, where they are known.

    Raises:
        NotImplementedError: an operation in a vm.func that the virtual machine does not have.
    """
    tables = _Tables(module, flops or {})
    functions = tuple(_FunctionEmitter(tables, func).run() for func in tables.functions)
    known = {METADATA_KEY: pack_facts(tables.facts)} if tables.facts else {}
    program = Program(
        functions,
        tuple(tables.kernels),
        tuple(tables.hosts),
        tuple(tables.constants),
        tuple(tables.specs),
        tuple(tables.texts),
        {**(metadata or {}), **known},
        tuple(tables.dims),
    )
    program.validate()
    return program


class _Tables:
    """What the functions of a program share."""

    def __init__(self, module: ModuleOp, flops: Mapping[str, IntExpr]) -> None:
        self.flops = flops
        self.facts: dict[str, KernelFacts] = {}
        self.functions = [op for op in module.body.ops if isinstance(op, vm.FuncOp)]
        self.function_positions = {f.sym_name.data: i for i, f in enumerate(self.functions)}
        kernels = (op for op in module.body.ops if isinstance(op, tir.FuncOp))
        self.symbols = {op.sym_name.data: op.symbol_names for op in kernels}
        self.kernels: dict[str, int] = {}
        self.hosts: dict[str, int] = {}
        self.specs: dict[Spec, int] = {}
        self.texts: dict[str, int] = {}
        self.dims: dict[SymbolicDim, int] = {}
        self.constants: list[Constant] = []
        self.pool = ConstantPool()
        self._locations: dict[Attribute, int] = {}

    @staticmethod
    def position(table: dict[Any, int], key: Hashable) -> int:
        """Return the position of `key`, which is appended where it is new."""
        return table.setdefault(key, len(table))

    def spec(self, value_type: Attribute) -> Arg:
        """Return a type as an argument."""
        return Arg(ArgKind.SPEC, self.position(self.specs, spec_of(value_type)))

    def number(self, expr: IntExpr) -> Arg:
        """Return a number, or an expression over symbols, as an argument."""
        dim = dim_of(expr)
        if isinstance(dim, int):
            return integer(dim)
        return Arg(ArgKind.DIM, self.position(self.dims, dim))

    def flops_of(self, kernel: str, first: int) -> int | SymbolicDim | None:
        """Return the arithmetic of a kernel over its arguments, whose sizes begin at `first`."""
        count = self.flops.get(kernel)
        if count is None:
            return None
        symbols = enumerate(self.symbols[kernel], first)
        return dim_of(count.substitute({name: var(argument_name(i)) for i, name in symbols}))

    def text(self, text: str) -> Arg:
        """Return a text as an argument."""
        return Arg(ArgKind.TEXT, self.position(self.texts, text))

    def constant(self, attr: relax.ConstantAttr) -> Arg:
        """Return a constant as an argument."""
        found = self.pool.position(attr)
        if found == len(self.constants):
            dtype = DType(dtypes.name_of(attr.dtype))
            self.constants.append(Constant.of(attr.array, dtype))
        return Arg(ArgKind.CONSTANT, found)

    def location(self, op: Operation) -> int:
        """Return the position of the text that says where `op` comes from, or -1."""
        if not is_known(op.location):
            return -1
        found = self._locations.get(op.location)
        if found is None:
            found = self._locations[op.location] = self.position(self.texts, show(op.location))
        return found


class _FunctionEmitter:
    """Emits one function."""

    def __init__(self, tables: _Tables, func: vm.FuncOp) -> None:
        self.tables = tables
        self.func = func
        self.registers: dict[SSAValue, int] = {}
        self.num_registers = 0
        self.code: list[Instruction] = []
        self.starts: dict[Block, int] = {}
        self.fixups: list[tuple[int, Block]] = []

    def run(self) -> Function:
        """Return the function."""
        blocks = list(self.func.body.blocks)
        for block in blocks:
            for arg in block.args:
                self.new_register(arg)
        for block in blocks:
            self.starts[block] = len(self.code)
            for op in block.ops:
                handler = _HANDLERS.get(type(op))
                if handler is None:
                    raise NotImplementedError(f"bytecode: {op.name}")
                handler(self, op)
        for index, block in self.fixups:
            target = self.starts[block]
            old = self.code[index]
            self.code[index] = If(old.cond, target) if isinstance(old, If) else Goto(target)
        signature = self.func.function_type
        return Function(
            self.func.sym_name.data,
            params_of(self.func.input_names, signature.inputs.data, self._argument_names()),
            _closed(
                params_of(self.func.output_names, signature.outputs.data, None),
                self.func.symbol_names,
            ),
            self.num_registers,
            tuple(self.code),
            tuple(
                Symbol(name, *limits)
                for name, limits in zip(self.func.symbol_names, self.func.bounds, strict=True)
            ),
        )

    def _argument_names(self) -> list[str | None]:
        entry = self.func.body.first_block
        return [arg.name_hint for arg in entry.args] if entry is not None else []

    # ---- registers and calls ---------------------------------------------------------

    def new_register(self, value: SSAValue | None = None) -> int:
        """Return a register that nobody has; from here on that of `value`."""
        index = self.num_registers
        self.num_registers += 1
        if value is not None:
            self.registers[value] = index
        return index

    def reg(self, value: SSAValue) -> Arg:
        """Return the register of a value as an argument."""
        return register(self.registers[value])

    def regs(self, values: Sequence[SSAValue]) -> tuple[Arg, ...]:
        """Return the registers of values."""
        return tuple(register(self.registers[value]) for value in values)

    def builtin(self, op: Operation, callee: Builtin, *args: Arg) -> None:
        """Append a builtin whose result, if any, is that of `op`."""
        dst = self.new_register(op.results[0]) if op.results else None
        self.code.append(Call(CalleeKind.BUILTIN, callee, args, dst, self.tables.location(op)))

    def call_builtin(self, op: Operation, callee: Builtin, *args: Arg) -> int:
        """Append a builtin made for `op`; return the register of what it returns."""
        dst = self.new_register()
        self.code.append(Call(CalleeKind.BUILTIN, callee, args, dst, self.tables.location(op)))
        return dst

    def whole(self, op: Operation, values: Sequence[SSAValue]) -> int:
        """Append making one tuple of values; return its register."""
        return self.call_builtin(op, Builtin.TUPLE, *self.regs(values))

    def checked(self, result: SSAValue, value: int, what: str, location: int) -> int:
        """Append the check that a value of the host has its type; return what passed."""
        spec = spec_of(result.type)
        if isinstance(spec, ObjectSpec):
            return value
        args = (register(value), self.tables.spec(result.type), self.tables.text(what))
        passed = self.new_register()
        self.code.append(Call(CalleeKind.BUILTIN, Builtin.CHECK, args, passed, location))
        return passed

    def move(self, source: int, target: int) -> None:
        """Append a move between registers."""
        self.code.append(Call(CalleeKind.BUILTIN, Builtin.MOVE, (register(source),), target))

    def enter(self, block: Block, values: Sequence[SSAValue]) -> None:
        """Move values to the registers of a block's arguments, all as if at once."""
        moves = [
            (self.registers[value], self.registers[arg])
            for value, arg in zip(values, block.args, strict=True)
            if self.registers[value] != self.registers[arg]
        ]
        targets = {target for _, target in moves}
        settled: list[tuple[int, int]] = []
        for source, target in moves:
            if source in targets:
                scratch = self.new_register()
                self.move(source, scratch)
                source = scratch
            settled.append((source, target))
        for source, target in settled:
            self.move(source, target)

    def goto(self, block: Block, op: Operation | None = None) -> None:
        """Append a goto to a block, unless it comes right behind `op`, the last of its block."""
        here = None if op is None else op.parent
        if here is not None and here.next_block is block:
            return
        self.fixups.append((len(self.code), block))
        self.code.append(Goto(0))


def _call(e: _FunctionEmitter, op: vm.CallOp) -> None:
    operands = (*op.inputs, *op.outputs, *op.workspaces)
    args = (*e.regs(operands), *map(e.tables.number, op.symbol_values))
    name = op.callee_name
    kernel = e.tables.position(e.tables.kernels, name)
    sizes = len(op.inputs), len(op.outputs)
    e.tables.facts[name] = KernelFacts(*sizes, e.tables.flops_of(name, len(operands)))
    e.code.append(Call(CalleeKind.KERNEL, kernel, args, None, e.tables.location(op)))


def _value_call(e: _FunctionEmitter, op: vm.CallPackedOp | vm.InvokeOp) -> None:
    if isinstance(op, vm.InvokeOp):
        kind, callee = CalleeKind.FUNCTION, e.tables.function_positions[op.callee_name]
    else:
        kind, callee = CalleeKind.HOST, e.tables.position(e.tables.hosts, op.callee_name)
    location = e.tables.location(op)
    args = e.regs(op.args)
    # No result, or several: they arrive as one tuple.
    whole = e.new_register() if op.res else None
    e.code.append(Call(kind, callee, args, whole, location))
    for index, result in enumerate(op.res):
        assert whole is not None
        value = whole
        if len(op.res) > 1:
            value = e.new_register()
            field = (register(whole), integer(index))
            e.code.append(Call(CalleeKind.BUILTIN, Builtin.FIELD, field, value, location))
        # What a function returns has its declared type, but for what its symbols stand for.
        if kind is CalleeKind.HOST or any(symbols_of(spec_of(result.type))):
            value = e.checked(result, value, f"result {index} of @{op.callee_name}", location)
        e.registers[result] = value


def _fail(e: _FunctionEmitter, op: vm.FailOp) -> None:
    text = e.tables.text(op.message.data)
    # A builtin has one result: the first that there is ends the run.
    for reg in [e.new_register(result) for result in op.res] or [e.new_register()]:
        location = e.tables.location(op)
        e.code.append(Call(CalleeKind.BUILTIN, Builtin.FAIL, (text,), reg, location))


def _check_dims(e: _FunctionEmitter, op: vm.CheckDimsOp) -> None:
    relation = integer(relax.RELATIONS.index(op.relation.data))
    numbers = map(e.tables.number, op.dims.data)
    e.builtin(op, Builtin.CHECK_DIMS, e.tables.text(op.what.data), relation, *numbers)


def _make_closure(e: _FunctionEmitter, op: vm.MakeClosureOp) -> None:
    captured = e.whole(op, op.args)
    args = e.tables.text(op.callee_name), register(captured)
    e.registers[op.res[0]] = e.call_builtin(op, Builtin.CLOSURE, *args)


def _invoke_closure(e: _FunctionEmitter, op: vm.InvokeClosureOp) -> None:
    args = e.whole(op, op.args)
    found = e.call_builtin(op, Builtin.INVOKE, e.reg(op.closure), register(args))
    for index, result in enumerate(op.res):
        value = found
        if len(op.res) > 1:
            value = e.call_builtin(op, Builtin.FIELD, register(found), integer(index))
        what = f"result {index} of a closure"
        e.registers[result] = e.checked(result, value, what, e.tables.location(op))


def _branch(e: _FunctionEmitter, op: vm.BranchOp) -> None:
    e.enter(op.successor, op.arguments)
    e.goto(op.successor, op)


def _cond_branch(e: _FunctionEmitter, op: vm.CondBranchOp) -> None:
    position = len(e.code)
    e.code.append(If(e.registers[op.cond], 0))
    e.enter(op.then_block, op.then_arguments)
    if not op.else_arguments:
        e.goto(op.then_block, op)
        e.fixups.append((position, op.else_block))
        return
    e.goto(op.then_block)
    e.code[position] = If(e.registers[op.cond], len(e.code))
    e.enter(op.else_block, op.else_arguments)
    e.goto(op.else_block)


def _return(e: _FunctionEmitter, op: vm.ReturnOp) -> None:
    e.code.append(Ret(tuple(e.registers[value] for value in op.values)))


def _alloc_output(e: _FunctionEmitter, op: vm.AllocOutputOp) -> None:
    index = -1 if op.index is None else op.index.value.data
    e.builtin(op, Builtin.OUTPUT, e.tables.spec(op.result.type), integer(index))


def _check(e: _FunctionEmitter, op: vm.CheckTensorOp) -> None:
    args = e.reg(op.x), e.tables.spec(op.result.type), e.tables.text(op.what.data)
    if op.symbol_names:
        e.builtin(op, Builtin.MATCH, *args, e.tables.text(",".join(op.symbol_names)))
    else:
        e.builtin(op, Builtin.CHECK, *args)


def _check_value(e: _FunctionEmitter, op: vm.CheckValueOp) -> None:
    args = e.reg(op.x), e.tables.spec(op.result.type), e.tables.text(op.what.data)
    e.builtin(op, Builtin.CHECK, *args)


def _prefix(e: _FunctionEmitter, op: vm.PrefixOp) -> None:
    args = e.reg(op.x), e.reg(op.count), e.tables.spec(op.result.type)
    e.builtin(op, Builtin.PREFIX, *args, e.tables.text(",".join(op.symbol_names)))


def _alloc_storage(e: _FunctionEmitter, op: vm.AllocStorageOp) -> None:
    sizes = e.tables.number(op.size), integer(op.align_bytes.value.data)
    e.builtin(op, Builtin.STORAGE, *sizes)


def _tensor(e: _FunctionEmitter, op: vm.TensorOp) -> None:
    offset = e.tables.number(op.place)
    e.builtin(op, Builtin.TENSOR, e.reg(op.storage), offset, e.tables.spec(op.result.type))


_HANDLERS: dict[type[Operation], Callable[[_FunctionEmitter, Any], None]] = {
    vm.AllocOutputOp: _alloc_output,
    vm.AllocStorageOp: _alloc_storage,
    vm.BranchOp: _branch,
    vm.CallOp: _call,
    vm.CallPackedOp: _value_call,
    vm.CheckDimsOp: _check_dims,
    vm.CheckTensorOp: _check,
    vm.CheckValueOp: _check_value,
    vm.CondBranchOp: _cond_branch,
    vm.ConstantOp: lambda e, op: e.builtin(op, Builtin.CONSTANT, e.tables.constant(op.value)),
    vm.CopyOp: lambda e, op: e.builtin(op, Builtin.COPY, *e.regs(op.operands)),
    vm.FailOp: _fail,
    vm.InvokeClosureOp: _invoke_closure,
    vm.InvokeOp: _value_call,
    vm.KillOp: lambda e, op: e.builtin(op, Builtin.KILL, *e.regs(op.operands)),
    vm.MakeClosureOp: _make_closure,
    vm.PrefixOp: _prefix,
    vm.ReshapeOp: lambda e, op: e.builtin(
        op, Builtin.VIEW, e.reg(op.x), e.tables.spec(op.result.type)
    ),
    vm.ReturnOp: _return,
    vm.ShapeOfOp: lambda e, op: e.builtin(op, Builtin.SHAPE, e.reg(op.x)),
    vm.StringOp: lambda e, op: e.builtin(op, Builtin.STRING, e.tables.text(op.value.data)),
    vm.TensorOp: _tensor,
    vm.TupleGetOp: lambda e, op: e.builtin(
        op, Builtin.FIELD, e.reg(op.tuple_value), integer(op.index.value.data)
    ),
    vm.TupleOp: lambda e, op: e.builtin(op, Builtin.TUPLE, *e.regs(op.operands)),
}


def spec_of(value_type: Attribute) -> Spec:
    """Return a type as the runtime says it."""
    match value_type:
        case relax.TensorType():
            dims = value_type.shape
            shape: tuple[Dim, ...] | None = None
            if dims is not None:
                shape = tuple(None if dim is None else dim_of(dim) for dim in dims)
            return TensorSpec(DType(dtypes.name_of(value_type.dtype)), shape)
        case TupleType():
            return TupleSpec(tuple(spec_of(field) for field in value_type.types.data))
        case relax.StringType():
            return StringSpec()
        case relax.ShapeType():
            return ShapeSpec(value_type.rank)
        case _:
            return ObjectSpec()


def dim_of(expr: IntExpr) -> int | SymbolicDim:
    """Return an expression as the runtime evaluates it: a number, or postfix over symbols."""
    if expr.is_constant:
        return expr.constant_value
    return SymbolicDim(tuple(_postfix(expr)))


def _postfix(expr: IntExpr) -> list[int | str]:
    code: list[int | str] = []
    for mono, coef in expr.terms:
        term: list[int | str] = []
        for atom in mono.atoms:
            term += [*_postfix_of_atom(atom), *(["*"] if term else [])]
        if coef != 1:
            term += [coef, "*"]
        code += [*term, *(["+"] if code else [])]
    if expr.constant or not code:
        code += [expr.constant, *(["+"] if code else [])]
    return code


_BINARY: dict[type[Atom], str] = {FloorDiv: "floordiv", Mod: "mod", Min: "min", Max: "max"}


def _postfix_of_atom(atom: Atom) -> list[int | str]:
    if isinstance(atom, Var):
        return [str(atom.key)]
    first, *others = atom.args
    code = _postfix(first)
    for other in others:
        code += [*_postfix(other), _BINARY[type(atom)]]
    return code


def _closed(params: tuple[Param, ...], known: Sequence[str]) -> tuple[Param, ...]:
    """Return results without the symbols that the function tells on its way."""
    found: list[Param] = []
    for name, spec in params:
        if isinstance(spec, TensorSpec) and spec.shape is not None:
            dims = [
                None if isinstance(d, SymbolicDim) and not set(d.symbols) <= set(known) else d
                for d in spec.shape
            ]
            spec = TensorSpec(spec.dtype, tuple(dims))
        found.append(Param(name, spec))
    return tuple(found)


def params_of(
    names: ArrayAttr[StringAttr] | None,
    types: Sequence[Attribute],
    hints: Sequence[str | None] | None,
) -> tuple[Param, ...]:
    """Return named parameters: by declared names, else by hints where they are unique."""
    if names is not None:
        found = [name.data for name in names]
    else:
        word = "output" if hints is None else "arg"
        found = [f"{word}{i}" for i in range(len(types))]
        if hints is not None and None not in hints and len(set(hints)) == len(hints):
            found = [hint or "" for hint in hints]
    return tuple(Param(name, spec_of(t)) for name, t in zip(found, types, strict=True))
