"""Constants as an ELF object of 32 bits, little-endian: for ARM.

Source: Tool Interface Standard, ELF specification 1.2; ELF for the ARM Architecture.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO

from ..runtime.elf import MACHINES
from .data import ALIGN_BYTES, Data, pad, places, write_contents

ARCHITECTURES = ("armv7", "armv7a")

_EABI_5 = 0x5000000  # e_flags, which linkers compare
_IDENT = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
_HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
_SECTION = struct.Struct("<IIIIIIIIII")
_SYMBOL = struct.Struct("<IIIBBH")
_ET_REL = 1
_SHT_PROGBITS, _SHT_SYMTAB, _SHT_STRTAB = 1, 2, 3
_SHF_ALLOC = 2
_GLOBAL_OBJECT, _HIDDEN = 1 << 4 | 1, 2
_SECTION_NAMES = b"\0.rodata\0.symtab\0.strtab\0.note.GNU-stack\0"


def write_elf32_object(file: BinaryIO, arch: str, data: Sequence[Data]) -> None:
    """Write an object whose read-only data are `data`; see `data_objects.write_constants`."""
    if arch not in ARCHITECTURES:
        raise NotImplementedError(
            f"ELF object of constants for {arch!r}; known: {', '.join(ARCHITECTURES)}"
        )
    file.write(bytes(_HEADER.size))
    start = pad(file, _HEADER.size)
    offsets, size = places(data)
    write_contents(file, data)
    names, symbols = _SECTION_NAMES, bytes(_SYMBOL.size)
    for item, at in zip(data, offsets, strict=True):
        place = (len(names), at, item.content.nbytes)
        symbols += _SYMBOL.pack(*place, _GLOBAL_OBJECT, _HIDDEN, 1)
        names += item.symbol.encode() + b"\0"
    file.write(symbols + names)
    table = pad(file, start + size + len(symbols) + len(names))
    for section in _sections(start, size, len(symbols), len(names)):
        file.write(_SECTION.pack(*section))
    file.seek(0)
    sizes = (_HEADER.size, 0, 0, _SECTION.size, 5, 4)
    file.write(_HEADER.pack(_IDENT, _ET_REL, MACHINES[arch], 1, 0, 0, table, _EABI_5, *sizes))


def _sections(start: int, size: int, symbols: int, names: int) -> Sequence[tuple[int, ...]]:
    """Return the table of sections; one table of strings serves symbols and sections."""

    def named(name: bytes) -> int:
        return _SECTION_NAMES.index(b"\0" + name) + 1

    at_symbols, at_names = start + size, start + size + symbols
    return (
        (0,) * 10,
        (named(b".rodata"), _SHT_PROGBITS, _SHF_ALLOC, 0, start, size, 0, 0, ALIGN_BYTES, 0),
        (named(b".symtab"), _SHT_SYMTAB, 0, 0, at_symbols, symbols, 4, 1, 4, _SYMBOL.size),
        # A stack note keeps stacks unexecutable.
        (named(b".note.GNU-stack"), _SHT_PROGBITS, 0, 0, at_symbols, 0, 0, 0, 1, 0),
        (named(b".strtab"), _SHT_STRTAB, 0, 0, at_names, names, 0, 0, 1, 0),
    )
