"""Relocatable ELF objects, as data: sections, symbols, relocations. Every bound is checked."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

ALLOC: Final = 0x2
WRITE: Final = 0x1
EXECUTE: Final = 0x4
"""Flags of a section: it is in memory; it is written; it is code."""

NO_BITS: Final = 8
"""The kind of a section that the file has no bytes of: zeros."""

UNDEFINED: Final = 0
ABSOLUTE: Final = 0xFFF1
"""Values of `Symbol.section` that are no section."""

_SYMBOLS, _RELOCATIONS = 2, 4
_LOCAL, _WEAK = 0, 2
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")


@dataclass(frozen=True, slots=True)
class Section:
    """Bytes of an object that stay together."""

    name: str
    kind: int
    flags: int
    size: int
    align: int
    content: memoryview
    """Of `size` bytes; empty where the kind is NO_BITS."""
    link: int
    info: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name for a place in a section."""

    name: str
    is_local: bool
    is_weak: bool
    section: int
    value: int


@dataclass(frozen=True, slots=True)
class Relocation:
    """A place whose bytes depend on where a symbol is."""

    offset: int
    kind: int
    symbol: int
    addend: int


@dataclass(frozen=True)
class ObjectFile:
    """A relocatable object of a 64-bit little-endian machine."""

    machine: int
    """ELF's number of the architecture; see elf.py."""
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]

    @cached_property
    def defined(self) -> tuple[str, ...]:
        """Names that other objects can see."""
        return tuple(s.name for s in self.symbols if not s.is_local and s.section != UNDEFINED)

    @cached_property
    def undefined(self) -> tuple[str, ...]:
        """Names that others have to provide."""
        return tuple(
            s.name
            for s in self.symbols
            if not s.is_local and not s.is_weak and s.section == UNDEFINED
        )

    def relocations(self) -> Iterator[tuple[int, Relocation]]:
        """Return every relocation with the index of the section that it changes.

        Raises:
            ValueError: one is outside of its section, or of a symbol that does not exist.
        """
        for table in self.sections:
            if table.kind != _RELOCATIONS:
                continue
            if not 0 < table.info < len(self.sections):
                raise ValueError(f"section '{table.name}' changes section {table.info}")
            for offset, info, addend in _RELOCATION.iter_unpack(table.content):
                symbol, kind = info >> 32, info & 0xFFFFFFFF
                if offset >= self.sections[table.info].size or symbol >= len(self.symbols):
                    raise ValueError(f"a relocation of '{table.name}' at {offset} is out of bounds")
                yield table.info, Relocation(offset, kind, symbol, addend)


def read_object(data: bytes) -> ObjectFile | None:
    """Read a relocatable object; None where `data` is no 64-bit little-endian ELF file.

    Raises:
        ValueError: the file says it is ELF and is cut short, or contradicts itself.
    """
    if data[:6] != b"\x7fELF\x02\x01":
        return None
    try:
        return _read(memoryview(data))
    except (struct.error, IndexError, ValueError) as error:
        raise ValueError(f"the ELF object of {len(data)} bytes is damaged: {error}") from error


def _read(data: memoryview) -> ObjectFile:
    header: tuple[int, ...] = _HEADER.unpack_from(data)
    machine, table = header[2], header[6]
    entry_size, count, names = header[11:14]
    raw: list[tuple[int, ...]] = [
        _SECTION.unpack_from(data, table + i * entry_size) for i in range(count)
    ]
    strings = _content(data, raw[names])
    sections = tuple(_section(data, entry, strings) for entry in raw)
    symbols: tuple[Symbol, ...] = ()
    for section in sections:
        if section.kind == _SYMBOLS:
            symbols = tuple(_read_symbols(section, sections))
    return ObjectFile(machine, sections, symbols)


def _section(data: memoryview, entry: tuple[int, ...], strings: memoryview) -> Section:
    name, kind, flags, _address, _offset, size, link, info, align, _entry_size = entry
    if align & (align - 1):
        raise ValueError(f"a section is aligned to {align} bytes")
    return Section(
        _text(strings, name), kind, flags, size, max(1, align), _content(data, entry), link, info
    )


def _content(data: memoryview, entry: tuple[int, ...]) -> memoryview:
    kind, offset, size = entry[1], entry[4], entry[5]
    if kind in (0, NO_BITS):
        return data[:0]
    if offset + size > len(data):
        raise ValueError(f"a section of {size} bytes at {offset} ends behind the file")
    return data[offset : offset + size]


def _read_symbols(table: Section, sections: tuple[Section, ...]) -> Iterator[Symbol]:
    strings = sections[table.link].content
    for name, info, _other, section, value, _size in _SYMBOL.iter_unpack(table.content):
        binding = info >> 4
        inside = section == ABSOLUTE or section < len(sections)
        if not inside or (0 < section < len(sections) and value > sections[section].size):
            raise ValueError(f"symbol '{_text(strings, name)}' is in no section")
        yield Symbol(_text(strings, name), binding == _LOCAL, binding == _WEAK, section, value)


def _text(strings: memoryview, at: int) -> str:
    if at >= len(strings):
        if at == 0:
            return ""
        raise ValueError(f"a name at {at} is behind the {len(strings)} bytes of names")
    rest = bytes(strings[at : at + 4096])
    return rest[: rest.index(b"\0")].decode()
