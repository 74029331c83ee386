"""lower-to-vm: graph functions become host programs: values become memory, regions blocks.

Rewrites   %y = relax.call_tir @k(%x) : (X) -> Y
into       %s = vm.alloc_storage {size_bytes, align_bytes}
           %y = vm.tensor %s {offset = 0}
           vm.call @k(%x) -> (%y)

Every call gets memory of its own (plan-memory shares it); what the function returns is computed
in memory that may leave it. Reshapes are views, tuples are taken apart, `if` and `while` become
branches. Nothing that is returned lies in an argument, a constant or another result: it is copied
where it would.

What a function, a branch, a loop or a call declares of a shape, and the value's own type does not
say, is checked in the run, before anything is written where the declaration made room.

A size that symbols decide is an expression; symbols are those of the function, told by the shapes
of its arguments, and those that a match_cast tells on the way.

Needs:  kernels, reshapes, tuples, control flow, calls alone (legalize-ops); no unknown dims.
Leaves: vm.func for every relax.func.
Why here: the last pass that reads graphs; plan-memory, which follows, reads where memory is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, TupleType
from xdsl.ir import Attribute, Block, Operation, SSAValue, TypeAttribute
from xdsl.passes import ModulePass

from ...analysis.aliases import Leaf, leaves_of
from ...analysis.declared_types import call_types
from ...analysis.destinations import is_shaped, returned_leaves
from ...dialects import relax, tir, vm
from ...dialects.diagnostics import CompileError
from .control_lowering import lower_if, lower_while
from .external_names import external_functions, external_kernel
from .kernel_binding import bind_kernel
from .memory_builder import MemoryBuilder

_KernelCall = relax.CallTIROp | relax.CallTIRInplaceOp


def _kernel(b: MemoryBuilder, op: _KernelCall) -> None:
    kernel = b.kernels.get(op.callee_name)
    if kernel is None:
        raise CompileError(op, f"calls @{op.callee_name}, which is no tir.func of the module")
    inputs = [b.value(Leaf(arg)) for arg in op.args]
    outputs: list[SSAValue] = []
    wanted = op.inplace_args if isinstance(op, relax.CallTIRInplaceOp) else (-1,) * len(op.results)
    for result, argument in zip(op.results, wanted, strict=True):
        if b.aliases.in_place(result) is not None:
            outputs.append(inputs[argument])
            continue
        memory = b.memory_of(Leaf(result))
        if argument >= 0 and (argument, result.index) in kernel.aliases():
            # The kernel counts on one memory for both, and the argument's is not ours to write.
            b.copy(inputs[argument], memory)
            inputs[argument] = memory
        outputs.append(memory)
    binding = bind_kernel(
        op, kernel, [value.type for value in inputs], [value.type for value in outputs]
    )
    for position, wanted_type in binding.checked:
        what = f"argument {position} of @{op.callee_name}"
        inputs[position] = b.emit_value(vm.CheckTensorOp(inputs[position], what, wanted_type))
    workspaces = [b.fresh(workspace) for workspace in binding.workspaces]
    b.emit(vm.CallOp(op.callee_name, inputs, outputs, workspaces, binding.symbols))
    for result, memory in zip(op.results, outputs, strict=True):
        b.set_value(Leaf(result), memory)


def _destination_passing(b: MemoryBuilder, op: relax.CallDPSPackedOp) -> None:
    outputs = [b.memory_of(Leaf(result)) for result in op.results]
    if op.callee_name in b.external:
        _external(b, op, outputs)
        return
    arguments = [b.packed_value(arg) for arg in op.args]
    b.emit(vm.CallPackedOp(op.callee_name, [*arguments, *outputs], []))
    for result, memory in zip(op.results, outputs, strict=True):
        b.set_value(Leaf(result), memory)


def _external(b: MemoryBuilder, op: relax.CallDPSPackedOp, outputs: list[SSAValue]) -> None:
    """Call machine code of the user's as a kernel."""
    if not all(isinstance(arg.type, relax.TensorType) for arg in op.args):
        raise CompileError(op, f"calls external code @{op.callee_name} with what is no tensor")
    inputs = [b.value(Leaf(arg)) for arg in op.args]
    types = [[value.type for value in values] for values in (inputs, outputs)]
    b.emit(vm.CallOp(external_kernel(op.callee_name, *types), inputs, outputs))
    for result, memory in zip(op.results, outputs, strict=True):
        b.set_value(Leaf(result), memory)


