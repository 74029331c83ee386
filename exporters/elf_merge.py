"""Several ELF objects as one, whose own functions are all that others see: `ld -r` and `objcopy`.

Done here so that it needs no tools, and is the same for every architecture. Sections stay apart,
as they were: a relocatable file may have any number of one name. What changes are numbers: of
sections, where sections and symbols refer to them, and of symbols, where relocations do. A global
symbol that is not to be seen becomes local; a reference to it then has what it needs.

Source: Tool Interface Standard, ELF specification 1.2, and its 64-bit form in the System V ABI.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..runtime.errors import LoadError

_SYMTAB, _STRTAB, _RELA, _NOBITS, _REL, _GROUP, _SYMTAB_SHNDX = 2, 3, 4, 8, 9, 17, 18
_LLVM_ADDRSIG = 0x6FFF4C03
_DROPPED = (_SYMTAB, _STRTAB, _LLVM_ADDRSIG)
_ATTRIBUTES = 0x70000003
"""RISC-V's and ARM's attributes of the whole file; the first file's stay."""
_PROPERTY_NAME = b".note.gnu.property"
"""What all code of a file has; nothing is said for code of several compilers."""
_LINK_ORDER = 0x80
_LOCAL, _GLOBAL, _WEAK = 0, 1, 2
_RESERVED_SECTIONS = 0xFF00
_ARM, _RISCV = 40, 243


@dataclass(frozen=True)
class _Class:
    """The structures of 64-bit or 32-bit ELF."""

    header: struct.Struct
    section: struct.Struct
    symbol: struct.Struct
    relocations: dict[int, struct.Struct]
    symbol_shift: int
    """Where the number of the symbol begins in a relocation's info."""
    is_64: bool

    def read_symbol(self, data: bytes, at: int) -> tuple[int, int, int, int, int, int]:
        """Return name, info, other, section, value, size."""
        if self.is_64:
            return self.symbol.unpack_from(data, at)
        name, value, size, info, other, section = self.symbol.unpack_from(data, at)
        return name, info, other, section, value, size

    def pack_symbol(
        self, name: int, info: int, other: int, section: int, value: int, size: int
    ) -> bytes:
        """Return an entry of a symbol table."""
        if self.is_64:
            return self.symbol.pack(name, info, other, section, value, size)
        return self.symbol.pack(name, value, size, info, other, section)


_CLASSES = {
    2: _Class(
        struct.Struct("<16sHHIQQQIHHHHHH"),
        struct.Struct("<IIQQQQIIQQ"),
        struct.Struct("<IBBHQQ"),
        {_RELA: struct.Struct("<QQq"), _REL: struct.Struct("<QQ")},
        32,
        True,
    ),
    1: _Class(
        struct.Struct("<16sHHIIIIIHHHHHH"),
        struct.Struct("<IIIIIIIIII"),
        struct.Struct("<IIIBBH"),
        {_RELA: struct.Struct("<IIi"), _REL: struct.Struct("<II")},
        8,
        False,
    ),
}


@dataclass
class _Section:
    """A section: where it comes from, and what it becomes."""

    name: bytes
    kind: int
    fields: tuple[int, ...]
    """Flags, address, offset, size, link, info, alignment, size of an entry."""
    data: bytes


@dataclass
class _Symbol:
    """A symbol of the result, the number that it gets there, and where it is defined."""

    name: bytes
    info: int
    other: int = 0
    section: int = 0
    value: int = 0
    size: int = 0
    number: int = 0

    @property
    def binding(self) -> int:
        return self.info >> 4


@dataclass
class _File:
    """An object as it came."""

    data: bytes
    elf: _Class
    machine: int
    flags: int
    sections: list[_Section]
    numbers: dict[int, int] = field(default_factory=dict[int, int])
    """Section -> number in the result."""
    symbols: list[_Symbol] = field(default_factory=list[_Symbol])
    """By number in this file."""


