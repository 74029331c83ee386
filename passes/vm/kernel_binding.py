"""What a call of a kernel passes besides its tensors: the values of the kernel's symbols.

A kernel of symbolic shape, `@k<n>(%a: !tir.buffer<[n, 4], f32>)`, is called with tensors whose
shapes say what `n` is. Types are matched dim by dim; every dim of every buffer must then agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Attribute, Operation

from ...dialects import relax, tir
from ...dialects.diagnostics import CompileError


@dataclass(frozen=True, slots=True)
class KernelBinding:
    """One call of a kernel, solved."""

    symbols: tuple[int, ...]
    """Values of the kernel's symbols, in its order."""
    workspaces: tuple[relax.TensorType, ...]


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
    values: dict[str, int] = {}
    pairs = list(zip(buffers, (*inputs, *outputs), strict=True))
    for position, (buffer, tensor) in enumerate(pairs):
        if not isinstance(buffer, tir.BufferType):
            raise NotImplementedError(f"kernel @{name}: argument {position} of type {buffer}")
        _solve(values, buffer, tensor)
    missing = [symbol for symbol in kernel.symbol_names if symbol not in values]
    if missing:
        raise CompileError(
            call,
            f"symbol '{missing[0]}' of kernel @{name} is the dim of no argument",
            [(kernel, "the kernel")],
        )
    for position, (buffer, tensor) in enumerate(pairs):
        assert isinstance(buffer, tir.BufferType)
        found = _substituted(buffer, values)
        if found != tensor:
            raise CompileError(
                call,
                f"passes {tensor} as argument {position} of kernel @{name}, "
                f"which takes {found or buffer}",
                [(kernel, "the kernel")],
            )
    workspaces = [_substituted(w.type, values) for w in kernel.workspaces]
    return KernelBinding(
        tuple(values[symbol] for symbol in kernel.symbol_names),
        tuple(w for w in workspaces if w is not None),
    )


def _solve(values: dict[str, int], buffer: tir.BufferType, tensor: Attribute) -> None:
    """Learn the symbols that are whole dims of `buffer`."""
    shape = tensor.static_shape() if isinstance(tensor, relax.TensorType) else None
    for dim, size in zip(buffer.shape, shape or (), strict=False):
        keys = dim.free_vars()
        if len(keys) == 1 and isinstance(keys[0], str) and str(dim) == keys[0]:
            values.setdefault(keys[0], size)


def _substituted(buffer: Attribute, values: dict[str, int]) -> relax.TensorType | None:
    """Return the tensor that lies in a buffer once its symbols have values."""
    assert isinstance(buffer, tir.BufferType)
    dims = [dim.substitute(dict(values)) for dim in buffer.shape]
    if not all(dim.is_constant for dim in dims):
        return None
    return relax.TensorType.of(dims, buffer.dtype)
