"""Kernels of the user's: objects and C sources whose functions a model calls.

    tyrex.compile(model, external=["scale.c"])       # relax.call_dps_packed @scale(%x) : ...

A function is of C and takes tensors, destinations included (runtime/native/tyrex.h):

    int32_t scale(void *context, const tyrex_tensor *const *inputs, int32_t num_inputs,
                  const tyrex_tensor *const *outputs, int32_t num_outputs);

It returns 0, or an error code after `context->set_error`. A model calls it as a kernel of its own:
for each list of types a small function, made here, describes the tensors. The code travels with the
model into whatever file that is written to.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..exporters.platforms import platform_of
from ..exporters.toolchain import find_toolchain, run_tool
from ..runtime.errors import ArgumentError, LoadError
from ..runtime.relocatable import read_object
from .cache_keys import digest

EXTERNAL = "external_code"
"""The key of a program's metadata under which it names the functions."""

_NATIVE = Path(__file__).resolve().parents[1] / "runtime" / "native"
_CFLAGS = ("-std=gnu11", "-O2", "-fPIC", "-Wall")


@dataclass(frozen=True)
class ExternalCode:
    """Objects, and the functions that they define."""

    objects: tuple[bytes, ...] = ()
    functions: frozenset[str] = frozenset()

    @staticmethod
    def of(
        files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None, triple: str
    ) -> ExternalCode:
        """Return the code in files: ELF objects (.o) and C sources (.c), compiled here.

        Args:
            files: one or several; not changed.
            triple: what the code is for.

        Raises:
            LoadError: a file cannot be read, or is no such object.
            ArgumentError: another suffix, or a function that two files define.
            UnsupportedError: there is no C compiler for a source.
            RuntimeFailure: the C compiler refused it.
        """
        if files is None:
            return ExternalCode()
        several = [files] if isinstance(files, str | os.PathLike) else list(files)
        objects: list[bytes] = []
        owners: dict[str, Path] = {}
        for path in map(Path, several):
            objects.append(_object(path, triple))
            for name in _defined(objects[-1], path):
                if name in owners:
                    raise ArgumentError(
                        f"compile: external: {path} and {owners[name]} both define {name!r}"
                    )
                owners[name] = path
        return ExternalCode(tuple(objects), frozenset(owners))

    def metadata(self) -> dict[str, str]:
        """Return what a program says about it."""
        return {EXTERNAL: ", ".join(sorted(self.functions))} if self.objects else {}

    def key(self) -> str:
        """Return what tells the code apart, "" where there is none."""
        return digest(*self.objects) if self.objects else ""


def _object(path: Path, triple: str) -> bytes:
    if path.suffix not in (".o", ".c"):
        raise ArgumentError(
            f"compile: external: {path.name!r} ends in {path.suffix or 'no suffix'}; known are .c,"
            " a source, and .o, an object"
        )
    if not path.is_file():
        raise LoadError(f"compile: external: {path}: there is no such file")
    if path.suffix == ".o":
        return path.read_bytes()
    toolchain = find_toolchain(platform_of(triple))
    with tempfile.TemporaryDirectory(prefix="tyrex-external-") as folder:
        include = [f"-I{path.resolve().parent}", f"-I{_NATIVE}"]
        source = str(path.resolve())
        run_tool(
            [*toolchain.command, *_CFLAGS, *include, "-c", source, "-o", "external.o"], Path(folder)
        )
        return (Path(folder) / "external.o").read_bytes()


def _defined(image: bytes, path: Path) -> Sequence[str]:
    try:
        found = read_object(image)
    except ValueError as error:
        raise LoadError(f"compile: external: {path}: {error}") from error
    if found is None:
        raise LoadError(f"compile: external: {path}: is no 64-bit little-endian ELF object")
    return list(found.defined)
