"""`tir.func`: a kernel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    IndexType,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    i64,
)
from xdsl.ir import Attribute, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, NoTerminator, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr
from .access import AllocOp
from .attributes import GLOBAL, BufferType, ExprsAttr
from .base import parse_attributes, parse_body, print_attributes


@irdl_op_definition
class FuncOp(IRDLOperation):
    """A kernel: `tir.func @k<n>(%a: buffer, ...) -> (%c: buffer, ...) workspaces (%w: buffer)`.

    Arguments are inputs, then outputs, then workspaces; an index argument is an input. Nothing is
    returned: results are written to the outputs.

    (C1) the counts of inputs and outputs fit the arguments.
    (C2) arguments are buffers of global scope or index scalars; outputs are buffers.
    (C3) each alias pair (input, output) names an input buffer and an output of one size; only
         buffers in no pair are known not to overlap.
    (C4) every symbol in the function is declared.
    """

    name = "tir.func"
    sym_name = prop_def(SymbolNameConstraint())
    symbols = prop_def(ArrayAttr[StringAttr])
    num_inputs = prop_def(IntegerAttr)
    num_outputs = prop_def(IntegerAttr)
    alias_pairs = opt_prop_def(ArrayAttr[ArrayAttr[IntegerAttr]])
    body = region_def("single_block")
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface(), NoTerminator())

    def __init__(
        self,
        name: str,
        body: Region,
        num_inputs: int,
        num_outputs: int,
        symbols: Iterable[str] = (),
        alias_pairs: Iterable[tuple[int, int]] = (),
        attributes: dict[str, Attribute] | None = None,
    ) -> None:
        pairs = [ArrayAttr([IntegerAttr(i, i64), IntegerAttr(o, i64)]) for i, o in alias_pairs]
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "symbols": ArrayAttr([StringAttr(s) for s in symbols]),
                "num_inputs": IntegerAttr(num_inputs, i64),
                "num_outputs": IntegerAttr(num_outputs, i64),
                "alias_pairs": ArrayAttr(pairs) if pairs else None,
            },
            attributes=attributes or {},
            regions=[body],
        )

    @property
    def inputs(self) -> Sequence[SSAValue]:
        """The input arguments."""
        return self.body.block.args[: self.num_inputs.value.data]

    @property
    def outputs(self) -> Sequence[SSAValue]:
        """The output buffers."""
        n_in = self.num_inputs.value.data
        return self.body.block.args[n_in : n_in + self.num_outputs.value.data]

    @property
    def workspaces(self) -> Sequence[SSAValue]:
        """The buffers that hold intermediate values for the length of a call."""
        return self.body.block.args[self.num_inputs.value.data + self.num_outputs.value.data :]

    @property
    def symbol_names(self) -> tuple[str, ...]:
        """The declared symbols, in the order of the native arguments."""
        return tuple(symbol.data for symbol in self.symbols)

    def aliases(self) -> tuple[tuple[int, int], ...]:
        """Return the (input position, output position) pairs that may share memory."""
        if self.alias_pairs is None:
            return ()
        return tuple((p.data[0].value.data, p.data[1].value.data) for p in self.alias_pairs)

    def verify_(self) -> None:
        args = self.body.block.args
        n_in, n_out = self.num_inputs.value.data, self.num_outputs.value.data
        if n_in < 0 or n_out < 0 or n_in + n_out > len(args):  # (C1)
            raise VerifyException(
                f"tir.func: {n_in} inputs and {n_out} outputs do not fit {len(args)} arguments"
            )
        for i, arg in enumerate(args):  # (C2)
            if isinstance(arg.type, BufferType):
                if arg.type.scope != GLOBAL:
                    raise VerifyException(f"tir.func: argument {i} has scope {arg.type.scope}")
            elif not isinstance(arg.type, IndexType) or i >= n_in:
                raise VerifyException(
                    f"tir.func: argument {i} has type {arg.type}; use a buffer"
                    + (" or index" if i < n_in else "")
                )
        self._verify_aliases()
        self._verify_symbols()

    def _verify_aliases(self) -> None:  # (C3)
        inputs, outputs = self.inputs, self.outputs
        for i, o in self.aliases():
            if not (0 <= i < len(inputs) and 0 <= o < len(outputs)):
                raise VerifyException(f"tir.func: alias pair ({i}, {o}) names no argument")
            a, b = inputs[i].type, outputs[o].type
            if (
                not isinstance(a, BufferType)
                or not isinstance(b, BufferType)
                or a.size_bytes() != b.size_bytes()
            ):
                raise VerifyException(
                    f"tir.func: alias pair ({i}, {o}): {a} and {b} differ in size"
                )

    def _verify_symbols(self) -> None:  # (C4)
        declared = set(self.symbol_names)
        for arg in self.body.block.args:
            if isinstance(arg.type, BufferType):
                _check_declared(declared, arg.type.shape, "the type of an argument")
        for op in self.body.walk():
            for prop in op.properties.values():
                if isinstance(prop, ExprsAttr):
                    _check_declared(declared, prop.data, op.name)
            if isinstance(op, AllocOp):
                _check_declared(declared, op.buffer_type.shape, op.name)

    @classmethod
    def parse(cls, parser: Parser) -> FuncOp:
        """Parse the custom form."""
        name = parser.parse_symbol_name().data
        symbols = parser.parse_optional_comma_separated_list(
            parser.Delimiter.ANGLE, parser.parse_identifier
        )
        inputs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
        parser.parse_punctuation("->")
        outputs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
        workspaces: list[Parser.Argument] = []
        if parser.parse_optional_keyword("workspaces"):
            workspaces = parser.parse_comma_separated_list(
                parser.Delimiter.PAREN, parser.parse_argument
            )
        pairs: list[tuple[int, int]] = []
        if parser.parse_optional_keyword("aliases"):
            pairs = parser.parse_comma_separated_list(
                parser.Delimiter.PAREN, lambda: _parse_alias(parser)
            )
        attributes = parse_attributes(parser)
        body = parse_body(parser, [*inputs, *outputs, *workspaces])
        return cls(name, body, len(inputs), len(outputs), symbols or (), pairs, attributes)

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        if self.symbols.data:
            printer.print_string("<" + ", ".join(self.symbol_names) + ">")
        for keyword, args in (("", self.inputs), (" -> ", self.outputs)):
            printer.print_string(f"{keyword}(")
            printer.print_list(args, lambda arg: _print_argument(printer, arg))
            printer.print_string(")")
        if self.workspaces:
            printer.print_string(" workspaces (")
            printer.print_list(self.workspaces, lambda arg: _print_argument(printer, arg))
            printer.print_string(")")
        if aliases := self.aliases():
            printer.print_string(" aliases (" + ", ".join(f"{i} = {o}" for i, o in aliases) + ")")
        print_attributes(printer, self)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False, print_empty_block=False)


def _check_declared(declared: set[str], exprs: Iterable[IntExpr], where: str) -> None:
    for expr in exprs:
        for key in expr.free_vars():
            if isinstance(key, str) and key not in declared:
                raise VerifyException(
                    f"tir.func: symbol '{key}' in {where} is not declared; write @name<{key}>"
                )


def _parse_alias(parser: Parser) -> tuple[int, int]:
    first = parser.parse_integer()
    parser.parse_punctuation("=")
    return first, parser.parse_integer()


def _print_argument(printer: Printer, arg: SSAValue) -> None:
    printer.print_ssa_value(arg)
    printer.print_string(": ")
    printer.print_attribute(arg.type)
