import threading
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tyrex.runtime import Device, VirtualMachine, cpu
from tyrex.runtime.assembly import assemble
from tyrex.runtime.bytecode import Constant, Program, TensorSpec
from tyrex.runtime.dtype import DType
from tyrex.runtime.errors import (
    ArgumentError,
    DTypeError,
    LoadError,
    RuntimeFailure,
    ShapeError,
    TyrexError,
)
from tyrex.runtime.executable import Executable
from tyrex.runtime.kernel_library import FunctionLibrary
from tyrex.runtime.tensor import Tensor
from tyrex.runtime.vm import MemoryConfig

from .programs import kernels, log, program  # noqa: TID251  # the tests' folder

SIGNATURE = "main(x: float32[4], c: bool[]) -> (y: float32[2, 2], z: float32[4])"
X = np.array([1, 2, 3, 4], np.float32)
YES, NO = np.array(True), np.array(False)


def executable(**options: Any) -> Executable:
    return Executable(program(), kernels(), host_functions={"log": log}, **options)


def test_both_branches() -> None:
    exe = executable()
    for _ in range(2):
        y, z = exe(X, YES)
        np.testing.assert_array_equal(y, (2 * X + [1, 2, 3, 4]).reshape(2, 2))
        np.testing.assert_array_equal(z, 2 * np.asarray(y).reshape(4))
        y2, z = exe(X, NO)
        np.testing.assert_array_equal(y2, y)
        np.testing.assert_array_equal(z, X)


def test_results_are_tensors_of_their_own() -> None:
    exe = executable()
    y, z = exe(X, NO)
    assert isinstance(y, Tensor)
    before = np.asarray(y).copy()
    assert np.asarray(y).__array_interface__["data"][0] == y.data
    again, _ = exe(X + 1, NO)
    assert again.data != y.data
    np.testing.assert_array_equal(y, before)
    assert z.data != X.__array_interface__["data"][0]


def test_results_that_would_leak_are_copied() -> None:
    exe = executable()
    a, b, c = exe["leaks"](X)
    d = exe["leaks"](X + 1)[1]
    for tensor, expected in ((a, X), (b, X), (c, [1, 2, 3, 4]), (d, X + 1)):
        np.testing.assert_array_equal(tensor, expected)
        assert not tensor.read_only
        assert tensor.data != X.__array_interface__["data"][0]


def test_functions_hosts_and_tuples() -> None:
    np.testing.assert_array_equal(executable()["logged"](X), 3 * X)


def test_arguments_by_name() -> None:
    exe = executable()
    expected = [np.asarray(r) for r in exe(X, YES)]
    for found in (
        exe(X, c=YES),
        exe(c=YES, x=X),
        exe.run({"c": YES, "x": X}),
        exe.run([X, YES]),
    ):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)


ERRORS: list[tuple[type[TyrexError], str, tuple[Any, ...], dict[str, Any]]] = [
    (ArgumentError, f"main: expected 2 arguments; found 0: {SIGNATURE}", (), {}),
    (ArgumentError, f"main: expected 2 arguments; found 1: {SIGNATURE}", (X,), {}),
    (ArgumentError, f"main: expected 2 arguments; found 3: {SIGNATURE}", (X, YES, X), {}),
    (ArgumentError, "main: argument 'x' is missing; found 1 of 2", (), {"c": YES}),
    (ArgumentError, "there is no argument 'd'; found 'd', expected one of x, c", (X,), {"d": X}),
    (ArgumentError, "argument 'x' is given by position and by name", (X,), {"x": X}),
    (
        DTypeError,
        "main: argument 'x': expected float32; found float64: nothing is cast for you, convert it"
        f" with array.astype('float32'); the signature is {SIGNATURE}",
        (X.astype(np.float64), YES),
        {},
    ),
    (
        DTypeError,
        "main: argument 'x': found the byte-swapped NumPy type '>f4'",
        (X.astype(">f4"), YES),
        {},
    ),
    (
        DTypeError,
        "main: argument 'x': expected float32[4]; found a Python list, which has no data type:"
        " wrap it with numpy.asarray(value, 'float32')",
        ([1, 2, 3, 4], YES),
        {},
    ),
    (
        DTypeError,
        "main: argument 'c': expected bool[]; found a Python bool, which has no data type",
        (X, True),
        {},
    ),
    (DTypeError, "main: argument 'x': expected a Tensor, a NumPy array", ("text", YES), {}),
    (DTypeError, "argument 'x': no data type for the NumPy type", (X.astype("c8"), YES), {}),
    (DTypeError, "expected float32; found bfloat16", (X.astype(ml_dtypes.bfloat16), YES), {}),
    (
        ShapeError,
        "main: argument 'x': expected rank 1, float32[4]; found rank 2, shape (2, 2)",
        (X.reshape(2, 2), YES),
        {},
    ),
    (
        ShapeError,
        "main: argument 'x': expected 4 in dimension 0, float32[4]; found 3, shape (3,)",
        (X[:3], YES),
        {},
    ),
]


