"""How expressions over SSA values are written in an operation: `%i * 4 + %j`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from xdsl.dialects.builtin import IndexType
from xdsl.ir import SSAValue
from xdsl.parser import Parser
from xdsl.printer import Printer

from ...symbolic import IntExpr, pos, var
from ..expr_syntax import format_exprs, parse_expr
from .attributes import ExprsAttr

_INDEX = IndexType()
_MARK = "\0"  # stands around an operand's position while an expression is being formatted


class OperandExprs:
    """Parses expressions and collects the SSA values in them, each once, as operands."""

    def __init__(self, parser: Parser) -> None:
        self.parser = parser
        self.operands: list[SSAValue] = []
        self._positions: dict[SSAValue, int] = {}

    def _atom(self) -> IntExpr | None:
        operand = self.parser.parse_optional_unresolved_operand()
        if operand is not None:
            value = self.parser.resolve_operand(operand, _INDEX)
            position = self._positions.setdefault(value, len(self.operands))
            if position == len(self.operands):
                self.operands.append(value)
            return pos(position)
        name = self.parser.parse_optional_identifier()
        return None if name is None else var(name)

    def expr(self) -> IntExpr:
        """Parse one expression."""
        return parse_expr(self.parser, self._atom)

    def square_list(self) -> ExprsAttr:
        """Parse `[e, ...]`."""
        delimiter = self.parser.Delimiter.SQUARE
        return ExprsAttr(tuple(self.parser.parse_comma_separated_list(delimiter, self.expr)))

    def condition(self) -> IntExpr:
        """Parse `e >= 0`."""
        expr = self.expr()
        self.parser.parse_punctuation(">", " (conditions read `expression >= 0`)")
        self.parser.parse_punctuation("=", " (conditions read `expression >= 0`)")
        if self.parser.parse_integer() != 0:
            self.parser.raise_error("conditions read `expression >= 0`")
        return expr

    def conditions(self) -> ExprsAttr:
        """Parse `(e >= 0, ...)`."""
        delimiter = self.parser.Delimiter.PAREN
        return ExprsAttr(tuple(self.parser.parse_comma_separated_list(delimiter, self.condition)))


def print_exprs(printer: Printer, exprs: Iterable[IntExpr], operands: Sequence[SSAValue]) -> None:
    """Print expressions, comma-separated, each positional variable as its operand's name."""

    def name(key: Hashable) -> str:
        return f"{_MARK}{key}{_MARK}" if isinstance(key, int) else str(key)

    for i, piece in enumerate(format_exprs(exprs, name).split(_MARK)):
        if i % 2:
            printer.print_ssa_value(operands[int(piece)])
        else:
            printer.print_string(piece)


def print_conditions(
    printer: Printer, exprs: Iterable[IntExpr], operands: Sequence[SSAValue]
) -> None:
    """Print `(e >= 0, ...)`."""
    printer.print_string("(")
    for i, expr in enumerate(exprs):
        if i:
            printer.print_string(", ")
        print_exprs(printer, (expr,), operands)
        printer.print_string(" >= 0")
    printer.print_string(")")
