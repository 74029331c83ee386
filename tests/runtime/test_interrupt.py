"""Ctrl-C during a long run: it ends soon, with what the handler raised; the program runs again."""

import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from functools import cache
from types import FrameType

import numpy as np
import pytest

import tyrex
from tyrex.backends.llvm.compile import compile_to_object
from tyrex.backends.llvm.host import detect_host
from tyrex.driver.loading import load_objects
from tyrex.runtime.errors import RuntimeFailure
from tyrex.runtime.kernel_library import KernelLibrary
from tyrex.runtime.native_library import INTERRUPTED, native
from tyrex.runtime.threads import Context

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")

BODY = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
LONG_S = 10.0
"""Of one core, which is not waited for: a test of a few tenths of a second."""
T = "!relax.tensor<[500, 500], f32>"


class Stopped(Exception):
    """What the handler raises."""


@pytest.fixture
def handler() -> Generator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped(str(number))

    before = signal.signal(signal.SIGUSR1, stop)
    yield
    signal.signal(signal.SIGUSR1, before)


# So many turns for every iteration, none of which LLVM may leave out.
BUSY = """
define i32 @busy(ptr %turns, i64 %begin, i64 %end) {
  %x = alloca i64
  %n = ptrtoint ptr %turns to i64
  %count = sub i64 %end, %begin
  %all = mul i64 %n, %count
  br label %loop
loop:
  %i = phi i64 [0, %0], [%next, %loop]
  store volatile i64 %i, ptr %x
  %next = add i64 %i, 1
  %on = icmp slt i64 %next, %all
  br i1 %on, label %loop, label %done
done:
  ret i32 0
}"""


@cache
def busy() -> KernelLibrary:
    return load_objects(compile_to_object(BUSY, detect_host()))


@cache
def turns_per_second() -> float:
    count, address, context = 3_000_000, busy().address("busy"), Context(1)
    begin = time.process_time()
    native().parallel_for(context.address, address, count, 1)
    return count / (time.process_time() - begin)


