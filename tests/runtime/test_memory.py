import gc
import threading
import weakref

import pytest

from tyrex.runtime.errors import ArgumentError, OutOfMemoryError
from tyrex.runtime.memory import Arena, make_allocator

IMPOSSIBLE_BYTES = 1 << 62


@pytest.mark.parametrize("name", ["naive", "pooled"])
@pytest.mark.parametrize("size_bytes", [0, 1, 63, 64, 65, 1000, 100_000, 20 << 20])
def test_blocks_are_aligned_and_large_enough(name: str, size_bytes: int):
    allocator = make_allocator(name)
    block = allocator.allocate(size_bytes)
    assert block.address % 64 == 0
    assert size_bytes <= block.size_bytes <= max(size_bytes * 1.125, size_bytes + 64)
    assert allocator.stats().in_use_bytes == block.size_bytes


@pytest.mark.parametrize("name", ["naive", "pooled"])
def test_statistics(name: str):
    allocator = make_allocator(name)
    first, second = allocator.allocate(64), allocator.allocate(128)
    del first
    stats = allocator.stats()
    assert (stats.in_use_bytes, stats.peak_bytes, stats.num_allocations) == (128, 192, 2)
    del second
    assert allocator.stats().in_use_bytes == 0


def test_pooled_reuses_and_trims():
    allocator = make_allocator("pooled")
    block = allocator.allocate(1000)
    address = block.address
    del block
    assert allocator.stats().cached_bytes > 0
    block = allocator.allocate(990)
    assert block.address == address
    assert allocator.stats().num_system_allocations == 1
    del block
    allocator.trim()
    assert allocator.stats().cached_bytes == 0
    allocator.allocate(1000)
    assert allocator.stats().num_system_allocations == 2


def test_naive_asks_the_system_each_time():
    allocator = make_allocator("naive")
    for _ in range(3):
        allocator.allocate(100)
    allocator.trim()
    stats = allocator.stats()
    assert (stats.num_system_allocations, stats.cached_bytes) == (3, 0)


def test_block_keeps_its_allocator_alive():
    allocator = make_allocator("pooled")
    alive = weakref.ref(allocator)
    block = allocator.allocate(10)
    del allocator
    gc.collect()
    assert alive() is not None
    del block
    gc.collect()
    assert alive() is None


def test_threads_share_an_allocator():
    allocator = make_allocator("pooled")

    def allocate() -> None:
        for i in range(500):
            allocator.allocate(i)

    threads = [threading.Thread(target=allocate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = allocator.stats()
    assert (stats.in_use_bytes, stats.num_allocations) == (0, 2000)


@pytest.mark.parametrize("name", ["naive", "pooled"])
def test_impossible_sizes(name: str):
    allocator = make_allocator(name)
    with pytest.raises(OutOfMemoryError, match=f"allocate: no memory for a block of {1 << 62}"):
        allocator.allocate(IMPOSSIBLE_BYTES)
    with pytest.raises(ArgumentError, match="-1 bytes"):
        allocator.allocate(-1)
    assert allocator.stats().in_use_bytes == 0


def test_unknown_allocator():
    with pytest.raises(ArgumentError, match="'other'; use one of: naive, pooled"):
        make_allocator("other")


def test_arena_hands_out_aligned_disjoint_ranges():
    arena = Arena()
    ranges = [(arena.allocate(size), size) for size in (1, 100, 0, 5000, 64)]
    assert all(address % 64 == 0 for address, _ in ranges)
    ends = [address + max(size, 1) for address, size in sorted(ranges)]
    starts = [address for address, _ in sorted(ranges)]
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
    assert arena.stats().used_bytes == 64 + 128 + 64 + 5056 + 64


def test_arena_becomes_one_block_and_is_reused():
    arena = Arena()
    for size in (100, 1000, 10000):
        arena.allocate(size)
    used_bytes = arena.stats().used_bytes
    arena.reset()
    stats = arena.stats()
    assert (stats.capacity_bytes, stats.used_bytes) == (used_bytes, 0)
    grows = stats.num_grows
    for _ in range(3):
        first = arena.allocate(100)
        assert arena.allocate(1000) == first + 128
        arena.allocate(10000)
        arena.reset()
    assert arena.stats().num_grows == grows
    assert arena.stats().peak_bytes == used_bytes


def test_unused_arena_is_replaced_by_a_larger_one():
    arena = Arena()
    arena.allocate(1 << 10)
    arena.reset()
    arena.allocate(1 << 20)
    assert arena.stats().capacity_bytes == 1 << 20


def test_arena_trim():
    arena = Arena()
    arena.allocate(100)
    arena.trim()
    stats = arena.stats()
    assert (stats.capacity_bytes, stats.used_bytes, stats.peak_bytes) == (0, 0, 128)
    assert arena.allocate(10) % 64 == 0


def test_arena_impossible_sizes():
    arena = Arena()
    with pytest.raises(OutOfMemoryError, match=r"Arena\.allocate: no memory"):
        arena.allocate(IMPOSSIBLE_BYTES)
    with pytest.raises(ArgumentError, match="-1 bytes"):
        arena.allocate(-1)
    assert arena.allocate(10) % 64 == 0
