"""Sequences of ONNX as values of a run: tuples of tensors, and what operators do with them.

A model whose sequences hold tensors of several shapes calls these by name (`tyrex.sequence.at`);
see `frontends/onnx/lists.py`. A sequence is never changed: an operator makes another one, of the
same tensors, which are in memory of their own from the moment they are in a sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from .dtype import DType
from .errors import ArgumentError, BoundsError, DTypeError, ShapeError, TyrexError
from .tensor import Tensor, as_tensor

Items = tuple[Tensor, ...]


def _of(*items: Tensor) -> Items:
    return tuple([item.copy() for item in items])


def _unstack(whole: Tensor) -> Items:
    array = whole.numpy()
    return tuple([_tensor(array[i]) for i in range(whole.shape[0])])


def _given(value: Any, dtype: str, place: str) -> Items:
    """Return what a caller hands in as a sequence."""
    if not isinstance(value, list | tuple):
        raise DTypeError(
            f"{place}: expected a sequence, a list or tuple of {dtype} tensors; found"
            f" {type(value).__name__}"
        )
    found: list[Tensor] = []
    for index, item in enumerate(cast(list[Any], value)):
        try:
            tensor = as_tensor(item)
        except TyrexError as error:
            raise type(error)(f"{place}, tensor {index}: {error}") from None
        if tensor.dtype is not DType(dtype):
            raise DTypeError(f"{place}, tensor {index}: expected {dtype}; found {tensor.dtype}")
        found.append(tensor.copy())
    return tuple(found)


def _returned(items: Items) -> Items:
    return _of(*items)


def _at(items: Items, position: Tensor, place: str) -> Tensor:
    return items[_place(position, len(items), len(items), place)].copy()


def _append(items: Items, item: Tensor) -> Items:
    return (*items, item.copy())


def _insert(items: Items, item: Tensor, position: Tensor, place: str) -> Items:
    at = _place(position, len(items), len(items) + 1, place)
    return (*items[:at], item.copy(), *items[at:])


def _erase(items: Items, position: Tensor, place: str) -> Items:
    at = _place(position, len(items), len(items), place)
    return (*items[:at], *items[at + 1 :])


def _length(items: Items) -> Tensor:
    return _tensor(np.array(len(items), np.int64))


def _concat(items: Items, axis: Tensor, is_new: Tensor, place: str) -> Tensor:
    if not items:
        raise ArgumentError(f"{place}: found an empty sequence; expected at least one tensor")
    arrays = [item.numpy() for item in items]
    try:
        join = np.stack if _number(is_new) else np.concatenate
        return _tensor(join(arrays, axis=_number(axis)))
    except ValueError as error:
        shapes = ", ".join(str(item.shape) for item in items)
        raise ShapeError(f"{place}: tensors of shapes {shapes} do not fit: {error}") from None


def _split(x: Tensor, sizes: Tensor, axis: Tensor, keepdims: Tensor, place: str) -> Items:
    array, along = x.numpy(), _number(axis)
    extent = array.shape[along]
    wanted = [int(size) for size in sizes.numpy().reshape(-1)]
    if not sizes.shape:
        size = wanted[0]
        if size <= 0:
            raise ShapeError(f"{place}: expected pieces of a size above 0; found {size}")
        wanted = [min(size, extent - start) for start in range(0, extent, size)]
    if any(size < 0 for size in wanted) or sum(wanted) != extent:
        raise ShapeError(f"{place}: pieces of {wanted} do not make up an axis of {extent}")
    starts = np.cumsum([0, *wanted])
    rows = np.moveaxis(array, along, 0)
    pieces = [np.moveaxis(rows[a:b], 0, along) for a, b in pairwise(starts.tolist())]
    if not _number(keepdims):
        pieces = [piece.squeeze(along) for piece in pieces]
    return tuple(map(_tensor, pieces))


def _place(position: Tensor, length: int, limit: int, place: str) -> int:
    """Return a position counted from the front."""
    found = _number(position)
    at = found + length if found < 0 else found
    if not 0 <= at < limit:
        raise BoundsError(f"{place}: position {found} is out of range for a sequence of {length}")
    return at


def _number(value: Tensor) -> int:
    return int(value.numpy().reshape(()))


def _tensor(array: npt.NDArray[Any]) -> Tensor:
    """Return a copy in memory of its own."""
    return Tensor.from_numpy(np.asarray(array, order="C")).copy()


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
