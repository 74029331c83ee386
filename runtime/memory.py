"""Memory: allocators of 64-byte aligned blocks, and the arena of one execution.

Tensors that outlive a call (outputs, stored functions, copies) take a `Block` from an
`Allocator`, which the last reference gives back. What lives within one execution
(intermediate tensors, workspaces) comes from an `Arena`: one block, planned at compile
time, reused by the next execution, never given back piece by piece.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass

from .errors import ArgumentError, OutOfMemoryError
from .native_library import ALIGN_BYTES, ArenaStatsStruct, native


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """What an allocator did. Sizes count what was asked for, rounded up to its blocks."""

    in_use_bytes: int
    """In blocks that somebody holds."""
    peak_bytes: int
    """The most that `in_use_bytes` ever was."""
    cached_bytes: int
    """In blocks that nobody holds, kept for the next allocation."""
    num_allocations: int
    """Blocks handed out so far."""
    num_system_allocations: int
    """Of these, the ones for which the system was asked."""


class Block:
    """A range of memory; the last reference to it gives it back to its allocator."""

    __slots__ = ("__weakref__", "_allocator", "address", "size_bytes")

    def __init__(self, address: int, size_bytes: int, allocator: Allocator) -> None:
        self.address = address
        """A multiple of 64."""
        self.size_bytes = size_bytes
        """At least what was asked for."""
        self._allocator = allocator

    def __del__(self) -> None:
        self._allocator.release(self)

    def __repr__(self) -> str:
        return f"Block(address={self.address:#x}, size_bytes={self.size_bytes})"


class Allocator(ABC):
    """Hands out blocks. Safe to use from several threads at once.

    The lock is reentrant: the garbage collector may drop a block in the middle of an
    allocation of the same thread.
    """

    name: str

    def __init__(self, limit_bytes: int | None = None) -> None:
        """Begin with nothing.

        Args:
            limit_bytes: the most that may be in use at once; None for what the system has.

        Raises:
            ArgumentError: a limit below 0.
        """
        if limit_bytes is not None and limit_bytes < 0:
            raise ArgumentError(f"limit_bytes: expected a number from 0; found {limit_bytes}")
        self.limit_bytes = limit_bytes
        """The most that may be in use at once; may be changed at any time."""
        library = native()
        self._system_allocate = library.memory_allocate
        self._system_free = library.memory_free
        self._lock = threading.RLock()
        self._in_use_bytes = 0
        self._peak_bytes = 0
        self._num_allocations = 0
        self._num_system_allocations = 0

    def allocate(self, size_bytes: int) -> Block:
        """Return a block of at least `size_bytes`; its contents are undefined.

        Raises:
            OutOfMemoryError: the system has no memory left, or the limit is reached.
        """
        if size_bytes < 0:
            raise ArgumentError(f"allocate: a block cannot have {size_bytes} bytes")
        size = self._block_size(size_bytes)
        with self._lock:
            if self.limit_bytes is not None and self._in_use_bytes + size > self.limit_bytes:
                raise OutOfMemoryError(
                    f"allocate: {size} bytes on top of {self._in_use_bytes} are more than the"
                    f" limit of {self.limit_bytes}"
                )
            address = self._take(size)
            self._num_allocations += 1
            self._in_use_bytes += size
            if self._in_use_bytes > self._peak_bytes:
                self._peak_bytes = self._in_use_bytes
        return Block(address, size, self)

    def release(self, block: Block) -> None:
        """Take back `block`, which nobody uses any more. Called by the block alone."""
        with self._lock:
            self._in_use_bytes -= block.size_bytes
            self._give_back(block.address, block.size_bytes)

    def stats(self) -> MemoryStats:
        """Return what the allocator did so far."""
        with self._lock:
            return MemoryStats(
                in_use_bytes=self._in_use_bytes,
                peak_bytes=self._peak_bytes,
                cached_bytes=self._cached_bytes(),
                num_allocations=self._num_allocations,
                num_system_allocations=self._num_system_allocations,
            )

    @abstractmethod
    def trim(self) -> None:
        """Return to the system what nobody uses."""

    def _system_block(self, size_bytes: int) -> int:
        address = self._system_allocate(size_bytes)
        if address is None:
            self.trim()  # an allocator that keeps blocks may have enough of them
            address = self._system_allocate(size_bytes)
        if address is None:
            raise native().error("allocate")
        self._num_system_allocations += 1
        return address

    @abstractmethod
    def _block_size(self, size_bytes: int) -> int:
        """The size of the block that serves `size_bytes`."""

    @abstractmethod
    def _take(self, size_bytes: int) -> int:
        """The address of a block of `size_bytes`, a size of `_block_size`."""

    @abstractmethod
    def _give_back(self, address: int, size_bytes: int) -> None: ...

    @abstractmethod
    def _cached_bytes(self) -> int: ...


class NaiveAllocator(Allocator):
    """Asks the system for each block and returns it at once."""

    name = "naive"

    def _block_size(self, size_bytes: int) -> int:
        return max(-(-size_bytes // ALIGN_BYTES), 1) * ALIGN_BYTES

    def _take(self, size_bytes: int) -> int:
        return self._system_block(size_bytes)

    def _give_back(self, address: int, size_bytes: int) -> None:
        self._system_free(address)

    def _cached_bytes(self) -> int:
        return 0

    def trim(self) -> None:
        """Do nothing: nothing is kept."""


class PooledAllocator(Allocator):
    """Keeps the blocks that come back, by size, for the next allocation of that size.

    Fresh memory from the system costs a page fault per 4 KiB at its first use: more than
    most elementwise kernels. Sizes are rounded up so that shapes which vary a little share
    blocks: to a multiple of a sixteenth of the next power of two, thus by 12.5 % at most
    (or to 64 bytes).
    """

    name = "pooled"

    def __init__(self, limit_bytes: int | None = None) -> None:
        super().__init__(limit_bytes)
        self._free: dict[int, list[int]] = {}
        self._free_bytes = 0

    def _block_size(self, size_bytes: int) -> int:
        step = 1 << size_bytes.bit_length() >> 4
        if step < ALIGN_BYTES:
            step = ALIGN_BYTES
        return (-(-size_bytes // step) or 1) * step

    def _take(self, size_bytes: int) -> int:
        addresses = self._free.get(size_bytes)
        if not addresses:
            return self._system_block(size_bytes)
        self._free_bytes -= size_bytes
        return addresses.pop()

    def _give_back(self, address: int, size_bytes: int) -> None:
        addresses = self._free.get(size_bytes)
        if addresses is None:
            addresses = self._free[size_bytes] = []
        addresses.append(address)
        self._free_bytes += size_bytes

    def _cached_bytes(self) -> int:
        return self._free_bytes

    def trim(self) -> None:
        """Return to the system every block that nobody uses."""
        with self._lock:
            free, self._free = self._free, {}
            self._free_bytes = 0
        for addresses in free.values():
            for address in addresses:
                self._system_free(address)

    def __del__(self) -> None:
        if hasattr(self, "_free"):
            self.trim()


_ALLOCATORS: dict[str, type[Allocator]] = {"naive": NaiveAllocator, "pooled": PooledAllocator}


def make_allocator(name: str) -> Allocator:
    """Return a new allocator: `naive` or `pooled`."""
    if name not in _ALLOCATORS:
        known = ", ".join(sorted(_ALLOCATORS))
        raise ArgumentError(f"make_allocator: unknown allocator {name!r}; use one of: {known}")
    return _ALLOCATORS[name]()


@functools.cache
def default_allocator() -> Allocator:
    """Return the process's allocator for tensors that name no other: a naive one."""
    return NaiveAllocator()


