"""An artifact becomes an executable: its objects are linked into the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..runtime import object_loader
from ..runtime.errors import LoadError
from ..runtime.executable import Executable
from ..runtime.export_options import ExportOptions
from ..runtime.kernel_library import KernelLibrary
from ..runtime.system_symbols import process_addresses
from .external_code import EXTERNAL
from .host_program import constant_symbol, entry_symbol

if TYPE_CHECKING:
    from .artifact import Artifact
    from .exporting import ArtifactExporter
    from .recipe import Recipe


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


def load_code(objects: Sequence[bytes], metadata: Mapping[str, str]) -> KernelLibrary:
    """Return the kernels of a model in memory.

    Code of the user's, which the metadata tell of, may use what the process has loaded.

    Raises:
        LoadError: see `load_objects`.
    """
    if EXTERNAL not in metadata:
        return load_objects(objects)
    files = [object_loader.read_for_this_machine(image) for image in objects]
    return load_objects(objects, process_addresses(files))


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

    def __init__(
        self,
        image: bytes,
        loaded: KernelLibrary,
        symbols: Mapping[str, str],
        entry: str = entry_symbol(),
        constants: Sequence[str] | None = None,
    ) -> None:
        """Take the object of a host program.

        Args:
            image: the object.
            loaded: the kernels.
            symbols: those of kernels, by their names in the program.
            entry: the symbol of the entry.
            constants: their symbols; those that a compile chooses when None.
        """
        self._image, self._entry, self._constants = image, entry, constants
        self._kernels = {symbol: loaded.address(symbol) for symbol in set(symbols.values())}
        self._loaded: KernelLibrary | None = None

    def link(self, constants: Sequence[int]) -> int:
        """Return the address of the entry, given those of the constants."""
        names = self._constants or [constant_symbol(i) for i in range(len(constants))]
        named = dict(zip(names, constants, strict=True))
        self._loaded = load_objects(self._image, {**self._kernels, **named})
        return self._loaded.address(self._entry)


class LazyExporter:
    """Writes an artifact to files; what that takes is imported then."""

    def __init__(self, artifact: Artifact, recipe: Recipe) -> None:
        self._artifact, self._recipe = artifact, recipe

    def _exporter(self) -> ArtifactExporter:
        from .exporting import ArtifactExporter

        return ArtifactExporter(self._artifact, self._recipe)

    def export(self, path: Path, options: ExportOptions) -> Path:
        """Write the model; see `ArtifactExporter.export`."""
        return self._exporter().export(path, options)

    def inspect(self, fmt: str) -> str:
        """Return the model's text; see `ArtifactExporter.inspect`."""
        return self._exporter().inspect(fmt)

    def formats(self) -> list[str]:
        """Return the formats that `export` writes."""
        return self._exporter().formats()


def load_artifact(
    artifact: Artifact,
    recipe: Recipe,
    threads: int | None,
    stats: Mapping[str, str],
    exec_mode: str,
    elsewhere: str = "",
    make: Callable[..., Executable] | None = None,
) -> Executable:
    """Return an executable of an artifact.

    Args:
        artifact: what a compile made, or the cache had.
        recipe: how the model is lowered again, for formats that need it.
        threads: of a run; None for the environment's.
        stats: what else is known of the compile.
        exec_mode: what runs the program: "bytecode", or "compiled" where it can be.
        elsewhere: why this process cannot run it; then it can only be exported.
        make: what puts it together, in place of `Executable`.

    Raises:
        LoadError: the objects are for another machine.
    """
    code_bytes = sum(map(len, artifact.objects))
    facts = {"code_bytes": code_bytes, **artifact.facts, **stats}
    exporter = LazyExporter(artifact, recipe)
    if elsewhere:
        return Executable(artifact.program, stats=facts, exporter=exporter, elsewhere=elsewhere)
    loaded = load_code(artifact.objects, artifact.program.metadata)
    linked = LinkedKernels(loaded, artifact.symbols)
    host = None
    if exec_mode == "compiled" and artifact.host.image:
        host = LinkedHost(artifact.host.image, loaded, artifact.symbols)
    elif exec_mode == "compiled":
        facts["bytecode_because"] = artifact.host.refusal
    return (make or Executable)(
        artifact.program, linked, stats=facts, threads=threads, host=host, exporter=exporter
    )
