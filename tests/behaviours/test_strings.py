"""Texts as values: known to the program, given, handed on, told to and by functions of the host."""

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
from tyrex.runtime.errors import DTypeError, RuntimeFailure

from .conftest import Compile
from .texts import BOOL, t

V, S = t(4), "!relax.string"
PAIR = f"tuple<{S}, {V}>"
X = np.array([1, -2, 3, -4], np.float32)
YES, NO = np.array(True), np.array(False)
REFUSED = "native code cannot express"
WORD = 'größer "als"\n\\ 2'
SPELLED = 'größer \\"als\\"\\n\\\\ 2'

THROUGH = f"""relax.func @pick(%c: {BOOL}, %a: {S}) -> ({PAIR}) {{
  %n = relax.constant <[4], f32, [1.0, 2.0, 3.0, 4.0]> : {V}
  %p = relax.if %c : {BOOL} -> ({PAIR}) {{
    %q = relax.tuple %a, %n : ({S}, {V}) -> {PAIR}
    relax.yield %q : {PAIR}
  }} else {{
    %d = relax.string "{SPELLED}" : {S}
    %q = relax.tuple %d, %n : ({S}, {V}) -> {PAIR}
    relax.yield %q : {PAIR}
  }}
  relax.return %p : {PAIR}
}}
relax.func @main(%c: {BOOL}, %mode: {S}) -> ({S}, {V}) {{
  %p = relax.call @pick(%c, %mode) : ({BOOL}, {S}) -> {PAIR}
  %s = relax.tuple_get_item %p {{index = 0}} : ({PAIR}) -> {S}
  %v = relax.tuple_get_item %p {{index = 1}} : ({PAIR}) -> {V}
  relax.return %s, %v : {S}, {V}
}}"""

LOOP = f"""relax.func @main(%x: {V}, %first: {S}, %n: {t(dtype="i64")}) -> ({S}, {V}) {{
  %zero = relax.constant <[], i64, [0]> : {t(dtype="i64")}
  %one = relax.constant <[], i64, [1]> : {t(dtype="i64")}
  %u, %w, %e = relax.while %n, %first, %x : ({t(dtype="i64")}, {S}, {V})
      -> ({t(dtype="i64")}, {S}, {V}) {{
  ^bb0(%i: {t(dtype="i64")}, %s: {S}, %v: {V}):
    %more = relax.less %zero, %i : ({t(dtype="i64")}, {t(dtype="i64")}) -> {BOOL}
    relax.yield %more : {BOOL}
  }} do {{
  ^bb0(%i: {t(dtype="i64")}, %s: {S}, %v: {V}):
    %j = relax.subtract %i, %one : ({t(dtype="i64")}, {t(dtype="i64")}) -> {t(dtype="i64")}
    %next, %y = relax.call_packed @tests.strings.step(%s, %v) : ({S}, {V}) -> ({S}, {V})
    relax.yield %j, %next, %y : {t(dtype="i64")}, {S}, {V}
  }}
  relax.return %w, %e : {S}, {V}
}}"""

SCALE = f"""relax.func @main(%mode: {S}, %x: {V}) -> ({V})
    attributes {{input_names = ["mode", "x"], output_names = ["y"]}} {{
  %y = relax.call_packed @tests.strings.scale(%mode, %x) : ({S}, {V}) -> {V}
  relax.return %y : {V}
}}"""


def step(mode: Any, x: Any) -> Any:
    assert type(mode) is str
    return mode + ".", np.asarray(x) * len(mode)


def scale(mode: Any, x: Any) -> Any:
    return np.asarray(x) * {"double": 2, "triple": 3}[mode]


register_host_function("tests.strings.step", step, override=True)
register_host_function("tests.strings.scale", scale, override=True)


def interpreted(text: str, *args: Any) -> list[Any]:
    module = parse_module(compiler_context(), text)
    host = {"tests.strings.step": step, "tests.strings.scale": scale}
    return relax_interpreter.run(module, "main", list(args), host)


def test_through_tuples_branches_and_calls(build: Compile) -> None:
    exe = build(THROUGH, refused=REFUSED)
    for way, expected in ((YES, "given"), (NO, WORD), (YES, "given")):
        found, values = exe(way, "given")
        assert found == expected == interpreted(THROUGH, way, "given")[0]
        assert type(found) is str
        np.testing.assert_array_equal(np.asarray(values), [1, 2, 3, 4])
    assert exe(YES, "")[0] == ""
    assert type(exe(YES, np.str_("of NumPy"))[0]) is str


