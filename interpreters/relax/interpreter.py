"""Runs functions of `relax` in NumPy: the meaning that every backend is compared with.

    (y,) = run(module, "main", [x])

Kernels (`relax.call_tir`) run in the interpreter of `tir`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Block, Operation, Region, SSAValue

from ...dialects import dtypes, relax, tir
from ...dialects.diagnostics import CompileError
from .. import tir as tir_interpreter
from ..host_functions import BUILTINS
from .registry import Array, evaluate
from .symbols import bind_shapes, bind_types

Value = Any
"""An array (a tensor), a tuple of values, a tuple of ints (a shape), a str, or a Closure."""

HostFunction = Callable[..., Any]


@dataclass(frozen=True)
class Closure:
    """A function and the values of its last arguments."""

    callee: str
    captured: tuple[Value, ...]


@dataclass
class Frame:
    """A function being run: what its values and its symbols are."""

    values: dict[SSAValue, Value] = field(default_factory=dict[SSAValue, Value])
    symbols: dict[str, int] = field(default_factory=dict[str, int])

    def get(self, ssa: SSAValue) -> Value:
        """Return a value."""
        return self.values[ssa]

    def all(self, ssas: Sequence[SSAValue]) -> list[Value]:
        """Return several values."""
        return [self.values[ssa] for ssa in ssas]


class Interpreter:
    """Runs the functions of one module."""

    def __init__(
        self, module: ModuleOp, host_functions: Mapping[str, HostFunction] | None = None
    ) -> None:
        """Look up the functions of `module`; `host_functions` are what call_packed calls."""
        self.host_functions = {**BUILTINS, **(host_functions or {})}
        self.functions: dict[str, Operation] = {}
        for op in module.body.ops:
            name = op.properties.get("sym_name")
            if isinstance(name, StringAttr):
                self.functions[name.data] = op

    def call(
        self, name: str, args: Sequence[Value], outer: Mapping[str, int] | None = None
    ) -> list[Value]:
        """Run the relax function `name` and return its results.

        Args:
            name: of a function of the module.
            args: its arguments.
            outer: the caller's symbols, which those have that no argument tells.

        Raises:
            ValueError: an argument does not have the type that the function declares.
            CompileError: an operation fails.
        """
        func = self.functions.get(name)
        if not isinstance(func, relax.FuncOp):
            raise ValueError(f"there is no relax.func @{name}")
        block = func.body.block
        if len(args) != len(block.args):
            raise ValueError(f"@{name} takes {len(block.args)} arguments, not {len(args)}")
        places = _argument_names(func)
        frame = Frame()
        types = (arg.type for arg in block.args)
        given = list(zip(types, args, places, strict=True))
        frame.symbols = bind_types(given)
        # min(m, 300) + min(n, 300) tells neither: a group of kernels has its caller's symbols.
        missing = {
            key: value
            for key, value in (outer or {}).items()
            if key in func.symbol_names and key not in frame.symbols
        }
        if missing:
            frame.symbols = bind_types(given, missing)
        frame.values.update(zip(block.args, args, strict=True))
        return self.run_block(block, frame)

    def run_block(self, block: Block, frame: Frame) -> list[Value]:
        """Run a block's operations; return what its terminator hands over."""
        for op in block.ops:
            if isinstance(op, relax.ReturnOp | relax.YieldOp):
                return frame.all(op.values)
            results = self.run_op(op, frame)
            places = (op.name,) * len(op.results)
            types = (result.type for result in op.results)
            try:
                frame.symbols = bind_types(zip(types, results, places, strict=True), frame.symbols)
            except ValueError as error:
                raise CompileError(op, f"result does not have its type: {error}") from error
            frame.values.update(zip(op.results, results, strict=True))
        raise AssertionError("a block without terminator")

    def run_op(self, op: Operation, frame: Frame) -> Sequence[Value]:
        """Run one operation and return its results."""
        handler = self.HANDLERS.get(type(op))
        if handler is not None:
            return handler(self, op, frame)
        return evaluate(op, tuple(frame.all(op.operands)), frame.symbols)

    # -- calls -------------------------------------------------------------------------------

    def _call(self, op: relax.CallOp, frame: Frame) -> Sequence[Value]:
        return self.call(op.callee_name, frame.all(op.args), frame.symbols)

    def _invoke_closure(self, op: relax.InvokeClosureOp, frame: Frame) -> Sequence[Value]:
        closure: Closure = frame.get(op.closure)
        return self.call(closure.callee, [*frame.all(op.args), *closure.captured])

    def _call_tir(
        self, op: relax.CallTIROp | relax.CallTIRInplaceOp, frame: Frame
    ) -> Sequence[Value]:
        kernel = self.functions.get(op.callee_name)
        if not isinstance(kernel, tir.FuncOp):
            raise CompileError(op, f"there is no tir.func @{op.callee_name}")
        inplace = op.inplace_args if isinstance(op, relax.CallTIRInplaceOp) else ()
        taken = [i for i in inplace if i >= 0]
        args: list[Array] = frame.all(op.args)
        inputs = [np.array(arg) if i in taken else arg for i, arg in enumerate(args)]
        symbols = self._kernel_symbols(op, kernel, inputs, frame)
        outputs = [_allocate(output, symbols) for output in kernel.outputs]
        for o, i in enumerate(inplace):
            if i >= 0:
                outputs[o] = inputs[i]
        workspaces = [_allocate(workspace, symbols) for workspace in kernel.workspaces]
        tir_interpreter.run_kernel(kernel, [*inputs, *outputs, *workspaces], symbols)
        return outputs

    def _kernel_symbols(
        self, op: Operation, kernel: tir.FuncOp, inputs: Sequence[Array], frame: Frame
    ) -> dict[str, int]:
        """Match the kernel's types with the arguments, and with the results' known shapes."""
        pairs = [(_shape(arg), x.shape, "input") for arg, x in _zip(kernel.inputs, inputs)]
        for out, result in _zip(kernel.outputs, op.results):
            dims = result.type.known_shape() if isinstance(result.type, relax.TensorType) else None
            if dims is not None and all(
                key in frame.symbols for d in dims for key in d.free_vars()
            ):
                found = [dim.evaluate(frame.symbols) for dim in dims]
                pairs.append((_shape(out), tuple(found), "output"))
        # A dim such as (h + 1) floordiv 2 does not tell h: the kernel has its caller's symbols.
        names = [name for name in kernel.symbol_names if name in frame.symbols]
        shared = {name: frame.symbols[name] for name in names}
        try:
            symbols = bind_shapes(pairs)
            missing = {name: value for name, value in shared.items() if name not in symbols}
            return bind_shapes(pairs, missing) if missing else symbols
        except ValueError as error:
            raise CompileError(op, f"does not fit the kernel: {error}") from error

    def _call_packed(self, op: relax.CallPackedOp, frame: Frame) -> Sequence[Value]:
        found = self._host_function(op, op.callee_name)(*frame.all(op.args))
        return (found,) if len(op.res) == 1 else tuple(found)

    def _call_dps_packed(self, op: relax.CallDPSPackedOp, frame: Frame) -> Sequence[Value]:
        outputs = [_new_tensor(op, result, frame) for result in op.results]
        self._host_function(op, op.callee_name)(*frame.all(op.args), *outputs)
        return outputs

    def _host_function(self, op: Operation, name: str) -> HostFunction:
        if name not in self.host_functions:
            raise CompileError(op, f"there is no host function @{name}; pass it to run()")
        return self.host_functions[name]

    # -- control flow ------------------------------------------------------------------------

    def _if(self, op: relax.IfOp, frame: Frame) -> Sequence[Value]:
        taken = _truth(frame.get(op.cond))
        return self._region(op.then_region if taken else op.else_region, (), frame)

    def _while(self, op: relax.WhileOp, frame: Frame) -> Sequence[Value]:
        values: Sequence[Value] = frame.all(op.inits)
        while _truth(self._region(op.cond_region, values, frame)[0]):
            values = self._region(op.body_region, values, frame)
        return values

    def _region(self, region: Region, args: Sequence[Value], frame: Frame) -> Sequence[Value]:
        """Run a region: it sees the values outside, its own symbols end with it."""
        inner = Frame(frame.values, dict(frame.symbols))
        inner.values.update(zip(region.block.args, args, strict=True))
        return self.run_block(region.block, inner)

    # -- values ------------------------------------------------------------------------------

    def _constant(self, op: relax.ConstantOp, frame: Frame) -> Sequence[Value]:
        return (op.value.array,)

    def _string(self, op: relax.StringOp, frame: Frame) -> Sequence[Value]:
        return (op.value.data,)

    def _tuple(self, op: relax.TupleOp, frame: Frame) -> Sequence[Value]:
        return (tuple(frame.all(op.fields)),)

    def _tuple_get_item(self, op: relax.TupleGetItemOp, frame: Frame) -> Sequence[Value]:
        return (frame.get(op.tuple_value)[op.index.value.data],)

    def _match_cast(self, op: relax.MatchCastOp, frame: Frame) -> Sequence[Value]:
        return (frame.get(op.x),)  # run_block checks it against the result's type

    def _fail(self, op: relax.FailOp, frame: Frame) -> Sequence[Value]:
        raise CompileError(op, op.message.data)

    def _check_dims(self, op: relax.CheckDimsOp, frame: Frame) -> Sequence[Value]:
        dims = [dim.evaluate(frame.symbols) for dim in op.dims.data]
        fault = relax.fault_of(op.relation.data, *dims)
        if fault is not None:
            raise CompileError(op, f"{op.what.data}: {fault}")
        return ()

    def _shape_of(self, op: relax.ShapeOfOp, frame: Frame) -> Sequence[Value]:
        return (tuple(frame.get(op.x).shape),)

    def _make_closure(self, op: relax.MakeClosureOp, frame: Frame) -> Sequence[Value]:
        captured = tuple(frame.all(op.captured))
        return (Closure(op.callee.root_reference.data, captured),)

    HANDLERS: ClassVar[dict[type[Operation], Callable[..., Sequence[Value]]]] = {
        relax.CallDPSPackedOp: _call_dps_packed,
        relax.CallOp: _call,
        relax.CallPackedOp: _call_packed,
        relax.CallTIRInplaceOp: _call_tir,
        relax.CallTIROp: _call_tir,
        relax.CheckDimsOp: _check_dims,
        relax.ConstantOp: _constant,
        relax.FailOp: _fail,
        relax.IfOp: _if,
        relax.InvokeClosureOp: _invoke_closure,
        relax.MakeClosureOp: _make_closure,
        relax.MatchCastOp: _match_cast,
        relax.ShapeOfOp: _shape_of,
        relax.StringOp: _string,
        relax.TupleGetItemOp: _tuple_get_item,
        relax.TupleOp: _tuple,
        relax.WhileOp: _while,
    }


