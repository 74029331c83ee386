"""What the symbols of a kernel stand for at a call: found by matching types, dim by dim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.ir import Attribute, Operation

from ..dialects import relax, tir
from ..symbolic import IntExpr


def call_symbols(kernel: tir.FuncOp, call: Operation) -> dict[str, IntExpr] | None:
    """Return the kernel's symbols over the caller's, or None where types do not tell them all.

    Every dim of the kernel that is a bare symbol is told by the dim at its place.
    """
    pairs = [
        *zip((v.type for v in kernel.inputs), (v.type for v in call.operands), strict=True),
        *zip((v.type for v in kernel.outputs), (v.type for v in call.results), strict=True),
    ]
    found = match_shapes(pairs)
    return found if all(name in found for name in kernel.symbol_names) else None


def match_shapes(pairs: Iterable[tuple[Attribute, Attribute]]) -> dict[str, IntExpr]:
    """Return what symbols that are dims of buffer types are in the tensor types beside them."""
    found: dict[str, IntExpr] = {}
    for buffer_type, tensor_type in pairs:
        if not isinstance(buffer_type, tir.BufferType) or not isinstance(
            tensor_type, relax.TensorType
        ):
            continue
        _match(buffer_type.shape, tensor_type.shape or (), found)
    return found


def _match(
    declared: Sequence[IntExpr], actual: Sequence[IntExpr | None], found: dict[str, IntExpr]
) -> None:
    if len(declared) != len(actual):
        return
    for dim, value in zip(declared, actual, strict=True):
        variable = dim.as_var()
        if variable is not None and value is not None and isinstance(variable.key, str):
            found.setdefault(variable.key, value)
