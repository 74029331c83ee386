"""cache_read, cache_write."""

import pytest
from xdsl.ir import Attribute

from tyrex.dialects import tir
from tyrex.passes.tir.primitives.schedule import Schedule

from .harness import SEEDS, TYPES, assert_means_the_same, chain, dense, matmul, refused, shape  # noqa: TID251


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_caches(seed: int, dtype: Attribute) -> None:
    func = dense(*shape(seed, 3), dtype=dtype)
    s = Schedule(func)
    block = s.get_block("matmul")
    if seed % 2:
        s.split(s.get_loops(block)[0], [None, 4])
    left = s.cache_read(block, 0, "global")
    right = s.cache_read(block, 1, "stack")
    out = s.cache_write(block, 0, "stack")
    assert_means_the_same(s, func)
    assert len({s.get(b) for b in (left, right, out, block)}) == 4
    allocs = [op for op in s.func.walk() if isinstance(op, tir.AllocOp)]
    assert sorted(op.buffer_type.scope for op in allocs).count("stack") == 2


def test_all_readers_use_the_copy() -> None:
    func = chain(3, 7)
    s = Schedule(func)
    copy = s.cache_read(s.get_block("out"), 1, "global")
    assert_means_the_same(s, func)
    assert len(s.get_consumers(copy)) == 2


def test_refusals() -> None:
    s = Schedule(dense(3, 7, 17))
    block, bias = s.get_block("matmul"), s.get_block("bias")
    refused(lambda: s.cache_read(block, 2, "stack"), "reads 2 buffers", "there is no number 2")
    refused(lambda: s.cache_write(block, 1, "stack"), "writes 1 buffers")
    refused(lambda: s.cache_read(block, 0, "shared"), 'use "global" or "stack"')
    s.reverse_compute_at(bias, s.get_loops(block)[0])
    refused(lambda: s.cache_read(bias, 0, "stack"), '"matmul" writes', "cache_read before")
    refused(lambda: s.cache_write(block, 0, "stack"), "in one nest with")
    s = Schedule(matmul(3, 7, 17))
    block = s.get_block("matmul")
    s.decompose_reduction(block, s.get_loops(block)[0])
    refused(lambda: s.cache_write(block, 0, "stack"), "not the only writer")
