"""An artifact becomes an executable: its objects are linked into the process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..backends.llvm.jit import LoadedObject
from ..runtime.errors import LoadError
from ..runtime.executable import Executable

if TYPE_CHECKING:
    from .artifact import Artifact


class LinkedKernels:
    """Kernels by the names that a program has for them; in memory as long as this object lives."""

    def __init__(self, loaded: LoadedObject, symbols: Mapping[str, str]) -> None:
        self._loaded = loaded
        self._symbols = symbols

    def address(self, name: str) -> int:
        """Return the address of kernel `name`.

        Raises:
            LoadError: there is none.
        """
        symbol = self._symbols.get(name)
        if symbol is None:
            raise LoadError(f"there is no kernel {name!r}")
        return self._loaded.address(symbol)


def load_artifact(artifact: Artifact, threads: int | None, stats: Mapping[str, str]) -> Executable:
    """Return an executable of an artifact.

    Args:
        artifact: what a compile made, or the cache had.
        threads: of a run; None for the environment's.
        stats: what else is known of the compile.

    Raises:
        LoadError: the objects are for another machine.
    """
    linked = LinkedKernels(LoadedObject(artifact.objects), artifact.symbols)
    code_bytes = sum(map(len, artifact.objects))
    facts = {"code_bytes": code_bytes, **artifact.facts, **stats}
    return Executable(artifact.program, linked, stats=facts, threads=threads)
