"""What a program declares of shapes holds in the run, or the run says what does not."""

from typing import Any

import numpy as np
import pytest

import tyrex
from tyrex.dialects.diagnostics import CompileError
from tyrex.runtime.errors import DTypeError, ShapeError

from .conftest import Compile  # the tests' folder
from .texts import BOOL, t  # the tests' folder

FOUR, FIVE = np.arange(4, dtype=np.float32), np.arange(5, dtype=np.float32)
YES, NO = np.array(True), np.array(False)

RETURNED = f"""relax.func @main<n>(%x: {t("n")}) -> ({t(4)}) attributes {{output_names = ["y"]}} {{
  %a = relax.softmax %x {{axis = 0}} : ({t("n")}) -> {t("n")}
  relax.return %a : {t("n")}
}}"""

OTHER = f"""relax.func @main<n, m>(%x: {t("n")}, %y: {t("m")}) -> ({t("n")}) {{
  relax.return %y : {t("m")}
}}"""

CAST = f"""relax.func @main<n>(%x: {t("n")}) -> ({t(4)}) {{
  %a = relax.softmax %x {{axis = 0}} : ({t("n")}) -> {t("n")}
  %b = relax.match_cast %a : {t("n")} -> {t(4)}
  relax.return %b : {t(4)}
}}"""

BRANCHES = f"""relax.func @main<n, m>(%c: {BOOL}, %x: {t("n")}, %y: {t("m")}) -> ({t("n")}) {{
  %r = relax.if %c : {BOOL} -> ({t("n")}) {{
    %a = relax.softmax %x {{axis = 0}} : ({t("n")}) -> {t("n")}
    relax.yield %a : {t("n")}
  }} else {{
    %b = relax.softmax %y {{axis = 0}} : ({t("m")}) -> {t("m")}
    relax.yield %b : {t("m")}
  }}
  %s = relax.neg %r : ({t("n")}) -> {t("n")}
  relax.return %s : {t("n")}
}}"""

LOOP = f"""relax.func @main<n, m>(%c: {BOOL}, %x: {t("n")}, %y: {t("m")}) -> ({t("n")}) {{
  %no = relax.constant <[], i1, [false]> : {BOOL}
  %r, %e = relax.while %x, %c : ({t("n")}, {BOOL}) -> ({t("n")}, {BOOL}) {{
  ^bb0(%a: {t("n")}, %d: {BOOL}):
    relax.yield %d : {BOOL}
  }} do {{
  ^bb0(%a: {t("n")}, %d: {BOOL}):
    %b = relax.softmax %y {{axis = 0}} : ({t("m")}) -> {t("m")}
    relax.yield %b, %no : {t("m")}, {BOOL}
  }}
  relax.return %r : {t("n")}
}}"""

STARTS = f"""relax.func @main<n, m>(%c: {BOOL}, %x: {t("n")}, %y: {t("m")}) -> ({t("n")}) {{
  %s = relax.softmax %y {{axis = 0}} : ({t("m")}) -> {t("m")}
  %r, %e = relax.while %s, %c : ({t("m")}, {BOOL}) -> ({t("n")}, {BOOL}) {{
  ^bb0(%a: {t("n")}, %d: {BOOL}):
    relax.yield %d : {BOOL}
  }} do {{
  ^bb0(%a: {t("n")}, %d: {BOOL}):
    relax.yield %x, %d : {t("n")}, {BOOL}
  }}
  relax.return %r : {t("n")}
}}"""

ARGUMENT = f"""relax.func @f(%x: {t(4)}) -> ({t(4)}) {{
  %s = relax.neg %x : ({t(4)}) -> {t(4)}
  relax.return %s : {t(4)}
}}
relax.func @main<n>(%x: {t("n")}) -> ({t(4)}) {{
  %s = relax.call @f(%x) : ({t("n")}) -> {t(4)}
  relax.return %s : {t(4)}
}}"""

RESULT = f"""relax.func @f<n>(%x: {t("n")}) -> ({t("n")}) {{
  %s = relax.neg %x : ({t("n")}) -> {t("n")}
  relax.return %s : {t("n")}
}}
relax.func @main<n>(%x: {t("n")}) -> ({t(4)}) {{
  %s = relax.call @f(%x) : ({t("n")}) -> {t(4)}
  relax.return %s : {t(4)}
}}"""

