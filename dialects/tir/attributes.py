"""The types and attributes of `tir`: buffers, integer expressions, kinds of loops."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from math import prod
from typing import cast

from xdsl.ir import Attribute, Data, SSAValue, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr, as_expr, pos, var
from ...symbolic import parse_expr as parse_expr_text
from .. import dtypes
from ..expr_syntax import format_exprs, parse_expr, parse_symbol

GLOBAL = "global"  # memory of the caller: arguments, and workspaces once they are hoisted
STACK = "stack"  # small and of static shape: registers, or the stack of the running thread
SCOPES = (GLOBAL, STACK)


@dataclass(frozen=True, slots=True)
class BufferInfo:
    """What a buffer type says: shape `[d0, ...]`, element type, scope, alignment in bytes."""

    shape: tuple[IntExpr, ...]
    dtype: Attribute
    scope: str = GLOBAL
    align_bytes: int | None = None


@irdl_attr_definition
class BufferType(Data[BufferInfo], TypeAttribute):
    """Row-major, compact memory: `!tir.buffer<[n, 64], f32, "stack", align 64>`."""

    name = "tir.buffer"

    @staticmethod
    def of(
        shape: Iterable[IntExpr | int],
        dtype: Attribute,
        scope: str = GLOBAL,
        align_bytes: int | None = None,
    ) -> BufferType:
        """Return the type of a buffer of `shape` (symbols allowed) and `dtype`."""
        exprs = tuple(as_expr(dim) for dim in shape)
        return BufferType(BufferInfo(exprs, dtype, scope, align_bytes))

    @property
    def shape(self) -> tuple[IntExpr, ...]:
        """The extents, outermost first."""
        return self.data.shape

    @property
    def dtype(self) -> Attribute:
        """The element type."""
        return self.data.dtype

    @property
    def scope(self) -> str:
        """Where the memory lies: "global" or "stack"."""
        return self.data.scope

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.data.shape)

    def static_shape(self) -> tuple[int, ...] | None:
        """Return the shape as integers, or None where a symbol is in it."""
        if all(dim.is_constant for dim in self.data.shape):
            return tuple(dim.constant_value for dim in self.data.shape)
        return None

    def strides(self) -> tuple[IntExpr, ...]:
        """Return the distance of neighbours on each axis, in elements."""
        result: list[IntExpr] = []
        step = as_expr(1)
        for dim in reversed(self.data.shape):
            result.append(step)
            step = step * dim
        return tuple(reversed(result))

    def size_bytes(self) -> int | None:
        """Return the size in bytes, or None where a symbol is in the shape."""
        shape = self.static_shape()
        return None if shape is None else prod(shape) * dtypes.size_bytes(self.data.dtype)

    def with_shape(self, shape: Iterable[IntExpr | int]) -> BufferType:
        """Return the same kind of buffer with another shape."""
        return BufferType.of(shape, self.data.dtype, self.data.scope, self.data.align_bytes)

    def verify(self) -> None:
        """Check scope, element type and that static extents are not negative."""
        if self.data.scope not in SCOPES:
            raise VerifyException(
                f'!tir.buffer: scope "{self.data.scope}" is unknown; use one of {SCOPES}'
            )
        if self.data.dtype not in dtypes.DTYPES:
            raise VerifyException(f"!tir.buffer: {self.data.dtype} is no element type")
        for dim in self.data.shape:
            if dim.is_constant and dim.constant_value < 0:
                raise VerifyException(f"!tir.buffer: negative extent {dim}")

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> BufferInfo:
        """Parse `<[shape], dtype (, "scope")? (, align n)?>`."""
        with parser.in_angle_brackets():
            shape = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, lambda: parse_expr(parser, lambda: parse_symbol(parser))
            )
            parser.parse_punctuation(",")
            dtype = parser.parse_type()
            scope, align_bytes = GLOBAL, None
            while parser.parse_optional_punctuation(","):
                if parser.parse_optional_keyword("align"):
                    align_bytes = parser.parse_integer()
                else:
                    scope = parser.parse_str_literal()
        return BufferInfo(tuple(shape), dtype, scope, align_bytes)

    def print_parameter(self, printer: Printer) -> None:
        """Print what `parse_parameter` reads."""
        info = self.data
        printer.print_string(f"<[{format_exprs(info.shape, str)}], ")
        printer.print_attribute(info.dtype)
        if info.scope != GLOBAL:
            printer.print_string(f', "{info.scope}"')
        if info.align_bytes is not None:
            printer.print_string(f", align {info.align_bytes}")
        printer.print_string(">")


@irdl_attr_definition
class ExprsAttr(Data[tuple[IntExpr, ...]]):
    """Integer expressions over an operation's index operands (`$0`, `$1`, ...) and symbols.

    Operations print them over the names of their operands; `#tir.exprs<"$0 * 4 + $1", "n">` is
    the generic form.
    """

    name = "tir.exprs"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[IntExpr, ...]:
        """Parse `<"expr", ...>`."""
        texts = parser.parse_comma_separated_list(parser.Delimiter.ANGLE, parser.parse_str_literal)
        try:
            return tuple(parse_expr_text(text) for text in texts)
        except ValueError as error:
            parser.raise_error(f"#tir.exprs: {error}")

    def print_parameter(self, printer: Printer) -> None:
        """Print what `parse_parameter` reads."""
        printer.print_string("<" + ", ".join(f'"{expr}"' for expr in self.data) + ">")


NO_EXPRS = ExprsAttr(())


def positional(exprs: Iterable[IntExpr]) -> tuple[tuple[IntExpr, ...], list[SSAValue]]:
    """Turn expressions over SSA values into positional ones and the operands they stand for."""
    operands: dict[SSAValue, int] = {}
    result: list[IntExpr] = []
    for expr in exprs:
        mapping: dict[Hashable, IntExpr | int] = {}
        for key in expr.free_vars():
            if isinstance(key, SSAValue):
                value = cast(SSAValue, key)  # isinstance leaves its parameter unknown
                mapping[key] = pos(operands.setdefault(value, len(operands)))
        result.append(expr.substitute(mapping) if mapping else expr)
    return tuple(result), list(operands)


def over_values(exprs: Iterable[IntExpr], operands: Sequence[SSAValue]) -> tuple[IntExpr, ...]:
    """Turn positional expressions into ones over the SSA values `operands`."""
    mapping: dict[Hashable, IntExpr | int] = {i: var(v) for i, v in enumerate(operands)}
    if not mapping:
        return tuple(exprs)
    return tuple(expr.substitute(mapping) for expr in exprs)


class ForKind(Enum):
    """How the iterations of a `tir.for` run."""

    SERIAL = "serial"
    PARALLEL = "parallel"
    VECTORIZED = "vectorized"
    UNROLLED = "unrolled"


class IterKind(Enum):
    """What an iteration variable of a block is for (TVM's block iteration types)."""

    SPATIAL = "spatial"  # data-parallel: each value writes its own elements
    REDUCE = "reduce"  # commutative reduction: values may run in any order
    ORDERED = "ordered"  # values must run in order
    OPAQUE = "opaque"  # nothing is known


@irdl_attr_definition
class ForKindAttr(Data[ForKind]):
    """The kind of a loop: `#tir.for_kind<parallel>`."""

    name = "tir.for_kind"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> ForKind:
        """Parse `<kind>`."""
        with parser.in_angle_brackets():
            return parse_for_kind(parser)

    def print_parameter(self, printer: Printer) -> None:
        """Print what `parse_parameter` reads."""
        printer.print_string(f"<{self.data.value}>")


def parse_for_kind(parser: AttrParser) -> ForKind:
    """Parse the name of a kind of loop; list the known ones where it is none."""
    word = parser.parse_identifier(" (a kind of loop)")
    try:
        return ForKind(word)
    except ValueError:
        known = ", ".join(kind.value for kind in ForKind)
        parser.raise_error(f"loop kind '{word}' is unknown; use one of {known}")


@irdl_attr_definition
class IterKindsAttr(Data[tuple[IterKind, ...]]):
    """The kinds of a block's iteration variables: `#tir.iter_kinds<spatial, reduce>`."""

    name = "tir.iter_kinds"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[IterKind, ...]:
        """Parse `<kind, ...>`."""
        return tuple(
            parser.parse_comma_separated_list(
                parser.Delimiter.ANGLE, lambda: parse_iter_kind(parser)
            )
        )

    def print_parameter(self, printer: Printer) -> None:
        """Print what `parse_parameter` reads."""
        printer.print_string("<" + ", ".join(kind.value for kind in self.data) + ">")


def parse_iter_kind(parser: AttrParser) -> IterKind:
    """Parse the name of an iteration kind; list the known ones where it is none."""
    word = parser.parse_identifier(" (a kind of iteration variable)")
    try:
        return IterKind(word)
    except ValueError:
        known = ", ".join(kind.value for kind in IterKind)
        parser.raise_error(f"iteration kind '{word}' is unknown; use one of {known}")
