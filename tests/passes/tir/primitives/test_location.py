"""compute_at, reverse_compute_at."""

from random import Random

import pytest
from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute

from tyrex.dialects import tir
from tyrex.passes.tir.primitives.rewrite import add_conditions
from tyrex.passes.tir.primitives.schedule import Schedule
from tyrex.symbolic import IntExpr

from ...kernels import Kernel  # noqa: TID251  # the tests' folder
from .harness import SEEDS, TYPES, assert_means_the_same, chain, dense, matmul, refused, shape  # noqa: TID251


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_compute_at(seed: int, dtype: Attribute) -> None:
    func = chain(*shape(seed, 2), dtype=dtype)
    s = Schedule(func)
    i, j = s.get_loops(s.get_block("out"))
    i0, i1 = s.split(i, [None, 4])
    j0, j1 = s.split(j, [None, 3])
    s.reorder(i0, j0, i1, j1)
    at = (i0, j0, i1, j1)[seed % 4]
    for name in ("pad", "transpose", "add"):
        s.compute_at(s.get_block(name), at)
        assert_means_the_same(s, func)
    assert len(s.get_child_blocks(i0)) == 4


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_compute_at_of_a_reduction(seed: int, dtype: Attribute) -> None:
    func = dense(*shape(seed, 3), dtype=dtype)
    s = Schedule(func)
    i, j = s.get_loops(s.get_block("relu"))
    f0, f1 = s.split(s.fuse(i, j), [None, 5]) if seed % 2 else s.split(i, [None, 4])
    for name in ("bias", "matmul", "twice"):
        s.compute_at(s.get_block(name), f0)
        assert_means_the_same(s, func)
    assert len(s.get_child_blocks(f0)) == 4
    del f1


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_reverse_compute_at(seed: int, dtype: Attribute) -> None:
    func = dense(*shape(seed, 3), dtype=dtype)
    s = Schedule(func)
    block = s.get_block("matmul")
    i, j, k = s.get_loops(block)
    i0, i1 = s.split(i, [None, 4])
    j0, j1 = s.split(j, [None, 8])
    s.reorder(i0, j0, k, i1, j1)
    if seed % 2:
        s.parallel(s.fuse(i0, j0))
        j0 = s.get_loops(block)[0]
    for name in ("bias", "relu"):
        s.reverse_compute_at(
            s.get_block(name), Random(seed).choice((i0, j0)) if not seed % 2 else j0
        )
        assert_means_the_same(s, func)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_an_accumulator_on_the_stack(seed: int, dtype: Attribute) -> None:
    func = matmul(*shape(seed, 3), dtype=dtype)
    s = Schedule(func)
    block = s.get_block("matmul")
    write = s.cache_write(block, 0, "stack")
    i, j, k = s.get_loops(block)
    i0, i1 = s.split(i, [None, 4])
    j0, j1 = s.split(j, [None, 8])
    s.reorder(i0, j0, k, i1, j1)
    s.reverse_compute_at(write, j0)
    init = s.decompose_reduction(block, k)
    s.vectorize(j1)
    s.unroll(i1)
    s.parallel(i0)
    assert_means_the_same(s, func)
    assert s.get(init) is not s.get(block)


def test_refusals_of_compute_at() -> None:
    s = Schedule(chain(7, 17))
    add, out = s.get_block("add"), s.get_block("out")
    (i, _), (p, _) = s.get_loops(out), s.get_loops(s.get_block("pad"))
    own, _ = s.get_loops(add)
    refused(lambda: s.compute_at(out, own), "an output of the kernel")
    refused(lambda: s.compute_at(add, own), "is inside the loop", "already")
    refused(lambda: s.compute_at(s.get_block("transpose"), p), '"out" reads', "outside of the loop")
    s.parallel(i)
    s.compute_at(s.get_block("pad"), i)
    transpose = s.get_block("transpose")
    s.compute_at(transpose, i)


def test_blocks_whose_loops_were_split_and_fused_move_too() -> None:
    func = chain(7, 17)
    s = Schedule(func)
    add = s.get_block("add")
    i, j = s.get_loops(add)
    i0, _ = s.split(i, [None, 2])
    s.split(i0, [None, 3])
    s.split(j, [None, 5])
    (p, _) = s.get_loops(s.get_block("transpose"))
    s.compute_at(add, p)
    transpose = s.get_block("transpose")
    fused, _ = s.split(s.fuse(*s.get_loops(s.get_block("pad"))), [None, 4])
    assert_means_the_same(s, func)
    s.compute_inline(transpose)
    assert_means_the_same(s, func)
    del fused


def test_conditions_of_a_block_are_not_lost() -> None:
    k = Kernel("kernel")
    x, y, t = k.input((8,), f32), k.output((8,), f32), k.temp((8,), f32)
    k.map("first", t, lambda i: k.load(x, i))
    k.map("second", y, lambda i: k.load(t, i))
    func = k.build()
    block = next(op for op in func.walk() if isinstance(op, tir.BlockOp))
    add_conditions(block, [3 - block.exprs_over_values(block.bindings)[0]])
    s = Schedule(func)
    first, (loop,) = s.get_block("first"), s.get_loops(s.get_block("second"))
    refused(lambda: s.compute_at(first, loop), "has a condition other than")
    refused(lambda: s.compute_inline(first), "has a condition other than")


def test_halos_are_not_written_by_two_threads() -> None:
    k = Kernel("kernel")
    x, y, t = k.input((18,), f32), k.output((16,), f32), k.temp((18,), f32)
    k.map("twice", t, lambda i: k.load(x, i) + k.load(x, i))

    def blur(i: IntExpr) -> object:
        return k.load(t, i) + k.load(t, i + 1) + k.load(t, i + 2)

    k.map("blur", y, blur)  # pyright: ignore[reportArgumentType]
    func = k.build()
    s = Schedule(func)
    (i,) = s.get_loops(s.get_block("blur"))
    i0, _ = s.split(i, [None, 4])
    s.parallel(i0)
    refused(lambda: s.compute_at(s.get_block("twice"), i0), "parallel", "same elements")
    s = Schedule(func)
    (i,) = s.get_loops(s.get_block("blur"))
    i0, _ = s.split(i, [None, 4])
    s.compute_at(s.get_block("twice"), i0)
    assert_means_the_same(s, func)
    refused(lambda: s.parallel(i0), "not affine")


def test_refusals_of_reverse_compute_at() -> None:
    s = Schedule(dense(7, 17, 3))
    matmul_block, bias = s.get_block("matmul"), s.get_block("bias")
    i, _, k = s.get_loops(matmul_block)
    refused(lambda: s.reverse_compute_at(bias, k), "complete only after that loop")
    refused(lambda: s.reverse_compute_at(s.get_block("relu"), i), "reads nothing that is written")
    refused(lambda: s.reverse_compute_at(s.get_block("twice"), i), "reads nothing")
    s = Schedule(chain(7, 17))
    (j, _) = s.get_loops(s.get_block("transpose"))
    refused(lambda: s.reverse_compute_at(s.get_block("pad"), j), "at its own spatial variables")
