"""Instruments and taps: who is told of calls, and who steps in."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tyrex.runtime.errors import DTypeError, RuntimeFailure, ShapeError
from tyrex.runtime.executable import Executable
from tyrex.runtime.observation import SKIP_RUN, names_of
from tyrex.runtime.tensor import Tensor
from tyrex.runtime.vm import VirtualMachine

from .programs import kernels, log, program  # noqa: TID251  # the tests' folder

X = np.array([1, 2, 3, 4], np.float32)
YES = np.array(True)
FACTS = {"kernels": json.dumps({"add": [2, 1, 4]})}


def machine() -> VirtualMachine:
    known = replace(program(), metadata=FACTS)
    return VirtualMachine(Executable(known, kernels(), host_functions={"log": log}))


def test_an_instrument_sees_every_kernel_before_and_after() -> None:
    vm = machine()
    plain = [np.asarray(y) for y in vm["main"](X, YES)]
    seen: list[tuple[str, bool, int]] = []

    def instrument(func: Any, name: str, before: bool, result: Any, *args: Any) -> None:
        seen.append((name, before, len(args)))
        assert name != "add" or result is None, "kernels write to their arguments"

    vm.set_instrument(instrument)
    for found, expected in zip(vm["main"](X, YES), plain, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert seen == [("add", True, 3), ("add", False, 3)] * 3
    vm["logged"](X)
    assert [name for name, before, _ in seen[6:] if before] == ["log", "helper", "add"]
    vm.set_instrument(None)
    vm["main"](X, YES)
    assert len(seen) == 12


def test_an_instrument_may_take_the_place_of_a_kernel() -> None:
    vm = machine()

    def instrument(func: Any, name: str, before: bool, result: Any, *args: Any) -> int:
        assert before, "what is skipped has no after"
        np.asarray(args[2])[...] = np.asarray(args[0]) * np.asarray(args[1])
        return SKIP_RUN

    vm.set_instrument(instrument)
    w = np.array([1, 2, 3, 4], np.float32)
    np.testing.assert_array_equal(np.asarray(vm["main"](X, YES)[0]).reshape(4), X * w * X)


def test_an_instrument_may_run_the_kernel_on_other_tensors() -> None:
    vm = machine()
    again: list[Any] = []

    def instrument(func: Any, name: str, before: bool, result: Any, *args: Any) -> None:
        if not before:
            out = Tensor.empty(args[2].shape, args[2].dtype)
            func(args[0], args[1], out)
            again.append((np.asarray(out).copy(), np.asarray(args[2]).copy()))
            with pytest.raises(DTypeError, match="expected 3 arguments"):
                func(out)
            with pytest.raises(ShapeError, match=r"expected contiguous elements of shape \(4,\)"):
                func(Tensor.empty((5,), "float32"), args[1], out)
            with pytest.raises(DTypeError, match="expected a tensor like"):
                func(Tensor.empty((4,), "int32"), args[1], out)

    vm.set_instrument(instrument)
    vm["main"](X, YES)
    assert len(again) == 3
    for mine, theirs in again:
        np.testing.assert_array_equal(mine, theirs)


def test_what_an_instrument_returns_and_raises() -> None:
    vm = machine()
    vm.set_instrument(lambda *args: "later")
    with pytest.raises(RuntimeFailure, match="returned 'later'; expected None, 0 or SKIP_RUN"):
        vm["main"](X, YES)

    def fails(*args: Any) -> None:
        raise ZeroDivisionError("mine")

    vm.set_instrument(fails)
    with pytest.raises(ZeroDivisionError, match="mine"):
        vm["main"](X, YES)
    vm.set_instrument(None)
    assert vm["main"](X, YES)


def test_taps_read_values_by_the_model_s_names() -> None:
    vm = machine()
    with vm.tap("t") as first, vm.tap("*") as everything:
        y, _ = vm["main"](X, YES)
    assert list(first.values) == ["t"]
    w = np.array([1, 2, 3, 4], np.float32)
    np.testing.assert_array_equal(first["t"], X + w)
    assert list(everything.values) == ["t", "y"]
    np.testing.assert_array_equal(everything["y"], np.asarray(y).reshape(4))
    before = np.asarray(first["t"]).copy()
    vm["main"](X + 1, YES)
    np.testing.assert_array_equal(first["t"], before)  # closed, and its own memory


def test_names_of_a_location() -> None:
    assert names_of('Conv "c, 1" -> y, Relu "r" -> z') == ["y", "z"]
    assert names_of('"model.onnx"') == []
    assert names_of("") == []


def test_functions_of_functions_are_watched_too() -> None:
    vm = machine()
    with vm.tap("*") as seen:
        vm["logged"](X)
    assert not seen.values  # the helper's kernel has no name in a model
    report = vm.profile("logged", X)
    assert [call.name for call in report.calls if call.kind != "allocation"] == ["log", "add"]
