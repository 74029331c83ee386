"""Floordiv and mod in normal form: what can leave the division has left it.

Every rewrite is exact where the divisor is not zero. Given bounds of variables, a part that
stays below the divisor is found and dropped: (i*4 + j) floordiv 4 -> i for j in [0, 3].
"""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

from .expr import (
    NO_BOUNDS,
    ONE,
    ZERO,
    Atom,
    Bounds,
    FloorDiv,
    IntExpr,
    IntoExpr,
    Mod,
    Monomial,
    Term,
    as_expr,
    const,
    interval,
    make_atom,
    make_expr,
    make_monomial,
)
from .proof import provably_ge0


def floordiv(lhs: IntExpr, rhs: IntExpr, bounds: Bounds = NO_BOUNDS) -> IntExpr:
    """`lhs / rhs` rounded to minus infinity.

    Raises:
        ZeroDivisionError: `rhs` is the constant 0.
    """
    if rhs.terms:
        return _floordiv_symbolic(lhs, rhs, bounds)
    k = rhs.constant
    if k == 0:
        raise ZeroDivisionError(f"'{lhs}' floordiv 0: the divisor is the constant zero")
    return _floordiv_const(lhs, k, bounds) if k > 0 else _floordiv_const(-lhs, -k, bounds)


def mod(lhs: IntExpr, rhs: IntExpr, bounds: Bounds = NO_BOUNDS) -> IntExpr:
    """`lhs - rhs * (lhs floordiv rhs)`.

    Raises:
        ZeroDivisionError: `rhs` is the constant 0.
    """
    if rhs.terms:
        return _mod_symbolic(lhs, rhs, bounds)
    k = rhs.constant
    if k == 0:
        raise ZeroDivisionError(f"'{lhs}' mod 0: the divisor is the constant zero")
    return _mod_const(lhs, k, bounds) if k > 0 else -_mod_const(-lhs, -k, bounds)


def ceildiv(lhs: IntoExpr, rhs: IntoExpr) -> IntExpr:
    """`lhs / rhs` rounded to plus infinity."""
    lhs, rhs = as_expr(lhs), as_expr(rhs)
    if not rhs.terms and rhs.constant > 0:
        return floordiv(lhs + (rhs.constant - 1), rhs)
    return -floordiv(-lhs, rhs)


# By a constant


