"""Shapes as values: of tensors, given, handed on, returned; in both modes."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tyrex
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.pass_context import compiler_context
from tyrex.interpreters import relax as relax_interpreter
from tyrex.runtime import assemble, disassemble, register_host_function
from tyrex.runtime.errors import ArgumentError, DTypeError, ShapeError

from .conftest import Compile
from .texts import BOOL, t

A, B, TWICE = t("n", 3), t("m", 3), t("n + m", 3)
P, ANY = "!relax.shape<2>", "!relax.shape"
FLAT, K, ROW = (t(*dims, dtype="i64") for dims in (("n",), ("k",), (1, "k")))
YES, NO = np.array(True), np.array(False)

OF = f"""relax.func @main<n, m>(%x: {A}, %y: {B}) -> ({P}, {TWICE}, !relax.shape<0>) {{
  %z = relax.concat %x, %y {{axis = 0}} : ({A}, {B}) -> {TWICE}
  %w = relax.tanh %z : ({TWICE}) -> {TWICE}
  %s = relax.shape_of %w : ({TWICE}) -> {P}
  %c = relax.constant <[], f32, [1.0]> : {t()}
  %e = relax.shape_of %c : ({t()}) -> !relax.shape<0>
  relax.return %s, %w, %e : {P}, {TWICE}, !relax.shape<0>
}}"""

THROUGH = f"""relax.func @of<k>(%x: {t("k", 3)}, %given: {P}) -> ({P}, {P}) {{
  %s = relax.shape_of %x : ({t("k", 3)}) -> {P}
  relax.return %given, %s : {P}, {P}
}}
relax.func @main<n>(%c: {BOOL}, %x: {A}, %s: {P}) -> ({P}, {P}) {{
  %no = relax.constant <[], i1, [false]> : {BOOL}
  %r = relax.if %c : {BOOL} -> ({P}) {{
    %d = relax.shape_of %x : ({A}) -> {P}
    relax.yield %d : {P}
  }} else {{
    relax.yield %s : {P}
  }}
  %u, %v = relax.while %c, %s : ({BOOL}, {P}) -> ({BOOL}, {P}) {{
  ^bb0(%b: {BOOL}, %p: {P}):
    relax.yield %b : {BOOL}
  }} do {{
  ^bb0(%b: {BOOL}, %p: {P}):
    relax.yield %no, %r : {BOOL}, {P}
  }}
  %a, %o = relax.call @of(%x, %v) : ({A}, {P}) -> ({P}, {P})
  relax.return %a, %o : {P}, {P}
}}"""

FOUND = f"""relax.func @main<n>(%x: {FLAT}) -> (!relax.shape<1>) {{
  %f = relax.non_zero %x {{new_symbols = ["k"]}} : ({FLAT}) -> {ROW}
  %r = relax.reshape %f {{shape = #relax.dims<[k]>}} : ({ROW}) -> {K}
  %s = relax.shape_of %r : ({K}) -> !relax.shape<1>
  relax.return %s : !relax.shape<1>
}}"""


def rows(count: int) -> Any:
    return np.ones((count, 3), np.float32)


def interpreted(text: str, *args: Any) -> list[Any]:
    return relax_interpreter.run(parse_module(compiler_context(), text), "main", list(args))


def test_of_a_tensor(build: Compile) -> None:
    exe = build(OF)
    for n, m in ((2, 3), (0, 0), (5, 1)):
        shape, values, none = exe(rows(n), rows(m))
        assert (shape, none) == ((n + m, 3), ())
        assert all(type(dim) is int for dim in shape)
        assert (shape, none) == tuple(interpreted(OF, rows(n), rows(m))[::2])
        assert np.asarray(values).shape == shape
    with pytest.raises(ArgumentError, match=r"out\['output0'\].*no tensor but shape\[2\]"):
        exe.run([rows(1), rows(1)], out={"output0": np.empty(2, np.int64)})


def test_through_branches_loops_and_calls(build: Compile) -> None:
    exe = build(THROUGH)
    for way in (YES, NO):
        expected = tuple(interpreted(THROUGH, way, rows(4), (7, 0)))
        assert exe(way, rows(4), (7, 0)) == expected
        assert exe(c=way, x=rows(4), s=[np.int64(7), 0]) == expected
        assert expected == (((4, 3) if way else (7, 0)), (4, 3))


def test_of_what_data_decide(build: Compile) -> None:
    exe = build(FOUND)
    for values in ([1, 0, 2], [0, 0], []):
        assert exe(np.array(values, np.int64)) == (np.count_nonzero(values),)


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ((1, 2, 3), ShapeError, r"found \(1, 2, 3\)"),
        ((1, -2), ShapeError, r"found \(1, -2\)"),
        ((1, 2.0), DTypeError, r"a tuple of integers; found a tuple \(1, 2.0\)"),
        (np.array([1, 2]), DTypeError, r"found a int64 tensor of shape \(2,\)"),
        ("ab", DTypeError, "found a str"),
        ((True, 2), DTypeError, r"found a tuple \(True, 2\)"),
    ],
)
def test_what_is_no_shape_is_named(
    build: Compile, value: Any, kind: type[Exception], message: str
) -> None:
    exe = build(THROUGH)
    with pytest.raises(kind, match=rf"argument 's': expected a shape\[2\].*{message}"):
        exe(YES, rows(2), value)
    assert exe(YES, rows(2), (1, 1))[1] == (2, 3)


def test_a_shape_of_any_rank(build: Compile) -> None:
    text = f"""relax.func @main(%c: {BOOL}, %s: {ANY}, %x: {t(5)}) -> ({ANY}, {P}) {{
      %r = relax.if %c : {BOOL} -> ({ANY}) {{
        %d = relax.shape_of %x : ({t(5)}) -> !relax.shape<1>
        relax.yield %d : !relax.shape<1>
      }} else {{
        relax.yield %s : {ANY}
      }}
      %p = relax.match_cast %s : {ANY} -> {P}
      relax.return %r, %p : {ANY}, {P}
    }}"""
    exe = build(text, refused="a value of type !relax.shape")
    x = np.ones(5, np.float32)
    assert exe(YES, (2, 2), x) == ((5,), (2, 2)) == tuple(interpreted(text, YES, (2, 2), x))
    assert exe(NO, (2, 2), x) == ((2, 2), (2, 2))
    with pytest.raises(ShapeError, match=r"'s': expected a shape\[2\].*found \(2,\)"):
        exe(NO, (2,), x)


def test_functions_of_the_host_get_and_return_shapes(build: Compile) -> None:
    def grow(shape: Any) -> Any:
        return tuple(dim + 1 for dim in shape)

    register_host_function("tests.behaviours.grow", grow, override=True)
    text = f"""relax.func @main<n>(%x: {A}) -> ({P}) {{
      %s = relax.shape_of %x : ({A}) -> {P}
      %g = relax.call_packed @tests.behaviours.grow(%s) : ({P}) -> {P}
      relax.return %g : {P}
    }}"""
    exe = build(text, refused="vm.call_packed")
    assert exe(rows(2)) == (3, 4)


def test_the_same_after_export_and_load(build: Compile, tmp_path: Path) -> None:
    exe = build(OF)
    text = disassemble(exe.program)
    assert disassemble(assemble(text)) == text
    with tyrex.load_module(exe.export_library(tmp_path / "m.tyx")) as module:
        assert disassemble(module.executable.program) == text
        assert module(rows(2), rows(1))[0] == (3, 3)


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler (cc)")
def test_a_library_takes_and_returns_tensors(tmp_path: Path) -> None:
    fixed = OF.replace("<n, m>", "").replace("[n + m", "[5").replace("[n", "[2").replace("[m", "[3")
    for text, suffix in ((OF, ".so"), (fixed, ".so"), (fixed, ".c")):
        with pytest.raises(NotImplementedError, match=r"shape\[2\]|relax\.shape|vm\.shape_of"):
            tyrex.compile(text).export_library(tmp_path / f"model{suffix}")
