"""Constants as a Mach-O object, for macOS.

Source: Apple, mach-o/loader.h and mach-o/nlist.h.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO

from .data import Data, pad, places, write_contents

MACHINES = {"x86_64": (0x01000007, 3), "arm64": (0x0100000C, 0), "aarch64": (0x0100000C, 0)}
"""Architecture -> cputype and cpusubtype."""

_HEADER = struct.Struct("<IIIIIIII")
_SEGMENT = struct.Struct("<II16sQQQQIIII")
_SECTION = struct.Struct("<16s16sQQIIIIIIII")
_SYMBOL_TABLE = struct.Struct("<IIIIII")
_BUILD_VERSION = struct.Struct("<IIIIII")
_SYMBOL = struct.Struct("<IBBHQ")
_MAGIC_64, _OBJECT = 0xFEEDFACF, 1
_LC_SEGMENT_64, _LC_SYMTAB, _LC_BUILD_VERSION = 0x19, 0x2, 0x32
_READ_WRITE_EXECUTE = 7  # of objects' one segment; the linker makes others
_MACOS, _SYSTEM_11 = 1, 11 << 16
_ALIGN_LOG2 = 6
_EXTERN, _PRIVATE, _KIND_MASK, _IN_SECTION = 0x01, 0x10, 0x0E, 0x0E
_PRIVATE_EXTERN = _PRIVATE | _EXTERN | _IN_SECTION  # seen by other objects, not outside a library


def hidden(image: bytes) -> bytes:
    """Return an object whose symbols a library made of it does not show.

    Linkers are not all told which symbols to show in one way; this each of them understands.
    """
    out, at = bytearray(image), _HEADER.size
    for _ in range(_HEADER.unpack_from(image)[4]):
        command, size = struct.unpack_from("<II", image, at)
        if command == _LC_SYMTAB:
            _, _, symbols, count, _, _ = _SYMBOL_TABLE.unpack_from(image, at)
            for place in range(symbols, symbols + count * _SYMBOL.size, _SYMBOL.size):
                kind = _SYMBOL.unpack_from(image, place)[1]
                if kind & _EXTERN and kind & _KIND_MASK == _IN_SECTION:
                    out[place + 4] = kind | _PRIVATE
        at += size
    return bytes(out)


def write_macho_object(file: BinaryIO, arch: str, data: Sequence[Data]) -> None:
    """Write an object whose read-only data are `data`; see `data_objects.write_constants`."""
    machine = MACHINES.get(arch)
    if machine is None:
        raise NotImplementedError(
            f"Mach-O object of constants for {arch!r}; known: {', '.join(MACHINES)}"
        )
    segment_size = _SEGMENT.size + _SECTION.size
    commands = segment_size + _SYMBOL_TABLE.size + _BUILD_VERSION.size
    file.write(bytes(_HEADER.size + commands))
    start = pad(file, _HEADER.size + commands)
    offsets, size = places(data)
    write_contents(file, data)
    strings, symbols = b"\0", b""
    for item, offset in zip(data, offsets, strict=True):
        symbols += _SYMBOL.pack(len(strings), _PRIVATE_EXTERN, 1, 0, offset)
        strings += b"_" + item.symbol.encode() + b"\0"
    file.write(symbols + strings)
    at_strings = start + size + len(symbols)
    file.seek(0)
    file.write(_HEADER.pack(_MAGIC_64, *machine, _OBJECT, 3, commands, 0, 0))
    access = (_READ_WRITE_EXECUTE, _READ_WRITE_EXECUTE)
    segment = (_LC_SEGMENT_64, segment_size, b"", 0, size, start, size, *access, 1, 0)
    file.write(_SEGMENT.pack(*segment))
    section = (b"__const", b"__TEXT", 0, size, start, _ALIGN_LOG2, 0, 0, 0, 0, 0, 0)
    file.write(_SECTION.pack(*section))
    table = (_SYMBOL_TABLE.size, start + size, len(data), at_strings, len(strings))
    file.write(_SYMBOL_TABLE.pack(_LC_SYMTAB, *table))
    version = (_BUILD_VERSION.size, _MACOS, _SYSTEM_11, 0, 0)
    file.write(_BUILD_VERSION.pack(_LC_BUILD_VERSION, *version))
