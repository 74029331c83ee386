"""What appends the native code of one function: addresses, numbers, errors.

A tensor is its address, a shape that of its dims (i64). Symbols are numbers; sizes and places are
expressions over them. Whatever fails leaves the function with a code, behind a message where one
says more.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import StringAttr, i1, i8, i32
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ...dialects import llvm, relax, vm
from ...dialects.llvm.build import LLVMBuilder
from ...dialects.llvm.types import PTR
from ...dialects.location import is_known, show
from ...symbolic import IntExpr, as_expr
from ..llvm.expressions import Expressions
from .host_symbols import Names

CONTEXT_SET_ERROR = 16
"""Offset of `set_error` in struct tyrex_context (runtime/native/tyrex.h)."""

CONTEXT_FAIL_DIMS = 48
"""Offset of `fail_dims` there."""

CONTEXT_POLL = 64
"""Offset of `poll` there."""

ERROR_ARGUMENT = 1
"""TYREX_ERROR_ARGUMENT of runtime/native/abi.h."""

ERROR_SHAPE = 2
"""TYREX_ERROR_SHAPE."""

ERROR_MEMORY = 4
"""TYREX_ERROR_MEMORY."""

WORD_BYTES = 8

Value = SSAValue | tuple["Value", ...]
"""A tensor's or a storage's address; a tuple's fields."""


class HostBuilder:
    """Appends to one function."""

    context: SSAValue
    """What the function gets first; set when it begins."""
    failure: Block
    """Returns the code that it is given."""

    def __init__(self, b: LLVMBuilder, func: vm.FuncOp, names: Names) -> None:
        self.b, self.func, self.names = b, func, names
        self.exprs = Expressions(b)
        self.values: dict[SSAValue, Value] = {}
        self.own = frozenset(func.symbol_names)
        """The symbols that are told where the function is entered."""
        self.may_fail = False
        self._num_messages = 0

    # -- values --------------------------------------------------------------------------------

    def bytes_of(self, op: Operation, type_: Attribute) -> IntExpr:
        """Return the bytes of a tensor, or of a shape: a number of 8 bytes for each dim."""
        if isinstance(type_, relax.ShapeType) and type_.rank is not None:
            return as_expr(WORD_BYTES * type_.rank)
        size = vm.byte_size(type_) if isinstance(type_, relax.TensorType) else None
        if size is None:
            raise missing(op, f"a value of type {type_}")
        return size

    def pointer(self, op: Operation, value: SSAValue) -> SSAValue:
        """Return the address of a tensor or a storage."""
        found = self.values[value]
        if isinstance(found, tuple):
            raise missing(op, f"a value of type {value.type}")
        return found

    def pointers(self, op: Operation, values: Sequence[SSAValue]) -> list[SSAValue]:
        """Return the addresses of tensors."""
        return [self.pointer(op, value) for value in values]

    def number(self, op: Operation, expr: IntExpr) -> SSAValue:
        """Return the value of an expression over the function's symbols."""
        unknown = [key for key in expr.free_vars() if key not in self.exprs.values]
        if unknown:
            raise missing(op, f"the symbol '{unknown[0]}', which nothing tells")
        return self.exprs.value(expr)

    def at(self, op: Operation, base: SSAValue, offset: IntExpr) -> SSAValue:
        """Return the address at a byte of memory."""
        if offset.is_constant:
            return self.b.gep(base, i8, offset.constant_value) if offset != 0 else base
        return self.b.gep(base, i8, self.number(op, offset))

    def copy(self, op: Operation, source: SSAValue, target: SSAValue, size: IntExpr) -> None:
        """Append a copy of memory."""
        if source is not target and size != 0:
            self.b.memcpy(target, source, self.number(op, size))

    def context_function(self, offset: int) -> SSAValue:
        """Return a function of the context, which lies at an offset of it."""
        return self.b.load(self.b.gep(self.context, i8, offset), PTR, WORD_BYTES)

    # -- errors --------------------------------------------------------------------------------

    def fail_if(self, failed: SSAValue, code: SSAValue) -> None:
        """Leave the function with `code` where `failed` (i1) is true."""
        self.may_fail = True
        following = self.b.new_block()
        self.b.cond_br(failed, self.failure, following, (code,))
        self.b.start(following)

    def fail_with(self, op: Operation, failed: SSAValue, code: int, message: str) -> None:
        """Set an error and leave the function where `failed` (i1) is true."""
        b = self.b
        failing, following = b.new_block(), b.new_block()
        b.cond_br(failed, failing, following)
        b.start(failing)
        number = b.integer(code, i32)
        function = self.context_function(CONTEXT_SET_ERROR)
        b.call(function, (number, b.address_of(self.message(_located(op, message)))), None)
        b.ret(number)
        b.start(following)

    def fail_dims(
        self, op: Operation, failed: SSAValue, what: str, relation: str, pair: Sequence[SSAValue]
    ) -> None:
        """Say which dims are not related as they have to be, and leave the function."""
        b = self.b
        failing, following = b.new_block(), b.new_block()
        b.cond_br(failed, failing, following)
        b.start(failing)
        function = self.context_function(CONTEXT_FAIL_DIMS)
        place = b.address_of(self.message(_located(op, what)))
        number = b.integer(relax.RELATIONS.index(relation), i32)
        code = b.call(function, (place, number, *pair), i32)
        assert code is not None, "the call has a result"
        b.ret(code)
        b.start(following)

    def fail(self, op: Operation, code: int, message: str) -> None:
        """Set an error and leave the function; what follows is there for the sake of its types."""
        self.fail_with(op, self.b.integer(1, i1), code, message)

    def check(self, code: SSAValue | None) -> None:
        """Leave the function where a call failed."""
        assert code is not None, "the call has a result"
        self.fail_if(self.b.icmp("ne", code, self.b.integer(0, i32)), code)

    def ask(self) -> None:
        """Leave the function where the run is to end."""
        self.check(self.b.call(self.context_function(CONTEXT_POLL), (self.context,), i32))

    def message(self, text: str) -> str:
        """Return the symbol of a text of C, which is appended to the module."""
        symbol = f"{self.names.body(self.func.sym_name.data)}.message{self._num_messages}"
        self._num_messages += 1
        return add_text(self.b, symbol, text)


def add_text(b: LLVMBuilder, symbol: str, text: str) -> str:
    """Append a text of C to the module; return its symbol."""
    type_ = llvm.LLVMArrayType(len(text.encode()) + 1, i8)
    linkage = llvm.LinkageAttr("private")
    value = StringAttr(text + "\0")
    b.module.body.block.add_op(llvm.GlobalOp(type_, symbol, linkage, constant=True, value=value))
    return symbol


def missing(op: Operation, what: str) -> NotImplementedError:
    """Return the error about what a program has and native code has not."""
    return NotImplementedError(
        f"native code cannot express {what} at {show(op.location)}: only bytecode runs the program"
    )


def _located(op: Operation, message: str) -> str:
    """Return a message that begins with where `op` comes from, where that is known."""
    return f"{show(op.location)}: {message}" if is_known(op.location) else message