@dataclass(frozen=True, slots=True)
class ArenaStats:
    """What an arena did."""

    capacity_bytes: int
    """Held from the system now."""
    used_bytes: int
    """Handed out since the last reset."""
    peak_bytes: int
    """The most that `used_bytes` ever was."""
    num_grows: int
    """Blocks taken from the system so far."""


class Arena:
    """The memory of one execution: handed out piece by piece, taken back at once.

    It grows on demand without moving what was handed out; after a reset it is one block
    that holds all that the execution before needed. One execution at a time may use it.
    """

    __slots__ = ("__weakref__", "_address", "_destroy", "_owner")

    def __init__(self) -> None:
        self._destroy = None
        library = native()
        address = library.arena_create()
        if address is None:
            raise library.error("Arena")
        self._address = address
        self._owner: object = None
        self._destroy = library.arena_destroy

    @classmethod
    def borrowed(cls, address: int, owner: object) -> Arena:
        """Return a view of the native arena at `address`, which `owner` keeps alive."""
        arena = cls.__new__(cls)
        arena._address = address
        arena._owner = owner
        arena._destroy = None
        return arena

    def __del__(self) -> None:
        if self._destroy is not None:
            self._destroy(self._address)

    def allocate(self, size_bytes: int) -> int:
        """Return the address of `size_bytes` bytes, a multiple of 64, until the next reset.

        Raises:
            OutOfMemoryError: the system has no memory left.
        """
        if size_bytes < 0:
            raise ArgumentError(f"Arena.allocate: a range cannot have {size_bytes} bytes")
        library = native()
        address = library.arena_allocate(self._address, size_bytes)
        if address is None:
            raise library.error("Arena.allocate")
        return address

    def reset(self) -> None:
        """Take back everything handed out and keep the memory: the next execution begins."""
        library = native()
        code = library.arena_reset(self._address)
        if code != 0:
            raise library.error("Arena.reset", code)

    def trim(self) -> None:
        """Take back everything handed out and return the memory to the system."""
        native().arena_trim(self._address)

    def stats(self) -> ArenaStats:
        """Return what the arena did so far."""
        raw = ArenaStatsStruct()
        native().arena_get_stats(self._address, ctypes.byref(raw))
        return ArenaStats(raw.capacity_bytes, raw.used_bytes, raw.peak_bytes, raw.num_grows)
