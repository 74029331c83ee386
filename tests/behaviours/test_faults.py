"""What fails in the middle of a run leaves the program usable and holds no memory.

An interrupt by the user is in tests/runtime/test_interrupt.py.
"""

import gc
from typing import Any

import numpy as np
import pytest

import tyrex
from tyrex.runtime.errors import OutOfMemoryError, ShapeError
from tyrex.runtime.memory import Block, PooledAllocator
from tyrex.runtime.native_library import native

from .conftest import Compile
from .test_loop_memory import COLLECTING, PROGRAMS, inputs, results_of
from .test_recursion import GROWING
from .texts import BOOL, t

X = np.arange(12, dtype=np.float32).reshape(3, 4)
YES, NO = np.array(True), np.array(False)
R = t("n", 4)

# Memory of a symbol's size, results of branches and of a loop, and calls.
MODEL = f"""relax.func @half<k>(%x: {t("k", 4)}) -> ({t("k", 4)}) {{
  %a = relax.softmax %x {{axis = 1}} : ({t("k", 4)}) -> {t("k", 4)}
  %b = relax.softmax %a {{axis = 0}} : ({t("k", 4)}) -> {t("k", 4)}
  relax.return %b : {t("k", 4)}
}}
relax.func @main<n, m>(%c: {BOOL}, %x: {R}, %y: {t("m", 4)}) -> ({R}, {R}) {{
  %no = relax.constant <[], i1, [false]> : {BOOL}
  %h = relax.call @half(%x) : ({R}) -> {R}
  %r = relax.if %c : {BOOL} -> ({R}) {{
    %s = relax.softmax %h {{axis = 0}} : ({R}) -> {R}
    relax.yield %s : {R}
  }} else {{
    %z = relax.match_cast %y : {t("m", 4)} -> {R}
    relax.yield %z : {R}
  }}
  %u, %e = relax.while %r, %c : ({R}, {BOOL}) -> ({R}, {BOOL}) {{
  ^bb0(%v: {R}, %d: {BOOL}):
    relax.yield %d : {BOOL}
  }} do {{
  ^bb0(%v: {R}, %d: {BOOL}):
    %w = relax.softmax %v {{axis = 1}} : ({R}) -> {R}
    %q = relax.add %w, %h : ({R}, {R}) -> {R}
    relax.yield %q, %no : {R}, {BOOL}
  }}
  relax.return %u, %r : {R}, {R}
}}"""


class Failing(PooledAllocator):
    """Has no memory for one allocation."""

    countdown = -1

    def allocate(self, size_bytes: int) -> Block:
        self.countdown -= 1
        if self.countdown == 0:
            raise OutOfMemoryError("allocate: injected")
        return super().allocate(size_bytes)


@pytest.fixture
def subject(build: Compile, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Failing]:
    """Return what runs the model in a mode, and the allocator of its results."""
    allocator = Failing()

    def make_allocator(name: str) -> Failing:
        return allocator

    monkeypatch.setattr("tyrex.runtime.native_program.make_allocator", make_allocator)
    exe = build(MODEL)
    if exe.exec_mode == "compiled":
        return exe, allocator
    return tyrex.VirtualMachine(exe, memory_cfg=allocator)["main"], allocator


def values(run: Any, *args: Any) -> list[Any]:
    """Return copies of the results: they hold no memory of the allocator."""
    return [np.array(tensor) for tensor in run(*args)]


def held(allocator: Failing) -> int:
    gc.collect()
    return allocator.stats().in_use_bytes


def test_memory_that_ends_at_any_allocation(subject: tuple[Any, Failing]) -> None:
    run, allocator = subject
    for way in (YES, NO):
        expected = values(run, way, X, X)
        idle, failures = held(allocator), 0
        for n in range(1, 12):
            for rows in (3, 2):  # of other sizes: memory is laid out anew
                allocator.countdown = n
                try:
                    run(way, X[:rows], X[:rows])
                except OutOfMemoryError:
                    failures += 1
                allocator.countdown = -1
            for a, b in zip(values(run, way, X, X), expected, strict=True):
                np.testing.assert_array_equal(a, b)
            assert held(allocator) <= idle, f"allocation {n}"
        assert 2 <= failures < 22


def test_a_shape_that_turns_out_wrong_in_the_middle(subject: tuple[Any, Failing]) -> None:
    run, allocator = subject
    expected = values(run, NO, X, X)
    idle = held(allocator)
    for _ in range(20):
        with pytest.raises(ShapeError, match=r"expected n( = 3)? in dimension 0"):
            run(NO, X, X[:2])
        assert held(allocator) <= idle
        for a, b in zip(values(run, NO, X, X), expected, strict=True):
            np.testing.assert_array_equal(a, b)
    assert len(values(run, YES, X, X[:2])) == 2, "the other branch does not look"


def test_a_limit_that_is_raised(build: Compile) -> None:
    machine = tyrex.VirtualMachine(build(MODEL), memory_cfg=PooledAllocator(limit_bytes=0))
    with pytest.raises(OutOfMemoryError, match="more than the limit of 0"):
        machine["main"](YES, X, X)
    machine.allocator.limit_bytes = None
    assert len(machine["main"](YES, X, X)) == 2


@pytest.mark.parametrize("name", ["collected", "by a function that sizes it", "recursion"])
def test_memory_that_ends_in_a_loop_or_in_recursion(build: Compile, name: str) -> None:
    x, z = inputs(5)
    if name == "recursion":
        exe, given = build(GROWING), [np.array(9), X[:1]]
    else:
        exe = build(COLLECTING if name == "collected" else PROGRAMS[name][0])
        given = [np.array(30), x, z]

    def forget() -> None:
        exe.machine.allocator.trim()
        if exe._native is not None:  # pyright: ignore[reportPrivateUsage]
            exe._native.forget_contexts()  # pyright: ignore[reportPrivateUsage]

    expected = [np.array(tensor) for tensor in results_of(exe(*given))]
    gc.collect()
    idle, failures = exe.memory_stats().in_use_bytes, 0
    for n in range(40):
        forget()
        native().memory_fail_after(n)
        try:
            exe(*given)
        except OutOfMemoryError:
            failures += 1
        finally:
            native().memory_fail_after(-1)
        again = [np.array(tensor) for tensor in results_of(exe(*given))]
        for a, b in zip(again, expected, strict=True):
            np.testing.assert_array_equal(a, b)
        gc.collect()
        assert exe.memory_stats().in_use_bytes <= idle, f"allocation {n}"
    assert 4 <= failures < 40
