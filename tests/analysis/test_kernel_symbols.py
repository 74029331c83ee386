"""A kernel's symbols over those of its caller."""

from xdsl.dialects.builtin import f32
from xdsl.ir import Block

from tyrex.analysis.kernel_symbols import call_symbols
from tyrex.dialects import relax, tir
from tyrex.dialects.tir.compute import KernelBuilder
from tyrex.symbolic import IntExpr, const, var

n, m = var("n"), var("m")


def kernel(shape: tuple[IntExpr | int, ...]) -> tir.FuncOp:
    k = KernelBuilder("k")
    k.input(shape, f32)
    k.output(shape, f32)
    return k.build()


def call(shape: tuple[IntExpr | int, ...]) -> relax.CallTIROp:
    tensor = relax.TensorType.of(shape, f32)
    return relax.CallTIROp("k", [Block(arg_types=[tensor]).args[0]], [tensor])


def test_a_bare_symbol_is_what_stands_at_its_place() -> None:
    assert call_symbols(kernel((n, 8)), call((m * 2, 8))) == {"n": m * 2}


def test_the_first_place_counts() -> None:
    assert call_symbols(kernel((n, n)), call((m, m))) == {"n": m}


def test_a_linear_dim_tells_its_symbol() -> None:
    assert call_symbols(kernel((n + 1,)), call((m,))) == {"n": m - 1}
    assert call_symbols(kernel((n * 2 + 4,)), call((m * 6,))) == {"n": m * 3 - 2}


def test_a_dim_that_does_not_divide_tells_nothing() -> None:
    assert call_symbols(kernel((n * 2,)), call((m * 3,))) is None


def test_what_is_known_makes_unknowns_fewer() -> None:
    p = var("p")
    assert call_symbols(kernel((n + p, n)), call((m, 3))) == {"n": const(3), "p": m - 3}


def test_a_dim_that_reads_the_same_is_the_same() -> None:
    dim = (n // 2) * m
    assert call_symbols(kernel((dim,)), call((dim,))) == {"n": n, "m": m}


def test_no_symbols_no_question() -> None:
    assert call_symbols(kernel((8,)), call((8,))) == {}


def test_a_dim_that_reads_alike_tells_its_symbol() -> None:
    assert call_symbols(kernel((n // 8,)), call((m // 8,))) == {"n": m}
    assert call_symbols(kernel(((n + 7) // 8, 4)), call(((m + 7) // 8, 4))) == {"n": m}
    assert call_symbols(kernel((n // 8,)), call((m // 3,))) is None
