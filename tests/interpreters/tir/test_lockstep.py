"""Loops that run all iterations at once mean what they mean one iteration after the other."""

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import i64

from tyrex.dialects import tir
from tyrex.dialects.tir.compute import Buffer, KernelBuilder
from tyrex.dialects.tir.values import Value
from tyrex.interpreters.tir import run_kernel
from tyrex.interpreters.tir.lockstep import independent_loops
from tyrex.symbolic import IntExpr, as_expr, max_, min_, var

SIZE = 8


class RandomKernel:
    """Loops, conditions, allocations and accesses at indices that may or may not collide."""

    def __init__(self, seed: int) -> None:
        self.r = Random(seed)
        self.k = KernelBuilder("random")
        self.x = self.k.input((SIZE, SIZE), i64)
        self.buffers = [self.k.output((SIZE, SIZE), i64), self.k.output((SIZE * SIZE,), i64)]
        self.vars: list[IntExpr] = []
        for _ in range(self.r.choice((1, 2))):
            self.loop(0)
        self.func = self.k.build()
        self.func.verify()

    def loop(self, depth: int) -> None:
        extent = self.r.choice((2, 3, 4, SIZE))
        inner: IntExpr | int = extent
        if self.vars and self.r.random() < 0.2:  # an extent that differs from lane to lane
            inner = min_(self.r.choice(self.vars) + 1, extent)

        def body(i: IntExpr) -> None:
            self.vars.append(i)
            outer = list(self.buffers)
            if self.r.random() < 0.2:
                self.buffers.append(self.private())
            for _ in range(self.r.choice((1, 1, 2))):
                self.statement(depth + 1)
            self.buffers = outer
            self.vars.pop()

        self.k.for_(inner, body)

    def private(self) -> Buffer:
        buffer = self.k.temp((SIZE,), i64, tir.STACK)
        self.k.for_(SIZE, lambda j: self.k.store(buffer, [j], self.k.index_value(j)))
        return buffer

    def statement(self, depth: int) -> None:
        kind = self.r.random()
        if depth < 3 and kind < 0.45:
            self.loop(depth)
        elif kind < 0.6:
            test = self.load() > self.k.const(3, i64)
            self.k.if_(test, self.update, self.update if kind < 0.55 else None)
        else:
            self.update()

    def update(self) -> None:
        target = self.r.choice(self.buffers)
        place = self.place(target)
        value = self.load() + self.k.load(target, *place) + self.k.index_value(self.expr())
        self.k.store(target, place, value)

    def load(self) -> Value:
        source = self.r.choice([self.x, *self.buffers])
        if self.r.random() < 0.2:
            place = self.place(source)
            return self.k.load(source, *place, where=[place[0] - 1], default=5)
        return self.k.load(source, *self.place(source))

    def place(self, buffer: Buffer) -> list[IntExpr]:
        shape = [dim.constant_value for dim in buffer.shape]
        if len(shape) == 1 and shape[0] > SIZE and self.r.random() < 0.6 and self.vars:
            return [self.flat() % shape[0]]
        return [self.index(extent) for extent in shape]

    def flat(self) -> IntExpr:
        total = as_expr(self.r.choice((0, 0, 1)))
        for scale, value in zip((1, 8, 2), reversed(self.vars), strict=False):
            total = total + value * scale
        return total

    def index(self, extent: int) -> IntExpr:
        if self.vars and self.r.random() < 0.6:
            return self.r.choice(self.vars)
        if self.r.random() < 0.1:
            return (self.k.as_index(self.load()) % extent + extent) % extent
        return self.expr() % extent

    def expr(self) -> IntExpr:
        a = self.r.choice([*self.vars, as_expr(1)])
        b = self.r.choice([*self.vars, as_expr(self.r.randrange(SIZE))])
        return self.r.choice((a, a + b, a * 2 + b, a - b, a // 2, a % 3, max_(a, b), a * b))


@pytest.mark.parametrize("seed", range(60))
def test_random_loops(seed: int) -> None:
    kernel = RandomKernel(seed)
    source = np.arange(SIZE * SIZE).reshape(SIZE, SIZE) % 13
    results: list[list[NDArray[Any]]] = []
    for lockstep in (True, False):
        outputs = [np.zeros((SIZE, SIZE), np.int64), np.zeros(SIZE * SIZE, np.int64)]
        run_kernel(kernel.func, [source, *outputs], lockstep=lockstep)
        results.append(outputs)
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=str(kernel.func))


def names_of_independent(k: KernelBuilder) -> list[int]:
    """Return the positions, in the order of a walk, of the loops that run in lockstep."""
    func = k.build()
    found = independent_loops(func)
    loops = [op for op in func.walk() if isinstance(op, tir.ForOp)]
    return [i for i, loop in enumerate(loops) if loop in found]


def test_a_reduction_runs_along_its_spatial_loops() -> None:
    k = KernelBuilder("sum")
    x, y = k.input((4, 5), i64), k.output((4,), i64)

    def add(acc: Value, i: IntExpr, j: IntExpr) -> Value:
        return acc + k.load(x, i, j)

    k.reduce("sum", y, (5,), 0, add)
    assert names_of_independent(k) == [0]


def test_split_and_fused_loops_are_independent() -> None:
    k = KernelBuilder("split")
    y, z = k.output((24,), i64), k.output((4, 6), i64)

    def outer(i: IntExpr) -> None:
        def inner(j: IntExpr) -> None:
            k.store(y, [i * 8 + j], k.index_value(j))

        k.for_(8, inner)

    k.for_(3, outer)
    k.for_(24, lambda f: k.store(z, [f // 6, f % 6], k.index_value(f)))
    assert names_of_independent(k) == [0, 1, 2]


def test_symbolic_rows_are_independent() -> None:
    k = KernelBuilder("rows")
    n = var("n")
    y = k.output((3, n), i64)

    def row(i: IntExpr) -> None:
        k.for_(n, lambda j: k.store(y, [i, j], k.index_value(i + j)))

    k.for_(3, row)
    assert names_of_independent(k) == [0, 1]


MEETING: list[Callable[[IntExpr], IntExpr]] = [
    lambda i: i + 1,  # what the next iteration reads
    lambda i: i // 2,
    lambda i: i % 4,
    lambda i: i * 0,
]


@pytest.mark.parametrize("write", MEETING)
def test_iterations_that_meet_run_in_order(write: Callable[[IntExpr], IntExpr]) -> None:
    k = KernelBuilder("meet")
    y = k.output((16,), i64)

    def body(i: IntExpr) -> None:
        k.store(y, [write(i)], k.load(y, i) + k.const(1, i64))

    k.for_(8, body)
    assert names_of_independent(k) == []


def test_a_loaded_index_may_meet() -> None:
    k = KernelBuilder("scatter")
    at, y = k.input((8,), i64), k.output((8,), i64)
    k.for_(8, lambda i: k.store(y, [k.as_index(k.load(at, i))], k.index_value(i)))
    assert names_of_independent(k) == []


def test_an_alias_pair_is_one_buffer() -> None:
    k = KernelBuilder("reverse")
    x, y = k.input((8,), i64), k.output((8,), i64)
    k.for_(8, lambda i: k.store(y, [i], k.load(x, as_expr(7) - i)))
    func = k.build()
    assert len(independent_loops(func)) == 1
    aliased = tir.FuncOp("reverse", func.body.clone(), 1, 1, (), [(0, 0)])
    assert not independent_loops(aliased)
