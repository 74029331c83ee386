"""IntExpr: integer expressions in one normal form, so that equal means identical.

An expression is `constant + sum of coefficient * monomial`; a monomial is a sorted product of
atoms; an atom is a variable, a floordiv, a mod, a min or a max of expressions. Every object is
interned in a weak table: two expressions that are equal as polynomials over their atoms are the
same object, comparing is `is`, and nothing outlives its last user. Values are exact integers
(Python's), `//` and `%` round to minus infinity.

Why not a tree: shapes, indices and predicates are nearly always linear; a sum of terms makes
the questions asked of them (stride, remainder, range, divisibility) a loop over the terms.

A rewrite never changes the value of an expression where it is defined; where a divisor is zero
the expression has no value, and a rewrite may give it one (`n floordiv n` is 1).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import count
from math import gcd
from operator import index
from threading import RLock
from typing import Generic, TypeAlias, TypeVar

Key: TypeAlias = Hashable
IntoExpr: TypeAlias = "IntExpr | int"
Bound: TypeAlias = "IntExpr | int | None"
Range: TypeAlias = "tuple[Bound, Bound]"
Bounds: TypeAlias = "Mapping[Key, Range]"
Interval: TypeAlias = "tuple[int | None, int | None]"

NO_BOUNDS: Bounds = {}


# Interning


_N = TypeVar("_N")


class _Ref(weakref.ref[_N], Generic[_N]):
    """A weak reference that knows its place in the table."""

    __slots__ = ("place",)
    place: Hashable


class _WeakTable(Generic[_N]):
    """The live nodes of one kind, by structure."""

    __slots__ = ("lock", "refs")

    def __init__(self) -> None:
        self.refs: dict[Hashable, _Ref[_N]] = {}
        self.lock = RLock()

    def add(self, place: Hashable, node: _N) -> _N:
        """The live node at `place`: `node`, or what another thread has put there first."""
        with self.lock:
            found = self.refs.get(place)
            if found is not None:
                live = found()
                if live is not None:
                    return live
            ref = _Ref(node, self._drop)
            ref.place = place
            self.refs[place] = ref
            return node

    def _drop(self, ref: weakref.ref[_N]) -> None:
        assert isinstance(ref, _Ref)
        with self.lock:
            if self.refs.get(ref.place) is ref:
                del self.refs[ref.place]


# Atoms and monomials

_serials = count()


class Atom:
    """What an expression is linear in. Interned: compare with `is`."""

    __slots__ = ("__weakref__", "args", "sort_key")
    args: tuple[IntExpr, ...]
    sort_key: tuple[object, ...]
    symbol = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.format(default_name)})"

    def format(self, name: Callable[[Key], str]) -> str:
        """The text of this atom, its variables called by `name`."""
        lhs, rhs = self.args
        return f"{_operand(lhs, name)} {self.symbol} {_operand(rhs, name)}"


class Var(Atom):
    """A variable: `str` key = a symbol, `int` = positional, else what an analysis chose."""

    __slots__ = ("key",)
    key: Key

    def format(self, name: Callable[[Key], str]) -> str:
        """The name of the variable."""
        return name(self.key)


class FloorDiv(Atom):
    """`args[0] floordiv args[1]`, rounded to minus infinity."""

    __slots__ = ()
    symbol = "floordiv"


class Mod(Atom):
    """`args[0] mod args[1]`, with the sign of `args[1]`."""

    __slots__ = ()
    symbol = "mod"


class Extreme(Atom):
    """Min or max, one argument of two or more."""

    __slots__ = ()

    def format(self, name: Callable[[Key], str]) -> str:
        """`min(a, b)`, or `max(a, b)`."""
        return f"{self.symbol}({', '.join(arg.format(name) for arg in self.args)})"


class Min(Extreme):
    """The least of two or more `args`."""

    __slots__ = ()
    symbol = "min"


class Max(Extreme):
    """The greatest of two or more `args`."""

    __slots__ = ()
    symbol = "max"


class Monomial:
    """A product of atoms, sorted; a power is an atom repeated. Interned: compare with `is`."""

    __slots__ = ("__weakref__", "atoms", "composite", "sort_key")
    atoms: tuple[Atom, ...]
    composite: bool
    sort_key: tuple[object, ...]


Term: TypeAlias = "tuple[Monomial, int]"
Terms: TypeAlias = "tuple[Term, ...]"

_vars: _WeakTable[Var] = _WeakTable()
_atoms: _WeakTable[Atom] = _WeakTable()
_monomials: _WeakTable[Monomial] = _WeakTable()
_exprs: _WeakTable[IntExpr] = _WeakTable()
_var_refs = _vars.refs
_monomial_refs = _monomials.refs
_expr_refs = _exprs.refs

_ATOM_RANK = {FloorDiv: 1, Mod: 2, Min: 3, Max: 4}


def _var_atom(key: Key) -> Var:
    ref = _var_refs.get(key)
    atom = None if ref is None else ref()
    if atom is not None:
        return atom
    atom = Var.__new__(Var)
    atom.key = key
    atom.args = ()
    if isinstance(key, int):
        atom.sort_key = (0, 0, key)
    elif isinstance(key, str):
        atom.sort_key = (0, 1, key)
    else:
        atom.sort_key = (0, 2, next(_serials))
    return _vars.add(key, atom)


def _atom(kind: type[Atom], args: tuple[IntExpr, ...]) -> IntExpr:
    """The expression that is one composite atom, its arguments already in normal form."""
    place = (kind, args)
    ref = _atoms.refs.get(place)
    atom = None if ref is None else ref()
    if atom is None:
        atom = kind.__new__(kind)
        atom.args = args
        atom.sort_key = (_ATOM_RANK[kind], *(arg.sort_key for arg in args))
        atom = _atoms.add(place, atom)
    return _make(((_monomial((atom,)), 1),), 0)


def _monomial(atoms: tuple[Atom, ...]) -> Monomial:
    ref = _monomial_refs.get(atoms)
    mono = None if ref is None else ref()
    if mono is not None:
        return mono
    mono = Monomial.__new__(Monomial)
    mono.atoms = atoms
    mono.composite = any(type(atom) is not Var for atom in atoms)
    mono.sort_key = tuple(atom.sort_key for atom in atoms)
    return _monomials.add(atoms, mono)


def _atom_key(atom: Atom) -> tuple[object, ...]:
    return atom.sort_key


def _term_key(term: Term) -> tuple[object, ...]:
    return term[0].sort_key


# Expressions


class IntExpr:
    """An immutable integer expression; equal expressions are the same object.

    Attributes:
        terms: `(monomial, coefficient)` in the order of printing; no coefficient is zero.
        constant: what is added to the terms.
    """

    __slots__ = (
        "__weakref__",
        "_divisor",
        "_free",
        "_hash",
        "_key",
        "composite",
        "constant",
        "terms",
    )
    terms: Terms
    constant: int
    composite: bool
    _hash: int
    _free: tuple[Key, ...] | None
    _key: tuple[object, ...] | None
    _divisor: int | None

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, int) and not self.terms and self.constant == other
        )

    def __hash__(self) -> int:
        return self._hash

    def __copy__(self) -> IntExpr:
        return self

    def __deepcopy__(self, memo: object) -> IntExpr:
        return self

    def __reduce__(self) -> str:
        raise TypeError("an IntExpr is not pickled: write str(e), read parse_expr(text)")

    def __bool__(self) -> bool:
        """Whether this is not the constant 0 (an unknown value is truthy)."""
        return bool(self.terms) or self.constant != 0

    # Queries

    @property
    def is_constant(self) -> bool:
        """Whether no variable occurs."""
        return not self.terms

    @property
    def constant_value(self) -> int:
        """The value of a constant expression.

        Raises:
            ValueError: a variable occurs.
        """
        if self.terms:
            raise ValueError(f"expected a constant, found '{self}': test is_constant first")
        return self.constant

    @property
    def sort_key(self) -> tuple[object, ...]:
        """A total order by structure, the same in every run for `str` and `int` keys."""
        key = self._key
        if key is None:
            key = (tuple((mono.sort_key, coef) for mono, coef in self.terms), self.constant)
            self._key = key
        return key

    def as_var(self) -> Var | None:
        """The variable that this expression is, or None."""
        atom = self.as_atom()
        return atom if type(atom) is Var else None

    def as_atom(self) -> Atom | None:
        """The one atom that this expression is, or None."""
        if len(self.terms) != 1 or self.constant:
            return None
        mono, coef = self.terms[0]
        return mono.atoms[0] if coef == 1 and len(mono.atoms) == 1 else None

    def atoms(self) -> Iterator[Atom]:
        """The atoms of all terms, as printed; not the atoms inside them."""
        for mono, _ in self.terms:
            yield from mono.atoms

    def free_vars(self) -> tuple[Key, ...]:
        """The keys of all variables, each once, in the order of printing."""
        free = self._free
        if free is None:
            seen: dict[Key, None] = {}
            for atom in self.atoms():
                if type(atom) is Var:
                    seen[atom.key] = None
                else:
                    for arg in atom.args:
                        seen.update(dict.fromkeys(arg.free_vars()))
            free = self._free = tuple(seen)
        return free

    # Arithmetic

    def __add__(self, other: IntoExpr) -> IntExpr:
        if type(other) is int:
            return _make(self.terms, self.constant + other) if other else self
        rhs = as_expr(other)
        return _make(_merge(self.terms, rhs.terms), self.constant + rhs.constant)

    __radd__ = __add__

    def __neg__(self) -> IntExpr:
        return _scale(self, -1)

    def __pos__(self) -> IntExpr:
        return self

    def __sub__(self, other: IntoExpr) -> IntExpr:
        if type(other) is int:
            return _make(self.terms, self.constant - other) if other else self
        rhs = as_expr(other)
        minus = tuple([(mono, -coef) for mono, coef in rhs.terms])
        return _make(_merge(self.terms, minus), self.constant - rhs.constant)

    def __rsub__(self, other: IntoExpr) -> IntExpr:
        return _scale(self, -1) + other

    def __mul__(self, other: IntoExpr) -> IntExpr:
        if type(other) is int:
            return _scale(self, other)
        rhs = as_expr(other)
        if not rhs.terms:
            return _scale(self, rhs.constant)
        if not self.terms:
            return _scale(rhs, self.constant)
        return _product(self, rhs)

    __rmul__ = __mul__

    def __floordiv__(self, other: IntoExpr) -> IntExpr:
        return _floordiv(self, as_expr(other), NO_BOUNDS)

    def __rfloordiv__(self, other: IntoExpr) -> IntExpr:
        return _floordiv(as_expr(other), self, NO_BOUNDS)

    def __mod__(self, other: IntoExpr) -> IntExpr:
        return _mod(self, as_expr(other), NO_BOUNDS)

    def __rmod__(self, other: IntoExpr) -> IntExpr:
        return _mod(as_expr(other), self, NO_BOUNDS)

    # Values

    def substitute(self, values: Mapping[Key, IntoExpr]) -> IntExpr:
        """This expression with variables replaced, all at once; others stay."""
        if not any(key in values for key in self.free_vars()):
            return self
        return _rebuild(self, values, NO_BOUNDS, {})

    def evaluate(self, values: Mapping[Key, int]) -> int:
        """The value where every variable has one.

        Raises:
            KeyError: a variable has no value.
            ZeroDivisionError: a divisor is zero there.
        """
        total = self.constant
        for mono, coef in self.terms:
            for atom in mono.atoms:
                coef *= _evaluate_atom(atom, values)
            total += coef
        return total

    # Text

    def __str__(self) -> str:
        return self.format(default_name)

    def __repr__(self) -> str:
        return f"IntExpr({self})"

    def format(self, name: Callable[[Key], str]) -> str:
        """The text of this expression, its variables called by `name`."""
        text = ""
        for mono, coef in self.terms:
            sign = ""
            if text:
                sign = " - " if coef < 0 else " + "
                coef = abs(coef)
            text += sign + _format_term(mono, coef, name)
        if not text:
            return str(self.constant)
        if self.constant:
            text += f" {'-' if self.constant < 0 else '+'} {abs(self.constant)}"
        return text

    # Questions

    def bounds(self, bounds: Bounds = NO_BOUNDS) -> Interval:
        """The least and greatest value, inclusive; None = not known to be bounded.

        Args:
            bounds: `(lo, hi)` of variables, inclusive, None = unbounded; `lo` and `hi` may be
                expressions over variables that have bounds themselves.
        """
        return _interval(self.terms, self.constant, bounds)

    def simplify(self, bounds: Bounds = NO_BOUNDS) -> IntExpr:
        """A simpler expression with the same value wherever the variables are in `bounds`."""
        before, after = None, self
        while before is not after:
            before = after
            after = _recombine(_rebuild(before, _pinned(bounds), bounds, {}))
        return after

    def provably_ge0(self, bounds: Bounds = NO_BOUNDS) -> bool:
        """Whether this is known to be at least 0 wherever the variables are in `bounds`."""
        return _provably_ge0(self, bounds)

    def largest_divisor(self) -> int:
        """The greatest integer known to divide every value; 0 for the constant 0."""
        divisor = self._divisor
        if divisor is None:
            divisor = abs(self.constant)
            for mono, coef in self.terms:
                for atom in mono.atoms:
                    coef *= _atom_divisor(atom)
                divisor = gcd(divisor, coef)
            self._divisor = divisor
        return divisor

    def is_multiple_of(self, k: int) -> bool:
        """Whether `k` is known to divide every value."""
        divisor = self.largest_divisor()
        return divisor == 0 if k == 0 else divisor % k == 0

    def coefficient(self, key: Key) -> tuple[IntExpr, IntExpr] | None:
        """The split `(c, r)` with `self == c * var(key) + r`, `key` free in neither.

        `(0, self)` when the variable does not occur; None when there is no such split: the
        variable is in a power, a floordiv, a mod, a min or a max.
        """
        if key not in self.free_vars():
            return ZERO, self
        factor: list[Term] = []
        rest: list[Term] = []
        offset = 0
        for mono, coef in self.terms:
            without = tuple(a for a in mono.atoms if not (type(a) is Var and a.key == key))
            removed = len(mono.atoms) - len(without)
            if removed > 1 or any(key in arg.free_vars() for a in without for arg in a.args):
                return None
            if not removed:
                rest.append((mono, coef))
            elif without:
                factor.append((_monomial(without), coef))
            else:
                offset = coef
        factor.sort(key=_term_key)
        return _make(tuple(factor), offset), _make(tuple(rest), self.constant)


def _make(terms: Terms, constant: int) -> IntExpr:
    """The one expression with these terms: sorted, no coefficient zero."""
    place = (terms, constant)
    ref = _expr_refs.get(place)
    if ref is not None:
        live = ref()
        if live is not None:
            return live
    expr = IntExpr.__new__(IntExpr)
    expr.terms = terms
    expr.constant = constant
    expr._free = None  # pyright: ignore[reportPrivateUsage]
    expr._key = None  # pyright: ignore[reportPrivateUsage]
    expr._divisor = None  # pyright: ignore[reportPrivateUsage]
    expr._hash = hash(place) if terms else hash(constant)  # pyright: ignore[reportPrivateUsage]
    expr.composite = any([mono.composite for mono, _ in terms])
    return _exprs.add(place, expr)


def _merge(lhs: Terms, rhs: Terms) -> Terms:
    if not lhs or not rhs:
        return lhs or rhs
    out: list[Term] = []
    i = j = 0
    while i < len(lhs) and j < len(rhs):
        left, right = lhs[i], rhs[j]
        if left[0] is right[0]:
            coef = left[1] + right[1]
            if coef:
                out.append((left[0], coef))
            i += 1
            j += 1
        elif left[0].sort_key < right[0].sort_key:
            out.append(left)
            i += 1
        else:
            out.append(right)
            j += 1
    out.extend(lhs[i:])
    out.extend(rhs[j:])
    return tuple(out)


def _scale(expr: IntExpr, factor: int) -> IntExpr:
    if factor == 0:
        return ZERO
    if factor == 1:
        return expr
    terms = tuple([(mono, coef * factor) for mono, coef in expr.terms])
    return _make(terms, expr.constant * factor)


def _product(lhs: IntExpr, rhs: IntExpr) -> IntExpr:
    out: dict[tuple[Atom, ...], int] = {}
    for a, c in _atom_terms(lhs):
        for b, d in _atom_terms(rhs):
            atoms = tuple(sorted(a + b, key=_atom_key)) if a and b else a or b
            out[atoms] = out.get(atoms, 0) + c * d
    constant = out.pop((), 0)
    terms = [(_monomial(atoms), coef) for atoms, coef in out.items() if coef]
    terms.sort(key=_term_key)
    return _make(tuple(terms), constant)


def _atom_terms(expr: IntExpr) -> list[tuple[tuple[Atom, ...], int]]:
    terms = [(mono.atoms, coef) for mono, coef in expr.terms]
    if expr.constant:
        terms.append(((), expr.constant))
    return terms


# Construction


def const(value: int) -> IntExpr:
    """The expression with this value."""
    return _make((), value)


def var(key: Key) -> IntExpr:
    """The variable with this key: `str` = a symbol, `int` = positional, else any object."""
    return _make(((_monomial((_var_atom(key),)), 1),), 0)


def pos(position: int) -> IntExpr:
    """The positional variable `$position`."""
    return var(position)


def as_expr(value: IntoExpr) -> IntExpr:
    """`value`, an integer of any kind as a constant.

    Raises:
        TypeError: `value` is neither an expression nor an integer.
    """
    if type(value) is IntExpr:
        return value
    return _make((), index(value))  # pyright: ignore[reportArgumentType]


def min_(*values: IntoExpr) -> IntExpr:
    """The least of one or more values."""
    return _extreme(Min, map(as_expr, values), NO_BOUNDS)


def max_(*values: IntoExpr) -> IntExpr:
    """The greatest of one or more values."""
    return _extreme(Max, map(as_expr, values), NO_BOUNDS)


def ceildiv(lhs: IntoExpr, rhs: IntoExpr) -> IntExpr:
    """`lhs / rhs` rounded to plus infinity."""
    lhs, rhs = as_expr(lhs), as_expr(rhs)
    if not rhs.terms and rhs.constant > 0:
        return (lhs + (rhs.constant - 1)) // rhs
    return -(-lhs // rhs)


ZERO = const(0)


# Division


def _floordiv(lhs: IntExpr, rhs: IntExpr, bounds: Bounds) -> IntExpr:
    if rhs.terms:
        return _floordiv_symbolic(lhs, rhs, bounds)
    k = rhs.constant
    if k == 0:
        raise ZeroDivisionError(f"'{lhs}' floordiv 0: the divisor is the constant zero")
    return _floordiv_const(lhs, k, bounds) if k > 0 else _floordiv_const(-lhs, -k, bounds)


def _mod(lhs: IntExpr, rhs: IntExpr, bounds: Bounds) -> IntExpr:
    if rhs.terms:
        return _mod_symbolic(lhs, rhs, bounds)
    k = rhs.constant
    if k == 0:
        raise ZeroDivisionError(f"'{lhs}' mod 0: the divisor is the constant zero")
    return _mod_const(lhs, k, bounds) if k > 0 else -_mod_const(-lhs, -k, bounds)


def _floordiv_const(lhs: IntExpr, k: int, bounds: Bounds) -> IntExpr:
    """`lhs floordiv k` for k > 0: (a*k + b) floordiv k -> a + b floordiv k, then b reduced."""
    if k == 1:
        return lhs
    quotient = _make(tuple([(m, c // k) for m, c in lhs.terms if c % k == 0]), lhs.constant // k)
    terms = tuple([term for term in lhs.terms if term[1] % k])
    if not terms:
        return quotient
    constant = lhs.constant % k
    g = gcd(k, *[c for _, c in terms])
    if g > 1:
        terms = tuple([(m, c // g) for m, c in terms])
        constant //= g
        k //= g
    rest = _make(terms, constant)
    inner = (rest - constant).as_atom()
    if type(inner) is FloorDiv and not inner.args[1].terms:
        m = inner.args[1].constant
        return quotient + _floordiv_const(inner.args[0] + constant * m, k * m, bounds)
    if bounds or rest.composite:
        split = _split(rest, k, bounds)
        if split is not None:
            g, high, _ = split
            return quotient + _floordiv_const(high, k // g, bounds)
    return quotient + _atom(FloorDiv, (rest, const(k)))


def _mod_const(lhs: IntExpr, k: int, bounds: Bounds) -> IntExpr:
    """`lhs mod k` for k > 0: (a*k + b) mod k -> b mod k, then b reduced."""
    if k == 1:
        return ZERO
    rest = _reduce(lhs, k)
    if not rest.terms:
        return rest
    g = gcd(k, *[c for _, c in rest.terms])
    if g > 1:
        high = _make(tuple([(m, c // g) for m, c in rest.terms]), rest.constant // g)
        return _mod_const(high, k // g, bounds) * g + rest.constant % g
    if bounds or rest.composite:
        split = _split(rest, k, bounds)
        if split is not None:
            g, high, low = split
            return _mod_const(high, k // g, bounds) * g + low
    return _atom(Mod, (rest, const(k)))


def _reduce(lhs: IntExpr, k: int) -> IntExpr:
    """An expression congruent to `lhs` modulo k, with coefficients in (-k, k)."""
    while True:
        terms: list[Term] = []
        opened = ZERO
        for mono, coef in lhs.terms:
            coef = coef % k if coef > 0 else -(-coef % k)
            atom = mono.atoms[0]
            if type(atom) is Mod and len(mono.atoms) == 1 and not atom.args[1].terms:
                if coef * atom.args[1].constant % k == 0:
                    opened += atom.args[0] * coef
                    continue
            if coef:
                terms.append((mono, coef))
        rest = _make(tuple(terms), lhs.constant % k)
        if opened is ZERO:
            return rest
        lhs = rest + opened


def _split(expr: IntExpr, k: int, bounds: Bounds) -> tuple[int, IntExpr, IntExpr] | None:
    """`(g, high, low)`, expr == g * high + low, g divides k, 0 <= low < g within bounds."""
    for g in sorted({k, *(gcd(c, k) for _, c in expr.terms)}, reverse=True):
        if g == 1:
            return None
        low = tuple([term for term in expr.terms if term[1] % g])
        lo, hi = _interval(low, expr.constant, bounds)
        if lo is not None and hi is not None and lo // g == hi // g:
            high = tuple([(m, c // g) for m, c in expr.terms if c % g == 0])
            step = lo // g
            return g, _make(high, step), _make(low, expr.constant - step * g)
    return None


def _floordiv_symbolic(lhs: IntExpr, rhs: IntExpr, bounds: Bounds) -> IntExpr:
    exact = _exact_quotient(lhs, rhs)
    if exact is not None:
        return exact
    quotient, rest = _whole_part(lhs, rhs)
    rest, rhs, _ = _cancel(rest, rhs)
    if not rhs.terms:
        return quotient + _floordiv(rest, rhs, bounds)
    if _provably_in(rest, rhs, bounds):
        return quotient
    return quotient + _atom(FloorDiv, (rest, rhs))


def _mod_symbolic(lhs: IntExpr, rhs: IntExpr, bounds: Bounds) -> IntExpr:
    if _exact_quotient(lhs, rhs) is not None:
        return ZERO
    _, rest = _whole_part(lhs, rhs)
    rest, rhs, common = _cancel(rest, rhs)
    if not rhs.terms:
        return _mod(rest, rhs, bounds) * common
    if _provably_in(rest, rhs, bounds):
        return rest * common
    return _atom(Mod, (rest, rhs)) * common


def _provably_in(expr: IntExpr, end: IntExpr, bounds: Bounds) -> bool:
    """Whether 0 <= expr < end within bounds."""
    return _provably_ge0(expr, bounds) and _provably_ge0(end - 1 - expr, bounds)


def _exact_quotient(lhs: IntExpr, rhs: IntExpr) -> IntExpr | None:
    """`q` with lhs == q * rhs as polynomials, or None."""
    lead, lead_coef = max(rhs.terms, key=_degree_key)
    quotient = ZERO
    while lhs.terms:
        mono, coef = max(lhs.terms, key=_degree_key)
        atoms = _divide_atoms(mono.atoms, lead.atoms)
        if atoms is None or coef % lead_coef:
            return None
        factor = _times(atoms, coef // lead_coef)
        quotient += factor
        lhs -= factor * rhs
    return None if lhs.constant else quotient


def _degree_key(term: Term) -> tuple[object, ...]:
    """Graded order: a product's leading term is the product of the leading terms."""
    return (len(term[0].atoms), term[0].sort_key)


