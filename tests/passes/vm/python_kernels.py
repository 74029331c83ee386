"""Any module's kernels as a kernel library: the interpreter of tir behind the native ABI."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute

from tyrex.dialects import dtypes, tir
from tyrex.interpreters.tir import run_kernel
from tyrex.runtime.kernel_library import KERNEL_TYPE, FunctionLibrary


def kernel_library(module: ModuleOp) -> FunctionLibrary:
    kernels = [op for op in module.body.ops if isinstance(op, tir.FuncOp)]
    return FunctionLibrary({k.sym_name.data: KERNEL_TYPE(_kernel(k)) for k in kernels})


def _kernel(kernel: tir.FuncOp) -> Callable[[int], int]:
    buffers = [arg.type for arg in kernel.body.block.args]

    def run(args: int) -> int:
        words = (ctypes.c_uint64 * (len(buffers) + 1)).from_address(args)
        arrays = [_array(words[i + 1], buffer) for i, buffer in enumerate(buffers)]
        run_kernel(kernel, arrays)
        return 0

    return run


def _array(address: int, buffer: Attribute) -> np.ndarray[Any, Any]:
    assert isinstance(buffer, tir.BufferType)
    shape, size = buffer.static_shape(), buffer.size_bytes()
    assert shape is not None
    assert size is not None
    raw = (ctypes.c_uint8 * size).from_address(address)
    return np.frombuffer(memoryview(raw), dtypes.to_numpy(buffer.dtype)).reshape(shape)
