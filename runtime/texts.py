"""Tensors of texts as values of a run: arrays of `str`, and what operators of ONNX do with them.

A model with tensors of strings calls these by name (`tyrex.text.concat`); see
`frontends/onnx/texts.py`. Such an array is never changed. Numbers about texts (positions, equality
classes, counts) are tensors, which kernels work on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from .errors import ArgumentError, DTypeError, ShapeError
from .tensor import Tensor

Texts = npt.NDArray[np.object_]

_CACHED = 256
"""Constants and tables that are kept parsed."""


def _given(value: Any, dims: Tensor, place: str) -> Texts:
    """Return what a caller hands in as texts; a dim of -1 is any, a rank of -1, too."""
    try:
        array = np.asarray(value, object)
    except ValueError as error:
        raise ShapeError(f"{place}: rows of a list have different lengths: {error}") from None
    wrong = next((item for item in array.reshape(-1).tolist() if not isinstance(item, str)), None)
    if wrong is not None or isinstance(value, Tensor):
        found = "a tensor of numbers" if isinstance(value, Tensor) else f"{wrong!r} in it"
        raise DTypeError(f"{place}: expected an array of strings; found {found}")
    wanted = [int(dim) for dim in dims.numpy()]
    fits = len(wanted) == array.ndim and all(
        dim in (-1, extent) for dim, extent in zip(wanted, array.shape, strict=True)
    )
    if wanted != [_ANY_RANK] and not fits:
        raise ShapeError(f"{place}: expected strings of shape {wanted}; found {array.shape}")
    return _texts(map(str, array.reshape(-1).tolist()), array.shape)


_ANY_RANK = -2


def _returned(texts: Texts) -> Texts:
    return texts.copy()


@lru_cache(_CACHED)
def _constant(text: str) -> Texts:
    found = json.loads(text)
    return _texts(found["items"], tuple(found["shape"]))


def _positions(texts: Texts, *before: Texts) -> Tensor:
    """Return where each text is in a pool of these and those before."""
    first = sum(other.size for other in before)
    return _tensor(np.arange(first, first + texts.size, dtype=np.int64).reshape(texts.shape))


def _take(positions: Tensor, *pool: Texts) -> Texts:
    """Return the texts at positions in a pool."""
    flat = np.concatenate([texts.reshape(-1) for texts in pool])
    return flat[positions.numpy()].reshape(positions.shape)


def _classes(a: Texts, b: Texts) -> tuple[Tensor, Tensor]:
    """Return a number for each text: equal ones where texts are equal."""
    known: dict[str, int] = {}
    numbers = [
        np.array([known.setdefault(text, len(known)) for text in texts.reshape(-1)], np.int64)
        for texts in (a, b)
    ]
    return _tensor(numbers[0].reshape(a.shape)), _tensor(numbers[1].reshape(b.shape))


def _concat(a: Texts, b: Texts) -> Texts:
    x, y = np.broadcast_arrays(a, b)
    pairs = zip(x.reshape(-1).tolist(), y.reshape(-1).tolist(), strict=True)
    return _texts((one + other for one, other in pairs), x.shape)


def _split(texts: Texts, delimiter: str, maxsplit: Tensor) -> tuple[Texts, Tensor]:
    """Return the parts of each text, filled up with empty ones, and how many each has."""
    most = int(maxsplit.numpy().reshape(()))
    parts = [text.split(delimiter or None, most) for text in texts.reshape(-1).tolist()]
    width = max(map(len, parts), default=0)
    flat = [part for row in parts for part in (*row, *[""] * (width - len(row)))]
    counts = np.array([len(row) for row in parts], np.int64)
    return _texts(flat, (*texts.shape, width)), _tensor(counts.reshape(texts.shape))


def _full_match(texts: Texts, pattern: str, place: str) -> Tensor:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ArgumentError(f"{place}: {pattern!r} is no regular expression: {error}") from None
    found = [compiled.fullmatch(text) is not None for text in texts.reshape(-1).tolist()]
    return _tensor(np.array(found, np.bool_).reshape(texts.shape))


def _normalize(texts: Texts, case: str, is_case_sensitive: Tensor, stopwords: str) -> Texts:
    """Return texts without those that are to be left out, in upper or lower case."""
    change: Callable[[str], str] = {"LOWER": str.lower, "UPPER": str.upper}.get(case, str)
    is_exact = bool(is_case_sensitive.numpy().reshape(()))
    fold: Callable[[str], str] = str if is_exact else str.lower
    stops = {fold(word) for word in json.loads(stopwords)}
    kept = [change(t) for t in texts.reshape(-1).tolist() if fold(t) not in stops]
    kept = kept or [""]
    return _texts(kept, (1, len(kept)) if texts.ndim == 2 else (len(kept),))


def _lookup(texts: Texts, keys: str) -> Tensor:
    """Return the position of each text in a list of keys, whose length for those not in it."""
    table = _table(keys)
    found = [table.get(text, len(table)) for text in texts.reshape(-1).tolist()]
    return _tensor(np.array(found, np.int64).reshape(texts.shape))


@lru_cache(_CACHED)
def _table(keys: str) -> dict[str, int]:
    return {key: position for position, key in enumerate(json.loads(keys))}


def _texts(items: Any, shape: tuple[int, ...]) -> Texts:
    flat = list(cast(list[str], items))
    array = np.empty(len(flat), object)
    array[:] = flat
    return array.reshape(shape)


def _tensor(array: npt.NDArray[Any]) -> Tensor:
    return Tensor.from_numpy(np.asarray(array, order="C")).copy()


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "tyrex.text.classes": _classes,
    "tyrex.text.concat": _concat,
    "tyrex.text.constant": _constant,
    "tyrex.text.full_match": _full_match,
    "tyrex.text.given": _given,
    "tyrex.text.lookup": _lookup,
    "tyrex.text.normalize": _normalize,
    "tyrex.text.positions": _positions,
    "tyrex.text.returned": _returned,
    "tyrex.text.split": _split,
    "tyrex.text.take": _take,
}
