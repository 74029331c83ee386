"""Opaque objects of the host: where they go, and when the last reference to one is gone."""

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import tyrex
from tyrex.runtime import register_host_function
from tyrex.runtime.errors import DTypeError, RuntimeFailure

from .conftest import Compile
from .texts import BOOL, t

V, O, N = t(4), "!relax.object", t(dtype="i64")  # noqa: E741  # the type of objects
PAIR = f"tuple<{O}, {V}>"
X = np.array([1, -2, 3, -4], np.float32)
YES, NO = np.array(True), np.array(False)
REFUSED = "native code cannot express"


class Box:
    """What a program cannot look into."""

    alive = 0

    def __init__(self, content: Any) -> None:
        self.content = np.array(content)
        Box.alive += 1

    def __del__(self) -> None:
        Box.alive -= 1


def box(x: Any) -> Box:
    return Box(x)


def grow(old: Box, x: Any) -> Box:
    return Box(old.content + np.asarray(x))


def unbox(found: Box) -> Any:
    if not isinstance(found, Box):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"no Box: {found!r}")
    return found.content


register_host_function("tests.objects.box", box, override=True)
register_host_function("tests.objects.grow", grow, override=True)
register_host_function("tests.objects.unbox", unbox, override=True)

THROUGH = f"""relax.func @keep(%p: {PAIR}) -> ({O}) {{
  %o = relax.tuple_get_item %p {{index = 0}} : ({PAIR}) -> {O}
  relax.return %o : {O}
}}
relax.func @main(%c: {BOOL}, %x: {V}, %n: {N}) -> ({O}, {V}) {{
  %zero = relax.constant <[], i64, [0]> : {N}
  %one = relax.constant <[], i64, [1]> : {N}
  %a = relax.call_packed @tests.objects.box(%x) : ({V}) -> {O}
  %m = relax.neg %x : ({V}) -> {V}
  %b = relax.call_packed @tests.objects.box(%m) : ({V}) -> {O}
  %p = relax.if %c : {BOOL} -> ({PAIR}) {{
    %q = relax.tuple %a, %x : ({O}, {V}) -> {PAIR}
    relax.yield %q : {PAIR}
  }} else {{
    %q = relax.tuple %b, %m : ({O}, {V}) -> {PAIR}
    relax.yield %q : {PAIR}
  }}
  %k = relax.call @keep(%p) : ({PAIR}) -> {O}
  %i, %r = relax.while %n, %k : ({N}, {O}) -> ({N}, {O}) {{
  ^bb0(%j: {N}, %o: {O}):
    %more = relax.less %zero, %j : ({N}, {N}) -> {BOOL}
    relax.yield %more : {BOOL}
  }} do {{
  ^bb0(%j: {N}, %o: {O}):
    %l = relax.subtract %j, %one : ({N}, {N}) -> {N}
    %g = relax.call_packed @tests.objects.grow(%o, %x) : ({O}, {V}) -> {O}
    relax.yield %l, %g : {N}, {O}
  }}
  %y = relax.call_packed @tests.objects.unbox(%r) : ({O}) -> {V}
  relax.return %r, %y : {O}, {V}
}}"""


def test_through_tuples_branches_calls_and_loops(build: Compile) -> None:
    exe = build(THROUGH, refused=REFUSED)
    for way, count in ((YES, 0), (NO, 0), (YES, 3), (NO, 2)):
        found, values = exe(way, X, np.array(count))
        expected = (X if way else -X) + count * X
        np.testing.assert_array_equal(found.content, expected)
        np.testing.assert_array_equal(np.asarray(values), expected)


def test_an_object_ends_with_its_last_reference(build: Compile) -> None:
    exe = build(THROUGH, refused=REFUSED)
    gc.collect()
    before = Box.alive
    found, _ = exe(YES, X, np.array(50))
    assert Box.alive == before + 1, "a call keeps none but what it returns, without a collection"
    watched = weakref.ref(found)
    del found
    assert watched() is None
    assert Box.alive == before


def test_a_loop_keeps_no_more_than_it_carries(build: Compile) -> None:
    most = 0

    def watch(old: Box, x: Any) -> Box:
        nonlocal most
        most = max(most, Box.alive)
        return grow(old, x)

    register_host_function("tests.objects.grow", watch, override=True)
    try:
        exe = build(THROUGH, refused=REFUSED)
        before = Box.alive
        exe(YES, X, np.array(100))
    finally:
        register_host_function("tests.objects.grow", grow, override=True)
    # Two from before the loop, what it carries and the one before.
    assert most - before <= 4


def test_a_failure_releases_what_there_was(build: Compile) -> None:
    text = THROUGH.replace("unbox(%r) : (!relax.object)", "unbox(%p) : (" + PAIR + ")")
    exe = build(text, refused=REFUSED)
    gc.collect()
    before = Box.alive
    for _ in range(3):
        with pytest.raises(RuntimeFailure, match="TypeError: no Box"):
            exe(YES, X, np.array(3))
    gc.collect()
    assert Box.alive == before


def test_inputs_that_are_set_are_held_until_they_are_cleared(build: Compile) -> None:
    text = f"""relax.func @main(%o: {O}) -> ({V}) {{
      %y = relax.call_packed @tests.objects.unbox(%o) : ({O}) -> {V}
      relax.return %y : {V}
    }}"""
    vm = tyrex.VirtualMachine(build(text, refused=REFUSED))
    given = Box(X)
    watched = weakref.ref(given)
    vm.set_input("main", given)
    del given
    vm.invoke_stateful("main")
    np.testing.assert_array_equal(np.asarray(vm.get_outputs("main")), X)
    assert watched() is not None
    vm.clear_input("main")
    gc.collect()
    assert watched() is None


def test_an_object_is_no_tensor(build: Compile) -> None:
    text = f"""relax.func @main(%o: {O}) -> ({V}) {{
      %x = relax.match_cast %o : {O} -> {V}
      %y = relax.neg %x : ({V}) -> {V}
      relax.return %y : {V}
    }}"""
    exe = build(text, refused=REFUSED)
    np.testing.assert_array_equal(np.asarray(exe(X)), -X)
    with pytest.raises(DTypeError, match=r"'o'.*found a Python list"):
        exe([1, 2, 3, 4])
