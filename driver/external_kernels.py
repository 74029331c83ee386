"""Kernels that call functions of the user's: they describe their tensors, and pass them on.

A kernel gets addresses (`int32_t k(void **words)`); a function of external code gets tensors. The
kernel between them is LLVM IR, one for each list of types that a model calls a function with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute

from ..backends.llvm.codegen import Options
from ..backends.llvm.compile import machine_of
from ..backends.llvm.worker import Job
from ..backends.vm.emit import spec_of
from ..dialects import vm
from ..dialects.machine import Target
from ..passes.vm.external_names import external_function
from ..runtime.bytecode import TensorSpec
from .cache_keys import digest

_DIGITS = 24
_TENSOR = "{ ptr, i32, i32, i32, i8, i8, i16, ptr, ptr, i64 }"
"""`tyrex_tensor` of runtime/native/abi.h."""
_CPU = 1


@dataclass(frozen=True)
class TensorShape:
    """A tensor that a function is called with."""

    dtype_code: int
    """DLPack's."""
    bits: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Shim:
    """A kernel that calls a function with tensors of these types."""

    symbol: str
    function: str
    inputs: tuple[TensorShape, ...]
    outputs: tuple[TensorShape, ...]

    def text(self, number: int) -> str:
        """Return the kernel in LLVM IR; `number` tells its constants from others'."""
        tensors = (*self.inputs, *self.outputs)
        lines = [
            f"@shape.{number}.{i} = private constant [{len(t.shape)} x i64]"
            f" [{', '.join(f'i64 {dim}' for dim in t.shape)}]"
            for i, t in enumerate(tensors)
        ]
        lines += [
            f"define i32 @{self.symbol}(ptr %words) {{",
            "  %context = load ptr, ptr %words",
            f"  %tensors = alloca [{max(len(tensors), 1)} x {_TENSOR}], align 8",
            f"  %pointers = alloca [{max(len(tensors), 1)} x ptr], align 8",
        ]
        for index, tensor in enumerate(tensors):
            lines += _filled(index, tensor, f"@shape.{number}.{index}")
        lines += [
            f"  %outputs = getelementptr ptr, ptr %pointers, i64 {len(self.inputs)}",
            f'  %code = call i32 @"{self.function}"(ptr %context, ptr %pointers,'
            f" i32 {len(self.inputs)}, ptr %outputs, i32 {len(self.outputs)})",
            "  ret i32 %code",
            "}",
        ]
        return "\n".join(lines)


def _filled(index: int, tensor: TensorShape, shape: str) -> list[str]:
    """Return the lines that describe tensor `index`."""
    fields = (
        *((1, f"i32 {_CPU}"), (2, "i32 0"), (3, f"i32 {len(tensor.shape)}")),
        *((4, f"i8 {tensor.dtype_code}"), (5, f"i8 {tensor.bits}"), (6, "i16 1")),
        *((7, f"ptr {shape}"), (8, "ptr null"), (9, "i64 0")),
    )
    lines = [
        f"  %word{index} = getelementptr i64, ptr %words, i64 {index + 1}",
        f"  %data{index} = load ptr, ptr %word{index}",
        f"  %t{index} = getelementptr {_TENSOR}, ptr %tensors, i64 {index}",
    ]
    for field, value in ((0, f"ptr %data{index}"), *fields):
        place = f"%t{index}.{field}"
        lines += [
            f"  {place} = getelementptr {_TENSOR}, ptr %t{index}, i32 0, i32 {field}",
            f"  store {value}, ptr {place}",
        ]
    return [
        *lines,
        f"  %p{index} = getelementptr ptr, ptr %pointers, i64 {index}",
        f"  store ptr %t{index}, ptr %p{index}",
    ]


def shims_text(shims: Iterable[Shim]) -> str:
    """Return a module of LLVM IR with kernels that call external functions."""
    made = list(shims)
    functions = sorted({shim.function for shim in made})
    declared = [f'declare i32 @"{name}"(ptr, ptr, i32, ptr, i32)' for name in functions]
    return "\n".join([*declared, *(shim.text(i) for i, shim in enumerate(made))]) + "\n"


def find_shims(module: ModuleOp, functions: frozenset[str]) -> dict[str, Shim]:
    """Return what calls external functions in a module of level host, by the kernels' names.

    Raises:
        NotImplementedError: a tensor whose shape is not known before the model runs.
    """
    found: dict[str, Shim] = {}
    for op in module.walk():
        if not isinstance(op, vm.CallOp) or op.callee_name in found:
            continue
        function = external_function(op.callee_name, functions)
        if function is not None:
            inputs, outputs = (
                tuple(_shape_of(value.type, function) for value in values)
                for values in (op.inputs, op.outputs)
            )
            symbol = f"x{digest(op.callee_name)[:_DIGITS]}"
            found[op.callee_name] = Shim(symbol, function, inputs, outputs)
    return found


def _shape_of(type_: Attribute, function: str) -> TensorShape:
    spec = spec_of(type_)
    shape = spec.static_shape if isinstance(spec, TensorSpec) else None
    if not isinstance(spec, TensorSpec) or shape is None:
        raise NotImplementedError(
            f"external code @{function} with a tensor {spec}: its shape is not known before the"
            " model runs"
        )
    return TensorShape(spec.dtype.dlpack_code, max(spec.dtype.bits, 8), shape)


def shims_job(shims: Mapping[str, Shim], target: Target) -> Job:
    """Return what LLVM is to compile for a target."""
    return Job(shims_text(shims.values()), machine_of(target), Options(opt_level=1))
