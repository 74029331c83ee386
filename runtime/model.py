"""What executables and loaded modules offer alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from .module_tree import Part
from .state import StatefulFunction
from .stateful import Function


class Model(ABC):
    """A model that can be called: an executable, or a module that was loaded."""

    def bind_state(
        self: Function, state: Mapping[str, str], initial: Mapping[str, Any] | None = None
    ) -> StatefulFunction:
        """Return the model as a stream: inputs that are outputs of the call before are its state.

        Args:
            state: by the name of an input, the output whose value it gets next time.
            initial: by the name of an input, its value in the first call; zeros otherwise.

        Raises:
            ArgumentError: an input or output does not exist, or they do not fit each other.
        """
        return StatefulFunction(self, state, initial)

    @property
    @abstractmethod
    def parts(self) -> Part:
        """The model as a tree of parts with their properties."""

    @property
    def imports(self) -> tuple[Part, ...]:
        """The parts that it needs: machine code, constants, functions of Python."""
        return self.parts.imports

    def get_property_mask(self) -> int:
        """Return what can be done with it, as TVM's number; see `Part`."""
        return self.parts.get_property_mask()
