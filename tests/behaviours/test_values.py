"""Values: tuples, views, results in place, what lives how long, what is no tensor."""

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tyrex
from tyrex.runtime import disassemble, register_host_function
from tyrex.runtime.errors import ArgumentError, DTypeError

from .conftest import Compile
from .texts import BOOL, t

V = t(4)
PAIR = f"tuple<{V}, {V}>"
NESTED = f"tuple<{V}, {PAIR}>"
X = np.array([1, -2, 3, -4], np.float32)
YES, NO = np.array(True), np.array(False)

NEST = f"""relax.func @main(%x: {V}) -> ({NESTED}) {{
  %a = relax.neg %x : ({V}) -> {V}
  %p = relax.tuple %a, %x : ({V}, {V}) -> {PAIR}
  %n = relax.tuple %x, %p : ({V}, {PAIR}) -> {NESTED}
  relax.return %n : {NESTED}
}}"""

UNNEST = f"""relax.func @main(%n: {NESTED}) -> ({V}) {{
  %p = relax.tuple_get_item %n {{index = 1}} : ({NESTED}) -> {PAIR}
  %a = relax.tuple_get_item %p {{index = 0}} : ({PAIR}) -> {V}
  %b = relax.tuple_get_item %n {{index = 0}} : ({NESTED}) -> {V}
  %c = relax.subtract %a, %b : ({V}, {V}) -> {V}
  relax.return %c : {V}
}}"""

THROUGH = f"""relax.func @main(%c: {BOOL}, %x: {V}) -> ({V}) {{
  %n = relax.neg %x : ({V}) -> {V}
  %p = relax.if %c : {BOOL} -> ({PAIR}) {{
    %q = relax.tuple %x, %n : ({V}, {V}) -> {PAIR}
    relax.yield %q : {PAIR}
  }} else {{
    %q = relax.tuple %n, %x : ({V}, {V}) -> {PAIR}
    relax.yield %q : {PAIR}
  }}
  %a = relax.tuple_get_item %p {{index = 0}} : ({PAIR}) -> {V}
  %b = relax.tuple_get_item %p {{index = 1}} : ({PAIR}) -> {V}
  %d = relax.subtract %a, %b : ({V}, {V}) -> {V}
  relax.return %d : {V}
}}"""

IN_PLACE = f"""relax.func @main(%x: {V}) -> ({V}, {V}) {{
  %y = relax.call_tir_inplace @next(%x) {{inplace = array<i64: 0>}} : ({V}) -> {V}
  %z = relax.call_tir_inplace @next(%y) {{inplace = array<i64: 0>}} : ({V}) -> {V}
  relax.return %y, %z : {V}, {V}
}}
tir.func @next(%x: B) -> (%y: B) aliases (0 = 0) {{
  tir.for %i in 4 serial {{
    tir.block "next" (%v: spatial(4) = %i) {{
      %e = tir.load %x[%v] : B
      %f = arith.addf %e, %e : f32
      tir.store %f, %y[%v] : B
    }}
  }}
}}""".replace("B", "!tir.buffer<[4], f32>")

SAME = f"""relax.func @main(%x: {V}) -> ({V}, {V}, {t(2, 2)}) {{
  %v = relax.reshape %x {{shape = #relax.dims<[2, 2]>}} : ({V}) -> {t(2, 2)}
  relax.return %x, %x, %v : {V}, {V}, {t(2, 2)}
}}"""

OBJECT = """relax.func @main(%o: !relax.object) -> (!relax.object) {
  relax.return %o : !relax.object
}"""

EMPTY = f"""relax.func @main<n>(%x: {t("n", 3)}, %y: {t(0, 3)}) -> ({t("n", 3)}, {t(3)}) {{
  %j = relax.concat %x, %y {{axis = 0}} : ({t("n", 3)}, {t(0, 3)}) -> {t("n", 3)}
  %s = relax.sum %j {{axes = array<i64: 0>, keepdims = false}} : ({t("n", 3)}) -> {t(3)}
  relax.return %j, %s : {t("n", 3)}, {t(3)}
}}"""


