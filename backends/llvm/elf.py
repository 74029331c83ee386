"""The symbols of an ELF object: what it defines and what it needs from elsewhere."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_SHT_SYMTAB = 2
_STB_LOCAL = 0
_STB_WEAK = 2
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")


@dataclass(frozen=True, slots=True)
class Symbols:
    """Names that other objects can see, and names that others have to provide."""

    defined: tuple[str, ...]
    undefined: tuple[str, ...]
    machine: int
    """ELF's number of the architecture; see runtime/elf.py."""


def read_symbols(data: bytes) -> Symbols | None:
    """Return the symbols of a 64-bit little-endian ELF object, None where `data` is no such.

    Raises:
        ValueError: the file says it is ELF and is cut short.
    """
    if data[:6] != b"\x7fELF\x02\x01":
        return None
    try:
        return _read(data)
    except (struct.error, IndexError, ValueError) as error:
        raise ValueError(f"the ELF object of {len(data)} bytes is damaged: {error}") from error


def _read(data: bytes) -> Symbols:
    (machine,) = struct.unpack_from("<H", data, 18)
    (table,) = struct.unpack_from("<Q", data, 40)
    entry_size, count = struct.unpack_from("<HH", data, 58)
    sections: list[tuple[int, ...]] = [
        _SECTION.unpack_from(data, table + i * entry_size) for i in range(count)
    ]
    defined: list[str] = []
    undefined: list[str] = []
    for _name, kind, _flags, _addr, offset, size, link, _info, _align, entry in sections:
        if kind != _SHT_SYMTAB:
            continue
        strings = sections[link][4]
        for at in range(offset + entry, offset + size, entry):  # the first symbol is empty
            name, info, _other, section, _value, _size = _SYMBOL.unpack_from(data, at)
            binding = info >> 4
            if binding == _STB_LOCAL:
                continue
            start = strings + name
            text = data[start : data.index(b"\0", start)].decode()
            if section:
                defined.append(text)
            elif binding != _STB_WEAK:
                undefined.append(text)
    return Symbols(tuple(defined), tuple(undefined), machine)
