"""A model becomes a module: ONNX through its frontend, MLIR text parsed, IR copied."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ..dialects import relax, tir
from ..dialects.diagnostics import CompileError
from ..dialects.locating_parser import parse_module
from ..dialects.side_files import use_constants_of
from ..dialects.verify import verify_module
from ..runtime.errors import ArgumentError, DTypeError
from .options import CompileOptions
from .pass_context import compiler_context
from .sources import Kind, Source


def read(source: Source, options: CompileOptions) -> ModuleOp:
    """Return a verified module that the caller may change.

    Raises:
        ArgumentError: dims or shapes for something that is not ONNX.
        CompileError, ParseError: the model is not well formed.
    """
    if source.kind is Kind.ONNX:
        return _read_onnx(source, options)
    given = next((n for n in ("dims", "shapes", "values") if getattr(options, n)), None)
    if given is not None:
        raise ArgumentError(
            f"{source.label}: {given}= is for ONNX models; the types of a module say its shapes"
        )
    module = _read_mlir(source) if source.kind is Kind.MLIR else _copy(source.data)
    verify_module(module)
    return _with_entry(module)


def _read_onnx(source: Source, options: CompileOptions) -> ModuleOp:
    from ..frontends.onnx import from_onnx

    model = source.data if source.path is None else source.path
    module = from_onnx(model, dims=options.dims, shapes=options.shapes, values=options.values)
    verify_module(module)
    return module


def _read_mlir(source: Source) -> ModuleOp:
    if source.path is not None:
        use_constants_of(source.path)
    return parse_module(compiler_context(), source.text(), source.label)


def _copy(op: Operation) -> ModuleOp:
    match op:
        case ModuleOp():
            return op.clone()
        case relax.FuncOp() | tir.FuncOp():
            return ModuleOp([op.clone()])
        case _:
            raise DTypeError(
                f"compile: expected a builtin.module, a relax.func or a tir.func; found {op.name}"
            )


# -- kernels alone -------------------------------------------------------------------------------


def _with_entry(module: ModuleOp) -> ModuleOp:
    """Add a function that calls each kernel to a module of kernels alone.

    One kernel is called by `@main`; of several, each by a function with the kernel's name.
    """
    functions = list(module.body.ops)
    kernels = [func for func in functions if isinstance(func, tir.FuncOp)]
    if len(kernels) != len(functions):
        return module
    for kernel in kernels:
        name = kernel.sym_name.data
        if len(kernels) > 1 or name == "main":
            kernel.sym_name = type(kernel.sym_name)(f"{name}_kernel")
        module.body.block.add_op(_caller("main" if len(kernels) == 1 else name, kernel))
    return module


def _caller(name: str, kernel: tir.FuncOp) -> relax.FuncOp:
    inputs = [_tensor_type(kernel, value.type) for value in kernel.inputs]
    outputs = [_tensor_type(kernel, value.type) for value in kernel.outputs]
    block = Block(arg_types=inputs)
    for argument, value in zip(block.args, kernel.inputs, strict=True):
        argument.name_hint = value.name_hint
    call = relax.CallTIROp(kernel.sym_name.data, block.args, outputs)
    call.location = kernel.location
    block.add_ops([call, relax.ReturnOp(*call.res)])
    names, results = _names(kernel.inputs, "x"), _names(kernel.outputs, "y")
    func = relax.FuncOp(
        name,
        FunctionType.from_lists(inputs, outputs),
        Region(block),
        kernel.symbol_names,
        names,
        results,
    )
    func.location = kernel.location
    return func


def _names(values: Sequence[SSAValue], default: str) -> list[str]:
    """Return a name for each value: as in the text, where that is known and only one has it."""
    hints = [value.name_hint for value in values]
    return [
        hint if hint is not None and hints.count(hint) == 1 else f"{hint or default}{i}"
        for i, hint in enumerate(hints)
    ]


def _tensor_type(kernel: tir.FuncOp, type_: Attribute) -> relax.TensorType:
    if not isinstance(type_, tir.BufferType):
        raise CompileError(
            kernel,
            f"takes a scalar of type {type_}, which nothing passes here",
            hint="call the kernel from a relax.func or vm.func, or make the scalar a symbol",
        )
    return relax.TensorType.of(type_.shape, type_.dtype)
