"""Watching a program run: what is told of every call, and who may step in.

The bytecode keeps every call apart, with the names of the model's nodes, so instruments, taps and
profiles need no other build of a model. A machine that nobody watches pays nothing for this.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, Final, Protocol, cast

from .dims import SymbolicDim
from .errors import DTypeError, RuntimeFailure, ShapeError
from .kernel_facts import argument_name
from .tensor import Tensor

SKIP_RUN: Final = 1
"""What an instrument returns to keep a call from being run; it has done the work itself."""


class SiteKind(Enum):
    """What is called."""

    KERNEL = "kernel"
    HOST = "host function"
    FUNCTION = "function"
    ALLOCATION = "allocation"


@dataclass(frozen=True)
class CallSite:
    """A call in a program."""

    kind: SiteKind
    name: str
    location: str = ""
    """The nodes of the model that it came from: `Conv "conv1" -> y, Relu "relu1" -> z`."""
    function: str = ""
    """Of the program, in which the call stands."""
    num_inputs: int | None = None
    """How many arguments of a kernel, the first, are read; None where that is not known."""
    num_outputs: int | None = None
    """How many behind them are written."""
    flops: int | SymbolicDim | None = None
    """Floating-point operations of one call of a kernel, where they are known; see KernelFacts."""

    def flops_of(self, args: Sequence[Any]) -> int | None:
        """Return the floating-point operations of a call with these arguments."""
        if not isinstance(self.flops, SymbolicDim):
            return self.flops
        sizes = {argument_name(i): arg for i, arg in enumerate(args) if isinstance(arg, int)}
        return self.flops.evaluate(sizes)

    def outputs(self, args: Sequence[Any]) -> Sequence[Any]:
        """Return the arguments that a kernel writes its results to."""
        if self.num_inputs is None or self.num_outputs is None:
            return ()
        return args[self.num_inputs : self.num_inputs + self.num_outputs]

    def operands(self, args: Sequence[Any]) -> Sequence[Any]:
        """Return the arguments that are inputs or results: no workspaces, no sizes."""
        if self.num_inputs is None or self.num_outputs is None:
            return [arg for arg in args if isinstance(arg, Tensor)]
        return args[: self.num_inputs + self.num_outputs]


Call = Callable[..., Any]


class Observer(Protocol):
    """Somebody who is told of calls."""

    def call(self, site: CallSite, args: Sequence[Any], run: Call) -> Any:
        """Return the result of a call, usually that of `run()`.

        Args:
            site: what is called.
            args: tensors, as they are in the registers; a kernel writes its results to the last.
            run: makes the call; with arguments, on these instead, for a kernel.
        """
        ...


class Instrument:
    """A function of a user's that sees every kernel and function before and after.

    `f(func, name, before_run, ret_value, *args)`, as TVM's instruments: called with before_run
    True, then, unless it returned `SKIP_RUN`, with False and the result. `func(*args)` runs the
    kernel on tensors of the same types, for a comparison; a skipped kernel's results are what the
    instrument wrote to its tensors.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    def call(self, site: CallSite, args: Sequence[Any], run: Call) -> Any:
        """Tell the function, and make the call unless it says not to."""
        if site.kind is SiteKind.ALLOCATION:
            return run()
        answer = self._function(run, site.name, True, None, *args)
        if answer == SKIP_RUN:
            return None
        if answer is not None and answer != 0:
            raise RuntimeFailure(
                f"{site.name}: an instrument returned {answer!r}; expected None, 0 or SKIP_RUN"
            )
        result = run()
        self._function(run, site.name, False, result, *args)
        return result


class Tap:
    """Intermediate values of the calls that come from nodes of some names.

        with machine.tap("*conv1*") as seen:
            machine["main"](x)
        seen["conv1_out"]

    A value that fusion made part of a kernel is not there to be seen: compile with opt_level=0 for
    all of them. Values of blocked layouts are seen as they lie in memory.
    """

    def __init__(self, pattern: str, close: Callable[[Tap], None]) -> None:
        """Collect what comes from names like `pattern`, with * and ? as in file names."""
        self.pattern = pattern
        self.values: dict[str, Tensor | tuple[Tensor, ...]] = {}
        self._close = close

    def call(self, site: CallSite, args: Sequence[Any], run: Call) -> Any:
        """Make the call, and copy its results where the name fits."""
        result = run()
        names = names_of(site.location)
        fitting = [name for name in names if fnmatch.fnmatchcase(name, self.pattern)]
        written = site.outputs(args) if site.kind is SiteKind.KERNEL else ()
        if fitting and written:
            copies = tuple(cast(Tensor, tensor).copy() for tensor in written)
            # A kernel of several nodes computes the last one's result.
            self.values[names[-1]] = copies[0] if len(copies) == 1 else copies
        return result

    def __getitem__(self, name: str) -> Tensor | tuple[Tensor, ...]:
        return self.values[name]

    def __len__(self) -> int:
        return len(self.values)

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *error: object) -> None:
        self._close(self)


class Observers:
    """Several observers, the first the outermost; the last may run a kernel on other tensors."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)

    def call(self, site: CallSite, args: Sequence[Any], run: Call) -> Any:
        """Make the call through all of them."""
        for observer in reversed(self._observers):
            run = partial(observer.call, site, args, run)
        return run()


def names_of(location: str) -> list[str]:
    """Return the values that a location names: of `Conv "c" -> y, Relu "r" -> z`, y and z."""
    parts = location.split(" -> ")[1:]
    return [part.rsplit(", ", 1)[0] if i < len(parts) - 1 else part for i, part in enumerate(parts)]


def check_like(place: str, given: Sequence[Any], expected: Sequence[Any]) -> None:
    """Check that arguments are of the types of others.

    Raises:
        DTypeError: a number of arguments, a kind or a data type differs.
        ShapeError: a shape differs.
    """
    if len(given) != len(expected):
        raise DTypeError(f"{place}: expected {len(expected)} arguments; found {len(given)}")
    for i, (value, other) in enumerate(zip(given, expected, strict=True)):
        if not isinstance(other, Tensor):
            if type(value) is not type(other):
                raise DTypeError(f"{place}: argument {i}: expected {other!r}; found {value!r}")
            continue
        if not isinstance(value, Tensor) or value.dtype is not other.dtype:
            raise DTypeError(
                f"{place}: argument {i}: expected a tensor like {other!r}; found {value!r}"
            )
        if value.shape != other.shape or not value.is_contiguous:
            raise ShapeError(
                f"{place}: argument {i}: expected contiguous elements of shape {other.shape}; found"
                f" {value!r}"
            )