def test_nested_tuples(build: Compile) -> None:
    refused = "of type tuple<"
    exe = build(NEST, refused)
    x, (a, b) = exe(X)
    np.testing.assert_array_equal((x, a, b), (X, -X, X))
    assert not any(np.shares_memory(np.asarray(r), X) for r in (x, a, b))
    exe = build(UNNEST, refused)
    np.testing.assert_array_equal(np.asarray(exe((X, (2 * X, X)))), X)
    np.testing.assert_array_equal(np.asarray(exe([X, [2 * X, X]])), X)
    with pytest.raises(ArgumentError, match="argument 'n', field 1: expected 2 fields; found 1"):
        exe((X, (X,)))
    with pytest.raises(DTypeError, match="field 1: expected a tuple"):
        exe((X, X))


def test_tuples_through_branches(build: Compile) -> None:
    exe = build(THROUGH)
    for _ in range(2):
        np.testing.assert_array_equal(np.asarray(exe(YES, X)), 2 * X)
        np.testing.assert_array_equal(np.asarray(exe(NO, X)), -2 * X)


def test_results_in_place_are_values_and_arguments_are_not_written(build: Compile) -> None:
    exe = build(IN_PLACE)
    given = X.copy()
    y, z = exe(given)
    np.testing.assert_array_equal((y, z, given), (2 * X, 4 * X, X))


def test_what_is_only_handed_on_is_a_value_of_its_own(build: Compile) -> None:
    given = X.copy()
    a, b, c = (np.asarray(r) for r in build(SAME)(given))
    given[:] = 0
    a[0] = 77
    np.testing.assert_array_equal(b, X)
    np.testing.assert_array_equal(c.reshape(-1), X)


def test_arguments_and_results_live_as_long_as_somebody_holds_them(build: Compile) -> None:
    exe = build(SAME)

    class Array(np.ndarray[Any, Any]):
        pass

    given = X.copy().view(Array)
    watched = weakref.ref(given)
    results = exe(given)
    del given
    gc.collect()
    assert watched() is None, "a call keeps no argument"
    first = results[0]
    del results, exe
    gc.collect()
    np.testing.assert_array_equal(np.asarray(first), X)


def test_memory_of_results_comes_back(build: Compile) -> None:
    machine = tyrex.VirtualMachine(build(SAME))
    machine["main"](X)
    gc.collect()
    idle = machine.allocator.stats().in_use_bytes
    results = machine["main"](X)
    assert machine.allocator.stats().in_use_bytes > idle
    del results
    gc.collect()
    assert machine.allocator.stats().in_use_bytes == idle


def test_objects_are_handed_on_as_they_are(build: Compile) -> None:
    exe = build(OBJECT, refused="a value of type !relax.object")
    for value in ("text", 3, None, {"a": X}, np.float32, len):
        assert exe(value) is value
    assert exe((1, ("two", None))) == (1, ("two", None))


def test_functions_of_the_host_get_and_return_any_kind_of_value(build: Compile) -> None:
    seen: list[Any] = []

    def look(tensor: Any, pair: Any) -> Any:
        seen.append((type(tensor).__name__, len(pair)))
        return {"kept": np.array(tensor)}

    def fetch(found: Any) -> Any:
        return found["kept"] * 3

    register_host_function("tests.behaviours.look", look, override=True)
    register_host_function("tests.behaviours.fetch", fetch, override=True)
    text = f"""relax.func @main(%x: {V}) -> ({V}) {{
      %p = relax.tuple %x, %x : ({V}, {V}) -> {PAIR}
      %o = relax.call_packed @tests.behaviours.look(%x, %p) : ({V}, {PAIR}) -> !relax.object
      %y = relax.call_packed @tests.behaviours.fetch(%o) : (!relax.object) -> {V}
      %z = relax.neg %y : ({V}) -> {V}
      relax.return %z : {V}
    }}"""
    exe = build(text, refused="native code cannot express")
    np.testing.assert_array_equal(np.asarray(exe(X)), -3 * X)
    assert seen == [("Tensor", 2)]


def test_tensors_without_elements(build: Compile) -> None:
    exe = build(EMPTY)
    for n in (0, 2, 0):
        x = np.ones((n, 3), np.float32)
        j, s = exe(x, np.ones((0, 3), np.float32))
        assert np.asarray(j).shape == (n, 3)
        np.testing.assert_array_equal(np.asarray(s), [n] * 3)


def test_a_program_reads_the_same_after_export_and_load(build: Compile, tmp_path: Path) -> None:
    exe = build(THROUGH)
    text = disassemble(exe.program)
    with tyrex.load_module(exe.export_library(tmp_path / "m.tyx")) as module:
        assert disassemble(module.executable.program) == text
        np.testing.assert_array_equal(np.asarray(module(YES, X)), 2 * X)
