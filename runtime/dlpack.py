"""DLPack: memory of other libraries in, our memory out, without a copy.

A capsule that we make is deleted by native code, so that a consumer may drop it from any
thread. It keeps the tensor's owner alive until then.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .device import cpu
from .dtype import DType, from_dlpack
from .errors import ArgumentError, DTypeError
from .native_library import DLTensorStruct, ManagedTensorStruct, native

if TYPE_CHECKING:
    from typing_extensions import CapsuleType

VERSION = (1, 1)
"""Of the DLPack structures that we read and write."""

_FLAG_READ_ONLY = 1
_FLAG_IS_COPIED = 2
_CPU_TYPE, _CPU_INDEX = cpu().dlpack
_FIRST_VERSIONED = (1, 0)
_FIRST_WITH_FLOAT8 = (1, 1)


@dataclass(frozen=True, slots=True)
class Memory:
    """A range of memory seen as a tensor: what DLPack exchanges."""

    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    """In elements; None when compact, row-major."""
    dtype: DType
    read_only: bool
    owner: object
    """Keeps the memory alive."""


class _Borrowed:
    """A managed tensor of another library; the last reference gives it back."""

    __slots__ = ("_delete", "managed", "versioned")

    def __init__(self, managed: int, versioned: bool) -> None:
        self.managed = managed
        self.versioned = versioned
        self._delete: Callable[[int, int], None] = native().managed_tensor_delete

    def __del__(self) -> None:
        self._delete(self.managed, self.versioned)


def export_memory(
    memory: Memory, max_version: tuple[int, int] | None, *, copied: bool = False
) -> CapsuleType:
    """Return a capsule over `memory`.

    Args:
        memory: what to export; its strides are given.
        max_version: the newest DLPack that the consumer reads; None before version 1.
        copied: whether the memory is a copy made for this consumer.

    Raises:
        BufferError: that version cannot say what the memory is.
    """
    version = (0, 0) if max_version is None else max_version
    versioned = version >= _FIRST_VERSIONED
    _check_exportable(memory, version)
    assert memory.strides is not None, "strides are written out for DLPack"
    extents = ctypes.c_int64 * len(memory.shape)
    tensor = DLTensorStruct(
        data=memory.address,
        device_type=_CPU_TYPE,
        device_id=_CPU_INDEX,
        ndim=len(memory.shape),
        code=memory.dtype.dlpack_code,
        bits=memory.dtype.bits,
        lanes=1,
        shape=extents(*memory.shape),
        strides=extents(*memory.strides),
    )
    flags = _FLAG_READ_ONLY * memory.read_only | _FLAG_IS_COPIED * copied
    return native().tensor_to_capsule(ctypes.byref(tensor), memory.owner, flags, versioned)


def _check_exportable(memory: Memory, version: tuple[int, int]) -> None:
    if memory.read_only and version < _FIRST_VERSIONED:
        raise BufferError(
            "Tensor.__dlpack__: DLPack before version 1.0 cannot say read-only; "
            "ask for max_version=(1, 0), or for copy=True"
        )
    if memory.dtype.bits < 8:
        raise BufferError(
            f"Tensor.__dlpack__: DLPack packs two {memory.dtype} in a byte, a Tensor one; "
            "exchange them as int8 or uint8"
        )
    is_float8 = memory.dtype.startswith("float8")
    if is_float8 and version < _FIRST_WITH_FLOAT8:
        raise BufferError(
            f"Tensor.__dlpack__: DLPack before version 1.1 has no {memory.dtype}; "
            "ask for max_version=(1, 1)"
        )


def import_memory(source: Any) -> Memory:
    """Return the memory of `source`, an object with `__dlpack__`, or a capsule.

    Raises:
        ArgumentError: it is not on the CPU, or its capsule was used before.
        DTypeError: it has no `__dlpack__`, or a data type that we lack.
        BufferError: its library cannot export it.
    """
    capsule = source if type(source).__name__ == "PyCapsule" else _capsule_of(source)
    versioned = ctypes.c_int32()
    managed = native().tensor_from_capsule(capsule, ctypes.byref(versioned))
    if managed is None:
        raise ArgumentError("from_dlpack: expected a capsule with an unused DLPack tensor")
    owner = _Borrowed(managed, bool(versioned.value))
    if not versioned.value:
        return _read(DLTensorStruct.from_address(managed), owner, read_only=False)
    struct = ManagedTensorStruct.from_address(managed)
    if struct.major != VERSION[0]:
        raise ArgumentError(
            f"from_dlpack: expected DLPack version {VERSION[0]}; found {struct.major}"
        )
    return _read(struct.dl_tensor, owner, read_only=bool(struct.flags & _FLAG_READ_ONLY))


def _capsule_of(source: Any) -> object:
    if not hasattr(source, "__dlpack__"):
        raise DTypeError(
            f"from_dlpack: expected an object with __dlpack__; found {type(source).__name__}"
        )
    if hasattr(source, "__dlpack_device__"):
        _check_device(*source.__dlpack_device__())
    try:
        return source.__dlpack__(max_version=VERSION)
    except TypeError:  # written before version 1: it does not know the argument
        return source.__dlpack__()


def _check_device(device_type: int, device_id: int) -> None:
    if device_type != _CPU_TYPE:
        raise ArgumentError(
            f"from_dlpack: expected memory of the CPU; found DLPack device "
            f"({int(device_type)}, {device_id}): copy the tensor to the CPU first"
        )


def _read(tensor: DLTensorStruct, owner: object, read_only: bool) -> Memory:
    _check_device(tensor.device_type, tensor.device_id)
    rank = tensor.ndim
    return Memory(
        address=(tensor.data or 0) + tensor.byte_offset,
        shape=tuple(tensor.shape[:rank]) if rank else (),
        strides=tuple(tensor.strides[:rank]) if rank and tensor.strides else None,
        dtype=from_dlpack(tensor.code, tensor.bits, tensor.lanes),
        read_only=read_only,
        owner=owner,
    )
