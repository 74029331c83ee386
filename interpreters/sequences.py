"""Sequences of ONNX in the interpreters: tuples of arrays.

What `tyrex.sequence.at` and the others mean; what runs programs has its own (runtime/sequences.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Items = tuple[Array, ...]


def _given(value: Sequence[Array], dtype: str, place: str) -> Items:
    wrong = [str(item.dtype) for item in value if str(item.dtype) != dtype]
    if wrong:
        raise ValueError(f"{place}: a tensor of {wrong[0]}, expected {dtype}")
    return tuple(value)


def _place(position: Array, length: int, limit: int, place: str) -> int:
    at = int(position) + (length if position < 0 else 0)
    if not 0 <= at < limit:
        raise IndexError(
            f"{place}: position {int(position)} is out of range for a sequence of {length}"
        )
    return at


def _at(items: Items, position: Array, place: str) -> Array:
    return items[_place(position, len(items), len(items), place)]


def _insert(items: Items, item: Array, position: Array, place: str) -> Items:
    at = _place(position, len(items), len(items) + 1, place)
    return (*items[:at], item, *items[at:])


def _erase(items: Items, position: Array, place: str) -> Items:
    at = _place(position, len(items), len(items), place)
    return (*items[:at], *items[at + 1 :])


def _concat(items: Items, axis: Array, is_new: Array, place: str) -> Array:
    return (np.stack if is_new else np.concatenate)(items, axis=int(axis))


def _split(x: Array, sizes: Array, axis: Array, keepdims: Array, place: str) -> Items:
    extent = x.shape[int(axis)]
    known = [int(size) for size in sizes.reshape(-1)]
    cuts = [*accumulate(known[:-1])] if sizes.ndim else [*range(known[0], extent, known[0])]
    pieces: list[Array] = [*np.split(x, cuts, axis=int(axis))]
    return tuple(piece if keepdims else piece.squeeze(int(axis)) for piece in pieces)


def _append(items: Items, item: Array) -> Items:
    return (*items, item)


def _length(items: Items) -> Array:
    return np.array(len(items), np.int64)


def _of(*items: Array) -> Items:
    return items


def _returned(items: Items) -> Items:
    return items


def _unstack(whole: Array) -> Items:
    return tuple(whole)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "tyrex.sequence.append": _append,
    "tyrex.sequence.at": _at,
    "tyrex.sequence.concat": _concat,
    "tyrex.sequence.erase": _erase,
    "tyrex.sequence.given": _given,
    "tyrex.sequence.insert": _insert,
    "tyrex.sequence.length": _length,
    "tyrex.sequence.of": _of,
    "tyrex.sequence.returned": _returned,
    "tyrex.sequence.split": _split,
    "tyrex.sequence.unstack": _unstack,
}
