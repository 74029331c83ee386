"""What a function takes and returns, and the checks of what a caller hands in.

Nothing is cast and nothing guessed: a wrong data type is an error, as is a number or a list
(which type should it have?). What is only laid out differently is copied: an array that is not
contiguous, or whose address is no multiple of its element. Read-only inputs are fine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from .bytecode import (
    Function,
    ObjectSpec,
    Param,
    ShapeSpec,
    Spec,
    StringSpec,
    TensorSpec,
    TupleSpec,
)
from .errors import ArgumentError, DTypeError, ShapeError, TyrexError
from .tensor import Tensor, as_tensor

MAX_LINE = 100  # a longer signature is printed one argument a line


@dataclass(frozen=True, slots=True)
class Signature:
    """The names and types of a function's arguments and results."""

    name: str
    inputs: tuple[Param, ...]
    outputs: tuple[Param, ...]
    _places: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """What begins the message of an error about an argument."""

    def __post_init__(self) -> None:
        places = tuple(f"{self.name}: argument {name!r}" for name, _ in self.inputs)
        object.__setattr__(self, "_places", places)

    @staticmethod
    def of(function: Function) -> Signature:
        """Return the signature of a program's function."""
        return Signature(function.name, function.params, function.results)

    def __str__(self) -> str:
        inputs = [f"{name}: {spec}" for name, spec in self.inputs]
        outputs = [f"{name}: {spec}" for name, spec in self.outputs]
        line = f"{self.name}({', '.join(inputs)}) -> ({', '.join(outputs)})"
        if len(line) <= MAX_LINE:
            return line
        rows = ",\n    ".join(inputs), ",\n    ".join(outputs)
        return f"{self.name}(\n    {rows[0]}\n) -> (\n    {rows[1]}\n)"

    def positional(self, named: Mapping[str, Any], first: Sequence[Any] = ()) -> list[Any]:
        """Return the arguments in order: `first`, then those given by name.

        Raises:
            ArgumentError: a name is unknown, given twice or missing.
        """
        names = [name for name, _ in self.inputs]
        if len(first) > len(names):
            return list(first)  # the check of the count says it better
        for name in named:
            if name not in names:
                raise ArgumentError(
                    f"{self.name}: there is no argument {name!r}; found {name!r}, expected one of"
                    f" {', '.join(names) or 'none'}: {self}"
                )
            if name in names[: len(first)]:
                raise ArgumentError(
                    f"{self.name}: argument {name!r} is given by position and by name: {self}"
                )
        missing = [name for name in names[len(first) :] if name not in named]
        if missing and named:
            raise ArgumentError(
                f"{self.name}: argument {missing[0]!r} is missing; found"
                f" {len(first) + len(named)} of {len(names)}: {self}"
            )
        return [*first, *(named[name] for name in names[len(first) :] if name in named)]

    def by_name(self, inputs: Mapping[str, Any] | Sequence[Any]) -> Mapping[str, Any]:
        """Return arguments by name, given so or all in order.

        Raises:
            DTypeError: they are neither.
            ArgumentError: there are too few or too many.
        """
        if isinstance(inputs, Mapping):
            return inputs
        check_several(inputs, f"{self.name}: inputs")
        if len(inputs) != len(self.inputs):
            raise ArgumentError(
                f"{self.name}: expected {len(self.inputs)} inputs; found {len(inputs)}: {self}"
            )
        return {name: value for (name, _), value in zip(self.inputs, inputs, strict=True)}

    def admit(self, args: Sequence[Any]) -> list[Any]:
        """Return `args` as contiguous, aligned tensors of the right types.

        Raises:
            ArgumentError: there are too few or too many.
            DTypeError: one is no tensor, or of another data type.
            ShapeError: one has another rank or dimension.
        """
        if len(args) != len(self.inputs):
            raise ArgumentError(
                f"{self.name}: expected {_count(len(self.inputs), 'argument')}; found"
                f" {len(args)}: {self}"
            )
        values: list[Any] = []
        for value, (_, spec), place in zip(args, self.inputs, self._places, strict=True):
            if (  # nothing is to be done for most
                type(value) is Tensor
                and type(spec) is TensorSpec
                and value.dtype is spec.dtype
                and value.shape == spec.shape
                and value.is_compact
            ):
                values.append(value)
            else:
                values.append(check_value(value, spec, place, self))
        return values


