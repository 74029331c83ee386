"""An archive of one object, in the format that linkers of ELF systems read.

Source: System V, ar(4), with GNU's table of symbols.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

_MAGIC = b"!<arch>\n"
_HEADER_BYTES = 60


def archive_of(member: bytes, symbols: Sequence[str]) -> bytes:
    """Return an archive of one object.

    Args:
        member: the object.
        symbols: those that it defines, for others to refer to.
    """
    names = b"".join(name.encode() + b"\0" for name in symbols)
    names += bytes(len(names) % 2)
    index_bytes = 4 + 4 * len(symbols) + len(names)
    place = len(_MAGIC) + _HEADER_BYTES + index_bytes
    index = struct.pack(f">{1 + len(symbols)}I", len(symbols), *[place] * len(symbols)) + names
    padded = member + b"\n" * (len(member) % 2)
    return _MAGIC + _header("/", index_bytes) + index + _header("model.o/", len(member)) + padded


def _header(name: str, size: int) -> bytes:
    """Return a member's header; dates and owners are 0, so that equal models are equal files."""
    return f"{name:<16}{0:<12}{0:<6}{0:<6}{644:<8}{size:<10}`\n".encode()
