"""Inputs set, functions invoked, outputs fetched; saved calls; misuse."""

import numpy as np
import pytest

from tyrex.runtime.errors import ArgumentError, DTypeError, RuntimeFailure, ShapeError
from tyrex.runtime.executable import Executable
from tyrex.runtime.stateful import Closure
from tyrex.runtime.tensor import Tensor, as_tensor
from tyrex.runtime.vm import VirtualMachine

from .programs import kernels, log, program  # noqa: TID251  # the tests' folder

X = np.array([1, 2, 3, 4], np.float32)
W = np.array([1, 2, 3, 4], np.float32)
YES, NO = np.array(True), np.array(False)


@pytest.fixture
def vm() -> VirtualMachine:
    return VirtualMachine(Executable(program(), kernels(), host_functions={"log": log}))


def test_in_order_and_by_name(vm: VirtualMachine) -> None:
    for set_input in (
        lambda: vm.set_input("main", X, YES),
        lambda: vm.set_input("main", c=YES, x=X),
        lambda: vm.set_input("main", X, c=YES),
    ):
        set_input()
        vm.invoke_stateful("main")
        y, z = vm.get_outputs("main")
        np.testing.assert_array_equal(y, (2 * X + W).reshape(2, 2))
        np.testing.assert_array_equal(vm.get_outputs("main", 1), z)
    assert vm.get_output_arity("main") == 2
    assert vm.get_output_arity("main", 0) == -1


def test_arrays_are_copied_and_tensors_are_not(vm: VirtualMachine) -> None:
    x = X.copy()
    vm.set_input("main", x, NO)
    x += 10
    vm.invoke_stateful("main")
    np.testing.assert_array_equal(vm.get_outputs("main", 1), X)
    tensor = as_tensor(x)
    assert isinstance(tensor, Tensor)
    vm.set_input("main", tensor, NO)
    x += 1
    vm.invoke_stateful("main")
    np.testing.assert_array_equal(vm.get_outputs("main", 1), X + 11)


def test_misuse_is_an_error_and_never_stale(vm: VirtualMachine) -> None:
    with pytest.raises(ArgumentError, match="invoke_stateful: found no inputs for 'main'"):
        vm.invoke_stateful("main")
    with pytest.raises(ArgumentError, match="get_outputs: found no outputs of 'main'"):
        vm.get_outputs("main")
    vm.set_input("main", X, YES)
    with pytest.raises(ArgumentError, match="found no outputs"):
        vm.get_outputs("main")
    with pytest.raises(ArgumentError, match="whose inputs are set"):
        vm["main"](X, YES)
    with pytest.raises(ArgumentError, match="profile: found arguments of 'main'"):
        vm.profile("main", X, YES)
    vm.invoke_stateful("main")
    with pytest.raises(ArgumentError, match="expected an index below 2"):
        vm.get_outputs("main", 2)
    with pytest.raises(ArgumentError, match="no tuple at"):
        vm.get_outputs("main", 0, 0)
    assert vm.profile("main").calls
    vm.set_input("main", X + 1, YES)  # the outputs of before are no outputs of these
    with pytest.raises(ArgumentError, match="found no outputs"):
        vm.get_outputs("main")
    vm.clear_input("main")
    assert vm["main"](X, YES)
    for wrong in (lambda: vm.set_input("zz", X), lambda: vm.get_outputs("zz")):
        with pytest.raises(ArgumentError, match="there is no function 'zz'"):
            wrong()
    with pytest.raises(ArgumentError, match="there is no argument 'q'"):
        vm.set_input("main", X, YES, q=1)
    with pytest.raises(ArgumentError):
        vm.set_input("main", X)
    with pytest.raises(ShapeError):
        vm.set_input("main", X[:2], YES)


def test_a_failed_invocation_leaves_no_outputs(vm: VirtualMachine) -> None:
    vm.set_input("broken", X)
    with pytest.raises(RuntimeFailure):
        vm.invoke_stateful("broken")
    with pytest.raises(ArgumentError, match="found no outputs"):
        vm.get_outputs("broken")
    vm.set_input("main", X, YES)
    vm.invoke_stateful("main")
    assert vm.get_outputs("main")


def test_saved_calls(vm: VirtualMachine) -> None:
    expected = [np.asarray(y) for y in vm["main"](X, YES)]
    vm.save_function("main", "all", X, YES)
    vm.save_function("main", "last", YES)
    vm.save_function("main", "by_name", x=X)
    vm.save_function("main", "silent", X, YES, include_return=False)
    for found in (
        vm["all"](),
        vm["last"](X),
        vm["last"](x=X),
        vm["by_name"](YES),
        vm.invoke_closure(vm["last"], X),
    ):
        for mine, theirs in zip(found, expected, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert vm["silent"]() is None
    assert isinstance(vm["all"], Closure)


def test_saved_calls_that_are_wrong(vm: VirtualMachine) -> None:
    vm.save_function("main", "saved", X)
    for name in ("main", "saved"):
        with pytest.raises(ArgumentError, match=f"the name '{name}' is taken"):
            vm.save_function("main", name, X)
    with pytest.raises(ArgumentError, match="found 3 arguments"):
        vm.save_function("main", "more", X, X, X)
    with pytest.raises(ArgumentError, match="found an argument 'q'"):
        vm.save_function("main", "unknown", q=X)
    with pytest.raises(ArgumentError, match="there is no function 'zz'"):
        vm.save_function("zz", "other")
    vm.save_function("main", "whole", X, YES)
    with pytest.raises(ArgumentError, match="expected 0 arguments that are not bound; found 1"):
        vm["whole"](X)
    with pytest.raises(ArgumentError, match="is bound, given twice"):
        vm["whole"](x=X)
    with pytest.raises(DTypeError, match="expected a closure"):
        vm.invoke_closure(lambda: None)  # pyright: ignore[reportArgumentType]


def test_time_evaluators(vm: VirtualMachine) -> None:
    result = vm.time_evaluator("main", number=2, repeat=3)(X, YES)
    assert len(result.results) == 3
    vm.save_function("main", "saved", X, YES)
    assert vm.time_evaluator("saved", vm.device, number=1)().mean > 0
    vm.set_input("main", X, YES)
    assert vm.time_evaluator("invoke_stateful", number=1)("main").min > 0
    with pytest.raises(ArgumentError, match="there is no function 'zz'"):
        vm.time_evaluator("zz")
