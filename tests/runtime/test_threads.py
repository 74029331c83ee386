import ctypes
import ctypes.util
import os
import signal
import threading
import warnings
from collections.abc import Callable, Generator

import pytest

from tyrex.runtime import Context
from tyrex.runtime.errors import ArgumentError, BoundsError, RuntimeFailure
from tyrex.runtime.native_library import ABI_VERSION, native
from tyrex.runtime.threads import default_num_threads, num_cores

BODY = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
WAIT_S = 30


@pytest.fixture(autouse=True)
def whole_chunks() -> Generator[None]:
    """Nobody looks for signals: a chunk is one call of the body. See test_interrupt.py."""
    native().set_poll(None)
    yield
    native().watch_signals(threading.main_thread().ident or 0)


def chunks_of(context: Context, n: int) -> list[tuple[int, int]]:
    chunks: list[tuple[int, int]] = []

    def body(closure: int | None, begin: int, end: int) -> int:
        chunks.append((begin, end))
        return 0

    context.parallel_for(BODY(body), n)
    return sorted(chunks)


@pytest.mark.parametrize(
    ("num_threads", "n", "expected"),
    [
        (1, 10, [(0, 10)]),
        (2, 10, [(0, 5), (5, 10)]),
        (3, 10, [(0, 4), (4, 7), (7, 10)]),
        (4, 3, [(0, 1), (1, 2), (2, 3)]),
        (8, 1, [(0, 1)]),
        (4, 0, []),
        (4, -5, []),
        (2, (1 << 63) - 1, [(0, 1 << 62), (1 << 62, (1 << 63) - 1)]),
    ],
)
def test_chunks_depend_on_the_number_of_threads_alone(
    num_threads: int, n: int, expected: list[tuple[int, int]]
):
    context = Context(num_threads)
    for _ in range(20):
        assert chunks_of(context, n) == expected


def test_more_threads_than_cores_and_workers():
    assert len(chunks_of(Context(num_cores() + 5), 1000)) == num_cores() + 5
    assert native().pool_num_workers() >= num_cores() + 4


def test_chunks_run_at_the_same_time():
    barrier = threading.Barrier(2, timeout=WAIT_S)
    names: set[int] = set()

    def body(closure: int | None, begin: int, end: int) -> int:
        names.add(threading.get_ident())
        barrier.wait()
        return 0

    Context(2).parallel_for(BODY(body), 2)
    assert len(names) == 2


def test_closure_is_handed_on():
    seen: list[int | None] = []

    def body(closure: int | None, begin: int, end: int) -> int:
        seen.append(closure)
        return 0

    Context(2).parallel_for(BODY(body), 2, closure=4096)
    assert seen == [4096, 4096]


def test_nested_loops_run_serially():
    context = Context(4)
    inner: list[list[tuple[int, int]]] = []

    def body(closure: int | None, begin: int, end: int) -> int:
        inner.append(chunks_of(context, 100))
        return 0

    context.parallel_for(BODY(body), 4)
    assert inner == [[(0, 100)]] * 4


def test_the_lowest_failing_chunk_wins():
    def body(closure: int | None, begin: int, end: int) -> int:
        if begin == 0:
            return 0
        native().error_set(3, f"at {begin}".encode())
        return 3

    context = Context(4)
    function = BODY(body)
    for _ in range(50):
        with pytest.raises(BoundsError, match=r"^parallel_for: at 25$"):
            context.parallel_for(function, 100)
    assert len(chunks_of(context, 100)) == 4


def test_a_code_without_a_message():
    def body(closure: int | None, begin: int, end: int) -> int:
        return 77

    with pytest.raises(RuntimeFailure, match="native code failed with error code 77") as caught:
        Context(2).parallel_for(BODY(body), 2)
    assert caught.value.code == 77


def test_a_busy_pool_makes_the_second_caller_serial():
    second: list[list[tuple[int, int]]] = []

    def call_from_another_thread(closure: int | None, begin: int, end: int) -> int:
        if begin == 0:
            thread = threading.Thread(target=lambda: second.append(chunks_of(Context(2), 10)))
            thread.start()
            thread.join(WAIT_S)
        return 0

    Context(2).parallel_for(BODY(call_from_another_thread), 2)
    assert second == [[(0, 10)]]


