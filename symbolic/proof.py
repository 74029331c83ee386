"""provably_ge0: that an expression is never negative, where intervals alone cannot tell.

Intervals lose what ties two variables together (`n - 1 - i` for i in [0, n - 1]). So a variable
with a symbolic bound, a min, a max or a floordiv is replaced by what bounds it, which leaves an
expression that is never above the first and has one unknown fewer.
Source: Fourier-Motzkin elimination, one side only and without combining; Bik, Wijshoff,
"Implementation of Fourier-Motzkin elimination", 1994.
"""

from __future__ import annotations

from collections.abc import Iterator

from .expr import Bounds, FloorDiv, IntExpr, Key, Max, Min, Var, make_expr, without

# Expressions looked at before giving up (a few microseconds each): the order of replacements
# is tried out, so without an end ten floordivs would take hours. Real proofs need below 20.
_MAX_STEPS = 64


def provably_ge0(expr: IntExpr, bounds: Bounds) -> bool:
    """Whether `expr >= 0` is known wherever the variables are in `bounds`."""
    return _prove(expr, bounds, iter(range(_MAX_STEPS)))


def _prove(expr: IntExpr, bounds: Bounds, steps: Iterator[int]) -> bool:
    lo, hi = expr.bounds(bounds)
    if lo is not None and lo >= 0:
        return True
    if (hi is not None and hi < 0) or next(steps, None) is None:
        return False
    if any(mono.composite for mono, _ in expr.terms):
        return _prove_composite(expr, bounds, steps)
    return any(_prove(low, rest, steps) for low, rest in _without_variable(expr, bounds))


def _without_variable(expr: IntExpr, bounds: Bounds) -> Iterator[tuple[IntExpr, Bounds]]:
    """At most one expression never above `expr`: a variable's symbolic bound in its place."""
    for key in _innermost_first(expr, bounds):
        lo, hi = bounds[key]
        split = expr.coefficient(key)
        if split is None:
            continue
        coef, rest = split
        others = without(bounds, key)
        if lo is not None and _sign(coef, others) > 0:
            yield rest + coef * lo, others
            return
        if hi is not None and _sign(coef, others) < 0:
            yield rest + coef * hi, others
            return


def _innermost_first(expr: IntExpr, bounds: Bounds) -> list[Key]:
    """The variables with symbolic bounds; those that bounds of others mention, last."""
    mentioned: dict[Key, set[Key]] = {}
    for key in expr.free_vars():
        ends = [end for end in bounds.get(key, ()) if isinstance(end, IntExpr)]
        if ends:
            mentioned[key] = {name for end in ends for name in end.free_vars()}
    return sorted(mentioned, key=lambda key: any(key in names for names in mentioned.values()))


def _sign(expr: IntExpr, bounds: Bounds) -> int:
    """1: never negative; -1: never positive; 0: not known."""
    lo, hi = expr.bounds(bounds)
    if lo is not None and lo >= 0:
        return 1
    return -1 if hi is not None and hi <= 0 else 0


def _prove_composite(expr: IntExpr, bounds: Bounds, steps: Iterator[int]) -> bool:
    """Proves `expr >= 0` with one of its floordivs, mins or maxs replaced by what bounds it."""
    for term in expr.terms:
        mono, coef = term
        atom = mono.atoms[0]
        if len(mono.atoms) > 1 or type(atom) is Var:
            continue
        rest = expr - make_expr((term,), 0)
        if isinstance(atom, Min | Max):
            enough = any if (type(atom) is Max) == (coef > 0) else all
            if enough(_prove(rest + arg * coef, bounds, steps) for arg in atom.args):
                return True
        elif type(atom) is FloorDiv and not atom.args[1].terms:
            k = atom.args[1].constant
            # x - (k - 1) <= k * (x floordiv k) <= x; and e >= 0 follows from k * e >= 1 - k.
            low = atom.args[0] - (k - 1 if coef > 0 else 0)
            if _prove(rest * k + low * coef + (k - 1), bounds, steps):
                return True
    return any(_prove(low, rest, steps) for low, rest in _without_variable(expr, bounds))
