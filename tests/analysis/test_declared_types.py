"""What both sides of a call, and a function of its results, say of shapes."""

from xdsl.dialects.builtin import f32
from xdsl.ir import Attribute

from tyrex.analysis.declared_types import call_types, declared_results, refined
from tyrex.dialects import relax
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.pass_context import compiler_context
from tyrex.symbolic import IntExpr, var

N, M = var("n"), var("m")


def t(*dims: IntExpr | int | None) -> relax.TensorType:
    return relax.TensorType.of(dims, f32)


def function(text: str) -> relax.FuncOp:
    module = parse_module(compiler_context(), text.replace("T<", "!relax.tensor<"), "f.mlir")
    func = module.body.block.first_op
    assert isinstance(func, relax.FuncOp)
    return func


def test_what_is_left_open_is_as_found() -> None:
    assert refined(t(4, None), t(N, M)) == t(4, M)
    assert refined(relax.TensorType.of(None, f32), t(N)) == t(N)
    assert refined(t(4), relax.TensorType.of(None, f32)) == t(4)
    assert refined(t(N), t(M)) == t(N)


def test_results_are_as_declared() -> None:
    func = function(
        "relax.func @f<n, m>(%x: T<[n], f32>, %y: T<[m, 2], f32>) -> (T<[4], f32>, T<[?, 2], f32>)"
        " { relax.return %x, %y : T<[n], f32>, T<[m, 2], f32> }"
    )
    assert declared_results(func) == [t(4), t(M, 2)]


def test_calls_in_the_words_of_the_caller() -> None:
    func = function(
        "relax.func @f<k>(%x: T<[k, 4], f32>, %t: tuple<T<[k], f32>>) -> (T<[k, 4], f32>,"
        " T<[?], f32>) { %a = relax.tuple_get_item %t {index = 0} : (tuple<T<[k], f32>>) ->"
        " T<[k], f32> relax.return %x, %a : T<[k, 4], f32>, T<[k], f32> }"
    )
    args: list[Attribute] = [t(N * 2, M), t(None)]
    results: list[Attribute] = [t(M, 4), t(7)]
    taken, given = call_types(func, args, results)
    assert taken == [t(N * 2, 4), t(None)]
    assert given == [t(N * 2, 4), t(7)]
