"""Compiled results on disk: a folder of entries, each found by a key of hexadecimal digits.

Entries are written to a temporary file and renamed, so that processes never see half of one; an
entry whose checksum is wrong is as good as absent. Where the folder cannot be used (no home, a
read-only disk, a folder that others may write to), nothing is kept and `Cache.reason` says why.

The folder is `TYREX_CACHE_DIR`, else the platform's folder for caches; it holds at most
`TYREX_CACHE_MAX_BYTES`, and what was used longest ago goes first. `TYREX_CACHE=0` turns it off.
"""

from __future__ import annotations

import mmap
import os
import secrets
import stat
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..runtime.errors import ArgumentError

FORMAT = "1"
"""A folder inside the cache; other numbers are other versions' entries."""

KINDS = ("kernels", "models", "files", "machines")
"""Objects of kernels, whole models, what is known about files and about processors."""

DEFAULT_MAX_BYTES = 4 << 30
_STALE_SECONDS = 3600
"""A temporary file that is older was left by a process that died."""

_MAGIC = b"tyrexcache"
HEADER_BYTES = 64
"""Before each entry: magic, checksum, size; a cache line, to keep what follows aligned."""
_TOUCH_SECONDS = 60
_TRIM_SECONDS = 600

_written_bytes: dict[Path, int] = {}
"""By this process since it trimmed, per folder."""


@dataclass(frozen=True)
class Usage:
    """What a kind of entries takes."""

    kind: str
    entries: int
    size_bytes: int


class Cache:
    """A folder of entries.

    Args:
        root: the folder; None for the one that the environment names.
        max_bytes: how much it may hold; None for what the environment says.
    """

    def __init__(self, root: Path | None = None, max_bytes: int | None = None) -> None:
        self.reason: str | None = None
        """Why nothing is kept, None where entries are."""
        self.root: Path | None = None
        try:
            self.root = _usable(root or default_root())
        except (OSError, RuntimeError) as error:
            self.reason = str(error)
        self.max_bytes = max_bytes_of_environment() if max_bytes is None else max_bytes

    @staticmethod
    def disabled(reason: str = "the caller turned it off") -> Cache:
        """Return a cache that keeps nothing."""
        store = object.__new__(Cache)
        store.root, store.reason, store.max_bytes = None, reason, 0
        return store

    def get(self, kind: str, key: str) -> memoryview | None:
        """Return the bytes of an entry, mapped from its file, or None."""
        path = self._path(kind, key)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            _touch(path)
        except (OSError, ValueError):  # absent, unreadable, or empty
            return None
        payload = data[HEADER_BYTES:]
        if bytes(data[:HEADER_BYTES]) != _header([payload]):
            with suppress(OSError):
                path.unlink()
            return None
        return payload

    def put(self, kind: str, key: str, parts: bytes | Sequence[bytes | memoryview]) -> bool:
        """Write an entry, of one piece or several; tell whether it is there now."""
        path, root = self._path(kind, key), self.root
        if path is None or root is None:
            return False
        pieces = [parts] if isinstance(parts, bytes) else parts
        temporary = path.with_name(f".{key[:16]}-{os.getpid()}-{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with temporary.open("xb") as file:
                file.write(_header(pieces))
                file.writelines(pieces)
            temporary.replace(path)
            _written_bytes[root] = _written_bytes.get(root, 0) + sum(map(len, pieces))
        except OSError:  # the disk is full, or read-only: a cache may forget
            with suppress(OSError):
                temporary.unlink()
            return False
        return True

    def trim_if_due(self) -> int:
        """Trim when a sixteenth of the bound was written here, or nobody has for a while."""
        if self.root is None:
            return 0
        stamp = self.root / FORMAT / "trimmed"
        written = _written_bytes.get(self.root, 0)
        try:
            is_recent = time.time() - stamp.stat().st_mtime < _TRIM_SECONDS
        except OSError:
            is_recent = False
        if is_recent and written < self.max_bytes // 16:
            return 0
        _written_bytes[self.root] = 0
        with suppress(OSError):
            stamp.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            stamp.touch()
        return self.trim()

    def trim(self) -> int:
        """Remove what was used longest ago until the rest fits; return the bytes removed."""
        found = sorted(self._files(), key=lambda item: item[1].st_mtime)
        total = sum(status.st_size for _, status in found)
        limit = self.max_bytes if total <= self.max_bytes else self.max_bytes * 9 // 10
        removed = 0
        for path, status in found:
            stale = path.name.startswith(".") and time.time() - status.st_mtime > _STALE_SECONDS
            if total - removed > limit or stale:
                with suppress(OSError):
                    path.unlink()
                    removed += status.st_size
        return removed

    def clear(self) -> int:
        """Remove every entry; return the bytes removed."""
        removed = 0
        for path, status in list(self._files()):
            with suppress(OSError):
                path.unlink()
                removed += status.st_size
        return removed

    def usage(self) -> list[Usage]:
        """Return what each kind of entries takes."""
        sizes: dict[str, list[int]] = {kind: [] for kind in KINDS}
        for path, status in self._files():
            sizes[path.parent.name].append(status.st_size)
        return [Usage(kind, len(found), sum(found)) for kind, found in sizes.items()]

    def _path(self, kind: str, key: str) -> Path | None:
        assert kind in KINDS, kind
        return None if self.root is None else self.root / FORMAT / kind / key

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for kind in KINDS if self.root is not None else ():
            assert self.root is not None
            with suppress(OSError), os.scandir(self.root / FORMAT / kind) as entries:
                for entry in entries:
                    with suppress(OSError):  # removed meanwhile
                        yield Path(entry.path), entry.stat()


def default_root() -> Path:
    """Return `TYREX_CACHE_DIR`, else the platform's folder for the caches of a user.

    Raises:
        RuntimeError: the cache is turned off, or the user has no home.
    """
    if os.environ.get("TYREX_CACHE", "") in ("0", "off"):
        raise RuntimeError("TYREX_CACHE turns the cache off")
    chosen = os.environ.get("TYREX_CACHE_DIR")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("tyrex")


def max_bytes_of_environment() -> int:
    """Return `TYREX_CACHE_MAX_BYTES`, else the default.

    Raises:
        ArgumentError: it is no number.
    """
    text = os.environ.get("TYREX_CACHE_MAX_BYTES", "").strip()
    if text and not text.isdecimal():
        raise ArgumentError(f"TYREX_CACHE_MAX_BYTES: expected a number of bytes; found {text!r}")
    return int(text) if text else DEFAULT_MAX_BYTES


def _usable(root: Path) -> Path:
    """Return the folder, made where it is missing.

    Raises:
        OSError: it cannot be made or written, or somebody else could put entries into it.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = root.stat()
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        raise PermissionError(f"{root} belongs to another user; its entries are not trusted")
    if stat.S_IMODE(status.st_mode) & 0o022 and os.name == "posix":
        raise PermissionError(f"{root} can be written by other users; chmod go-w makes it usable")
    if not os.access(root, os.W_OK | os.X_OK):
        raise PermissionError(f"{root} cannot be written")
    return root


def _header(parts: Sequence[bytes | memoryview]) -> bytes:
    checksum = size = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
        size += len(part)
    fields = checksum.to_bytes(4, "little") + size.to_bytes(8, "little")
    return (_MAGIC + fields).ljust(HEADER_BYTES, b"\0")


def _touch(path: Path) -> None:
    """Note that an entry was used, at most once a minute."""
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > _TOUCH_SECONDS:
            os.utime(path)
