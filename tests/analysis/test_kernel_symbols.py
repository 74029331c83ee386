"""A kernel's symbols over those of its caller."""

from xdsl.dialects.builtin import f32
from xdsl.ir import Block

from tyrex.analysis.kernel_symbols import call_symbols
from tyrex.dialects import relax, tir
from tyrex.dialects.tir.compute import KernelBuilder
from tyrex.symbolic import IntExpr, var

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


def test_a_symbol_inside_an_expression_alone_is_not_told() -> None:
    assert call_symbols(kernel((n + 1,)), call((m,))) is None


def test_no_symbols_no_question() -> None:
    assert call_symbols(kernel((8,)), call((8,))) == {}
