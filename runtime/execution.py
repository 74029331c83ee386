"""What instructions of a running function reach: registers, memory, who runs functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .memory import Allocator, Block
from .observation import Observer
from .tensor import Tensor

Registers = list[Any]


class FrameMemory:
    """Owns memory of a frame: a tensor of this owner must not leave its function."""

    __slots__ = ("address", "block", "size_bytes")

    def __init__(self, block: Block, offset: int, size_bytes: int) -> None:
        self.block = block
        self.address = block.address + offset
        self.size_bytes = size_bytes


class Execution:
    """What a running function reaches: who runs functions, where results are wanted."""

    __slots__ = ("allocator", "invoke", "observer", "outputs", "symbols")

    def __init__(
        self,
        allocator: Allocator,
        invoke: Callable[[int, list[Any]], Any],
        outputs: dict[int, Tensor],
        observer: Observer | None = None,
    ) -> None:
        self.allocator = allocator
        self.invoke = invoke
        self.outputs = outputs
        self.observer = observer
        self.symbols: dict[str, int] = {}


Action = Callable[[Registers, Execution], Any]
"""What a builtin does in a run; it returns what the builtin's register will hold."""
