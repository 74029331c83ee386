"""Functions and control flow of `relax`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from math import prod

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    FunctionType,
    StringAttr,
    SymbolNameConstraint,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, IsTerminator, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr
from ..dtypes import is_bool
from .attributes import DimsAttr, new_symbols
from .base import compatible
from .symbol_bounds import check_bounds
from .types import TensorType


@irdl_op_definition
class FuncOp(IRDLOperation):
    """A graph function: `relax.func @main<n>(%x: T) -> (T) { ... relax.return %y : T }`.

    (C1) the block's arguments have the types of the signature.
    (C2) it ends with relax.return of the signature's result types.
    (C3) every symbol is declared by the function, or introduced by an operation that dominates
         its use.
    (C4) input_names and output_names, where present, name each argument and result, each with
         another name.
    (C5) symbol_bounds, where present, are the least and largest value of each symbol (-1: any).
    """

    name = "relax.func"
    sym_name = prop_def(SymbolNameConstraint())
    function_type = prop_def(FunctionType)
    symbols = prop_def(ArrayAttr[StringAttr])
    input_names = opt_prop_def(ArrayAttr[StringAttr])
    output_names = opt_prop_def(ArrayAttr[StringAttr])
    symbol_bounds = opt_prop_def(DenseArrayBase)
    body = region_def("single_block")
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface())

    def __init__(
        self,
        name: str,
        function_type: FunctionType,
        body: Region | None = None,
        symbols: Iterable[str] = (),
        input_names: Iterable[str] | None = None,
        output_names: Iterable[str] | None = None,
        attributes: dict[str, Attribute] | None = None,
    ) -> None:
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "function_type": function_type,
                "symbols": _names(symbols),
                "input_names": None if input_names is None else _names(input_names),
                "output_names": None if output_names is None else _names(output_names),
            },
            attributes=attributes or {},
            regions=[body or Region(Block(arg_types=function_type.inputs))],
        )

    @property
    def symbol_names(self) -> tuple[str, ...]:
        """The declared symbols."""
        return tuple(symbol.data for symbol in self.symbols)

    @property
    def return_op(self) -> ReturnOp:
        """The terminator."""
        last = self.body.block.last_op
        assert isinstance(last, ReturnOp)
        return last

    def verify_(self) -> None:
        args = self.body.block.args
        if tuple(arg.type for arg in args) != self.function_type.inputs.data:  # (C1)
            raise VerifyException("relax.func: the block's arguments differ from the signature")
        last = self.body.block.last_op
        if not isinstance(last, ReturnOp):  # (C2)
            raise VerifyException("relax.func: must end with relax.return")
        outputs = self.function_type.outputs.data
        if len(outputs) != len(last.values) or not all(
            compatible(declared, value.type)
            for declared, value in zip(outputs, last.values, strict=True)
        ):
            found = ", ".join(str(value.type) for value in last.values)
            expected = ", ".join(str(output) for output in outputs)
            raise VerifyException(f"relax.func: returns ({found}), declared ({expected})")
        for names, count in ((self.input_names, len(args)), (self.output_names, len(outputs))):
            if names is not None and len(names) != count:  # (C4)
                raise VerifyException(f"relax.func: {len(names)} names for {count} values")
            if names is not None and len(set(names)) != count:
                twice = next(name.data for name in names if list(names).count(name) > 1)
                raise VerifyException(f"relax.func: two values have the name '{twice}'; rename one")
        self._verify_symbols()
        check_bounds(self.name, self.symbol_bounds, self.symbol_names)  # (C5)

    def _verify_symbols(self) -> None:  # (C3)
        known: set[Hashable] = set(self.symbol_names)
        for arg in self.body.block.args:
            _check_symbols(known, _dims_of(arg.type), "an argument")
        for op in self.body.walk():
            known.update(new_symbols(op))
            for result in op.results:
                _check_symbols(known, _dims_of(result.type), op.name)
            for attr in op.properties.values():
                if isinstance(attr, DimsAttr):
                    _check_symbols(known, attr.data, op.name)

    @classmethod
    def parse(cls, parser: Parser) -> FuncOp:
        """Parse the custom form."""
        name = parser.parse_symbol_name().data
        symbols = parser.parse_optional_comma_separated_list(
            parser.Delimiter.ANGLE, parser.parse_identifier
        )
        args = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
        outputs: list[Attribute] = []
        if parser.parse_optional_punctuation("->"):
            outputs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_type)
        attributes: dict[str, Attribute] = {}
        found = parser.parse_optional_attr_dict_with_keyword()
        if found is not None:
            attributes |= found.data
        names = {key: attributes.pop(key, None) for key in _PRINTED}
        body = parser.parse_region(args)
        if not body.blocks:
            body.add_block(Block(arg_types=[arg.type for arg in args]))
        function_type = FunctionType.from_lists([arg.type for arg in args], outputs)
        op = cls(name, function_type, body, symbols or (), attributes=attributes)
        op.properties |= {key: value for key, value in names.items() if value is not None}
        return op

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        if self.symbols.data:
            printer.print_string("<" + ", ".join(self.symbol_names) + ">")
        printer.print_string("(")
        printer.print_list(self.body.block.args, lambda arg: _print_argument(printer, arg))
        printer.print_string(")")
        if self.function_type.outputs.data:
            printer.print_string(" -> (")
            printer.print_list(self.function_type.outputs.data, printer.print_attribute)
            printer.print_string(")")
        named = {k: v for k, v in self.properties.items() if k in _PRINTED}
        printer.print_op_attributes({**named, **self.attributes}, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False, print_empty_block=False)


_PRINTED = ("input_names", "output_names", "symbol_bounds")


def _names(names: Iterable[str]) -> ArrayAttr[StringAttr]:
    return ArrayAttr([StringAttr(name) for name in names])


def _print_argument(printer: Printer, arg: SSAValue) -> None:
    printer.print_ssa_value(arg)
    printer.print_string(": ")
    printer.print_attribute(arg.type)


def _dims_of(value_type: Attribute) -> Iterable[IntExpr]:
    if isinstance(value_type, TensorType) and value_type.shape is not None:
        return (dim for dim in value_type.shape if dim is not None)
    return ()


def _check_symbols(known: set[Hashable], dims: Iterable[IntExpr], where: str) -> None:
    for dim in dims:
        for key in dim.free_vars():
            if key not in known:
                raise VerifyException(
                    f"relax.func: symbol '{key}' in {where} is neither declared (@name<{key}>) "
                    "nor introduced before"
                )


class _TerminatorOp(IRDLOperation):
    """Base of the ends of regions: hand values to what encloses them."""

    values = var_operand_def()
    assembly_format = "attr-dict ($values^ `:` type($values))?"

    def __init__(self, *values: SSAValue | Operation) -> None:
        super().__init__(operands=[[SSAValue.get(value) for value in values]])


@irdl_op_definition
class ReturnOp(_TerminatorOp):
    """`relax.return %y : T`: the function's results."""

    name = "relax.return"
    traits = traits_def(IsTerminator())


