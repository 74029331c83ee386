"""The virtual machine's own calls, of programs of either mode: state, saved calls, instruments."""

import traceback
from typing import Any

import numpy as np
import pytest

import tyrex
from tyrex.runtime import register_host_function
from tyrex.runtime.device import cpu
from tyrex.runtime.errors import ArgumentError, RuntimeFailure
from tyrex.runtime.memory import NaiveAllocator
from tyrex.runtime.observation import SKIP_RUN

from .conftest import Compile
from .texts import t

V = t(4)
X, W = np.array([1, -2, 3, -4], np.float32), np.array([5, 6, 7, 8], np.float32)

STEPS = f"""relax.func @main(%x: {V}, %w: {V}) -> ({V}, {V})
    attributes {{input_names = ["x", "w"], output_names = ["s", "c"]}} {{
  %s = relax.add %x, %w : ({V}, {V}) -> {V}
  %c = relax.cum_sum %s {{axis = 0, exclusive = false, reverse = false}} : ({V}) -> {V}
  relax.return %s, %c : {V}, {V}
}}"""

FAILS = f"""relax.func @main(%x: {V}) -> ({V}) {{
  %a = relax.cum_sum %x {{axis = 0, exclusive = false, reverse = false}} : ({V}) -> {V}
  %y = relax.call_packed @tests.behaviours.fails(%a) : ({V}) -> {V}
  relax.return %y : {V}
}}"""


@pytest.fixture
def vm(build: Compile) -> tyrex.VirtualMachine:
    return tyrex.VirtualMachine(build(STEPS), cpu(), memory_cfg="naive")


def assert_steps(found: Any, x: Any = X, w: Any = W) -> None:
    s, c = found
    np.testing.assert_array_equal(np.asarray(s), x + w)
    np.testing.assert_array_equal(np.asarray(c), np.cumsum(x + w, dtype=np.float32))


@pytest.mark.parametrize(
    "config",
    [None, "naive", "pooled", {"cpu": "naive"}, {cpu(): "pooled"}, {cpu(): NaiveAllocator()}, {}],
)
def test_memory_by_name_by_object_and_per_device(build: Compile, config: Any) -> None:
    for device in (None, cpu(), [cpu()]):
        assert_steps(tyrex.VirtualMachine(build(STEPS), device, config)["main"](X, W))


def test_inputs_in_order_and_by_name(vm: tyrex.VirtualMachine) -> None:
    for args, named in (((X, W), {}), ((X,), {"w": W}), ((), {"w": W, "x": X})):
        vm.set_input("main", *args, **named)
        vm.invoke_stateful("main")
        assert_steps(vm.get_outputs("main"))
    assert vm.get_output_arity("main") == 2
    assert vm.get_output_arity("main", 1) == -1
    with pytest.raises(ArgumentError, match="whose inputs are set"):
        vm["main"](X, W)
    vm.set_input("main", X, X)
    with pytest.raises(ArgumentError, match="found no outputs"):
        vm.get_outputs("main")


def test_saved_calls_and_their_timing(vm: tyrex.VirtualMachine) -> None:
    vm.save_function("main", "all", X, W)
    vm.save_function("main", "last", W)
    vm.save_function("main", "named", x=X)
    vm.save_function("main", "silent", X, W, include_return=False)
    assert_steps(vm["all"]())
    assert_steps(vm["last"](X))
    assert_steps(vm["named"](w=W))
    assert_steps(vm.invoke_closure(vm["last"], X))
    assert_steps(vm.invoke_closure(vm["main"], X, W))
    assert vm["silent"]() is None
    with pytest.raises(ArgumentError, match="the name 'main' is taken"):
        vm.save_function("main", "main", X, W)
    vm.set_input("main", X, W)
    for name, args in (("invoke_stateful", ("main",)), ("all", ()), ("last", (X,))):
        if name != "invoke_stateful":
            vm.clear_input("main")
        result = vm.time_evaluator(name, cpu(), number=2, repeat=3)(*args)
        assert len(result.results) == 3
        assert min(result.results) > 0


def test_an_instrument_counts_skips_and_is_taken_off(vm: tyrex.VirtualMachine) -> None:
    seen: list[tuple[str, bool]] = []

    def count(func: Any, name: str, before_run: bool, value: Any, *args: Any) -> int | None:
        seen.append((name, before_run))
        if name == "cum_sum" and before_run:
            args[1].numpy()[:] = 7  # in place of the kernel
            return SKIP_RUN
        return None

    vm.set_instrument(count)
    s, c = vm["main"](X, W)
    np.testing.assert_array_equal(np.asarray(s), X + W)
    np.testing.assert_array_equal(np.asarray(c), [7] * 4)
    assert seen == [("add", True), ("add", False), ("cum_sum", True)], "nothing behind a skip"
    vm.set_instrument(None)
    assert_steps(vm["main"](X, W))
    assert len(seen) == 3


def test_an_exception_of_a_function_of_the_host_keeps_its_whole_trace(build: Compile) -> None:
    raising = True

    def inner(x: Any) -> Any:
        if raising:
            raise KeyError("what went wrong")
        return np.asarray(x) * 2

    def fails(x: Any) -> Any:
        return inner(x)

    register_host_function("tests.behaviours.fails", fails, override=True)
    exe = build(FAILS, refused="native code cannot express")
    for _ in range(2):
        with pytest.raises(
            RuntimeFailure, match=r"@tests\.behaviours\.fails: KeyError: 'what"
        ) as info:
            exe(X)
        cause = info.value.__cause__
        assert isinstance(cause, KeyError)
        names = [frame.name for frame in traceback.extract_tb(cause.__traceback__)]
        assert names[-2:] == ["fails", "inner"]
    raising = False
    np.testing.assert_array_equal(np.asarray(exe(X)), 2 * np.cumsum(X))


def test_an_interrupt_inside_of_a_function_of_the_host_comes_through(build: Compile) -> None:
    def fails(x: Any) -> Any:
        raise KeyboardInterrupt

    register_host_function("tests.behaviours.fails", fails, override=True)
    exe = build(FAILS, refused="native code cannot express")
    with pytest.raises(KeyboardInterrupt):
        exe(X)
    register_host_function("tests.behaviours.fails", np.asarray, override=True)
    exe = build(FAILS, refused="native code cannot express")
    np.testing.assert_array_equal(np.asarray(exe(X)), np.cumsum(X))
