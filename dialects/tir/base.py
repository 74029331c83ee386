"""What the operations of `tir` share: integer expressions over index operands, their checks."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr
from .attributes import ExprsAttr, over_values

INDEX = IndexType()


def check_exprs(op: Operation, attr: ExprsAttr, count: int) -> None:
    """Check that positional variables name operands."""
    for expr in attr.data:
        for key in expr.free_vars():
            if isinstance(key, int) and not 0 <= key < count:
                raise VerifyException(
                    f"{op.name}: expression {expr} uses ${key}, but there are {count} variables"
                )


def print_attributes(printer: Printer, op: Operation) -> None:
    """Print `attributes {...}` where the operation has discardable attributes."""
    printer.print_op_attributes(op.attributes, print_keyword=True)


def parse_attributes(parser: Parser) -> dict[str, Attribute]:
    """Parse what `print_attributes` prints."""
    found = parser.parse_optional_attr_dict_with_keyword()
    return {} if found is None else dict(found.data)


class IndexedOp(IRDLOperation):
    """Base of the operations that hold integer expressions over their operands `vars`."""

    def exprs_over_values(self, attr: ExprsAttr) -> tuple[IntExpr, ...]:
        """Return the expressions of `attr`, a property of this op, over SSA values."""
        return over_values(attr.data, self.index_operands)

    @property
    def index_operands(self) -> Sequence[SSAValue]:
        """The operands that the expressions' positional variables stand for."""
        raise NotImplementedError(self.name)


def parse_body(parser: Parser, args: list[Parser.Argument]) -> Region:
    """Parse a region of one block whose arguments were read before it; it may be empty."""
    body = parser.parse_region(args)
    if not body.blocks:
        body.add_block(Block(arg_types=[arg.type for arg in args]))
    return body


def free_symbols(exprs: Iterable[IntExpr]) -> tuple[str, ...]:
    """Return the symbols in expressions, in order of first use."""
    found: dict[Hashable, None] = {}
    for expr in exprs:
        found.update(dict.fromkeys(expr.free_vars()))
    return tuple(key for key in found if isinstance(key, str))
