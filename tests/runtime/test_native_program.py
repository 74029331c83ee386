"""Calls of native programs: the quick way does what the careful one does, and keeps nothing."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.runtime.errors import LoadError, OutOfMemoryError, TyrexError
from tyrex.runtime.executable import Executable
from tyrex.runtime.native_library import caller_type, native
from tyrex.runtime.native_program import NativeEntry, NativeProgram
from tyrex.runtime.tensor import Tensor

Array = NDArray[Any]  # of any element type


def adds(type_: str) -> str:
    """A program that adds two tensors of a type."""
    return """
relax.func @main(%x: T, %y: T) -> (T) {
  %s = relax.add %x, %y : (T, T) -> T
  relax.return %s : T
}
""".replace("T", f"!relax.tensor<{type_}>")


@pytest.fixture(scope="module")
def both() -> tuple[Executable, Executable]:
    """One program, compiled and as bytecode."""
    compiled = tyrex.compile(adds("[2, 3], f32"), threads=1)
    assert compiled.exec_mode == "compiled"
    return compiled, tyrex.compile(adds("[2, 3], f32"), threads=1, exec_mode="bytecode")


X = np.arange(6, dtype=np.float32).reshape(2, 3)


def read_only(x: Array) -> Array:
    x = x.copy()
    x.flags.writeable = False
    return x


def misaligned(x: Array) -> Array:
    block = np.zeros(x.nbytes + 1, np.uint8)[1:]
    block[:] = x.view(np.uint8).reshape(-1)
    return block.view(x.dtype).reshape(x.shape)


class Subclass(np.ndarray[Any, Any]):
    pass


ARGUMENTS: dict[str, Callable[[], Any]] = {
    "array": lambda: X.copy(),
    "read-only": lambda: read_only(X),
    "columns first": lambda: np.asfortranarray(X),
    "every other": lambda: np.zeros((4, 6), np.float32)[::2, ::2],
    "backwards": lambda: X[::-1],
    "broadcast": lambda: np.broadcast_to(np.float32(1), (2, 3)),
    "misaligned": lambda: misaligned(X),
    "subclass": lambda: X.view(Subclass),
    "tensor": lambda: Tensor.from_numpy(X),
    "view of a tensor": lambda: Tensor.from_numpy(np.arange(12, dtype=np.float32)).view((2, 3)),
    "tensor of strides": lambda: Tensor.from_numpy(np.asfortranarray(X)),
    "misaligned tensor": lambda: Tensor.from_numpy(misaligned(X)),
    "tensor of another type": lambda: Tensor.from_numpy(X.astype(np.int32)),
    "tensor of another shape": lambda: Tensor.from_numpy(X.T.copy()),
    "swapped bytes": lambda: X.astype(">f4"),
    "float64": lambda: X.astype(np.float64),
    "int32": lambda: X.astype(np.int32),
    "complex": lambda: X.astype(np.complex64),
    "objects": lambda: X.astype(object),
    "fields": lambda: np.zeros((2, 3), [("a", np.float32)]),
    "text": lambda: np.full((2, 3), "a"),
    "dates": lambda: np.zeros((2, 3), "datetime64[s]"),
    "rank 1": lambda: X.reshape(-1),
    "rank 3": lambda: X[None],
    "turned": lambda: X.T,
    "empty": lambda: X[:0],
    "scalar": lambda: np.float32(1),
    "number": lambda: 1.0,
    "list": lambda: X.tolist(),
    "none": lambda: None,
    "bytes": lambda: X.tobytes(),
    "memoryview": lambda: memoryview(X.tobytes()),
}


def outcome(call: Callable[[], Any]) -> tuple[str, Any]:
    try:
        return "result", np.asarray(call()).tolist()
    except TyrexError as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_are_taken_or_refused_as_by_bytecode(
    name: str, both: tuple[Executable, Executable]
) -> None:
    compiled, bytecode = both
    value = ARGUMENTS[name]()
    for args in ((value, X), (X, value)):
        found = outcome(lambda args=args: compiled(*args))
        assert found == outcome(lambda args=args: bytecode(*args))
        named = dict(zip(("x", "y"), args, strict=True))
        assert found == outcome(lambda named=named: compiled(**named))


def test_the_number_of_arguments_is_checked(both: tuple[Executable, Executable]) -> None:
    for args in ((), (X,), (X, X, X)):
        found, expected = (outcome(lambda args=args, exe=exe: exe(*args)) for exe in both)
        assert found == expected
        assert found[0] == "ArgumentError"


TYPES = {
    **{"i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64},
    **{"ui8": np.uint8, "ui16": np.uint16, "ui32": np.uint32, "ui64": np.uint64},
    **{"f16": np.float16, "f32": np.float32, "f64": np.float64},
}


def returns(count: int, type_: str) -> str:
    """A program that returns what it takes, last first."""
    names = [f"%x{i}" for i in range(count)]
    takes = ", ".join(f"{name}: T" for name in names)
    types = ", ".join("T" for _ in names)
    text = f"""
