"""Integer expressions as C: `i * 4 + j`, quotients and remainders rounded down."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import reduce as fold

from ...symbolic import Atom, FloorDiv, IntExpr, Max, Min, Mod, Monomial, Var
from .helpers import Helpers
from .types import Expr

Range = tuple[IntExpr | int | None, IntExpr | int | None]
Name = Callable[[Hashable], str]


class Expressions:
    """Prints expressions over named variables."""

    def __init__(self, helpers: Helpers, name: Name) -> None:
        self._helpers, self._name = helpers, name
        self.bounds: dict[Hashable, Range] = {}
        """What is known of variables."""
        self.fixed: dict[Hashable, IntExpr | int] = {}
        """Variables that have one value."""

    def simplified(self, expr: IntExpr) -> IntExpr:
        """Return the expression without variables of one value; simplified if not linear."""
        if self.fixed and any(key in self.fixed for key in expr.free_vars()):
            expr = expr.substitute(self.fixed)
        composite = any(mono.composite for mono, _ in expr.terms)
        return expr.simplify(self.bounds) if composite else expr

    def print(self, expr: IntExpr) -> Expr:
        """Return the expression as C."""
        return self._sum(self.simplified(expr))

    def holds(self, conditions: tuple[IntExpr, ...]) -> Expr:
        """Return whether every expression is >= 0."""
        texts = [f"{self.print(condition).text} >= 0" for condition in conditions]
        if not texts:
            return Expr("true", atomic=True)
        return Expr(" && ".join(texts))

    def _sum(self, expr: IntExpr) -> Expr:
        if not expr.terms:
            return Expr(str(expr.constant), atomic=expr.constant >= 0)
        parts = [(coef < 0, self._term(mono, abs(coef))) for mono, coef in expr.terms]
        if expr.constant:
            parts.append((expr.constant < 0, str(abs(expr.constant))))
        # A sum that begins with what is added reads better.
        parts.sort(key=lambda part: part[0])
        negative, text = parts[0]
        text = f"-{text}" if negative else text
        text += "".join(f" {'-' if minus else '+'} {term}" for minus, term in parts[1:])
        return Expr(text, atomic=len(parts) == 1 and not negative and text.isidentifier())

    def _term(self, mono: Monomial, coefficient: int) -> str:
        factors = [self._atom(atom) for atom in mono.atoms]
        if coefficient != 1:
            factors.append(str(coefficient))
        if len(factors) == 1 and len(mono.atoms) == 1 and not isinstance(mono.atoms[0], Var):
            return factors[0]
        return " * ".join(factors)

    def _atom(self, atom: Atom) -> str:
        """Return an atom, as a factor."""
        match atom:
            case Var():
                return self._name(atom.key)
            case FloorDiv():
                return self._divide(atom, "/", "floor_div")
            case Mod():
                return self._divide(atom, "%", "floor_mod")
            case Min() | Max():
                name = "min" if isinstance(atom, Min) else "max"
                args = [self._sum(arg).text for arg in atom.args]
                return fold(lambda x, y: self._helpers.call(name, x, y), args)
            case _:
                raise NotImplementedError(f"C export: expression {type(atom).__name__}")

    def _divide(self, atom: FloorDiv | Mod, operator: str, helper: str) -> str:
        dividend, divisor = atom.args
        x, y = self._sum(dividend), self._sum(divisor)
        if dividend.provably_ge0(self.bounds) and (divisor - 1).provably_ge0(self.bounds):
            return f"({x.arg} {operator} {y.arg})"
        return self._helpers.call(helper, x.text, y.text)
