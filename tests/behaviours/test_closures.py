"""Functions as values: bound, handed on, returned, called; what native code leaves to bytecode."""

import gc
import shutil
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import tyrex
from tyrex.dialects.locating_parser import parse_module
from tyrex.driver.pass_context import compiler_context
from tyrex.interpreters import relax as relax_interpreter
from tyrex.runtime.closures import BoundFunction
from tyrex.runtime.errors import ArgumentError, DTypeError, RuntimeFailure

from .conftest import Compile

Array = NDArray[Any]

T, F, B, S = (
    "!relax.tensor<[4], f32>",
    "!relax.object",
    "!relax.tensor<[], i1>",
    "!relax.tensor<[], f32>",
)
ADD = f"""relax.func @affine(%x: {T}, %w: {T}, %b: {T}) -> ({T}) {{
  %m = relax.multiply %x, %w : ({T}, {T}) -> {T}
  %y = relax.add %m, %b : ({T}, {T}) -> {T}
  relax.return %y : {T}
}}
"""
TWICE = f"""relax.func @twice(%x: {T}, %f: {F}) -> ({T}) {{
  %a = relax.invoke_closure %f(%x) : {F}, ({T}) -> {T}
  %b = relax.invoke_closure %f(%a) : {F}, ({T}) -> {T}
  relax.return %b : {T}
}}
"""
X = np.arange(4, dtype=np.float32)
W = np.array([2, -1, 0.5, 3], np.float32)
REFUSED = "native code cannot express a value of type !relax.object"


def affine(x: Array) -> Array:
    return x * W + np.tanh(W)


