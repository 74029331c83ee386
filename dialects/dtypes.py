"""Element types: xDSL's builtin types on one side, NumPy's on the other.

A signless `i8..i64` is a signed number, `ui8..ui64` an unsigned one, `i1` a bool that takes one
byte in memory. `bf16` and the narrower floats need the package ml_dtypes on the NumPy side.
"""

from functools import cache

import numpy as np
from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    Float64Type,
    IndexType,
    IntegerType,
    Signedness,
    bf16,
    f16,
    f32,
    f64,
    i1,
    i8,
    i16,
    i32,
    i64,
)
from xdsl.ir import Attribute

ui8, ui16, ui32, ui64 = (IntegerType(w, Signedness.UNSIGNED) for w in (8, 16, 32, 64))
index = IndexType()

_NUMPY_NAMES: dict[Attribute, str] = {
    i1: "bool",
    i8: "int8",
    i16: "int16",
    i32: "int32",
    i64: "int64",
    ui8: "uint8",
    ui16: "uint16",
    ui32: "uint32",
    ui64: "uint64",
    f16: "float16",
    f32: "float32",
    f64: "float64",
    bf16: "bfloat16",
}
_BY_NAME = {name: dtype for dtype, name in _NUMPY_NAMES.items()}
DTYPES: tuple[Attribute, ...] = tuple(_NUMPY_NAMES)

_SIGNLESS: dict[Attribute, Attribute] = {ui8: i8, ui16: i16, ui32: i32, ui64: i64}
_UNSIGNED: frozenset[Attribute] = frozenset((i1, *_SIGNLESS))

AnyFloatType = Float16Type | Float32Type | Float64Type | BFloat16Type


def name_of(dtype: Attribute) -> str:
    """Return NumPy's name of `dtype`, such as "float32".

    Raises:
        NotImplementedError: the type is no element type of Tyrex.
    """
    name = _NUMPY_NAMES.get(dtype)
    if name is None:
        raise NotImplementedError(f"element type {dtype} is not supported; use one of {DTYPES}")
    return name


@cache
def to_numpy(dtype: Attribute) -> np.dtype[np.generic]:
    """Return the NumPy dtype of an element type (bf16 asks for package ml_dtypes)."""
    name = name_of(dtype)
    if name == "bfloat16":
        import ml_dtypes  # optional: only bf16 needs it

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def from_numpy(dtype: np.dtype[np.generic]) -> Attribute:
    """Return the element type of a NumPy dtype.

    Raises:
        NotImplementedError: strings, objects, complex numbers and the like.
    """
    found = _BY_NAME.get(dtype.name)
    if found is None:
        raise NotImplementedError(
            f"NumPy dtype {dtype} is not supported; use one of {sorted(_BY_NAME)}"
        )
    return found


def is_float(dtype: Attribute) -> bool:
    """Tell whether `dtype` is a floating-point type."""
    return isinstance(dtype, AnyFloatType)


def is_bool(dtype: Attribute) -> bool:
    """Tell whether `dtype` is the one-bit bool."""
    return isinstance(dtype, IntegerType) and dtype.bitwidth == 1


def is_integer(dtype: Attribute) -> bool:
    """Tell whether `dtype` is an integer wider than a bool, signed or not."""
    return isinstance(dtype, IntegerType) and dtype.bitwidth > 1


def is_unsigned(dtype: Attribute) -> bool:
    """Tell whether `dtype` holds no negative numbers (bool included)."""
    return dtype in _UNSIGNED


@cache
def size_bytes(dtype: Attribute) -> int:
    """Return the bytes one element takes in memory; a bool takes one."""
    match dtype:
        case IntegerType():
            return (dtype.bitwidth + 7) // 8
        case Float16Type() | BFloat16Type():
            return 2
        case Float32Type():
            return 4
        case Float64Type():
            return 8
        case _:
            raise NotImplementedError(f"element type {dtype} has no size")


@cache
def value_type(dtype: Attribute) -> Attribute:
    """Return the SSA type of one element: the same type, signless where it is an integer."""
    return _SIGNLESS.get(dtype, dtype)
