"""Runs a kernel as native code: lowered, compiled, loaded, called with plain arrays."""

import ctypes
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from tyrex.backends.llvm.compile import compile_to_object
from tyrex.backends.llvm.host import detect_host
from tyrex.dialects import dtypes, tir
from tyrex.dialects.target import Target
from tyrex.dialects.verify import verify_module
from tyrex.driver.loading import load_objects
from tyrex.passes.llvm.lower_to_llvm import LowerToLlvmPass

Array = NDArray[Any]
_BODY = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
_PARALLEL_FOR = ctypes.CFUNCTYPE(
    ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64
)
_FAIL_INDEX = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_char_p, ctypes.c_int64, ctypes.c_int64)
_POLL = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)
CHUNK = 3
BOUNDS = 3
"""TYREX_ERROR_BOUNDS of runtime/native/abi.h."""


def _go_on(context: int) -> int:
    return 0


class _Context(ctypes.Structure):
    """struct tyrex_context."""

    _fields_ = (
        ("abi_version", ctypes.c_uint32),
        ("num_threads", ctypes.c_uint32),
        ("parallel_for", _PARALLEL_FOR),
        ("set_error", ctypes.c_void_p),
        ("allocate", ctypes.c_void_p),
        ("arena", ctypes.c_void_p),
        ("fail_index", _FAIL_INDEX),
        ("fail_dims", ctypes.c_void_p),
        ("blocks", ctypes.c_void_p),
        ("poll", _POLL),
    )


@_PARALLEL_FOR
def _backwards(context: int, body: int, closure: int, n: int) -> int:
    """Run a parallel loop in small chunks, the last one first."""
    run = _BODY(body)
    for begin in reversed(range(0, n, CHUNK)):
        if code := run(closure, begin, min(begin + CHUNK, n)):
            return code
    return 0


@cache
def host() -> Target:
    """Return the machine that the tests run on."""
    return detect_host()


class NativeKernel:
    """The kernel of a module, compiled."""

    def __init__(self, module: ModuleOp) -> None:
        """Lower and compile `module`, which is changed."""
        (func,) = module.body.ops
        assert isinstance(func, tir.FuncOp)
        self.name = func.sym_name.data
        self.symbols = func.symbol_names
        self.num_inputs, self.num_outputs = len(func.inputs), len(func.outputs)
        self.workspaces = [arg.type for arg in func.workspaces]
        LowerToLlvmPass().apply(Context(), module)
        verify_module(module)
        self.loaded = load_objects(compile_to_object(module, host()))
        self.failures: list[tuple[str, int, int]] = []
        """Place, index and extent of wrong indices."""

    def __call__(self, arrays: Sequence[Array], symbols: Mapping[str, int]) -> list[Array]:
        """Run on inputs and outputs; return the outputs."""
        assert self.code(arrays, symbols) == 0
        return list(arrays[self.num_inputs : self.num_inputs + self.num_outputs])

    def code(self, arrays: Sequence[Array], symbols: Mapping[str, int]) -> int:
        """Run on inputs and outputs; return the kernel's code."""
        buffers = [*arrays]
        for buffer_type in self.workspaces:
            assert isinstance(buffer_type, tir.BufferType)
            shape = [dim.evaluate(symbols) for dim in buffer_type.shape]
            buffers.append(np.full(shape, 77, dtypes.to_numpy(buffer_type.dtype)))
        fail = _FAIL_INDEX(self._fail)
        poll = _POLL(_go_on)
        context = _Context(1, 4, _backwards, None, None, None, fail, None, None, poll)
        words = [
            ctypes.addressof(context),
            *(array.ctypes.data for array in buffers),
            *(symbols[name] for name in self.symbols),
        ]
        args = (ctypes.c_int64 * len(words))(*words)
        kernel = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(self.loaded.address(self.name))
        return kernel(ctypes.addressof(args))

    def _fail(self, place: bytes, index: int, extent: int) -> int:
        self.failures.append((place.decode(), index, extent))
        return BOUNDS