@pytest.mark.parametrize("num_threads", [1, 2])
def test_a_long_loop_ends_soon(handler: None, num_threads: int) -> None:
    turns = int(turns_per_second() * LONG_S / 1600)
    context = Context(num_threads)
    threading.Timer(0.15, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    begin = time.process_time()
    code = native().parallel_for(context.address, busy().address("busy"), turns, 1600 * num_threads)
    assert code == INTERRUPTED
    assert time.process_time() - begin < LONG_S / 2 * num_threads
    error = native().exception(code, "", "loop")
    assert isinstance(error, Stopped)
    assert isinstance(native().exception(code, "", "loop"), RuntimeFailure)  # taken once


def test_a_short_loop_asks_nobody() -> None:
    calls: list[tuple[int, int]] = []

    @BODY
    def body(closure: int, begin: int, end: int) -> int:
        calls.append((begin, end))
        return 0

    assert native().parallel_for(Context(1).address, body, None, 160) == 0
    assert calls[0] == (0, 1)  # the first piece tells how long it takes
    assert calls[-1][1] == 160


def signal_and_join(thread: threading.Thread) -> None:
    os.kill(os.getpid(), signal.SIGUSR1)
    thread.join()


def test_other_threads_hear_no_signals(handler: None) -> None:
    turns = int(turns_per_second() * 0.5 / 16)
    codes: list[int] = []

    def run() -> None:
        codes.append(native().parallel_for(Context(1).address, busy().address("busy"), turns, 16))

    thread = threading.Thread(target=run)
    thread.start()
    with pytest.raises(Stopped):
        signal_and_join(thread)
    thread.join()
    assert codes == [0]


@pytest.mark.parametrize("mode", ["compiled", "bytecode"])
def test_a_model_is_interrupted_and_runs_again(handler: None, mode: str) -> None:
    shape = (500, 500)
    text = f"""
    relax.func @main(%x: {T}, %n: !relax.tensor<[], i32>) -> ({T}) {{
      %zero = relax.constant <[], i32, [0]> : !relax.tensor<[], i32>
      %one = relax.constant <[], i32, [1]> : !relax.tensor<[], i32>
      %i, %y = relax.while %zero, %x : (!relax.tensor<[], i32>, {T}) -> (!relax.tensor<[], i32>, {T}) {{
      ^bb0(%a: !relax.tensor<[], i32>, %b: {T}):
        %c = relax.less %a, %n : (!relax.tensor<[], i32>, !relax.tensor<[], i32>) -> !relax.tensor<[], i1>
        relax.yield %c : !relax.tensor<[], i1>
      }} do {{
      ^bb0(%a: !relax.tensor<[], i32>, %b: {T}):
        %d = relax.add %a, %one : (!relax.tensor<[], i32>, !relax.tensor<[], i32>) -> !relax.tensor<[], i32>
        %e = relax.matmul %b, %x {{transpose_a = false, transpose_b = false}} : ({T}, {T}) -> {T}
        relax.yield %d, %e : !relax.tensor<[], i32>, {T}
      }}
      relax.return %y : {T}
    }}"""  # noqa: E501  # IR
    exe = tyrex.compile(text, exec_mode=mode, threads=1)
    x = np.eye(*shape, dtype=np.float32)
    begin = time.process_time()
    exe(x, np.array(20, np.int32))
    seconds = (time.process_time() - begin) / 20
    times = np.array(int(LONG_S / seconds), np.int32)
    threading.Timer(0.15, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    begin = time.process_time()
    with pytest.raises(Stopped):
        exe(x, times)
    assert time.process_time() - begin < LONG_S / 2
    np.testing.assert_array_equal(exe(x, np.array(3, np.int32)), x)


COUNT, BOOL = "!relax.tensor<[], i64>", "!relax.tensor<[], i1>"


def interrupt(run: Callable[[], object]) -> None:
    """Interrupt what runs for long, and check that it did not go on for long."""
    threading.Timer(0.15, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    begin = time.process_time()
    with pytest.raises(Stopped):
        run()
    assert time.process_time() - begin < LONG_S / 2


# Tens of seconds each: a loop of small kernels, one kernel whose loops no threads share, calls.
LONG = {
    "loop": f"""relax.func @main(%n: {COUNT}) -> ({COUNT}) {{
  %zero = relax.constant <[], i64, [0]> : {COUNT}
  %one = relax.constant <[], i64, [1]> : {COUNT}
  %i = relax.while %zero : ({COUNT}) -> ({COUNT}) {{
  ^bb0(%a: {COUNT}):
    %c = relax.less %a, %n : ({COUNT}, {COUNT}) -> {BOOL}
    relax.yield %c : {BOOL}
  }} do {{
  ^bb0(%a: {COUNT}):
    %d = relax.add %a, %one : ({COUNT}, {COUNT}) -> {COUNT}
    relax.yield %d : {COUNT}
  }}
  relax.return %i : {COUNT}
}}""",
    "recursion": f"""relax.func @main(%n: {COUNT}) -> ({COUNT}) {{
  %one = relax.constant <[], i64, [1]> : {COUNT}
  %two = relax.constant <[], i64, [2]> : {COUNT}
  %small = relax.less %n, %two : ({COUNT}, {COUNT}) -> {BOOL}
  %r = relax.if %small : {BOOL} -> ({COUNT}) {{
    relax.yield %one : {COUNT}
  }} else {{
    %m = relax.subtract %n, %one : ({COUNT}, {COUNT}) -> {COUNT}
    %k = relax.subtract %n, %two : ({COUNT}, {COUNT}) -> {COUNT}
    %p = relax.call @main(%m) : ({COUNT}) -> {COUNT}
    %q = relax.call @main(%k) : ({COUNT}) -> {COUNT}
    %s = relax.add %p, %q : ({COUNT}, {COUNT}) -> {COUNT}
    relax.yield %s : {COUNT}
  }}
  relax.return %r : {COUNT}
}}""",
}


@pytest.mark.parametrize("mode", ["compiled", "bytecode"])
@pytest.mark.parametrize("name", LONG)
def test_what_is_not_one_parallel_loop_is_interrupted(handler: None, name: str, mode: str) -> None:
    exe = tyrex.compile(LONG[name], exec_mode=mode, threads=1)
    few, many = (3, 2**40) if name == "loop" else (4, 90)
    assert int(np.asarray(exe(np.array(few)))) == (3 if name == "loop" else 5)
    interrupt(lambda: exe(np.array(many)))
    assert int(np.asarray(exe(np.array(few)))) == (3 if name == "loop" else 5)


def spin(symbols: str) -> str:
    """Return x[0] times itself plus x[1], 2^34 times: no iteration begins before the last ends."""
    dim = "n" if symbols else "2"
    buffer, tensor = f"!tir.buffer<[{dim}], i64>", f"!relax.tensor<[{dim}], i64>"
    return f"""tir.func @spin{symbols}(%x: {buffer}) -> (%y: {buffer}) {{
  %a = tir.load %x[0] : {buffer}
  tir.store %a, %y[0] : {buffer}
  %b = tir.load %x[1] : {buffer}
  tir.store %b, %y[1] : {buffer}
  tir.for %i in ({dim} - 1) * 16384 serial {{
    tir.for %j in 1048576 serial {{
      %c = tir.load %y[0] : {buffer}
      %d = arith.muli %c, %c : i64
      %e = arith.addi %d, %b : i64
      tir.store %e, %y[0] : {buffer}
    }}
  }}
}}
relax.func @main{symbols}(%x: {tensor}) -> ({tensor}) {{
  %y = relax.call_tir @spin(%x) : ({tensor}) -> {tensor}
  relax.return %y : {tensor}
}}"""


@pytest.mark.parametrize("symbols", ["", "<n>"])
@pytest.mark.parametrize("mode", ["compiled", "bytecode"])
def test_a_kernel_without_parallel_loops_is_interrupted(
    handler: None, mode: str, symbols: str
) -> None:
    exe = tyrex.compile(spin(symbols), exec_mode=mode, threads=1)
    interrupt(lambda: exe(np.array([3, 7])))