def test_through_a_loop_with_a_function_of_the_host(build: Compile) -> None:
    exe = build(LOOP, refused=REFUSED)
    for count in (0, 3, 1):
        word, values = exe(X, "ab", np.array(count))
        expected = interpreted(LOOP, X, "ab", np.array(count))
        assert word == expected[0] == "ab" + "." * count
        np.testing.assert_array_equal(np.asarray(values), expected[1])


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (X, r"a float32 tensor of shape \(4,\)"),
        (tyrex.Tensor.from_numpy(X), r"a float32 tensor of shape \(4,\)"),
        (3, "a int"),
        (b"double", "a bytes"),
        (None, "a NoneType"),
        (("double",), r"a tuple \('double',\)"),
    ],
)
def test_what_is_no_text_is_named(build: Compile, value: Any, found: str) -> None:
    exe = build(SCALE, refused=REFUSED)
    with pytest.raises(DTypeError, match=f"argument 'mode': expected a string; found {found}"):
        exe(value, X)
    with pytest.raises(DTypeError, match=r"argument 'x': .*found .*str"):
        exe("double", "double")
    np.testing.assert_array_equal(np.asarray(exe("double", X)), 2 * X)


def test_what_a_function_of_the_host_returns_is_checked(build: Compile) -> None:
    def no_text(x: Any) -> int:
        return 3

    register_host_function("tests.strings.no_text", no_text, override=True)
    text = f"""relax.func @main(%x: {V}) -> ({S}) {{
      %s = relax.call_packed @tests.strings.no_text(%x) : ({V}) -> {S}
      relax.return %s : {S}
    }}"""
    exe = build(text, refused=REFUSED)
    with pytest.raises(DTypeError, match=r"result 0 of @tests\.strings\.no_text: expected a str"):
        exe(X)


def test_an_object_that_turns_out_to_be_a_text(build: Compile) -> None:
    text = f"""relax.func @main(%o: !relax.object) -> ({S}) {{
      %s = relax.match_cast %o : !relax.object -> {S}
      relax.return %s : {S}
    }}"""
    exe = build(text, refused=REFUSED)
    assert exe("yes") == "yes"
    with pytest.raises(DTypeError, match="'o': expected a string; found a int"):
        exe(3)


def test_state_saved_calls_closures_and_profiles(build: Compile) -> None:
    vm = tyrex.VirtualMachine(build(SCALE, refused=REFUSED))
    vm.set_input("main", "double", X)
    vm.invoke_stateful("main")
    np.testing.assert_array_equal(np.asarray(vm.get_outputs("main")), 2 * X)
    vm.set_input("main", x=X, mode="triple")
    vm.invoke_stateful("main")
    np.testing.assert_array_equal(np.asarray(vm.get_outputs("main")), 3 * X)
    with pytest.raises(DTypeError, match="argument 'mode': expected a string"):
        vm.set_input("main", X, X)
    vm.clear_input("main")
    vm.save_function("main", "doubled", mode="double")
    np.testing.assert_array_equal(np.asarray(vm["doubled"](x=X)), 2 * X)
    np.testing.assert_array_equal(np.asarray(vm.invoke_closure(vm["doubled"], X)), 2 * X)
    assert "tests.strings.scale" in vm.profile("main", "double", X).table()
    with pytest.raises(RuntimeFailure, match="KeyError: 'half'"):
        vm["main"]("half", X)


def test_a_closure_binds_a_text(build: Compile) -> None:
    text = f"""relax.func @scaled(%x: {V}, %mode: {S}) -> ({V}) {{
      %y = relax.call_packed @tests.strings.scale(%mode, %x) : ({S}, {V}) -> {V}
      relax.return %y : {V}
    }}
    relax.func @main(%mode: {S}) -> (!relax.object) {{
      %f = relax.make_closure @scaled(%mode) : ({S}) -> !relax.object
      relax.return %f : !relax.object
    }}"""
    vm = tyrex.VirtualMachine(build(text, refused=REFUSED))
    np.testing.assert_array_equal(np.asarray(vm.invoke_closure(vm["main"]("triple"), X)), 3 * X)


def test_a_text_is_the_same_after_export_and_load(tmp_path: Path) -> None:
    exe = tyrex.compile(THROUGH)
    text = disassemble(exe.program)
    assert disassemble(assemble(text)) == text
    with tyrex.load_module(exe.export_library(tmp_path / "m.tyx")) as module:
        assert disassemble(module.executable.program) == text
        assert module(NO, "given")[0] == WORD


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler (cc)")
def test_such_a_program_is_no_library(tmp_path: Path) -> None:
    exe = tyrex.compile(SCALE)
    for suffix in (".so", ".c"):
        with pytest.raises(NotImplementedError, match=r"relax\.string|vm\.call_packed"):
            exe.export_library(tmp_path / f"model{suffix}")
