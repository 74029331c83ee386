"""Runs functions of `vm` in NumPy: what a host program means, memory included.

    (y,) = run(module, "main", [x])

A storage is an array of bytes in which tensors really overlap, filled with poison: a plan that
lets two live tensors share bytes, or reads what nobody wrote, gives wrong numbers. Writing to an
argument or a constant, and returning what lies in a storage, in an argument, in a constant or in
another result, raise. Symbols are told by the arguments, as a native run finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ..dialects import dtypes, relax, tir, vm
from ..dialects.diagnostics import CompileError
from ..symbolic import IntExpr
from .host_functions import BUILTINS
from .relax.interpreter import Closure
from .relax.symbols import bind_types
from .tir import run_kernel

Array = npt.NDArray[Any]
Value = Any
"""An array (a tensor or a storage), a tuple of values, or an object of the host."""

POISON = 0xCB
"""No small integer, no plain float: memory that nobody wrote."""
_ALIGN_BYTES = 64


class VMInterpreter:
    """Runs the functions of one module."""

    def __init__(
        self, module: ModuleOp, host_functions: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        """Look up the functions of `module`; `host_functions` are what vm.call_packed calls."""
        self.host_functions = {**BUILTINS, **(host_functions or {})}
        ops = list(module.body.ops)
        self.functions = {op.sym_name.data: op for op in ops if isinstance(op, vm.FuncOp)}
        self.kernels = {op.sym_name.data: op for op in ops if isinstance(op, tir.FuncOp)}

    def call(self, name: str, args: Sequence[Value]) -> list[Value]:
        """Run function `name` and return its results.

        Raises:
            ValueError: there is no such function, or the arguments are not its.
            CompileError: an operation fails, or does what no host program may.
        """
        func = self.functions.get(name)
        if func is None:
            raise ValueError(f"there is no vm.func @{name}")
        block = func.body.first_block
        assert block is not None, "verified: a function has a block"
        if len(args) != len(block.args):
            raise ValueError(f"@{name} takes {len(block.args)} arguments, not {len(args)}")
        return _Run(self, func).run(block, args)

    def host_function(self, op: vm.CallPackedOp) -> Callable[..., Any]:
        """Return the host function that `op` calls."""
        if op.callee_name not in self.host_functions:
            raise CompileError(op, f"there is no host function @{op.callee_name}")
        return self.host_functions[op.callee_name]


class _Run:
    """One execution of one function."""

    def __init__(self, interpreter: VMInterpreter, func: vm.FuncOp) -> None:
        self.interpreter = interpreter
        self.func = func
        self.values: dict[SSAValue, Value] = {}
        self.symbols: dict[str, int] = {}
        self.guarded: list[tuple[str, Array]] = []
        """What may neither be written nor returned: arguments, constants; storages are kept so."""
        self.storages: list[Array] = []

    def run(self, block: Block, args: Sequence[Value]) -> list[Value]:
        if self.func.symbol_names:
            self.told(self.func, zip(block.args, args, strict=True))
        for arg, value in zip(block.args, args, strict=True):
            self.values[arg] = checked(self.func, value, self.typed(arg.type))
            self.guarded += [("an argument", array) for array in _arrays(value)]
        while True:
            for op in block.ops:
                if isinstance(op, vm.ReturnOp):
                    return self._results(op)
                self.execute(op)
            block = self._next(block)

    def told(self, op: Operation, pairs: Iterable[tuple[SSAValue, Value]]) -> None:
        """Bind the symbols that the shapes of values tell, as the declared types say.

        Raises:
            CompileError: a shape contradicts its type.
        """
        named = [(v.type, value, v.name_hint or "a value") for v, value in pairs]
        try:
            self.symbols = bind_types(named, self.symbols)
        except ValueError as error:
            raise CompileError(op, f"found {error}") from error

    def number(self, size: IntExpr) -> int:
        """Return what a size is in this run."""
        return size.evaluate(self.symbols)

    def typed(self, type_: Attribute) -> Attribute:
        """Return a type with the run's values for its symbols."""
        if not isinstance(type_, relax.TensorType) or type_.static_shape() is not None:
            return type_
        shape = type_.shape
        dims = None if shape is None else [None if d is None else self.number(d) for d in shape]
        return relax.TensorType.of(dims, type_.dtype)

    def tensor_type(self, value: SSAValue) -> relax.TensorType:
        """Return the type that a tensor has in this run."""
        found = self.typed(value.type)
        assert isinstance(found, relax.TensorType)
        return found

    def execute(self, op: Operation) -> None:
        """Run one operation that is no terminator."""
        if isinstance(op, vm.BranchOp | vm.CondBranchOp):
            return
        handler = self.HANDLERS.get(type(op))
        if handler is None:
            raise NotImplementedError(f"interpreter: {op.name}")
        results = handler(self, op)
        self.values.update(zip(op.results, results, strict=True))

    def _next(self, block: Block) -> Block:
        """Return the block that the terminator of `block` leads to, its arguments set."""
        last = block.last_op
        if isinstance(last, vm.BranchOp):
            target, passed = last.successor, last.arguments
        else:
            assert isinstance(last, vm.CondBranchOp), "verified: a block ends with a branch"
            taken = bool(self.values[last.cond].reshape(()))
            target = last.then_block if taken else last.else_block
            passed = last.then_arguments if taken else last.else_arguments
        values = [self.values[value] for value in passed]
        self.values.update(zip(target.args, values, strict=True))
        return target

    def _results(self, op: vm.ReturnOp) -> list[Value]:
        results = [self.values[value] for value in op.values]
        seen = [*self.guarded, *(("a storage", storage) for storage in self.storages)]
        for index, result in enumerate(results):
            for array in _arrays(result):
                for what, other in seen:
                    if np.may_share_memory(array, other):
                        raise CompileError(op, f"returns as result {index} what lies in {what}")
                seen.append((f"result {index}", array))
        return results

    def _written(self, op: Operation, value: SSAValue) -> Array:
        """Return a tensor that `op` writes."""
        array: Array = self.values[value]
        for what, other in self.guarded:
            if np.may_share_memory(array, other):
                raise CompileError(op, f"writes to {what}")
        return array

    # -- memory ------------------------------------------------------------------------------

    def _alloc_storage(self, op: vm.AllocStorageOp) -> Sequence[Value]:
        self.storages.append(poisoned(self.number(op.size)))
        return (self.storages[-1],)

    def _tensor(self, op: vm.TensorOp) -> Sequence[Value]:
        storage: Array = self.values[op.storage]
        wanted, offset = self.tensor_type(op.result), self.number(op.place)
        if offset + (vm.size_bytes(wanted) or 0) > storage.nbytes:
            raise CompileError(op, f"puts a {wanted} at {offset} of {storage.nbytes} bytes")
        return (_at(storage, offset, wanted),)

    def _reshape(self, op: vm.ReshapeOp) -> Sequence[Value]:
        shape = self.tensor_type(op.result).static_shape()
        view = self.values[op.x].view()
        view.shape = shape  # raises where a copy would be needed
        return (view,)

    def _alloc_output(self, op: vm.AllocOutputOp) -> Sequence[Value]:
        wanted = self.tensor_type(op.result)
        return (_at(poisoned(vm.size_bytes(wanted) or 0), 0, wanted),)

    def _constant(self, op: vm.ConstantOp) -> Sequence[Value]:
        self.guarded.append(("a constant", op.value.array))
        return (op.value.array,)

    def _copy(self, op: vm.CopyOp) -> Sequence[Value]:
        target = self._written(op, op.destination)
        target[...] = self.values[op.source].reshape(target.shape).copy()
        return ()

    def _check_tensor(self, op: vm.CheckTensorOp) -> Sequence[Value]:
        self.symbols = {k: v for k, v in self.symbols.items() if k not in op.symbol_names}
        self.told(op, [(op.result, self.values[op.x])])
        return (checked(op, self.values[op.x], self.typed(op.result.type)),)

    def _prefix(self, op: vm.PrefixOp) -> Sequence[Value]:
        x, count = self.values[op.x], int(self.values[op.count].reshape(()))
        if not 0 <= count <= len(x):
            raise CompileError(op, f"takes the first {count} of {len(x)} slices")
        self.symbols = {k: v for k, v in self.symbols.items() if k not in op.symbol_names}
        self.told(op, [(op.result, x[:count])])
        return (x[:count],)

    def _string(self, op: vm.StringOp) -> Sequence[Value]:
        return (op.value.data,)

    def _shape_of(self, op: vm.ShapeOfOp) -> Sequence[Value]:
        return (tuple(self.values[op.x].shape),)

    def _check_value(self, op: vm.CheckValueOp) -> Sequence[Value]:
        value = self.values[op.x]
        self.told(op, [(op.result, value)])
        return (value,)

    def _tuple(self, op: vm.TupleOp) -> Sequence[Value]:
        return (tuple(self.values[field] for field in op.fields),)

    def _tuple_get(self, op: vm.TupleGetOp) -> Sequence[Value]:
        return (self.values[op.tuple_value][op.index.value.data],)

    def _fail(self, op: vm.FailOp) -> Sequence[Value]:
        raise CompileError(op, op.message.data)

    def _check_dims(self, op: vm.CheckDimsOp) -> Sequence[Value]:
        fault = relax.fault_of(op.relation.data, *map(self.number, op.dims.data))
        if fault is not None:
            raise CompileError(op, f"{op.what.data}: {fault}")
        return ()

    def _kill(self, op: vm.KillOp) -> Sequence[Value]:
        for value in op.values:
            self.values.pop(value)
        return ()

    # -- calls -------------------------------------------------------------------------------

    def _call(self, op: vm.CallOp) -> Sequence[Value]:
        kernel = self.interpreter.kernels.get(op.callee_name)
        if kernel is None:
            raise CompileError(op, f"there is no tir.func @{op.callee_name}")
        inputs = [self.values[value] for value in op.inputs]
        written = [self._written(op, value) for value in (*op.outputs, *op.workspaces)]
        _check_overlaps(op, kernel, inputs, written)
        values = map(self.number, op.symbol_values)
        symbols = dict(zip(kernel.symbol_names, values, strict=True))
        run_kernel(kernel, [*inputs, *written], symbols)
        return ()

    def _call_packed(self, op: vm.CallPackedOp) -> Sequence[Value]:
        found = self.interpreter.host_function(op)(*[self.values[arg] for arg in op.args])
        results = (found,) if len(op.res) == 1 else tuple(cast(Sequence[Any], found or ()))
        types = [self.typed(result.type) for result in op.res]
        return [checked(op, value, t) for value, t in zip(results, types, strict=True)]

    def _make_closure(self, op: vm.MakeClosureOp) -> Sequence[Value]:
        captured = [_copied(self.values[value]) for value in op.args]
        return (Closure(op.callee_name, tuple(captured)),)

    def _invoke_closure(self, op: vm.InvokeClosureOp) -> Sequence[Value]:
        closure: Closure = self.values[op.closure]
        args = [self.values[arg] for arg in op.args]
        found = self.interpreter.call(closure.callee, [*args, *closure.captured])
        types = [self.typed(result.type) for result in op.res]
        return [checked(op, value, t) for value, t in zip(found, types, strict=True)]

    def _invoke(self, op: vm.InvokeOp) -> Sequence[Value]:
        return self.interpreter.call(op.callee_name, [self.values[arg] for arg in op.args])

    HANDLERS: ClassVar[dict[type[Operation], Callable[..., Sequence[Value]]]] = {
        vm.AllocOutputOp: _alloc_output,
        vm.AllocStorageOp: _alloc_storage,
        vm.CallOp: _call,
        vm.CallPackedOp: _call_packed,
        vm.CheckDimsOp: _check_dims,
        vm.CheckTensorOp: _check_tensor,
        vm.CheckValueOp: _check_value,
        vm.ConstantOp: _constant,
        vm.CopyOp: _copy,
        vm.FailOp: _fail,
        vm.InvokeClosureOp: _invoke_closure,
        vm.InvokeOp: _invoke,
        vm.KillOp: _kill,
        vm.MakeClosureOp: _make_closure,
        vm.PrefixOp: _prefix,
        vm.ReshapeOp: _reshape,
        vm.ShapeOfOp: _shape_of,
        vm.StringOp: _string,
        vm.TensorOp: _tensor,
        vm.TupleGetOp: _tuple_get,
        vm.TupleOp: _tuple,
    }


