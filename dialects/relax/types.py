"""The types of `relax`: tensors whose dims are integer expressions over symbols."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.ir import Attribute, Data, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr, as_expr
from .. import dtypes
from ..expr_syntax import parse_expr, parse_symbol

Dim = IntExpr | None

MAX_ELEMENTS = 2**60  # of 8 bytes: sizes in bytes stay below 2^63


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What a tensor type says: shape (None: unknown rank; a None dim: unknown), element type."""

    shape: tuple[Dim, ...] | None
    dtype: Attribute


@irdl_attr_definition
class TensorType(Data[TensorInfo], TypeAttribute):
    """A tensor value: `!relax.tensor<[n, 64, ?], f32>`, `!relax.tensor<*, i64>`."""

    name = "relax.tensor"

    @staticmethod
    def of(shape: Iterable[IntExpr | int | None] | None, dtype: Attribute) -> TensorType:
        """Return the type of tensors of `shape` and `dtype`."""
        if shape is None:
            return TensorType(TensorInfo(None, dtype))
        dims = tuple(None if dim is None else as_expr(dim) for dim in shape)
        return TensorType(TensorInfo(dims, dtype))

    @property
    def shape(self) -> tuple[Dim, ...] | None:
        """The dims, outermost first; None where the rank is unknown."""
        return self.data.shape

    @property
    def dtype(self) -> Attribute:
        """The element type."""
        return self.data.dtype

    @property
    def rank(self) -> int | None:
        """The number of axes, None where it is unknown."""
        return None if self.data.shape is None else len(self.data.shape)

    def known_shape(self) -> tuple[IntExpr, ...] | None:
        """Return the shape where every dim is an expression, else None."""
        shape = self.data.shape
        if shape is None:
            return None
        dims = tuple(dim for dim in shape if dim is not None)
        return dims if len(dims) == len(shape) else None

    def static_shape(self) -> tuple[int, ...] | None:
        """Return the shape as integers, or None where a dim is symbolic or unknown."""
        shape = self.known_shape()
        if shape is None or not all(dim.is_constant for dim in shape):
            return None
        return tuple(dim.constant_value for dim in shape)

    def verify(self) -> None:
        """Check the element type, that static dims are not negative, and what they multiply to."""
        if self.data.dtype not in dtypes.DTYPES:
            raise VerifyException(f"!relax.tensor: {self.data.dtype} is no element type")
        elements = 1
        for dim in self.data.shape or ():
            if dim is None or not dim.is_constant:
                continue
            if (size := dim.constant_value) < 0:
                raise VerifyException(f"!relax.tensor: negative dim {dim}")
            elements *= size or 1
        if elements > MAX_ELEMENTS:
            raise VerifyException(
                f"!relax.tensor: {elements} elements; expected at most 2^60, which memory can hold"
            )

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> TensorInfo:
        """Parse `<[dims], dtype>` or `<*, dtype>`."""

        def dim() -> Dim:
            if parser.parse_optional_punctuation("?"):
                return None
            return parse_expr(parser, lambda: parse_symbol(parser))

        with parser.in_angle_brackets():
            shape: tuple[Dim, ...] | None = None
            if not parser.parse_optional_punctuation("*"):
                delimiter = parser.Delimiter.SQUARE
                shape = tuple(parser.parse_comma_separated_list(delimiter, dim))
            parser.parse_punctuation(",")
            return TensorInfo(shape, parser.parse_type())

    def print_parameter(self, printer: Printer) -> None:
        """Print what `parse_parameter` reads."""
        shape = self.data.shape
        dims = "*" if shape is None else ", ".join("?" if d is None else str(d) for d in shape)
        printer.print_string("<*, " if shape is None else f"<[{dims}], ")
        printer.print_attribute(self.data.dtype)
        printer.print_string(">")


@irdl_attr_definition
class ShapeType(Data[int | None], TypeAttribute):
    """A shape as a value: a run-time list of dims, `!relax.shape<2>`; `!relax.shape`: of any rank.

    Native code carries shapes whose rank is known.
    """

    name = "relax.shape"

    @staticmethod
    def of(rank: int | None = None) -> ShapeType:
        """Return the type of shapes of `rank` dims, or of any number of them."""
        return ShapeType(rank)

    @property
    def rank(self) -> int | None:
        """The number of dims, None where it is unknown."""
        return self.data

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> int | None:
        """Parse `<rank>` or nothing."""
        if not parser.parse_optional_punctuation("<"):
            return None
        rank = parser.parse_integer(allow_boolean=False, allow_negative=False)
        parser.parse_punctuation(">")
        return rank

    def print_parameter(self, printer: Printer) -> None:
        """Print what `parse_parameter` reads."""
        if self.data is not None:
            printer.print_string(f"<{self.data}>")


@irdl_attr_definition
class StringType(ParametrizedAttribute, TypeAttribute):
    """A text as a value: what functions of the host are told, or tell, in words."""

    name = "relax.string"


@irdl_attr_definition
class ObjectType(ParametrizedAttribute, TypeAttribute):
    """An opaque run-time value: a closure, a sequence, a state."""

    name = "relax.object"