def merge_objects(
    images: Sequence[bytes], keep: Collection[str], rename: Mapping[str, str] | None = None
) -> bytes:
    """Return one relocatable object.

    Args:
        images: objects of one class and machine, little-endian.
        keep: the symbols that others may refer to.
        rename: what some of `keep` are called in the result.

    Raises:
        LoadError: an object is damaged, or of another kind; two define one symbol.
    """
    files = [_read(image) for image in images]
    kinds = {(file.machine, file.elf.is_64) for file in files}
    if len(kinds) != 1:
        raise LoadError(f"objects of several machines cannot be one: {sorted(kinds)}")
    sections = _number_sections(files)
    symbols = _merge_symbols(files, {name.encode() for name in keep})
    names = {old.encode(): new.encode() for old, new in (rename or {}).items()}
    for symbol in symbols:
        symbol.name = names.get(symbol.name, symbol.name)
    return _write(files, sections, symbols)


def _read(data: bytes) -> _File:
    elf = _CLASSES.get(data[4]) if data[:4] == b"\x7fELF" and data[5] == 1 else None
    if elf is None:
        raise LoadError("an object is no little-endian ELF file")
    try:
        header: tuple[int, ...] = elf.header.unpack_from(data)[1:]
        flags, count, strings = header[6], header[11], header[12]
        heads: list[tuple[int, ...]] = [
            elf.section.unpack_from(data, header[5] + index * elf.section.size)
            for index in range(count)
        ]
        names = heads[strings][4]
        sections: list[_Section] = []
        for head in heads:
            start = names + head[0]
            content = b"" if head[1] == _NOBITS else data[head[4] : head[4] + head[5]]
            name = data[start : data.index(b"\0", start)]
            sections.append(_Section(name, head[1], head[2:], content))
        return _File(data, elf, header[1], flags, sections)
    except (struct.error, IndexError, ValueError) as error:
        raise LoadError(f"an object of {len(data)} bytes is damaged: {error}") from error


def _number_sections(files: Sequence[_File]) -> list[tuple[_File, _Section]]:
    """Decide which sections stay; return them in their order, the first one numbered 1."""
    kept: list[tuple[_File, _Section]] = []
    has_attributes = False
    for file in files:
        for index, section in enumerate(file.sections[1:], 1):
            if section.kind == _SYMTAB_SHNDX:
                raise LoadError("an object has more sections than can be merged")
            is_attributes = section.kind == _ATTRIBUTES and file.machine in (_ARM, _RISCV)
            if section.kind in _DROPPED or section.name == _PROPERTY_NAME:
                continue
            if is_attributes and has_attributes:
                continue
            has_attributes = has_attributes or is_attributes
            kept.append((file, section))
            file.numbers[index] = len(kept)
    if len(kept) + 4 >= _RESERVED_SECTIONS:
        raise LoadError(f"one object cannot have {len(kept)} sections; export a shared library")
    return kept


def _file_symbols(file: _File) -> Iterator[_Symbol]:
    """Yield the symbols of a file in its order, section numbers as in the result."""
    for section in file.sections:
        if section.kind != _SYMTAB:
            continue
        strings = file.sections[section.fields[4]].data
        for at in range(0, len(section.data), file.elf.symbol.size):
            name, info, other, where, value, size = file.elf.read_symbol(section.data, at)
            text = strings[name : strings.index(b"\0", name)]
            if 0 < where < _RESERVED_SECTIONS:
                where = file.numbers.get(where, 0)
            yield _Symbol(text, info, other, where, value, size)


def _merge_symbols(files: Sequence[_File], keep: Collection[bytes]) -> list[_Symbol]:
    """Give every file's symbols their entries in the result; return these, local ones first."""
    known: dict[bytes, _Symbol] = {}
    entries: list[_Symbol] = []
    for file in files:
        for symbol in _file_symbols(file):
            if symbol.binding == _LOCAL:
                entries.append(symbol)
            elif symbol.name in known:
                symbol = _joined(known[symbol.name], symbol)
            else:
                known[symbol.name] = symbol
                entries.append(symbol)
            file.symbols.append(symbol)
    for symbol in known.values():
        if symbol.section and symbol.name not in keep:
            symbol.info, symbol.other = symbol.info & 15, 0
        elif symbol.section:
            symbol.other = 0  # hidden functions would not be seen by the library made of them
    # Every file's own first symbol is empty, and stays number 0.
    local = [s for s in entries if s.binding == _LOCAL and (s.name or s.section or s.info)]
    ordered = [_Symbol(b"", 0), *local, *(s for s in entries if s.binding != _LOCAL)]
    for number, symbol in enumerate(ordered):
        symbol.number = number
    return ordered


