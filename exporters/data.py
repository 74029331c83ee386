"""Named bytes, which objects of constants are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

ALIGN_BYTES = 64
"""Of every array, in memory and in the file: what kernels expect of constants."""


@dataclass(frozen=True)
class Data:
    """A named array of bytes."""

    symbol: str
    content: memoryview
    """One axis of bytes."""


def pad(file: BinaryIO, position: int) -> int:
    """Write zeros up to a multiple of the alignment; return the position then."""
    padding = -position % ALIGN_BYTES
    file.write(bytes(padding))
    return position + padding


def places(data: Sequence[Data]) -> tuple[list[int], int]:
    """Return where each array begins, aligned, and where the last one ends, rounded up."""
    offsets: list[int] = []
    end = 0
    for item in data:
        offsets.append(end)
        end += item.content.nbytes
        end += -end % ALIGN_BYTES
    return offsets, end


def write_contents(file: BinaryIO, data: Sequence[Data]) -> None:
    """Write arrays one after the other, each padded to a multiple of the alignment."""
    for item in data:
        file.write(item.content)
        file.write(bytes(-item.content.nbytes % ALIGN_BYTES))
