"""Functions, control flow, calls and values of `relax` run in NumPy."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.context import Context

from tyrex.dialects import register_all_dialects
from tyrex.dialects.diagnostics import CompileError
from tyrex.dialects.locating_parser import parse_module
from tyrex.interpreters.relax import run

Array = NDArray[Any]


def run_text(text: str, *inputs: Any, **host_functions: Any) -> list[Any]:
    module = parse_module(register_all_dialects(Context()), text, "t.mlir")
    module.verify()
    return run(module, "main", inputs, host_functions)


def vector(*values: float) -> Array:
    return np.array(values, np.float32)


VECTOR = "!relax.tensor<[n], f32>"
ROW = "!relax.tensor<[m], f32>"
SCALAR = "!relax.tensor<[], f32>"
MATRIX = "!relax.tensor<[k, 2], f32>"
BINARY = f"({VECTOR}, {VECTOR}) -> {VECTOR}"


def test_calls_and_constants() -> None:
    text = f"""
    relax.func @twice<m>(%x: {ROW}) -> ({ROW}) {{
      %two = relax.constant <[], f32, [2.0]> : {SCALAR}
      %y = relax.multiply %x, %two : ({ROW}, {SCALAR}) -> {ROW}
      relax.return %y : {ROW}
    }}
    relax.func @main<n>(%x: {VECTOR}) -> ({VECTOR}) {{
      %y = relax.call @twice(%x) : ({VECTOR}) -> {VECTOR}
      relax.return %y : {VECTOR}
    }}"""
    assert run_text(text, vector(1, 2))[0].tolist() == [2, 4]


def test_a_function_knows_its_callers_symbols() -> None:
    """Of dims that tell no symbol, such as a minimum; others it has from its arguments."""
    least = "!relax.tensor<[min(n, 2)], i64>"
    text = f"""
    relax.func @count<n>(%x: {least}) -> ({least}) {{
      %y = relax.iota {{shape = #relax.dims<[min(n, 2)]>, axis = 0, dtype = i64}} : () -> {least}
      relax.return %y : {least}
    }}
    relax.func @main<n>(%x: {VECTOR}) -> ({least}) {{
      %a = relax.iota {{shape = #relax.dims<[min(n, 2)]>, axis = 0, dtype = i64}} : () -> {least}
      %y = relax.call @count(%a) : ({least}) -> {least}
      relax.return %y : {least}
    }}
    """
    for n in (0, 1, 5):
        (found,) = run_text(text, vector(*range(n)))
        np.testing.assert_array_equal(found, np.arange(min(n, 2)))


def test_if_takes_one_region() -> None:
    text = f"""
    relax.func @main<n>(%c: !relax.tensor<[], i1>, %x: {VECTOR}) -> ({VECTOR}) {{
      %y = relax.if %c : !relax.tensor<[], i1> -> ({VECTOR}) {{
        %a = relax.add %x, %x : {BINARY}
        relax.yield %a : {VECTOR}
      }} else {{
        relax.yield %x : {VECTOR}
      }}
      relax.return %y : {VECTOR}
    }}"""
    assert run_text(text, np.array(True), vector(1, 2))[0].tolist() == [2, 4]
    assert run_text(text, np.array(False), vector(1, 2))[0].tolist() == [1, 2]


def test_while_runs_until_the_condition_fails() -> None:
    text = f"""
    relax.func @main(%x: {SCALAR}) -> ({SCALAR}) {{
      %limit = relax.constant <[], f32, [100.0]> : {SCALAR}
      %y = relax.while %x : ({SCALAR}) -> ({SCALAR}) {{
      ^bb0(%v: {SCALAR}):
        %c = relax.less %v, %limit : ({SCALAR}, {SCALAR}) -> !relax.tensor<[], i1>
        relax.yield %c : !relax.tensor<[], i1>
      }} do {{
      ^bb1(%v: {SCALAR}):
        %w = relax.add %v, %v : ({SCALAR}, {SCALAR}) -> {SCALAR}
        relax.yield %w : {SCALAR}
      }}
      relax.return %y : {SCALAR}
    }}"""
    assert run_text(text, np.float32(3).reshape(()))[0] == 192
    assert run_text(text, np.float32(300).reshape(()))[0] == 300


def test_tuples_and_shapes() -> None:
    text = f"""
    relax.func @main<n>(%x: {VECTOR}) -> ({VECTOR}, !relax.shape) {{
      %t = relax.tuple %x, %x : ({VECTOR}, {VECTOR}) -> tuple<{VECTOR}, {VECTOR}>
      %y = relax.tuple_get_item %t {{index = 1}} : (tuple<{VECTOR}, {VECTOR}>) -> {VECTOR}
      %s = relax.shape_of %y : ({VECTOR}) -> !relax.shape
      relax.return %y, %s : {VECTOR}, !relax.shape
    }}"""
    found, shape = run_text(text, vector(1, 2))
    assert found.tolist() == [1, 2]
    assert shape == (2,)


MATCH_CAST = f"""
    relax.func @main(%x: !relax.tensor<[?, ?], f32>) -> (!relax.tensor<[?], f32>) {{
      %y = relax.match_cast %x {{new_symbols = ["k"]}} : !relax.tensor<[?, ?], f32> -> {MATRIX}
      %z = relax.sum %y {{axes = array<i64: 1>, keepdims = false}}
          : ({MATRIX}) -> !relax.tensor<[k], f32>
      relax.return %z : !relax.tensor<[k], f32>
    }}"""


def test_match_cast_introduces_symbols_and_checks() -> None:
    assert run_text(MATCH_CAST, np.ones((3, 2), np.float32))[0].tolist() == [2, 2, 2]
    with pytest.raises(CompileError, match=r"relax.match_cast.*dim 4, expected 2"):
        run_text(MATCH_CAST, np.ones((3, 4), np.float32))


def test_closures() -> None:
    text = f"""
    relax.func @sub<m>(%x: {ROW}, %y: {ROW}) -> ({ROW}) {{
      %z = relax.subtract %x, %y : ({ROW}, {ROW}) -> {ROW}
      relax.return %z : {ROW}
    }}
    relax.func @main<n>(%x: {VECTOR}, %y: {VECTOR}) -> ({VECTOR}) {{
      %f = relax.make_closure @sub(%y) : ({VECTOR}) -> !relax.object
      %z = relax.invoke_closure %f(%x) : !relax.object, ({VECTOR}) -> {VECTOR}
      relax.return %z : {VECTOR}
    }}"""
    assert run_text(text, vector(5, 7), vector(1, 2))[0].tolist() == [4, 5]


def test_host_functions() -> None:
    text = f"""
    relax.func @main<n>(%x: {VECTOR}) -> ({VECTOR}) {{
      %y = relax.call_packed @reverse(%x) : ({VECTOR}) -> {VECTOR}
      %z = relax.call_dps_packed @negate(%y) : ({VECTOR}) -> {VECTOR}
      relax.return %z : {VECTOR}
    }}"""

    def negate(x: Array, out: Array) -> None:
        out[...] = -x

    found = run_text(text, vector(1, 2), reverse=np.flip, negate=negate)
    assert found[0].tolist() == [-2, -1]
    with pytest.raises(CompileError, match="no host function @reverse"):
        run_text(text, vector(1, 2))


KERNEL = """
    tir.func @scale<n>(%x: !tir.buffer<[n], f32>) -> (%y: !tir.buffer<[n], f32>) {
      tir.for %i in n serial {
        tir.block "scale" (%v: spatial(n) = %i) {
          %a = tir.load %x[%v] : !tir.buffer<[n], f32>
          %b = arith.addf %a, %a : f32
          tir.store %b, %y[%v] : !tir.buffer<[n], f32>
        }
      }
    }"""


def test_kernels() -> None:
    text = f"""{KERNEL}
    relax.func @main<n>(%x: {VECTOR}) -> ({VECTOR}) {{
      %y = relax.call_tir @scale(%x) : ({VECTOR}) -> {VECTOR}
      relax.return %y : {VECTOR}
    }}"""
    assert run_text(text, vector(1, 2))[0].tolist() == [2, 4]


def test_a_kernel_in_place_leaves_the_argument_alone() -> None:
    kernel = KERNEL.replace("f32>) {", "f32>) aliases (0 = 0) {", 1)
    text = f"""{kernel}
    relax.func @main<n>(%x: {VECTOR}) -> ({VECTOR}) {{
      %y = relax.call_tir_inplace @scale(%x) {{inplace = array<i64: 0>}} : ({VECTOR}) -> {VECTOR}
      relax.return %y : {VECTOR}
    }}"""
    x = vector(1, 2)
    assert run_text(text, x)[0].tolist() == [2, 4]
    assert x.tolist() == [1, 2]


def test_a_kernel_knows_its_callers_symbols() -> None:
    """Nobody can tell n from `n floordiv 2` alone."""
    half = "!relax.tensor<[n floordiv 2], f32>"
    kernel = KERNEL.replace("<[n], f32>", "<[n floordiv 2], f32>").replace("(n)", "(n floordiv 2)")
    kernel = kernel.replace("in n ", "in n floordiv 2 ")
    text = f"""{kernel}
    relax.func @main<n>(%x: {VECTOR}, %h: {half}) -> ({half}) {{
      %y = relax.call_tir @scale(%h) : ({half}) -> {half}
      relax.return %y : {half}
    }}"""
    assert run_text(text, vector(1, 2, 3), vector(4))[0].tolist() == [8]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "@main takes 1 arguments, not 0"),
        ([np.zeros((2, 2), np.float32)], 'input "data": rank 2, expected 1'),
        ([np.zeros(2)], 'input "data": element type float64, expected float32'),
    ],
)
def test_arguments_are_checked(inputs: list[Array], message: str) -> None:
    text = f"""
    relax.func @main<n>(%x: {VECTOR}) -> ({VECTOR}) attributes {{input_names = ["data"]}} {{
      relax.return %x : {VECTOR}
    }}"""
    with pytest.raises(ValueError, match=message):
        run_text(text, *inputs)


def test_a_name_that_is_no_function() -> None:
    module = parse_module(register_all_dialects(Context()), "", "t.mlir")
    with pytest.raises(ValueError, match=r"no relax\.func @main"):
        run(module, "main", [])
