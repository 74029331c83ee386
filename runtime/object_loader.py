"""Machine code in the process: relocatable objects, linked here, without a linker or LLVM.

A compiled model is some dozen objects of a few sections each. They are laid out in one mapping
(code, then constants, then data), relocated, and protected: no page is both written and executed.
What is called outside is reached through a jump through memory, wherever it is. Source of the
relocations: the System V ABI, AMD64 Architecture Processor Supplement, section 4.4.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from .elf import MACHINES
from .errors import LoadError
from .relocatable import (
    ABSOLUTE,
    ALLOC,
    EXECUTE,
    NO_BITS,
    UNDEFINED,
    WRITE,
    ObjectFile,
    Relocation,
    read_object,
)
from .system_symbols import resolve_imports

_X86_64 = MACHINES["x86_64"]
_UNWIND = 0x70000001  # sections about stack frames: no exception passes through a kernel
_STUB = b"\xff\x25"  # jmp *disp32(%rip)
_STUB_BYTES = 8
_ADDRESS_BYTES = 8

_PROTECTIONS = (
    mmap.PROT_READ | mmap.PROT_EXEC,
    mmap.PROT_READ,
    mmap.PROT_READ | mmap.PROT_WRITE,
)
_CODE, _CONSTANTS, _DATA = range(3)


def can_load_here() -> bool:
    """Tell whether this module links objects for the machine and the system it runs on."""
    return os.name == "posix" and MACHINES.get(platform.machine()) == _X86_64


def read_for_this_machine(image: bytes) -> ObjectFile:
    """Read an object that is to run here.

    Raises:
        LoadError: it is damaged, no ELF object, or for another machine.
    """
    try:
        file = read_object(image)
    except ValueError as error:
        raise LoadError(f"an object cannot be loaded: {error}") from error
    if file is None:
        raise LoadError(
            f"an object of {len(image)} bytes is no 64-bit little-endian ELF object; "
            "this is the one kind that is loaded in the process"
        )
    here = platform.machine()
    if file.machine != MACHINES.get(here):
        raise LoadError(
            f"an object for ELF machine {file.machine} cannot be loaded on {here}; compile it "
            "for target 'native'"
        )
    return file


class Closable(Protocol):
    """What holds code in memory."""

    def close(self) -> None:
        """Free it."""
        ...


class LinkedCode:
    """Code in memory; the addresses die with `close`, or when nobody keeps this object.

    Args:
        memory: holds the code.
        exports: the address of every symbol that is seen from outside.
    """

    def __init__(self, memory: Closable, exports: Mapping[str, int]) -> None:
        self._memory: Closable | None = memory
        self._exports = exports

    @property
    def names(self) -> frozenset[str]:
        """Return the symbols that the objects export."""
        return frozenset(self._exports)

    def address(self, name: str) -> int:
        """Return where `name` is in memory.

        Raises:
            LoadError: the objects do not define it, or are closed.
        """
        if self._memory is None:
            raise LoadError(f"'{name}' is in an object that has been closed")
        if name not in self._exports:
            raise LoadError(
                f"the object does not define '{name}'; it has {', '.join(sorted(self._exports))}"
            )
        return self._exports[name]

    def close(self) -> None:
        """Free the code; calling into it afterwards ends the process. Closing twice is fine."""
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class LoadedObject(LinkedCode):
    """Objects linked by this module.

    Args:
        objects: One object, or several that refer to each other.
        symbols: Addresses of further functions and data that the objects may use, by name.

    Raises:
        LoadError: an object is damaged, is for another machine, or needs a symbol that nobody
            defines.
    """

    def __init__(self, objects: bytes | Sequence[bytes], symbols: Mapping[str, int] | None = None):
        images = [objects] if isinstance(objects, bytes) else list(objects)
        files = [read_for_this_machine(image) for image in images]
        link = _Link(files, resolve_imports(files, symbols or {}))
        try:
            memory = link.run()
        except (ValueError, OverflowError) as error:
            raise LoadError(f"an object cannot be loaded: {error}") from error
        super().__init__(memory, link.exports)


class _Memory:
    """Pages of this process."""

    def __init__(self, size_bytes: int) -> None:
        self._map = mmap.mmap(-1, size_bytes, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._view = (ctypes.c_char * size_bytes).from_buffer(self._map)
        self.address = ctypes.addressof(self._view)

    def write(self, content: bytes | bytearray) -> None:
        self._map[: len(content)] = bytes(content)

    def protect(self, begin: int, end: int, protection: int) -> None:
        """Set what may be done with the pages from `begin` to `end`, offsets in bytes."""
        libc = ctypes.CDLL(None, use_errno=True)
        mprotect: Callable[..., int] = libc.mprotect
        begin_address = ctypes.c_void_p(self.address + begin)
        if begin < end and mprotect(begin_address, ctypes.c_size_t(end - begin), protection):
            reason = os.strerror(ctypes.get_errno())
            raise LoadError(f"memory cannot be made executable: {reason}")

    def close(self) -> None:
        del self._view
        self._map.close()


@dataclass
class _Region:
    """Sections of one protection, one behind the other."""

    size: int = 0
    begin: int = 0

    def place(self, size: int, align: int) -> int:
        """Return the offset in the region of `size` new bytes."""
        offset = -(-self.size // align) * align
        self.size = offset + size
        return offset


class _Link:
    """Objects on their way into memory."""

    def __init__(self, files: Sequence[ObjectFile], imports: Mapping[str, int]) -> None:
        self.files = files
        self.imports = imports
        self.regions = _Region(), _Region(), _Region()
        # (object, section) -> (region, offset in it)
        self.places: dict[tuple[int, int], tuple[int, int]] = {}
        # A symbol, by name or (object, index) -> offset of its address among the constants.
        self.slots: dict[str | tuple[int, int], int] = {}
        # An imported function -> offset of the jump to it in the code.
        self.stubs: dict[str, int] = {}
        self.exports: dict[str, int] = {}
        self.image = bytearray()
        self.base = 0

    def run(self) -> _Memory:
        """Return the memory that holds the objects, ready to run."""
        relocations = [list(file.relocations()) for file in self.files]
        for i, file in enumerate(self.files):
            self.place_sections(i, file)
        for i, found in enumerate(relocations):
            for _, relocation in found:
                self.place_helpers(i, relocation)
        end = 0
        for region in self.regions:
            region.begin = end
            end = -(-(end + region.size) // mmap.PAGESIZE) * mmap.PAGESIZE
        memory = _Memory(max(end, mmap.PAGESIZE))
        self.base, self.image = memory.address, bytearray(end)
        self.copy_sections()
        self.export()
        self.fill_helpers()
        for i, found in enumerate(relocations):
            for section, relocation in found:
                self.relocate(i, section, relocation)
        memory.write(self.image)
        ends = [*(region.begin for region in self.regions[1:]), end]
        for region, region_end, protection in zip(self.regions, ends, _PROTECTIONS, strict=True):
            memory.protect(region.begin, region_end, protection)
        return memory

    def place_sections(self, i: int, file: ObjectFile) -> None:
        """Give every section that is needed in memory its place."""
        for j, section in enumerate(file.sections):
            if section.flags & ALLOC and section.kind != _UNWIND and section.name != ".eh_frame":
                kind = _DATA if section.flags & WRITE else _CONSTANTS
                kind = _CODE if section.flags & EXECUTE else kind
                self.places[i, j] = kind, self.regions[kind].place(section.size, section.align)

    def key(self, i: int, index: int) -> str | tuple[int, int]:
        """Return what tells a symbol of an object from every other."""
        symbol = self.files[i].symbols[index]
        return (i, index) if symbol.is_local else symbol.name

    def place_helpers(self, i: int, relocation: Relocation) -> None:
        """Give a place to the slot or the jump that a relocation needs."""
        if relocation.kind in _THROUGH_SLOT:
            self.slot(self.key(i, relocation.symbol))
        name = self.files[i].symbols[relocation.symbol].name
        if relocation.kind == _CALL and name in self.imports and name not in self.stubs:
            self.slot(name)
            self.stubs[name] = self.regions[_CODE].place(_STUB_BYTES, _STUB_BYTES)

    def slot(self, key: str | tuple[int, int]) -> None:
        if key not in self.slots:
            self.slots[key] = self.regions[_CONSTANTS].place(_ADDRESS_BYTES, _ADDRESS_BYTES)

    def copy_sections(self) -> None:
        for (i, j), (kind, offset) in self.places.items():
            section = self.files[i].sections[j]
            at = self.regions[kind].begin + offset
            if section.kind != NO_BITS:
                self.image[at : at + section.size] = section.content

    def export(self) -> None:
        """Note the address of every symbol that is seen from outside."""
        for i, file in enumerate(self.files):
            for index, symbol in enumerate(file.symbols):
                if symbol.is_local or symbol.section == UNDEFINED:
                    continue
                if symbol.name in self.exports:
                    raise ValueError(f"two objects define '{symbol.name}'")
                self.exports[symbol.name] = self.symbol_address(i, index)

    def symbol_address(self, i: int, index: int) -> int:
        symbol = self.files[i].symbols[index]
        if symbol.section == UNDEFINED:
            found = self.exports.get(symbol.name) or self.imports.get(symbol.name)
            if found is None and not (symbol.is_weak or index == 0):
                raise ValueError(f"'{symbol.name}' is not defined")
            return found or 0
        if symbol.section == ABSOLUTE:
            return symbol.value
        return self.section_address(i, symbol.section) + symbol.value

    def section_address(self, i: int, j: int) -> int:
        place = self.places.get((i, j))
        if place is None:
            raise ValueError(f"section '{self.files[i].sections[j].name}' is not in memory")
        return self.base + self.regions[place[0]].begin + place[1]

    def slot_address(self, key: str | tuple[int, int]) -> int:
        return self.base + self.regions[_CONSTANTS].begin + self.slots[key]

    def fill_helpers(self) -> None:
        """Write the addresses into the slots, and the jumps through them."""
        by_name = {
            symbol.name: (i, index)
            for i, file in enumerate(self.files)
            for index, symbol in enumerate(file.symbols)
            if not symbol.is_local
        }
        for key in self.slots:
            i, index = by_name[key] if isinstance(key, str) else key
            at = self.slot_address(key) - self.base
            address = self.symbol_address(i, index)
            self.image[at : at + _ADDRESS_BYTES] = address.to_bytes(_ADDRESS_BYTES, "little")
        for name, offset in self.stubs.items():
            end = self.base + offset + len(_STUB) + 4
            distance = (self.slot_address(name) - end).to_bytes(4, "little", signed=True)
            self.image[offset : offset + len(_STUB) + 4] = _STUB + distance

    def relocate(self, i: int, section: int, relocation: Relocation) -> None:
        """Write one place's bytes."""
        if (i, section) not in self.places:
            return  # about stack frames
        width, signed, relative = _FORMS.get(relocation.kind, (0, False, False))
        if not width:
            raise ValueError(f"relocation {relocation.kind} of x86-64 is not known here")
        if relocation.offset + width > self.files[i].sections[section].size:
            raise ValueError(f"a relocation at {relocation.offset} ends behind its section")
        place = self.section_address(i, section) + relocation.offset
        value = self.target(i, relocation) + relocation.addend - (place if relative else 0)
        at = place - self.base
        self.image[at : at + width] = value.to_bytes(width, "little", signed=signed)

    def target(self, i: int, relocation: Relocation) -> int:
        """Return the address that a relocation is about."""
        name = self.files[i].symbols[relocation.symbol].name
        if relocation.kind in _THROUGH_SLOT:
            return self.slot_address(self.key(i, relocation.symbol))
        if relocation.kind == _CALL and name in self.stubs:
            return self.base + self.stubs[name]
        return self.symbol_address(i, relocation.symbol)


_CALL = 4  # R_X86_64_PLT32
_THROUGH_SLOT = frozenset((9, 41, 42))  # R_X86_64_GOTPCREL, GOTPCRELX, REX_GOTPCRELX
# Kind -> (bytes, signed, relative to the place): R_X86_64_64, PC32, PLT32, PC64, slots.
_FORMS = {
    1: (8, False, False),
    2: (4, True, True),
    _CALL: (4, True, True),
    24: (8, True, True),
    **dict.fromkeys(_THROUGH_SLOT, (4, True, True)),
}
