"""Functions, calls and branches of `vm`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from math import prod
from typing import Any

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    FlatSymbolRefAttrConstr,
    FunctionType,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    i64,
)
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    successor_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, IsTerminator, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr, as_expr
from ..dtypes import is_bool
from ..relax.attributes import DimsAttr, new_symbols
from ..relax.base import compatible
from ..relax.run_checks import check_relation
from ..relax.symbol_bounds import bounds_of, check_bounds
from ..relax.types import ObjectType, ShapeType, TensorType
from ..tir.func import FuncOp as KernelOp
from .calls import check_captured, check_function_call, check_kernel_call, symbols_beside
from .memory import tensor_type


@irdl_op_definition
class FuncOp(IRDLOperation):
    """A function of the host program: `vm.func @main<n>(%x: T) -> (T) { ... vm.return %y : T }`.

    Its symbols are told by the shapes of the arguments, which must fit their types.

    (C1) the first block's arguments have the types of the signature.
    (C2) every vm.return in it returns values of the signature's result types.
    (C3) input_names and output_names, where present, name each argument and result.
    (C4) calls fit the kernels and functions of the module (see calls.py).
    (C5) every symbol is declared by the function, or told by an operation before.
    (C6) symbol_bounds, where present, are the least and largest value of each symbol (-1: any).
    """

    name = "vm.func"
    sym_name = prop_def(SymbolNameConstraint())
    function_type = prop_def(FunctionType)
    symbols = opt_prop_def(ArrayAttr[StringAttr])
    symbol_bounds = opt_prop_def(DenseArrayBase)
    input_names = opt_prop_def(ArrayAttr[StringAttr])
    output_names = opt_prop_def(ArrayAttr[StringAttr])
    body = region_def()
    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface())

    def __init__(
        self,
        name: str,
        function_type: FunctionType,
        body: Region | None = None,
        input_names: Iterable[str] | None = None,
        output_names: Iterable[str] | None = None,
        attributes: dict[str, Attribute] | None = None,
        symbols: Iterable[str] = (),
    ) -> None:
        declared = _names(symbols)
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "function_type": function_type,
                "symbols": declared if declared.data else None,
                "input_names": None if input_names is None else _names(input_names),
                "output_names": None if output_names is None else _names(output_names),
            },
            attributes=attributes or {},
            regions=[body or Region(Block(arg_types=function_type.inputs))],
        )

    @property
    def symbol_names(self) -> tuple[str, ...]:
        """The declared symbols."""
        return () if self.symbols is None else tuple(symbol.data for symbol in self.symbols)

    @property
    def bounds(self) -> tuple[tuple[int, int | None], ...]:
        """The least and the largest value of each symbol; None: any."""
        return bounds_of(self.symbol_bounds, len(self.symbol_names))

    def verify_(self) -> None:
        entry = self.body.first_block
        inputs, outputs = self.function_type.inputs.data, self.function_type.outputs.data
        if entry is None or tuple(arg.type for arg in entry.args) != inputs:  # (C1)
            raise VerifyException("vm.func: the first block's arguments differ from the signature")
        for block in self.body.blocks:
            last = block.last_op
            if isinstance(last, ReturnOp):  # (C2)
                found = [value.type for value in last.values]
                # What is sized on the way has no name in the signature.
                if len(found) != len(outputs) or not all(map(compatible, outputs, found)):
                    raise VerifyException(
                        f"vm.func: returns ({', '.join(map(str, found))}), "
                        f"declared ({', '.join(map(str, outputs))})"
                    )
        for names, count in (
            (self.input_names, len(inputs)),
            (self.output_names, len(outputs)),
        ):
            if names is not None and len(names) != count:  # (C3)
                raise VerifyException(f"vm.func: {len(names)} names for {count} values")
        self._verify_declared()
        check_bounds(self.name, self.symbol_bounds, self.symbol_names)  # (C6)

    def _verify_declared(self) -> None:  # (C5)
        known: set[Hashable] = set(self.symbol_names)
        for block in self.body.blocks:
            for arg in block.args:
                _check_known(known, _dims_of(arg.type), "an argument")
            for op in block.ops:
                known.update(new_symbols(op))
                for result in op.results:
                    _check_known(known, _dims_of(result.type), op.name)
                for attr in op.properties.values():
                    if isinstance(attr, DimsAttr):
                        _check_known(known, attr.data, op.name)

    def verify_symbols(self) -> None:
        """Check what needs the module around the function."""
        symbols = symbols_beside(self)
        for op in self.body.walk():
            if isinstance(op, CallOp):  # (C4)
                kernel = symbols.get(op.callee_name)
                if isinstance(kernel, KernelOp):
                    operands = op.inputs, op.outputs, op.workspaces
                    check_kernel_call(op, kernel, operands, op.symbol_values)
            elif isinstance(op, InvokeOp):
                callee = symbols.get(op.callee_name)
                signature = callee.function_type if isinstance(callee, FuncOp) else None
                check_function_call(op, callee, signature, op.callee_name)
            elif isinstance(op, MakeClosureOp):
                callee = symbols.get(op.callee_name)
                signature = callee.function_type if isinstance(callee, FuncOp) else None
                check_captured(op, callee, signature, op.callee_name)

    @classmethod
    def parse(cls, parser: Parser) -> FuncOp:
        """Parse the custom form; by hand, since the entry block's arguments stand outside it."""
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
        function_type = FunctionType.from_lists([arg.type for arg in args], outputs)
        op = cls(name, function_type, body, attributes=attributes, symbols=symbols or ())
        op.properties |= {key: value for key, value in names.items() if value is not None}
        return op

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        if self.symbol_names:
            printer.print_string("<" + ", ".join(self.symbol_names) + ">")
        entry = self.body.first_block
        printer.print_string("(")
        if entry is not None:
            printer.print_list(entry.args, lambda arg: _print_argument(printer, arg))
        printer.print_string(")")
        if self.function_type.outputs.data:
            printer.print_string(" -> (")
            printer.print_list(self.function_type.outputs.data, printer.print_attribute)
            printer.print_string(")")
        named = {k: v for k, v in self.properties.items() if k in _PRINTED}
        printer.print_op_attributes({**named, **self.attributes}, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False, print_empty_block=False)


