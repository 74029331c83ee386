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

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import gcd
from operator import index
from typing import Any, TypeAlias, final

from .intern import WeakTable
from .intervals import (
    Interval,
    range_of_floordiv,
    range_of_max,
    range_of_min,
    range_of_mod,
    range_of_product,
    range_of_sum,
)

Key: TypeAlias = Hashable
IntoExpr: TypeAlias = "IntExpr | int"
Bound: TypeAlias = "IntExpr | int | None"
# Any, not Key: a caller's dict[str, int], or function of a str, is no Mapping of every Key.
Bounds: TypeAlias = "Mapping[Any, tuple[Bound, Bound]]"
Values: TypeAlias = "Mapping[Any, IntoExpr]"
Names: TypeAlias = Callable[[Any], str]

NO_BOUNDS: Bounds = {}


# Atoms and monomials


class Atom:
    """What an expression is linear in. Interned: compare with `is`.

    Attributes:
        args: the expressions inside; none in a variable.
        sort_key: a total order by structure.
    """

    __slots__ = ("__weakref__", "args", "sort_key")
    args: tuple[IntExpr, ...]
    sort_key: tuple[object, ...]
    symbol = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.format(default_name)})"

    def format(self, name: Names) -> str:
        """The text of this atom, its variables called by `name`."""
        lhs, rhs = self.args
        return f"{_operand(lhs, name)} {self.symbol} {_operand(rhs, name)}"

    def apply(self, args: Sequence[int]) -> int:
        """The value, given those of the arguments."""
        raise NotImplementedError(f"{type(self).__name__}.apply")

    def interval(self, bounds: Bounds) -> Interval:
        """The least and greatest value within bounds."""
        raise NotImplementedError(f"{type(self).__name__}.interval")

    def divisor(self) -> int:
        """The greatest integer known to divide every value; 0 when all are 0."""
        return gcd(*[arg.largest_divisor() for arg in self.args])


@final
class Var(Atom):
    """A variable: `str` key = a symbol, `int` = positional, else what an analysis chose."""

    __slots__ = ("key",)
    key: Key

    def format(self, name: Names) -> str:
        """The name of the variable."""
        return name(self.key)

    def interval(self, bounds: Bounds) -> Interval:
        """What `bounds` says; the range of a symbolic bound is asked of the other variables."""
        lo, hi = bounds.get(self.key, (None, None))
        if type(lo) is IntExpr or type(hi) is IntExpr:
            others = without(bounds, self.key)
            lo = lo.bounds(others)[0] if type(lo) is IntExpr else lo
            hi = hi.bounds(others)[1] if type(hi) is IntExpr else hi
        assert not isinstance(lo, IntExpr)
        assert not isinstance(hi, IntExpr)
        return lo, hi

    def divisor(self) -> int:
        """1: nothing is known."""
        return 1


@final
class FloorDiv(Atom):
    """`args[0] floordiv args[1]`, rounded to minus infinity."""

    __slots__ = ()
    symbol = "floordiv"

    def apply(self, args: Sequence[int]) -> int:
        """The quotient.

        Raises:
            ZeroDivisionError: the divisor is zero.
        """
        return args[0] // _nonzero(self, args[1])

    def interval(self, bounds: Bounds) -> Interval:
        """From the ranges of both arguments."""
        return range_of_floordiv(self.args[0].bounds(bounds), self.args[1].bounds(bounds))

    def divisor(self) -> int:
        """That of the numerator divided, if it divides."""
        lhs, rhs = self.args
        if rhs.terms or not lhs.is_multiple_of(rhs.constant):
            return 1
        return lhs.largest_divisor() // rhs.constant


@final
class Mod(Atom):
    """`args[0] mod args[1]`, with the sign of `args[1]`."""

    __slots__ = ()
    symbol = "mod"

    def apply(self, args: Sequence[int]) -> int:
        """The remainder.

        Raises:
            ZeroDivisionError: the divisor is zero.
        """
        return args[0] % _nonzero(self, args[1])

    def interval(self, bounds: Bounds) -> Interval:
        """From the ranges of both arguments."""
        return range_of_mod(self.args[0].bounds(bounds), self.args[1].bounds(bounds))