vm.func @main({takes}) -> ({types}) {{
  vm.return {", ".join(reversed(names))} : {types}
}}
"""
    return text.replace("T", f"!relax.tensor<{type_}>")


@pytest.mark.parametrize("type_", TYPES)
def test_types_are_told_apart(type_: str) -> None:
    exe = tyrex.compile(returns(1, f"[2, 3], {type_}"), cache=False)
    assert exe.exec_mode == "compiled"
    x = (np.arange(6) % 2).astype(TYPES[type_]).reshape(2, 3)
    for argument in (x, Tensor.from_numpy(x)):
        y = np.asarray(exe(argument))
        np.testing.assert_array_equal(y, x)
        assert y.dtype == x.dtype
        assert not np.shares_memory(x, y)
    for other in TYPES.values():
        if other is not TYPES[type_]:
            with pytest.raises(TypeError, match=f"expected .*; found {np.dtype(other)}"):
                exe(x.astype(other))


def test_types_that_numpy_lacks_are_taken() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="no package ml_dtypes")
    exe = tyrex.compile(returns(1, "[3], bf16"), cache=False)
    x = np.array([1, 2, 3], ml_dtypes.bfloat16)
    np.testing.assert_array_equal(exe(x).numpy(), x)
    with pytest.raises(TypeError, match="expected bfloat16; found uint16"):
        exe(x.view(np.uint16))


@pytest.mark.parametrize("shape", [(), (0,), (1,), (1, 4), (4, 1), (2, 0, 3)])
def test_shapes_of_one_and_none(shape: tuple[int, ...]) -> None:
    exe = tyrex.compile(returns(1, f"[{', '.join(map(str, shape))}], f32"), cache=False)
    x = np.ones(shape, np.float32)
    for argument in (x, Tensor.from_numpy(x), x[...], x.copy(order="F")):
        np.testing.assert_array_equal(np.asarray(exe(argument)), x)


def test_many_arguments_and_results() -> None:
    exe = tyrex.compile(returns(40, "[2], i32"), cache=False)
    inputs = [np.array([i, -i], np.int32) for i in range(40)]
    results: tuple[Tensor, ...] = exe(*inputs)
    assert type(results) is tuple
    np.testing.assert_array_equal([np.asarray(r) for r in results], inputs[::-1])


def test_calls_keep_nothing(both: tuple[Executable, Executable]) -> None:
    exe, _ = both
    x, tensor, wrong = X.copy(), Tensor.from_numpy(X.copy()), X.astype(np.float64)
    watched: list[Any] = [x, tensor, wrong, tensor.dtype, tensor.shape, type(tensor)]
    exe(x, tensor)
    gc.collect()
    before = [sys.getrefcount(v) for v in watched], exe.machine.allocator.stats()
    blocks = sys.getallocatedblocks()
    for _ in range(2000):
        exe(x, tensor)
        exe(y=x, x=tensor)
        outcome(lambda: exe(x, wrong))
        outcome(lambda: exe(x, None))
        outcome(lambda: exe(x))
    gc.collect()
    assert ([sys.getrefcount(v) for v in watched], exe.machine.allocator.stats()) == before
    assert abs(sys.getallocatedblocks() - blocks) < 200
    x.resize((3, 2), refcheck=False)  # refused while a call holds the memory


def test_results_outlive_everything() -> None:
    exe = tyrex.compile(adds("[2, 3], f32"), threads=1)
    results = [exe(X, np.full_like(X, i)) for i in range(10)]
    del exe
    gc.collect()
    for i, result in enumerate(results):
        np.testing.assert_array_equal(np.asarray(result), X + i)


# ---- failures ----------------------------------------------------------------------------------


class FailingMemory:
    """An allocator that has nothing."""

    def allocate(self, size_bytes: int) -> Any:
        raise OutOfMemoryError(f"no {size_bytes} bytes")


def test_a_failing_allocator_leaves_the_program_usable(both: tuple[Executable, Executable]) -> None:
    exe, _ = both
    program = exe._main  # pyright: ignore[reportPrivateUsage]
    assert isinstance(program, NativeProgram)
    memory: Any = FailingMemory()
    entry = NativeEntry(program._entry.run, exe, "main")  # pyright: ignore[reportPrivateUsage]
    failing = NativeProgram(exe.signature, entry, 1, memory)
    for _ in range(3):
        with pytest.raises(OutOfMemoryError, match="no 24 bytes"):
            failing(X, X)
    out = np.empty_like(X)
    failing.run({"x": X, "y": X}, out=[out])
    np.testing.assert_array_equal(out, X + X)


def test_the_caller_checks_what_it_is_given() -> None:
    make: Any = caller_type()
    with pytest.raises(TypeError):
        make()
    good = ((0, 1, 0, 0, 0), (), (), Tensor, np.ndarray, None, None, None, 1, 0, (), ())
    caller = make(*good)
    with pytest.raises(ValueError, match="expected a number from 1 on"):
        caller.num_threads = 0
    with pytest.raises(TypeError, match="expected a tuple of 0 addresses"):
        caller.run((1,), (), ())
    with pytest.raises(TypeError, match="expected inputs, outputs and symbols"):
        caller.run(())
    with pytest.raises(TypeError, match="expected inputs and outputs"):
        caller.call_into(())
    wrong: Any = (((),), ((), (), ((),)), ((1,), (), ()), ((), [], ()))
    for bad in wrong:
        with pytest.raises(TypeError):
            caller.remember(*bad)
    with pytest.raises(TypeError, match="a name for each"):
        make(*good[:-1], ("x",))
    damaged: Any = ([], (1,), ((2, 4, None, "float32", 4),), ((2, 4, (1,), "float32", 1.5),))
    for bad in damaged:
        with pytest.raises(TypeError):
            make(good[0], bad, *good[2:])


def test_a_type_that_is_not_static_is_refused() -> None:
    program = tyrex.compile(adds("[2, 3], f32")).program
    from dataclasses import replace

    from tyrex.runtime.bytecode import ObjectSpec, Param
    from tyrex.runtime.signature import Signature

    signature = Signature.of(program.functions[0])
    odd = replace(signature, outputs=(Param("s", ObjectSpec()),))
    with pytest.raises(LoadError, match="returns tensors of known ranks"):
        NativeProgram(odd, NativeEntry(1, None, "main"), 1)


# ---- threads and processes -----------------------------------------------------------------------


def test_threads_call_one_program(both: tuple[Executable, Executable]) -> None:
    exe, _ = both
    failures: list[int] = []

    def work(number: int) -> None:
        y = np.full_like(X, number)
        for _ in range(2000):
            if not np.array_equal(np.asarray(exe(X, y)), X + y):
                failures.append(number)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        sys.setswitchinterval(interval)
    assert not failures


HEAVY = """
relax.func @main(%x: T) -> (T) {
  %a = relax.matmul %x, %x {transpose_a = false, transpose_b = false} : (T, T) -> T
  %b = relax.tanh %a : (T) -> T
  %c = relax.matmul %b, %x {transpose_a = false, transpose_b = false} : (T, T) -> T
  relax.return %c : T
}
""".replace("T", "!relax.tensor<[192, 192], f32>")


def test_any_number_of_threads_gives_the_same_bits() -> None:
    exe = tyrex.compile(HEAVY)
    x = np.random.default_rng(0).standard_normal((192, 192)).astype(np.float32)
    results: list[bytes] = []
    for count in (1, 2, 3, 5, 8):
        exe.threads = count
        results.append(np.asarray(exe(x)).tobytes())
    assert len(set(results)) == 1


def test_threads_of_the_host_start_no_more_workers() -> None:
    exe = tyrex.compile(HEAVY, threads=2)
    x = np.random.default_rng(0).standard_normal((192, 192)).astype(np.float32)
    expected = np.asarray(exe(x))
    workers_before = native().pool_num_workers()
    failures: list[int] = []

    def work(number: int) -> None:
        for _ in range(10):
            if not np.array_equal(np.asarray(exe(x)), expected):
                failures.append(number)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    # One loop has the pool; the others run serially in the threads that ask.
    assert native().pool_num_workers() == max(workers_before, 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_child_runs_the_model_after_a_fork() -> None:
    exe = tyrex.compile(HEAVY, threads=2)
    x = np.random.default_rng(0).standard_normal((192, 192)).astype(np.float32)
    expected = np.asarray(exe(x)).tobytes()
    for _ in range(3):
        child = os.fork()
        if child == 0:  # nothing of pytest's may run here
            signal.alarm(20)
            same = all(np.asarray(exe(x)).tobytes() == expected for _ in range(3))
            os._exit(0 if same else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert np.asarray(exe(x)).tobytes() == expected, "the parent goes on"
