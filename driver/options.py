"""What a compile is asked for, besides the model. Plain data: importing it costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from ..dialects.machine import Target
from ..runtime.errors import ArgumentError
from .external_code import ExternalCode

EXEC_MODES = ("compiled", "bytecode")
SANITIZERS = ("bounds",)
OPT_LEVELS = (0, 1, 2, 3)

DimSize = int | tuple[int, int]
"""A dim's size, or the least and the largest that it may have."""

Progress = Callable[[str, int, int], None]
"""Told what is going on: the stage's name, how much of it is done, of how much (0: unknown)."""


def silent(stage: str, done: int, total: int) -> None:
    """Do not care."""


@dataclass(frozen=True)
class CompileOptions:
    """The options of one compile, checked."""

    target: Target
    opt_level: int = 2
    dims: Mapping[str, DimSize] = field(default_factory=dict[str, DimSize])
    """Sizes of named dims; of those with a range, the least and the largest."""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """Whole shapes of inputs."""
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    """Inputs that are constants of the compiled model, and no inputs of it."""

    sanitize: str = ""
    """What kernels check when they run: one of `SANITIZERS`, or nothing."""

    def metadata(self, model: str) -> dict[str, str]:
        """Return what an executable says about where it comes from; `model` is its name."""
        known = {"model": model, "target": self.target.triple, "opt_level": str(self.opt_level)}
        known |= {"sanitize": self.sanitize} if self.sanitize else {}
        return known | self.external.metadata()

    external: ExternalCode = field(default_factory=ExternalCode)
    """Machine code that the model calls."""

    def key(self) -> str:
        """Return everything that changes the result, as text."""
        dims = sorted(self.dims.items())
        shapes = sorted(self.shapes.items())
        values = [(name, _text_of(value)) for name, value in sorted(self.values.items())]
        given = f"{dims} {shapes} {values} {self.external.key()} {self.sanitize}"
        return f"{self.target!r} O{self.opt_level} {given}"


def _text_of(value: object) -> str:
    """Return what tells a value apart: an array's type and bytes, of a list those of its items."""
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_text_of(item) for item in cast(Sequence[object], value))}]"
    import numpy as np  # nobody gives values without it

    array = np.asarray(value)
    return f"{array.dtype}{array.shape} {array.tobytes().hex()}"


def check_opt_level(level: object) -> int:
    """Return the level when it is one.

    Raises:
        ArgumentError: it is not.
    """
    if isinstance(level, bool) or level not in OPT_LEVELS:
        raise ArgumentError(f"opt_level is {level!r}; it must be 0, 1, 2 or 3")
    return level


def check_sanitize(name: object) -> str:
    """Return the name of a sanitizer; "" for None, which is none.

    Raises:
        ArgumentError: there is no such sanitizer.
    """
    if name is None:
        return ""
    if not isinstance(name, str) or name not in SANITIZERS:
        raise ArgumentError(f"sanitize is {name!r}; use {', '.join(SANITIZERS)}, or None")
    return name


def check_exec_mode(mode: object) -> None:
    """Accept "compiled" and "bytecode".

    Raises:
        ArgumentError: there is no such mode.
    """
    if mode not in EXEC_MODES:
        raise ArgumentError(f"exec_mode is {mode!r}; use one of {', '.join(EXEC_MODES)}")


def check_dims(dims: Mapping[str, int | tuple[int, int] | range] | None) -> dict[str, DimSize]:
    """Return sizes of named dims as plain ints; ranges as the least and the largest.

    Raises:
        ArgumentError: something else than a mapping of names to sizes, or a range without any.
    """
    found: dict[str, DimSize] = {}
    for name, size in _items(dims, "dims", "{'batch': 1}"):
        ends = _ends(size)
        if not isinstance(name, str) or (ends is None and not _is_size(size)):
            raise ArgumentError(
                "dims: expected names and sizes from 0 on, as {'batch': 1}, or ranges of sizes, as"
                f" {{'batch': (1, 64)}}; found {name!r}: {size!r}"
            )
        if ends is not None and ends[0] > ends[1]:
            raise ArgumentError(f"dims: {name!r}: no size is from {ends[0]} to {ends[1]}")
        found[name] = int(cast(int, size)) if ends is None else ends
    return found


def _ends(size: object) -> tuple[int, int] | None:
    """Return the least and the largest of a range of sizes, None for what is none."""
    if isinstance(size, range) and size.step == 1 and len(size):
        ends: tuple[object, ...] = size[0], size[-1]
    elif isinstance(size, tuple | list):
        ends = tuple(cast(Sequence[object], size))
    else:
        return None
    is_pair = len(ends) == len(("least", "largest")) and all(map(_is_size, ends))
    return (int(cast(int, ends[0])), int(cast(int, ends[1]))) if is_pair else None


def check_shapes(shapes: Mapping[str, tuple[int, ...]] | None) -> dict[str, tuple[int, ...]]:
    """Return shapes of inputs as tuples of plain ints.

    Raises:
        ArgumentError: something else than a mapping of names to shapes.
    """
    for name, shape in _items(shapes, "shapes", "{'x': (1, 3, 224, 224)}"):
        if not isinstance(name, str) or not isinstance(shape, tuple | list):
            raise ArgumentError(
                f"shapes: expected input names and tuples, as {{'x': (1, 3, 224, 224)}}; found "
                f"{name!r}: {shape!r}"
            )
        if not all(map(_is_size, cast(Sequence[object], shape))):
            raise ArgumentError(
                f"shapes: input {name!r}: expected sizes from 0 on; found {shape!r}; leave out "
                "inputs whose dims are to stay symbolic, and name dims in dims="
            )
    return {name: tuple(int(size) for size in shape) for name, shape in (shapes or {}).items()}


def check_values(values: Mapping[str, object] | None) -> dict[str, object]:
    """Return values of inputs.

    Raises:
        ArgumentError: something else than a mapping of names to values.
    """
    for name, value in _items(values, "values", "{'sizes': np.array([1, 3, 64, 64])}"):
        if not isinstance(name, str):
            raise ArgumentError(
                f"values: expected input names and arrays; found {name!r}: {value!r}"
            )
    return dict(values or {})


def _items(mapping: object, what: str, example: str) -> list[tuple[object, object]]:
    if mapping is None:
        return []
    if not isinstance(mapping, Mapping):
        raise ArgumentError(f"{what}: expected a dict such as {example}; found {mapping!r}")
    return list(cast(Mapping[object, object], mapping).items())


def _is_size(size: object) -> bool:
    index = getattr(size, "__index__", None)
    return index is not None and not isinstance(size, bool) and index() >= 0
