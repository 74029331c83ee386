"""What a call of a kernel passes besides its tensors: the values of the kernel's symbols.

A kernel of symbolic shape, `@k<n>(%a: !tir.buffer<[n, 4], f32>)`, is called with tensors whose
shapes say what `n` is: a number, or an expression over the caller's symbols. Types are matched dim
by dim; every dim of every buffer must then agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Attribute, Operation

from ...analysis.kernel_symbols import dims_beside, solve_symbols
from ...dialects import relax, tir
from ...dialects.diagnostics import CompileError
from ...symbolic import IntExpr


@dataclass(frozen=True, slots=True)
class KernelBinding:
    """One call of a kernel, solved."""

    symbols: tuple[IntExpr, ...]
    """Values of the kernel's symbols, in its order, over the caller's."""
    workspaces: tuple[relax.TensorType, ...]
    checked: tuple[tuple[int, relax.TensorType], ...] = ()
    """Inputs whose types are equal to the kernel's for some values of symbols: to be checked."""


def bind_kernel(
    call: Operation,
    kernel: tir.FuncOp,
    inputs: Sequence[Attribute],
    outputs: Sequence[Attribute],
) -> KernelBinding:
    """Match the types of a call with the buffers of `kernel`.

    Raises:
        CompileError: they do not fit, or a symbol appears in no dim of its own.
    """
    name = kernel.sym_name.data
    if len(inputs) != len(kernel.inputs) or len(outputs) != len(kernel.outputs):
        raise CompileError(
            call,
            f"passes {len(inputs)} inputs and {len(outputs)} outputs to kernel @{name}, which "
            f"takes {len(kernel.inputs)} and {len(kernel.outputs)}",
            [(kernel, "the kernel")],
        )
    buffers = [arg.type for arg in (*kernel.inputs, *kernel.outputs)]
    pairs = list(zip(buffers, (*inputs, *outputs), strict=True))
    for position, (buffer, _) in enumerate(pairs):
        if not isinstance(buffer, tir.BufferType):
            raise NotImplementedError(f"kernel @{name}: argument {position} of type {buffer}")
    values = solve_symbols(dims_beside(pairs))
    missing = [symbol for symbol in kernel.symbol_names if symbol not in values]
    if missing:
        raise CompileError(
            call,
            f"symbol '{missing[0]}' of kernel @{name} is the dim of no argument",
            [(kernel, "the kernel")],
        )
    checked: list[tuple[int, relax.TensorType]] = []
    for position, (buffer, tensor) in enumerate(pairs):
        found = _substituted(buffer, values)
        if found == tensor:
            continue
        if position >= len(inputs) or not may_be_equal(found, tensor):
            raise CompileError(
                call,
                f"passes {tensor} as argument {position} of kernel @{name}, which takes {found}",
                [(kernel, "the kernel")],
            )
        checked.append((position, found))
    workspaces = tuple(_substituted(w.type, values) for w in kernel.workspaces)
    symbols = tuple(values[symbol] for symbol in kernel.symbol_names)
    return KernelBinding(symbols, workspaces, tuple(checked))


def may_be_equal(a: relax.TensorType, b: Attribute) -> bool:
    """Tell whether two tensor types agree for some values of their symbols."""
    if not isinstance(b, relax.TensorType) or a.dtype != b.dtype or a.rank != b.rank:
        return False
    return all(map(relax.may_be_equal, a.shape or (), b.shape or ()))


def _substituted(buffer: Attribute, values: dict[str, IntExpr]) -> relax.TensorType:
    """Return the tensor that lies in a buffer once its symbols have values."""
    assert isinstance(buffer, tir.BufferType)
    return relax.TensorType.of([dim.substitute(dict(values)) for dim in buffer.shape], buffer.dtype)
