"""parse_expr: the text of an IntExpr read back.

sum     := product (("+" | "-") product)*
product := factor (("*" | "floordiv" | "mod" | "ceildiv") factor)*      from left to right
factor  := "-" factor | integer | name | "odd name" | "$" integer | "(" sum ")"
         | ("min" | "max") "(" sum ("," sum)* ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .division import ceildiv
from .expr import IntExpr, const, pos, var
from .rewrite import max_, min_


class ParseExprError(ValueError):
    """Text that is not an integer expression.

    Attributes:
        column: where in the text, from 1.
    """

    column: int

    def __init__(self, text: str, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}\n  {text}\n  {' ' * (column - 1)}^")
        self.column = column


_TOKEN = re.compile(
    r"""\s*(?:(?P<integer>\d+)|\$(?P<position>\d+)|(?P<name>[A-Za-z_]\w*)"""
    r"""|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<sign>[-+*(),]))""",
    re.ASCII,
)
_PRODUCTS: dict[str, Callable[[IntExpr, IntExpr], IntExpr]] = {
    "*": lambda lhs, rhs: lhs * rhs,
    "floordiv": lambda lhs, rhs: lhs // rhs,
    "mod": lambda lhs, rhs: lhs % rhs,
    "ceildiv": ceildiv,
}
_CALLS: dict[str, Callable[..., IntExpr]] = {"min": min_, "max": max_}
_END = ("end", "end of text")


class _Parser:
    """One text and how far it has been read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.end = 0
        self.start = 0
        self.kind, self.word = _END
        self.advance()

    def advance(self) -> str:
        """The current word; the next one becomes the current one."""
        word = self.word
        match = _TOKEN.match(self.text, self.end)
        if match is None:
            left = self.text[self.end :]
            self.start = self.end + len(left) - len(left.lstrip())
            if left.strip():
                self.kind, self.word = "character", self.text[self.start]
            else:
                self.kind, self.word = _END
            return word
        assert match.lastgroup is not None
        self.kind, self.word = match.lastgroup, match[match.lastgroup]
        self.end = match.end()
        self.start = self.end - len(match[0].lstrip())
        return word

    def fail(self, expected: str) -> ParseExprError:
        """The error that something else was expected here."""
        found = self.word if self.kind == "end" else f"'{self.word}'"
        return ParseExprError(self.text, self.start + 1, f"found {found}, expected {expected}")

    def at(self, word: str) -> bool:
        """Whether the current word is this sign or keyword."""
        return self.word == word and self.kind in ("sign", "name")

    def expect(self, word: str) -> None:
        """Skips a sign."""
        if not self.at(word):
            raise self.fail(f"'{word}'")
        self.advance()

    def sum(self) -> IntExpr:
        """Products, added."""
        out = self.product()
        while self.at("+") or self.at("-"):
            minus = self.advance() == "-"
            operand = self.product()
            out = out - operand if minus else out + operand
        return out

    def product(self) -> IntExpr:
        """Factors, multiplied and divided."""
        out = self.factor()
        while self.kind in ("sign", "name") and self.word in _PRODUCTS:
            column = self.start + 1
            combine = _PRODUCTS[self.advance()]
            operand = self.factor()
            try:
                out = combine(out, operand)
            except ZeroDivisionError as error:
                raise ParseExprError(self.text, column, str(error)) from error
        return out

    def factor(self) -> IntExpr:
        """What stands between operators."""
        if self.at("-"):
            self.advance()
            return -self.factor()
        if self.at("("):
            self.advance()
            out = self.sum()
            self.expect(")")
            return out
        if self.kind == "name" and self.word in _CALLS:
            return self.call()
        return self.leaf()

    def call(self) -> IntExpr:
        """`min(...)` or `max(...)`."""
        function = _CALLS[self.advance()]
        self.expect("(")
        args = [self.sum()]
        while self.at(","):
            self.advance()
            args.append(self.sum())
        self.expect(")")
        return function(*args)

    def leaf(self) -> IntExpr:
        """A number or a variable."""
        match self.kind:
            case "integer":
                return const(int(self.advance()))
            case "position":
                return pos(int(self.advance()))
            case "name" if self.word not in _PRODUCTS:
                return var(self.advance())
            case "quoted":
                return var(re.sub(r"\\(.)", r"\1", self.advance()))
            case _:
                raise self.fail("an integer, a name, '$0', '(', '-', 'min' or 'max'")


def parse_expr(text: str) -> IntExpr:
    """The expression that `text` says; `parse_expr(str(e))` is `e`.

    Raises:
        ParseExprError: with the column where the text stops making sense.
    """
    parser = _Parser(text)
    out = parser.sum()
    if parser.kind != "end":
        raise parser.fail("an operator or the end of the text")
    return out