@pytest.mark.parametrize(("kind", "message", "args", "named"), ERRORS)
def test_wrong_arguments(
    kind: type[TyrexError], message: str, args: tuple[Any, ...], named: dict[str, Any]
) -> None:
    with pytest.raises(kind) as caught:
        executable()(*args, **named)
    assert message in str(caught.value)


def test_layouts_that_are_copied_or_taken_as_they_are() -> None:
    exe = executable()
    expected = np.asarray(exe(X, YES)[0])
    strided = np.repeat(X, 2)[::2]
    read_only = X.copy()
    read_only.flags.writeable = False
    raw = np.zeros(17, np.uint8)
    misaligned = raw[1:].view(np.float32)
    misaligned[:] = X
    for x in (strided, read_only, misaligned, Tensor.from_numpy(X), np.flip(X)[::-1]):
        np.testing.assert_array_equal(exe(x, YES)[0], expected)
    np.testing.assert_array_equal(exe(X, np.bool_(True))[0], expected)


def test_results_into_buffers() -> None:
    exe = executable()
    y, z = np.zeros((2, 2), np.float32), np.zeros(4, np.float32)
    expected = exe(X, YES)
    found = exe.run({"x": X, "c": YES}, out={"y": y, "z": z})
    np.testing.assert_array_equal(y, expected[0])
    np.testing.assert_array_equal(z, expected[1])
    assert [t.data for t in found] == [a.__array_interface__["data"][0] for a in (y, z)]
    z[:] = 0
    found = exe.run({"x": X, "c": YES}, out={"z": z})
    np.testing.assert_array_equal(z, expected[1])
    found = exe.run({"x": X, "c": YES}, out=[None, z])
    assert found[1].data == z.__array_interface__["data"][0]
    # A result that the program computes elsewhere is copied.
    w = np.zeros(4, np.float32)
    exe["helper"].run({"a": X, "b": X}, out={"y": w})
    np.testing.assert_array_equal(w, 2 * X)
    exe["leaks"].run({"x": X}, out={"b": w})
    np.testing.assert_array_equal(w, X)


def test_buffers_that_cannot_be_used() -> None:
    exe = executable()
    memory = np.zeros(8, np.float32)
    inputs = {"x": memory[:4], "c": YES}
    frozen = np.zeros(4, np.float32)
    frozen.flags.writeable = False
    shape = (2, 2)
    cases: list[tuple[type[TyrexError], str, Any]] = [
        (ArgumentError, "there is no result 'a'", {"a": memory[4:]}),
        (ArgumentError, "out: expected 2 buffers; found 1", [memory[4:]]),
        (ArgumentError, "out['z']: the buffer overlaps argument 'x'", {"z": memory[2:6]}),
        (
            ArgumentError,
            "out['z']: the buffer overlaps out['y']",
            {"y": memory[4:].reshape(shape), "z": memory[4:]},
        ),
        (ArgumentError, "out['z']: the buffer is read-only", {"z": frozen}),
        (ArgumentError, "is not contiguous", {"z": np.zeros(8, np.float32)[::2]}),
        (DTypeError, "out['z']: expected float32; found float64", {"z": np.zeros(4)}),
        (
            ShapeError,
            "out['z']: expected shape (4,); found (2, 2)",
            {"z": np.zeros(shape, "f4")},
        ),
    ]
    for kind, message, out in cases:
        with pytest.raises(kind) as caught:
            exe.run(inputs, out=out)
        assert message in str(caught.value)


def test_a_kernel_that_fails_names_itself_and_its_node() -> None:
    exe = executable()
    with pytest.raises(RuntimeFailure) as caught:
        exe["broken"](X)
    text = 'broken: kernel @fail (Conv "conv_1" -> y): the weather is bad'
    assert str(caught.value) == text
    assert caught.value.code == 7
    np.testing.assert_array_equal(exe["helper"](X, X), 2 * X)  # nothing is left behind


def test_a_host_function_that_fails_or_returns_nonsense() -> None:
    def divide(x: Any) -> Any:
        raise ZeroDivisionError("no")

    def short(x: Any) -> Any:
        return np.zeros(3, np.float32)

    exe = Executable(program(), kernels(), host_functions={"log": divide})
    with pytest.raises(RuntimeFailure, match="logged: host function @log: ZeroDivisionError: no"):
        exe["logged"](X)
    exe = Executable(program(), kernels(), host_functions={"log": short})
    with pytest.raises(ShapeError, match="the result of @log: expected 4 in dimension 0"):
        exe["logged"](X)


