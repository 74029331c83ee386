"""An artifact becomes a file: what `Executable.export_library` does for compiled models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..exporters.formats import FORMATS, export, source
from ..exporters.package import Package
from ..runtime.errors import ArgumentError
from ..runtime.export_options import ExportOptions
from ..runtime.signature import Signature
from .host_program import ENTRY, constant_symbol, entry_symbol

if TYPE_CHECKING:
    from .artifact import Artifact
    from .recipe import Recipe

NAME = "model"
"""What functions begin with in texts that are no file's."""


@dataclass(frozen=True)
class ArtifactExporter:
    """Writes one artifact to files."""

    artifact: Artifact
    recipe: Recipe
    """Makes what the artifact does not hold."""

    def export(self, path: Path, options: ExportOptions) -> Path:
        """Write the model to a file of the kind that the suffix names; see `formats.export`."""
        return export(self, path, options, self.recipe)

    def inspect(self, fmt: str) -> str:
        """Return the model's text in a format; see `formats.source`."""
        return source(self.recipe, NAME, fmt)

    def formats(self) -> list[str]:
        """Return the formats that `export` writes."""
        return [entry.name for entry in FORMATS.values()]

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
            self.recipe.options.target.triple,
            self.recipe.options.target.features,
            program,
            artifact.symbols,
            program.metadata,
            host.refusal,
        )
