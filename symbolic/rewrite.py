"""Min and max in normal form, substitution, and simplification within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from .division import exact_quotient, floordiv, mod
from .expr import (
    NO_BOUNDS,
    ZERO,
    Atom,
    Bounds,
    Extreme,
    FloorDiv,
    IntExpr,
    IntoExpr,
    Key,
    Max,
    Min,
    Mod,
    Rules,
    Term,
    Terms,
    Values,
    Var,
    as_expr,
    const,
    make_atom,
    make_expr,
    make_monomial,
    var,
)
from .proof import provably_ge0

# Every round of simplify makes the expression smaller, but for rare reorderings of a split.
_MAX_ROUNDS = 8


def min_(*values: IntoExpr) -> IntExpr:
    """The least of one or more values."""
    return _extreme(Min, map(as_expr, values), NO_BOUNDS)


def max_(*values: IntoExpr) -> IntExpr:
    """The greatest of one or more values."""
    return _extreme(Max, map(as_expr, values), NO_BOUNDS)


def _extreme(kind: type[Extreme], values: Iterable[IntExpr], bounds: Bounds) -> IntExpr:
    """A min or max: arguments flattened, sorted, those that another always beats dropped."""
    best: dict[Terms, int] = {}
    pick = min if kind is Min else max
    for value in values:
        atom = value.as_atom()
        for arg in atom.args if atom is not None and type(atom) is kind else (value,):
            best[arg.terms] = pick(best.get(arg.terms, arg.constant), arg.constant)
    args = sorted([make_expr(*item) for item in best.items()], key=_constants_last)
    if not args:
        raise TypeError(f"{kind.symbol} of nothing: expected one argument or more")
    if len(args) > 1 and (bounds or any(m.composite for arg in args for m, _ in arg.terms)):
        args = _undominated(args, -1 if kind is Min else 1, bounds)
    return args[0] if len(args) == 1 else make_atom(kind, tuple(args))


def _constants_last(arg: IntExpr) -> tuple[object, ...]:
    return (arg.is_constant, arg.sort_key)


def _undominated(args: list[IntExpr], sign: int, bounds: Bounds) -> list[IntExpr]:
    kept: list[IntExpr] = []
    for arg in args:
        if any(provably_ge0((other - arg) * sign, bounds) for other in kept):
            continue
        kept = [other for other in kept if not provably_ge0((arg - other) * sign, bounds)]
        kept.append(arg)
    return kept


# Rebuilding

_Memo: TypeAlias = dict[Atom, IntExpr]


def substitute(expr: IntExpr, values: Values) -> IntExpr:
    """`expr` with variables replaced by `values`."""
    return _rebuild(expr, values, NO_BOUNDS, {})


def _rebuild(expr: IntExpr, values: Values, bounds: Bounds, memo: _Memo) -> IntExpr:
    """`expr` built again bottom up, with variables replaced and bounds made use of."""
    kept: list[Term] = []
    out = ZERO
    for term in expr.terms:
        atoms = term[0].atoms
        factors = [_rebuild_atom(atom, values, bounds, memo) for atom in atoms]
        if all(new.as_atom() is old for new, old in zip(factors, atoms, strict=True)):
            kept.append(term)
            continue
        product = const(term[1])
        for factor in factors:
            product *= factor
        out += product
    return out + make_expr(tuple(kept), expr.constant)


def _rebuild_atom(atom: Atom, values: Values, bounds: Bounds, memo: _Memo) -> IntExpr:
    found = memo.get(atom)
    if found is not None:
        return found
    if type(atom) is Var:
        value = values.get(atom.key)
        out = var(atom.key) if value is None else as_expr(value)
    else:
        args = [_rebuild(arg, values, bounds, memo) for arg in atom.args]
        if bounds and args[-1] == 0 and isinstance(atom, FloorDiv | Mod):
            args[1] = atom.args[1]  # no value anywhere within bounds: not worth an error here
        if type(atom) is FloorDiv:
            out = floordiv(args[0], args[1], bounds)
        elif type(atom) is Mod:
            out = mod(args[0], args[1], bounds)
        else:
            out = _extreme(Max if type(atom) is Max else Min, args, bounds)
    memo[atom] = out
    return out


# Simplification


def simplify(expr: IntExpr, bounds: Bounds, memo: _Memo) -> IntExpr:
    """A simpler expression with the same value wherever the variables are in `bounds`.

    `memo` is what atoms became before, within the same bounds.
    """
    pinned = _pinned(bounds)
    for _ in range(_MAX_ROUNDS):
        before = expr
        expr = _rebuild(expr, pinned, bounds, memo)
        if any(mono.composite for mono, _ in expr.terms):
            expr = _recombine(expr, bounds)
        if expr is before:
            break
    return expr


def _pinned(bounds: Bounds) -> dict[Key, IntoExpr]:
    """The variables that can have one value only."""
    return {key: lo for key, (lo, hi) in bounds.items() if lo is not None and lo == hi}


def _recombine(expr: IntExpr, bounds: Bounds) -> IntExpr:
    """Puts divisions together again: a floordiv k * k + a mod k -> a, a - a mod k -> ..."""
    while True:
        best = min(_recombinations(expr, bounds), key=IntExpr.size, default=expr)
        if best.size() >= expr.size():
            return expr
        expr = best


def _recombinations(expr: IntExpr, bounds: Bounds) -> Iterator[IntExpr]:
    """`expr` plus multiples of `a - k * (a floordiv k) - a mod k`, which is 0."""
    for atom in dict.fromkeys(expr.atoms()):
        if type(atom) is FloorDiv:
            lhs, rhs = atom.args
            nothing = lhs - rhs * make_atom(FloorDiv, atom.args) - mod(lhs, rhs, bounds)
            for cofactor in _cofactors(expr, atom):
                multiple = exact_quotient(cofactor, rhs)
                if multiple is not None:
                    yield expr + nothing * multiple
        elif type(atom) is Mod:
            lhs, rhs = atom.args
            nothing = lhs - rhs * floordiv(lhs, rhs, bounds) - make_atom(Mod, atom.args)
            for cofactor in _cofactors(expr, atom):
                yield expr + nothing * cofactor


def _cofactors(expr: IntExpr, atom: Atom) -> Iterator[IntExpr]:
    """What `atom` is multiplied with in `expr`: in each term, and in all together."""
    total = ZERO
    for mono, coef in expr.terms:
        if atom in mono.atoms:
            left = list(mono.atoms)
            left.remove(atom)
            one = make_expr(((make_monomial(tuple(left)), coef),), 0) if left else const(coef)
            total += one
            yield one
    yield total


RULES = Rules(
    floordiv=floordiv,
    mod=mod,
    substitute=substitute,
    simplify=simplify,
    provably_ge0=provably_ge0,
)