def test_missing_parts() -> None:
    with pytest.raises(LoadError, match="host function @log is missing: register it"):
        Executable(program(), kernels())
    with pytest.raises(LoadError, match="there is no kernel 'add'; known: none"):
        Executable(program(), FunctionLibrary({}), host_functions={"log": log})
    with pytest.raises(LoadError, match="no kernel library was given"):
        Executable(program(), host_functions={"log": log})
    with pytest.raises(ArgumentError, match="there is no function 'other'; known: main, broken"):
        executable()["other"]


def test_a_tensor_outside_of_its_storage_is_refused() -> None:
    text = """program 1
    func @main() -> () registers 2 {
      0: %0 = storage(64, 64)
      1: %1 = tensor(%0, 32, float32[16])
      2: ret
    }"""
    with pytest.raises(LoadError, match="does not lie within its storage of 64 bytes"):
        Executable(assemble(text))


def test_storages_in_loops_are_fresh() -> None:
    text = """program 1
    kernel @add
    func @main(x: float32[4], a: bool[], b: bool[]) -> (y: float32[4]) registers 8 {
      0: %3 = move(%0)
      1: %4 = move(%1)
      2: %5 = storage(16, 64)
      3: %6 = tensor(%5, 0, float32[4])
      4: kernel @add(%3, %0, %6)
      5: %3 = move(%6)
      6: %7 = move(%4)
      7: %4 = move(%2)
      8: if %7 else 10
      9: goto 2
      10: ret %3
    }"""
    exe = Executable(assemble(text), kernels())
    np.testing.assert_array_equal(exe(X, NO, NO), 2 * X)
    np.testing.assert_array_equal(exe(X, YES, NO), 3 * X)


def test_threads_share_one_executable() -> None:
    exe = executable()
    failures: list[str] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(60):
            x = rng.standard_normal(4).astype(np.float32)
            y, z = exe(x, YES if seed % 2 else NO)
            t = x + np.array([1, 2, 3, 4], np.float32) + x
            if not np.array_equal(np.asarray(y).reshape(4), t):
                failures.append(f"y of {seed}")
            if not np.array_equal(z, t + t if seed % 2 else x):
                failures.append(f"z of {seed}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_host_function_may_call_the_executable() -> None:
    calls: list[int] = []

    def again(x: Any) -> Any:
        calls.append(1)
        return exe["helper"](x, x) if len(calls) > 1 else exe["logged"](np.asarray(x).copy())

    exe = Executable(program(), kernels(), host_functions={"log": again})
    np.testing.assert_array_equal(exe["logged"](X), 2 * X + X + X)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (None, "pooled"),
        ("naive", "naive"),
        ("pooled", "pooled"),
        ({"cpu": "naive"}, "naive"),
        ({cpu(): "pooled"}, "pooled"),
        ({}, "pooled"),
    ],
)
def test_memory_configurations(config: MemoryConfig, name: str) -> None:
    machine = VirtualMachine(executable(), cpu(), memory_cfg=config)
    np.testing.assert_array_equal(machine["helper"](X, X), 2 * X)
    assert machine.allocator.name == name


def test_wrong_machines() -> None:
    exe = executable()
    with pytest.raises(ArgumentError, match="unknown allocator 'foo'"):
        VirtualMachine(exe, memory_cfg="foo")
    with pytest.raises(DTypeError, match="memory_cfg: expected the name of an allocator"):
        VirtualMachine(exe, memory_cfg=3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(DTypeError, match="expected an Executable or a Program; found str"):
        VirtualMachine("model.onnx")
    with pytest.raises(ArgumentError, match="expected one device; found 2"):
        VirtualMachine(exe, [cpu(), cpu()])
    with pytest.raises(DTypeError, match="expected a Device"):
        VirtualMachine(exe, ["cpu"])  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentError, match="unknown kind 'gpu'"):
        VirtualMachine(exe, memory_cfg={"gpu": "naive"})
    devices = [Device("cpu")]
    VirtualMachine(exe, devices)
    assert devices == [cpu()]


def test_a_machine_of_a_bare_program() -> None:
    text = """program 1
    func @main(x: int64[2]) -> (y: int64[2]) registers 2 {
      0: %1 = output(int64[2], 0)
      1: copy(%0, %1)
      2: ret %1
    }"""
    x = np.array([1, 2])
    np.testing.assert_array_equal(VirtualMachine(assemble(text))["main"](x), x)


