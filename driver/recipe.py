"""How a compiled model was made: what the formats that are the compiler's own are made of again.

Objects and bytecode are kept with a compiled model; its IR is not, since few ask for it. A format
that needs it (.c, .ll, .bc, .s, .mlir) has the model read and lowered once more.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..runtime.errors import ArgumentError, LoadError, UnsupportedError
from .options import CompileOptions
from .pipeline_edits import NO_EDITS, PipelineEdits
from .sources import Kind, Source

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from ..exporters.c_source import Source as CSource
    from ..exporters.formats import LlvmOutput
    from ..exporters.package import Package

Stamp = tuple[int, int]
"""When a file was written, in nanoseconds, and its size in bytes."""


@dataclass(frozen=True)
class Recipe:
    """A model and what it was compiled with; made without reading it."""

    source: Source
    options: CompileOptions
    pipeline: Any = None
    """Passes that took the place of the graph level's."""
    edits: PipelineEdits = NO_EDITS
    stamp: Stamp | None = None
    """Of the model's file."""

    @staticmethod
    def of(source: Source, options: CompileOptions, pipeline: Any, edits: PipelineEdits) -> Recipe:
        """Return the recipe of a compile that is going on."""
        if source.kind is Kind.IR:  # whoever gave it may change it
            source = Source(source.kind, source.label, None, source.data.clone())
        return Recipe(source, options, pipeline, edits, _stamp(source.path))

    def package(self, name: str) -> Package:
        """Refuse: a recipe has no objects; see `formats.Model`."""
        raise UnsupportedError("export: the model was not compiled; this format needs its objects")

    def c_source(self, name: str) -> CSource:
        """Return the model as C; see `formats.Model`."""
        from .c_model import c_source

        return c_source(self._host(), name, self.options.metadata(self.source.name))

    def llvm(self, name: str, output: LlvmOutput) -> bytes:
        """Return the model as LLVM has it; see `formats.Model`."""
        from .llvm_model import llvm_output

        metadata = self.options.metadata(self.source.name)
        return llvm_output(self._host(), name, output, self.options, metadata)

    def mlir(self, phase: str, path: Path | None) -> str:
        """Return the model at a level; see `formats.Model`."""
        from ..dialects.side_files import constants_folder
        from .levels import IMPORT, IR_LEVELS, compile_to

        phases = (IMPORT, *IR_LEVELS)
        if phase not in phases:
            known = ", ".join(phases)
            raise ArgumentError(f"export: phase: expected one of {known}; found {phase!r}")
        self.check()
        folder = None if path is None else constants_folder(path)
        with self.context():
            text = compile_to(self.source, self.options, phase, self.pipeline, folder)
        assert isinstance(text, str), "a phase is text"
        return text

    def _host(self) -> ModuleOp:
        """Return the model at level `host`."""
        from .interpreter_settings import compiling
        from .levels import module_at

        self.check()
        with self.context(), compiling():
            return module_at(self.source, self.options, "host", self.pipeline)

    def context(self) -> AbstractContextManager[object]:
        """Return what is in force while the model is lowered: how pipelines were edited."""
        from .pass_context import PassContext

        current = PassContext.current()
        if current.edits == self.edits:
            return nullcontext()
        return PassContext(
            verify_each=current.verify_each,
            disabled_passes=self.edits.disabled,
            insert_before=self.edits.before,
            insert_after=self.edits.after,
        )

    def check(self) -> None:
        """Refuse a file that is not the one that was compiled.

        Raises:
            LoadError: it was written since.
        """
        if _stamp(self.source.path) != self.stamp:
            raise LoadError(
                f"{self.source.label}: the file changed since it was compiled, and this format is"
                " made of it; compile it again"
            )


def _stamp(path: Path | None) -> Stamp | None:
    try:
        status = None if path is None else path.stat()
    except OSError:
        return 0, 0
    return None if status is None else (status.st_mtime_ns, status.st_size)
