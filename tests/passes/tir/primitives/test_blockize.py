"""blockize, tensorize."""

import pytest
from xdsl.ir import Attribute

from tyrex.dialects import tir
from tyrex.passes.tir.primitives.schedule import Schedule

from .harness import TYPES, assert_means_the_same, matmul, refused  # noqa: TID251


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("inner", [1, 2, 3, 4])
def test_blockize(inner: int, dtype: Attribute) -> None:
    func = matmul(8, 12, 6, dtype=dtype)
    s = Schedule(func)
    i, j, k = s.get_loops(s.get_block("matmul"))
    i0, i1 = s.split(i, [None, 4])
    j0, j1 = s.split(j, [None, 4])
    k0, k1 = s.split(k, [None, 3])
    order = [i0, j0, k0, k1, i1, j1]
    s.reorder(*order)
    outer = s.blockize(order[-inner])
    assert_means_the_same(s, func)
    op = s.get(outer)
    assert isinstance(op, tir.BlockOp)
    assert len(s.get_loops(outer)) == 6 - inner
    assert len(s.get_loops(s.get_block("matmul"))) == inner
    assert (op.init is None) == (inner == 4)
    s.reorder(*reversed(s.get_loops(outer)))
    assert_means_the_same(s, func)


def test_refusals_of_blockize() -> None:
    s = Schedule(matmul(7, 12, 6))
    i, j, _ = s.get_loops(s.get_block("matmul"))
    i0, i1 = s.split(i, [None, 4])
    refused(lambda: s.blockize(i1), "has a condition on the loops inside")
    j0, j1 = s.split(j, [4, 3])
    s.reorder(j1, i0, i1, j0)
    refused(lambda: s.blockize(j0), "tile * 4 + position")
    s.parallel(j1)
    refused(lambda: s.blockize(j1), "is parallel, expected a serial loop")


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_tensorize_dot(dtype: Attribute) -> None:
    func = matmul(7, 3, 12, dtype=dtype)
    s = Schedule(func)
    block = s.get_block("matmul")
    i, _, k = s.get_loops(block)
    _, k1 = s.split(k, [None, 4])
    s.decompose_reduction(block, i)
    tile = s.tensorize(k1, f"dot4_{dtype}")
    op = s.get(tile)
    assert isinstance(op, tir.BlockOp)
    assert not [inner for inner in op.body.walk() if isinstance(inner, tir.ForOp)]
    assert_means_the_same(s, func)


@pytest.mark.parametrize("lanes", [8, 16])
def test_tensorize_fma(lanes: int) -> None:
    func = matmul(7, 32, 5)
    s = Schedule(func)
    block = s.get_block("matmul")
    i, j, k = s.get_loops(block)
    _, j1 = s.split(j, [None, lanes])
    s.decompose_reduction(block, i)
    s.reorder(k, j1)
    tile = s.tensorize(j1, f"fma{lanes}_f32")
    assert "math.fma" in str(s.get(tile))
    s.parallel(i)
    assert_means_the_same(s, func)


def test_refusals_of_tensorize() -> None:
    s = Schedule(matmul(8, 16, 4))
    block = s.get_block("matmul")
    i, j, k = s.get_loops(block)
    refused(lambda: s.tensorize(k, "dot5"), "the known ones are: dot4_f32")
    refused(lambda: s.tensorize(k, "dot4_f32"), "has an init", "decompose_reduction")
    s.decompose_reduction(block, i)
    refused(lambda: s.tensorize(j, "dot4_f32"), "[16, 4], the intrinsic's [4]")
    refused(lambda: s.tensorize(k, "dot4_i32"), "f32", "i32")
    s.reorder(k, j)
    refused(lambda: s.tensorize(j, "dot4_f32"), "[16]")
    s = Schedule(matmul(8, 4, 4))
    block = s.get_block("matmul")
    i, j, k = s.get_loops(block)
    s.decompose_reduction(block, i)
    s.reorder(k, j)
    refused(lambda: s.tensorize(j, "dot4_f32"), "does not do what the intrinsic describes")
