"""Constants as an ELF object of 64 bits, little-endian, for the host or another target.

Source: the ELF specification in the System V ABI.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from ..runtime.elf import MACHINES
from .data import ALIGN_BYTES, Data

_FLAGS = {"riscv64": 0x4, "loongarch64": 0x43}
"""e_flags that linkers compare: floating-point numbers are passed in registers of 64 bits.
Source: the RISC-V and the LoongArch ELF psABI specifications."""

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_ET_REL = 1
_SHT_PROGBITS, _SHT_SYMTAB, _SHT_STRTAB, _SHT_NOBITS = 1, 2, 3, 8
_SHF_WRITE, _SHF_ALLOC = 1, 2
_GLOBAL_OBJECT = 1 << 4 | 1
_HIDDEN = 2
_DATA_SECTION, _RESERVED_SECTION = 1, 5

RESERVED_ALIGN_BYTES = 1 << 16
"""The largest pages that the systems here have."""


@dataclass(frozen=True)
class Region:
    """Memory that is reserved for data, and where the data will be in it."""

    symbol: str
    size_symbol: str
    size_bytes: int
    parts: Sequence[tuple[str, int, int]]
    """Symbol, offset, size in bytes."""


def write_data_object(file: BinaryIO, arch: str, data: Sequence[Data]) -> None:
    """Write an object whose read-only data are `data`; see `data_objects.write_constants`."""
    names, symbols, offset = b"\0", [_SYMBOL.pack(0, 0, 0, 0, 0, 0)], 0
    file.write(bytes(_HEADER.size))
    start = _pad(file, _HEADER.size)
    for item in data:
        size = item.content.nbytes
        symbols.append(
            _SYMBOL.pack(len(names), _GLOBAL_OBJECT, _HIDDEN, _DATA_SECTION, offset, size)
        )
        names += item.symbol.encode() + b"\0"
        file.write(item.content)
        offset = _pad(file, start + offset + size) - start
    _write_tables(file, start, offset, b"".join(symbols), names)
    _write_header(file, arch, 5)


def write_reserved_object(file: BinaryIO, arch: str, region: Region) -> None:
    """Write an object that reserves memory for data which are mapped over it when it is loaded.

    The memory begins and ends at a multiple of `RESERVED_ALIGN_BYTES`, so that it shares no page
    with anything; symbols of data are hidden, those of the region and of its size (a uint64_t)
    are shown.

    Args:
        file: at its start.
        arch: the architecture, first part of a triple.
        region: what is reserved.

    Raises:
        NotImplementedError: an architecture whose number in ELF is not known here.
    """
    names, symbols = b"\0", [_SYMBOL.pack(0, 0, 0, 0, 0, 0)]

    def add(symbol: str, visibility: int, section: int, at: int, size: int) -> None:
        nonlocal names
        entry = (len(names), _GLOBAL_OBJECT, visibility, section, at, size)
        symbols.append(_SYMBOL.pack(*entry))
        names += symbol.encode() + b"\0"

    reserved = -(-region.size_bytes // RESERVED_ALIGN_BYTES) * RESERVED_ALIGN_BYTES
    add(region.symbol, 0, _RESERVED_SECTION, 0, reserved)
    add(region.size_symbol, 0, _DATA_SECTION, 0, 8)
    for symbol, at, size in region.parts:
        add(symbol, _HIDDEN, _RESERVED_SECTION, at, size)
    file.write(bytes(_HEADER.size))
    start = _pad(file, _HEADER.size)
    file.write(struct.pack("<Q", region.size_bytes))
    _pad(file, start + 8)
    _write_tables(file, start, ALIGN_BYTES, b"".join(symbols), names, reserved)
    _write_header(file, arch, 6)


def _write_header(file: BinaryIO, arch: str, num_sections: int) -> None:
    """Write the header of a file whose last thing is the table of sections."""
    machine = MACHINES.get(arch)
    if machine is None:
        known = ", ".join(MACHINES)
        raise NotImplementedError(f"ELF object of constants for {arch!r}; known: {known}")
    table = file.tell() - num_sections * _SECTION.size
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    sizes = (_HEADER.size, 0, 0, _SECTION.size, num_sections, 4)
    header = (ident, _ET_REL, machine, 1, 0, 0, table, _FLAGS.get(arch, 0), *sizes)
    file.seek(0)
    file.write(_HEADER.pack(*header))


def _pad(file: BinaryIO, position: int) -> int:
    """Write zeros up to a multiple of the alignment; return the position then."""
    padding = -position % ALIGN_BYTES
    file.write(bytes(padding))
    return position + padding


def _write_tables(
    file: BinaryIO, start: int, size: int, symbols: bytes, names: bytes, reserved: int = 0
) -> None:
    """Write symbols and names, which follow the data, and the table of sections.

    Args:
        file: to write to.
        start: where the data start.
        size: of the data, in bytes.
        symbols: the table.
        names: of the symbols.
        reserved: the bytes of a section that takes memory and has no data; 0 for none.
    """
    section_names = b"\0.rodata\0.symtab\0.strtab\0.note.GNU-stack\0.bss\0"
    at_symbols = start + size
    at_names = at_symbols + len(symbols)
    strings = names + section_names
    for part in (symbols, strings):
        file.write(part)
    _pad(file, at_names + len(strings))

    def named(name: bytes) -> int:
        return len(names) + section_names.index(b"\0" + name) + 1

    # One table of strings serves symbols and sections; a stack note keeps stacks unexecutable.
    sections = (
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (named(b".rodata"), _SHT_PROGBITS, _SHF_ALLOC, 0, start, size, 0, 0, ALIGN_BYTES, 0),
        (named(b".symtab"), _SHT_SYMTAB, 0, 0, at_symbols, len(symbols), 4, 1, 8, _SYMBOL.size),
        (named(b".note.GNU-stack"), _SHT_PROGBITS, 0, 0, at_symbols, 0, 0, 0, 1, 0),
        (named(b".strtab"), _SHT_STRTAB, 0, 0, at_names, len(strings), 0, 0, 1, 0),
    )
    if reserved:
        flags = _SHF_ALLOC | _SHF_WRITE
        fields = (flags, 0, start, reserved, 0, 0, RESERVED_ALIGN_BYTES, 0)
        sections += ((named(b".bss"), _SHT_NOBITS, *fields),)
    for section in sections:
        file.write(_SECTION.pack(*section))
