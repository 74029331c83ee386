"""parallel, vectorize, unroll, annotate: allowed where iterations are independent."""

import pytest
from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute

from tyrex.dialects import tir
from tyrex.passes.tir.primitives.schedule import Schedule
from tyrex.symbolic import IntExpr

from ...kernels import Kernel  # noqa: TID251  # the tests' folder
from .harness import SEEDS, TYPES, assert_means_the_same, chain, matmul, refused, shape  # noqa: TID251


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_tile(seed: int, dtype: Attribute) -> None:
    func = matmul(*shape(seed, 3), dtype=dtype)
    s = Schedule(func)
    i, j, k = s.get_loops(s.get_block("matmul"))
    i0, i1 = s.split(i, [None, 4])
    j0, j1 = s.split(j, [None, 8])
    s.reorder(i0, j0, k, i1, j1)
    s.parallel(s.fuse(i0, j0))
    s.unroll(i1)
    s.vectorize(j1)
    kinds = [s.get(loop) for loop in s.get_loops(s.get_block("matmul"))]
    assert [op.kind.data.value for op in kinds if isinstance(op, tir.ForOp)] == [
        "parallel",
        "serial",
        "unrolled",
        "vectorized",
    ]
    assert_means_the_same(s, func)


def test_refusals() -> None:
    s = Schedule(matmul(17, 7, 3))
    i, j, k = s.get_loops(s.get_block("matmul"))
    refused(lambda: s.parallel(k), "of kind reduce", "rfactor")
    refused(lambda: s.vectorize(k), "of kind reduce")
    s.vectorize(j)
    refused(lambda: s.vectorize(i), "is vectorized already")
    refused(lambda: s.unroll(j), "is vectorized, expected a serial loop")
    refused(lambda: s.parallel(s.add_unit_loop(j)) or s.vectorize(j), "expected a serial loop")


def test_no_threads_inside_vectors() -> None:
    s = Schedule(chain(7, 3))
    i, j = s.get_loops(s.get_block("add"))
    s.vectorize(i)
    refused(lambda: s.parallel(j), "is vectorized already")
    s = Schedule(matmul(7, 3, 5))
    i, j, _ = s.get_loops(s.get_block("matmul"))
    s.parallel(i)
    s.vectorize(j)
    refused(lambda: s.reorder(j, i), "around a parallel")


def test_memory_of_each_iteration_is_no_vector() -> None:
    k = Kernel("kernel")
    x, y = k.input((8,), f32), k.output((8,), f32)

    def body(i: IntExpr) -> None:
        t = k.temp((1,), f32, tir.STACK)
        k.store(t, [0], k.load(x, i))
        k.store(y, [i], k.load(t, 0))

    k.nest("copy", [(tir.IterKind.SPATIAL, 8)], body)
    func = k.build()
    s = Schedule(func)
    (i,) = s.get_loops(s.get_block("copy"))
    refused(lambda: s.vectorize(i), "one for all lanes")
    s.parallel(i)
    assert_means_the_same(s, func)


def test_a_halo_between_blocks_keeps_loops_serial() -> None:
    func = chain(7, 17)
    s = Schedule(func)
    i, _ = s.get_loops(s.get_block("out"))
    s.compute_at(s.get_block("pad"), i)
    s.parallel(i)
    s = Schedule(func)
    _, j = s.get_loops(s.get_block("out"))
    s.compute_at(s.get_block("pad"), j)
    refused(lambda: s.parallel(j), "not affine")
    assert_means_the_same(s, func)


def test_notes() -> None:
    s = Schedule(matmul(17, 7, 3))
    block = s.get_block("matmul")
    s.annotate(block, "hint", "here")
    refused(lambda: s.annotate(block, "hint", 1), 'bears "hint" = "here" already')
    assert '"here"' in str(s.get(block))
    s.unannotate(block, "hint")
    refused(lambda: s.unannotate(block, "hint"), "its notes: none")
