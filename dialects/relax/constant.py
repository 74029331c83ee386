"""Constants by reference: an attribute that holds a NumPy array and is equal by digest.

Cloning, comparing and printing IR never copy the data. Up to 64 elements print inline, more as
the digest; `ConstantFolder`s named to `register_folder` hold the arrays of printed modules.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
from xdsl.ir import Attribute, Data, Operation
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from .. import dtypes
from .types import TensorType

Array = npt.NDArray[Any]  # any element type: the attribute's dtype says which

INLINE_LIMIT = 64  # elements; more would hide the IR behind its weights
_BY_DIGEST: WeakValueDictionary[str, ConstantData] = WeakValueDictionary()
_FOLDERS: list[Path] = []


class ConstantData:
    """An array held by reference, its element type, and its digest once asked for."""

    def __init__(self, array: Array, dtype: Attribute) -> None:
        self.array = array
        self.dtype = dtype

    @cached_property
    def digest(self) -> str:
        """The first 32 hex digits of SHA-256 over element type, shape and bytes."""
        head = f"{dtypes.name_of(self.dtype)}{self.array.shape}".encode()
        hasher = hashlib.sha256(head)
        contiguous = np.ascontiguousarray(self.array)
        hasher.update(contiguous.reshape(-1).view(np.uint8).data)
        result = hasher.hexdigest()[:32]
        _BY_DIGEST[result] = self
        return result

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ConstantData):
            return NotImplemented
        if self.array is other.array and self.dtype == other.dtype:
            return True
        if self.array.shape != other.array.shape or self.dtype != other.dtype:
            return False
        return self.digest == other.digest

    def __hash__(self) -> int:
        # Shape and type alone: a hash must not cost a pass over all weights.
        return hash((self.array.shape, self.dtype))


@irdl_attr_definition
class ConstantAttr(Data[ConstantData]):
    """`#relax.constant<[2, 2], f32, [1.0, 2.0, 3.0, 4.0]>`, or `..., digest "..."` when large."""

    name = "relax.constant"

    @staticmethod
    def of(array: Array, dtype: Attribute | None = None) -> ConstantAttr:
        """Wrap `array` (not copied; do not change it afterwards)."""
        return ConstantAttr(ConstantData(array, dtype or dtypes.from_numpy(array.dtype)))

    @property
    def array(self) -> Array:
        """The elements."""
        return self.data.array

    @property
    def dtype(self) -> Attribute:
        """The element type."""
        return self.data.dtype

    @property
    def tensor_type(self) -> TensorType:
        """The type of the constant as a tensor."""
        return TensorType.of(self.data.array.shape, self.data.dtype)

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> ConstantData:
        """Parse `<[shape], dtype, [elements] | digest "hex">`."""
        with parser.in_angle_brackets():
            shape = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer)
            parser.parse_punctuation(",")
            dtype = parser.parse_type()
            parser.parse_punctuation(",")
            place = parser.pos
            if parser.parse_optional_keyword("digest"):
                return _find(parser, parser.parse_str_literal(), dtype, place)
            values = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, lambda: _parse_element(parser)
            )
        if len(values) != math.prod(shape):
            parser.raise_error(f"#relax.constant: {len(values)} elements for shape {shape}", place)
        return ConstantData(_array(parser, values, dtype, place).reshape(shape), dtype)

    def print_parameter(self, printer: Printer) -> None:
        """Print what `parse_parameter` reads."""
        array = self.data.array
        printer.print_string(f"<{list(array.shape)}, ")
        printer.print_attribute(self.data.dtype)
        if array.size <= INLINE_LIMIT and not _has_odd_nan(array):
            printer.print_string(
                ", [" + ", ".join(_format(v) for v in array.reshape(-1).tolist()) + "]>"
            )
        else:
            printer.print_string(f', digest "{self.data.digest}">')


def _has_odd_nan(array: Array) -> bool:
    """Tell whether text would lose a NaN's sign or payload."""
    if array.dtype.kind not in "fV" or array.dtype.itemsize == 1:
        return False
    nans = array[np.isnan(array)]
    return nans.size > 0 and nans.tobytes() != np.full_like(nans, np.nan).tobytes()


def _format(value: bool | int | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    number = float(value)
    if math.isfinite(number):
        text = repr(number)
        mantissa, mark, exponent = text.partition("e")
        # The lexer of MLIR wants a point in every float.
        return text if "." in mantissa else f"{mantissa}.0{mark}{exponent}"
    return repr(number)


def _parse_element(parser: AttrParser) -> float | int | bool:
    negative = parser.parse_optional_punctuation("-") is not None
    for word, number in (("nan", math.nan), ("inf", math.inf)):
        if parser.parse_optional_keyword(word):
            return -number if negative else number
    boolean = parser.parse_optional_boolean()
    if boolean is not None:
        return boolean
    value = parser.parse_number()
    return -value if negative else value


def _array(
    parser: AttrParser, values: list[float | int | bool], dtype: Attribute, place: int
) -> Array:
    """Return the elements of a constant, spelled at `place`."""
    numpy_type = dtypes.to_numpy(dtype)
    wrong = [v for v in values if isinstance(v, float)] if numpy_type.kind in "iub" else []
    try:
        if not wrong:
            return np.array(values, numpy_type)
    except OverflowError:
        bits, signed = 8 * numpy_type.itemsize, numpy_type.kind == "i"
        high = 2 ** (bits - signed) - 1
        wrong = [v for v in values if not -high * signed - signed <= v <= high]
    parser.raise_error(f"#relax.constant: {wrong[0]} is no {dtypes.name_of(dtype)}", place)


def _find(parser: AttrParser, digest: str, dtype: Attribute, place: int) -> ConstantData:
    known = _BY_DIGEST.get(digest)
    if known is not None:
        return known
    for folder in _FOLDERS:
        path = folder / f"{digest}.npy"
        if path.is_file():
            raw = np.load(path, mmap_mode="r", allow_pickle=False)
            data = ConstantData(raw.view(dtypes.to_numpy(dtype)), dtype)
            if data.digest != digest:
                message = f"#relax.constant: {path} does not have the digest of its name"
                parser.raise_error(message, place)
            return data
    parser.raise_error(
        f"#relax.constant: no array with digest {digest}; its file {digest}.npy is looked for in "
        f"{[str(folder) for folder in _FOLDERS] or 'no folder'}",
        place,
    )


def register_folder(folder: Path) -> None:
    """Look for the arrays of large constants in `folder` too, as `<digest>.npy`."""
    if folder not in _FOLDERS:
        _FOLDERS.append(folder)


def save_constants(module: Operation, folder: Path) -> None:
    """Write the arrays that `module` prints by digest to `folder`, one `.npy` each.

    The folder is made where there are any; arrays that it has already are not written again.
    """
    for attr in _constants(module):
        path = folder / f"{attr.data.digest}.npy"
        if path.exists():
            continue
        if attr.array.size > INLINE_LIMIT or _has_odd_nan(attr.array):
            plain = np.ascontiguousarray(attr.array)
            if plain.dtype.kind == "V":  # ml_dtypes: NumPy's format knows no bfloat16
                plain = plain.view(f"uint{8 * plain.dtype.itemsize}")
            folder.mkdir(parents=True, exist_ok=True)
            np.save(path, plain, allow_pickle=False)


def _constants(module: Operation) -> Iterable[ConstantAttr]:
    for op in module.walk():
        for attr in op.properties.values():
            if isinstance(attr, ConstantAttr):
                yield attr