def _divide_atoms(atoms: tuple[Atom, ...], divisor: tuple[Atom, ...]) -> tuple[Atom, ...] | None:
    left = list(atoms)
    for atom in divisor:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


def _times(atoms: tuple[Atom, ...], coef: int) -> IntExpr:
    return _make(((_monomial(atoms), coef),), 0) if atoms else const(coef)


def _whole_part(lhs: IntExpr, rhs: IntExpr) -> tuple[IntExpr, IntExpr]:
    """`(q, r)` with lhs == q * rhs + r, the terms that a one-term divisor divides in q."""
    if rhs.constant or len(rhs.terms) > 1:
        return ZERO, lhs
    divisor, divisor_coef = rhs.terms[0]
    quotient, rest = ZERO, []
    for mono, coef in lhs.terms:
        atoms = _divide_atoms(mono.atoms, divisor.atoms)
        if atoms is None or coef % divisor_coef:
            rest.append((mono, coef))
        else:
            quotient += _times(atoms, coef // divisor_coef)
    return quotient, _make(tuple(rest), lhs.constant)


def _cancel(lhs: IntExpr, rhs: IntExpr) -> tuple[IntExpr, IntExpr, IntExpr]:
    """`(a, b, g)` with lhs == a * g and rhs == b * g, g one positive coefficient and atoms."""
    g = gcd(lhs.constant, rhs.constant, *[c for _, c in lhs.terms + rhs.terms])
    common: tuple[Atom, ...] = ()
    if not lhs.constant and not rhs.constant:
        shared = list(rhs.terms[0][0].atoms)
        for mono, _ in lhs.terms + rhs.terms:
            left = list(mono.atoms)
            shared = [atom for atom in shared if atom in left and (left.remove(atom) or True)]
        common = tuple(shared)
    if g <= 1 and not common:
        return lhs, rhs, const(1)
    return _divided(lhs, common, g), _divided(rhs, common, g), _times(common, g)


def _divided(expr: IntExpr, atoms: tuple[Atom, ...], coef: int) -> IntExpr:
    out = const(expr.constant // coef)
    for mono, c in expr.terms:
        left = _divide_atoms(mono.atoms, atoms)
        assert left is not None
        out += _times(left, c // coef)
    return out


# Min and max


def _extreme(kind: type[Extreme], values: Iterable[IntExpr], bounds: Bounds) -> IntExpr:
    """min or max: arguments flattened, sorted, those that another always beats dropped."""
    best: dict[Terms, int] = {}
    pick = min if kind is Min else max
    for value in values:
        atom = value.as_atom()
        for arg in atom.args if type(atom) is kind and atom is not None else (value,):
            best[arg.terms] = pick(best.get(arg.terms, arg.constant), arg.constant)
    args = sorted(
        (_make(*item) for item in best.items()), key=lambda arg: (not arg.terms, arg.sort_key)
    )
    if not args:
        raise TypeError(f"{kind.symbol} of nothing: expected one argument or more")
    if len(args) > 1 and (bounds or any(arg.composite for arg in args)):
        args = _undominated(args, -1 if kind is Min else 1, bounds)
    return args[0] if len(args) == 1 else _atom(kind, tuple(args))


def _undominated(args: list[IntExpr], sign: int, bounds: Bounds) -> list[IntExpr]:
    kept: list[IntExpr] = []
    for arg in args:
        if any(_provably_ge0((other - arg) * sign, bounds) for other in kept):
            continue
        kept = [o for o in kept if not _provably_ge0((arg - o) * sign, bounds)]
        kept.append(arg)
    return kept


# Rewriting


def _pinned(bounds: Bounds) -> dict[Key, IntoExpr]:
    """The variables that can have one value only."""
    return {
        key: lo
        for key, (lo, hi) in bounds.items()
        if lo is not None and (lo is hi or (type(lo) is int and lo == hi))
    }


def _rebuild(
    expr: IntExpr, values: Mapping[Key, IntoExpr], bounds: Bounds, memo: dict[Atom, IntExpr]
) -> IntExpr:
    """`expr` built again bottom up, with variables replaced by `values`."""
    kept: list[Term] = []
    out = ZERO
    for term in expr.terms:
        atoms = term[0].atoms
        factors = [_rebuild_atom(atom, values, bounds, memo) for atom in atoms]
        if all(f.as_atom() is atom for f, atom in zip(factors, atoms, strict=True)):
            kept.append(term)
            continue
        product = const(term[1])
        for factor in factors:
            product *= factor
        out += product
    return out + _make(tuple(kept), expr.constant)


def _rebuild_atom(
    atom: Atom, values: Mapping[Key, IntoExpr], bounds: Bounds, memo: dict[Atom, IntExpr]
) -> IntExpr:
    found = memo.get(atom)
    if found is not None:
        return found
    if type(atom) is Var:
        value = values.get(atom.key)
        out = var(atom.key) if value is None else as_expr(value)
    else:
        args = [_rebuild(arg, values, bounds, memo) for arg in atom.args]
        if type(atom) is FloorDiv:
            out = _floordiv(args[0], args[1], bounds)
        elif type(atom) is Mod:
            out = _mod(args[0], args[1], bounds)
        else:
            out = _extreme(Max if type(atom) is Max else Min, args, bounds)
    memo[atom] = out
    return out


def _recombine(expr: IntExpr) -> IntExpr:
    """a floordiv k * k + a mod k -> a."""
    if not expr.composite:
        return expr
    for mono, coef in expr.terms:
        atom = mono.atoms[0]
        if type(atom) is not FloorDiv or len(mono.atoms) > 1:
            continue
        lhs, rhs = atom.args
        pair = rhs * (lhs // rhs) + lhs % rhs
        joined = (
            expr
            - pair * (coef // rhs.constant if not rhs.terms else coef)
            + lhs * (coef // rhs.constant if not rhs.terms else coef)
        )
        if len(joined.terms) < len(expr.terms) and not rhs.terms and coef % rhs.constant == 0:
            return _recombine(joined)
    return expr


def _evaluate_atom(atom: Atom, values: Mapping[Key, int]) -> int:
    if type(atom) is Var:
        return values[atom.key]
    args = [arg.evaluate(values) for arg in atom.args]
    if type(atom) is Min:
        return min(args)
    if type(atom) is Max:
        return max(args)
    if args[1] == 0:
        raise ZeroDivisionError(f"the divisor '{atom.args[1]}' is zero in '{atom.format(str)}'")
    return args[0] // args[1] if type(atom) is FloorDiv else args[0] % args[1]


def _atom_divisor(atom: Atom) -> int:
    divisors = [arg.largest_divisor() for arg in atom.args]
    if type(atom) is Var:
        return 1
    if type(atom) is FloorDiv:
        k = atom.args[1].constant
        return 1 if atom.args[1].terms or divisors[0] % k else divisors[0] // k
    return gcd(*divisors)


# Ranges


def _interval(terms: Terms, constant: int, bounds: Bounds) -> Interval:
    lo: int | None = constant
    hi: int | None = constant
    for mono, coef in terms:
        low, high = _monomial_interval(mono, bounds)
        if coef < 0:
            low, high = high, low
        lo = None if lo is None or low is None else lo + coef * low
        hi = None if hi is None or high is None else hi + coef * high
        if lo is None and hi is None:
            break
    return lo, hi


def _monomial_interval(mono: Monomial, bounds: Bounds) -> Interval:
    out = _atom_interval(mono.atoms[0], bounds)
    for atom in mono.atoms[1:]:
        out = _times_interval(out, _atom_interval(atom, bounds))
    return out


_INF = float("inf")


def _times_interval(a: Interval, b: Interval) -> Interval:
    if (a[0], a[1]) == (0, 0) or (b[0], b[1]) == (0, 0):
        return 0, 0
    ends = [_end_product(x, y, i, j) for i, x in enumerate(a) for j, y in enumerate(b)]
    lo, hi = min(ends), max(ends)
    return (None if isinstance(lo, float) else lo, None if isinstance(hi, float) else hi)


def _end_product(x: int | None, y: int | None, i: int, j: int) -> int | float:
    """The product of two ends of ranges, None standing for the infinity of its side."""
    if x == 0 or y == 0:
        return 0
    if x is not None and y is not None:
        return x * y
    left = (x > 0) if x is not None else bool(i)
    right = (y > 0) if y is not None else bool(j)
    return _INF if left == right else -_INF


def _atom_interval(atom: Atom, bounds: Bounds) -> Interval:
    if type(atom) is Var:
        lo, hi = bounds.get(atom.key, (None, None))
        if isinstance(lo, IntExpr):
            lo = lo.bounds(_without(bounds, atom.key))[0]
        if isinstance(hi, IntExpr):
            hi = hi.bounds(_without(bounds, atom.key))[1]
        return lo, hi
    ranges = [arg.bounds(bounds) for arg in atom.args]
    if type(atom) is FloorDiv:
        return _floordiv_interval(ranges[0], ranges[1])
    if type(atom) is Mod:
        return _mod_interval(ranges[0], ranges[1])
    los = [lo for lo, _ in ranges if lo is not None]
    his = [hi for _, hi in ranges if hi is not None]
    if type(atom) is Min:
        return min(los) if len(los) == len(ranges) else None, min(his, default=None)
    return max(los, default=None), max(his) if len(his) == len(ranges) else None


def _floordiv_interval(a: Interval, b: Interval) -> Interval:
    lo, hi = a
    least, most = b
    if least is None or least < 1:
        return None, None
    if lo is not None:
        lo = lo // least if lo < 0 else 0 if most is None else lo // most
    if hi is not None:
        hi = hi // least if hi >= 0 else -1 if most is None else hi // most
    return lo, hi


def _mod_interval(a: Interval, b: Interval) -> Interval:
    lo, hi = a
    least, most = b
    if least is None or least < 1:
        return None, None
    if least == most and lo is not None and hi is not None and lo // least == hi // least:
        return lo % least, hi % least
    ends = [end for end in (hi, None if most is None else most - 1) if end is not None]
    return 0, (
        min(ends, default=None) if lo is not None and lo >= 0 else ends[-1] if most else None
    )


def _without(bounds: Bounds, key: Key) -> Bounds:
    return {k: v for k, v in bounds.items() if k != key}


def _provably_ge0(expr: IntExpr, bounds: Bounds) -> bool:
    lo, hi = expr.bounds(bounds)
    if lo is not None and lo >= 0:
        return True
    if hi is not None and hi < 0:
        return False
    return any(_provably_ge0(*smaller) for smaller in _lower_bounds(expr, bounds))


def _lower_bounds(expr: IntExpr, bounds: Bounds) -> Iterator[tuple[IntExpr, Bounds]]:
    """An expression never above `expr`, with one variable fewer: its symbolic bound put in."""
    for key in expr.free_vars():
        lo, hi = bounds.get(key, (None, None))
        if not isinstance(lo, IntExpr) and not isinstance(hi, IntExpr):
            continue
        split = expr.coefficient(key)
        if split is None:
            continue
        coef, rest = split
        others = _without(bounds, key)
        if lo is not None and _provably_ge0(coef, others):
            yield rest + coef * lo, others
            return
        if hi is not None and _provably_ge0(-coef, others):
            yield rest + coef * hi, others
            return


# Text


def default_name(key: Key) -> str:
    """The name of a variable in `str(expr)`: `n`, `"odd name"`, `$0`; `<...>` is not parsed."""
    if isinstance(key, int):
        return f"${key}"
    if not isinstance(key, str):
        return f"<{key!r}>"
    if key.isidentifier() and key.isascii() and key not in KEYWORDS:
        return key
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


KEYWORDS = frozenset({"min", "max", "floordiv", "ceildiv", "mod"})


def _format_term(mono: Monomial, coef: int, name: Callable[[Key], str]) -> str:
    alone = len(mono.atoms) == 1 and coef == 1
    parts: list[str] = []
    for atom in mono.atoms:
        text = atom.format(name)
        parts.append(f"({text})" if type(atom) in (FloorDiv, Mod) and not alone else text)
    text = " * ".join(parts)
    if coef == -1:
        return f"-{text}"
    return text if coef == 1 else f"{text} * {coef}"


def _operand(expr: IntExpr, name: Callable[[Key], str]) -> str:
    text = expr.format(name)
    atom = expr.as_atom()
    plain = type(atom) in (Var, Min, Max) or (expr.is_constant and expr.constant >= 0)
    return text if plain else f"({text})"
