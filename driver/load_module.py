"""`tyrex.load_module`: a model in a file, ready to be called, whatever kind of file it is.

What runs is NumPy and the runtime; the compiler's packages are imported for files alone whose code
is not linked yet. What a model that was loaded is written with again is imported then.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..runtime.archive import MAGIC as ARCHIVE_MAGIC
from ..runtime.bundle import read_bundle
from ..runtime.elf import check_shared_library
from ..runtime.errors import LoadError, UnsupportedError
from ..runtime.export_options import ExportOptions
from ..runtime.loaded_bundle import Code, load_bundle
from ..runtime.module import About, Module, linked_module, load_library

if TYPE_CHECKING:
    from ..exporters.package import Package
    from ..runtime.bundle import Bundle
    from ..runtime.bytecode import Program, Symbol
    from ..runtime.signature import Signature

_ELF_MAGIC = b"\x7fELF"
_BITCODE_MAGIC = b"BC\xc0\xde"
_ET_REL = b"\1\0"
_TABLE = "_tyrex_module"
"""Ends the name of the function that an object's functions are found with (exporters/link.py)."""


def load_module(path: str | os.PathLike[str]) -> Module:
    """Return the model in a file that `export_library` wrote. Loading code runs it.

    Args:
        path: a bundle (.tyx), a shared library (.so), or an object (.o), which takes a C compiler
            to link it, or LLVM IR (.ll, .bc), which takes llvmlite; what it is, its first bytes
            or its suffix say.

    Raises:
        LoadError: the file is not there, is damaged, is no model, or is for another system or
            version.
        UnsupportedError: the processor lacks instructions that the model uses, or the file holds
            objects and llvmlite, which links them, is not installed.
    """
    file = Path(path).resolve()
    # A file that is damaged at its start says by its name what it was.
    load = _LOADERS.get(_magic(file)) or _LOADERS.get(file.suffix.encode())
    if load is None:
        raise LoadError(
            f"{file}: is no exported model; expected a bundle (.tyx) or a shared library (.so)"
        )
    return load(file)


