"""What an exported file says of its model: read without running or linking anything.

A model's description is JSON in a string of its code; each kind of file writes strings its own way.
"""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from ..runtime.errors import LoadError
from .package import FORMAT

_MAX_BYTES = 1 << 22
"""Of a description: what is longer is none."""


def description_of(path: Path) -> dict[str, Any]:
    """Return what is known of the model in a file: name, target, inputs, outputs, metadata.

    Raises:
        LoadError: the file cannot be read, or holds no exported model.
    """
    try:
        text = _text_in(path, *READERS[path.suffix])
        about = None if text is None else cast(dict[str, Any], json.loads(text))
    except OSError as error:
        raise LoadError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise LoadError(f"{path}: its description is damaged: {error}") from error
    if about is None:
        raise LoadError(f"{path}: holds no model that export_library wrote")
    if about.get("format") != FORMAT:
        raise LoadError(
            f"{path}: expected format {FORMAT}; found {about.get('format')}: export the model again"
        )
    return about


def _text_in(
    path: Path, begin: bytes, end: bytes, decode: Callable[[bytes], bytes]
) -> bytes | None:
    """Return the description in a file, None where there is none."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(begin)
        if start < 0:
            return None
        stop = data.find(end, start + len(begin), start + _MAX_BYTES)
        text = decode(data[start : stop if stop >= 0 else start + _MAX_BYTES])
        return text[text.index(b"{") :]


def _same(data: bytes) -> bytes:
    return data


def _of_llvm(data: bytes) -> bytes:
    def plain(match: re.Match[bytes]) -> bytes:
        return b"\\" if match[1] == b"\\" else bytes.fromhex(match[1].decode())

    return re.sub(rb"\\(\\|[0-9A-F]{2})", plain, data)


def _of_assembly(data: bytes) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", data)


def _of_c(data: bytes) -> bytes:
    """Join literals."""
    return b"".join(re.sub(rb"\\(.)", rb"\1", m) for m in re.findall(rb'"((?:[^"\\]|\\.)*)"', data))


Reader = tuple[bytes, bytes, Callable[[bytes], bytes]]
"""What a description begins with in a file, what follows it, how its bytes are read."""

_BINARY: Reader = (b'{"format": ', b"\0", _same)

READERS: dict[str, Reader] = {
    ".so": _BINARY,
    ".dylib": _BINARY,
    ".dll": _BINARY,
    ".a": _BINARY,
    ".o": _BINARY,
    ".c": (b"static const char description[] =\n", b";\n", _of_c),
    ".ll": (rb'c"{\22format\22: ', rb'\00"', _of_llvm),
    ".s": (rb'"{\"format\": ', b'"\n', _of_assembly),
}
"""Suffix -> how a description is found."""
