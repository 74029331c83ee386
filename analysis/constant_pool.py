"""The constants of a host program, numbered: the same array has one number.

What is told apart and in which order decides which constant a number is; bytecode and native code
of one program number theirs here, so that one table of constants serves both.
"""

from __future__ import annotations

from collections.abc import Hashable

from ..dialects import relax

SMALL_BYTES = 4096
"""Up to this size constants that are equal are one; a digest costs a pass over the array."""


class ConstantPool:
    """Numbers constants in the order in which they are met."""

    def __init__(self) -> None:
        self.constants: list[relax.ConstantAttr] = []
        """Each once; a constant's number is its position."""
        self._positions: dict[Hashable, int] = {}

    def position(self, constant: relax.ConstantAttr) -> int:
        """Return the number of a constant; that of the first one when there are equal ones."""
        small = constant.array.nbytes <= SMALL_BYTES
        key: Hashable = constant if small else id(constant.array)
        found = self._positions.get(key)
        if found is None:
            found = self._positions[key] = len(self.constants)
            self.constants.append(constant)
        return found
