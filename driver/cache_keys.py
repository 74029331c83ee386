"""What a cached result depends on, as digests: the compiler itself, files, texts.

A digest of the bytes, never of a name or a date; but a file that was digested once is not read
again while its size, time and inode stay the same (`FileDigests`).
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..runtime.native_library import ABI_VERSION
from .cache import Cache

DIGEST_BYTES = 20

_PACKAGE = Path(__file__).resolve().parents[1]
_FOLDERS = (
    "analysis",
    "backends",
    "dialects",
    "driver",
    "frontends",
    "interpreters",
    "passes",
    "runtime",
    "symbolic",
)
"""Where the compiler is: the folders whose sources may change what it makes."""

_SETTLED_NS = 2_000_000_000
"""A file younger than this may change again within the same tick of the file system's clock."""


def digest(*parts: str | bytes | memoryview) -> str:
    """Return the digest of texts and bytes, each told apart from the next by its length."""
    hasher = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        hasher.update(len(data).to_bytes(8, "little"))
        hasher.update(data)
    return hasher.hexdigest()


class FileDigests:
    """Digests of files, remembered in a cache."""

    def __init__(self, store: Cache) -> None:
        self._store = store

    def of(self, path: Path) -> str:
        """Return the digest of a file's bytes.

        Raises:
            OSError: it cannot be read.
        """
        path = path.resolve()
        status = path.stat()
        stamp = [status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev]
        key = digest("file", str(path))
        known = _read_json(self._store.get("files", key))
        if known and known[:-1] == stamp:
            return str(known[-1])
        with path.open("rb") as file:
            found = hashlib.file_digest(file, _hasher).hexdigest()
        if time.time_ns() - status.st_mtime_ns > _SETTLED_NS:
            self._store.put("files", key, json.dumps([*stamp, found]).encode())
        return found


def _hasher() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=DIGEST_BYTES)


def _read_json(data: memoryview | None) -> list[object]:
    if data is None:
        return []
    try:
        found = json.loads(bytes(data))
    except ValueError:
        return []
    return found if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType]


@cache
def compiler_digest() -> str:
    """Return the digest of everything but the model that decides what a compile makes.

    The sources of the compiler, the versions of what it stands on, the runtime's ABI.
    """
    sources = [f"{path.relative_to(_PACKAGE)} {digest(path.read_bytes())}" for path in _sources()]
    return digest(*sources, *versions(), f"abi {ABI_VERSION}")


def versions() -> Iterable[str]:
    """Return the packages that the compiler stands on, each with its version."""
    yield f"python {sys.version_info.major}.{sys.version_info.minor}"
    for package in ("xdsl", "llvmlite", "onnx", "numpy"):
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:  # a system without it may still run what is cached
            yield f"{package} absent"


def _sources() -> Iterator[Path]:
    for folder in _FOLDERS:
        yield from sorted((_PACKAGE / folder).rglob("*.py"))