def _call(b: MemoryBuilder, op: relax.CallOp) -> None:
    """Call a function; what it takes and what comes back is what both sides declare."""
    callee = b.functions.get(op.callee_name)
    if callee is None:
        raise CompileError(op, f"calls @{op.callee_name}, which is no relax.func of the module")
    args = [leaf for arg in op.args for leaf in leaves_of(arg)]
    results = [leaf for result in op.results for leaf in leaves_of(result)]
    taken, given = call_types(callee, [leaf.type for leaf in args], [r.type for r in results])
    what = f"an argument of @{op.callee_name}"
    values = [b.checked(b.value(a), t, what) for a, t in zip(args, taken, strict=True)]
    leaves, types = iter(values), iter(given)
    arguments = [b.packed(arg.type, leaves) for arg in op.args]
    found = [_with_leaves(result.type, types) for result in op.results]
    new = b.emit(vm.InvokeOp(op.callee_name, arguments, found))
    for result, value in zip(op.results, new.results, strict=True):
        value.name_hint = result.name_hint
        b.define(result, value)
    for leaf in results:
        what = f"a result of @{op.callee_name}"
        b.set_value(leaf, b.checked(b.value(leaf), leaf.type, what))


def _with_leaves(type_: Attribute, leaves: Iterator[Attribute]) -> Attribute:
    """Return a type with other leaves."""
    if not isinstance(type_, TupleType):
        return next(leaves)
    fields = [_with_leaves(field, leaves) for field in type_.types.data]
    return TupleType(ArrayAttr([f for f in fields if isinstance(f, TypeAttribute)]))


def _packed_call(b: MemoryBuilder, op: relax.CallPackedOp) -> None:
    arguments = [b.packed_value(arg) for arg in op.args]
    types = [result.type for result in op.results]
    new = b.emit(vm.CallPackedOp(op.callee_name, arguments, types))
    for result, value in zip(op.results, new.results, strict=True):
        value.name_hint = result.name_hint
        b.define(result, value)


def _fail(b: MemoryBuilder, op: relax.FailOp) -> None:
    new = b.emit(vm.FailOp(op.message.data, [result.type for result in op.results]))
    for result, value in zip(op.results, new.results, strict=True):
        for leaf in leaves_of(result):
            if leaf in b.destinations.memory:
                b.set_value(leaf, b.memory_of(leaf))
            else:
                b.set_value(leaf, value)


def _check_dims(b: MemoryBuilder, op: relax.CheckDimsOp) -> None:
    b.emit(vm.CheckDimsOp(op.what, op.relation, op.dims))


def _make_closure(b: MemoryBuilder, op: relax.MakeClosureOp) -> None:
    name = op.callee.root_reference.data
    if name not in b.functions:
        raise CompileError(op, f"binds arguments of @{name}, which is no relax.func of the module")
    captured = [b.packed_value(value) for value in op.captured]
    closure = b.emit_value(vm.MakeClosureOp(name, captured), op.result.name_hint)
    b.set_value(Leaf(op.result), closure)


def _invoke_closure(b: MemoryBuilder, op: relax.InvokeClosureOp) -> None:
    arguments = [b.packed_value(arg) for arg in op.args]
    types = [result.type for result in op.results]
    new = b.emit(vm.InvokeClosureOp(b.value(Leaf(op.closure)), arguments, types))
    for result, value in zip(op.results, new.results, strict=True):
        value.name_hint = result.name_hint
        b.define(result, value)


def _constant(b: MemoryBuilder, op: relax.ConstantOp) -> None:
    b.set_value(Leaf(op.result), b.emit_value(vm.ConstantOp(op.value), op.result.name_hint))


def _string(b: MemoryBuilder, op: relax.StringOp) -> None:
    text = vm.StringOp(op.value.data)
    b.set_value(Leaf(op.result), b.emit_value(text, op.result.name_hint))


def _shape_of(b: MemoryBuilder, op: relax.ShapeOfOp) -> None:
    found = b.value(Leaf(op.x))
    assert isinstance(found.type, relax.TensorType), "verified: the shape of a tensor"
    shape = vm.ShapeOfOp(found, relax.ShapeType.of(found.type.rank))
    value = b.emit_value(shape, op.result.name_hint)
    b.set_value(Leaf(op.result), b.checked(value, op.result.type, "a shape"))


def _reshape(b: MemoryBuilder, op: relax.ReshapeOp) -> None:
    wanted = b.shaped_type(op.result.type)
    b.set_value(Leaf(op.result), b.viewed(b.value(Leaf(op.x)), wanted, op.result.name_hint))


def _prefix(b: MemoryBuilder, op: relax.PrefixOp) -> None:
    told = relax.new_symbols(op)
    for x, result in zip(op.xs, op.res, strict=True):
        wanted = b.shaped_type(result.type)
        view = vm.PrefixOp(b.value(Leaf(x)), b.value(Leaf(op.count)), wanted, told)
        b.set_value(Leaf(result), b.emit_value(view, result.name_hint))
        told = ()  # the first one tells; the others must agree


