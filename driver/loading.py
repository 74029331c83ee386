"""An artifact becomes an executable: its objects are linked into the process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..runtime import object_loader
from ..runtime.errors import LoadError
from ..runtime.executable import Executable
from ..runtime.export_options import ExportOptions
from ..runtime.kernel_library import KernelLibrary
from .host_program import constant_symbol, entry_symbol

if TYPE_CHECKING:
    from .artifact import Artifact


def load_objects(
    objects: bytes | Sequence[bytes], symbols: Mapping[str, int] | None = None
) -> KernelLibrary:
    """Return objects in the memory of this process, linked with each other.

    LLVM's linker is asked only on the machines for which the runtime has none: it would be two
    thirds of the memory of a small model's process.

    Args:
        objects: for this machine.
        symbols: addresses of further functions and data that they may use, by name.

    Raises:
        LoadError: an object is damaged, is for another machine, or needs what nobody defines.
    """
    if object_loader.can_load_here():
        return object_loader.LoadedObject(objects, symbols)
    from ..backends.llvm.jit import JITObject

    return JITObject(objects, symbols)


class LinkedKernels:
    """Kernels by the names that a program has for them; in memory as long as this object lives."""

    def __init__(self, loaded: KernelLibrary, symbols: Mapping[str, str]) -> None:
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

    def __init__(self, image: bytes, loaded: KernelLibrary, symbols: Mapping[str, str]) -> None:
        self._image = image
        self._kernels = {symbol: loaded.address(symbol) for symbol in set(symbols.values())}
        self._loaded: KernelLibrary | None = None

    def link(self, constants: Sequence[int]) -> int:
        """Return the address of the entry, given those of the constants."""
        named = {constant_symbol(i): address for i, address in enumerate(constants)}
        self._loaded = load_objects(self._image, {**self._kernels, **named})
        return self._loaded.address(entry_symbol())


class LazyExporter:
    """Writes an artifact to files; what that takes is imported then."""

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact

    def export(self, path: Path, options: ExportOptions) -> Path:
        """Write the model; see `ArtifactExporter.export`."""
        from .exporting import ArtifactExporter

        return ArtifactExporter(self._artifact).export(path, options)


def load_artifact(
    artifact: Artifact,
    threads: int | None,
    stats: Mapping[str, str],
    exec_mode: str,
    elsewhere: str = "",
) -> Executable:
    """Return an executable of an artifact.

    Args:
        artifact: what a compile made, or the cache had.
        threads: of a run; None for the environment's.
        stats: what else is known of the compile.
        exec_mode: what runs the program: "bytecode", or "compiled" where it can be.
        elsewhere: why this process cannot run it; then it can only be exported.

    Raises:
        LoadError: the objects are for another machine.
    """
    code_bytes = sum(map(len, artifact.objects))
    facts = {"code_bytes": code_bytes, **artifact.facts, **stats}
    exporter = LazyExporter(artifact)
    if elsewhere:
        return Executable(artifact.program, stats=facts, exporter=exporter, elsewhere=elsewhere)
    loaded = load_objects(artifact.objects)
    linked = LinkedKernels(loaded, artifact.symbols)
    host = None
    if exec_mode == "compiled" and artifact.host.image:
        host = LinkedHost(artifact.host.image, loaded, artifact.symbols)
    elif exec_mode == "compiled":
        facts["bytecode_because"] = artifact.host.refusal
    return Executable(
        artifact.program, linked, stats=facts, threads=threads, host=host, exporter=exporter
    )