@irdl_op_definition
class CallOp(IRDLOperation):
    """`vm.call @kernel(%a) -> (%y) : (A) -> Y workspaces(%w : W)`: run a kernel.

    The kernel, a tir.func, reads its inputs and writes its outputs; it may write anything to its
    workspaces. An operand that is both input and output is updated in place. `symbols` are the
    values of the kernel's symbols, in its order: numbers, or expressions over the function's.
    """

    name = "vm.call"
    callee = prop_def(FlatSymbolRefAttrConstr)
    symbols = opt_prop_def(DenseArrayBase | DimsAttr)
    inputs = var_operand_def()
    outputs = var_operand_def(TensorType)
    workspaces = var_operand_def(TensorType)
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$callee `(` $inputs `)` `->` `(` $outputs `)` attr-dict "
        "`:` functional-type($inputs, $outputs) "
        "(`workspaces` `(` $workspaces^ `:` type($workspaces) `)`)?"
    )

    def __init__(
        self,
        callee: str,
        inputs: Sequence[SSAValue],
        outputs: Sequence[SSAValue],
        workspaces: Sequence[SSAValue] = (),
        symbols: Sequence[IntExpr | int] = (),
    ) -> None:
        super().__init__(
            operands=[inputs, outputs, workspaces],
            properties={
                "callee": SymbolRefAttr(callee),
                "symbols": _numbers_or_dims([as_expr(symbol) for symbol in symbols]),
            },
        )

    @property
    def callee_name(self) -> str:
        """The kernel's name."""
        return self.callee.root_reference.data

    @property
    def symbol_values(self) -> tuple[IntExpr, ...]:
        """The values of the kernel's symbols, constants where they are numbers."""
        match self.symbols:
            case None:
                return ()
            case DimsAttr():
                return self.symbols.data
            case _:
                symbols: DenseArrayBase[Any] = self.symbols
                return tuple(as_expr(int(value)) for value in symbols.iter_values())


