"""Tensors of texts in the interpreters: arrays of `str`.

What `tyrex.text.concat` and the others mean; what runs programs has its own (runtime/texts.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Texts = npt.NDArray[np.object_]


def _each(function: Callable[..., Any], dtype: type[Any], *arrays: Array) -> Array:
    """Return what a function says of each element, broadcast."""
    joined = np.broadcast(*arrays)
    result = np.empty(joined.shape, dtype)
    result.reshape(-1)[:] = [function(*items) for items in joined]
    return result


def _given(value: object, dims: Array, place: str) -> Texts:
    return np.asarray(value, object)


def _returned(texts: Texts) -> Texts:
    return texts


def _constant(text: str) -> Texts:
    found = json.loads(text)
    return np.array(found["items"], object).reshape(found["shape"])


def _positions(texts: Texts, *before: Texts) -> Array:
    return np.arange(texts.size).reshape(texts.shape) + sum(other.size for other in before)


def _take(positions: Array, *pool: Texts) -> Texts:
    return np.concatenate([texts.reshape(-1) for texts in pool])[positions]


def _classes(a: Texts, b: Texts) -> tuple[Array, Array]:
    words: list[str] = [*{*a.reshape(-1).tolist(), *b.reshape(-1).tolist()}]
    return _each(words.index, np.int64, a), _each(words.index, np.int64, b)


def _added(a: str, b: str) -> str:
    return a + b


def _concat(a: Texts, b: Texts) -> Texts:
    return _each(_added, object, a, b)


def _split(texts: Texts, delimiter: str, maxsplit: Array) -> tuple[Texts, Array]:
    def cut(text: str) -> list[str]:
        return text.split(delimiter or None, int(maxsplit))

    rows = [cut(str(text)) for text in texts.reshape(-1)]
    parts = np.full((len(rows), max(map(len, rows), default=0)), "", object)
    for index, row in enumerate(rows):
        parts[index, : len(row)] = row
    counts = np.array([*map(len, rows)], np.int64).reshape(texts.shape)
    return parts.reshape(*texts.shape, parts.shape[1]), counts


def _full_match(texts: Texts, pattern: str, place: str) -> Array:
    def matches(text: str) -> bool:
        return re.fullmatch(pattern, text) is not None

    return _each(matches, np.bool_, texts)


def _normalize(texts: Texts, case: str, is_case_sensitive: Array, stopwords: str) -> Texts:
    stops: list[str] = json.loads(stopwords)
    if not is_case_sensitive:
        stops = [word.lower() for word in stops]
    kept: list[str] = []
    for text in map(str, texts.reshape(-1)):
        if (text if is_case_sensitive else text.lower()) not in stops:
            kept.append({"LOWER": text.lower(), "UPPER": text.upper()}.get(case, text))
    return np.array([kept or [""]] if texts.ndim == 2 else kept or [""], object)


def _lookup(texts: Texts, keys: str) -> Array:
    known: list[str] = json.loads(keys)

    def position(text: str) -> int:
        return known.index(text) if text in known else len(known)

    return _each(position, np.int64, texts)


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
