"""How many processes compile kernels, and their life: one compile.

Children start while the graph is being read and optimised, and end with the compile.
`TYREX_COMPILE_WORKERS` sets how many; 0 compiles in this process.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

from ..backends.llvm.pool import CompilePool
from ..runtime.errors import ArgumentError
from ..runtime.threads import num_cores

MAX_WORKERS = 64
MIN_KERNELS = 8
"""Fewer kernels are compiled sooner than a child starts and has loaded LLVM."""


def num_workers() -> int:
    """Return `TYREX_COMPILE_WORKERS`, else one per core of the affinity mask.

    Raises:
        ArgumentError: the variable is set to something else than a number from 0 to 64.
    """
    text = os.environ.get("TYREX_COMPILE_WORKERS", "").strip()
    if not text:
        return min(num_cores(), MAX_WORKERS)
    if not text.isdecimal() or int(text) > MAX_WORKERS:
        raise ArgumentError(
            f"TYREX_COMPILE_WORKERS: expected a number from 0 to {MAX_WORKERS}; found {text!r}"
        )
    return int(text)


@contextmanager
def compile_pool(num_kernels: int, least: int = MIN_KERNELS) -> Generator[CompilePool | None]:
    """Yield children for about `num_kernels` kernels, None where they would not pay.

    Args:
        num_kernels: how many there will be.
        least: how many it takes for children to pay.
    """
    count = min(num_workers(), num_kernels)
    if count < 1 or num_kernels < least:
        yield None
        return
    pool = CompilePool(count)
    try:
        yield pool
    finally:
        pool.close()