def run(
    module: ModuleOp,
    name: str,
    inputs: Sequence[Value],
    host_functions: Mapping[str, HostFunction] | None = None,
) -> list[Value]:
    """Run the relax function `name` of `module` on arrays and return its results."""
    return Interpreter(module, host_functions).call(name, inputs)


def _zip(a: Sequence[SSAValue], b: Sequence[Any]) -> zip[tuple[SSAValue, Any]]:
    return zip(a, b, strict=True)


def _argument_names(func: relax.FuncOp) -> list[str]:
    if func.input_names is not None:
        return [f'input "{name.data}"' for name in func.input_names]
    return [f"argument {i} of @{func.sym_name.data}" for i in range(len(func.body.block.args))]


def _truth(value: Array) -> bool:
    return bool(value.reshape(()))


def _shape(buffer: SSAValue) -> Sequence[Any]:
    assert isinstance(buffer.type, tir.BufferType)
    return buffer.type.shape


def _allocate(buffer: SSAValue, symbols: Mapping[str, int]) -> Array:
    assert isinstance(buffer.type, tir.BufferType)
    shape = [dim.evaluate(symbols) for dim in buffer.type.shape]
    return np.zeros(shape, dtypes.to_numpy(buffer.type.dtype))


def _new_tensor(op: Operation, result: SSAValue, frame: Frame) -> Array:
    """Allocate the tensor that a destination-passing call fills."""
    dims = result.type.known_shape() if isinstance(result.type, relax.TensorType) else None
    if dims is None:
        raise CompileError(op, f"the shape of its result {result.type} is not known")
    shape = [dim.evaluate(frame.symbols) for dim in dims]
    assert isinstance(result.type, relax.TensorType)
    return np.zeros(shape, dtypes.to_numpy(result.type.dtype))
