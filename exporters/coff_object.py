"""Constants as a COFF object, for Windows.

Source: Microsoft, PE Format, "COFF File Header" to "COFF String Table".
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO

from .data import Data, pad, places, write_contents

MACHINES = {"x86_64": 0x8664, "aarch64": 0xAA64, "arm64": 0xAA64}

_HEADER = struct.Struct("<HHIIIHH")
_SECTION = struct.Struct("<8sIIIIIIHHI")
_SYMBOL = struct.Struct("<8sIhHBB")
_LONG_NAME = struct.Struct("<II")
_READ_ONLY_DATA = 0x40000000 | 0x00000040 | 0x00700000  # readable, initialised, at 64 bytes
_EXTERNAL = 2
_MAX_BYTES = 2**32 - 1


def write_coff_object(file: BinaryIO, arch: str, data: Sequence[Data]) -> None:
    """Write an object whose read-only data are `data`; see `data_objects.write_constants`."""
    machine = MACHINES.get(arch)
    if machine is None:
        raise NotImplementedError(
            f"COFF object of constants for {arch!r}; known: {', '.join(MACHINES)}"
        )
    file.write(bytes(_HEADER.size + _SECTION.size))
    start = pad(file, _HEADER.size + _SECTION.size)
    offsets, size = places(data)
    if size > _MAX_BYTES:
        raise NotImplementedError(f"COFF object of {size} bytes of constants; it ends at 4 GiB")
    write_contents(file, data)
    strings, symbols = b"", b""
    for item, offset in zip(data, offsets, strict=True):
        name = _LONG_NAME.pack(0, 4 + len(strings))  # the table begins with its size
        strings += item.symbol.encode() + b"\0"
        symbols += _SYMBOL.pack(name, offset, 1, 0, _EXTERNAL, 0)
    file.write(symbols)
    file.write(struct.pack("<I", 4 + len(strings)) + strings)
    file.seek(0)
    file.write(_HEADER.pack(machine, 1, 0, start + size, len(data), 0, 0))
    file.write(_SECTION.pack(b".rdata", 0, 0, size, start, 0, 0, 0, 0, _READ_ONLY_DATA))
