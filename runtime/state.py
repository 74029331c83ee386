"""`StatefulFunction`: a function that takes up next time what it left last time.

    detector = exe.bind_state({"state": "stateN"})  # the input, and the output that it is next
    for chunk in chunks:
        probability = detector(chunk)
    detector.reset()

A stream is an object of its own, so that one model serves any number of them; each is for one
thread at a time. Nothing is copied: the tensor that a call returns as state is the next call's
argument.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any, cast

from .bytecode import Param, TensorSpec
from .dims import SymbolicDim
from .errors import ArgumentError
from .signature import Signature, check_value
from .stateful import Function
from .tensor import Tensor


class StatefulFunction:
    """A function some of whose inputs are outputs of the call before."""

    def __init__(
        self, function: Function, state: Mapping[str, str], initial: Mapping[str, Any] | None = None
    ) -> None:
        """Bind outputs to inputs.

        Args:
            function: an executable, a loaded module, a function of a machine.
            state: by the name of an input, the output whose value it gets next time.
            initial: by the name of an input, its value in the first call; zeros otherwise.

        Raises:
            ArgumentError: an input or output does not exist, or they do not fit each other.
        """
        self._function = function
        whole = function.signature
        inputs, outputs = _positions(whole.inputs), _positions(whole.outputs)
        for name, source in state.items():
            _check_known(whole, "input", name, inputs)
            _check_known(whole, "output", source, outputs)
            _check_fit(whole.inputs[inputs[name]], whole.outputs[outputs[source]])
        if not state:
            raise ArgumentError(
                f"bind_state: expected a mapping of inputs to outputs; found {dict(state)}"
            )
        self._bound = [inputs[name] for name in state]
        self._fed = [outputs[source] for source in state.values()]
        free = [i for i in range(len(whole.inputs)) if i not in self._bound]
        self._free, self._num_inputs = free, len(whole.inputs)
        self._returned = [i for i in range(len(whole.outputs)) if i not in self._fed]
        self.signature = Signature(
            whole.name,
            tuple(whole.inputs[i] for i in free),
            tuple(whole.outputs[i] for i in self._returned),
        )
        """What a call takes and returns: all but the state."""
        self._state: list[Tensor] | None = None
        self._initial: dict[str, Tensor] = {}
        self.reset(initial)

    @property
    def state(self) -> dict[str, Tensor]:
        """The state by input: what the next call gets; nothing where it gets zeros."""
        if self._state is None:
            return dict(self._initial)
        names = (self._function.signature.inputs[i].name for i in self._bound)
        return dict(zip(names, self._state, strict=True))

    def reset(self, initial: Mapping[str, Any] | None = None) -> None:
        """Begin anew: with zeros, or with values of inputs by name, which are copied.

        Raises:
            TyrexError: a value does not fit its input, or the input is no state.
        """
        whole = self._function.signature
        bound = {whole.inputs[i].name: whole.inputs[i].spec for i in self._bound}
        values: dict[str, Tensor] = {}
        for name, value in (initial or {}).items():
            _check_known(whole, "state", name, bound)
            place = f"{whole.name}: state {name!r}"
            values[name] = cast(Tensor, check_value(value, bound[name], place)).copy()
        self._initial, self._state = values, None

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Run the function; arguments that are no state in order or by name.

        A call that fails leaves the state as it was.

        Raises:
            TyrexError: an argument does not fit, or the function failed.
        """
        if named or len(args) != len(self._free):
            args = tuple(self.signature.positional(named, args))
            if len(args) != len(self._free):
                self.signature.admit(args)  # which says what is missing
        given: list[Any] = [None] * self._num_inputs
        for position, value in zip(self._free, args, strict=True):
            given[position] = value
        state = self._state if self._state is not None else self._first(args)
        for position, tensor in zip(self._bound, state, strict=True):
            given[position] = tensor
        found = self._function(*given)
        results: Sequence[Any] = (
            cast(Sequence[Any], found) if isinstance(found, tuple) else (found,)
        )
        self._state = [results[i] for i in self._fed]
        rest = [results[i] for i in self._returned]
        return rest[0] if len(rest) == 1 else tuple(rest)

    def run(self, inputs: Mapping[str, Any]) -> Any:
        """Run the function with arguments by name, which need not be Python identifiers."""
        return self(*self.signature.positional(inputs))

    def _first(self, args: Sequence[Any]) -> list[Tensor]:
        """Return the state of the first call: what was given, zeros of the arguments' sizes."""
        known: dict[str, int] = {}
        whole = self._function.signature.inputs
        values = {i: arg for i, arg in zip(self._free, args, strict=True)}
        first = {i: self._initial.get(whole[i].name) for i in self._bound}
        values |= {i: tensor for i, tensor in first.items() if tensor is not None}
        for position, value in values.items():
            _tell(whole[position], value, known)
        return [
            _zeros(self._function.signature, whole[i], known) if tensor is None else tensor
            for i, tensor in first.items()
        ]


def _positions(params: Sequence[Param]) -> dict[str, int]:
    return {param.name: position for position, param in enumerate(params)}


def _check_known(whole: Signature, what: str, name: str, known: Mapping[str, object]) -> None:
    if name not in known:
        raise ArgumentError(
            f"{whole.name}: there is no {what} {name!r}; known: {', '.join(known)}: {whole}"
        )


def _check_fit(target: Param, source: Param) -> None:
    """Check that an output can be an input's next value, as far as types tell."""
    a, b = target.spec, source.spec
    if isinstance(a, TensorSpec) and isinstance(b, TensorSpec) and a.dtype is b.dtype:
        if a.shape is None or b.shape is None:
            return
        pairs = list(zip(a.shape, b.shape, strict=False))
        numbers = [(x, y) for x, y in pairs if isinstance(x, int) and isinstance(y, int)]
        if len(a.shape) == len(b.shape) and all(x == y for x, y in numbers):
            return
    raise ArgumentError(
        f"bind_state: expected an output of type {a} for input {target.name!r}; found"
        f" {source.name!r}, {b}"
    )


def _tell(param: Param, value: Any, known: dict[str, int]) -> None:
    """Add the symbols that an argument's dims are."""
    shape = getattr(value, "shape", ())
    dims = param.spec.shape if isinstance(param.spec, TensorSpec) else None
    for dim, extent in zip(dims or (), shape, strict=False):
        if isinstance(dim, SymbolicDim) and dim.code == (dim.symbols[:1] or (None,)):
            known.setdefault(dim.symbols[0], int(extent))


def _zeros(whole: Signature, param: Param, known: Mapping[str, int]) -> Tensor:
    spec = param.spec
    assert isinstance(spec, TensorSpec), "checked when it was bound"
    unknown = [name for name in spec.symbols if name not in known]
    if spec.shape is None or None in spec.shape or unknown:
        what = unknown[0] if unknown else "a dimension"
        raise ArgumentError(
            f"{whole.name}: expected the first value of state {param.name!r}, {spec}: no other"
            f" argument tells {what}; use reset({{{param.name!r}: array}})"
        )
    tensor = Tensor.empty(spec.shape_at(known), spec.dtype)
    ctypes.memset(tensor.data, 0, tensor.nbytes)
    return tensor
