"""An artifact becomes a file: what `Executable.export_library` does for compiled models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..exporters.library import suffix_of, write_library
from ..exporters.package import Package, identifier, is_identifier
from ..runtime.errors import ArgumentError
from ..runtime.signature import Signature
from .cache import Cache
from .host_program import ENTRY, constant_symbol, entry_symbol

if TYPE_CHECKING:
    from .artifact import Artifact


@dataclass(frozen=True)
class ArtifactExporter:
    """Writes one artifact to files."""

    artifact: Artifact
    store: Cache
    """Where objects of host programs are looked up and kept."""

    def export(self, path: Path, name: str | None, cc: str | None) -> Path:
        """Write the model to a file of the kind that the suffix names; return its path.

        Raises:
            ArgumentError: an unknown suffix, or a name that is none in C.
            NotImplementedError: the program needs Python, or is for no ELF system.
            UnsupportedError, RuntimeFailure: the C compiler is missing, or fails.
        """
        suffix_of(path)  # before LLVM is asked for anything
        return write_library(self.package(_checked(name, path)), path, cc)

    def package(self, name: str) -> Package:
        """Return the model under a name."""
        artifact = self.artifact
        program = artifact.program
        main = next((f for f in program.functions if f.name == ENTRY), None)
        if main is None:
            raise ArgumentError(f"export_library: the program has no function '{ENTRY}'")
        prefix = f"{name}_tyrex"
        host = artifact.host.object_named(prefix, self.store)
        job = artifact.host.job_named(prefix)
        return Package(
            name,
            entry_symbol(prefix),
            (*artifact.objects, host),
            tuple((constant_symbol(i, prefix), c) for i, c in enumerate(program.constants)),
            Signature.of(main),
            job.machine.triple,
            tuple(filter(None, job.machine.features.split(","))),
            program.metadata,
        )


def _checked(name: str | None, path: Path) -> str:
    if name is None:
        return identifier(path.stem)
    if not is_identifier(name):
        raise ArgumentError(
            f"export_library: name: expected an identifier of C such as {identifier(name)!r};"
            f" found {name!r}"
        )
    return name
