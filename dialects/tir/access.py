"""Memory and values of `tir`: allocations, loads, stores, expressions as values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.dialects.builtin import IndexType, IntegerType, i1, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import MemoryReadEffect, MemoryWriteEffect, Pure
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr, as_expr
from .. import dtypes
from .attributes import STACK, BufferType, ExprsAttr, positional
from .base import INDEX, IndexedOp, check_exprs
from .syntax import OperandExprs, print_conditions, print_exprs


@irdl_op_definition
class AllocOp(IRDLOperation):
    """`%t = tir.alloc : !tir.buffer<...>`: memory for the length of the enclosing region's run."""

    name = "tir.alloc"
    buffer = result_def(BufferType)
    assembly_format = "attr-dict `:` type($buffer)"

    def __init__(self, buffer_type: BufferType) -> None:
        super().__init__(result_types=[buffer_type])

    @property
    def buffer_type(self) -> BufferType:
        """The type of the buffer."""
        result = self.buffer.type
        assert isinstance(result, BufferType)
        return result


@irdl_op_definition
class TransposeOp(IRDLOperation):
    """`tir.transpose %t : !tir.buffer<[n, n], T, "stack">`: `t[i, j]` becomes what `t[j, i]` was.

    For tiles that are as many vectors as a vector has lanes: code keeps them in registers.

    (C1) a stack buffer, square, of a power of two elements a side.
    """

    name = "tir.transpose"
    buffer = operand_def(BufferType)
    assembly_format = "$buffer attr-dict `:` type($buffer)"
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())

    def __init__(self, buffer: SSAValue) -> None:
        super().__init__(operands=[buffer])

    @property
    def side(self) -> int:
        """Return the number of rows."""
        assert isinstance(self.buffer.type, BufferType)
        return self.buffer.type.shape[0].constant_value

    def verify_(self) -> None:
        buffer_type = self.buffer.type
        assert isinstance(buffer_type, BufferType)
        shape = buffer_type.static_shape()
        square = shape is not None and len(shape) == 2 and shape[0] == shape[1]
        if buffer_type.scope != STACK or not square or not _is_power_of_two(self.side):  # (C1)
            raise VerifyException(
                f"{self.name}: {buffer_type} is no stack buffer of 2^k x 2^k elements"
            )


def _is_power_of_two(n: int) -> bool:
    return n > 0 and n & (n - 1) == 0


class AccessOp(IndexedOp):
    """Base of the operations that read or write one element of a buffer."""

    def check_indices(self, buffer: SSAValue, indices: ExprsAttr, num_vars: int) -> BufferType:
        """Check the number of indices and their variables; return the buffer's type."""
        buffer_type = buffer.type
        assert isinstance(buffer_type, BufferType)
        if len(indices.data) != buffer_type.rank:
            raise VerifyException(
                f"{self.name}: {len(indices.data)} indices for a buffer of rank {buffer_type.rank}"
            )
        check_exprs(self, indices, num_vars)
        return buffer_type


@irdl_op_definition
class LoadOp(AccessOp):
    """`%v = tir.load %A[%i * 4 + %j, 0] : buffer`: one element.

    (C1) one index per axis; the result has the element's value type.
    """

    name = "tir.load"
    buffer = operand_def(BufferType)
    vars = var_operand_def(INDEX)
    indices = prop_def(ExprsAttr)
    result = result_def()
    traits = traits_def(MemoryReadEffect())

    def __init__(self, buffer: SSAValue, indices: Iterable[IntExpr | int]) -> None:
        exprs, operands = positional(as_expr(i) for i in indices)
        assert isinstance(buffer.type, BufferType)
        super().__init__(
            operands=[buffer, operands],
            properties={"indices": ExprsAttr(exprs)},
            result_types=[dtypes.value_type(buffer.type.dtype)],
        )

    @property
    def index_operands(self) -> Sequence[SSAValue]:
        """The operands of the indices."""
        return self.operands[1:]

    def verify_(self) -> None:
        buffer_type = self.check_indices(self.buffer, self.indices, len(self.vars))
        if self.result.type != dtypes.value_type(buffer_type.dtype):  # (C1)
            raise VerifyException(
                f"tir.load: result {self.result.type}, element type {buffer_type.dtype}"
            )

    @classmethod
    def parse(cls, parser: Parser) -> LoadOp:
        """Parse the custom form."""
        operand = parser.parse_unresolved_operand()
        exprs = OperandExprs(parser)
        indices = exprs.square_list()
        buffer, buffer_type = _parse_buffer(parser, operand)
        return cls.create(
            operands=[buffer, *exprs.operands],
            properties={"indices": indices},
            result_types=[dtypes.value_type(buffer_type.dtype)],
        )

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        _print_access(printer, self.buffer, self.indices, self.vars)
        printer.print_string(" : ")
        printer.print_attribute(self.buffer.type)