class Extreme(Atom):
    """Min or max, of two arguments or more."""

    __slots__ = ()

    def format(self, name: Names) -> str:
        """A call, its arguments in order."""
        return f"{self.symbol}({', '.join([arg.format(name) for arg in self.args])})"

    def apply(self, args: Sequence[int]) -> int:
        """The least or the greatest."""
        return min(args) if type(self) is Min else max(args)

    def interval(self, bounds: Bounds) -> Interval:
        """The extremes of the ends of the arguments' ranges."""
        ranges = [arg.bounds(bounds) for arg in self.args]
        return range_of_min(ranges) if type(self) is Min else range_of_max(ranges)


@final
class Min(Extreme):
    """The least of `args`."""

    __slots__ = ()
    symbol = "min"


@final
class Max(Extreme):
    """The greatest of `args`."""

    __slots__ = ()
    symbol = "max"


def _nonzero(atom: Atom, divisor: int) -> int:
    if divisor == 0:
        raise ZeroDivisionError(f"the divisor of '{atom.format(default_name)}' is zero")
    return divisor


@final
class Monomial:
    """A product of atoms, sorted; a power is an atom repeated. Interned: compare with `is`.

    Attributes:
        atoms: the factors, one or more.
        composite: whether one of them is not a variable.
    """

    __slots__ = ("__weakref__", "atoms", "composite", "sort_key")
    atoms: tuple[Atom, ...]
    composite: bool
    sort_key: tuple[object, ...]


Term: TypeAlias = "tuple[Monomial, int]"
Terms: TypeAlias = "tuple[Term, ...]"

_vars: WeakTable[Var] = WeakTable()
_atoms: WeakTable[Atom] = WeakTable()
_monomials: WeakTable[Monomial] = WeakTable()
_exprs: WeakTable[IntExpr] = WeakTable()
_var_refs = _vars.refs
_atom_refs = _atoms.refs
_monomial_refs = _monomials.refs
_expr_refs = _exprs.refs

_serials = count()
_ATOM_RANK: dict[type[Atom], int] = {FloorDiv: 1, Mod: 2, Min: 3, Max: 4}


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


def make_atom(kind: type[Atom], args: tuple[IntExpr, ...]) -> IntExpr:
    """The expression that is one composite atom, its arguments already in normal form."""
    place = (kind, args)
    ref = _atom_refs.get(place)
    atom = None if ref is None else ref()
    if atom is None:
        atom = kind.__new__(kind)
        atom.args = args
        atom.sort_key = (_ATOM_RANK[kind], *(arg.sort_key for arg in args))
        atom = _atoms.add(place, atom)
    return make_expr(((make_monomial((atom,)), 1),), 0)


def make_monomial(atoms: tuple[Atom, ...]) -> Monomial:
    """The product of one or more atoms, which are sorted."""
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


def term_key(term: Term) -> tuple[object, ...]:
    """What terms are sorted by."""
    return term[0].sort_key


# What the methods of IntExpr need from the files above this one


@dataclass(frozen=True)
class Rules:
    """The rewrites, which are written in terms of IntExpr, so cannot be imported here."""

    floordiv: Callable[[IntExpr, IntExpr, Bounds], IntExpr]
    mod: Callable[[IntExpr, IntExpr, Bounds], IntExpr]
    substitute: Callable[[IntExpr, Values], IntExpr]
    simplify: Callable[[IntExpr, Bounds, dict[Atom, IntExpr]], IntExpr]
    provably_ge0: Callable[[IntExpr, Bounds], bool]


_rules: Rules


def install(rules: Rules) -> None:
    """Sets what the methods of IntExpr call; the package does so when it is imported."""
    global _rules
    _rules = rules


# Expressions


