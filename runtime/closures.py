"""Functions as values: what a program makes of a function and some of its arguments.

A closure may leave the program: as a result, in a tuple, in an object of the host. It is called
with `VirtualMachine.invoke_closure`, on a machine of its program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .errors import ArgumentError

if TYPE_CHECKING:
    from .image import Image


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
