"""TensorProto to NumPy: raw bytes are shared, data in other files is memory-mapped."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import cast

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from xdsl.dialects.builtin import LocationAttr
from xdsl.ir import Attribute

from ...dialects import dtypes
from .errors import ModelError
from .values import Array
from .wire import OWN_FILE

_NUMPY_NAMES = {
    TensorProto.BOOL: "bool",
    TensorProto.INT8: "int8",
    TensorProto.INT16: "int16",
    TensorProto.INT32: "int32",
    TensorProto.INT64: "int64",
    TensorProto.UINT8: "uint8",
    TensorProto.UINT16: "uint16",
    TensorProto.UINT32: "uint32",
    TensorProto.UINT64: "uint64",
    TensorProto.FLOAT16: "float16",
    TensorProto.FLOAT: "float32",
    TensorProto.DOUBLE: "float64",
    TensorProto.BFLOAT16: "bfloat16",
}
_BY_NUMPY_NAME = {name: code for code, name in _NUMPY_NAMES.items()}
_WIDENED = {
    TensorProto.INT2: "int8",
    TensorProto.UINT2: "uint8",
    TensorProto.INT4: "int8",
    TensorProto.UINT4: "uint8",
    TensorProto.FLOAT4E2M1: "float32",
    TensorProto.FLOAT8E4M3FN: "float32",
    TensorProto.FLOAT8E4M3FNUZ: "float32",
    TensorProto.FLOAT8E5M2: "float32",
    TensorProto.FLOAT8E5M2FNUZ: "float32",
}
"""Types that weights may be stored in, and the type that holds the same numbers here."""

_BITS_IN_INT32 = {"float16": np.uint16, "bfloat16": np.uint16}


def type_name(code: int) -> str:
    """Return ONNX's name of an element type, such as FLOAT."""
    try:
        return TensorProto.DataType.Name(cast(TensorProto.DataType, code))
    except ValueError:
        return f"number {code}"


def is_supported(code: int) -> bool:
    """Tell whether Tyrex has the element type."""
    return code in _NUMPY_NAMES


def is_widened(code: int) -> bool:
    """Tell whether weights of the type can be read, as numbers of a wider one."""
    return code in _WIDENED


def element_type(code: int, where: LocationAttr) -> Attribute:
    """Return the element type of `relax` for ONNX's `code`.

    Raises:
        ModelError: strings, complex numbers, 4- and 8-bit floats.
    """
    return dtypes.from_numpy(_numpy_type(code, where))


def type_code(dtype: Attribute) -> int:
    """Return ONNX's code of an element type of `relax`."""
    return _BY_NUMPY_NAME[dtypes.name_of(dtype)]


def _numpy_type(code: int, where: LocationAttr) -> np.dtype[np.generic]:
    name = _NUMPY_NAMES.get(cast(TensorProto.DataType, code))
    if name is None:
        raise ModelError(
            where,
            f"element type {type_name(code)} is not supported; Tyrex has "
            + ", ".join(type_name(known) for known in _NUMPY_NAMES),
        )
    if name == "bfloat16":
        try:
            import ml_dtypes  # optional: only bf16 needs it
        except ImportError as error:
            raise ModelError(
                where, "bfloat16 needs package ml_dtypes", hint="pip install ml_dtypes"
            ) from error
        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