def _magic(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(4)
    except OSError as error:
        raise LoadError(f"{file}: cannot be read: {error.strerror}") from error


def _load_bundle(file: Path) -> Module:
    with read_bundle(file) as bundle:
        executable = load_bundle(bundle, _link)
    manifest = bundle.manifest
    about = About(
        file,
        manifest.name,
        manifest.target,
        tuple(question.name for question in manifest.cpu),
        manifest.tyrex,
        manifest.metadata,
    )
    return Module(about, executable, _BundleExporter(bundle, executable.program))


def _load_elf(file: Path) -> Module:
    with file.open("rb") as opened:
        kind = opened.read(18)[16:]
    if kind == _ET_REL:
        return _load_object(file)
    return load_library(file, _LibraryExporter)


def _load_object(file: Path) -> Module:
    """Load an object of a whole model: it is linked to a library that nobody else sees."""
    from ..exporters.platforms import platform_of
    from ..exporters.toolchain import find_toolchain, run_tool
    from ..runtime.relocatable import read_object

    try:
        found = read_object(file.read_bytes())
    except ValueError as error:
        raise LoadError(f"{file}: {error}") from error
    tables = [name for name in found.defined if name.endswith(_TABLE)] if found else []
    if len(tables) != 1:
        raise LoadError(f"{file}: is no object of a model; make one with export_library")
    toolchain = find_toolchain(platform_of(f"{platform.machine()}-unknown-{sys.platform}-gnu"))
    with tempfile.TemporaryDirectory(prefix="tyrex-load-") as folder:
        words = ["-shared", "-pthread", "-Wl,-z,nodelete", "-o", "model.so", str(file), "-lm"]
        run_tool([*toolchain.command, *words], Path(folder))
        library = Path(folder) / "model.so"
        check_shared_library(library)
        opened = ctypes.CDLL(str(library))
    return linked_module(opened, tables[0], file, _LibraryExporter)


def system_lib(prefix: str) -> Module:
    """Return a model that is linked into this process: its archive (.a) or object (.o).

    Args:
        prefix: what its functions begin with, `name=` of its export.

    Raises:
        LoadError: there is none, or it is of another version.
    """
    table = f"{prefix}{_TABLE}"
    place = Path(f"<linked as {prefix}>")
    return linked_module(ctypes.CDLL(None), table, place, _LibraryExporter)


def _load_ir(file: Path) -> Module:
    from .load_ir import load_ir

    try:
        return load_ir(file, _LibraryExporter)
    except ImportError as error:
        raise UnsupportedError(
            f"{file}: is LLVM IR, of which {error.name or 'llvmlite'} makes code, and it is not"
            " installed: install it, or export the model as .tyx or .so"
        ) from error


_LOADERS: dict[bytes, Callable[[Path], Module]] = {
    ARCHIVE_MAGIC: _load_bundle,
    b".tyx": _load_bundle,
    _ELF_MAGIC: _load_elf,
    b".so": _load_elf,
    _BITCODE_MAGIC: _load_ir,
    b".bc": _load_ir,
    b".ll": _load_ir,
}
"""What a file begins with, or the suffix of its name -> what loads it."""


def _link(bundle: Bundle) -> Code:
    """Link the objects of a bundle into the process."""
    from .loading import LinkedHost, LinkedKernels, load_code

    manifest = bundle.manifest
    objects = [bytes(bundle.checked(name)) for name in bundle.objects]
    host = objects.pop() if objects and manifest.entry is not None else None
    try:
        loaded = load_code(objects, manifest.metadata)
    except ImportError as error:
        raise UnsupportedError(
            f"{bundle.path}: holds objects, which {error.name or 'llvmlite'} would link, and it is"
            " not installed: install it, or export the model again where there is a linker"
        ) from error
    linked = None
    if manifest.entry is not None and host is not None:
        linked = LinkedHost(host, loaded, manifest.kernels, manifest.entry, manifest.constants)
    return Code(LinkedKernels(loaded, manifest.kernels), linked)


@dataclass(frozen=True)
class _LibraryExporter:
    """Writes a shared library again: a copy, since its code is linked."""

    about: About
    signature: Signature

    @property
    def name(self) -> str:
        """What its functions begin with."""
        return self.about.name

    @property
    def symbols(self) -> Sequence[Symbol]:
        """The dims that inputs tell."""
        return self.about.symbols

    def export(self, path: Path, options: ExportOptions) -> Path:
        """Write the file that the suffix of `path` names; a shared library alone."""
        from ..exporters.formats import format_of
        from ..exporters.library import copy_shared

        source = self.about.path
        kind = source.suffix if source.suffix in (".so", ".o") else ""
        if not kind or format_of(path).suffix != kind or options.name not in (None, self.name):
            raise UnsupportedError(
                f"export: {source} can be written as {kind or 'nothing'}, under its name"
                f" {self.name!r}; what was loaded from a bundle (.tyx) can be written as a library"
            )
        copy_shared(source, path, self)
        return path

    def inspect(self, fmt: str) -> str:
        """Refuse: its text is not at hand; see `formats.source`."""
        return _no_source(self.name, fmt)

    def formats(self) -> list[str]:
        """Return the formats that `export` writes."""
        return ["so"]


class _BundleExporter:
    """Writes what was loaded from a bundle again."""

    def __init__(self, bundle: Bundle, program: Program) -> None:
        self._bundle, self._program = bundle, program

    def export(self, path: Path, options: ExportOptions) -> Path:
        """Write the file that the suffix of `path` names; see `formats.export`."""
        from ..exporters.formats import export

        return export(self, path, options)

    def inspect(self, fmt: str) -> str:
        """Refuse: its text is not at hand; see `formats.source`."""
        return _no_source(self._bundle.manifest.name, fmt)

    def formats(self) -> list[str]:
        """Return the formats that `export` writes."""
        from ..exporters.formats import FORMATS

        return [entry.name for entry in FORMATS.values() if entry.is_native]

    def package(self, name: str) -> Package:
        """Return the model under a name."""
        from ..exporters.bundle import package_of

        return replace(package_of(self._bundle, self._program), name=name)


def _no_source(name: str, fmt: str) -> str:
    from ..exporters.formats import NotLowered, source

    return source(NotLowered(), name, fmt)