@irdl_op_definition
class PredicatedLoadOp(AccessOp):
    """`%v = tir.predicated_load %A[...] where (e >= 0, ...) else %d : buffer`.

    The element where every condition holds, else `%d`; no memory is touched where one fails.

    (C1) one index per axis; result and default have the element's value type.
    """

    name = "tir.predicated_load"
    buffer = operand_def(BufferType)
    default = operand_def()
    vars = var_operand_def(INDEX)
    indices = prop_def(ExprsAttr)
    conditions = prop_def(ExprsAttr)
    result = result_def()
    traits = traits_def(MemoryReadEffect())

    def __init__(
        self,
        buffer: SSAValue,
        indices: Iterable[IntExpr | int],
        conditions: Iterable[IntExpr],
        default: SSAValue,
    ) -> None:
        index_exprs = tuple(as_expr(i) for i in indices)
        exprs, operands = positional((*index_exprs, *conditions))
        assert isinstance(buffer.type, BufferType)
        super().__init__(
            operands=[buffer, default, operands],
            properties={
                "indices": ExprsAttr(exprs[: len(index_exprs)]),
                "conditions": ExprsAttr(exprs[len(index_exprs) :]),
            },
            result_types=[dtypes.value_type(buffer.type.dtype)],
        )

    @property
    def index_operands(self) -> Sequence[SSAValue]:
        """The operands of indices and conditions."""
        return self.operands[2:]

    def verify_(self) -> None:
        buffer_type = self.check_indices(self.buffer, self.indices, len(self.vars))
        check_exprs(self, self.conditions, len(self.vars))
        expected = dtypes.value_type(buffer_type.dtype)
        if self.result.type != expected or self.default.type != expected:  # (C1)
            raise VerifyException(
                f"tir.predicated_load: result {self.result.type}, default {self.default.type}, "
                f"element type {buffer_type.dtype}"
            )

    @classmethod
    def parse(cls, parser: Parser) -> PredicatedLoadOp:
        """Parse the custom form."""
        operand = parser.parse_unresolved_operand()
        exprs = OperandExprs(parser)
        indices = exprs.square_list()
        parser.parse_keyword("where")
        conditions = exprs.conditions()
        parser.parse_keyword("else")
        default = parser.parse_unresolved_operand()
        buffer, buffer_type = _parse_buffer(parser, operand)
        value_type = dtypes.value_type(buffer_type.dtype)
        return cls.create(
            operands=[buffer, parser.resolve_operand(default, value_type), *exprs.operands],
            properties={"indices": indices, "conditions": conditions},
            result_types=[value_type],
        )

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        _print_access(printer, self.buffer, self.indices, self.vars)
        printer.print_string(" where ")
        print_conditions(printer, self.conditions.data, self.vars)
        printer.print_string(" else ")
        printer.print_ssa_value(self.default)
        printer.print_string(" : ")
        printer.print_attribute(self.buffer.type)


@irdl_op_definition
class PrefetchOp(AccessOp):
    """`tir.prefetch %A[%i, %j] : buffer`: an element will be read soon.

    It changes no value, and the element need not exist: an address past the buffer's end is asked
    for in vain.

    (C1) one index per axis.
    """

    name = "tir.prefetch"
    buffer = operand_def(BufferType)
    vars = var_operand_def(INDEX)
    indices = prop_def(ExprsAttr)
    # Not a read of memory: it may name what is not there, and nobody may remove it as unused.
    traits = traits_def(MemoryWriteEffect())

    def __init__(self, buffer: SSAValue, indices: Iterable[IntExpr | int]) -> None:
        exprs, operands = positional(as_expr(i) for i in indices)
        super().__init__(operands=[buffer, operands], properties={"indices": ExprsAttr(exprs)})

    @property
    def index_operands(self) -> Sequence[SSAValue]:
        """The operands of the indices."""
        return self.operands[1:]

    def verify_(self) -> None:
        self.check_indices(self.buffer, self.indices, len(self.vars))  # (C1)

    @classmethod
    def parse(cls, parser: Parser) -> PrefetchOp:
        """Parse the custom form."""
        operand = parser.parse_unresolved_operand()
        exprs = OperandExprs(parser)
        indices = exprs.square_list()
        buffer, _ = _parse_buffer(parser, operand)
        return cls.create(operands=[buffer, *exprs.operands], properties={"indices": indices})

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        _print_access(printer, self.buffer, self.indices, self.vars)
        printer.print_string(" : ")
        printer.print_attribute(self.buffer.type)


