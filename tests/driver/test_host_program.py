"""The host program as native code: the same results, the same checks, and what it lacks by name."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tyrex
from tyrex.driver.host_program import PREFIX, HostProgram
from tyrex.runtime.errors import ArgumentError, DTypeError, OutOfMemoryError, ShapeError

from .models import (  # noqa: TID251  # the tests' folder, not the package's
    GRAPH,
    KERNEL,
    X,
    dense,
)

CALLS_PYTHON = """
vm.func @main(%x: !relax.tensor<[4], f32>) -> (!relax.tensor<[4], f32>) {
  %y = vm.call_packed @tests.host_program.double(%x) : (!relax.tensor<[4], f32>) -> !relax.tensor<[4], f32>
  vm.return %y : !relax.tensor<[4], f32>
}
"""  # noqa: E501

SWAPPED = """
vm.func @swap(%a: T, %b: T) -> (T, T) {
  vm.return %b, %a : T, T
}
vm.func @main(%a: T, %b: T) -> (T, T, T) {
  %w = vm.constant <[4], f32, [1.0, 2.0, 3.0, 4.0]> : T
  %x, %y = vm.invoke @swap(%a, %b) : (T, T) -> (T, T)
  vm.return %x, %y, %w : T, T, T
}
""".replace("T", "!relax.tensor<[4], f32>")


TOO_LARGE = f"""
vm.func @main(%x: T) -> (T) {{
  %s = vm.alloc_storage {{size_bytes = {1 << 60} : i64, align_bytes = 64 : i64}} : !vm.storage
  %t = vm.tensor %s {{offset = 64 : i64}} : T
  vm.copy %x, %t : T, T
  %y = vm.alloc_output {{index = 0 : i64}} : T
  vm.copy %t, %y : T, T
  vm.return %y : T
}}
""".replace("T", "!relax.tensor<[4], f32>")


def test_results_and_checks_are_those_of_bytecode() -> None:
    slow, fast = (tyrex.compile(GRAPH, exec_mode=mode) for mode in ("bytecode", "compiled"))
    assert (slow.exec_mode, fast.exec_mode) == ("bytecode", "compiled")
    assert tyrex.compile(GRAPH).exec_mode == "compiled", "the default"
    assert fast.signature == slow.signature
    np.testing.assert_array_equal(np.asarray(fast(X)), np.asarray(slow(X)))
    np.testing.assert_array_equal(np.asarray(fast(x=X)), np.asarray(slow(X)))
    y = np.empty_like(X)
    fast.run({"x": X}, out={"y": y})
    np.testing.assert_array_equal(y, np.asarray(slow(X)))
    with pytest.raises(DTypeError, match="argument 'x': expected float32"):
        fast(X.astype(np.float64))
    with pytest.raises(ShapeError, match="argument 'x'"):
        fast(X[:2])
    with pytest.raises(ArgumentError, match="overlaps"):
        fast.run({"x": y}, out={"y": y})


def test_a_model_of_the_cache_runs_compiled() -> None:
    x = np.ones((2, 8), np.float32)
    first = tyrex.compile(dense(3.0), dims={"batch": 2}, exec_mode="bytecode")
    again = tyrex.compile(dense(3.0), dims={"batch": 2})
    assert (again.stats()["cache"], again.exec_mode) == ("hit", "compiled")
    np.testing.assert_array_equal(np.asarray(again(x)), np.asarray(first(x)))


def test_results_lie_in_memory_of_their_own() -> None:
    exe = tyrex.compile(SWAPPED, exec_mode="compiled")
    a, b = np.arange(4, dtype=np.float32), np.arange(4, 8, dtype=np.float32)
    x, y, w = (np.asarray(t) for t in exe(a, b))
    np.testing.assert_array_equal((x, y), (b, a))
    np.testing.assert_array_equal(w, (1, 2, 3, 4))
    assert not any(np.shares_memory(r, s) for r in (x, y) for s in (a, b))
    x[:] = 0
    np.testing.assert_array_equal(np.asarray(exe(a, b)[0]), b)


def test_threads_call_at_once() -> None:
    exe = tyrex.compile(GRAPH, exec_mode="compiled", threads=2)
    inputs = [X + np.float32(i) for i in range(4)]
    expected = [np.asarray(exe(x)) for x in inputs]
    failures: list[int] = []

    def work(number: int) -> None:
        for _ in range(50):
            if not np.array_equal(np.asarray(exe(inputs[number])), expected[number]):
                failures.append(number)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures
    exe.threads = 1
    np.testing.assert_array_equal(np.asarray(exe(inputs[1])), expected[1])


def test_the_bytecode_of_a_compiled_model_runs_too() -> None:
    exe = tyrex.compile(GRAPH)
    np.testing.assert_array_equal(np.asarray(exe.machine["main"](X)), np.asarray(exe(X)))
    machine = tyrex.VirtualMachine(exe)
    np.testing.assert_array_equal(np.asarray(machine["main"](X)), np.asarray(exe(X)))


def test_what_native_code_lacks_is_left_to_bytecode_and_named(tmp_path: Path) -> None:
    def double(x: Any) -> Any:
        return tyrex.Tensor.from_numpy(np.asarray(x) * 2)

    from tyrex.runtime import register_host_function

    register_host_function("tests.host_program.double", double)
    x = np.ones(4, np.float32)
    exe = tyrex.compile(CALLS_PYTHON, exec_mode="compiled")
    np.testing.assert_array_equal(np.asarray(exe(x)), x * 2)
    assert exe.exec_mode == "bytecode"
    reason = exe.stats()["bytecode_because"]
    place = "vm.call_packed @tests.host_program.double at <text>:3"
    assert reason.startswith(f"native code cannot express {place}")
    with pytest.raises(NotImplementedError, match=r"cannot express vm\.call_packed"):
        exe.export_library(tmp_path / "m.so")
    asked = tyrex.compile(CALLS_PYTHON, exec_mode="bytecode")
    assert "bytecode_because" not in asked.stats()


def test_a_program_without_main_is_left_to_bytecode() -> None:
    exe = tyrex.compile("vm.func @f() {\n  vm.return\n}")
    assert exe.exec_mode == "bytecode"
    assert exe.stats()["bytecode_because"] == "native code runs 'main'; the program has none"
    assert tyrex.compile(KERNEL).exec_mode == "compiled", "a kernel gets a main"


def test_a_program_survives_its_bytes() -> None:
    refused = HostProgram(None, "no reason")
    assert HostProgram.unpack(refused.pack()) == refused
    with pytest.raises(NotImplementedError, match="no reason"):
        refused.require()
    with pytest.raises(ValueError, match="decompressing"):
        HostProgram.unpack(b"damaged")
    assert PREFIX.isidentifier()


def test_a_run_without_memory_is_an_error() -> None:
    exe = tyrex.compile(TOO_LARGE, exec_mode="compiled")
    for _ in range(2):
        with pytest.raises(OutOfMemoryError, match="main: "):
            exe(np.ones(4, np.float32))