@final
class IntExpr:
    """An immutable integer expression; equal expressions are the same object.

    Comparing with an integer asks whether it is that constant.

    Attributes:
        terms: `(monomial, coefficient)` in the order of printing; no coefficient is zero.
        constant: what is added to the terms.
    """

    __slots__ = ("__weakref__", "_divisor", "_free", "_hash", "_key", "_size", "constant", "terms")
    terms: Terms
    constant: int
    _hash: int
    _free: tuple[Key, ...] | None
    _key: tuple[object, ...] | None
    _divisor: int | None
    _size: int | None

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
            return make_expr(self.terms, self.constant + other) if other else self
        rhs = as_expr(other)
        return make_expr(_merge(self.terms, rhs.terms), self.constant + rhs.constant)

    __radd__ = __add__

    def __neg__(self) -> IntExpr:
        return scaled(self, -1)

    def __pos__(self) -> IntExpr:
        return self

    def __sub__(self, other: IntoExpr) -> IntExpr:
        if type(other) is int:
            return make_expr(self.terms, self.constant - other) if other else self
        rhs = as_expr(other)
        minus = tuple([(mono, -coef) for mono, coef in rhs.terms])
        return make_expr(_merge(self.terms, minus), self.constant - rhs.constant)

    def __rsub__(self, other: IntoExpr) -> IntExpr:
        return scaled(self, -1) + other

    def __mul__(self, other: IntoExpr) -> IntExpr:
        if type(other) is int:
            return scaled(self, other)
        rhs = as_expr(other)
        if not rhs.terms:
            return scaled(self, rhs.constant)
        if not self.terms:
            return scaled(rhs, self.constant)
        return _product(self, rhs)

    __rmul__ = __mul__

    def __floordiv__(self, other: IntoExpr) -> IntExpr:
        return _rules.floordiv(self, as_expr(other), NO_BOUNDS)

    def __rfloordiv__(self, other: IntoExpr) -> IntExpr:
        return _rules.floordiv(as_expr(other), self, NO_BOUNDS)

    def __mod__(self, other: IntoExpr) -> IntExpr:
        return _rules.mod(self, as_expr(other), NO_BOUNDS)

    def __rmod__(self, other: IntoExpr) -> IntExpr:
        return _rules.mod(as_expr(other), self, NO_BOUNDS)

    # Values

    def substitute(self, values: Values) -> IntExpr:
        """This expression with variables replaced, all at once; others stay."""
        if not any(key in values for key in self.free_vars()):
            return self
        return _rules.substitute(self, values)

    def evaluate(self, values: Mapping[Any, int]) -> int:
        """The value where every variable has one.

        Raises:
            KeyError: a variable has no value.
            ZeroDivisionError: a divisor is zero there.
        """
        total = self.constant
        for mono, coef in self.terms:
            for atom in mono.atoms:
                if type(atom) is Var:
                    coef *= values[atom.key]
                else:
                    coef *= atom.apply([arg.evaluate(values) for arg in atom.args])
            total += coef
        return total

    # Text

    def __str__(self) -> str:
        return self.format(default_name)

    def __repr__(self) -> str:
        return f"IntExpr({self})"

    def format(self, name: Names) -> str:
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

        Sound, not tight: every occurrence of a variable is taken for itself.

        Args:
            bounds: `(lo, hi)` of variables, inclusive, None = unbounded; `lo` and `hi` may be
                expressions over variables that have bounds themselves.
        """
        return interval(self.terms, self.constant, bounds)

    def simplify(
        self, bounds: Bounds = NO_BOUNDS, memo: dict[Atom, IntExpr] | None = None
    ) -> IntExpr:
        """A simpler expression with the same value wherever the variables are in `bounds`.

        Args:
            bounds: as for `bounds`.
            memo: what atoms became before, within bounds that said the same of their variables;
                calls that share it work an atom out once.
        """
        return _rules.simplify(self, bounds, {} if memo is None else memo)

    def size(self) -> int:
        """A measure in which one term more outweighs a factor or two."""
        size = self._size
        if size is None:
            inside = sum([1 + sum([arg.size() for arg in atom.args]) for atom in self.atoms()])
            size = self._size = inside + 3 * len(self.terms)
        return size

    def provably_ge0(self, bounds: Bounds = NO_BOUNDS) -> bool:
        """Whether this is known to be at least 0 wherever the variables are in `bounds`."""
        return _rules.provably_ge0(self, bounds)

    def largest_divisor(self) -> int:
        """The greatest integer known to divide every value; 0 for the constant 0."""
        divisor = self._divisor
        if divisor is None:
            divisor = abs(self.constant)
            for mono, coef in self.terms:
                for atom in mono.atoms:
                    coef *= atom.divisor()
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
            left = tuple([a for a in mono.atoms if not (type(a) is Var and a.key == key)])
            removed = len(mono.atoms) - len(left)
            if removed > 1 or any(key in arg.free_vars() for a in left for arg in a.args):
                return None
            if not removed:
                rest.append((mono, coef))
            elif left:
                factor.append((make_monomial(left), coef))
            else:
                offset = coef
        factor.sort(key=term_key)
        return make_expr(tuple(factor), offset), make_expr(tuple(rest), self.constant)


def make_expr(terms: Terms, constant: int) -> IntExpr:
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
    expr._hash = hash(place) if terms else hash(constant)  # pyright: ignore[reportPrivateUsage]
    expr._free = expr._key = expr._divisor = expr._size = None  # pyright: ignore[reportPrivateUsage]
    return _exprs.add(place, expr)


def interval(terms: Terms, constant: int, bounds: Bounds) -> Interval:
    """The range of a sum of terms."""
    total: Interval = (constant, constant)
    for mono, coef in terms:
        product: Interval = (coef, coef)
        for atom in mono.atoms:
            product = range_of_product(product, atom.interval(bounds))
        total = range_of_sum(total, product)
        if total == (None, None):
            break
    return total


def without(bounds: Bounds, key: Key) -> Bounds:
    """`bounds` of all variables but one."""
    return {k: v for k, v in bounds.items() if k != key}


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


def scaled(expr: IntExpr, factor: int) -> IntExpr:
    """`expr * factor`."""
    if factor == 0:
        return ZERO
    if factor == 1:
        return expr
    terms = tuple([(mono, coef * factor) for mono, coef in expr.terms])
    return make_expr(terms, expr.constant * factor)


def _product(lhs: IntExpr, rhs: IntExpr) -> IntExpr:
    out: dict[tuple[Atom, ...], int] = {}
    for a, c in _atom_terms(lhs):
        for b, d in _atom_terms(rhs):
            atoms = tuple(sorted(a + b, key=_atom_key)) if a and b else a or b
            out[atoms] = out.get(atoms, 0) + c * d
    constant = out.pop((), 0)
    terms = [(make_monomial(atoms), coef) for atoms, coef in out.items() if coef]
    terms.sort(key=term_key)
    return make_expr(tuple(terms), constant)


def _atom_terms(expr: IntExpr) -> list[tuple[tuple[Atom, ...], int]]:
    terms = [(mono.atoms, coef) for mono, coef in expr.terms]
    if expr.constant:
        terms.append(((), expr.constant))
    return terms


# Construction


def const(value: int) -> IntExpr:
    """The expression with this value."""
    return make_expr((), int(value))  # int(): True is 1


def var(key: Key) -> IntExpr:
    """The variable with this key: `str` = a symbol, `int` = positional, else any object."""
    return make_expr(((make_monomial((_var_atom(key),)), 1),), 0)


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
    return const(index(value))


ZERO = const(0)
ONE = const(1)


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


def _format_term(mono: Monomial, coef: int, name: Names) -> str:
    alone = len(mono.atoms) == 1 and coef == 1
    parts: list[str] = []
    for atom in mono.atoms:
        text = atom.format(name)
        parts.append(f"({text})" if type(atom) in (FloorDiv, Mod) and not alone else text)
    text = " * ".join(parts)
    if coef == -1:
        return f"-{text}"
    return text if coef == 1 else f"{text} * {coef}"


def _operand(expr: IntExpr, name: Names) -> str:
    text = expr.format(name)
    atom = expr.as_atom()
    plain = type(atom) in (Var, Min, Max) or (expr.is_constant and expr.constant >= 0)
    return text if plain else f"({text})"