PROGRAMS = {
    "handed on": f"""{ADD}{TWICE}relax.func @main(%x: {T}, %w: {T}) -> ({T}) {{
  %b = relax.tanh %w : ({T}) -> {T}
  %f = relax.make_closure @affine(%w, %b) : ({T}, {T}) -> {F}
  %y = relax.call @twice(%x, %f) : ({T}, {F}) -> {T}
  relax.return %y : {T}
}}""",
    "a closure of closures": f"""{ADD}{TWICE}relax.func @main(%x: {T}, %w: {T}) -> ({T}) {{
  %b = relax.tanh %w : ({T}) -> {T}
  %f = relax.make_closure @affine(%w, %b) : ({T}, {T}) -> {F}
  %g = relax.make_closure @twice(%f) : ({F}) -> {F}
  %y = relax.invoke_closure %g(%x) : {F}, ({T}) -> {T}
  relax.return %y : {T}
}}""",
    "in a tuple through a branch": f"""{ADD}{TWICE}
relax.func @main(%x: {T}, %w: {T}) -> ({T}) {{
  %s = relax.sum %w {{axes = array<i64: 0>, keepdims = false}} : ({T}) -> {S}
  %z = relax.constant <[], f32, [0.0]> : {S}
  %c = relax.greater %s, %z : ({S}, {S}) -> {B}
  %t = relax.if %c : {B} -> (tuple<{F}, {T}>) {{
    %b = relax.tanh %w : ({T}) -> {T}
    %f = relax.make_closure @affine(%w, %b) : ({T}, {T}) -> {F}
    %r = relax.tuple %f, %x : ({F}, {T}) -> tuple<{F}, {T}>
    relax.yield %r : tuple<{F}, {T}>
  }} else {{
    %f = relax.make_closure @affine(%x, %x) : ({T}, {T}) -> {F}
    %r = relax.tuple %f, %w : ({F}, {T}) -> tuple<{F}, {T}>
    relax.yield %r : tuple<{F}, {T}>
  }}
  %g = relax.tuple_get_item %t {{index = 0}} : (tuple<{F}, {T}>) -> {F}
  %v = relax.tuple_get_item %t {{index = 1}} : (tuple<{F}, {T}>) -> {T}
  %y = relax.call @twice(%v, %g) : ({T}, {F}) -> {T}
  relax.return %y : {T}
}}""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_closures_are_the_interpreter_s(build: Compile, name: str) -> None:
    exe = build(PROGRAMS[name], refused=REFUSED)
    (expected,) = relax_interpreter.run(
        parse_module(compiler_context(), PROGRAMS[name]), "main", [X, W]
    )
    np.testing.assert_allclose(expected, affine(affine(X)), rtol=1e-5)
    for _ in range(3):
        np.testing.assert_allclose(np.asarray(exe(X, W)), expected, rtol=1e-5)


MADE = f"""{ADD}relax.func @main(%w: {T}) -> ({F}) {{
  %b = relax.tanh %w : ({T}) -> {T}
  %f = relax.make_closure @affine(%w, %b) : ({T}, {T}) -> {F}
  relax.return %f : {F}
}}"""


def test_a_closure_outlives_its_call() -> None:
    exe = tyrex.compile(MADE)
    machine = tyrex.VirtualMachine(exe)
    closure, other = machine["main"](W), machine["main"](-W)  # runs that take the frame again
    assert isinstance(closure, BoundFunction)
    assert str(closure) == "BoundFunction('affine', 1 arguments to be given)"
    np.testing.assert_allclose(machine.invoke_closure(closure, X), affine(X), rtol=1e-6)
    np.testing.assert_allclose(machine.invoke_closure(other, X), -affine(X), rtol=1e-6)


def test_what_it_binds_lives_as_long_as_it() -> None:
    exe = tyrex.compile(MADE)
    machine = tyrex.VirtualMachine(exe)
    given = tyrex.Tensor.from_numpy(W)
    closure = machine["main"](given)
    bound = weakref.ref(closure.captured[0])
    del given
    gc.collect()
    assert bound() is not None
    del closure
    gc.collect()
    assert bound() is None


def test_misuse_is_named() -> None:
    exe = tyrex.compile(MADE)
    machine = tyrex.VirtualMachine(exe)
    closure = machine["main"](W)
    with pytest.raises(ArgumentError, match="closure of 'affine': expected 1 arguments; found 2"):
        machine.invoke_closure(closure, X, X)
    with pytest.raises(DTypeError, match="expected float32; found float64"):
        machine.invoke_closure(closure, X.astype(np.float64))
    with pytest.raises(ArgumentError, match="of another program"):
        tyrex.VirtualMachine(tyrex.compile(PROGRAMS["handed on"])).invoke_closure(closure, X)
    with pytest.raises(DTypeError, match="expected a closure; found int"):
        machine.invoke_closure(3, X)  # pyright: ignore[reportArgumentType]
    apply = tyrex.compile(TWICE.replace("@twice", "@main"))
    with pytest.raises(RuntimeFailure, match="expected a closure of this program; found str"):
        apply(X, "no function")
    np.testing.assert_allclose(machine.invoke_closure(closure, X), affine(X), rtol=1e-6)


def test_results_are_checked() -> None:
    text = f"""{MADE.replace("@main", "@make")}
relax.func @main(%x: {T}, %f: {F}) -> (!relax.tensor<[5], f32>) {{
  %y = relax.invoke_closure %f(%x) : {F}, ({T}) -> !relax.tensor<[5], f32>
  relax.return %y : !relax.tensor<[5], f32>
}}"""
    exe = tyrex.compile(text)
    closure = exe["make"](W)
    with pytest.raises(ValueError, match="result 0 of a closure: expected 5 in dimension 0"):
        exe(X, closure)


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler (cc)")
def test_such_a_program_is_no_library(tmp_path: Path) -> None:
    exe = tyrex.compile(PROGRAMS["handed on"])
    for suffix in (".so", ".o", ".c"):
        with pytest.raises(NotImplementedError, match=r"relax\.object|vm\.make_closure"):
            exe.export_library(tmp_path / f"model{suffix}")
    module = tyrex.load_module(exe.export_library(tmp_path / "model.tyx"))  # has the bytecode
    np.testing.assert_allclose(module(X, W), affine(affine(X)), rtol=1e-5)


COUNT = f"""relax.func @repeat(%x: {T}, %n: !relax.tensor<[], i64>, %f: {F}) -> ({T}) {{
  %zero = relax.constant <[], i64, [0]> : !relax.tensor<[], i64>
  %one = relax.constant <[], i64, [1]> : !relax.tensor<[], i64>
  %c = relax.greater %n, %zero : (!relax.tensor<[], i64>, !relax.tensor<[], i64>) -> {B}
  %r = relax.if %c : {B} -> ({T}) {{
    %m = relax.subtract %n, %one
        : (!relax.tensor<[], i64>, !relax.tensor<[], i64>) -> !relax.tensor<[], i64>
    %y = relax.invoke_closure %f(%x) : {F}, ({T}) -> {T}
    %z = relax.call @repeat(%y, %m, %f) : ({T}, !relax.tensor<[], i64>, {F}) -> {T}
    relax.yield %z : {T}
  }} else {{
    relax.yield %x : {T}
  }}
  relax.return %r : {T}
}}
relax.func @main(%x: {T}, %n: !relax.tensor<[], i64>, %w: {T}) -> ({T}) {{
  %b = relax.tanh %w : ({T}) -> {T}
  %f = relax.make_closure @affine(%w, %b) : ({T}, {T}) -> {F}
  %y = relax.call @repeat(%x, %n, %f) : ({T}, !relax.tensor<[], i64>, {F}) -> {T}
  relax.return %y : {T}
}}"""


def test_recursion_with_a_function_as_argument() -> None:
    exe = tyrex.compile(ADD + COUNT)
    for count in (0, 1, 7, 0):
        expected = X
        for _ in range(count):
            expected = affine(expected)
        np.testing.assert_allclose(exe(X, np.array(count), W), expected, rtol=1e-5)
    with pytest.raises(RuntimeFailure, match="recursion deeper than 100 calls in repeat"):
        exe(X, np.array(1000), W)
    np.testing.assert_allclose(exe(X, np.array(0), W), X)
