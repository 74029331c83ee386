"""What fusion reads off a kernel's loops: its pattern, and how it reads each input."""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# KernelBuilder passes one index per axis: no signature names their number.

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import f32, i64

from tyrex.analysis.op_patterns import Pattern, input_patterns, only_moves, pattern_of
from tyrex.dialects import tir
from tyrex.dialects.tir.compute import KernelBuilder
from tyrex.symbolic import IntExpr, var

n = var("n")


def relu() -> tir.FuncOp:
    k = KernelBuilder("relu")
    x, y = k.input((n, 8), f32), k.output((n, 8), f32)
    k.compute("relu", y, lambda i, j: k.max(k.load(x, i, j), k.const(0.0, f32)))
    return k.build()


def add_bias() -> tir.FuncOp:
    k = KernelBuilder("add")
    x, b, y = k.input((n, 8), f32), k.input((8,), f32), k.output((n, 8), f32)
    k.compute("add", y, lambda i, j: k.load(x, i, j) + k.load(b, j))
    return k.build()


def add_column() -> tir.FuncOp:
    k = KernelBuilder("add")
    x, b, y = k.input((n, 8), f32), k.input((n, 1), f32), k.output((n, 8), f32)
    k.compute("add", y, lambda i, j: k.load(x, i, j) + k.load(b, i, 0))
    return k.build()


def transpose() -> tir.FuncOp:
    k = KernelBuilder("permute_dims")
    x, y = k.input((n, 8), f32), k.output((8, n), f32)
    k.compute("move", y, lambda i, j: k.load(x, j, i))
    return k.build()


def gather() -> tir.FuncOp:
    k = KernelBuilder("gather")
    x, at, y = k.input((100, 8), f32), k.input((n,), i64), k.output((n, 8), f32)
    k.compute("gather", y, lambda i, j: k.load(x, k.as_index(k.load(at, i)), j))
    return k.build()


def pad() -> tir.FuncOp:
    k = KernelBuilder("pad")
    x, y = k.input((n,), f32), k.output((n + 2,), f32)
    k.compute("pad", y, lambda i: k.load(x, i - 1, where=(i - 1, n - i)))
    return k.build()


def total() -> tir.FuncOp:
    k = KernelBuilder("sum")
    x, y = k.input((n, 8), f32), k.output((n,), f32)
    k.reduce("sum", y, (8,), 0.0, lambda acc, i, j: acc + k.load(x, i, j))
    return k.build()


def mean() -> tir.FuncOp:
    k = KernelBuilder("mean")
    x, y = k.input((n, 8), f32), k.output((n,), f32)
    t = k.temp((n,), f32)
    k.reduce("sum", t, (8,), 0.0, lambda acc, i, j: acc + k.load(x, i, j))
    k.compute("mean", y, lambda i: k.load(t, i) * 0.125)
    return k.build()


def matmul(rows: IntExpr | int = n) -> tir.FuncOp:
    k = KernelBuilder("matmul")
    a, b, c = k.input((rows, 4), f32), k.input((4, 8), f32), k.output((rows, 8), f32)
    k.reduce("matmul", c, (4,), 0.0, lambda acc, i, j, q: acc + k.load(a, i, q) * k.load(b, q, j))
    return k.build()


def centered() -> tir.FuncOp:
    k = KernelBuilder("centered")
    x, y = k.input((n, 8), f32), k.output((n, 8), f32)
    t = k.temp((n,), f32)
    k.reduce("max", t, (8,), 0.0, lambda acc, i, j: k.max(acc, k.load(x, i, j)))
    k.compute("sub", y, lambda i, j: k.load(x, i, j) - k.load(t, i))
    return k.build()


def two_outputs() -> tir.FuncOp:
    k = KernelBuilder("split")
    x, y, z = k.input((8,), f32), k.output((4,), f32), k.output((4,), f32)
    k.compute("first", y, lambda i: k.load(x, i))
    k.compute("second", z, lambda i: k.load(x, i + 4))
    return k.build()


def in_pieces() -> tir.FuncOp:
    k = KernelBuilder("concat")
    x, z = k.input((8,), f32), k.output((16,), f32)
    iters = [(tir.IterKind.SPATIAL, 8)]
    k.nest("first", iters, lambda i: k.store(z, (i,), k.load(x, i)))
    k.nest("second", iters, lambda i: k.store(z, (i + 8,), k.load(x, i)))
    return k.build()


@pytest.mark.parametrize(
    ("make", "pattern", "inputs"),
    [
        (relu, Pattern.ELEMENTWISE, "e"),
        (add_bias, Pattern.BROADCAST, "eb"),
        (add_column, Pattern.BROADCAST, "eb"),
        (transpose, Pattern.INJECTIVE, "i"),
        (gather, Pattern.INJECTIVE, "ib"),
        (pad, Pattern.INJECTIVE, "i"),
        (total, Pattern.REDUCTION, "r"),
        (mean, Pattern.REDUCTION, "r"),
        (matmul, Pattern.OUT_FUSABLE, "oo"),
        (centered, Pattern.OUT_FUSABLE, "o"),
        (two_outputs, Pattern.OPAQUE, "o"),
        (in_pieces, Pattern.OPAQUE, "o"),
    ],
)
def test_patterns(make: Callable[[], tir.FuncOp], pattern: Pattern, inputs: str) -> None:
    kernel = make()
    kernel.verify()
    assert pattern_of(kernel) is pattern
    assert "".join(p.word[0] for p in input_patterns(kernel)) == inputs


def test_a_matrix_times_a_vector_shares_the_vector_alone() -> None:
    assert pattern_of(matmul(1)) is Pattern.OUT_FUSABLE


@pytest.mark.parametrize(
    ("make", "moves"), [(transpose, True), (pad, True), (relu, False), (total, False)]
)
def test_moves(make: Callable[[], tir.FuncOp], moves: bool) -> None:
    assert only_moves(make()) is moves


def test_words_name_patterns() -> None:
    assert Pattern.of_word("out_fusable") is Pattern.OUT_FUSABLE
    assert [p.word for p in Pattern][:2] == ["elementwise", "broadcast"]