def _floordiv_const(lhs: IntExpr, k: int, bounds: Bounds) -> IntExpr:
    """`lhs floordiv k` for k > 0: (a*k + b) floordiv k -> a + b floordiv k, then b reduced."""
    if k == 1:
        return lhs
    whole = tuple([(mono, coef // k) for mono, coef in lhs.terms if coef % k == 0])
    quotient = make_expr(whole, lhs.constant // k)
    terms = tuple([term for term in lhs.terms if term[1] % k])
    if not terms:
        return quotient
    constant = lhs.constant % k
    g = gcd(k, *[coef for _, coef in terms])
    if g > 1:  # (g*a + c) floordiv (g*k) -> (a + c floordiv g) floordiv k
        terms = tuple([(mono, coef // g) for mono, coef in terms])
        constant //= g
        k //= g
    rest = make_expr(terms, constant)
    merged = _merged(rest)
    if merged is not None:
        return quotient + floordiv(merged[0], merged[1] * k, bounds)
    split = _split(rest, k, bounds)
    if split is not None:
        g, high, _ = split
        return quotient + _floordiv_const(high, k // g, bounds)
    return quotient + make_atom(FloorDiv, (rest, const(k)))


def _merged(expr: IntExpr) -> tuple[IntExpr, IntExpr] | None:
    """`(a, m)` with expr == a floordiv m, where just one of the terms is a floordiv."""
    found: list[FloorDiv] = []
    for mono, coef in expr.terms:
        atom = mono.atoms[0]
        if type(atom) is FloorDiv and len(mono.atoms) == coef == 1:
            found.append(atom)
    if len(found) != 1:
        return None
    numerator, m = found[0].args
    others = expr - make_atom(FloorDiv, found[0].args)
    return numerator + others * m, m  # b floordiv m + c == (b + c*m) floordiv m


def _mod_const(lhs: IntExpr, k: int, bounds: Bounds) -> IntExpr:
    """`lhs mod k` for k > 0: (a*k + b) mod k -> b mod k, then b reduced."""
    if k == 1:
        return ZERO
    rest = _reduced(lhs, k)
    if not rest.terms:
        return rest
    g = gcd(k, *[coef for _, coef in rest.terms])
    if g > 1:  # (g*a + c) mod (g*k) -> g * ((a + c floordiv g) mod k) + c mod g
        terms = tuple([(mono, coef // g) for mono, coef in rest.terms])
        high = make_expr(terms, rest.constant // g)
        return _mod_const(high, k // g, bounds) * g + rest.constant % g
    split = _split(rest, k, bounds)
    if split is not None:
        g, high, low = split
        return _mod_const(high, k // g, bounds) * g + low
    return make_atom(Mod, (rest, const(k)))


def _reduced(expr: IntExpr, k: int) -> IntExpr:
    """An expression congruent to `expr` modulo k: coefficients in (-k, k), inner mods opened."""
    while True:
        terms: list[Term] = []
        opened = ZERO
        for mono, coef in expr.terms:
            # Towards zero: -i mod 4 keeps its small range, (i * 3) mod 4 has a larger one.
            coef = coef % k if coef > 0 else -(-coef % k)
            modulus = _modulus(mono)
            if modulus and coef * modulus % k == 0:
                opened += mono.atoms[0].args[0] * coef
            elif coef:
                terms.append((mono, coef))
        rest = make_expr(tuple(terms), expr.constant % k)
        if opened == 0:
            return rest
        expr = rest + opened


def _modulus(mono: Monomial) -> int:
    """The constant k where the monomial is `x mod k`, else 0."""
    atom = mono.atoms[0]
    if type(atom) is not Mod or len(mono.atoms) > 1 or atom.args[1].terms:
        return 0
    return atom.args[1].constant


def _split(expr: IntExpr, k: int, bounds: Bounds) -> tuple[int, IntExpr, IntExpr] | None:
    """`(g, high, low)`: expr == g * high + low, g divides k, 0 <= low < g within bounds."""
    if not bounds and not any(mono.composite for mono, _ in expr.terms):
        return None
    for g in sorted({k, *[gcd(coef, k) for _, coef in expr.terms]}, reverse=True):
        if g == 1:
            return None
        low = tuple([term for term in expr.terms if term[1] % g])
        lo, hi = interval(low, expr.constant, bounds)
        if lo is not None and hi is not None and lo // g == hi // g:
            step = lo // g
            high = tuple([(mono, coef // g) for mono, coef in expr.terms if coef % g == 0])
            return g, make_expr(high, step), make_expr(low, expr.constant - step * g)
    return None


# By an expression


def _floordiv_symbolic(lhs: IntExpr, rhs: IntExpr, bounds: Bounds) -> IntExpr:
    exact = exact_quotient(lhs, rhs)
    if exact is not None:
        return exact
    quotient, rest = _whole_part(lhs, rhs)
    rest, rhs, _ = _cancelled(rest, rhs)
    if not rhs.terms:
        return quotient + floordiv(rest, rhs, bounds)
    split = _split_symbolic(rest, rhs, bounds)
    if split is not None:
        g, high, _ = split
        divisor = exact_quotient(rhs, g)
        assert divisor is not None
        return quotient + floordiv(high, divisor, bounds)
    merged = _merged(rest)
    if merged is not None and provably_ge0(rhs, bounds):  # the outer divisor must be positive
        return quotient + floordiv(merged[0], merged[1] * rhs, bounds)
    return quotient + make_atom(FloorDiv, (rest, rhs))


def _mod_symbolic(lhs: IntExpr, rhs: IntExpr, bounds: Bounds) -> IntExpr:
    if exact_quotient(lhs, rhs) is not None:
        return ZERO
    _, rest = _whole_part(lhs, rhs)
    rest, rhs, common = _cancelled(rest, rhs)
    if not rhs.terms:
        return mod(rest, rhs, bounds) * common
    split = _split_symbolic(rest, rhs, bounds)
    if split is not None:
        g, high, low = split
        divisor = exact_quotient(rhs, g)
        assert divisor is not None
        return (mod(high, divisor, bounds) * g + low) * common
    return make_atom(Mod, (rest, rhs)) * common


def exact_quotient(lhs: IntExpr, rhs: IntExpr) -> IntExpr | None:
    """`q` with lhs == q * rhs as polynomials over their atoms, or None."""
    if not rhs.terms:
        k = rhs.constant
        if lhs.constant % k or any(coef % k for _, coef in lhs.terms):
            return None
        return make_expr(tuple([(m, coef // k) for m, coef in lhs.terms]), lhs.constant // k)
    lead, lead_coef = max(rhs.terms, key=_degree_key)
    quotient = ZERO
    while lhs.terms:
        mono, coef = max(lhs.terms, key=_degree_key)
        atoms = _divided_atoms(mono.atoms, lead.atoms)
        if atoms is None or coef % lead_coef:
            return None
        factor = _product(atoms, coef // lead_coef)
        quotient += factor
        lhs -= factor * rhs
    return None if lhs.constant else quotient


def _degree_key(term: Term) -> tuple[object, ...]:
    """Graded order: the leading term of a product is the product of the leading terms."""
    return (len(term[0].atoms), term[0].sort_key)


def _divided_atoms(atoms: tuple[Atom, ...], divisor: tuple[Atom, ...]) -> tuple[Atom, ...] | None:
    left = list(atoms)
    for atom in divisor:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


def _common_atoms(a: tuple[Atom, ...], b: tuple[Atom, ...]) -> tuple[Atom, ...]:
    left = list(b)
    common: list[Atom] = []
    for atom in a:
        if atom in left:
            left.remove(atom)
            common.append(atom)
    return tuple(common)


def _product(atoms: tuple[Atom, ...], coef: int) -> IntExpr:
    return make_expr(((make_monomial(atoms), coef),), 0) if atoms else const(coef)


def _whole_part(lhs: IntExpr, rhs: IntExpr) -> tuple[IntExpr, IntExpr]:
    """`(q, r)`: lhs == q * rhs + r, q from the terms of lhs that a one-term rhs divides."""
    if rhs.constant or len(rhs.terms) != 1:
        return ZERO, lhs
    divisor, divisor_coef = rhs.terms[0]
    quotient = ZERO
    rest: list[Term] = []
    for mono, coef in lhs.terms:
        atoms = _divided_atoms(mono.atoms, divisor.atoms)
        if atoms is None or coef % divisor_coef:
            rest.append((mono, coef))
        else:
            quotient += _product(atoms, coef // divisor_coef)
    return quotient, make_expr(tuple(rest), lhs.constant)


def _cancelled(lhs: IntExpr, rhs: IntExpr) -> tuple[IntExpr, IntExpr, IntExpr]:
    """`(a, b, g)`: lhs == a * g, rhs == b * g, g the common atoms and positive coefficient."""
    terms = lhs.terms + rhs.terms
    coef = gcd(lhs.constant, rhs.constant, *[c for _, c in terms])
    common: tuple[Atom, ...] = ()
    if not lhs.constant and not rhs.constant:
        common = terms[-1][0].atoms
        for mono, _ in terms:
            common = _common_atoms(common, mono.atoms)
    if coef == 1 and not common:
        return lhs, rhs, ONE
    g = _product(common, coef)
    a, b = exact_quotient(lhs, g), exact_quotient(rhs, g)
    assert a is not None
    assert b is not None
    return a, b, g


def _split_symbolic(
    expr: IntExpr, rhs: IntExpr, bounds: Bounds
) -> tuple[IntExpr, IntExpr, IntExpr] | None:
    """`(g, high, low)`: expr == g * high + low, g divides rhs, 0 <= low < g within bounds."""
    if not bounds:
        return None
    for g in _candidates(expr, rhs):
        high = low = ZERO
        for mono, coef in expr.terms:
            term = make_expr(((mono, coef),), 0)
            quotient = exact_quotient(term, g)
            if quotient is None:
                low += term
            else:
                high += quotient
        low += expr.constant
        if provably_ge0(low, bounds) and provably_ge0(g - 1 - low, bounds):
            return g, high, low
    return None


def _candidates(expr: IntExpr, rhs: IntExpr) -> Iterator[IntExpr]:
    """Divisors of `rhs`: itself, and what it shares with the terms of `expr`."""
    yield rhs
    if rhs.constant or len(rhs.terms) != 1:
        return
    seen = {rhs}
    divisor, divisor_coef = rhs.terms[0]
    for mono, coef in expr.terms:
        common = _common_atoms(mono.atoms, divisor.atoms)
        g = _product(common, gcd(coef, divisor_coef))
        if common and g not in seen:
            seen.add(g)
            yield g
