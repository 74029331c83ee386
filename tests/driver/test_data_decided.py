"""Programs whose shapes data decide, natively: as the interpreter runs them."""

import re
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.pass_context import compiler_context
from tyrex.interpreters import relax as relax_interpreter
from tyrex.runtime import disassemble

Array = NDArray[Any]
MODES = ("bytecode", "compiled")


def t(*dims: object, dtype: str = "f32") -> str:
    """Return a tensor type."""
    return f"!relax.tensor<[{', '.join(map(str, dims))}], {dtype}>"


X, C, Y, S = t("n", 4), t("n", dtype="i1"), t("k", 4), t("k", "k")
PLAIN = "{transpose_a = false, transpose_b = true}"
KEPT = f'relax.compress %x, %c {{axis = 0, new_symbols = ["k"]}} : ({X}, {C}) -> {Y}'

PROGRAMS = {
    "kept": f"""relax.func @main<n>(%x: {X}, %c: {C}) -> ({Y}) {{
  %y = {KEPT}
  relax.return %y : {Y}
}}""",
    "scores": f"""relax.func @main<n>(%x: {X}, %c: {C}) -> ({Y}, {S}, {X}) {{
  %y = {KEPT}
  %s = relax.matmul %y, %y {PLAIN} : ({Y}, {Y}) -> {S}
  %p = relax.softmax %s {{axis = 1}} : ({S}) -> {S}
  %q = relax.softmax %p {{axis = 0}} : ({S}) -> {S}
  %z = relax.neg %x : ({X}) -> {X}
  relax.return %y, %q, %z : {Y}, {S}, {X}
}}""",
    "twice": f"""relax.func @main<n>(%x: {X}, %c: {C}) -> ({t("u")}, {t("k * 4", dtype="i64")}) {{
  %y = {KEPT}
  %v, %f, %i, %m = relax.unique %y {{sorted = true, new_symbols = ["u"]}} : ({Y})
      -> ({t("u")}, {t("u", dtype="i64")}, {t("k * 4", dtype="i64")}, {t("u", dtype="i64")})
  %w = relax.add %v, %v : ({t("u")}, {t("u")}) -> {t("u")}
  relax.return %w, %i : {t("u")}, {t("k * 4", dtype="i64")}
}}""",
    "total": f"""relax.func @main<n>(%x: {X}, %c: {C}) -> ({t(4)}) {{
  %y = {KEPT}
  %r = relax.sum %y {{axes = array<i64: 0>, keepdims = false}} : ({Y}) -> {t(4)}
  relax.return %r : {t(4)}
}}""",
    "loop": f"""relax.func @main<n>(%x: {X}, %c: {C}) -> ({X}) {{
  %zero = relax.constant <[], i64, [0]> : {t(dtype="i64")}
  %one = relax.constant <[], i64, [1]> : {t(dtype="i64")}
  %end = relax.constant <[], i64, [5]> : {t(dtype="i64")}
  %i, %r = relax.while %zero, %x : ({t(dtype="i64")}, {X}) -> ({t(dtype="i64")}, {X}) {{
  ^bb0(%a: {t(dtype="i64")}, %b: {X}):
    %l = relax.less %a, %end : ({t(dtype="i64")}, {t(dtype="i64")}) -> {t(dtype="i1")}
    relax.yield %l : {t(dtype="i1")}
  }} do {{
  ^bb0(%a: {t(dtype="i64")}, %b: {X}):
    %h = relax.greater %b, %x : ({X}, {X}) -> {t("n", 4, dtype="i1")}
    %p = relax.non_zero %h {{new_symbols = ["j"]}} : ({t("n", 4, dtype="i1")})
      -> {t(2, "j", dtype="i64")}
    %q = relax.cast %p {{dtype = f32}} : ({t(2, "j", dtype="i64")}) -> {t(2, "j")}
    %s = relax.sum %q {{axes = array<i64: 0, 1>, keepdims = false}} : ({t(2, "j")}) -> {t()}
    %d = relax.add %b, %s : ({X}, {t()}) -> {X}
    %e = relax.tanh %d : ({X}) -> {X}
    %f = relax.subtract %d, %e : ({X}, {X}) -> {X}
    %n = relax.add %a, %one : ({t(dtype="i64")}, {t(dtype="i64")}) -> {t(dtype="i64")}
    relax.yield %n, %f : {t(dtype="i64")}, {X}
  }}
  relax.return %r : {X}
}}""",
}


def inputs(count: int) -> list[Array]:
    rng = np.random.default_rng(count)
    x = rng.integers(-3, 3, (count, 4)).astype(np.float32)
    return [x, rng.integers(0, 2, count).astype(bool)]


def results_of(found: object) -> tuple[Array, ...]:
    several = cast("tuple[Any, ...]", found if isinstance(found, tuple) else (found,))
    return tuple(np.asarray(value) for value in several)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_results_are_the_interpreter_s(name: str, mode: str) -> None:
    text = PROGRAMS[name]
    exe = tyrex.compile(text, exec_mode=mode)
    assert exe.exec_mode == mode
    assert exe.stats()["host_callbacks"] == 0
    module = parse_module(compiler_context(), text)
    for count in (5, 0, 1, 40, 3, 40):
        given = inputs(count)
        expected = relax_interpreter.run(module, "main", given)
        for a, b in zip(results_of(exe(*given)), expected, strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_found_has_a_place_where_there_is_an_upper_bound(name: str, mode: str) -> None:
    text = PROGRAMS[name]
    head, body = text.split(" {\n", 1)
    bounded = f"{head} attributes {{symbol_bounds = array<i64: 0, 40>}} {{\n{body}"
    exe = tyrex.compile(bounded, exec_mode=mode)
    assert exe.exec_mode == mode
    sizes = re.findall(r"storage\((.*?), 64\)", disassemble(exe.program))
    assert len(sizes) <= 1, "one arena"
    assert all(size.isdecimal() for size in sizes)
    module = parse_module(compiler_context(), text)
    for count in (5, 0, 40, 3):
        given = inputs(count)
        expected = relax_interpreter.run(module, "main", given)
        for a, b in zip(results_of(exe(*given)), expected, strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
