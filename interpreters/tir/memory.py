"""Buffers, and accesses to them that are checked.

Memory that nobody has written holds poison, so that a kernel which reads it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...dialects import dtypes, tir
from .errors import InterpreterError
from .expressions import Index
from .scalars import Mask

Array = npt.NDArray[Any]
_POISON_BYTE = 0xAB


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """A buffer: its elements, and for a buffer of each lane's own the lanes' numbers.

    Attributes:
        array: `[*lanes, *shape]`.
        shape: the buffer's extents.
        lanes: what indexes the leading axes.
    """

    array: Array
    shape: tuple[int, ...]
    lanes: tuple[Index, ...] = ()


def poisoned(shape: Sequence[int], buffer_type: tir.BufferType) -> Array:
    """Return new memory that nobody has written."""
    array = np.empty(shape, dtypes.to_numpy(buffer_type.dtype))
    poison(array)
    return array


def poison(array: Array) -> None:
    """Overwrite with NaN, the byte 0xAB, or True."""
    if array.dtype == np.bool_:
        array.fill(True)
    elif array.dtype.kind in "iu":
        array.fill(np.frombuffer(bytes([_POISON_BYTE]) * array.itemsize, array.dtype)[0])
    else:
        array.fill(np.nan)


def read(op: tir.AccessOp, memory: Memory, indices: list[Index], mask: Mask) -> Any:
    """Return the elements at `indices`, one per lane; lanes outside `mask` get any value."""
    if mask is not None and memory.array.size == 0:
        raise InterpreterError(op, f"reads from an empty buffer of shape {memory.shape}")
    places = _checked(op, memory, indices, mask)
    found = memory.array[(*memory.lanes, *places)]
    # Values are signless: of uint64 and an int64 constant NumPy would make float64.
    return found.view(f"int{found.itemsize * 8}") if found.dtype.kind == "u" else found


def write(op: tir.AccessOp, memory: Memory, indices: list[Index], value: Any, mask: Mask) -> None:
    """Set the elements at `indices`, one per lane of `mask`."""
    places = (*memory.lanes, *_checked(op, memory, indices, mask))
    if mask is None:
        memory.array[places] = value
        return
    lanes, value, *spread = np.broadcast_arrays(mask, value, *places)
    memory.array[tuple(place[lanes] for place in spread)] = value[lanes]


def _checked(op: tir.AccessOp, memory: Memory, indices: list[Index], mask: Mask) -> list[Index]:
    """Return indices that are inside; those of lanes that do not run are moved there.

    Raises:
        InterpreterError: a running lane is outside.
    """
    result: list[Index] = []
    for index, extent in zip(indices, memory.shape, strict=True):
        if isinstance(index, int):
            if not 0 <= index < extent:
                _outside(op, memory, indices, mask)
        # A negative index, read as unsigned, is large.
        elif index.size and index.view(np.uint64).max() >= extent:
            outside = (index < 0) | (index >= extent)
            if mask is None or np.any(mask & outside):
                _outside(op, memory, indices, mask)
            index = np.where(outside, 0, index)
        result.append(index)
    return result


def _outside(op: tir.AccessOp, memory: Memory, indices: list[Index], mask: Mask) -> None:
    """Raise for the first running lane that is outside."""
    running = np.asarray(True if mask is None else mask)
    outside = np.asarray(False)
    for index, extent in zip(indices, memory.shape, strict=True):
        outside = outside | (np.asarray(index) < 0) | (np.asarray(index) >= extent)
    running, outside, *spread = np.broadcast_arrays(running, outside, *indices)
    lane = np.argmax((running & outside).reshape(-1))
    found = [int(place.reshape(-1)[lane]) for place in spread]
    pairs = enumerate(zip(found, memory.shape, strict=True))
    axis = next(axis for axis, (index, extent) in pairs if not 0 <= index < extent)
    text = tir.access_text(op, axis)
    raise InterpreterError(op, tir.index_text(text, found[axis], memory.shape[axis]))
