"""What a model can be written as, by suffix: the one list of formats.

A format is a line of `FORMATS`: what it is, which options it takes, and a writer. The writer asks
the model for what it needs (`Model`), so that nothing is made for a format that does not want it,
and writes one file and what belongs beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..runtime.errors import ArgumentError
from ..runtime.export_options import ExportOptions
from .bundle import write_bundle
from .library import write_archive, write_object, write_shared
from .package import Package, identifier, is_identifier


class Model(Protocol):
    """What writers may ask a compiled model for."""

    def package(self, name: str) -> Package:
        """Return its native code, constants and bytecode, under a name.

        Where native code cannot express the host program, the package has the kernels alone, and
        says why.
        """
        ...


@dataclass(frozen=True)
class Job:
    """One export, checked."""

    model: Model
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


def _native(write: Callable[[Package, Path, str | None], None]) -> Callable[[Job], None]:
    def of(job: Job) -> None:
        package = job.model.package(job.name)
        if package.refusal:
            raise NotImplementedError(package.refusal)
        write(package, job.path, job.options.cc)

    return of


def _bundle(job: Job) -> None:
    write_bundle(job.model.package(job.name), job.path, job.options.cc)


_NATIVE = frozenset(("name", "cc"))

FORMATS: dict[str, Format] = {
    entry.suffix: entry
    for entry in (
        Format(".so", "a shared library with a C interface", _NATIVE, _native(write_shared)),
        Format(".a", "the same as an archive, to be linked in", _NATIVE, _native(write_archive)),
        Format(".o", "the same as one object", _NATIVE, _native(write_object)),
        Format(".tyx", "a bundle for tyrex.load_module", _NATIVE, _bundle),
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


def export(model: Model, path: Path, options: ExportOptions) -> Path:
    """Write a model to the file that the suffix of `path` names; return the file's path.

    Args:
        model: asked for what the format needs.
        path: an existing file is replaced at the end.
        options: those that the format does not take must be None.

    Raises:
        ArgumentError: an unknown suffix, a folder that is not there, a name that is none in C, or
            an option of another format.
        NotImplementedError: the model has what the format cannot express, by name.
        UnsupportedError: a tool that the format needs is missing.
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
    found.write(Job(model, path, _name(options.name, path), options))
    return path


def _name(name: str | None, path: Path) -> str:
    if name is None:
        return identifier(path.stem)
    if not is_identifier(name):
        raise ArgumentError(
            f"export: name: expected an identifier of C such as {identifier(name)!r}; found"
            f" {name!r}"
        )
    return name