@irdl_op_definition
class YieldOp(_TerminatorOp):
    """`relax.yield %y : T`: the results of a region of relax.if or relax.while."""

    name = "relax.yield"
    traits = traits_def(IsTerminator())


@irdl_op_definition
class IfOp(IRDLOperation):
    """`%y = relax.if %c : C -> (T) {...} else {...}`: the values that one of the regions yields.

    (C1) the condition is a bool tensor of one element.
    (C2) both regions yield values of the result types.
    """

    name = "relax.if"
    cond = operand_def(TensorType)
    res = var_result_def()
    then_region = region_def("single_block")
    else_region = region_def("single_block")
    assembly_format = (
        "$cond `:` type($cond) `->` `(` type($res) `)` attr-dict-with-keyword "
        "$then_region `else` $else_region"
    )

    def __init__(
        self, cond: SSAValue, result_types: Sequence[Attribute], then: Region, otherwise: Region
    ) -> None:
        super().__init__(operands=[cond], result_types=[result_types], regions=[then, otherwise])

    def verify_(self) -> None:
        cond = self.cond.type
        assert isinstance(cond, TensorType)
        shape = cond.static_shape()
        if not is_bool(cond.dtype) or (shape is not None and prod(shape) != 1):  # (C1)
            raise VerifyException(f"relax.if: the condition is {cond}; use a bool of one element")
        for name, region in (("then", self.then_region), ("else", self.else_region)):
            check_yield(self, region, [result.type for result in self.results], name)  # (C2)


@irdl_op_definition
class WhileOp(IRDLOperation):
    """`%r = relax.while %init : (T) -> (T) {cond} do {body}`: loop while cond yields true.

    Both regions take the loop's values; the first yields one bool, the second the next values.

    (C1) both regions' arguments have the types of the results.
    (C2) the first region yields a bool of one element, the second values of the result types.
    """

    name = "relax.while"
    inits = var_operand_def()
    res = var_result_def()
    cond_region = region_def("single_block")
    body_region = region_def("single_block")
    assembly_format = (
        "$inits `:` functional-type($inits, $res) attr-dict-with-keyword "
        "$cond_region `do` $body_region"
    )

    def __init__(
        self,
        inits: Sequence[SSAValue],
        result_types: Sequence[Attribute],
        cond: Region,
        body: Region,
    ) -> None:
        super().__init__(operands=[inits], result_types=[result_types], regions=[cond, body])

    def verify_(self) -> None:
        expected = [result.type for result in self.results]
        for region in (self.cond_region, self.body_region):
            if [arg.type for arg in region.block.args] != expected:  # (C1)
                raise VerifyException("relax.while: region arguments differ from the results")
        check_yield(self, self.body_region, expected, "body")  # (C2)
        cond = self.cond_region.block.last_op
        if (
            not isinstance(cond, YieldOp)
            or len(cond.values) != 1
            or not isinstance(cond.values[0].type, TensorType)
            or not is_bool(cond.values[0].type.dtype)
        ):
            raise VerifyException("relax.while: the condition must yield one bool")


def check_yield(op: Operation, region: Region, expected: Sequence[Attribute], name: str) -> None:
    """Check that `region` yields values that may be declared as `expected`."""
    last = region.block.last_op
    if not isinstance(last, YieldOp):
        raise VerifyException(f"{op.name}: the {name} region must end with relax.yield")
    found = [value.type for value in last.values]
    if len(found) != len(expected) or not all(map(compatible, expected, found)):
        raise VerifyException(
            f"{op.name}: the {name} region yields ({', '.join(map(str, found))}), "
            f"expected ({', '.join(map(str, expected))})"
        )
