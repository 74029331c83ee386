"""What an export is asked for, and who does it: what `Executable.export_library` passes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

Place = str | os.PathLike[str]


@dataclass(frozen=True)
class ExportOptions:
    """The options of one export; None is a format's own choice.

    Which format takes which is in the table of `exporters/formats.py`.
    """

    name: str | None = None
    """What functions begin with; after the file when None."""
    cc: str | None = None
    """The command of the C compiler, which links, too."""
    phase: str | None = None
    """The level of the compiler."""
    weights: str | None = None
    """Where constants go."""
    linker: str | None = None
    """The same as `cc`; goes before it."""

    addons: Sequence[Place] | None = None
    """Objects, C sources and archives that are linked along."""
    fcompile: Callable[..., object] | None = None
    """Takes the place of the C compiler."""
    options: Sequence[str] | None = None
    """Further words for the C compiler."""
    workspace_dir: Place | None = None
    """Keeps what is made on the way."""

    def given(self) -> dict[str, Any]:
        """Return the options that were asked for, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


class Exporter(Protocol):
    """Writes a model to files, and shows what is in them."""

    def export(self, path: Path, options: ExportOptions) -> Path:
        """Write the file that the suffix of `path` names; return its path."""
        ...

    def inspect(self, fmt: str) -> str:
        """Return the text of a format."""
        ...

    def formats(self) -> list[str]:
        """Return the formats that `export` writes, suffixes without their dots."""
        ...
