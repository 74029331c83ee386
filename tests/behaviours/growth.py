"""Calls that go on for long: what grows while they do.

    python tests/behaviours/growth.py [--calls 100000] [--sessions 10000]

from the root makes that many of each kind after a warm-up, and prints what came to stay: resident
memory, objects of Python, bytes in use of the allocator, open files.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import tyrex
from tyrex.runtime.errors import TyrexError
from tyrex.runtime.memory import Allocator, NaiveAllocator, PooledAllocator

WIDTH = 24
MAX_ROWS = 64
ROWS = f"!relax.tensor<[n, {WIDTH}], f32>"
LONG = f"!relax.tensor<[n + m, {WIDTH}], f32>"
OTHERS = ROWS.replace("[n", "[m")
MODEL = f"""relax.func @main<n, m>(%x: {ROWS}, %y: {OTHERS}) -> ({LONG}, {LONG}) {{
  %a = relax.softmax %x {{axis = 0}} : ({ROWS}) -> {ROWS}
  %b = relax.softmax %a {{axis = 1}} : ({ROWS}) -> {ROWS}
  %c = relax.concat %b, %y {{axis = 0}} : ({ROWS}, {OTHERS}) -> {LONG}
  %d = relax.softmax %c {{axis = 0}} : ({LONG}) -> {LONG}
  %e = relax.add %d, %c : ({LONG}, {LONG}) -> {LONG}
  relax.return %d, %e : {LONG}, {LONG}
}}"""

# %n calls within each other, each of which adds a row in a loop of as many iterations.
COUNT, BOOL = "!relax.tensor<[], i64>", "!relax.tensor<[], i1>"
ANY, SOME = ROWS.replace("[n", "[?"), ROWS.replace("[n", "[s")
MORE, ONE = ROWS.replace("[n", "[s + 1"), ROWS.replace("[n", "[1")
NESTED = f"""relax.func @main(%n: {COUNT}, %x: {ONE}) -> ({ANY}) {{
  %zero = relax.constant <[], i64, [0]> : {COUNT}
  %one = relax.constant <[], i64, [1]> : {COUNT}
  %deeper = relax.less %zero, %n : ({COUNT}, {COUNT}) -> {BOOL}
  %start = relax.if %deeper : {BOOL} -> ({ANY}) {{
    %m = relax.subtract %n, %one : ({COUNT}, {COUNT}) -> {COUNT}
    %below = relax.call @main(%m, %x) : ({COUNT}, {ONE}) -> {ANY}
    relax.yield %below : {ANY}
  }} else {{
    %first = relax.softmax %x {{axis = 1}} : ({ONE}) -> {ONE}
    relax.yield %first : {ONE}
  }}
  %i, %r = relax.while %zero, %start : ({COUNT}, {ANY}) -> ({COUNT}, {ANY}) {{
  ^bb0(%j: {COUNT}, %a: {ANY}):
    %go = relax.less %j, %n : ({COUNT}, {COUNT}) -> {BOOL}
    relax.yield %go : {BOOL}
  }} do {{
  ^bb0(%j: {COUNT}, %a: {ANY}):
    %next = relax.add %j, %one : ({COUNT}, {COUNT}) -> {COUNT}
    %b = relax.match_cast %a {{new_symbols = ["s"]}} : {ANY} -> {SOME}
    %c = relax.concat %b, %x {{axis = 0}} : ({SOME}, {ONE}) -> {MORE}
    relax.yield %next, %c : {COUNT}, {MORE}
  }}
  relax.return %r : {ANY}
}}"""
MAX_DEPTH = 6

Call = Callable[[int], object]
BLOCK_BYTES = 128
"""The least that an object of Python takes: noise is some of these."""


@dataclass(frozen=True)
class Growth:
    """What is there behind many calls and was not before them."""

    resident_bytes: int
    objects: int
    in_use_bytes: int
    files: int

    def __str__(self) -> str:
        return (
            f"{self.resident_bytes / 1024:+.0f} KiB resident, {self.objects:+} objects,"
            f" {self.in_use_bytes:+} bytes in use, {self.files:+} files"
        )


def resident_bytes() -> int:
    """Return what the process has in memory; 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _files() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0