def run(
    module: ModuleOp,
    name: str,
    inputs: Sequence[Value],
    host_functions: Mapping[str, Callable[..., Any]] | None = None,
) -> list[Value]:
    """Run the vm function `name` of `module` on arrays and return its results."""
    return VMInterpreter(module, host_functions).call(name, inputs)


def poisoned(size_bytes: int) -> Array:
    """Return bytes that nobody wrote, at a multiple of 64."""
    raw = np.full(size_bytes + _ALIGN_BYTES, POISON, np.uint8)
    start = -raw.__array_interface__["data"][0] % _ALIGN_BYTES
    return raw[start : start + size_bytes]


def checked(op: Operation, value: Value, expected: Attribute) -> Value:
    """Return `value`, which must have a type.

    Raises:
        CompileError: it has another one.
    """
    if isinstance(expected, relax.TensorType):
        shape, dtype = expected.static_shape(), dtypes.to_numpy(expected.dtype)
        array = cast(Array, value) if isinstance(value, np.ndarray) else None
        fits = shape is None or (array is not None and array.shape == shape)
        if array is None or array.dtype != dtype or not fits:
            raise CompileError(op, f"expected a {expected}; found {value!r}")
    return cast(Value, value)


def _at(storage: Array, offset: int, wanted: relax.TensorType) -> Array:
    """Return the tensor at a byte of a storage."""
    size = vm.size_bytes(wanted)
    assert size is not None, "verified: tensors in storages have static shapes"
    flat = storage[offset : offset + size].view(dtypes.to_numpy(wanted.dtype))
    return flat.reshape(wanted.static_shape())


def _copied(value: Value) -> Value:
    """Return a value that nobody writes to again."""
    if isinstance(value, np.ndarray):
        return cast(Array, value).copy()
    return tuple(map(_copied, cast(tuple[Any, ...], value))) if isinstance(value, tuple) else value


def _arrays(value: Value) -> list[Array]:
    if isinstance(value, np.ndarray):
        return [cast(Array, value)]
    if isinstance(value, tuple | list):
        return [array for item in cast(Sequence[Any], value) for array in _arrays(item)]
    return []


def _check_overlaps(
    op: Operation, kernel: tir.FuncOp, inputs: Sequence[Array], written: Sequence[Array]
) -> None:
    """Check that what a kernel writes overlaps nothing but what its alias pairs allow."""
    allowed = set(kernel.aliases())
    for o, output in enumerate(written):
        for i, other in enumerate(inputs):
            if np.may_share_memory(output, other) and (i, o) not in allowed:
                raise CompileError(op, f"output {o} overlaps input {i}, which is no alias pair")
        for p in range(o):
            if np.may_share_memory(output, written[p]):
                raise CompileError(op, f"writes two buffers, {p} and {o}, in one memory")
