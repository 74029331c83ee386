"""What symbols stand for in one call: told by the shapes of values, dim by dim.

A dim that is a bare symbol tells it; then one that is linear in its only symbol that is not known
yet. Every other dim is a check: of an expression, or of a symbol met before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from .bytecode import Spec, Symbol, TensorSpec, TupleSpec
from .dims import SymbolicDim
from .errors import LoadError, ShapeError


class _Place(NamedTuple):
    """A dim of a type: where its value stands, and what messages call that."""

    path: tuple[int, ...]
    axis: int
    dim: SymbolicDim
    name: str

    def extent(self, values: Sequence[Any]) -> int:
        value: Any = values
        for index in self.path:
            value = value[index]
        return value.shape[self.axis]

    def where(self) -> str:
        return f"{self.name}, dimension {self.axis}"


class Matcher:
    """Matches types with values whose ranks, data types and numbers were checked before."""

    def __init__(
        self,
        items: Sequence[tuple[str, Spec]],
        symbols: Sequence[Symbol],
        known: Sequence[str] = (),
    ) -> None:
        """Decide which dim tells which symbol.

        Args:
            items: names of values, as messages say them, and their types.
            symbols: those to be told.
            known: symbols that have values already.

        Raises:
            LoadError: no dim tells a symbol.
        """
        self._tells: list[tuple[str, _Place, bool]] = []
        self._origins: dict[str, str] = {}
        self._limited = [s for s in symbols if s.lower > 0 or s.upper is not None]
        wanted, told = {symbol.name for symbol in symbols}, set(known)
        waiting = [p for i, (name, spec) in enumerate(items) for p in _places(spec, (i,), name)]
        # Bare symbols first: what they tell makes the others' unknowns fewer.
        waiting.sort(key=lambda place: len(place.dim.code))
        self._checks: list[_Place] = []
        while told_now := next(((p, u) for p in waiting if (u := _unknown(p, told))), None):
            place, name = told_now
            waiting.remove(place)
            told.add(name)
            self._origins[name] = place.where()
            self._tells.append((name, place, len(place.dim.code) == 1))
        self._checks = waiting
        if missing := sorted(wanted - told):
            raise LoadError(f"program: no argument's shape tells the symbol {missing[0]!r}")

    @property
    def order(self) -> list[tuple[str, int, int]]:
        """The symbols as they are told: name, position of the value that tells it, its axis."""
        return [(name, place.path[0], place.axis) for name, place, _ in self._tells]

    def match(self, values: Sequence[Any], found: dict[str, int]) -> None:
        """Add what the shapes of `values` tell to `found`; check everything else.

        Raises:
            ShapeError: a dim contradicts another, or is no value of its expression.
        """
        for name, place, is_bare in self._tells:
            extent = place.extent(values)
            found[name] = extent if is_bare else self._solved(name, place, extent, found)
        for place in self._checks:
            if (extent := place.extent(values)) != place.dim.evaluate(found):
                raise self._error(place, extent, found)
        for symbol in self._limited:
            value = found[symbol.name]
            if value < symbol.lower or (symbol.upper is not None and value > symbol.upper):
                raise ShapeError(
                    f"{self._origins[symbol.name]}: expected {symbol}; found {value}: the program"
                    " was compiled for these sizes"
                )

    def _solved(self, name: str, place: _Place, extent: int, found: dict[str, int]) -> int:
        """Return the symbol's value in `factor * symbol + rest == extent`."""
        rest = place.dim.evaluate({**found, name: 0})
        factor = place.dim.evaluate({**found, name: 1}) - rest
        if factor == 0 or (extent - rest) % factor or (extent - rest) // factor < 0:
            raise ShapeError(
                f"{place.name}: expected {place.dim} in dimension {place.axis} for some {name} >="
                f" 0{self._given(place, found, name)}; found {extent}"
            )
        return (extent - rest) // factor

    def _error(self, place: _Place, extent: int, found: dict[str, int]) -> ShapeError:
        expected = place.dim.evaluate(found)
        return ShapeError(
            f"{place.name}: expected {place.dim} = {expected} in dimension {place.axis}"
            f"{self._given(place, found)}; found {extent}"
        )

    def _given(self, place: _Place, found: dict[str, int], without: str = "") -> str:
        """Say what the symbols of a dim are, and who told them."""
        known = [
            f"{name} = {found[name]} ({self._origins.get(name, 'known before')})"
            for name in place.dim.symbols
            if name != without and name in found
        ]
        return f", where {' and '.join(known)}" if known else ""


def _places(spec: Spec, path: tuple[int, ...], name: str) -> Iterator[_Place]:
    if isinstance(spec, TupleSpec):
        for index, field in enumerate(spec.fields):
            yield from _places(field, (*path, index), f"{name}, field {index}")
    elif isinstance(spec, TensorSpec):
        for axis, dim in enumerate(spec.shape or ()):
            if isinstance(dim, SymbolicDim):
                yield _Place(path, axis, dim, name)


def _unknown(place: _Place, told: set[str]) -> str | None:
    """Return the only symbol of a dim that is not told yet, where the dim is linear in it."""
    unknown = [name for name in place.dim.symbols if name not in told]
    return unknown[0] if len(unknown) == 1 and _is_linear(place.dim, unknown[0]) else None


def _is_linear(dim: SymbolicDim, symbol: str) -> bool:
    """Tell whether a dim is `factor * symbol + rest`."""
    degrees: list[int] = []
    for token in dim.code:
        if isinstance(token, int):
            degrees.append(0)
        elif token in ("+", "*"):
            right, left = degrees.pop(), degrees.pop()
            degrees.append(max(left, right) if token == "+" else left + right)
        elif token in ("floordiv", "mod", "min", "max"):
            right, left = degrees.pop(), degrees.pop()
            degrees.append(2 * (left + right))
        else:
            degrees.append(int(token == symbol))
    return degrees[0] == 1
