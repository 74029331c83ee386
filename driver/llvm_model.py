"""A module of level `host` as one module of LLVM: kernels, program and constants together."""

from __future__ import annotations

import re

from xdsl.dialects.builtin import (
    BytesAttr,
    DenseIntOrFPElementsAttr,
    ModuleOp,
    StringAttr,
    TensorType,
    i8,
)
from xdsl.dialects.llvm import GlobalOp, LinkageAttr, LLVMArrayType

from ..backends.llvm.compile import compile_to
from ..backends.vm.emit import emit_program
from ..dialects import tir
from ..exporters.formats import LlvmOutput
from ..exporters.package import Package
from ..passes.llvm.lower_to_llvm import lower_kernel
from ..passes.vm.lower_vm_to_llvm import lower_program
from .c_model import package_of
from .levels import llvm_options, may_contract
from .options import CompileOptions

_ALIGN_BYTES = 64
_NO_SYMBOL = re.compile(r"\W", re.ASCII)


def llvm_output(
    module: ModuleOp,
    name: str,
    output: LlvmOutput,
    options: CompileOptions,
    metadata: dict[str, str],
) -> bytes:
    """Return kernels, program, constants and description as one module of LLVM.

    Shown are `int32_t NAME_tyrex_main_run(context, inputs, outputs)` and the text
    `NAME_tyrex_description`; a context is one of runtime/native/tyrex.h.
    """
    target = options.target
    features = tuple(filter(None, target.feature_text.split(",")))
    package = package_of(emit_program(module, metadata), name, target.triple, features)
    prefix, native = f"{name}_tyrex", ModuleOp([])
    kernels = _lower_kernels(module, native, prefix, may_contract(options.opt_level))
    lower_program(module, native, prefix, kernels)
    _define_constants(native, package)
    text = f"{package.describe()}\0".encode("ascii")
    native.body.block.add_op(_bytes(f"{prefix}_description", text, is_shown=True))
    return compile_to(output, native, target, llvm_options(options.opt_level))


def _lower_kernels(
    module: ModuleOp, native: ModuleOp, prefix: str, contract: bool
) -> dict[str, str]:
    """Append the kernels of a module to `native`; return their symbols by their names."""
    symbols: dict[str, str] = {}
    for number, kernel in enumerate(op for op in module.body.ops if isinstance(op, tir.FuncOp)):
        name = kernel.sym_name.data
        symbols[name] = f"{prefix}_kernel{number}_{_NO_SYMBOL.sub('_', name)}"
        kernel.sym_name = StringAttr(symbols[name])
        lower_kernel(native, kernel, contract)
        kernel.sym_name = StringAttr(name)
    return symbols


def _define_constants(native: ModuleOp, package: Package) -> None:
    """Give the constants that the program declares their values."""
    constants = iter(package.constants)
    for op in list(native.body.ops):
        if isinstance(op, GlobalOp) and op.value is None:
            _, constant = next(constants)
            defined = _bytes(op.sym_name.data, constant.data.tobytes(), is_shown=False)
            native.body.block.insert_op_before(defined, op)
            op.detach()
            op.erase()


def _bytes(symbol: str, data: bytes, *, is_shown: bool) -> GlobalOp:
    """Return the definition of an array of bytes."""
    return GlobalOp(
        LLVMArrayType(len(data), i8),
        symbol,
        LinkageAttr("external" if is_shown else "internal"),
        constant=True,
        alignment=_ALIGN_BYTES,
        value=DenseIntOrFPElementsAttr(TensorType(i8, [len(data)]), BytesAttr(data)),
    )