class _ValueCallOp(IRDLOperation):
    """Base of the calls that return values."""

    callee = prop_def(FlatSymbolRefAttrConstr)
    args = var_operand_def()
    res = var_result_def()
    assembly_format = "$callee `(` $args `)` attr-dict `:` functional-type($args, $res)"

    def __init__(
        self, callee: str, args: Sequence[SSAValue], result_types: Sequence[Attribute]
    ) -> None:
        super().__init__(
            operands=[args],
            properties={"callee": SymbolRefAttr(callee)},
            result_types=[result_types],
        )

    @property
    def callee_name(self) -> str:
        """The name of the function called."""
        return self.callee.root_reference.data


@irdl_op_definition
class CallPackedOp(_ValueCallOp):
    """`%r = vm.call_packed @function(%x) : (X) -> R`: call a function of the host by name."""

    name = "vm.call_packed"


@irdl_op_definition
class FailOp(IRDLOperation):
    """`%y = vm.fail "why" : T`: end the run with an error; the results never come into being."""

    name = "vm.fail"
    message = prop_def(StringAttr)
    res = var_result_def()
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$message attr-dict (`:` type($res)^)?"

    def __init__(self, message: str, result_types: Sequence[Attribute] = ()) -> None:
        super().__init__(properties={"message": StringAttr(message)}, result_types=[result_types])


@irdl_op_definition
class CheckDimsOp(IRDLOperation):
    """`vm.check_dims "what" {relation = "equal", dims = #relax.dims<[n, m]>}`: or the run ends.

    The relations are those of relax.check_dims.

    (C1) the relation is one of them, of two dims.
    """

    name = "vm.check_dims"
    what = prop_def(StringAttr)
    relation = prop_def(StringAttr)
    dims = prop_def(DimsAttr)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$what attr-dict"

    def __init__(self, what: StringAttr, relation: StringAttr, dims: DimsAttr) -> None:
        super().__init__(properties={"what": what, "relation": relation, "dims": dims})

    def verify_(self) -> None:
        check_relation(self.name, self.relation, self.dims)


@irdl_op_definition
class InvokeOp(_ValueCallOp):
    """`%r = vm.invoke @function(%x) : (X) -> R`: call a vm.func; its results are fresh memory."""

    name = "vm.invoke"


@irdl_op_definition
class MakeClosureOp(_ValueCallOp):
    """`%f = vm.make_closure @function(%x) : (X) -> !relax.object`: its last arguments are bound.

    What is bound stays as it is: tensors that lie in storages are copied.

    (C1) the result is an object.
    """

    name = "vm.make_closure"

    def __init__(self, callee: str, captured: Sequence[SSAValue]) -> None:
        super().__init__(callee, captured, [ObjectType()])

    def verify_(self) -> None:
        if [result.type for result in self.res] != [ObjectType()]:  # (C1)
            raise VerifyException("vm.make_closure: the result is no object; use !relax.object")


@irdl_op_definition
class InvokeClosureOp(IRDLOperation):
    """`%r = vm.invoke_closure %f(%y) : F, (Y) -> R`: call a closure; its results are fresh memory.

    Which function that is only a run knows: results are checked there.
    """

    name = "vm.invoke_closure"
    closure = operand_def(ObjectType)
    args = var_operand_def()
    res = var_result_def()
    assembly_format = (
        "$closure `(` $args `)` attr-dict `:` type($closure) `,` functional-type($args, $res)"
    )

    def __init__(
        self, closure: SSAValue, args: Sequence[SSAValue], result_types: Sequence[Attribute]
    ) -> None:
        super().__init__(operands=[closure, args], result_types=[result_types])


