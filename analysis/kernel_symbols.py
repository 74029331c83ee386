"""What the symbols of a kernel stand for at a call: found by matching types, dim by dim."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

from xdsl.ir import Attribute, Operation

from ..dialects import relax, tir
from ..symbolic import IntExpr, Var, var

Dims = tuple[IntExpr, IntExpr]  # a dim that a kernel declares, the dim at its place at the call


def call_symbols(kernel: tir.FuncOp, call: Operation) -> dict[str, IntExpr] | None:
    """Return the kernel's symbols over the caller's, or None where types do not tell them all.

    A dim that is a bare symbol tells it; then one that is linear in its only unknown symbol; then
    one that reads the same at the call but for the symbol, as in the function that the kernel was
    made for, or in one that shares it.
    """
    pairs = [
        *zip((v.type for v in kernel.inputs), (v.type for v in call.operands), strict=True),
        *zip((v.type for v in kernel.outputs), (v.type for v in call.results), strict=True),
    ]
    found = solve_symbols(dims_beside(pairs))
    return found if all(name in found for name in kernel.symbol_names) else None


def solve_symbols(dims: Sequence[Dims]) -> dict[str, IntExpr]:
    """Return the symbols that the pairs of dims tell, over those of the second ones."""
    found: dict[str, IntExpr] = {}
    waiting = list(dims)
    while waiting:
        left = [pair for pair in waiting if not _solve(*pair, found)]
        if len(left) == len(waiting):
            break
        waiting = left
    for declared, actual in waiting:
        if declared is actual:
            for key in declared.free_vars():
                found.setdefault(str(key), var(key))
        else:
            _unify(declared, actual, found)
    return found


def _unify(declared: IntExpr, actual: IntExpr, found: dict[str, IntExpr]) -> None:
    """Learn the only unknown symbol of a dim: `n floordiv 8` reads as `(m * 2) floordiv 8`."""
    unknown: list[Hashable] = [key for key in declared.free_vars() if key not in found]
    if len(unknown) != 1:
        return
    known = declared.substitute(dict(found))
    for candidate in _parts(actual):
        if known.substitute({unknown[0]: candidate}) is actual:
            found[str(unknown[0])] = candidate
            return


def _parts(expr: IntExpr) -> Iterator[IntExpr]:
    """Yield what stands inside of an expression: symbols, and operands of divisions."""
    for atom in expr.atoms():
        if isinstance(atom, Var):
            yield var(atom.key)
        for arg in atom.args:
            yield arg
            yield from _parts(arg)


def dims_beside(pairs: Iterable[tuple[Attribute, Attribute]]) -> list[Dims]:
    """Return the dims of buffer types with those of the tensor types beside them."""
    found: list[Dims] = []
    for buffer_type, tensor_type in pairs:
        if isinstance(buffer_type, tir.BufferType) and isinstance(tensor_type, relax.TensorType):
            shape = tensor_type.shape or ()
            if len(shape) == len(buffer_type.shape):
                rows = zip(buffer_type.shape, shape, strict=True)
                found += [(d, a) for d, a in rows if a is not None and not d.is_constant]
    # Bare symbols first: what they tell makes the others' unknowns fewer.
    return sorted(found, key=lambda pair: pair[0].as_var() is None)


def _solve(declared: IntExpr, actual: IntExpr, found: dict[str, IntExpr]) -> bool:
    """Learn the only unknown symbol of a dim; tell whether there is nothing left to learn."""
    unknown: list[Hashable] = [key for key in declared.free_vars() if key not in found]
    if not unknown:
        return True
    split = declared.coefficient(unknown[0]) if len(unknown) == 1 else None
    if split is None or not split[0].is_constant or split[0].constant_value == 0:
        return False
    factor, rest = split[0].constant_value, split[1].substitute(found)
    scaled = actual - rest
    if not scaled.is_multiple_of(factor):
        return False
    found[str(unknown[0])] = scaled // factor
    return True
