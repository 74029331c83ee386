"""split, fuse, reorder, add_unit_loop: the meaning stays; what would change it is refused."""

from random import Random

import pytest
from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute

from tyrex.dialects import tir
from tyrex.passes.tir.primitives.rewrite import set_exprs
from tyrex.passes.tir.primitives.schedule import Schedule
from tyrex.symbolic import var

from ...kernels import Kernel  # noqa: TID251  # the tests' folder
from .harness import SEEDS, TYPES, assert_means_the_same, chain, matmul, refused, shape  # noqa: TID251


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_split(seed: int, dtype: Attribute) -> None:
    func = matmul(*shape(seed, 3), dtype=dtype)
    s = Schedule(func)
    r = Random(seed)
    for loop in s.get_loops(s.get_block("matmul")):
        outer, inner = s.split(loop, r.choice(([None, 4], [2, None], [None, 3])))
        if r.random() < 0.5:
            s.split(r.choice((outer, inner)), [None, 2])
    assert_means_the_same(s, func)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_fuse_and_split_again(seed: int, dtype: Attribute) -> None:
    func = matmul(*shape(seed, 3), dtype=dtype)
    s = Schedule(func)
    i, j, k = s.get_loops(s.get_block("matmul"))
    fused = s.fuse(i, j) if seed % 2 else s.fuse(i, j, k)
    a, b = s.split(fused, [None, 5])
    assert_means_the_same(s, func)
    if seed % 2:
        s.reorder(b, a)
        assert_means_the_same(s, func)


def test_an_init_stays_first() -> None:
    s = Schedule(matmul(3, 7, 17))
    _, j, k = s.get_loops(s.get_block("matmul"))
    a, b = s.split(s.fuse(j, k), [None, 2])
    refused(lambda: s.reorder(b, a), "of spatial and of reduce variables", "before fusing")


def test_fusing_what_was_split_gives_the_loop_back() -> None:
    func = matmul(8, 3, 3)
    s = Schedule(func)
    i, _, _ = s.get_loops(s.get_block("matmul"))
    s.fuse(*s.split(i, [2, 4]))
    block = next(op for op in s.func.walk() if isinstance(op, tir.BlockOp))
    loops = [op for op in s.func.walk() if isinstance(op, tir.ForOp)]
    assert block.exprs_over_values(block.bindings)[0] is var(loops[0].induction_var)
    assert not block.conditions.data


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_reorder(seed: int, dtype: Attribute) -> None:
    func = matmul(*shape(seed, 3), dtype=dtype)
    s = Schedule(func)
    i, j, k = s.get_loops(s.get_block("matmul"))
    i0, i1 = s.split(i, [None, 4])
    k0, k1 = s.split(k, [2, None])
    loops = [i0, i1, j, k0, k1]
    Random(seed).shuffle(loops)
    s.reorder(*loops)
    assert s.get(loops[0]).parent_op() is s.func
    assert_means_the_same(s, func)


def test_reorder_of_some_leaves_the_others() -> None:
    func = matmul(3, 7, 17)
    s = Schedule(func)
    i, j, k = s.get_loops(s.get_block("matmul"))
    s.reorder(k, i)
    assert [s.get(loop) for loop in (k, j, i)] == [
        s.get(loop) for loop in s.get_loops(s.get_block("matmul"))
    ]
    assert_means_the_same(s, func)


def test_unit_loops() -> None:
    func = matmul(3, 7, 17)
    s = Schedule(func)
    block = s.get_block("matmul")
    unit = s.add_unit_loop(block)
    i = s.get_loops(block)[0]
    s.fuse(s.add_unit_loop(i), i)
    assert s.get(unit).parent_op() is s.get(s.get_loops(block)[-2])
    assert_means_the_same(s, func)


def test_symbolic_extents() -> None:
    k = Kernel("kernel")
    n, m = var("n"), var("m")
    x, y = k.input((n, m), f32), k.output((n, m), f32)
    k.map("neg", y, lambda i, j: -k.load(x, i, j))
    s = Schedule(k.build())
    i, j = s.get_loops(s.get_block("neg"))
    _, inner = s.split(s.fuse(i, j), [None, 8])
    s.vectorize(inner)
    assert str(s.get(inner)).startswith("tir.for")


def test_refusals_of_split() -> None:
    s = Schedule(matmul(17, 7, 3))
    i, j, _ = s.get_loops(s.get_block("matmul"))
    refused(lambda: s.split(i, [2, 4]), "8 iterations, fewer than the extent 17", "None")
    refused(lambda: s.split(i, [None, None]), "None at most once")
    refused(lambda: s.split(i, [4]), "two or more")
    s.unroll(j)
    refused(lambda: s.split(j, [None, 2]), "is unrolled, expected a serial loop")


def test_refusals_of_fuse() -> None:
    s = Schedule(matmul(17, 7, 3))
    i, j, k = s.get_loops(s.get_block("matmul"))
    refused(lambda: s.fuse(i, k), "is not the only thing inside")
    refused(lambda: s.fuse(j, i), "is not the only thing inside")
    refused(lambda: s.fuse(i), "two loops or more")
    s.annotate(i, "hint", 1)
    refused(lambda: s.fuse(i, j), "bears annotations (hint)")


def test_refusals_of_reorder() -> None:
    s = Schedule(chain(7, 3))
    i, j = s.get_loops(s.get_block("add"))
    other, _ = s.get_loops(s.get_block("out"))
    refused(lambda: s.reorder(j, other), "is not around")
    refused(lambda: s.reorder(i, i), "expected different loops")


def test_reorder_keeps_ordered_iterations_in_order() -> None:
    k = Kernel("kernel")
    x, y = k.input((4, 5), f32), k.output((4, 5), f32)

    def body(i: object, j: object) -> None:
        del i, j
        k.store(y, [0, 0], k.load(x, 0, 0))

    k.nest("scan", [(tir.IterKind.ORDERED, 4), (tir.IterKind.SPATIAL, 5)], body)
    s = Schedule(k.build())
    i, j = s.get_loops(s.get_block("scan"))
    refused(lambda: s.reorder(j, i), "kind ordered")


def test_reorder_refuses_triangles() -> None:
    k = Kernel("kernel")
    y = k.output((4, 4), f32)

    k.map("fill", y, lambda i, j: k.const(1, f32))
    func = k.build()
    outer = next(op for op in func.walk() if isinstance(op, tir.ForOp))
    inner = next(op for op in outer.body.walk() if isinstance(op, tir.ForOp))
    set_exprs(inner, {"extent": [var(outer.induction_var) + 1]})
    s = Schedule(func)
    i, j = s.get_loops(s.get_block("fill"))
    refused(lambda: s.reorder(j, i), "depends on")
    refused(lambda: s.fuse(i, j), "depends on")