def passes_as(found: Attribute, expected: Attribute) -> bool:
    """Tell whether a value of a type may become a block's argument of another one."""
    if isinstance(found, ShapeType) and isinstance(expected, ShapeType):
        return expected.rank in (None, found.rank)
    if not isinstance(found, TensorType) or not isinstance(expected, TensorType):
        return False
    if found.dtype != expected.dtype or expected.rank not in (None, found.rank):
        return False
    if expected.rank is None:
        return True
    pairs = zip(found.shape or (), expected.shape or (), strict=True)
    return all(wanted is None or wanted is dim for dim, wanted in pairs)


@irdl_op_definition
class BranchOp(IRDLOperation):
    """`vm.br ^next(%x : T)`: continue at a block.

    An argument may have unknown dims where what is passed says more.
    """

    name = "vm.br"
    may_pass = staticmethod(passes_as)
    arguments = var_operand_def()
    successor = successor_def()
    traits = traits_def(IsTerminator())
    assembly_format = "$successor (`(` $arguments^ `:` type($arguments) `)`)? attr-dict"

    def __init__(self, successor: Block, arguments: Sequence[SSAValue] = ()) -> None:
        super().__init__(operands=[arguments], successors=[successor])


@irdl_op_definition
class CondBranchOp(IRDLOperation):
    """`vm.cond_br %c : C, ^then(%x : T), ^else`: continue at one of two blocks.

    (C1) the condition is a bool tensor of one element.
    """

    name = "vm.cond_br"
    may_pass = staticmethod(passes_as)
    cond = operand_def(TensorType)
    then_arguments = var_operand_def()
    else_arguments = var_operand_def()
    then_block = successor_def()
    else_block = successor_def()
    traits = traits_def(IsTerminator())
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    assembly_format = (
        "$cond `:` type($cond) `,` "
        "$then_block (`(` $then_arguments^ `:` type($then_arguments) `)`)? `,` "
        "$else_block (`(` $else_arguments^ `:` type($else_arguments) `)`)? attr-dict"
    )

    def __init__(
        self,
        cond: SSAValue,
        then_block: Block,
        else_block: Block,
        then_arguments: Sequence[SSAValue] = (),
        else_arguments: Sequence[SSAValue] = (),
    ) -> None:
        super().__init__(
            operands=[cond, then_arguments, else_arguments],
            successors=[then_block, else_block],
        )

    def verify_(self) -> None:
        cond = tensor_type(self.cond)
        shape = cond.static_shape()
        if not is_bool(cond.dtype) or (shape is not None and prod(shape) != 1):  # (C1)
            raise VerifyException(f"vm.cond_br: the condition is {cond}; use a bool of one element")


@irdl_op_definition
class ReturnOp(IRDLOperation):
    """`vm.return %y : T`: leave the function."""

    name = "vm.return"
    values = var_operand_def()
    traits = traits_def(IsTerminator())
    assembly_format = "attr-dict ($values^ `:` type($values))?"

    def __init__(self, values: Sequence[SSAValue]) -> None:
        super().__init__(operands=[values])


_PRINTED = ("input_names", "output_names", "symbol_bounds")


def _numbers_or_dims(values: Sequence[IntExpr]) -> Attribute | None:
    if not values:
        return None
    if all(value.is_constant for value in values):
        return DenseArrayBase.from_list(i64, [value.constant_value for value in values])
    return DimsAttr.of(values)


def _dims_of(type_: Attribute) -> Iterable[IntExpr]:
    shape = type_.shape if isinstance(type_, TensorType) else None
    return (dim for dim in shape or () if dim is not None)


def _check_known(known: set[Hashable], dims: Iterable[IntExpr], where: str) -> None:
    for dim in dims:
        for key in dim.free_vars():
            if key not in known:
                raise VerifyException(
                    f"vm.func: symbol '{key}' in {where} is neither declared (@name<{key}>) nor"
                    " told before"
                )


def _names(names: Iterable[str]) -> ArrayAttr[StringAttr]:
    return ArrayAttr([StringAttr(name) for name in names])


def _print_argument(printer: Printer, arg: SSAValue) -> None:
    printer.print_ssa_value(arg)
    printer.print_string(": ")
    printer.print_attribute(arg.type)
