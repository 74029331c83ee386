"""Data types at run time: a name, and what NumPy and DLPack call it.

A `DType` is a string, its name: `tensor.dtype == "float32"`. bfloat16, the 8-bit floats and
the 4-bit integers are NumPy types of the package `ml_dtypes`; without it their tensors run,
travel through DLPack and have no NumPy array.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .errors import DTypeError, UnsupportedError

# DLPack's DLDataTypeCode.
_INT, _UINT, _FLOAT, _BFLOAT, _BOOL = 0, 1, 2, 4, 6
_FLOAT8_E4M3FN, _FLOAT8_E4M3FNUZ, _FLOAT8_E5M2, _FLOAT8_E5M2FNUZ = 10, 11, 12, 13


class DType(str):
    """A data type: its name, with sizes and codes. One object a name."""

    __slots__ = ("bits", "dlpack_code", "size_bytes")

    bits: int
    """Significant bits of one element."""
    size_bytes: int
    """Of one element in memory: 4-bit integers take one byte each."""
    dlpack_code: int
    """DLPack's type code."""

    def __new__(cls, name: str) -> DType:
        """Return the data type `name`."""
        found = _BY_NAME.get(name)
        if found is None:
            raise DTypeError(f"unknown data type {name!r}; use one of: {', '.join(_BY_NAME)}")
        return found

    def __reduce__(self) -> tuple[type[DType], tuple[str]]:
        return DType, (str(self),)

    @property
    def is_extension(self) -> bool:
        """Whether NumPy knows it through `ml_dtypes` only."""
        return self in _EXTENSIONS

    @property
    def is_packed_in_dlpack(self) -> bool:
        """Whether DLPack stores it more densely than we do, so that it cannot be shared."""
        return self.bits < 8

    def to_numpy(self) -> np.dtype[Any]:
        """Return the NumPy type.

        Raises:
            UnsupportedError: it is one of `ml_dtypes`, which is not installed.
        """
        return _to_numpy(self)


_BY_NAME: dict[str, DType] = {}
_BY_DLPACK: dict[tuple[int, int], DType] = {}


def _define(name: str, code: int, bits: int) -> DType:
    dtype = str.__new__(DType, name)
    dtype.bits = bits
    dtype.size_bytes = max(bits, 8) // 8
    dtype.dlpack_code = code
    _BY_NAME[name] = dtype
    if bits >= 8:
        _BY_DLPACK[code, bits] = dtype
    return dtype


BOOL = _define("bool", _BOOL, 8)
INT8 = _define("int8", _INT, 8)
INT16 = _define("int16", _INT, 16)
INT32 = _define("int32", _INT, 32)
INT64 = _define("int64", _INT, 64)
UINT8 = _define("uint8", _UINT, 8)
UINT16 = _define("uint16", _UINT, 16)
UINT32 = _define("uint32", _UINT, 32)
UINT64 = _define("uint64", _UINT, 64)
FLOAT16 = _define("float16", _FLOAT, 16)
FLOAT32 = _define("float32", _FLOAT, 32)
FLOAT64 = _define("float64", _FLOAT, 64)

_EXTENSIONS = frozenset(
    (
        _define("bfloat16", _BFLOAT, 16),
        _define("float8_e4m3fn", _FLOAT8_E4M3FN, 8),
        _define("float8_e4m3fnuz", _FLOAT8_E4M3FNUZ, 8),
        _define("float8_e5m2", _FLOAT8_E5M2, 8),
        _define("float8_e5m2fnuz", _FLOAT8_E5M2FNUZ, 8),
        _define("int4", _INT, 4),
        _define("uint4", _UINT, 4),
    )
)

BFLOAT16 = _BY_NAME["bfloat16"]
ALL = tuple(_BY_NAME.values())
"""Every data type."""


@functools.cache
def _to_numpy(dtype: DType) -> np.dtype[Any]:
    if not dtype.is_extension:
        return np.dtype(str(dtype))
    try:
        import ml_dtypes  # optional, and slow to import
    except ImportError:
        raise UnsupportedError(
            f"NumPy has no {dtype} of its own; install the package ml_dtypes"
        ) from None
    return np.dtype(getattr(ml_dtypes, dtype))


_FROM_NUMPY: dict[Any, DType] = {d.to_numpy(): d for d in ALL if not d.is_extension}


def from_numpy(dtype: np.dtype[Any]) -> DType:
    """Return the data type of the NumPy type `dtype`, which is in native byte order.

    Raises:
        DTypeError: there is none, or its bytes are swapped.
    """
    found = _FROM_NUMPY.get(dtype)
    return _find_numpy(dtype) if found is None else found


def _find_numpy(dtype: np.dtype[Any]) -> DType:
    if not dtype.isnative:
        raise DTypeError(
            f"found the byte-swapped NumPy type {dtype.str!r}; expected native byte order: "
            "convert with array.astype(array.dtype.newbyteorder('='))"
        )
    found = _BY_NAME.get(dtype.name)
    if found is None:
        raise DTypeError(f"no data type for the NumPy type {dtype}; use one of: {', '.join(ALL)}")
    if found.to_numpy() != dtype:
        raise DTypeError(f"found a NumPy type named {dtype} that is not the one of ml_dtypes")
    _FROM_NUMPY[dtype] = found
    return found


def from_dlpack(code: int, bits: int, lanes: int) -> DType:
    """Return the data type that DLPack writes as (`code`, `bits`, `lanes`).

    Raises:
        DTypeError: there is none.
    """
    found = _BY_DLPACK.get((code, bits)) if lanes == 1 else None
    if found is None:
        raise DTypeError(
            f"no data type for DLPack's code {code} with {bits} bits and {lanes} lanes"
        )
    return found


def as_dtype(value: object) -> DType:
    """Return the data type that `value` names: a name, a NumPy type, or a NumPy class.

    Raises:
        DTypeError: it names none.
    """
    if isinstance(value, str):
        return DType(value)
    try:
        return from_numpy(np.dtype(value))  # pyright: ignore[reportCallIssue, reportArgumentType]
    except TypeError as error:
        if isinstance(error, DTypeError):
            raise
        raise DTypeError(f"expected a data type; found {value!r}") from None
