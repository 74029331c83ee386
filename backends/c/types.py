"""What values and elements are in C: types, literals, names.

Integers are unsigned (`uint32_t` holds an i32), so that they wrap; an operation that reads a sign
casts. A half-precision number is a `float` that holds one, and 16 bits in memory. An index is an
`int64_t`, a bool a `bool`, and a byte in memory.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass

from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    Float64Type,
    IndexType,
    IntegerType,
)
from xdsl.ir import Attribute

from ...dialects import dtypes

_NO_NAME = re.compile(r"\W", re.ASCII)
_SHORT = 8
"""Characters up to which a number is written in decimal."""


@dataclass(frozen=True)
class Expr:
    """An expression of C without side effects."""

    text: str
    atomic: bool = False
    """It binds as tightly as a name: no parentheses are needed around it."""
    reads: bool = False
    """It reads memory, so that it may not move across a store."""

    @property
    def arg(self) -> str:
        """The text, as an operand of any operator."""
        return self.text if self.atomic else f"({self.text})"


def is_half(value_type: Attribute) -> bool:
    """Tell whether values of a type are rounded after each operation."""
    return isinstance(value_type, Float16Type | BFloat16Type)


def half_name(value_type: Attribute) -> str:
    """Return the name of a half-precision type, as helpers have it."""
    return "f16" if isinstance(value_type, Float16Type) else "bf16"


def width(value_type: Attribute) -> int:
    """Return the bits of an integer or an index."""
    if isinstance(value_type, IndexType):
        return 64
    assert isinstance(value_type, IntegerType), value_type
    return value_type.bitwidth


def c_type(value_type: Attribute) -> str:
    """Return the type of a value.

    Raises:
        NotImplementedError: C has none.
    """
    match value_type:
        case IndexType():
            return "int64_t"
        case IntegerType():
            return "bool" if value_type.bitwidth == 1 else f"uint{value_type.bitwidth}_t"
        case Float16Type() | BFloat16Type() | Float32Type():
            return "float"
        case Float64Type():
            return "double"
        case _:
            raise NotImplementedError(f"C export: a value of type {value_type}")


def element_type(dtype: Attribute) -> str:
    """Return the type of an element in memory."""
    value_type = dtypes.value_type(dtype)
    if dtypes.is_bool(value_type):
        return "uint8_t"
    return "uint16_t" if is_half(value_type) else c_type(value_type)


def integer(value: int, value_type: Attribute) -> Expr:
    """Return an integer's literal, of the value's own type."""
    if isinstance(value_type, IndexType):
        least = value == -(1 << 63)  # which no literal of C is
        return Expr("INT64_MIN" if least else f"INT64_C({value})", atomic=True)
    bits = width(value_type)
    number = value & ((1 << bits) - 1)
    match bits:
        case 1:
            return Expr("true" if number else "false", atomic=True)
        case 32:
            return Expr(f"{number}u", atomic=True)
        case 64:
            return Expr(f"UINT64_C({number})", atomic=True)
        case _:
            return Expr(f"(uint{bits}_t){number}")


def real(value: float, value_type: Attribute) -> Expr:
    """Return a floating-point number's literal, exact: in decimal where that is short."""
    suffix = "" if isinstance(value_type, Float64Type) else "f"
    number = rounded(value, value_type)
    if math.isnan(number):
        return Expr("NAN", atomic=True)
    if math.isinf(number):
        return Expr("INFINITY", atomic=True) if number > 0 else Expr("-INFINITY")
    text = repr(number)
    if len(text) > _SHORT:
        mantissa, _, exponent = number.hex().partition("p")
        text = f"{mantissa.rstrip('0').rstrip('.')}p{exponent}"
    return Expr(f"{text}{suffix}", atomic=not text.startswith("-"))


def rounded(value: float, value_type: Attribute) -> float:
    """Return a number as a type holds it."""
    match value_type:
        case Float64Type():
            return value
        case Float32Type():
            return _through("<f", value)
        case Float16Type():
            return _through("<e", value)
        case _:
            return _to_bf16(_through("<f", value))


def _through(layout: str, value: float) -> float:
    try:
        return struct.unpack(layout, struct.pack(layout, value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def _to_bf16(value: float) -> float:
    if not math.isfinite(value):
        return value
    (bits,) = struct.unpack("<I", struct.pack("<f", value))
    high = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return struct.unpack("<f", struct.pack("<I", high))[0]


def identifier(hint: str | None, default: str) -> str:
    """Return what a name may begin with; other characters than C's become underscores."""
    name = _NO_NAME.sub("_", hint or "").strip("_") or default
    return f"{default}{name}" if name[0].isdigit() else name


class NameTable:
    """Names that differ."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def new(self, hint: str | None, default: str) -> str:
        """Return a name that was not given before: a hint and a number, so never a word of C."""
        stem = identifier(hint, default)
        count = self._counts.get(stem, 0)
        self._counts[stem] = count + 1
        return f"{stem}_{count}"


def comment(text: str) -> str:
    """Return text that a user chose as it may stand in a comment: ASCII, on one line."""
    plain = text.encode("ascii", "backslashreplace").decode()
    plain = plain.replace("*/", "* /").replace("/*", "/ *").replace("\n", " ").replace("\r", " ")
    return plain.replace("??/", "?? /").replace("\\", "/")
