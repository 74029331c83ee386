"""Between which sizes the symbols of a function are: two numbers a symbol, both included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import DenseArrayBase, i64
from xdsl.utils.exceptions import VerifyException

ANY = -1  # instead of a largest size


def bounds_attr(bounds: Sequence[tuple[int, int | None]]) -> DenseArrayBase[Any] | None:
    """Return bounds as an attribute; None where every symbol may have any size."""
    if all(low == 0 and high is None for low, high in bounds):
        return None
    values = [ANY if value is None else value for pair in bounds for value in pair]
    return DenseArrayBase.from_list(i64, values)


def bounds_of(attr: DenseArrayBase[Any] | None, count: int) -> tuple[tuple[int, int | None], ...]:
    """Return the (least, largest) values that symbol_bounds says; None: any."""
    if attr is None:
        return ((0, None),) * count
    values = [int(value) for value in attr.iter_values()]
    return tuple(
        (low, None if high < 0 else high)
        for low, high in zip(values[::2], values[1::2], strict=True)
    )


def check_bounds(name: str, attr: DenseArrayBase[Any] | None, symbols: Sequence[str]) -> None:
    """Check that symbol_bounds says two numbers a symbol.

    Raises:
        VerifyException: it does not, or a symbol could have no value.
    """
    values = [] if attr is None else [int(value) for value in attr.iter_values()]
    if attr is not None and len(values) != 2 * len(symbols):
        raise VerifyException(
            f"{name}: {len(values)} bounds for {len(symbols)} symbols; use two each"
        )
    for symbol, (low, high) in zip(symbols, bounds_of(attr, len(symbols)), strict=True):
        if low < 0 or (high is not None and high < low):
            raise VerifyException(f"{name}: symbol '{symbol}' cannot be from {low} to {high}")
