"""What a model can be written as, by suffix: the one list of formats.

A format is a line of `FORMATS`: what it is, which options it takes, and a writer. The writer asks
the model for what it needs (`Model`), so that nothing is made for a format that does not want it,
and writes one file and what belongs beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from ..runtime.errors import ArgumentError, UnsupportedError
from ..runtime.export_options import ExportOptions
from . import c_source
from .bundle import write_bundle
from .c_constants import weights
from .library import Tools, write_archive, write_object, write_shared
from .package import Package, identifier, is_identifier

LlvmOutput = Literal["llvm", "bitcode", "assembly"]


class Model(Protocol):
    """What writers of machine code may ask a compiled model for."""

    def package(self, name: str) -> Package:
        """Return its native code, constants and bytecode, under a name.

        Where native code cannot express the host program, the package has the kernels alone, and
        says why.
        """
        ...


class Lowered(Protocol):
    """What writers of text may ask the compiler for."""

    def c_source(self, name: str) -> c_source.Source:
        """Return code and constants as C, whose functions begin with `name`.

        Raises:
            NotImplementedError: C cannot express the program.
        """
        ...

    def llvm(self, name: str, output: LlvmOutput) -> bytes:
        """Return code and constants as LLVM has them; symbols begin with `name`."""
        ...

    def mlir(self, phase: str, path: Path | None) -> str:
        """Return the model at a level; large arrays go into a folder beside `path`.

        Raises:
            ArgumentError: there is no such level.
        """
        ...


@dataclass(frozen=True)
class Job:
    """One export, checked."""

    model: Model
    lowered: Lowered
    path: Path
    """In a folder that is there."""
    name: str
    """An identifier of C."""
    options: ExportOptions


@dataclass(frozen=True)
class Format:
    """A kind of file."""

    suffix: str
    """With its dot."""
    about: str
    """What it is, in a few words."""
    options: frozenset[str]
    """The fields of `ExportOptions` that it takes."""
    write: Callable[[Job], None]
    is_native: bool = False
    """It is made of the objects of a compiled model, others of what the model is lowered to."""
    text: Callable[[Lowered, str], str] | None = None
    """Returns what is in the file, of a model and its name, where that is text."""

    @property
    def name(self) -> str:
        """The suffix without its dot."""
        return self.suffix[1:]


def _write_c(job: Job) -> None:
    """Write a C file and its header; the weights into a file of their own when asked for."""
    beside = _beside(job.options)
    source = job.lowered.c_source(job.name)
    if beside:
        constants = [constant for _, constant in source.package.constants]
        _write_text(job.path.with_name(f"{job.name}.weights"), weights(constants))
    header = c_source.header_of(source.package, weights_beside=beside)
    _write_text(job.path.with_name(f"{job.name}.h"), [header])
    _write_text(job.path, c_source.source_text(source, weights_beside=beside))


def _beside(options: ExportOptions) -> bool:
    """Tell whether constants go into a file of their own."""
    choice = options.weights
    if choice not in (None, *WEIGHTS):
        known = " or ".join(map(repr, WEIGHTS))
        raise ArgumentError(f"export: weights: expected {known}; found {choice!r}")
    return choice == "beside"


def _write_text(path: Path, pieces: Iterable[str | bytes | memoryview]) -> None:
    """Write a file, which takes the place of an older one when it is whole."""
    part = path.with_name(f".tyrex-export-{os.getpid()}-{path.name}")
    try:
        with part.open("wb") as file:
            for piece in pieces:
                file.write(piece.encode() if isinstance(piece, str) else piece)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _c_text(model: Lowered, name: str) -> str:
    return "".join(c_source.source_text(model.c_source(name)))


def _llvm(suffix: str, about: str, output: LlvmOutput) -> Format:
    """Return a format that LLVM writes."""

    def write(job: Job) -> None:
        _write_text(job.path, [job.lowered.llvm(job.name, output)])

    def text(model: Lowered, name: str) -> str:
        return model.llvm(name, output).decode()

    is_text = output != "bitcode"
    return Format(suffix, about, frozenset(("name",)), write, text=text if is_text else None)


_NATIVE = frozenset(("name", "cc", "linker"))
_LINKED = _NATIVE | {"weights", "addons", "fcompile", "options", "workspace_dir"}


def _native(suffix: str, about: str, write: Callable[[Package, Path, Tools], None]) -> Format:
    """Return a format that is made of objects."""

    def write_package(job: Job) -> None:
        package = job.model.package(job.name)
        if package.refusal:
            raise NotImplementedError(package.refusal)
        write(package, job.path, _tools(job.options))

    return Format(suffix, about, _LINKED, write_package, is_native=True)


def _tools(options: ExportOptions) -> Tools:
    """Return how a library is to be put together; what the caller gave is copied."""
    folder = options.workspace_dir
    return Tools(
        options.linker or options.cc,
        tuple(map(Path, options.addons or ())),
        tuple(options.options or ()),
        None if folder is None else Path(folder),
        _beside(options),
        options.fcompile,
    )


def _write_bundle(job: Job) -> None:
    options = job.options
    write_bundle(job.model.package(job.name), job.path, options.linker or options.cc)


def _write_mlir(job: Job) -> None:
    _write_text(job.path, [job.lowered.mlir(job.options.phase or PHASE, job.path)])


PHASE = "import"
"""The phase that .mlir files are of when none is asked for: it depends on no target."""

WEIGHTS = ("inside", "beside")
"""Where constants go: into the file, or into one beside it."""

FORMATS: dict[str, Format] = {
    entry.suffix: entry
    for entry in (
        _native(".so", "a shared library with a C interface", write_shared),
        _native(".dylib", "the same for macOS", write_shared),
        _native(".dll", "the same for Windows", write_shared),
        _native(".wasm", "the same as a WebAssembly module", write_shared),
        _native(".a", "the same as an archive, to be linked in", write_archive),
        _native(".o", "the same as one object", write_object),
        Format(
            ".tyx",
            "a bundle for tyrex.load_module",
            _NATIVE,
            _write_bundle,
            is_native=True,
        ),
        Format(
            ".c",
            "the same as source, for any C11 compiler",
            frozenset(("name", "weights")),
            _write_c,
            text=_c_text,
        ),
        _llvm(".ll", "code and weights as LLVM IR", "llvm"),
        _llvm(".bc", "the same as LLVM bitcode", "bitcode"),
        _llvm(".s", "the same as assembly", "assembly"),
        Format(
            ".mlir",
            "the module at a phase of the compiler",
            frozenset(("phase",)),
            _write_mlir,
            text=lambda model, name: model.mlir(PHASE, None),
        ),
    )
}
"""Suffix -> format."""


def format_of(path: Path) -> Format:
    """Return the format that a file's suffix names.

    Raises:
        ArgumentError: it names none.
    """
    found = FORMATS.get(path.suffix)
    if found is None:
        known = ", ".join(f"{entry.suffix} ({entry.about})" for entry in FORMATS.values())
        raise ArgumentError(
            f"export: {path.name!r} ends in {path.suffix or 'no suffix'}; known are {known}"
        )
    return found


class NotLowered:
    """A model that the compiler has no part in any more: it was loaded."""

    def c_source(self, name: str) -> c_source.Source:
        """Refuse."""
        raise _not_lowered()

    def llvm(self, name: str, output: LlvmOutput) -> bytes:
        """Refuse."""
        raise _not_lowered()

    def mlir(self, phase: str, path: Path | None) -> str:
        """Refuse."""
        raise _not_lowered()


def _not_lowered() -> UnsupportedError:
    return UnsupportedError(
        "export: text is written of a model that was compiled in this process, this one was loaded;"
        " compile it again"
    )


def export(
    model: Model, path: Path, options: ExportOptions, lowered: Lowered | None = None
) -> Path:
    """Write a model to the file that the suffix of `path` names; return the file's path.

    Args:
        model: asked for what the format needs.
        path: an existing file is replaced at the end.
        options: those that the format does not take must be None.
        lowered: the same model, for formats that are text.

    Raises:
        ArgumentError: an unknown suffix, a folder that is not there, a name that is none in C, or
            an option of another format.
        NotImplementedError: the model has what the format cannot express, by name.
        UnsupportedError: a tool that the format needs is missing, or text of a loaded model.
        RuntimeFailure: a tool failed.
    """
    found = format_of(path)
    for option in options.given():
        if option not in found.options:
            takers = ", ".join(f.suffix for f in FORMATS.values() if option in f.options)
            raise ArgumentError(
                f"export: {option}= is for {takers or 'no format'}; found {path.name!r}"
            )
    if not path.parent.is_dir():
        raise ArgumentError(f"export: there is no folder {str(path.parent)!r}; make it")
    found.write(Job(model, lowered or NotLowered(), path, _name(options.name, path), options))
    return path


def source(model: Lowered, name: str, fmt: str = "") -> str:
    """Return the text of a model in a format.

    Args:
        model: asked for what the format needs.
        name: what its functions begin with.
        fmt: a suffix without its dot; "" for LLVM IR.

    Raises:
        ArgumentError: there is no such format, or it is no text.
    """
    found = FORMATS.get(f".{fmt or 'll'}")
    if found is None or found.text is None:
        known = ", ".join(entry.name for entry in FORMATS.values() if entry.text is not None)
        raise ArgumentError(f"inspect_source: expected one of {known}; found {fmt!r}")
    return found.text(model, name)


def _name(name: str | None, path: Path) -> str:
    if name is None:
        return identifier(path.stem)
    if not is_identifier(name):
        raise ArgumentError(
            f"export: name: expected an identifier of C such as {identifier(name)!r}; found"
            f" {name!r}"
        )
    return name