@irdl_op_definition
class StoreOp(AccessOp):
    """`tir.store %v, %A[%i, %j] : buffer`: write one element.

    (C1) one index per axis; the value has the element's value type.
    """

    name = "tir.store"
    value = operand_def()
    buffer = operand_def(BufferType)
    vars = var_operand_def(INDEX)
    indices = prop_def(ExprsAttr)
    traits = traits_def(MemoryWriteEffect())

    def __init__(self, value: SSAValue, buffer: SSAValue, indices: Iterable[IntExpr | int]) -> None:
        exprs, operands = positional(as_expr(i) for i in indices)
        super().__init__(
            operands=[value, buffer, operands], properties={"indices": ExprsAttr(exprs)}
        )

    @property
    def index_operands(self) -> Sequence[SSAValue]:
        """The operands of the indices."""
        return self.operands[2:]

    def verify_(self) -> None:
        buffer_type = self.check_indices(self.buffer, self.indices, len(self.vars))
        if self.value.type != dtypes.value_type(buffer_type.dtype):  # (C1)
            raise VerifyException(
                f"tir.store: value {self.value.type}, element type {buffer_type.dtype}"
            )

    @classmethod
    def parse(cls, parser: Parser) -> StoreOp:
        """Parse the custom form."""
        value = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        operand = parser.parse_unresolved_operand()
        exprs = OperandExprs(parser)
        indices = exprs.square_list()
        buffer, buffer_type = _parse_buffer(parser, operand)
        resolved = parser.resolve_operand(value, dtypes.value_type(buffer_type.dtype))
        return cls.create(
            operands=[resolved, buffer, *exprs.operands], properties={"indices": indices}
        )

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        printer.print_ssa_value(self.value)
        printer.print_string(", ")
        _print_access(printer, self.buffer, self.indices, self.vars)
        printer.print_string(" : ")
        printer.print_attribute(self.buffer.type)


@irdl_op_definition
class PredicatedStoreOp(AccessOp):
    """`tir.predicated_store %v, %A[...] where (e >= 0, ...) : buffer`: write where all hold.

    (C1) one index per axis; the value has the element's value type.
    """

    name = "tir.predicated_store"
    value = operand_def()
    buffer = operand_def(BufferType)
    vars = var_operand_def(INDEX)
    indices = prop_def(ExprsAttr)
    conditions = prop_def(ExprsAttr)
    traits = traits_def(MemoryWriteEffect())

    def __init__(
        self,
        value: SSAValue,
        buffer: SSAValue,
        indices: Iterable[IntExpr | int],
        conditions: Iterable[IntExpr],
    ) -> None:
        index_exprs = tuple(as_expr(i) for i in indices)
        exprs, operands = positional((*index_exprs, *conditions))
        super().__init__(
            operands=[value, buffer, operands],
            properties={
                "indices": ExprsAttr(exprs[: len(index_exprs)]),
                "conditions": ExprsAttr(exprs[len(index_exprs) :]),
            },
        )

    @property
    def index_operands(self) -> Sequence[SSAValue]:
        """The operands of indices and conditions."""
        return self.operands[2:]

    def verify_(self) -> None:
        buffer_type = self.check_indices(self.buffer, self.indices, len(self.vars))
        check_exprs(self, self.conditions, len(self.vars))
        if self.value.type != dtypes.value_type(buffer_type.dtype):  # (C1)
            raise VerifyException(
                f"tir.predicated_store: value {self.value.type}, element type {buffer_type.dtype}"
            )

    @classmethod
    def parse(cls, parser: Parser) -> PredicatedStoreOp:
        """Parse the custom form."""
        value = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        operand = parser.parse_unresolved_operand()
        exprs = OperandExprs(parser)
        indices = exprs.square_list()
        parser.parse_keyword("where")
        conditions = exprs.conditions()
        buffer, buffer_type = _parse_buffer(parser, operand)
        resolved = parser.resolve_operand(value, dtypes.value_type(buffer_type.dtype))
        return cls.create(
            operands=[resolved, buffer, *exprs.operands],
            properties={"indices": indices, "conditions": conditions},
        )

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        printer.print_ssa_value(self.value)
        printer.print_string(", ")
        _print_access(printer, self.buffer, self.indices, self.vars)
        printer.print_string(" where ")
        print_conditions(printer, self.conditions.data, self.vars)
        printer.print_string(" : ")
        printer.print_attribute(self.buffer.type)


