"""Symbols: found by matching the shapes that types declare with the shapes that arrays have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
from xdsl.ir import Attribute

from ...dialects import dtypes, relax
from ...symbolic import IntExpr
from .registry import Array, Symbols

Place = str
Equation = tuple[IntExpr, int, Place]  # a declared dim, the extent found, where


def bind_types(
    pairs: Iterable[tuple[Attribute, object, Place]], known: Symbols | None = None
) -> dict[str, int]:
    """Return the symbols that make declared types fit values, with the ones known before.

    Raises:
        ValueError: rank, element type or a dim of a value contradicts its type.
    """
    equations: list[Equation] = []
    for value_type, value, place in pairs:
        equations += _equations(value_type, value, place)
    return solve(equations, known)


def bind_shapes(
    pairs: Iterable[tuple[Sequence[IntExpr], Sequence[int], Place]], known: Symbols | None = None
) -> dict[str, int]:
    """Return the symbols that make declared shapes equal to shapes found."""
    equations: list[Equation] = []
    for declared, found, place in pairs:
        if len(declared) != len(found):
            raise ValueError(f"{place}: rank {len(found)}, expected {len(declared)}")
        equations += [(e, n, place) for e, n in zip(declared, found, strict=True)]
    return solve(equations, known)


def solve(equations: Sequence[Equation], known: Symbols | None = None) -> dict[str, int]:
    """Solve `dim == extent` for the symbols, one symbol at a time; check what is known."""
    symbols = dict(known or {})
    waiting = list(equations)
    while waiting:
        left: list[Equation] = []
        for dim, extent, place in waiting:
            unknown = [key for key in dim.free_vars() if key not in symbols]
            if not unknown:
                _check(dim, extent, place, symbols)
            elif len(unknown) > 1 or not _solve_one(dim, extent, str(unknown[0]), symbols):
                left.append((dim, extent, place))
        if len(left) == len(waiting):
            break  # what is left names symbols that only other values can tell
        waiting = left
    return symbols


def _check(dim: IntExpr, extent: int, place: Place, symbols: Symbols) -> None:
    expected = dim.evaluate(symbols)
    if expected != extent:
        shown = str(expected) if dim.is_constant else f"{dim} = {expected}"
        raise ValueError(f"{place}: dim {extent}, expected {shown}")


def _solve_one(dim: IntExpr, extent: int, symbol: str, symbols: dict[str, int]) -> bool:
    """Bind the one unknown symbol of a linear dim; tell whether that could be done."""
    split = dim.coefficient(symbol)
    if split is None:
        return False
    factor, rest = (part.evaluate(symbols) for part in split)
    if factor == 0 or (extent - rest) % factor:
        return False
    symbols[symbol] = (extent - rest) // factor
    return True


def _equations(value_type: Attribute, value: object, place: Place) -> Iterable[Equation]:
    """Yield what a tensor's type says of an array's dims; check rank and element type."""
    _check_kind(value_type, value, place)
    if isinstance(value, tuple):
        return  # tuples were made of checked tensors
    if not isinstance(value_type, relax.TensorType):
        return
    array: Array = value  # pyright: ignore[reportAssignmentType]  # the values of tensors
    if array.dtype != dtypes.to_numpy(value_type.dtype):
        expected = dtypes.name_of(value_type.dtype)
        raise ValueError(f"{place}: element type {array.dtype}, expected {expected}")
    if value_type.shape is None:
        return
    if array.ndim != len(value_type.shape):
        raise ValueError(f"{place}: rank {array.ndim}, expected {len(value_type.shape)}")
    for dim, extent in zip(value_type.shape, array.shape, strict=True):
        if dim is not None:
            yield dim, extent, place


def _check_kind(value_type: Attribute, value: object, place: Place) -> None:
    """Check that a value is a text or a shape where its type says so."""
    if isinstance(value_type, relax.StringType) and not isinstance(value, str):
        raise ValueError(f"{place}: found {value!r}, expected a string")
    if isinstance(value_type, relax.ShapeType):
        dims = cast(tuple[object, ...], value) if isinstance(value, tuple) else None
        if dims is None or not all(isinstance(dim, int) and dim >= 0 for dim in dims):
            raise ValueError(f"{place}: found {value!r}, expected a shape")
        if value_type.rank not in (None, len(dims)):
            raise ValueError(f"{place}: a shape of rank {len(dims)}, expected {value_type.rank}")
    if isinstance(value_type, relax.TensorType) and not isinstance(value, np.ndarray | np.generic):
        raise ValueError(f"{place}: found {value!r}, expected a tensor")
