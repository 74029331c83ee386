"""Integer expressions as llvm values: scalars, or vectors where a lane variable is in them."""

from __future__ import annotations

from collections.abc import Hashable
from functools import reduce as fold

from xdsl.dialects.builtin import i1, i64
from xdsl.ir import SSAValue

from ...dialects import llvm
from ...dialects.llvm.build import LLVMBuilder
from ...dialects.llvm.types import lanes, vector
from ...symbolic import Atom, FloorDiv, IntExpr, Max, Min, Mod, Var

Range = tuple[IntExpr | int | None, IntExpr | int | None]


class Expressions:
    """Builds values of expressions; each once per scope.

    Scopes nest as the regions of the kernel do: what an outer one built dominates the inner.
    """

    def __init__(self, b: LLVMBuilder) -> None:
        self.b = b
        self.values: dict[Hashable, SSAValue] = {}  # variable -> i64 or vector of i64
        self.bounds: dict[Hashable, Range] = {}
        self.simplified: dict[Atom, IntExpr] = {}  # within the bounds; a variable's never change
        self._scopes: list[dict[IntExpr, SSAValue]] = [{}]

    def push(self) -> None:
        """Open a scope."""
        self._scopes.append({})

    def pop(self) -> None:
        """Close the innermost scope."""
        self._scopes.pop()

    def value(self, expr: IntExpr) -> SSAValue:
        """Return the expression's value, i64 or a vector of it."""
        if expr.is_constant:
            return self.b.integer(expr.constant_value)
        for scope in reversed(self._scopes):
            if (found := scope.get(expr)) is not None:
                return found
        result = self._scopes[-1][expr] = self._build(expr)
        return result

    def is_nonnegative(self, expr: IntExpr) -> bool:
        """Tell whether the known bounds prove that the expression is never negative."""
        return expr.provably_ge0(self.bounds)

    def _build(self, expr: IntExpr) -> SSAValue:
        b = self.b
        total: SSAValue | None = None
        for mono, coef in expr.terms:
            term = fold(lambda x, y: self.binary(llvm.MulOp, x, y), map(self._atom, mono.atoms))
            if coef != 1:
                term = self.binary(llvm.MulOp, term, b.integer(coef))
            total = term if total is None else self.binary(llvm.AddOp, total, term)
        assert total is not None, "a constant was handled before"
        if expr.constant:
            total = self.binary(llvm.AddOp, total, b.integer(expr.constant))
        return total

    def binary(self, op: type[llvm.AddOp | llvm.MulOp], x: SSAValue, y: SSAValue) -> SSAValue:
        """Append a sum or product; a scalar beside a vector is broadcast first."""
        x, y = self.matched(x, y)
        if op is llvm.AddOp:
            return self.b.add(x, y, "nsw")
        return self.b.mul(x, y, "nsw")

    def matched(self, x: SSAValue, y: SSAValue) -> tuple[SSAValue, SSAValue]:
        """Return two values of one type, broadcasting a scalar beside a vector."""
        count = lanes(x.type) or lanes(y.type)
        if count is None or x.type == y.type:
            return x, y
        if lanes(x.type) is None:
            return self.b.broadcast(x, count), y
        return x, self.b.broadcast(y, count)

    def _atom(self, atom: Atom) -> SSAValue:
        match atom:
            case Var():
                return self.values[atom.key]
            case FloorDiv():
                return self._divide(*atom.args, remainder=False)
            case Mod():
                return self._divide(*atom.args, remainder=True)
            case Min() | Max():
                name = "llvm.smin" if isinstance(atom, Min) else "llvm.smax"
                args = [self.value(arg) for arg in atom.args]
                return fold(lambda x, y: self.b.elementwise(name, *self.matched(x, y)), args)
            case _:
                raise NotImplementedError(f"lower-to-llvm: expression {type(atom).__name__}")

    def _divide(self, dividend: IntExpr, divisor: IntExpr, remainder: bool) -> SSAValue:
        """Return the floor quotient or remainder."""
        b = self.b
        x, y = self.matched(self.value(dividend), self.value(divisor))
        if self.is_nonnegative(dividend) and self.is_nonnegative(divisor - 1):
            return b.binary(llvm.URemOp if remainder else llvm.UDivOp, x, y)
        quotient, rest = b.binary(llvm.SDivOp, x, y), b.binary(llvm.SRemOp, x, y)
        zero = b.zero(x.type) if lanes(x.type) else b.integer(0)
        # C truncates: one step down where the remainder and the divisor differ in sign.
        inexact = b.icmp("ne", rest, zero)
        signs_differ = b.icmp("slt", b.binary(llvm.XOrOp, rest, y), zero)
        adjust = b.binary(llvm.AndOp, inexact, signs_differ)
        if remainder:
            return b.select(adjust, b.add(rest, y), rest)
        return b.add(quotient, b.cast(llvm.SExtOp, adjust, x.type))

    def holds(self, conditions: tuple[IntExpr, ...]) -> SSAValue:
        """Return i1, or a vector of it: whether every expression is >= 0."""
        b = self.b
        result: SSAValue | None = None
        for condition in conditions:
            x = self.value(condition)
            zero = b.zero(x.type) if lanes(x.type) else b.integer(0)
            test = b.icmp("sge", x, zero)
            if result is not None:
                result, test = self.matched(result, test)
                test = b.binary(llvm.AndOp, result, test)
            result = test
        return b.integer(1, i1) if result is None else result

    def lane_numbers(self, count: int) -> SSAValue:
        """Return the vector 0, 1, ..., count - 1."""
        return self.b.dense(range(count), vector(i64, count))
