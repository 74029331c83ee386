"""Functions as values: what a program makes of a function and some of its arguments.

A closure may leave the program: as a result, in a tuple, in an object of the host. It is called
with `VirtualMachine.invoke_closure`, on a machine of its program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from .bytecode import Call
from .errors import ArgumentError, RuntimeFailure
from .execution import Action, Execution, FrameMemory, Registers
from .image import Image
from .signature import Signature
from .tensor import Tensor


class BoundFunction:
    """A function of a program with its last arguments."""

    __slots__ = ("captured", "image", "position")

    def __init__(self, image: Image, position: int, captured: tuple[Any, ...]) -> None:
        """Bind the last arguments of function `position`; they are kept as long as this lives."""
        self.image, self.position, self.captured = image, position, captured

    @property
    def name(self) -> str:
        """The function's name."""
        return self.image.program.functions[self.position].name

    @property
    def num_missing(self) -> int:
        """How many arguments a call gives."""
        return len(self.image.program.functions[self.position].params) - len(self.captured)

    def arguments(self, given: Sequence[Any]) -> list[Any]:
        """Return all arguments of a call.

        Raises:
            ArgumentError: there are too few or too many.
        """
        if len(given) != self.num_missing:
            raise ArgumentError(
                f"closure of {self.name!r}: expected {self.num_missing} arguments; found"
                f" {len(given)}"
            )
        return [*given, *self.captured]

    def __repr__(self) -> str:
        return f"BoundFunction({self.name!r}, {self.num_missing} arguments to be given)"


def make_closure(image: Image, call: Call) -> Action:
    """Return what binds arguments to a function of the program."""
    name, source = image.program.texts[call.args[0].value], call.args[1].value
    position = image.positions[name]
    count = len(image.program.functions[position].params)

    def action(r: Registers, e: Execution) -> BoundFunction:
        captured = _kept(r[source])
        if len(captured) > count:
            raise RuntimeFailure(f"closure: @{name} has {count} arguments; found {len(captured)}")
        return BoundFunction(image, position, captured)

    return action


def _kept(value: Any) -> Any:
    """Return a value as a closure may keep it: nothing of a frame."""
    if type(value) is tuple:
        return tuple(map(_kept, cast(tuple[Any, ...], value)))
    if type(value) is Tensor and isinstance(value.owner, FrameMemory):
        return value.copy()
    return value


def invoke_closure(image: Image, call: Call) -> Action:
    """Return what calls a closure, of whichever function it turns out to be."""
    source, given = call.args[0].value, call.args[1].value

    def action(r: Registers, e: Execution) -> Any:
        closure, args = r[source], r[given]
        if type(closure) is not BoundFunction or closure.image is not image:
            raise RuntimeFailure(
                f"invoke: expected a closure of this program; found {type(closure).__name__}"
            )
        # Who made the closure did not know what it would be called with.
        signature = Signature.of(image.program.functions[closure.position])
        return e.invoke(closure.position, signature.admit(closure.arguments(args)))

    return action
