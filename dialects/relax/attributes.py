"""Attributes of `relax` operators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.ir import Attribute, Data, Operation
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from ...symbolic import IntExpr, as_expr
from ..expr_syntax import format_exprs, parse_expr, parse_symbol


@irdl_attr_definition
class DimsAttr(Data[tuple[IntExpr, ...]]):
    """A shape or a list of dims over symbols: `#relax.dims<[n, 64]>`."""

    name = "relax.dims"

    @staticmethod
    def of(dims: Iterable[IntExpr | int]) -> DimsAttr:
        """Return the attribute for `dims`."""
        return DimsAttr(tuple(as_expr(dim) for dim in dims))

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[IntExpr, ...]:
        """Parse `<[dim, ...]>`."""
        with parser.in_angle_brackets():
            return tuple(
                parser.parse_comma_separated_list(
                    parser.Delimiter.SQUARE,
                    lambda: parse_expr(parser, lambda: parse_symbol(parser)),
                )
            )

    def print_parameter(self, printer: Printer) -> None:
        """Print what `parse_parameter` reads."""
        printer.print_string(f"<[{format_exprs(self.data, str)}]>")


SYMBOLS_PROPERTY = "new_symbols"  # names the symbols that an operator's result introduces


def new_symbols(op: Operation) -> tuple[str, ...]:
    """Return the symbols that `op` introduces."""
    found = op.properties.get(SYMBOLS_PROPERTY)
    if not isinstance(found, ArrayAttr):
        return ()
    names = cast(ArrayAttr[Attribute], found)  # isinstance tells no parameter
    return tuple(name.data for name in names.data if isinstance(name, StringAttr))
