"""Bundles: a model as one archive, `m.tyx`, read and checked before anything of it is used.

    manifest.json    what it is; the checksum of every other member
    program.vm       the bytecode (program_file.py), its constants elsewhere
    image.so         the code, linked; where a linker was found at export
    objects/0.o      the same code as objects: kernels, then the host program
    weights.bin      the constants, aligned so that they are mapped and not read

docs/recipes/ship-a-model.md says which versions load what.

Checksums guard against damage, not against people: a bundle holds native code, and loading it runs
that. Load what you trust.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from .archive import read_archive
from .errors import LoadError
from .manifest import Manifest
from .native_library import native

MANIFEST, PROGRAM, IMAGE = "manifest.json", "program.vm", "image.so"
_MAX_MANIFEST_BYTES = 1 << 24

WEIGHTS_SYMBOL, WEIGHTS_SIZE_SYMBOL = "tyrex_weights", "tyrex_weights_bytes"
"""Of an image: the memory that the constants are mapped to, and its size, a uint64_t."""


def checksum(content: memoryview, kind: str) -> str:
    """Return the checksum of a member as a manifest has it: `kind` is "sha256" or "xxh64"."""
    if kind == "sha256":
        return f"sha256:{hashlib.sha256(content).hexdigest()}"
    data = np.frombuffer(content, np.uint8)
    address: int = data.__array_interface__["data"][0]
    return f"xxh64:{native().checksum(address, data.nbytes):016x}"


@dataclass(frozen=True)
class Bundle:
    """A bundle, mapped; its manifest is read, its members' checksums are compared on demand."""

    path: Path
    manifest: Manifest
    file: BinaryIO
    """What weights are mapped from; `with` closes it, what is mapped stays."""
    data: memoryview
    """The file."""
    members: Mapping[str, memoryview]

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def checked(self, name: str) -> memoryview:
        """Return a member's bytes, its checksum compared.

        Raises:
            LoadError: there is none, or it is damaged.
        """
        content = self.members.get(name)
        if content is None:
            raise LoadError(f"{self.path}: damaged: member {name!r} is missing")
        self.check(name, content)
        return content

    def check(self, name: str, content: memoryview) -> None:
        """Compare the checksum of a member with that of `content`, a copy of it.

        Raises:
            LoadError: they differ.
        """
        wanted = self.manifest.members[name][1]
        if checksum(content, wanted.partition(":")[0]) != wanted:
            raise LoadError(f"{self.path}: damaged: the checksum of member {name!r} differs")

    def offset(self, name: str) -> int:
        """Return where a member's bytes begin in the file."""
        first, here = (
            cast(int, np.frombuffer(view, np.uint8).__array_interface__["data"][0])
            for view in (self.data, self.members[name])
        )
        return here - first

    @property
    def objects(self) -> list[str]:
        """The members that are objects, in order: kernels, then the host program."""
        names = (f"objects/{number}.o" for number in range(len(self.members)))
        return [name for name in names if name in self.members]


def read_bundle(path: Path) -> Bundle:
    """Return a bundle: its archive and manifest are whole; nothing of it has run.

    Raises:
        LoadError: it is not there, is none, is damaged, or of a version that is not known here.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise LoadError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return _read(path, file)
    except BaseException:
        file.close()
        raise


def _read(path: Path, file: BinaryIO) -> Bundle:
    try:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:  # also of an empty file
        raise LoadError(f"{path}: cannot be read: {error}") from error
    members = read_archive(data, str(path))
    text = members.pop(MANIFEST, None)
    if text is None or len(text) > _MAX_MANIFEST_BYTES:
        raise LoadError(f"{path}: is no bundle: it has no manifest, or one without an end")
    try:
        manifest = Manifest.read(bytes(text))
    except LoadError as error:
        raise LoadError(f"{path}: {error}") from None
    listed = {name: size for name, (size, _) in manifest.members.items()}
    if listed != {name: len(content) for name, content in members.items()}:
        raise LoadError(f"{path}: damaged: its members are not those of its manifest")
    return Bundle(path, manifest, file, data, members)
