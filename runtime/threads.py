"""How many threads a run uses, and the native context that carries it to kernels.

The number of threads is a property of the run, never of the result: a parallel loop is cut
into chunks that do not share results, and a chunk computes the same on any thread.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

from .errors import ArgumentError
from .memory import Arena
from .native_library import native

MAX_THREADS = 256
"""The pool has at most 255 workers, and the caller works too."""

# Of the fields of tyrex_context in native/tyrex.h.
_NUM_THREADS_OFFSET = 4
_ARENA_OFFSET = 32


def num_cores() -> int:
    """Return the number of cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_num_threads() -> int:
    """Return `TYREX_NUM_THREADS`, else the number of cores of the affinity mask.

    Raises:
        ArgumentError: the variable is set to something else than a number from 1 to 256.
    """
    text = os.environ.get("TYREX_NUM_THREADS", "").strip()
    if not text:
        return min(num_cores(), MAX_THREADS)
    return check_num_threads(int(text) if text.isdecimal() else text, "TYREX_NUM_THREADS")


def check_num_threads(value: object, place: str) -> int:
    """Return `value` when it is a number of threads.

    Raises:
        ArgumentError: it is not; `place` names who gave it.
    """
    if not isinstance(value, int) or not 1 <= value <= MAX_THREADS:
        raise ArgumentError(f"{place}: expected a number from 1 to {MAX_THREADS}; found {value!r}")
    return value


class Context:
    """A `tyrex_context`: the threads and the arena of one run.

    Kernels take its `address`. A context serves one execution at a time, since executions
    share its arena; contexts of several Python threads share the process's one pool.
    """

    __slots__ = ("__weakref__", "_destroy", "address")

    address: int
    """Of the native context."""

    def __init__(self, num_threads: int | None = None) -> None:
        self.address = 0
        count = default_num_threads() if num_threads is None else num_threads
        library = native()
        address = library.context_create(check_num_threads(count, "Context: num_threads"))
        if address is None:
            raise library.error("Context")
        self._destroy = library.context_destroy
        self.address = address

    def __del__(self) -> None:
        if self.address:
            self._destroy(self.address)

    @property
    def arena(self) -> Arena:
        """The memory of one execution, a new view of the one that native code sees."""
        arena = ctypes.c_void_p.from_address(self.address + _ARENA_OFFSET).value
        assert arena is not None, "a context is made with its arena"
        return Arena.borrowed(arena, owner=self)

    @property
    def num_threads(self) -> int:
        """Threads of a parallel loop, the caller's included. May be set between runs."""
        return ctypes.c_uint32.from_address(self.address + _NUM_THREADS_OFFSET).value

    @num_threads.setter
    def num_threads(self, value: int) -> None:
        count = check_num_threads(value, "Context: num_threads")
        ctypes.c_uint32.from_address(self.address + _NUM_THREADS_OFFSET).value = count

    def call(self, kernel: int, args: int, name: str = "kernel") -> None:
        """Call the kernel at address `kernel` with the argument words at address `args`.

        Raises:
            TyrexError: the kernel returned an error; `name` begins the message.
        """
        library = native()
        code = library.call(kernel, args)
        if code != 0:
            raise library.error(name, code)

    def parallel_for(self, body: Any, n: int, closure: int | None = None) -> None:
        """Run the native `body(closure, begin, end)` over [0, n) in parallel.

        Args:
            body: an address or a ctypes function; `int32_t (void*, int64_t, int64_t)`.
            n: iterations; nothing happens when it is not positive.
            closure: an address, handed to `body` as it is.

        Raises:
            TyrexError: a chunk returned an error; that of the lowest failing chunk.
        """
        library = native()
        library.error_clear()
        code = library.parallel_for(self.address, body, closure, n)
        if code != 0:
            raise library.error("parallel_for", code)

    def __repr__(self) -> str:
        return f"Context(num_threads={self.num_threads})"
