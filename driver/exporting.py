"""An artifact becomes a file: what `Executable.export_library` does for compiled models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..exporters.formats import export
from ..exporters.package import Package
from ..runtime.bytecode import Function
from ..runtime.errors import ArgumentError
from ..runtime.export_options import ExportOptions
from ..runtime.signature import Signature
from .host_program import ENTRY, constant_symbol, entry_symbol

if TYPE_CHECKING:
    from ..dialects.machine import Target
    from .artifact import Artifact


@dataclass(frozen=True)
class ArtifactExporter:
    """Writes one artifact to files."""

    artifact: Artifact
    target: Target

    def export(self, path: Path, options: ExportOptions) -> Path:
        """Write the model to a file of the kind that the suffix names; see `formats.export`."""
        return export(self, path, options)

    def package(self, name: str) -> Package:
        """Return the model under a name; see `formats.Model`."""
        artifact = self.artifact
        program = artifact.program
        main = next((f for f in program.functions if f.name == ENTRY), None)
        if main is None:
            raise ArgumentError(f"export: the program has no function '{ENTRY}'")
        host = artifact.host
        is_native = host.job is not None
        return Package(
            name,
            entry_symbol() if is_native else "",
            (*artifact.objects, host.image) if is_native else artifact.objects,
            tuple((constant_symbol(i), c) for i, c in enumerate(program.constants)),
            Signature.of(main),
            self.target.triple,
            self.target.features,
            program,
            artifact.symbols,
            program.metadata,
            host.refusal or _refusal(main),
        )


def _refusal(main: Function) -> str:
    """Return why a function cannot be called through the C interface, "" where it can."""
    if not main.symbols:
        return ""
    dim = main.symbols[0].name
    return (
        f"export: the dim '{dim}' is not known before the model runs, and the C interface has no"
        f" such dims yet; fix it when the model is read: dims={{{dim!r}: 1}}; or write a bundle"
    )
