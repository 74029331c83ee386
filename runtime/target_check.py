"""Whether code for a target can be loaded in this process."""

from __future__ import annotations

import platform
import sys

from .elf import MACHINES
from .errors import LoadError

_SYSTEMS = {"linux": "linux", "darwin": "darwin", "macosx": "darwin", "windows": "win32"}
"""What the third part of a triple begins with -> sys.platform."""


def check_target(triple: str, place: str) -> None:
    """Check that code for a triple is for this system; its instruction sets are asked elsewhere.

    Raises:
        LoadError: it is for another architecture or system.
    """
    arch, _, rest = triple.partition("-")
    here = platform.machine()
    same_arch = arch == here or MACHINES.get(arch, -1) == MACHINES.get(here)
    same_system = any(
        word.startswith(system) and sys.platform == name
        for word in rest.split("-")
        for system, name in _SYSTEMS.items()
    )
    if not same_arch or not same_system:
        raise LoadError(
            f"{place}: is for {triple}; this is {here} with {sys.platform}: export the model for"
            " this machine"
        )
