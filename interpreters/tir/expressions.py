"""Integer expressions as Python functions of the registers.

A register holds an `int`, or an int64 array where the value differs from lane to lane.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from ...symbolic import Atom, FloorDiv, IntExpr, Max, Min, Mod, Monomial, Var

Ints = npt.NDArray[np.int64]
Index = int | Ints
Registers = list[Any]  # ints, arrays, scalars of any type, memories
Expression = Callable[[Registers], Index]


def compile_expr(expr: IntExpr, slots: Mapping[Hashable, int]) -> Expression:
    """Return the function of the registers that an expression is; `slots`: variable -> register."""
    terms = [_term(mono, coef, slots) for mono, coef in expr.terms]
    constant = expr.constant
    if not terms:
        return lambda regs: constant
    first, *rest = terms
    if not rest and not constant:
        return first
    if not rest:
        return lambda regs: first(regs) + constant
    if len(rest) == 1:
        second = rest[0]
        return lambda regs: first(regs) + second(regs) + constant

    def total(regs: Registers) -> Index:
        result = first(regs) + constant
        for term in rest:
            result = result + term(regs)
        return result

    return total


def _term(mono: Monomial, coef: int, slots: Mapping[Hashable, int]) -> Expression:
    product = _atom(mono.atoms[0], slots)
    for atom in mono.atoms[1:]:
        product = _times(product, _atom(atom, slots))
    if coef == 1:
        return product
    return lambda regs: product(regs) * coef


def _times(a: Expression, b: Expression) -> Expression:
    return lambda regs: a(regs) * b(regs)


def _atom(atom: Atom, slots: Mapping[Hashable, int]) -> Expression:
    if isinstance(atom, Var):
        return itemgetter(slots[atom.key])
    args = [compile_expr(arg, slots) for arg in atom.args]
    match atom:
        case FloorDiv():
            dividend, divisor = args
            return lambda regs: dividend(regs) // _nonzero(divisor(regs))
        case Mod():
            dividend, divisor = args
            return lambda regs: dividend(regs) % _nonzero(divisor(regs))
        case Min():
            return lambda regs: _extreme(min, np.minimum, [arg(regs) for arg in args])
        case Max():
            return lambda regs: _extreme(max, np.maximum, [arg(regs) for arg in args])
        case _:
            raise NotImplementedError(f"interpreter: expression {type(atom).__name__}")


def _nonzero(divisor: Index) -> Index:
    if not np.all(divisor):
        raise ZeroDivisionError("an index expression divides by zero")
    return divisor


def _extreme(of_ints: Callable[..., int], of_arrays: np.ufunc, args: list[Index]) -> Index:
    if all(isinstance(arg, int) for arg in args):
        return of_ints(args)
    result = args[0]
    for arg in args[1:]:
        result = of_arrays(result, arg)
    return result


def conditions_hold(conditions: list[Expression], regs: Registers) -> Any:
    """Return whether every expression is >= 0: a bool, or an array of them."""
    result: Any = True
    for condition in conditions:
        holds = condition(regs) >= 0
        if holds is False:
            return False
        result = holds if result is True else result & holds
    return result
