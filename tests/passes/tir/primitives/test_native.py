"""Schedules by hand, compiled: native code computes what the interpreter does, bit for bit."""

import numpy as np
import pytest
from xdsl.context import Context

from tyrex.dialects.target import set_target
from tyrex.passes.tir.compact_buffers import CompactBuffersPass
from tyrex.passes.tir.lower_blocks import LowerBlocksPass
from tyrex.passes.tir.primitives.schedule import Schedule

from ...kernels import assert_same  # noqa: TID251  # the tests' folder
from ...native import NativeKernel, host  # noqa: TID251
from .harness import SEEDS, assert_means_the_same, dense, matmul, outputs, shape  # noqa: TID251


def run_natively(s: Schedule, shapes: list[tuple[int, ...]]) -> None:
    """Compile the scheduled kernel and compare its result with the interpreter's."""
    expected = outputs(s.func)
    module = s.mod
    set_target(module, host())
    for tir_pass in (CompactBuffersPass(), LowerBlocksPass()):
        tir_pass.apply(Context(), module)
    rng = np.random.default_rng(7)
    arrays = [rng.integers(-3, 4, dims).astype(np.float32) for dims in shapes]
    assert_same(NativeKernel(module)(arrays, {}), expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_register_tiles(seed: int) -> None:
    m, n, p = shape(seed, 3)
    func = matmul(m, n, p)
    s = Schedule(func)
    block = s.get_block("matmul")
    write = s.cache_write(block, 0, "stack")
    i, j, k = s.get_loops(block)
    i0, i1 = s.split(i, [None, 4])
    j0, j1, j2 = s.split(j, [None, 2, 8])
    s.reorder(i0, j0, k, i1, j1, j2)
    s.reverse_compute_at(write, j0)
    s.decompose_reduction(block, k)
    s.unroll(i1)
    s.unroll(j1)
    s.vectorize(j2)
    s.parallel(i0)
    assert_means_the_same(s, func)
    run_natively(s, [(m, p), (p, n), (m, n)])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fused_epilogue_and_packed_operands(seed: int) -> None:
    m, n, p = shape(seed, 3)
    func = dense(m, n, p)
    s = Schedule(func)
    block = s.get_block("matmul")
    s.compute_inline(s.get_block("twice"))
    s.compute_inline(s.get_block("bias"))
    packed = s.cache_read(block, 1, "global")
    s.transform_layout(packed, ("write", 0), lambda q, j: (j // 8, q, j % 8))
    i, j, _ = s.get_loops(block)
    _, lanes = s.split(j, [None, 8])
    s.reorder(*[x for x in s.get_loops(block) if s.get(x) is not s.get(lanes)], lanes)
    s.vectorize(lanes)
    s.reverse_compute_at(s.get_block("relu"), i)
    s.parallel(i)
    assert_means_the_same(s, func)
    run_natively(s, [(m, p), (p, n), (n,), (m, n)])
