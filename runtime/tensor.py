"""`Tensor`: typed, shaped memory on the CPU, shared with other libraries without a copy.

A tensor is an address, a shape, strides and a data type, and holds a reference to whoever
owns the memory: a block of an allocator, a NumPy array, a tensor of another library. It
computes nothing; `numpy()` and DLPack lead to the libraries that do.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable
from operator import index
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from .device import Device, cpu
from .dlpack import Memory, export_memory, import_memory
from .dtype import DType, as_dtype, from_numpy
from .errors import ArgumentError, BoundsError, DTypeError, ShapeError
from .memory import Allocator, default_allocator

if TYPE_CHECKING:
    from typing_extensions import CapsuleType

_MAX_PRINTED_ELEMENTS = 20


class Tensor:
    """Typed, shaped memory. Compact and row-major, unless it was imported otherwise."""

    __slots__ = ("__weakref__", "_strides", "data", "dtype", "owner", "read_only", "shape")

    data: int
    """The address of the first element."""
    shape: tuple[int, ...]
    dtype: DType
    owner: object
    """Keeps the memory alive."""
    read_only: bool

    def __init__(
        self,
        data: int,
        shape: tuple[int, ...],
        dtype: DType,
        owner: object,
        strides: tuple[int, ...] | None = None,
        read_only: bool = False,
    ) -> None:
        """Describe memory that is there; nothing is checked. Others use `Tensor.empty`.

        Args:
            data: the address of the first element.
            shape: of the tensor.
            dtype: of the elements.
            owner: keeps the memory alive.
            strides: in elements; None when compact, row-major.
            read_only: whether nobody may write through this tensor.
        """
        self.data = data
        self.shape = shape
        self.dtype = dtype
        self.owner = owner
        self.read_only = read_only
        self._strides = strides

    # ---- making one --------------------------------------------------------------

    @staticmethod
    def empty(
        shape: Iterable[SupportsIndex], dtype: DType | str, allocator: Allocator | None = None
    ) -> Tensor:
        """Return a new tensor in 64-byte aligned memory; its contents are undefined.

        Raises:
            ArgumentError: a dimension is negative.
            OutOfMemoryError: the system has no memory left.
        """
        kind = dtype if isinstance(dtype, DType) else DType(dtype)
        sizes = _check_shape(shape, "Tensor.empty")
        source = default_allocator() if allocator is None else allocator
        block = source.allocate(math.prod(sizes) * kind.size_bytes)
        return Tensor(block.address, sizes, kind, block)

    @staticmethod
    def from_numpy(array: npt.NDArray[Any]) -> Tensor:
        """Return a tensor over the memory of `array`, read-only when the array is.

        An array whose strides are no multiples of its element, such as a field of a
        structured array, is copied.

        Raises:
            DTypeError: there is no data type for its elements, or their bytes are swapped.
        """
        dtype = from_numpy(array.dtype)
        if array.flags.c_contiguous:
            strides = None
        elif any(stride % dtype.size_bytes for stride in array.strides):
            return Tensor.from_numpy(np.ascontiguousarray(array))
        else:
            strides = tuple(stride // dtype.size_bytes for stride in array.strides)
        address, read_only = array.__array_interface__["data"]
        return Tensor(address, array.shape, dtype, array, strides, read_only)

    @staticmethod
    def from_dlpack(source: Any) -> Tensor:
        """Return a tensor over the memory of `source`, an object with `__dlpack__`.

        Raises:
            ArgumentError: it is not on the CPU.
            DTypeError: it has no `__dlpack__`, or a data type that we lack.
            BufferError: its library cannot export it.
        """
        memory = import_memory(source)
        if memory.address == 0:  # allowed for tensors without elements
            return Tensor.empty(memory.shape, memory.dtype)
        strides = memory.strides
        if strides is not None and _is_compact(memory.shape, strides):
            strides = None
        return Tensor(
            memory.address, memory.shape, memory.dtype, memory.owner, strides, memory.read_only
        )

    # ---- what it is --------------------------------------------------------------

    @property
    def device(self) -> Device:
        """The device whose memory it is."""
        return cpu()

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def num_elements(self) -> int:
        """The product of the shape."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """The bytes of the elements."""
        return math.prod(self.shape) * self.dtype.size_bytes

    @property
    def strides(self) -> tuple[int, ...]:
        """How many elements one step in each dimension is, as in DLPack."""
        return _compact_strides(self.shape) if self._strides is None else self._strides

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements lie compact, in row-major order."""
        return self._strides is None

    # ---- others of the same memory -----------------------------------------------

    def view(
        self, shape: Iterable[SupportsIndex], dtype: DType | str | None = None, byte_offset: int = 0
    ) -> Tensor:
        """Return a tensor over a part of this one's memory; the memory lives as long.

        Args:
            shape: of the view.
            dtype: of the view; this tensor's when None.
            byte_offset: from this tensor's first byte; a multiple of the view's element.

        Raises:
            ArgumentError: this tensor is not contiguous, or the offset is misaligned.
            BoundsError: the view does not lie within this tensor.
        """
        kind = self.dtype if dtype is None else DType(dtype)
        sizes = _check_shape(shape, "Tensor.view")
        if self._strides is not None:
            raise ArgumentError("Tensor.view: the tensor is not contiguous; view its contiguous()")
        end = byte_offset + math.prod(sizes) * kind.size_bytes
        if byte_offset < 0 or end > self.nbytes:
            raise BoundsError(
                f"Tensor.view: expected bytes within 0..{self.nbytes}; "
                f"found {byte_offset}..{end} for shape {sizes} of {kind}"
            )
        if (self.data + byte_offset) % kind.size_bytes:
            raise ArgumentError(
                f"Tensor.view: expected an offset that aligns {kind} to {kind.size_bytes} bytes; "
                f"found {byte_offset}"
            )
        return Tensor(self.data + byte_offset, sizes, kind, self.owner, None, self.read_only)

    @property
    def is_compact(self) -> bool:
        """Whether kernels take it as it is: compact by construction, aligned to its elements."""
        return self._strides is None and self.data % self.dtype.size_bytes == 0

    def contiguous(self, align_bytes: int | None = None) -> Tensor:
        """Return this tensor if it is contiguous and aligned, else a copy that is.

        Args:
            align_bytes: what the address must be a multiple of, at most 64; the element's
                size when None.
        """
        align = self.dtype.size_bytes if align_bytes is None else align_bytes
        return self if self._strides is None and self.data % align == 0 else self.copy()

    def copy(self, allocator: Allocator | None = None) -> Tensor:
        """Return a contiguous, writable copy in new memory."""
        result = Tensor.empty(self.shape, self.dtype, allocator)
        result.copyfrom(self)
        return result

    def copyfrom(self, source: Any) -> Tensor:
        """Copy the elements of `source` into this tensor and return it; they may overlap.

        Args:
            source: a tensor, a NumPy array, or an object with `__dlpack__`.

        Raises:
            ShapeError: the shapes differ; nothing is broadcast.
            DTypeError: the data types differ; nothing is cast.
            ArgumentError: this tensor is read-only.
        """
        tensor = as_tensor(source)
        if self.read_only:
            raise ArgumentError("Tensor.copyfrom: the tensor is read-only")
        if tensor.shape != self.shape:
            raise ShapeError(f"Tensor.copyfrom: expected shape {self.shape}; found {tensor.shape}")
        if tensor.dtype != self.dtype:
            raise DTypeError(
                f"Tensor.copyfrom: expected {self.dtype}; found {tensor.dtype}: convert it first"
            )
        if self._strides is None and tensor._strides is None:
            ctypes.memmove(self.data, tensor.data, self.nbytes)
        else:
            np.copyto(_bits(self), _bits(tensor))
        return self

    # ---- to other libraries ------------------------------------------------------

    def numpy(self) -> npt.NDArray[Any]:
        """Return a NumPy array over the same memory.

        Raises:
            UnsupportedError: the type is one of `ml_dtypes`, which is not installed.
        """
        if self.dtype.is_extension:
            return _bits(self).view(self.dtype.to_numpy())
        return np.asarray(self)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        if self.dtype.is_extension:
            raise AttributeError("__array_interface__")  # NumPy asks __array__ then
        return _array_interface(self, self.dtype.to_numpy().str)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ArgumentError(f"Tensor.__array__: {self.dtype} as {dtype} needs a copy")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(
        self,
        *,
        stream: None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> CapsuleType:
        if stream is not None:
            raise ArgumentError(f"Tensor.__dlpack__: the CPU has no streams; found {stream!r}")
        if dl_device is not None and tuple(dl_device) != self.device.dlpack:
            raise BufferError(f"Tensor.__dlpack__: cannot export to DLPack device {dl_device}")
        if copy:
            return self.copy()._to_capsule(max_version, copied=True)
        return self._to_capsule(max_version, copied=False)

    def _to_capsule(self, max_version: tuple[int, int] | None, *, copied: bool) -> CapsuleType:
        memory = Memory(self.data, self.shape, self.strides, self.dtype, self.read_only, self.owner)
        return export_memory(memory, max_version, copied=copied)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device.dlpack

    # ---- to Python ---------------------------------------------------------------

    def item(self) -> Any:
        """Return the only element as a Python number.

        Raises:
            ShapeError: there are more elements, or none.
        """
        if self.num_elements != 1:
            raise ShapeError(f"Tensor.item: expected one element; found shape {self.shape}")
        return self.numpy().item()

    def tolist(self) -> Any:
        """Return the elements as nested lists; a Python number for rank 0."""
        return self.numpy().tolist()

    def __repr__(self) -> str:
        what = f"shape={self.shape}, dtype={self.dtype}"
        if self.read_only:
            what += ", read_only=True"
        if self.num_elements > _MAX_PRINTED_ELEMENTS or self.dtype.is_extension:
            return f"Tensor({what})"
        values = np.array2string(np.asarray(self), separator=", ", prefix="Tensor(")
        return f"Tensor({values}, {what})"


class _ArrayInterface:
    """What NumPy reads, and keeps alive as the base of its array."""

    __slots__ = ("__array_interface__", "owner")

    def __init__(self, tensor: Tensor, typestr: str) -> None:
        self.__array_interface__ = _array_interface(tensor, typestr)
        self.owner = tensor.owner


def _array_interface(tensor: Tensor, typestr: str) -> dict[str, Any]:
    interface = {
        "version": 3,
        "shape": tensor.shape,
        "typestr": typestr,
        "data": (tensor.data, tensor.read_only),
    }
    if not tensor.is_contiguous:
        size = tensor.dtype.size_bytes
        interface["strides"] = tuple(stride * size for stride in tensor.strides)
    return interface


def _bits(tensor: Tensor) -> npt.NDArray[Any]:
    """The elements as unsigned integers of their size: no type of NumPy's is needed."""
    return np.asarray(_ArrayInterface(tensor, f"u{tensor.dtype.size_bytes}"))


def _check_shape(shape: Iterable[SupportsIndex], place: str) -> tuple[int, ...]:
    sizes = tuple(map(index, shape))
    if any(size < 0 for size in sizes):
        raise ArgumentError(f"{place}: expected dimensions from 0; found shape {sizes}")
    return sizes


def _compact_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides: list[int] = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def _is_compact(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether the strides reach the elements in row-major order without gaps."""
    if 0 in shape:
        return True
    compact = _compact_strides(shape)
    return all(s == c or n == 1 for n, s, c in zip(shape, strides, compact, strict=True))


def as_tensor(
    value: Any, *, allow_scalars: bool = False, dtype: DType | str | None = None
) -> Tensor:
    """Return `value` as a tensor, without a copy where it has memory of its own.

    Args:
        value: a `Tensor`, a NumPy array, an object with `__dlpack__`; where
            `allow_scalars`, also a number, a NumPy scalar, or nested lists of numbers.
        allow_scalars: see `value`.
        dtype: of the tensor made from numbers; NumPy's choice when None. What has a data
            type of its own must have this one.

    Raises:
        DTypeError: `value` is none of these, or its data type is not `dtype`.
    """
    if isinstance(value, Tensor):
        tensor = value
    elif isinstance(value, np.ndarray):
        tensor = Tensor.from_numpy(value)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, bool | int | float | list | tuple | np.generic):
        return _from_numbers(value, allow_scalars, dtype)
    elif hasattr(value, "__dlpack__"):
        tensor = Tensor.from_dlpack(value)
    else:
        raise DTypeError(
            f"expected a Tensor, a NumPy array or an object with __dlpack__; "
            f"found {type(value).__name__}"
        )
    if dtype is not None and tensor.dtype != dtype:
        raise DTypeError(f"expected {dtype}; found {tensor.dtype}: convert it first")
    return tensor


def _from_numbers(value: Any, allowed: bool, dtype: DType | str | None) -> Tensor:
    if not allowed:
        raise DTypeError(
            f"expected a Tensor, a NumPy array or an object with __dlpack__; found a "
            f"{type(value).__name__}: wrap it with numpy.asarray(value, dtype)"
        )
    wanted = None if dtype is None else as_dtype(dtype).to_numpy()
    try:
        return Tensor.from_numpy(np.asarray(value, wanted))
    except (ValueError, OverflowError) as error:
        raise ArgumentError(f"as_tensor: cannot make a tensor of {value!r}: {error}") from None