def measure(call: Call, count: int, allocator: Allocator | None = None) -> Growth:
    """Make `count` calls, after a tenth as many that do not count, and return what grew."""

    def state() -> tuple[int, int, int, int]:
        gc.collect()
        held = 0 if allocator is None else allocator.stats().in_use_bytes
        return resident_bytes(), sys.getallocatedblocks(), held, _files()

    for i in range(max(count // 10, 200)):
        call(i)
    before = state()
    for i in range(count):
        call(i)
    return Growth(*(b - a for a, b in zip(before, state(), strict=True)))


class Inputs:
    """Arrays of random sizes, the same ones for everybody: views of one block."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self._block = rng.standard_normal((MAX_ROWS, WIDTH)).astype(np.float32)
        self._sizes = rng.integers(0, MAX_ROWS, (4096, 2)).tolist()

    def __call__(self, i: int) -> tuple[Any, Any]:
        n, m = self._sizes[i % len(self._sizes)]
        return self._block[:n], self._block[:m]


def calls(mode: str, allocator: Allocator) -> Iterator[tuple[str, Call]]:
    """Yield kinds of calls of one model: fitting ones, wrong ones, profiled ones."""
    exe = tyrex.compile(MODEL, exec_mode=mode, threads=1)
    assert exe.exec_mode == mode
    machine = tyrex.VirtualMachine(exe, memory_cfg=allocator)
    run = exe if mode == "compiled" else machine["main"]
    inputs = Inputs()
    yield "random shapes", lambda i: run(*inputs(i))

    def wrong(i: int) -> None:
        x, y = inputs(i)
        try:
            run(x[:, 1:], y) if i % 2 else run(x, y.astype(np.float64))
        except TyrexError:
            return
        raise AssertionError("the argument does not fit")

    yield "wrong arguments", wrong
    nested = tyrex.compile(NESTED, exec_mode=mode, threads=1)
    assert nested.exec_mode == mode
    deep = (
        nested if mode == "compiled" else tyrex.VirtualMachine(nested, memory_cfg=allocator)["main"]
    )
    row = np.ones((1, WIDTH), np.float32)

    def loops(i: int) -> None:
        n = i % (MAX_DEPTH + 1)
        assert deep(np.array(n), row).shape == (1 + n * (n + 1) // 2, WIDTH)

    yield "loops and recursion", loops
    if mode == "bytecode":
        yield (
            "profile, then not",
            lambda i: machine.profile("main", *inputs(i)) if i % 2 else run(*inputs(i)),
        )


def sessions(folder: Path) -> Iterator[tuple[str, Call]]:
    """Yield ways to begin and end the use of a model."""
    exe = tyrex.compile(MODEL, threads=1)
    inputs = Inputs()

    def machine(i: int) -> None:
        vm = tyrex.VirtualMachine(exe, memory_cfg=("pooled", "naive")[i % 2])
        vm["main"](*inputs(i))

    yield "machines", machine
    for suffix in ("so", "tyx"):
        path = exe.export_library(folder / f"m.{suffix}")

        def module(i: int, path: Path = path) -> None:
            with tyrex.load_module(path) as loaded:
                loaded(*inputs(i))

        yield f"modules of .{suffix}", module


def main() -> int:
    """Print what grows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--sessions", type=int, default=10_000)
    options = parser.parse_args()
    for mode in ("compiled", "bytecode"):
        for kind in (PooledAllocator, NaiveAllocator) if mode == "bytecode" else (PooledAllocator,):
            allocator = kind()
            for name, call in calls(mode, allocator):
                _report(f"{mode}, {kind.name}, {name}", call, options.calls, allocator)
    with tempfile.TemporaryDirectory(prefix="tyrex-growth-") as folder:
        for name, call in sessions(Path(folder)):
            _report(name, call, options.sessions, None)
    return 0


def _report(name: str, call: Call, count: int, allocator: Allocator | None) -> None:
    begin = time.process_time()
    growth = measure(call, count, allocator)
    print(f"{count} x {name}: {growth} ({time.process_time() - begin:.0f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