def test_python_threads_at_once():
    failures: list[str] = []

    def call() -> None:
        context = Context(3)
        for _ in range(200):
            chunks = chunks_of(context, 9)
            if chunks not in ([(0, 9)], [(0, 3), (3, 6), (6, 9)]):
                failures.append(str(chunks))

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert failures == []


def exit_code_of_child(check: Callable[[], bool]) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads: the point
        pid = os.fork()
    if pid == 0:
        signal.alarm(WAIT_S)  # a hang ends the child
        os._exit(0 if check() else 1)
    return os.waitpid(pid, 0)[1]


def test_after_a_fork_the_child_has_its_own_workers():
    context = Context(3)
    chunks_of(context, 9)
    assert native().pool_num_workers() >= 2

    def check() -> bool:
        started_with = native().pool_num_workers()
        return started_with == 0 and len(chunks_of(context, 9)) == 3

    assert exit_code_of_child(check) == 0
    assert len(chunks_of(context, 9)) == 3


def test_fork_during_a_loop_leaves_a_usable_pool():
    context = Context(2)
    codes: list[int] = []

    def fork_from_another_thread() -> None:
        codes.append(exit_code_of_child(lambda: len(chunks_of(context, 4)) == 2))

    def body(closure: int | None, begin: int, end: int) -> int:
        if begin == 0:
            thread = threading.Thread(target=fork_from_another_thread)
            thread.start()
            thread.join(WAIT_S)
        return 0

    context.parallel_for(BODY(body), 2)
    assert codes == [0]


def test_shutdown_and_restart():
    chunks_of(Context(2), 2)
    native().pool_shutdown()
    assert native().pool_num_workers() == 0
    assert len(chunks_of(Context(2), 2)) == 2
    assert native().pool_num_workers() == 1


def test_workers_round_as_the_caller():
    libm = ctypes.CDLL(ctypes.util.find_library("m") or "libm.so.6")
    upward = 0x800 if os.uname().machine == "x86_64" else 0x400000
    barrier = threading.Barrier(2, timeout=WAIT_S)
    three = float("3")
    thirds: list[float] = []

    def body(closure: int | None, begin: int, end: int) -> int:
        barrier.wait()
        thirds.append(1.0 / three)
        return 0

    nearest = libm.fegetround()
    assert libm.fesetround(upward) == 0
    try:
        Context(2).parallel_for(BODY(body), 2)
    finally:
        libm.fesetround(nearest)
    assert thirds == [0.33333333333333337] * 2


def test_context():
    context = Context(3)
    assert context.num_threads == 3
    assert ctypes.c_uint32.from_address(context.address).value == ABI_VERSION
    context.num_threads = 2
    assert repr(context) == "Context(num_threads=2)"
    assert len(chunks_of(context, 10)) == 2
    arena = context.arena
    arena.allocate(100)
    del context
    assert arena.stats().used_bytes == 128


def test_native_code_allocates_from_the_arena():
    context = Context(1)
    function = ctypes.c_void_p.from_address(context.address + 24).value
    assert function is not None
    prototype = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64)
    assert prototype(function)(context.address, 1000) % 64 == 0
    assert context.arena.stats().used_bytes == 1024


def test_call_raises_what_the_kernel_reports():
    context = Context(1)

    def kernel(args: int | None) -> int:
        native().error_set(3, b"index 7 of 5")
        return 3

    function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(kernel)
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    with pytest.raises(BoundsError, match=r"^@main: index 7 of 5$"):
        context.call(address, 0, "@main")


@pytest.mark.parametrize("value", [0, -1, 257])
def test_wrong_number_of_threads(value: int):
    with pytest.raises(ArgumentError, match="expected a number from 1 to 256"):
        Context(value)
    context = Context(1)
    with pytest.raises(ArgumentError, match="expected a number from 1 to 256"):
        context.num_threads = value


def test_default_number_of_threads(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TYREX_NUM_THREADS", raising=False)
    assert default_num_threads() == num_cores() == Context().num_threads
    monkeypatch.setenv("TYREX_NUM_THREADS", "7")
    assert Context().num_threads == 7
    for text in ("0", "many", "-1", "1.5", "1000"):
        monkeypatch.setenv("TYREX_NUM_THREADS", text)
        with pytest.raises(ArgumentError, match="TYREX_NUM_THREADS: expected a number"):
            default_num_threads()