def _joined(first: _Symbol, second: _Symbol) -> _Symbol:
    """Return the first of two global symbols of one name, with the definition of either."""
    if first.section and second.section and _WEAK not in (first.binding, second.binding):
        raise LoadError(f"two objects define {first.name.decode()!r}")
    if not first.section and second.section:
        first.info, first.section = second.info, second.section
        first.value, first.size = second.value, second.size
    elif not first.section and second.binding == _GLOBAL:
        first.info = second.info  # needed by one of them
    return first


def _content(file: _File, section: _Section) -> bytes:
    """Return what a section holds, its numbers as in the result."""
    if section.kind == _GROUP:
        words = struct.unpack(f"<{len(section.data) // 4}I", section.data)
        members = (file.numbers.get(word, 0) for word in words[1:])
        return struct.pack(f"<{len(words)}I", words[0], *members)
    entry = file.elf.relocations.get(section.kind)
    if entry is None:
        return section.data
    shift, out = file.elf.symbol_shift, bytearray()
    for offset, info, *addend in entry.iter_unpack(section.data):
        symbol: int = info >> shift
        number = file.symbols[symbol].number
        out += entry.pack(offset, number << shift | info & ((1 << shift) - 1), *addend)
    return bytes(out)


def _links(file: _File, section: _Section, symtab: int) -> tuple[int, int]:
    """Return a section's link and info, as in the result."""
    link, info = section.fields[4:6]
    if section.kind in (_REL, _RELA):
        return symtab, file.numbers.get(info, 0)
    if section.kind == _GROUP:
        return symtab, file.symbols[info].number
    return (file.numbers.get(link, 0) if section.fields[0] & _LINK_ORDER else link), info


def _write(
    files: Sequence[_File], sections: Sequence[tuple[_File, _Section]], symbols: Sequence[_Symbol]
) -> bytes:
    elf, symtab = files[0].elf, len(sections) + 1
    strings, out = _Strings(), bytearray(elf.header.size)
    heads = [bytes(elf.section.size)]

    def add(name: bytes, kind: int, fields: Sequence[int], data: bytes) -> None:
        flags, address, _, size, link, info, align, entry = fields
        out.extend(bytes(-len(out) % max(align, 1)))
        place = (len(out), size if kind == _NOBITS else len(data))
        heads.append(
            elf.section.pack(
                strings.add(name), kind, flags, address, *place, link, info, align, entry
            )
        )
        out.extend(data)

    for file, section in sections:
        link, info = _links(file, section, symtab)
        fields = (*section.fields[:4], link, info, *section.fields[6:])
        add(section.name, section.kind, fields, _content(file, section))
    num_local = sum(symbol.binding == _LOCAL for symbol in symbols)
    table = b"".join(
        elf.pack_symbol(strings.add(s.name), s.info, s.other, s.section, s.value, s.size)
        for s in symbols
    )
    strings.add(b".symtab")
    strings.add(b".strtab")
    add(b".symtab", _SYMTAB, (0, 0, 0, 0, symtab + 1, num_local, 8, elf.symbol.size), table)
    add(b".strtab", _STRTAB, (0, 0, 0, 0, 0, 0, 1, 0), bytes(strings.data))
    out.extend(bytes(-len(out) % 8))
    flags = 0
    for file in files:
        flags |= file.flags
    sizes = (elf.header.size, 0, 0, elf.section.size, len(heads), symtab + 1)
    header = (files[0].data[:16], 1, files[0].machine, 1, 0, 0, len(out), flags, *sizes)
    elf.header.pack_into(out, 0, *header)
    return bytes(out) + b"".join(heads)


class _Strings:
    """A table of strings."""

    def __init__(self) -> None:
        self.data = bytearray(1)
        self._places = {b"": 0}

    def add(self, text: bytes) -> int:
        """Return where a text is, behind the others when it is new."""
        if text not in self._places:
            self._places[text] = len(self.data)
            self.data += text + b"\0"
        return self._places[text]
