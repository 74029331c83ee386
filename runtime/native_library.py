"""The native half of the runtime (`native/*.c`), loaded once, with typed functions.

The library is what `pip install` builds beside this file: a module of Python, whose `Caller`
(native/call.c) runs programs, and at once a shared object whose other functions ctypes calls.

Functions that run kernels, wait, or give much memory back release the GIL; the others are
so short that releasing it would cost more than they do.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_uint32, c_uint64, c_void_p, py_object
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .errors import LoadError, from_native

if TYPE_CHECKING:
    from typing_extensions import CapsuleType

    from ._native import Caller

ABI_VERSION = 2
"""TYREX_ABI_VERSION of `native/tyrex.h`."""

ALIGN_BYTES = 64
"""TYREX_ALIGN_BYTES: every block that the runtime hands out starts at a multiple of it."""

_MODULE = "tyrex.runtime._native"
_BUILD_HINT = "build it with `pip install .` (or `pip install -e .`) from the sources"


class ArenaStatsStruct(ctypes.Structure):
    """`tyrex_arena_stats`."""

    _fields_ = (
        ("capacity_bytes", c_uint64),
        ("used_bytes", c_uint64),
        ("peak_bytes", c_uint64),
        ("num_grows", c_uint64),
    )
    capacity_bytes: int
    used_bytes: int
    peak_bytes: int
    num_grows: int


class DLTensorStruct(ctypes.Structure):
    """`DLTensor`; the data type is (code, bits, lanes), strides count elements."""

    _fields_ = (
        ("data", c_void_p),
        ("device_type", c_int32),
        ("device_id", c_int32),
        ("ndim", c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", POINTER(c_int64)),
        ("strides", POINTER(c_int64)),
        ("byte_offset", c_uint64),
    )
    data: int | None
    device_type: int
    device_id: int
    ndim: int
    code: int
    bits: int
    lanes: int
    shape: Any  # a pointer: ctypes' own types are invisible to a type checker
    strides: Any
    byte_offset: int


INTERRUPTED = 9
"""TYREX_ERROR_INTERRUPTED: a signal's handler ended the run."""


class ManagedTensorStruct(ctypes.Structure):
    """`DLManagedTensorVersioned`; the unversioned one is a `DLTensor` at offset 0."""

    _fields_ = (
        ("major", c_uint32),
        ("minor", c_uint32),
        ("manager_ctx", c_void_p),
        ("deleter", c_void_p),
        ("flags", c_uint64),
        ("dl_tensor", DLTensorStruct),
    )
    major: int
    minor: int
    flags: int
    dl_tensor: DLTensorStruct


@dataclass(frozen=True)
class NativeLibrary:
    """The functions of `native/tyrex.h`; addresses are ints, a null pointer is None."""

    path: str
    call: Callable[[int, int], int]
    call_all: Callable[[int, int, int], int]
    parallel_for: Callable[[int, Any, int | None, int], int]
    pool_num_workers: Callable[[], int]
    pool_shutdown: Callable[[], None]
    context_create: Callable[[int], int | None]
    context_destroy: Callable[[int], None]
    memory_allocate: Callable[[int], int | None]
    memory_free: Callable[[int], None]
    memory_fail_after: Callable[[int], None]
    arena_create: Callable[[], int | None]
    arena_destroy: Callable[[int], None]
    arena_allocate: Callable[[int, int], int | None]
    arena_reset: Callable[[int], int]
    arena_trim: Callable[[int], None]
    arena_get_stats: Callable[[int, Any], None]
    error_code: Callable[[], int]
    error_message: Callable[[], bytes]
    error_set: Callable[[int, bytes], None]
    error_clear: Callable[[], None]
    tensor_to_capsule: Callable[[Any, object, int, int], CapsuleType]
    tensor_from_capsule: Callable[[object, Any], int | None]
    managed_tensor_delete: Callable[[int, int], None]
    missing_feature: Callable[[int], bytes | None]
    checksum: Callable[[int, int], int]
    weights_map: Callable[[int, int, int, int], int]
    set_poll: Callable[[int | None], None]
    watch_signals: Callable[[int], None]
    take_interrupt: Callable[[], BaseException | None]

    def error(self, place: str, code: int | None = None) -> BaseException:
        """Return this thread's error as an exception, to be raised by the caller.

        Args:
            place: who failed.
            code: what the native function returned, where it returns one.
        """
        message = self.error_message().decode("utf-8", "replace")
        return self.exception(self.error_code() if code is None else code, message, place)

    def exception(self, code: int, message: str, place: str) -> BaseException:
        """Return the exception for an error code; where a signal ended the run, its handler's."""
        if code == INTERRUPTED and (raised := self.take_interrupt()) is not None:
            return raised
        return from_native(code, message, place)