CASES: dict[str, tuple[str, list[Any], list[Any], str]] = {
    "result": (RETURNED, [FOUR], [FIVE], "main: what it returns as 'y': expected 4"),
    "result of another name": (OTHER, [FOUR, FOUR], [FOUR, FIVE], "what it returns as result 0"),
    "cast": (CAST, [FOUR], [FIVE], "'a': expected 4"),
    "branch": (BRANCHES, [NO, FOUR, FOUR], [NO, FOUR, FIVE], "what a branch yields for 'r'"),
    "loop": (LOOP, [YES, FOUR, FOUR], [YES, FOUR, FIVE], "what a loop yields for 'r'"),
    "start": (STARTS, [NO, FOUR, FOUR], [NO, FOUR, FIVE], "what a loop starts with for 'r'"),
    "argument": (ARGUMENT, [FOUR], [FIVE], "an argument of @f: expected 4"),
    "result of a call": (RESULT, [FOUR], [FIVE], "a result of @f: expected 4"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_declaration_is_checked_in_the_run(build: Compile, name: str) -> None:
    text, fitting, wrong, message = CASES[name]
    exe = build(text)
    expected = np.asarray(exe(*fitting))
    assert expected.shape == (4,)
    for _ in range(2):
        with pytest.raises(ShapeError, match=message):
            exe(*wrong)
        np.testing.assert_array_equal(np.asarray(exe(*fitting)), expected)


def test_no_check_where_nothing_can_differ(build: Compile) -> None:
    text = RESULT.replace(f"-> ({t(4)})", f"-> ({t('n')})").replace(f" : {t(4)}", f" : {t('n')}")
    exe = build(text.replace(f"-> {t(4)}", f"-> {t('n')}"))
    np.testing.assert_array_equal(np.asarray(exe(FIVE)), -FIVE)


MATCHED = f"""relax.func @main(%x: !relax.tensor<*, f32>) -> ({t("n + m")}) {{
  %a = relax.match_cast %x {{new_symbols = ["n", "m"]}} : !relax.tensor<*, f32> -> {t("n", "m")}
  %b = relax.strided_slice %a {{starts = #relax.dims<[0, 0]>, sizes = #relax.dims<[n, 1]>,
      steps = array<i64: 1, 1>}} : ({t("n", "m")}) -> {t("n", 1)}
  %c = relax.strided_slice %a {{starts = #relax.dims<[0, 0]>, sizes = #relax.dims<[1, m]>,
      steps = array<i64: 1, 1>}} : ({t("n", "m")}) -> {t(1, "m")}
  %d = relax.reshape %b {{shape = #relax.dims<[n]>}} : ({t("n", 1)}) -> {t("n")}
  %e = relax.reshape %c {{shape = #relax.dims<[m]>}} : ({t(1, "m")}) -> {t("m")}
  %f = relax.concat %d, %e {{axis = 0}} : ({t("n")}, {t("m")}) -> {t("n + m")}
  relax.return %f : {t("n + m")}
}}"""


def test_a_cast_tells_symbols_and_errors_are_told_apart(build: Compile) -> None:
    exe = build(MATCHED, refused="a value of type !relax.tensor<*, f32>")
    for shape in ((2, 3), (1, 1), (5, 2)):
        x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        np.testing.assert_array_equal(np.asarray(exe(x)), [*x[:, 0], *x[0]])
    with pytest.raises(ShapeError, match=r"'x': expected rank 2, .*; found rank 1"):
        exe(FOUR)
    with pytest.raises(DTypeError, match="expected float32; found int32"):
        exe(np.ones((2, 2), np.int32))
    with pytest.raises(DTypeError, match="found a Python int"):
        exe(3)


CLOSURE = f"""relax.func @g(%a: {t(4)}, %b: {t(4)}) -> ({t(4)}) {{
  %s = relax.subtract %a, %b : ({t(4)}, {t(4)}) -> {t(4)}
  relax.return %s : {t(4)}
}}
relax.func @main<n>(%x: {t("n")}, %y: {t("n")}) -> ({t(4)}) {{
  %f = relax.make_closure @g(%x) : ({t("n")}) -> !relax.object
  %z = relax.invoke_closure %f(%y) : !relax.object, ({t("n")}) -> {t(4)}
  relax.return %z : {t(4)}
}}"""


def test_a_closure_is_called_with_what_its_function_takes(build: Compile) -> None:
    exe = build(CLOSURE, refused="native code cannot express vm.make_closure")
    np.testing.assert_array_equal(np.asarray(exe(FOUR, FOUR + 1)), [1] * 4)
    with pytest.raises(ShapeError, match="g: argument 'a': expected 4 in dimension 0"):
        exe(FIVE, FIVE)


@pytest.mark.parametrize(
    ("declared", "given"),
    [(t(5), t(5)), (t(4, dtype="i32"), t(4, dtype="i32")), (t(2, 2), t(2, 2))],
)
def test_a_call_that_never_fits_does_not_compile(declared: str, given: str) -> None:

    text = ARGUMENT.split("relax.func @main")[0] + (
        f"relax.func @main(%x: {given}) -> ({t(4)}) {{\n"
        f"  %s = relax.call @f(%x) : ({declared}) -> {t(4)}\n  relax.return %s : {t(4)}\n}}"
    )
    with pytest.raises(CompileError, match="does not have the signature of @f"):
        tyrex.compile(text)