def _parse_buffer(parser: Parser, operand: UnresolvedOperand) -> tuple[SSAValue, BufferType]:
    """Parse `: buffer type` and resolve the operand read before it."""
    parser.parse_punctuation(":")
    start = parser.pos
    buffer_type = parser.parse_type()
    if not isinstance(buffer_type, BufferType):
        parser.raise_error(f"expected a !tir.buffer type, found {buffer_type}", start)
    return parser.resolve_operand(operand, buffer_type), buffer_type


def _print_access(
    printer: Printer, buffer: SSAValue, indices: ExprsAttr, operands: Sequence[SSAValue]
) -> None:
    printer.print_ssa_value(buffer)
    printer.print_string("[")
    print_exprs(printer, indices.data, operands)
    printer.print_string("]")


@irdl_op_definition
class PredicateOp(IndexedOp):
    """`%p = tir.predicate (%i - 3 >= 0, n - %i - 1 >= 0)`: whether every condition holds."""

    name = "tir.predicate"
    vars = var_operand_def(INDEX)
    conditions = prop_def(ExprsAttr)
    result = result_def(i1)
    traits = traits_def(Pure())

    def __init__(self, conditions: Iterable[IntExpr]) -> None:
        exprs, operands = positional(conditions)
        super().__init__(
            operands=[operands], properties={"conditions": ExprsAttr(exprs)}, result_types=[i1]
        )

    @property
    def index_operands(self) -> Sequence[SSAValue]:
        """The operands of the conditions."""
        return self.vars

    def verify_(self) -> None:
        check_exprs(self, self.conditions, len(self.vars))

    @classmethod
    def parse(cls, parser: Parser) -> PredicateOp:
        """Parse the custom form."""
        exprs = OperandExprs(parser)
        conditions = exprs.conditions()
        return cls.create(
            operands=exprs.operands, properties={"conditions": conditions}, result_types=[i1]
        )

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        print_conditions(printer, self.conditions.data, self.vars)


@irdl_op_definition
class IndexValueOp(IndexedOp):
    """`%x = tir.index_value %i * 4 + n : i64`: an expression as a value (index or integer).

    (C1) one expression.
    """

    name = "tir.index_value"
    vars = var_operand_def(INDEX)
    expr = prop_def(ExprsAttr)
    result = result_def(IndexType | IntegerType)
    traits = traits_def(Pure())

    def __init__(self, expr: IntExpr | int, result_type: Attribute = i64) -> None:
        exprs, operands = positional((as_expr(expr),))
        super().__init__(
            operands=[operands],
            properties={"expr": ExprsAttr(exprs)},
            result_types=[result_type],
        )

    @property
    def index_operands(self) -> Sequence[SSAValue]:
        """The operands of the expression."""
        return self.vars

    def verify_(self) -> None:
        if len(self.expr.data) != 1:  # (C1)
            raise VerifyException("tir.index_value: needs one expression")
        check_exprs(self, self.expr, len(self.vars))

    @classmethod
    def parse(cls, parser: Parser) -> IndexValueOp:
        """Parse the custom form."""
        exprs = OperandExprs(parser)
        expr = ExprsAttr((exprs.expr(),))
        parser.parse_punctuation(":")
        return cls.create(
            operands=exprs.operands,
            properties={"expr": expr},
            result_types=[parser.parse_type()],
        )

    def print(self, printer: Printer) -> None:
        """Print the custom form."""
        printer.print_string(" ")
        print_exprs(printer, self.expr.data, self.vars)
        printer.print_string(" : ")
        printer.print_attribute(self.result.type)
