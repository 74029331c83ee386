"""Many calls, and many machines and modules, leave nothing behind; growth.py makes more of them."""

from pathlib import Path

import pytest

from tyrex.runtime.memory import Allocator, NaiveAllocator, PooledAllocator

from .growth import BLOCK_BYTES, Growth, calls, measure, sessions

pytestmark = pytest.mark.slow

COUNT = 1000
MAX_RESIDENT_BYTES = 2 << 20  # arenas of the largest shapes, and what malloc keeps
MAX_OBJECTS = 400  # fewer than two of each call


def check(growth: Growth, count: int) -> None:
    assert growth.objects < MAX_OBJECTS, str(growth)
    assert growth.resident_bytes < max(MAX_RESIDENT_BYTES, BLOCK_BYTES * count), str(growth)
    assert growth.files == 0, str(growth)


@pytest.mark.parametrize("kind", [PooledAllocator, NaiveAllocator])
@pytest.mark.parametrize("mode", ["compiled", "bytecode"])
def test_calls_leave_nothing(mode: str, kind: type[Allocator]) -> None:
    allocator = kind()
    for _, call in calls(mode, allocator):
        growth = measure(call, COUNT, allocator)
        check(growth, COUNT)
        # A frame keeps the memory of the largest shapes it met, nothing else is held.
        assert growth.in_use_bytes < 64 << 10, str(growth)


def test_machines_and_modules_leave_nothing(tmp_path: Path) -> None:
    for _, call in sessions(tmp_path):
        check(measure(call, 250), 250)