def _match_cast(b: MemoryBuilder, op: relax.MatchCastOp) -> None:
    for leaf, result in zip(leaves_of(op.x), leaves_of(op.result), strict=True):
        value = b.value(leaf)
        what = f"'{op.x.name_hint}'" if op.x.name_hint else "a value"
        if value.type != result.type and not isinstance(result.type, relax.TensorType):
            value = b.emit_value(vm.CheckValueOp(value, what, result.type), op.result.name_hint)
        elif value.type != result.type:
            wanted = b.shaped_type(result.type)
            check = vm.CheckTensorOp(value, what, wanted, relax.new_symbols(op))
            value = b.emit_value(check, op.result.name_hint)
        b.set_value(result, value)


def _nothing(b: MemoryBuilder, op: Operation) -> None:
    """Do nothing: tuples are taken apart, terminators belong to what holds them."""


_HANDLERS: dict[type[Operation], Callable[[MemoryBuilder, Any], None]] = {
    relax.CallDPSPackedOp: _destination_passing,
    relax.CallOp: _call,
    relax.CallPackedOp: _packed_call,
    relax.CallTIRInplaceOp: _kernel,
    relax.CallTIROp: _kernel,
    relax.CheckDimsOp: _check_dims,
    relax.ConstantOp: _constant,
    relax.FailOp: _fail,
    relax.IfOp: lambda b, op: lower_if(b, op, _block),
    relax.InvokeClosureOp: _invoke_closure,
    relax.MakeClosureOp: _make_closure,
    relax.MatchCastOp: _match_cast,
    relax.PrefixOp: _prefix,
    relax.ReshapeOp: _reshape,
    relax.ReturnOp: _nothing,
    relax.ShapeOfOp: _shape_of,
    relax.StringOp: _string,
    relax.TupleGetItemOp: _nothing,
    relax.TupleOp: _nothing,
    relax.WhileOp: lambda b, op: lower_while(b, op, _block),
    relax.YieldOp: _nothing,
}


def _block(b: MemoryBuilder, block: Block) -> None:
    for op in block.ops:
        handler = _HANDLERS.get(type(op))
        if handler is None:
            raise CompileError(op, "is no call of a kernel", hint="run legalize-ops before")
        b.current = op
        handler(b, op)


def _returned(b: MemoryBuilder) -> list[SSAValue]:
    """Return what leaves the function, leaf by leaf, each in memory of its own."""
    handed: set[Leaf] = set()
    values: list[SSAValue] = []
    for index, leaf in enumerate(b.returned):
        what = f"{b.func.sym_name.data}: what it returns as {_result_name(b.func, index)}"
        value = b.checked(b.value(leaf), b.result_types[index], what)
        if isinstance(leaf.type, relax.TensorType):
            placed = b.destinations.of(leaf)
            source = b.aliases.source(leaf)
            fresh = isinstance(source.op, relax.CallOp) and source not in handed
            if not is_shaped(value.type) and source not in handed:
                fresh = True  # the machine copies what may not leave: it knows the size
            handed.add(source)
            if not fresh and (placed is None or placed.output != index):
                output = b.new_output(index, leaf.value.name_hint)
                b.copy(value, output)
                value = output
        values.append(value)
    return values


def _result_name(func: relax.FuncOp, index: int) -> str:
    """Return how a message calls a leaf of the results."""
    if func.output_names is None or len(func.output_names) != len(returned_leaves(func)):
        return f"result {index}"
    return f"'{func.output_names.data[index].data}'"


def _function(
    func: relax.FuncOp,
    functions: Mapping[str, relax.FuncOp],
    kernels: Mapping[str, tir.FuncOp],
    external: frozenset[str],
) -> vm.FuncOp:
    b = MemoryBuilder(func, functions, kernels, external)
    old_args = func.body.block.args
    b.start(Block(arg_types=[arg.type for arg in old_args]))
    for old, new in zip(old_args, b.block.args, strict=True):
        new.name_hint = old.name_hint
        new.location = old.location
        b.define(old, new)
    _block(b, func.body.block)
    b.current = func.return_op
    leaves = iter(_returned(b))
    b.emit(vm.ReturnOp([b.packed(t, leaves) for t in func.function_type.outputs.data]))
    result = vm.FuncOp(func.sym_name.data, func.function_type, b.region, symbols=func.symbol_names)
    for key in ("input_names", "output_names", "symbol_bounds"):
        if key in func.properties:
            result.properties[key] = func.properties[key]
    result.attributes |= func.attributes
    result.location = func.location
    return result


@dataclass(frozen=True)
class LowerToVmPass(ModulePass):
    """See the module docstring."""

    name = "lower-to-vm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        block = op.body.block
        kernels = {f.sym_name.data: f for f in block.ops if isinstance(f, tir.FuncOp)}
        functions = {f.sym_name.data: f for f in block.ops if isinstance(f, relax.FuncOp)}
        external = external_functions(op)
        lowered = [_function(f, functions, kernels, external) for f in functions.values()]
        for func, new in zip(functions.values(), lowered, strict=True):
            block.insert_op_before(new, func)
            block.erase_op(func)
