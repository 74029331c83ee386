"""decompose_reduction, rfactor."""

from random import Random

import pytest
from xdsl.ir import Attribute

from tyrex.dialects import tir
from tyrex.passes.tir.primitives.schedule import Schedule

from .harness import (  # noqa: TID251
    SEEDS,
    TYPES,
    assert_means_the_same,
    dense,
    matmul,
    refused,
    shape,
    total,
)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_decompose(seed: int, dtype: Attribute) -> None:
    func = matmul(*shape(seed, 3), dtype=dtype)
    s = Schedule(func)
    block = s.get_block("matmul")
    i, j, k = s.get_loops(block)
    i0, i1 = s.split(i, [None, 4])
    k0, k1 = s.split(k, [None, 2])
    s.reorder(i0, k0, j, k1, i1)
    s.unroll(i1)
    init = s.decompose_reduction(block, (i0, k0)[seed % 2])
    op, update = s.get(init), s.get(block)
    assert isinstance(op, tir.BlockOp)
    assert isinstance(update, tir.BlockOp)
    assert op.block_name.data == "matmul_init"
    assert update.init is None
    assert_means_the_same(s, func)
    s.parallel(i0)
    assert_means_the_same(s, func)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_rfactor_of_a_matmul(seed: int, dtype: Attribute) -> None:
    func = matmul(*shape(seed, 3), dtype=dtype)
    s = Schedule(func)
    i, j, k = s.get_loops(s.get_block("matmul"))
    k0, k1 = s.split(k, [None, 4])
    s.split(i, [None, 2])
    rf = s.rfactor((k0, k1)[seed % 2], seed % 3)
    assert_means_the_same(s, func)
    loops = s.get_loops(rf)
    s.reorder(*reversed(loops[:3]))
    assert_means_the_same(s, func)
    assert len(s.get_loops(s.get_block("matmul"))) == 4
    del j


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_rfactor_makes_a_reduction_parallel(seed: int, dtype: Attribute) -> None:
    m, n = Random(seed).choice((1, 3)), shape(seed, 1)[0]
    func = total(m, n, dtype=dtype)
    s = Schedule(func)
    block = s.get_block("sum")
    i, j = s.get_loops(block)
    _, lanes = s.split(s.fuse(i, j) if m == 1 and n > 1 else j, [None, 8])
    rf = s.rfactor(lanes, 0)
    s.vectorize(lanes)
    assert_means_the_same(s, func)
    s.decompose_reduction(block, s.get_loops(block)[-1])
    assert_means_the_same(s, func)
    assert s.get(rf) is not s.get(block)


def test_rfactor_without_other_reduce_loops() -> None:
    func = total(3, 7)
    s = Schedule(func)
    _, j = s.get_loops(s.get_block("sum"))
    s.rfactor(j, -1)
    assert_means_the_same(s, func)


def test_refusals_of_decompose() -> None:
    s = Schedule(dense(3, 7, 17))
    block = s.get_block("matmul")
    i, j, k = s.get_loops(block)
    other = s.get_loops(s.get_block("bias"))[0]
    refused(lambda: s.decompose_reduction(block, other), "is not around")
    refused(
        lambda: s.decompose_reduction(s.get_block("bias"), other), "no reduction block", "spatial"
    )
    s.reorder(k, i, j)
    refused(lambda: s.decompose_reduction(block, j), "around", "reduce variable")
    s.decompose_reduction(block, k)
    refused(lambda: s.decompose_reduction(block, k), "has no init")


def test_spatial_and_reduce_loops_that_were_fused_stay_together() -> None:
    s = Schedule(matmul(3, 7, 17))
    block = s.get_block("matmul")
    i, j, k = s.get_loops(block)
    fused = s.fuse(j, k)
    refused(lambda: s.decompose_reduction(block, i), "of spatial and of reduce variables")
    refused(lambda: s.rfactor(fused, 0), "of spatial and of reduce variables")


def test_refusals_of_rfactor() -> None:
    s = Schedule(dense(3, 7, 17))
    i, _, k = s.get_loops(s.get_block("matmul"))
    refused(lambda: s.rfactor(i, 0), "in no binding of a reduce variable")
    refused(lambda: s.rfactor(k, 4), "out of range for rank 2; use 0..2")
    refused(lambda: s.rfactor(s.get_loops(s.get_block("bias"))[0], 0), "no reduction block")
    s.parallel(i)
    refused(lambda: s.rfactor(k, 0), "is parallel, expected serial loops")
