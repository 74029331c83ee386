"""Programs whose memory is easy to get wrong, on the virtual machine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from xdsl.parser import Parser

from tyrex.backends.vm.emit import emit_program
from tyrex.dialects.verify import verify_module
from tyrex.passes.vm.lower_to_vm import LowerToVmPass
from tyrex.passes.vm.plan_memory import PlanMemoryPass
from tyrex.runtime.executable import Executable

from .python_kernels import kernel_library  # noqa: TID251  # the tests' folder, not the package's
from .random_programs import KERNELS, context  # noqa: TID251

V = "!relax.tensor<[4], i64>"
CALL = f"({V}, {V}) -> {V}"
X = np.array([1, 2, 3, 4])


def executable(text: str) -> Executable:
    module = Parser(context(), KERNELS + text).parse_module()
    for module_pass in (LowerToVmPass(), PlanMemoryPass()):
        module_pass.apply(context(), module)
        verify_module(module)
    return Executable(emit_program(module), kernel_library(module))


def results_of(exe: Executable, *args: Any) -> list[Any]:
    found: Any = exe(*args)
    tensors: list[Any] = [*found] if isinstance(found, tuple) else [found]
    return [np.asarray(tensor) for tensor in tensors]


def run(text: str, *args: Any) -> list[Any]:
    exe = executable(text)
    found = results_of(exe, *args)
    for one, other in zip(found, results_of(exe, *args), strict=True):
        np.testing.assert_array_equal(one, other)
    return found


@pytest.mark.parametrize("taken", [True, False])
def test_both_branches_allocate(taken: bool) -> None:
    """The else branch of such a program read memory that only the then branch allocated (TVM)."""
    text = f"""
    relax.func @main(%c: !relax.tensor<[], i1>, %x: {V}) -> ({V}) {{
      %r = relax.if %c : !relax.tensor<[], i1> -> ({V}) {{
        %f = relax.call_tir @add_4(%x, %x) : {CALL}
        %y = relax.call_tir @add_4(%f, %x) : {CALL}
        relax.yield %y : {V}
      }} else {{
        %f = relax.call_tir @add_4(%x, %x) : {CALL}
        %g = relax.call_tir @add_4(%f, %f) : {CALL}
        %y = relax.call_tir @add_4(%g, %f) : {CALL}
        relax.yield %y : {V}
      }}
      %s = relax.call_tir @add_4(%r, %x) : {CALL}
      relax.return %s : {V}
    }}"""
    (found,) = run(text, np.array(taken), X)
    np.testing.assert_array_equal(found, 4 * X if taken else 7 * X)


def test_one_kernel_in_place_and_not() -> None:
    text = f"""
    relax.func @main(%x: {V}) -> ({V}, {V}) {{
      %a = relax.call_tir @add_4(%x, %x) : {CALL}
      %b = relax.call_tir @add_4(%a, %x) : {CALL}
      %c = relax.call_tir_inplace @add_4(%b, %a) {{inplace = array<i64: 0>}} : {CALL}
      %d = relax.call_tir_inplace @add_4(%c, %a) {{inplace = array<i64: 0>}} : {CALL}
      %e = relax.call_tir @add_4(%a, %d) : {CALL}
      relax.return %d, %e : {V}, {V}
    }}"""
    found = run(text, X)
    np.testing.assert_array_equal(found[0], 7 * X)
    np.testing.assert_array_equal(found[1], 9 * X)


def test_an_input_is_never_written() -> None:
    text = f"""
    relax.func @main(%x: {V}) -> ({V}) {{
      %a = relax.call_tir_inplace @add_4(%x, %x) {{inplace = array<i64: 0>}} : {CALL}
      relax.return %a : {V}
    }}"""
    x = X.copy()
    np.testing.assert_array_equal(run(text, x)[0], 2 * X)
    np.testing.assert_array_equal(x, X)


def test_a_swap_in_a_loop() -> None:
    scalar = "!relax.tensor<[], i64>"
    types = f"({scalar}, {V}, {V})"
    text = f"""
    relax.func @main(%x: {V}, %y: {V}, %n: {scalar}) -> ({V}, {V}) {{
      %zero = relax.constant <[], i64, [0]> : {scalar}
      %k, %a, %b = relax.while %zero, %x, %y : {types} -> {types} {{
      ^cond(%i: {scalar}, %p: {V}, %q: {V}):
        %go = relax.call_tir @less(%i, %n) : ({scalar}, {scalar}) -> !relax.tensor<[], i1>
        relax.yield %go : !relax.tensor<[], i1>
      }} do {{
      ^body(%i: {scalar}, %p: {V}, %q: {V}):
        %j = relax.call_tir @next(%i) : ({scalar}) -> {scalar}
        %s = relax.call_tir @add_4(%p, %q) : {CALL}
        relax.yield %j, %q, %s : {scalar}, {V}, {V}
      }}
      relax.return %a, %b : {V}, {V}
    }}"""
    a, b = X, X + 1
    for steps in range(4):
        found = run(text, X, X + 1, np.array(steps))
        np.testing.assert_array_equal(found[0], a)
        np.testing.assert_array_equal(found[1], b)
        a, b = b, a + b


def test_calls_of_functions_that_call_themselves() -> None:
    """Each call has a frame of its own: what is kept across the call stays."""
    scalar = "!relax.tensor<[], i64>"
    text = f"""
    relax.func @main(%x: {V}, %i: {scalar}, %n: {scalar}) -> ({V}) {{
      %go = relax.call_tir @less(%i, %n) : ({scalar}, {scalar}) -> !relax.tensor<[], i1>
      %d = relax.call_tir @add_4(%x, %x) : {CALL}
      %r = relax.if %go : !relax.tensor<[], i1> -> ({V}) {{
        %j = relax.call_tir @next(%i) : ({scalar}) -> {scalar}
        %deeper = relax.call @main(%d, %j, %n) : ({V}, {scalar}, {scalar}) -> {V}
        relax.yield %deeper : {V}
      }} else {{
        relax.yield %x : {V}
      }}
      %s = relax.call_tir @add_4(%r, %d) : {CALL}
      relax.return %s : {V}
    }}"""

    def expected(x: Any, i: int) -> Any:
        return (expected(2 * x, i + 1) if i < 3 else x) + 2 * x

    found = run(text, X, np.array(0), np.array(3))
    np.testing.assert_array_equal(found[0], expected(X, 0))
