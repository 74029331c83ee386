"""Checked indices: `tir.check_index`, and how an access is told to people.

A kernel whose accesses are checked (the pass check-bounds) tests an index before it is used. The
words are those of the interpreter, which checks every access anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import BlockArgument, SSAValue
from xdsl.irdl import irdl_op_definition, prop_def, var_operand_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr, as_expr
from ..location import is_known, show
from .access import AccessOp, LoadOp, PredicatedLoadOp
from .attributes import BufferType, ExprsAttr, positional
from .base import INDEX, IndexedOp, check_exprs
from .func import FuncOp
from .syntax import OperandExprs, print_conditions, print_exprs

_MAX_LOCATION = 160
"""Characters of a location in a message: a thread's message has 511."""


@irdl_op_definition
class CheckIndexOp(IndexedOp):
    """`tir.check_index %i + 1 in n "@k: load of input 0 'x', axis 1"`: `0 <= %i + 1 < n`, or fail.

    `in n where (e >= 0, ...)` checks only where every condition holds. A kernel that fails has
    the error TYREX_ERROR_BOUNDS with the place, the index and the extent; what it has written by
    then, and which of several wrong indices is told, is not defined.

    (C1) one index and one extent.
    """

    name = "tir.check_index"
    vars = var_operand_def(INDEX)
    index = prop_def(ExprsAttr)
    extent = prop_def(ExprsAttr)
    conditions = prop_def(ExprsAttr)
    place = prop_def(StringAttr)

    def __init__(
        self,
        index: IntExpr | int,
        extent: IntExpr | int,
        place: str,
        conditions: Iterable[IntExpr] = (),
    ) -> None:
        exprs, operands = positional((as_expr(index), as_expr(extent), *conditions))
        super().__init__(
            operands=[operands],
            properties={
                "index": ExprsAttr(exprs[:1]),
                "extent": ExprsAttr(exprs[1:2]),
                "conditions": ExprsAttr(exprs[2:]),
                "place": StringAttr(place),
            },
        )

    @property
    def index_operands(self) -> Sequence[SSAValue]:
        """The operands of the expressions."""
        return self.vars

    def verify_(self) -> None:
        for attr in (self.index, self.extent):
            if len(attr.data) != 1:  # (C1)
                raise VerifyException(f"{self.name}: needs one index and one extent")
        for attr in (self.index, self.extent, self.conditions):
            check_exprs(self, attr, len(self.vars))

    @classmethod
    def parse(cls, parser: Parser) -> CheckIndexOp:
        """Parse the custom form."""
        exprs = OperandExprs(parser)
        index = ExprsAttr((exprs.expr(),))
        parser.parse_keyword("in")
        extent = ExprsAttr((exprs.expr(),))
        conditions = ExprsAttr(())
        if parser.parse_optional_keyword("where"):
            conditions = exprs.conditions()
        place = StringAttr(parser.parse_str_literal())
        return cls.create(
            operands=exprs.operands,
            properties={
                "index": index,
                "extent": extent,
                "conditions": conditions,
                "place": place,
            },
        )

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        print_exprs(printer, self.index.data, self.vars)
        printer.print_string(" in ")
        print_exprs(printer, self.extent.data, self.vars)
        if self.conditions.data:
            printer.print_string(" where ")
            print_conditions(printer, self.conditions.data, self.vars)
        printer.print_string(" ")
        printer.print_string_literal(self.place.data)


def buffer_text(buffer: SSAValue) -> str:
    """Return what a buffer is to its kernel: `input 0 'x'`, `stack buffer 't'`."""
    name = f" '{buffer.name_hint}'" if buffer.name_hint else ""
    if not isinstance(buffer, BlockArgument):
        return f"local buffer{name}"
    func = buffer.block.parent_op()
    if not isinstance(func, FuncOp):
        return f"buffer{name}"
    for kind, values in (("input", func.inputs), ("output", func.outputs)):
        if buffer in values:
            return f"{kind} {list(values).index(buffer)}{name}"
    return f"workspace{name}"


def access_text(op: AccessOp, axis: int) -> str:
    """Return what an access does on an axis: `load of input 0 'x', axis 1`."""
    verb = "load of" if isinstance(op, LoadOp | PredicatedLoadOp) else "store to"
    buffer = next(v for v in op.operands if isinstance(v.type, BufferType))
    return f"{verb} {buffer_text(buffer)}, axis {axis}"


def place_text(kernel: str, op: AccessOp, axis: int) -> str:
    """Return where an access is, for a message: kernel, buffer, axis, the ONNX node or the line."""
    location = show(op.location) if is_known(op.location) else ""
    if len(location) > _MAX_LOCATION:
        location = f"{location[:_MAX_LOCATION]}..."
    return f"@{kernel}: {access_text(op, axis)}" + (f", of {location}" if location else "")


def index_text(place: str, index: int, extent: int) -> str:
    """Return the message of a wrong index; tyrex_fail_index (runtime/native/error.c) has it too."""
    return f"{place}: found index {index}, the extent is {extent}"
