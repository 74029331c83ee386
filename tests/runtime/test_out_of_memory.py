"""Memory that ends at any allocation: an error, nothing lost, and the machine runs again."""

import gc
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from tyrex.runtime.device import cpu
from tyrex.runtime.errors import ArgumentError, OutOfMemoryError
from tyrex.runtime.executable import Executable
from tyrex.runtime.memory import Allocator, Block, NaiveAllocator, PooledAllocator
from tyrex.runtime.vm import VirtualMachine

from .programs import kernels, log, program  # noqa: TID251  # the tests' folder

X = np.array([1, 2, 3, 4], np.float32)
W = np.array([1, 2, 3, 4], np.float32)
YES = np.array(True)


class Failing(PooledAllocator):
    """Has no memory for one allocation."""

    countdown = -1

    def allocate(self, size_bytes: int) -> Block:
        self.countdown -= 1
        if self.countdown == 0:
            raise OutOfMemoryError("allocate: injected")
        return super().allocate(size_bytes)


def machine(allocator: Allocator) -> VirtualMachine:
    executable = Executable(program(), kernels(), host_functions={"log": log})
    return VirtualMachine(executable, memory_cfg=allocator, threads=1)


def results(vm: VirtualMachine, function: str) -> list[NDArray[Any]]:
    """Run a function; return copies of its results, which hold no memory of the machine's."""
    found = vm[function](*((X, YES) if function == "main" else (X,)))
    several = cast(tuple[Any, ...], found) if isinstance(found, tuple) else (found,)
    return [np.array(tensor) for tensor in several]


@pytest.mark.parametrize("function", ["main", "logged", "leaks"])
def test_any_allocation_may_fail(function: str) -> None:
    expected = results(machine(NaiveAllocator()), function)
    held: set[int] = set()
    failures = 0
    for n in range(1, 20):
        allocator = Failing()
        vm = machine(allocator)
        allocator.countdown = n
        try:
            results(vm, function)
        except OutOfMemoryError:
            failures += 1
        allocator.countdown = -1
        for mine, theirs in zip(results(vm, function), expected, strict=True):
            np.testing.assert_array_equal(mine, theirs)
        gc.collect()
        held.add(allocator.stats().in_use_bytes)
    assert 0 < failures < 19
    assert len(held) == 1, "what failed holds nothing: only frames are kept, as ever"


@pytest.mark.parametrize("kind", [NaiveAllocator, PooledAllocator])
def test_a_limit(kind: type[NaiveAllocator | PooledAllocator]) -> None:
    allocator = kind(limit_bytes=256)
    first = allocator.allocate(128)
    with pytest.raises(OutOfMemoryError, match="more than the limit of 256"):
        allocator.allocate(192)
    second = allocator.allocate(128)
    del first, second
    gc.collect()
    assert allocator.allocate(256).size_bytes == 256
    with pytest.raises(ArgumentError, match="limit_bytes: expected a number from 0; found -1"):
        kind(limit_bytes=-1)


def test_a_machine_with_a_limit_runs_when_it_is_raised() -> None:
    allocator = PooledAllocator(limit_bytes=0)
    vm = machine(allocator)
    worked = 0
    for limit in range(0, 2048, 64):
        allocator.limit_bytes = limit
        try:
            y = results(vm, "main")[0]
        except OutOfMemoryError:
            assert not worked, "what was enough once is enough again"
        else:
            worked += 1
            np.testing.assert_array_equal(y, (2 * X + W).reshape(2, 2))
    assert worked
    assert worked < 32


def test_machines_may_share_an_allocator() -> None:
    allocator = PooledAllocator()
    configs: tuple[Any, ...] = (allocator, {"cpu": allocator}, {cpu(): allocator})
    for config in configs:
        image = machine(allocator).image
        assert VirtualMachine(image, memory_cfg=config).allocator is allocator
