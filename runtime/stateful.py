"""Calls in steps: inputs are set, a function is invoked, outputs are fetched; and saved calls.

One set of inputs and of outputs is kept per function, for one thread at a time to use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from .errors import ArgumentError
from .signature import Signature
from .tensor import Tensor

LEAF = -1
"""The arity of an output that is no tuple."""


class Function(Protocol):
    """A function of a machine, to be called."""

    @property
    def signature(self) -> Signature:
        """What it takes and returns."""
        ...

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Run it."""
        ...


@dataclass
class _Slot:
    inputs: list[Any] | None = None
    outputs: Any = None
    has_outputs: bool = False


@dataclass
class StatefulCalls:
    """The inputs and outputs that a machine keeps, by function."""

    slots: dict[str, _Slot] = field(default_factory=dict[str, _Slot])

    def set_input(self, callee: Function, args: Sequence[Any], named: Mapping[str, Any]) -> None:
        """Check and keep arguments; outputs of an earlier invocation are forgotten.

        A `Tensor` is kept as it is; an array of another kind is copied, so that the caller may go
        on to use it.
        """
        signature = callee.signature
        given = signature.positional(named, args) if named else list(args)
        admitted = signature.admit(given)
        kept = [_owned(old, new) for old, new in zip(given, admitted, strict=True)]
        self.slots[signature.name] = _Slot(kept)

    def clear_input(self, name: str) -> None:
        """Forget inputs and outputs of a function."""
        self.slots.pop(name, None)

    def inputs_of(self, name: str) -> list[Any] | None:
        """Return the inputs that are set, None where none are."""
        slot = self.slots.get(name)
        return None if slot is None else slot.inputs

    def check_free(self, name: str) -> None:
        """Raise `ArgumentError` where inputs of a function are set: a direct call means others."""
        if name in self.slots:
            raise ArgumentError(
                f"{name}: found a call with arguments of a function whose inputs are set; expected"
                f" invoke_stateful({name!r}), or clear_input({name!r}) before"
            )

    def invoke(self, name: str, run: Callable[[list[Any]], Any]) -> None:
        """Run a function on its inputs and keep what it returns."""
        slot = self.slots.get(name)
        if slot is None or slot.inputs is None:
            raise ArgumentError(
                f"invoke_stateful: found no inputs for {name!r}; expected set_input({name!r}, ...)"
                " before"
            )
        slot.has_outputs, slot.outputs = False, None
        slot.outputs = run(slot.inputs)
        slot.has_outputs = True

    def get_outputs(self, name: str, indices: Sequence[int]) -> Any:
        """Return what the last invocation returned, or a part of it."""
        slot = self.slots.get(name)
        if slot is None or not slot.has_outputs:
            raise ArgumentError(
                f"get_outputs: found no outputs of {name!r}; expected invoke_stateful({name!r})"
                " before"
            )
        value = slot.outputs
        for depth, index in enumerate(indices):
            if not isinstance(value, tuple):
                raise ArgumentError(
                    f"get_outputs: {name!r} has no tuple at {list(indices[:depth])}: no output"
                    f" {list(indices)}"
                )
            fields = cast(tuple[Any, ...], value)
            if not 0 <= index < len(fields):
                raise ArgumentError(
                    f"get_outputs: expected an index below {len(fields)} for {name!r}; found"
                    f" {index}"
                )
            value = fields[index]
        return value


def arity_of(value: Any) -> int:
    """Return the number of fields of a tuple, `LEAF` for anything else."""
    return len(cast(tuple[Any, ...], value)) if isinstance(value, tuple) else LEAF


def _owned(given: Any, admitted: Any) -> Any:
    """Return a value that nobody else changes, unless it was given as a `Tensor`."""
    if isinstance(admitted, tuple):
        fields = cast(tuple[Any, ...], admitted)
        return tuple(_owned(a, b) for a, b in zip(given, fields, strict=True))
    if isinstance(admitted, Tensor) and not isinstance(given, Tensor):
        return admitted.copy()
    return admitted


class Closure:
    """A function of a machine with some of its arguments bound: `VirtualMachine.save_function`."""

    def __init__(
        self,
        callee: Function,
        args: Sequence[Any],
        named: Mapping[str, Any],
        include_return: bool,
    ) -> None:
        """Bind arguments: those without a name are the function's last.

        Raises:
            ArgumentError: an argument does not exist, or is bound twice.
        """
        self.callee = callee
        signature = callee.signature
        names = [name for name, _ in signature.inputs]
        free = [name for name in names if name not in named]
        unknown = [name for name in named if name not in names]
        if unknown or len(args) > len(free):
            found = f"an argument {unknown[0]!r}" if unknown else f"{len(args)} arguments"
            raise ArgumentError(f"save_function: found {found}; expected some of {signature}")
        bound = dict(zip(free[len(free) - len(args) :], args, strict=True))
        self._bound: dict[str, Any] = {**named, **bound}
        self._free = [name for name in names if name not in self._bound]
        self._include_return = include_return

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Call the function with the arguments that are not bound."""
        if len(args) > len(self._free):
            raise ArgumentError(
                f"{self.callee.signature.name}: expected {len(self._free)} arguments that are not"
                f" bound; found {len(args)}"
            )
        given = dict(zip(self._free, args, strict=False))
        for name in named:
            if name not in self._free or name in given:
                raise ArgumentError(
                    f"{self.callee.signature.name}: argument {name!r} is bound, given twice, or"
                    " does not exist"
                )
        result = self.callee(**{**self._bound, **given, **named})
        return result if self._include_return else None