def check_value(value: Any, spec: Spec, place: str, signature: Signature | None = None) -> Any:
    """Return `value` as a value of type `spec`: tensors contiguous and aligned.

    Args:
        value: a tensor or what becomes one without a cast; a tuple or list for a TupleSpec.
        spec: its type.
        place: what the value is; begins the message of an error.
        signature: printed at the end of the message.
    """
    match spec:
        case TensorSpec():
            tensor = value if type(value) is Tensor else _tensor(value, spec, place, signature)
            if tensor.dtype is not spec.dtype:
                raise DTypeError(
                    f"{place}: expected {spec.dtype}; found {tensor.dtype}: nothing is cast for"
                    f" you, convert it with array.astype({str(spec.dtype)!r}){_tail(signature)}"
                )
            if tensor.shape != spec.shape:
                _check_shape(tensor.shape, spec, place, signature)
            return tensor.contiguous()
        case TupleSpec():
            return _tuple(value, spec, place, signature)
        case ObjectSpec():
            return value
        case StringSpec():
            return _text(value, place, signature)
        case ShapeSpec():
            return _shape(value, spec, place, signature)


def _text(value: Any, place: str, signature: Signature | None) -> str:
    """Return a text, of a subclass such as numpy.str_ too."""
    if not isinstance(value, str):
        raise DTypeError(
            f"{place}: expected a string; found {_described(cast(object, value))}{_tail(signature)}"
        )
    return str(value)


def _tuple(value: Any, spec: TupleSpec, place: str, signature: Signature | None) -> Any:
    """Return a tuple whose fields have their types."""
    if not isinstance(value, tuple | list):
        raise DTypeError(
            f"{place}: expected a tuple {spec}; found {_kind(value)}{_tail(signature)}"
        )
    items = cast(Sequence[Any], value)
    if len(items) != len(spec.fields):
        raise ArgumentError(
            f"{place}: expected {_count(len(spec.fields), 'field')}; found {len(items)}"
            f"{_tail(signature)}"
        )
    return tuple(
        check_value(item, field, f"{place}, field {i}", signature)
        for i, (item, field) in enumerate(zip(items, spec.fields, strict=True))
    )


def _shape(value: Any, spec: ShapeSpec, place: str, signature: Signature | None) -> tuple[int, ...]:
    """Return a shape as a tuple of integers."""
    items = list(cast(Sequence[Any], value)) if isinstance(value, tuple | list) else None
    if items is None or not all(
        isinstance(item, int | np.integer) and not isinstance(item, bool) for item in items
    ):
        raise DTypeError(
            f"{place}: expected a {spec}, a tuple of integers; found"
            f" {_described(cast(object, value))}{_tail(signature)}"
        )
    dims = tuple(map(int, items))
    if spec.rank not in (None, len(dims)) or any(dim < 0 for dim in dims):
        raise ShapeError(
            f"{place}: expected a {spec} of dims that are not negative; found {dims}"
            f"{_tail(signature)}"
        )
    return dims


def check_several(values: object, place: str) -> None:
    """Raise `DTypeError` for what is no sequence of values."""
    if not isinstance(values, list | tuple):
        raise DTypeError(
            f"{place}: expected a dict by name, or a list or tuple in order; found"
            f" {type(values).__name__}"
        )


def _tensor(value: Any, spec: TensorSpec, place: str, signature: Signature | None) -> Tensor:
    if isinstance(value, bool | int | float | list | tuple):
        raise DTypeError(
            f"{place}: expected {spec}; found a Python {_kind(cast(object, value))}, which has no"
            f" data type:"
            f" wrap it with numpy.asarray(value, {str(spec.dtype)!r}){_tail(signature)}"
        )
    try:
        # A scalar of NumPy's has a data type, and no dimensions.
        is_scalar = isinstance(value, np.generic)
        return as_tensor(np.asarray(cast(Any, value)) if is_scalar else value)
    except TyrexError as error:
        raise type(error)(f"{place}: {error}{_tail(signature)}") from None


def _check_shape(
    shape: tuple[int, ...], spec: TensorSpec, place: str, signature: Signature | None
) -> None:
    expected = spec.shape
    if expected is None:
        return
    if len(shape) != len(expected):
        raise ShapeError(
            f"{place}: expected rank {len(expected)}, {spec}; found rank {len(shape)}, shape"
            f" {shape}{_tail(signature)}"
        )
    for axis, (found, wanted) in enumerate(zip(shape, expected, strict=True)):
        if isinstance(wanted, int) and found != wanted:
            raise ShapeError(
                f"{place}: expected {wanted} in dimension {axis}, {spec}; found {found}, shape"
                f" {shape}: this program was compiled for fixed sizes{_tail(signature)}"
            )


def _kind(value: object) -> str:
    return type(value).__name__


def _described(value: object) -> str:
    """Return what a value is, as a message says it."""
    if isinstance(value, Tensor | np.ndarray):
        array = cast(Any, value)
        return f"a {array.dtype} tensor of shape {array.shape}"
    return f"a {_kind(value)}" + (f" {value!r}" if isinstance(value, tuple | list) else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _tail(signature: Signature | None) -> str:
    return "" if signature is None else f"; the signature is {signature}"