# name: (releases the GIL, result, arguments)
_PROTOTYPES: dict[str, tuple[bool, Any, tuple[Any, ...]]] = {
    "call": (True, c_int32, (c_void_p, c_void_p)),
    "call_all": (True, c_int32, (c_void_p, c_uint64, c_void_p)),
    "parallel_for": (True, c_int32, (c_void_p, c_void_p, c_void_p, c_int64)),
    "pool_num_workers": (False, c_uint32, ()),
    "pool_shutdown": (True, None, ()),
    "context_create": (False, c_void_p, (c_uint32,)),
    "context_destroy": (True, None, (c_void_p,)),
    "memory_allocate": (False, c_void_p, (c_uint64,)),
    "memory_free": (True, None, (c_void_p,)),
    "memory_fail_after": (False, None, (c_int64,)),
    "arena_create": (False, c_void_p, ()),
    "arena_destroy": (True, None, (c_void_p,)),
    "arena_allocate": (False, c_void_p, (c_void_p, c_uint64)),
    "arena_reset": (False, c_int32, (c_void_p,)),
    "arena_trim": (True, None, (c_void_p,)),
    "arena_get_stats": (False, None, (c_void_p, POINTER(ArenaStatsStruct))),
    "error_code": (False, c_int32, ()),
    "error_message": (False, c_char_p, ()),
    "error_set": (False, None, (c_int32, c_char_p)),
    "error_clear": (False, None, ()),
    "tensor_to_capsule": (False, py_object, (c_void_p, py_object, c_uint64, c_int32)),
    "tensor_from_capsule": (False, c_void_p, (py_object, POINTER(c_int32))),
    "managed_tensor_delete": (False, None, (c_void_p, c_int32)),
    "missing_feature": (False, c_char_p, (c_void_p,)),
    "checksum": (True, c_uint64, (c_void_p, c_uint64)),
    "weights_map": (True, c_int32, (c_int32, c_uint64, c_void_p, c_uint64)),
    "set_poll": (False, None, (c_void_p,)),
    "watch_signals": (False, None, (c_uint64,)),
    "take_interrupt": (False, py_object, ()),
}


def _library_path() -> str:
    spec = find_spec(_MODULE)
    if spec is None or spec.origin is None:
        raise LoadError(f"{_MODULE}: the native runtime library is not installed; {_BUILD_HINT}")
    return spec.origin


def load(path: str) -> NativeLibrary:
    """Return the library at `path`.

    Raises:
        LoadError: the file cannot be loaded, or was built from other sources.
    """
    try:
        releasing, holding = ctypes.CDLL(path), ctypes.PyDLL(path)
        found = int(releasing.tyrex_abi_version())
        functions: dict[str, Any] = {}
        for name, (releases, result, arguments) in _PROTOTYPES.items():
            function = getattr(releasing if releases else holding, f"tyrex_{name}")
            function.restype, function.argtypes = result, arguments
            functions[name] = function
    except (OSError, AttributeError) as error:
        raise LoadError(f"{path}: not a native runtime library: {error}; {_BUILD_HINT}") from error
    if found != ABI_VERSION:
        raise LoadError(f"{path}: expected ABI version {ABI_VERSION}; found {found}; {_BUILD_HINT}")
    return NativeLibrary(path=path, **functions)


@functools.cache
def caller_type() -> type[Caller]:
    """Return the type that calls native programs.

    Raises:
        LoadError: the library was built from other sources.
    """
    native()
    try:
        from ._native import Caller
    except ImportError as error:
        raise LoadError(f"{_MODULE}: built from other sources: {error}; {_BUILD_HINT}") from error
    return Caller


@functools.cache
def native() -> NativeLibrary:
    """Return the native library, loaded at the first call."""
    library = load(_library_path())
    library.watch_signals(threading.main_thread().ident or 0)
    return library