class TensorReader:
    """Arrays of the tensors of the model in the file `model`, or of one that has no file.

    It remembers the files beside the model that it has mapped. The model's own file is read, not
    mapped: whoever exports the model again overwrites it.
    """

    def __init__(self, model: Path | None) -> None:
        self._model = model
        self._folder = None if model is None else model.parent
        self._files: dict[Path, Array] = {}

    def read(self, tensor: TensorProto, where: LocationAttr) -> Array:
        """Return the elements, read-only; external data is mapped, raw bytes are shared.

        Raises:
            ModelError: an unsupported type, a wrong number of elements, external data that is
                missing, too short or outside the model's folder.
        """
        wide = _WIDENED.get(cast(TensorProto.DataType, tensor.data_type))
        if wide is not None:
            return self._narrow(tensor, where).astype(wide)
        dtype = _numpy_type(tensor.data_type, where)
        shape = tuple(tensor.dims)
        if any(dim < 0 for dim in shape):
            raise ModelError(where, f"tensor {tensor.name!r} has shape {shape}: a negative dim")
        if tensor.data_location == TensorProto.EXTERNAL:
            return self._external(tensor, dtype, shape, where)
        if tensor.HasField("raw_data"):
            raw = tensor.raw_data
            _check_size(tensor.name, len(raw), dtype, shape, where)
            return np.frombuffer(raw, _little(dtype)).reshape(shape)
        return _typed(tensor, dtype, shape, where)

    def _narrow(self, tensor: TensorProto, where: LocationAttr) -> Array:
        """Return a tensor of 2, 4 or 8 bits an element, in a type of package ml_dtypes."""
        if tensor.data_location == TensorProto.EXTERNAL:
            inline = TensorProto()
            inline.CopyFrom(tensor)
            inline.data_location = TensorProto.DEFAULT
            del inline.external_data[:]
            inline.raw_data = self._bytes(tensor, None, where).tobytes()
            tensor = inline
        try:
            return numpy_helper.to_array(tensor)
        except ValueError as error:
            raise ModelError(where, f"tensor {tensor.name!r} is damaged: {error}") from error

    def _external(
        self,
        tensor: TensorProto,
        dtype: np.dtype[np.generic],
        shape: tuple[int, ...],
        where: LocationAttr,
    ) -> Array:
        data = self._bytes(tensor, prod(shape) * dtype.itemsize, where)
        _check_size(tensor.name, data.size, dtype, shape, where)
        array = data.view(_little(dtype)).reshape(shape)
        return array if array.flags.aligned else array.copy()

    def _bytes(self, tensor: TensorProto, expected: int | None, where: LocationAttr) -> Array:
        """Return a tensor's part of its file; `expected` bytes where the model says no length."""
        entries = {entry.key: entry.value for entry in tensor.external_data}
        if self._model is not None and entries.get("location") == OWN_FILE:
            return self._own_bytes(self._model, entries, where)
        data = self._map(self._path(tensor.name, entries.get("location", ""), where), where)
        offset = _number(tensor.name, entries, "offset", 0, where)
        rest = max(data.size - offset, 0) if expected is None else expected
        length = _number(tensor.name, entries, "length", rest, where)
        if offset + length > data.size:
            raise ModelError(
                where,
                f"tensor {tensor.name!r} lies at bytes {offset}..{offset + length} of "
                f"{entries['location']!r}, which has {data.size}",
                hint="the data file is cut off or belongs to another model",
            )
        return data[offset : offset + length]

    def _own_bytes(self, model: Path, entries: dict[str, str], where: LocationAttr) -> Array:
        """Return a part of the model's own file."""
        offset = _number(OWN_FILE, entries, "offset", 0, where)
        length = _number(OWN_FILE, entries, "length", 0, where)
        try:
            data = np.fromfile(model, np.uint8, length, offset=offset)
        except OSError as error:
            raise ModelError(where, f"cannot read the weights: {error.strerror}") from error
        if data.size != length:
            raise ModelError(
                where, f"the file has become shorter while it was read: {str(model)!r}"
            )
        return data

    def _path(self, name: str, location: str, where: LocationAttr) -> Path:
        if self._folder is None:
            raise ModelError(
                where,
                f"the data of tensor {name!r} is in the file {location!r}, and the model's folder "
                "is not known",
                hint="give the model's path, or load it with onnx.load(..., "
                "load_external_data=True)",
            )
        folder = self._folder.resolve()
        path = (folder / location).resolve()
        if not location or Path(location).is_absolute() or not path.is_relative_to(folder):
            raise ModelError(
                where,
                f"tensor {name!r} wants its data from {location!r}, which is not a relative path "
                "inside the model's folder",
                hint="data files must lie beside the model; links out of its folder are refused",
            )
        return path

    def _map(self, path: Path, where: LocationAttr) -> Array:
        known = self._files.get(path)
        if known is not None:
            return known
        try:
            empty = path.stat().st_size == 0
            data: Array = np.zeros(0, np.uint8) if empty else np.memmap(path, np.uint8, mode="r")
        except OSError as error:
            raise ModelError(
                where,
                f"cannot read the external data {str(path)!r}: {error.strerror}",
                hint="put the data file beside the model",
            ) from error
        self._files[path] = data
        return data


def _number(name: str, entries: dict[str, str], key: str, default: int, where: LocationAttr) -> int:
    text = entries.get(key, str(default))
    if not text.isascii() or not text.isdigit():
        raise ModelError(where, f"tensor {name!r}: external {key} is {text!r}, expected a number")
    return int(text)


def _check_size(
    name: str,
    found: int,
    dtype: np.dtype[np.generic],
    shape: tuple[int, ...],
    where: LocationAttr,
) -> None:
    expected = prod(shape) * dtype.itemsize
    if found != expected:
        raise ModelError(
            where,
            f"tensor {name!r} has {found} bytes; its shape {list(shape)} and type {dtype.name} "
            f"need {expected}",
            hint="the model is damaged; export it again",
        )


def _little(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    return dtype if dtype.itemsize == 1 or dtype.kind == "V" else dtype.newbyteorder("<")


def _typed(
    tensor: TensorProto,
    dtype: np.dtype[np.generic],
    shape: tuple[int, ...],
    where: LocationAttr,
) -> Array:
    """Return the elements of the field that the type uses (onnx.proto, TensorProto)."""
    items: Iterable[float]
    match dtype.name:
        case "float32":
            items = tensor.float_data
        case "float64":
            items = tensor.double_data
        case "int64":
            items = tensor.int64_data
        case "uint32" | "uint64":
            items = tensor.uint64_data
        case _:
            items = tensor.int32_data
    bits = _BITS_IN_INT32.get(dtype.name)
    wide = list(items)
    if len(wide) != prod(shape):
        raise ModelError(
            where,
            f"tensor {tensor.name!r} has {len(wide)} elements; its shape {list(shape)} needs "
            f"{prod(shape)}",
            hint="the model is damaged; export it again",
        )
    if bits is not None:
        return np.array(wide, np.int64).astype(bits).view(dtype).reshape(shape)
    if dtype.kind in "iub" and dtype.itemsize < 4:
        return np.array(wide, np.int64).astype(dtype).reshape(shape)
    return np.array(wide, dtype).reshape(shape)


def read_sparse(reader: TensorReader, sparse: onnx.SparseTensorProto, where: LocationAttr) -> Array:
    """Return a sparse tensor as a dense array.

    Raises:
        ModelError: indices outside the shape, or more or fewer than values.
    """
    values = reader.read(sparse.values, where)
    indices = reader.read(sparse.indices, where)
    shape = tuple(sparse.dims)
    dense = np.zeros(shape, values.dtype)
    flat = indices if indices.ndim == 1 else np.ravel_multi_index(tuple(indices.T), shape, "clip")
    if flat.shape != values.shape or np.any((flat < 0) | (flat >= dense.size)):
        raise ModelError(
            where, f"sparse tensor {sparse.values.name!r}: its indices do not fit {list(shape)}"
        )
    dense.reshape(-1)[flat] = values
    return dense