def test_threads_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    exe = executable(threads=3)
    assert exe.threads == 3
    exe.threads = 2
    assert (exe.threads, exe.machine.threads) == (2, 2)
    with pytest.raises(ArgumentError, match="expected a number from 1 to 256; found 0"):
        exe.threads = 0
    monkeypatch.setenv("TYREX_NUM_THREADS", "5")
    assert executable().threads == 5


def test_what_an_executable_says() -> None:
    exe = executable(metadata={"model": "m"}, stats={"code_bytes": 10})
    assert str(exe.signature) == SIGNATURE
    assert str(exe["main"]) == SIGNATURE
    assert [name for name, _ in exe.signature.inputs] == ["x", "c"]
    assert exe.metadata == {"producer": 'a "test"', "model": "m"}
    assert exe.stats() == {
        "functions": 6,
        "kernels": 2,
        "kernel_calls": 5,
        "host_callbacks": 1,
        "arena_bytes": 192,
        "constant_bytes": 16,
        "code_bytes": 10,
    }
    assert repr(exe).startswith(f"Executable({SIGNATURE}, broken(")


def test_constants_are_aligned_and_kept_once() -> None:
    raw = np.zeros(4 * 8 + 64, np.uint8)
    start = -raw.__array_interface__["data"][0] % 64
    for offset, is_copied in ((start, False), (start + 8, True)):
        spec = TensorSpec(DType("int64"), (4,))
        constant = Constant(spec, raw[offset : offset + 32])
        exe = Executable(Program((), constants=(constant,)))
        (found,) = exe.program.constants
        assert found == constant
        assert found.data.__array_interface__["data"][0] % 64 == 0
        assert np.shares_memory(found.data, raw) is not is_copied


def test_tensors_without_elements_and_of_bfloat16() -> None:
    text = """program 1
    func @main(x: float32[0, 3], y: bfloat16[2]) -> (a: float32[3, 0], b: bfloat16[2]) registers 5 {
      0: %2 = output(float32[3, 0], 0)
      1: %3 = view(%2, float32[0, 3])
      2: copy(%0, %3)
      3: %4 = output(bfloat16[2], 1)
      4: copy(%1, %4)
      5: ret %2, %4
    }"""
    y = np.array([1.5, -2], ml_dtypes.bfloat16)
    a, b = Executable(assemble(text))(np.zeros((0, 3), np.float32), y)
    assert a.shape == (3, 0)
    assert np.asarray(a).shape == (3, 0)
    np.testing.assert_array_equal(np.asarray(b), y)
    assert np.asarray(b).dtype == y.dtype


SYMBOLIC = """
program 1
kernel @add
func @main<n>(x: float32[n, 1], c: bool[]) -> (y: float32[n]) registers 6 {
  0: %2 = storage({n * 64 + -128}, 64)
  1: %3 = storage(256, 64)
  2: %4 = output(float32[n], 0)
  3: if %1 else 6
  4: %5 = view(%0, float32[n])
  5: copy(%5, %4)
  6: ret %4
}
"""


def test_memory_of_a_negative_size_is_refused() -> None:
    """It would move what lies behind it to before the function's memory."""
    exe = Executable(assemble(SYMBOLIC), kernels())
    np.testing.assert_array_equal(exe(X[:2, None], YES), X[:2])
    with pytest.raises(ShapeError, match="-64 bytes"):
        exe(X[:1, None], YES)


def test_failure_that_the_program_asks_for() -> None:
    text = """
program 1
func @main(x: float32[4], c: bool[]) -> (y: float32[4]) registers 3 {
  0: if %1 else 3
  1: %2 = fail("rank 3, expected 2") at "Gemm -> y"
  2: ret %2
  3: ret %0
}
"""
    exe = Executable(assemble(text))
    for _ in range(2):
        np.testing.assert_array_equal(exe(X, NO), X)
        with pytest.raises(ArgumentError, match=r"^Gemm -> y: rank 3, expected 2$"):
            exe(X, YES)


def test_view_in_a_branch_that_is_not_taken_need_not_fit() -> None:
    text = """
program 1
func @main<n>(x: float32[n], c: bool[]) -> (y: float32[n]) registers 6 {
  0: %2 = storage(64, 64)
  1: %3 = tensor(%2, 0, float32[4])
  2: if %1 else 5
  3: %4 = view(%3, float32[n])
  4: ret %4
  5: ret %0
}
"""
    exe = Executable(assemble(text))
    np.testing.assert_array_equal(exe(X[:2], NO), X[:2])
    assert exe(X, YES).shape == (4,)
    with pytest.raises(RuntimeFailure, match="cannot be seen as"):
        exe(X[:2], YES)
