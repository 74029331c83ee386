"""Functions: what a call takes and returns, functions that call each other and themselves."""

from typing import Any

import numpy as np
import pytest

import tyrex
from tyrex.runtime.errors import ArgumentError, DTypeError, ShapeError

from .conftest import Compile
from .texts import BOOL, t

V = t(4)
X, Y = np.array([1, -2, 3, -4], np.float32), np.array([5, 6, 7, 8], np.float32)

ADD = f"""relax.func @main(%x: {V}, %w: {V}) -> ({V})
    attributes {{input_names = ["x", "w"], output_names = ["s"]}} {{
  %s = relax.add %x, %w : ({V}, {V}) -> {V}
  relax.return %s : {V}
}}"""

CALLS = f"""relax.func @both(%a: {V}, %b: {V}) -> ({V}, {V}) {{
  %s = relax.add %a, %b : ({V}, {V}) -> {V}
  %d = relax.subtract %a, %b : ({V}, {V}) -> {V}
  relax.return %s, %d : {V}, {V}
}}
relax.func @main(%x: {V}, %y: {V}) -> ({V}, {V}, {V}) {{
  %s, %d = relax.call @both(%x, %y) : ({V}, {V}) -> ({V}, {V})
  %u, %v = relax.call @both(%s, %d) : ({V}, {V}) -> ({V}, {V})
  relax.return %u, %v, %s : {V}, {V}, {V}
}}"""

COUNTER = t(dtype="i32")
POWER = f"""relax.func @power(%n: {COUNTER}, %x: {V}) -> ({V}) {{
  %zero = relax.constant <[], i32, [0]> : {COUNTER}
  %one = relax.constant <[], i32, [1]> : {COUNTER}
  %more = relax.less %zero, %n : ({COUNTER}, {COUNTER}) -> {BOOL}
  %r = relax.if %more : {BOOL} -> ({V}) {{
    %m = relax.subtract %n, %one : ({COUNTER}, {COUNTER}) -> {COUNTER}
    %p = relax.call @power(%m, %x) : ({COUNTER}, {V}) -> {V}
    %q = relax.multiply %p, %x : ({V}, {V}) -> {V}
    relax.yield %q : {V}
  }} else {{
    %u = relax.constant <[4], f32, [1.0, 1.0, 1.0, 1.0]> : {V}
    relax.yield %u : {V}
  }}
  relax.return %r : {V}
}}
relax.func @main(%n: {COUNTER}, %x: {V}) -> ({V}) {{
  %r = relax.call @power(%n, %x) : ({COUNTER}, {V}) -> {V}
  relax.return %r : {V}
}}"""

WRONG: dict[str, tuple[list[Any], type[Exception], str]] = {
    "too few": ([X], ArgumentError, r"main: expected 2 arguments; found 1: main\(x: float32\[4\]"),
    "too many": ([X, X, X], ArgumentError, "expected 2 arguments; found 3"),
    "data type": ([X, X.astype(np.int32)], DTypeError, "argument 'w': expected float32; found int"),
    "rank": (
        [X[None], X],
        ShapeError,
        r"argument 'x': expected rank 1, float32\[4\]; found rank 2",
    ),
    "dim": ([X, X[:3]], ShapeError, r"argument 'w': expected 4 in dimension 0.*found 3"),
    "number": ([X, 1.0], DTypeError, "argument 'w': .*found a Python float"),
    "list": ([[1, 2, 3, 4], X], DTypeError, "argument 'x': .*found a Python list"),
    "nothing": ([None, X], DTypeError, "argument 'x'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_argument_that_does_not_fit_is_named(build: Compile, case: str) -> None:
    args, kind, message = WRONG[case]
    exe = build(ADD)
    with pytest.raises(kind, match=message):
        exe(*args)
    np.testing.assert_array_equal(np.asarray(exe(X, Y)), X + Y)


def test_what_a_call_takes(build: Compile) -> None:
    exe = build(ADD)
    tensor = tyrex.Tensor.from_numpy(X)
    for found in (
        exe(X, Y),
        exe(X, w=Y),
        exe(w=Y, x=X),
        exe(tensor, Y),
        exe(np.repeat(X, 2)[::2], Y),
        exe(np.from_dlpack(tensor), Y),
        exe.run({"w": Y, "x": X}),
        exe.machine["main"](X, Y),
        exe["main"](X, Y),
    ):
        np.testing.assert_array_equal(np.asarray(found), X + Y)
    with pytest.raises(ArgumentError, match="there is no function 'nope'; known: main"):
        exe["nope"]


def test_functions_call_functions(build: Compile) -> None:
    exe = build(CALLS)
    for found in (exe(X, Y), exe(X, Y)):
        for a, b in zip(found, (2 * X, 2 * Y, X + Y), strict=True):
            np.testing.assert_array_equal(np.asarray(a), b)
    s, d = exe["both"](X, Y)  # any function by its name
    np.testing.assert_array_equal((s, d), (X + Y, X - Y))


def test_one_compile_for_graphs_kernels_and_both(build: Compile) -> None:
    kernel = """tir.func @double(%x: B) -> (%y: B) {
  tir.for %i in 4 serial {
    tir.block "double" (%v: spatial(4) = %i) {
      %e = tir.load %x[%v] : B
      %f = arith.addf %e, %e : f32
      tir.store %f, %y[%v] : B
    }
  }
}
""".replace("B", "!tir.buffer<[4], f32>")
    np.testing.assert_array_equal(np.asarray(build(kernel)(X)), X + X)
    mixed = kernel + (
        f"relax.func @main(%x: {V}) -> ({V}) {{\n"
        f"  %y = relax.call_tir @double(%x) : ({V}) -> {V}\n"
        f"  %z = relax.neg %y : ({V}) -> {V}\n  relax.return %z : {V}\n}}"
    )
    np.testing.assert_array_equal(np.asarray(build(mixed)(X)), -X - X)
