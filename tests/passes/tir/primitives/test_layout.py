"""transform_layout, pad_einsum."""

import pytest
from xdsl.ir import Attribute

from tyrex.dialects import tir
from tyrex.passes.tir.primitives.schedule import Schedule

from .harness import SEEDS, TYPES, assert_means_the_same, chain, dense, matmul, refused, shape  # noqa: TID251


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_transform_layout(seed: int, dtype: Attribute) -> None:
    func = chain(*shape(seed, 2), dtype=dtype)
    s = Schedule(func)
    s.transform_layout(s.get_block("add"), ("write", 0), lambda i, j: (j, i))
    s.transform_layout(s.get_block("out"), ("read", 0), lambda j, i: (i // 4, j, i % 4))
    s.transform_layout(s.get_block("transpose"), ("write", 0), lambda j, i: (j * 33 + i,))
    assert_means_the_same(s, func)
    ranks = [op.buffer_type.rank for op in s.func.walk() if isinstance(op, tir.AllocOp)]
    assert sorted(ranks) == [1, 2, 3]


def test_packing_an_operand() -> None:
    func = matmul(7, 33, 17)
    s = Schedule(func)
    block = s.get_block("matmul")
    copy = s.cache_read(block, 1, "global")
    s.transform_layout(copy, ("write", 0), lambda k, j: (j // 8, k, j % 8))
    assert_means_the_same(s, func)
    alloc = next(op for op in s.func.walk() if isinstance(op, tir.AllocOp))
    assert alloc.buffer_type.static_shape() == (5, 17, 8)


def test_refusals_of_transform_layout() -> None:
    s = Schedule(dense(3, 7, 17))
    block = s.get_block("matmul")
    refused(lambda: s.transform_layout(block, ("read", 1), lambda i, j: (j, i)), "argument of the")
    refused(lambda: s.transform_layout(block, ("read", 2), lambda i, j: (j, i)), "no number 2")
    refused(
        lambda: s.transform_layout(block, ("both", 0), lambda i, j: (j, i)), '"read" or "write"'
    )
    refused(lambda: s.transform_layout(block, ("write", 0), lambda i, j: (i + j,)), "two elements")
    refused(
        lambda: s.transform_layout(block, ("write", 0), lambda i, j: (i // 2, j)), "at one place"
    )
    refused(lambda: s.transform_layout(block, ("write", 0), lambda i, j: (i - 1, j)), "is negative")


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_pad_einsum(seed: int, dtype: Attribute) -> None:
    func = dense(*shape(seed, 3), dtype=dtype)
    s = Schedule(func)
    block = s.get_block("matmul")
    s.pad_einsum(block, [4, 8, 2])
    i, j, k = s.get_loops(block)
    i0, i1 = s.split(i, [None, 4])
    j0, j1 = s.split(j, [None, 8])
    s.reorder(i0, j0, k, i1, j1)
    op = s.get(block)
    assert isinstance(op, tir.BlockOp)
    assert not op.conditions.data
    assert_means_the_same(s, func)


def test_refusals_of_pad_einsum() -> None:
    s = Schedule(dense(3, 7, 17))
    block = s.get_block("matmul")
    refused(lambda: s.pad_einsum(block, [4, 4]), "one positive number for each of 3")
    refused(lambda: s.pad_einsum(s.get_block("bias"), [4, 4]), "no reduction block")
    s.split(s.get_loops(block)[0], [None, 2])
    refused(lambda: s.pad_einsum(block, [4, 4, 4]), "were changed already")
