"""Addresses: indices of a row-major buffer as one expression, and how it moves with each loop."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ..dialects import tir
from ..symbolic import FloorDiv, IntExpr, Max, Min, Mod, Var, const, max_, min_, var

MAX_STRIDE = 4  # so many vectors and choices between them take less than a load per lane


def expand_mods(expr: IntExpr) -> IntExpr:
    """Return the expression with `a mod k` written as `a - (a floordiv k) * k`.

    Then the pieces of a split index cancel: `(i floordiv k) * k + i mod k` becomes `i`.
    """
    if not any(mono.composite for mono, _ in expr.terms):
        return expr
    result = const(expr.constant)
    for mono, coef in expr.terms:
        product = const(coef)
        for atom in mono.atoms:
            match atom:
                case Mod():
                    dividend, divisor = (expand_mods(arg) for arg in atom.args)
                    product = product * (dividend - (dividend // divisor) * divisor)
                case FloorDiv():
                    product = product * (expand_mods(atom.args[0]) // expand_mods(atom.args[1]))
                case Var():
                    product = product * var(atom.key)
                case Min():
                    product = product * min_(*map(expand_mods, atom.args))
                case Max():
                    product = product * max_(*map(expand_mods, atom.args))
                case _:
                    raise NotImplementedError(f"expand_mods: atom {type(atom).__name__}")
        result = result + product
    return result


def flat_address(buffer_type: tir.BufferType, indices: Sequence[IntExpr]) -> IntExpr:
    """Return the element number of `buffer[indices]`."""
    result = const(0)
    for index, dim in zip(indices, buffer_type.shape, strict=True):
        result = result * dim + index
    return expand_mods(result)


def step_of(address: IntExpr, key: Hashable) -> int | None:
    """Return how far the address moves when a variable grows by one; None where it varies."""
    split = address.coefficient(key)
    if split is None or not split[0].is_constant:
        return None
    return split[0].constant_value
