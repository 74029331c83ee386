"""An artifact becomes an executable: its objects are linked into the process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..backends.llvm.jit import LoadedObject
from ..runtime.errors import LoadError
from ..runtime.executable import Executable
from .cache import Cache
from .cache_keys import compiler_digest, digest
from .host_program import PREFIX, constant_symbol, entry_symbol

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


class LinkedHost:
    """A program's native code; in memory as long as this object lives."""

    def __init__(self, image: bytes, loaded: LoadedObject, symbols: Mapping[str, str]) -> None:
        self._image = image
        self._kernels = {symbol: loaded.address(symbol) for symbol in set(symbols.values())}
        self._loaded: LoadedObject | None = None

    def link(self, constants: Sequence[int]) -> int:
        """Return the address of the entry, given those of the constants."""
        named = {constant_symbol(i): address for i, address in enumerate(constants)}
        self._loaded = LoadedObject(self._image, {**self._kernels, **named})
        return self._loaded.address(entry_symbol())


HOSTS = "kernels"
"""The kind of cache entry that objects of host programs are; the keys are of their own."""


def host_object(artifact: Artifact, store: Cache, prefix: str = PREFIX) -> bytes:
    """Return the object of an artifact's host program, names beginning with `prefix`.

    Raises:
        NotImplementedError: native code cannot express the program.
    """
    job = artifact.host.job_named(prefix)
    key = digest("host program", job.header(), job.text, compiler_digest())
    cached = store.get(HOSTS, key)
    if cached is not None:
        return bytes(cached)
    image = job.run()
    store.put(HOSTS, key, image)
    return image


def load_artifact(
    artifact: Artifact,
    threads: int | None,
    stats: Mapping[str, str],
    exec_mode: str,
    store: Cache,
) -> Executable:
    """Return an executable of an artifact.

    Args:
        artifact: what a compile made, or the cache had.
        threads: of a run; None for the environment's.
        stats: what else is known of the compile.
        exec_mode: what runs the program: "bytecode" or "compiled".
        store: where objects of host programs are looked up and kept.

    Raises:
        LoadError: the objects are for another machine.
        NotImplementedError: the program cannot run in that mode.
    """
    loaded = LoadedObject(artifact.objects)
    linked = LinkedKernels(loaded, artifact.symbols)
    host = None
    if exec_mode == "compiled":
        host = LinkedHost(host_object(artifact, store), loaded, artifact.symbols)
    code_bytes = sum(map(len, artifact.objects))
    facts = {"code_bytes": code_bytes, **artifact.facts, **stats}
    return Executable(artifact.program, linked, stats=facts, threads=threads, host=host)
