"""Programs written as instructions: what each of them does, and a machine after a failure."""

from typing import Any

import numpy as np
import pytest

from tyrex.runtime import assemble, disassemble
from tyrex.runtime.errors import LoadError, RuntimeFailure
from tyrex.runtime.executable import Executable
from tyrex.runtime.kernel_library import KERNEL_TYPE, FunctionLibrary

X = np.array([1, 2, 3, 4], np.float32)
YES, NO = np.array(True), np.array(False)

HEAD = """program 1
kernel @note
host @triple
"""


def run(body: str, *args: Any, host: Any = None) -> Any:
    """Run a function of `x: float32[4], c: bool[]` that is written down."""
    text = HEAD + "func @main(x: float32[4], c: bool[]) -> (y: float32[4]) registers 8 {\n"
    text += (
        "\n".join(f"  {i}: {line}" for i, line in enumerate(body.strip().splitlines())) + "\n}\n"
    )
    program = assemble(text)
    assert disassemble(assemble(disassemble(program))) == disassemble(program)
    return Executable(program, kernels(), host_functions={"triple": host or triple})(*args)


noted: list[int] = []


def triple(x: Any) -> Any:
    return np.asarray(x) * 3


def kernels() -> FunctionLibrary:
    import ctypes

    def note(args: int) -> int:
        noted.append((ctypes.c_int64 * 2).from_address(args)[1])
        return 0

    return FunctionLibrary({"note": KERNEL_TYPE(note)})


def test_numbers_below_zero_reach_a_kernel() -> None:
    noted.clear()
    np.testing.assert_array_equal(run("kernel @note(-5)\nkernel @note(7)\nret %0", X, YES), X)
    assert noted == [-5, 7]


def test_goto() -> None:
    noted.clear()
    run("kernel @note(1)\ngoto 3\nkernel @note(2)\nkernel @note(3)\nret %0", X, YES)
    assert noted == [1, 3]


@pytest.mark.parametrize(("way", "expected"), [(YES, 3), (NO, 1)])
def test_if(way: Any, expected: int) -> None:
    body = "if %1 else 3\n%2 = host @triple(%0)\ngoto 4\n%2 = move(%0)\nret %2"
    np.testing.assert_array_equal(run(body, X, way), expected * X)


def test_values_live_until_they_are_killed() -> None:
    body = "%2 = host @triple(%0)\n%3 = move(%2)\nkill(%2)\nret %3"
    np.testing.assert_array_equal(run(body, X, YES), 3 * X)
    with pytest.raises(RuntimeFailure):
        run("%2 = host @triple(%0)\nkill(%2)\n%3 = view(%2, float32[4])\nret %3", X, YES)


def test_a_condition_is_a_bool() -> None:
    with pytest.raises(RuntimeFailure, match="if: expected a bool tensor of one element"):
        run("if %0 else 2\ngoto 2\nret %0", X, YES)


@pytest.mark.parametrize(
    "body", ["goto 9\nret %0", "%9 = move(%0)\nret %9", "kernel @nope(%0)\nret %0", "move(%0)"]
)
def test_what_cannot_run_is_refused_before_it_runs(body: str) -> None:
    with pytest.raises(LoadError):
        run(body, X, YES)


def test_registers_are_restored_after_a_failure() -> None:
    failing = True

    def sometimes(x: Any) -> Any:
        if failing:
            raise ValueError("not now")
        return np.asarray(x) * 2

    program = assemble(
        HEAD
        + """func @main(x: float32[4]) -> (y: float32[4]) registers 4 {
  0: %1 = host @triple(%0)
  1: %2 = func @inner(%0)
  2: ret %2
}
func @inner(x: float32[4]) -> (y: float32[4]) registers 3 {
  0: %1 = host @triple(%0)
  1: ret %1
}
"""
    )
    exe = Executable(program, kernels(), host_functions={"triple": sometimes})
    for _ in range(150):  # more often than calls may be nested
        with pytest.raises(RuntimeFailure, match="ValueError: not now"):
            exe(X)
    failing = False
    np.testing.assert_array_equal(np.asarray(exe(X)), 2 * X)
