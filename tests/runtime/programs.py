"""Programs and kernels that the tests of the runtime share, written by hand."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from tyrex.runtime.assembly import assemble
from tyrex.runtime.bytecode import Program
from tyrex.runtime.kernel_library import KERNEL_TYPE, FunctionLibrary
from tyrex.runtime.native_library import native

# y = (x + w) + x, z = c ? y + y : x
TEXT = r"""
program 1
metadata "producer" = "a \"test\""
kernel @add
kernel @fail
host @log
constant 0: float32[4] = "0000803f000000400000404000008040"

func @main(x: float32[4], c: bool[]) -> (y: float32[2, 2], z: float32[4]) registers 10 {
  0: %2 = storage(128, 64)
  1: %3 = tensor(%2, 0, float32[4])
  2: %4 = constant(#0)
  3: kernel @add(%0, %4, %3) at "Add \"add_1\" -> t"
  4: %5 = output(float32[2, 2], 0)
  5: %6 = view(%5, float32[4])
  6: kernel @add(%3, %0, %6) at "Add \"add_2\" -> y"
  7: %7 = output(float32[4], 1)
  8: if %1 else 11
  9: kernel @add(%6, %6, %7)
  10: goto 12
  11: copy(%0, %7)
  12: ret %5, %7
}

func @broken(x: float32[4]) -> (y: float32[4]) registers 2 {
  0: %1 = output(float32[4], 0)
  1: kernel @fail(%0, %1, 7) at "Conv \"conv_1\" -> y"
  2: ret %1
}

func @logged(x: float32[4]) -> (y: float32[4]) registers 6 {
  0: %1 = host @log(%0)
  1: %2 = check(%1, float32[4], "the result of @log")
  2: %3 = tuple(%2, %0)
  3: %4 = field(%3, 0)
  4: kill(%2, %3)
  5: %5 = func @helper(%4, %0)
  6: ret %5
}

func @helper(a: float32[4], b: float32[4]) -> (y: float32[4]) registers 4 {
  0: %2 = output(float32[4], 0)
  1: kernel @add(%0, %1, %2)
  2: %3 = move(%2)
  3: ret %3
}

func @leaks(x: float32[4]) -> (a: float32[4], b: float32[4], c: float32[4]) registers 4 {
  0: %1 = storage(64, 64)
  1: %2 = tensor(%1, 0, float32[4])
  2: %3 = constant(#0)
  3: copy(%0, %2)
  4: ret %0, %2, %3
}

func @words(s: string, d: shape[2], e: (shape, object)) -> (t: string, n: shape[1]) registers 7 {
  0: %3 = string("a \"word\", größer")
  1: %4 = constant(#0)
  2: %5 = shape(%4)
  3: %6 = check(%0, string, "s")
  4: ret %3, %5
}
"""

SIZE = 4


def program() -> Program:
    return assemble(TEXT)


def words(args: int, count: int) -> list[int]:
    return list((ctypes.c_uint64 * count).from_address(args))


def floats(address: int) -> np.ndarray[Any, Any]:
    return np.frombuffer(memoryview((ctypes.c_float * SIZE).from_address(address)), np.float32)


def _add(args: int) -> int:
    _, a, b, c = words(args, 4)
    floats(c)[:] = floats(a) + floats(b)
    return 0


def _fail(args: int) -> int:
    code = words(args, 4)[3]
    native().error_set(code, b"the weather is bad")
    return code


def kernels() -> FunctionLibrary:
    return FunctionLibrary({"add": KERNEL_TYPE(_add), "fail": KERNEL_TYPE(_fail)})


def log(x: Any) -> Any:
    return np.asarray(x) * 2
