"""compute_inline, reverse_compute_inline."""

import pytest
from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute

from tyrex.dialects import tir
from tyrex.passes.tir.primitives.schedule import Schedule

from ...kernels import Kernel  # noqa: TID251  # the tests' folder
from .harness import SEEDS, TYPES, assert_means_the_same, chain, dense, refused, shape  # noqa: TID251


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_compute_inline(seed: int, dtype: Attribute) -> None:
    func = chain(*shape(seed, 2), dtype=dtype)
    s = Schedule(func)
    for name in ("add", "transpose", "pad"):
        block = s.get_block(name)
        if seed % 2:
            s.split(s.get_loops(block)[0], [None, 2])
        s.compute_inline(block)
        assert_means_the_same(s, func)
    assert not [op for op in s.func.walk() if isinstance(op, tir.AllocOp)]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_reverse_compute_inline(seed: int, dtype: Attribute) -> None:
    func = dense(*shape(seed, 3), dtype=dtype)
    s = Schedule(func)
    if seed % 2:
        s.split(s.get_loops(s.get_block("bias"))[1], [None, 4])
    s.reverse_compute_inline(s.get_block("relu"))
    s.compute_inline(s.get_block("twice"))
    assert_means_the_same(s, func)
    assert len([op for op in s.func.walk() if isinstance(op, tir.BlockOp)]) == 2


def test_refusals() -> None:
    s = Schedule(dense(3, 7, 17))
    refused(lambda: s.compute_inline(s.get_block("matmul")), "of kind reduce", "spatial")
    refused(lambda: s.compute_inline(s.get_block("relu")), "an output of the kernel")
    refused(lambda: s.reverse_compute_inline(s.get_block("bias")), '"matmul"', "complete")
    refused(lambda: s.reverse_compute_inline(s.get_block("twice")), "0 producers")
    s = Schedule(chain(3, 7))
    refused(lambda: s.reverse_compute_inline(s.get_block("pad")), "at its own variables")


def test_sources_that_change_are_not_read_later() -> None:
    k = Kernel("kernel")
    x, y = k.input((4,), f32), k.output((4,), f32)
    u, t = k.temp((4,), f32), k.temp((4,), f32)
    k.map("first", u, lambda i: k.load(x, i))
    k.map("copy", t, lambda i: k.load(u, i))
    k.map("again", u, lambda i: k.const(1, f32))
    k.map("out", y, lambda i: k.load(t, i) + k.load(u, i))
    s = Schedule(k.build())
    refused(lambda: s.compute_inline(s.get_block("copy")), '"again"', "overwrites")
    refused(lambda: s.compute_inline(s.get_block("first")), "not the only writer")


def test_in_place_memory_is_one() -> None:
    k = Kernel("kernel")
    x, y = k.input((4,), f32), k.output((4,), f32)
    t = k.temp((4,), f32)
    k.map("reverse", t, lambda i: k.load(x, 3 - i))
    k.map("out", y, lambda i: k.load(t, i))
    built = k.build()
    body = built.body.clone()
    func = tir.FuncOp("kernel", body, 1, 1, (), [(0, 0)])
    s = Schedule(func)
    refused(lambda: s.compute_inline(s.get_block("reverse")), '"out" overwrites')
    refused(lambda: s.reverse_compute_inline(s.get_block("out")), "cannot be moved past")
