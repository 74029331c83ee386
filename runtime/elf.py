"""Shared libraries, looked at before the system maps them.

A file that is cut short maps as well as a whole one, and ends the process where it is first used.
"""

from __future__ import annotations

import mmap
import os
import platform
import struct
import sys
from pathlib import Path

from .errors import LoadError

MACHINES = {
    **{"x86_64": 62, "aarch64": 183, "arm64": 183, "riscv64": 243, "loongarch64": 258},
    **{"armv7": 40, "armv7a": 40, "armv7l": 40},
}
"""Architecture, first part of a triple -> ELF's e_machine. Source: the ELF specification."""

_ET_DYN = 3
_PT_LOAD = 1
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_CLASS_32 = 1

_OTHER_FORMATS = {
    b"MZ": "a library of Windows",
    b"\0asm": "a module of WebAssembly",
    b"\xcf\xfa\xed\xfe": "a library of macOS",
}
"""What a file begins with -> what it is."""

DESCRIPTION_SECTION = ".tyrex"
"""Where a library of a model describes itself, for readers that do not run its code."""


def check_shared_library(path: Path) -> bytes | None:
    """Check that a file is a whole shared library for this system.

    Returns what it says about itself (`DESCRIPTION_SECTION`), None where it says nothing.

    Raises:
        LoadError: it is not.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise LoadError(f"{path}: is cut short: 0 bytes")
            with (
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
                memoryview(mapped) as data,
            ):
                check_image(data, str(path))
                return section_of(data, DESCRIPTION_SECTION)
    except (OSError, ValueError) as error:
        if isinstance(error, LoadError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise LoadError(f"{path}: cannot be read: {reason}") from error


def check_image(data: memoryview, place: str) -> None:
    """Check that `data` is a whole shared library for this system.

    Args:
        data: one axis of bytes.
        place: what it is; begins the message of an error.

    Raises:
        LoadError: it is not.
    """
    size = len(data)
    here = platform.machine()
    for magic, kind in _OTHER_FORMATS.items():
        if bytes(data[: len(magic)]) == magic:
            raise LoadError(f"{place}: is {kind}; this is {here} with {sys.platform}")
    if bytes(data[:4]) != b"\x7fELF":
        raise LoadError(f"{place}: is no shared library: it does not begin as an ELF file")
    if size < _HEADER.size:
        raise LoadError(f"{place}: is cut short: {size} bytes")
    header = _HEADER.unpack_from(data)
    if data[4] == _CLASS_32:
        name = machine_name(header[2])
        raise LoadError(f"{place}: is for {name}, of 32 bits; this machine is {here}")
    if bytes(data[4:6]) != b"\x02\x01" or header[1] != _ET_DYN:
        raise LoadError(f"{place}: is no 64-bit little-endian shared library")
    if header[2] != MACHINES.get(here, header[2]):
        raise LoadError(f"{place}: is for {machine_name(header[2])}; this machine is {here}")
    table = bytes(data[header[5] : header[5] + header[9] * header[10]])
    if len(table) < header[9] * header[10] or header[9] != _SEGMENT.size:
        raise LoadError(f"{place}: is cut short: {size} bytes, its segments are missing")
    end = max(header[6] + header[11] * header[12], _end_of_segments(table))
    if size < end:
        raise LoadError(f"{place}: is cut short: {size} bytes of {end}")


def machine_name(number: int) -> str:
    """Return the architecture that a number of ELF stands for."""
    return next((arch for arch, known in MACHINES.items() if known == number), f"machine {number}")


def section_of(data: memoryview, name: str) -> bytes | None:
    """Return what a section of a shared library holds, None where it has no such section.

    Args:
        data: a file that `check_image` has accepted.
        name: of the section.
    """
    header = _HEADER.unpack_from(data)
    try:
        table = [
            _SECTION.unpack_from(data, header[6] + i * _SECTION.size) for i in range(header[12])
        ]
        names = bytes(data[table[header[13]][4] :][: table[header[13]][5]])
    except (struct.error, IndexError):
        return None
    for section in table:
        if names[section[0] :].partition(b"\0")[0] == name.encode():
            return bytes(data[section[4] : section[4] + section[5]])
    return None


def _end_of_segments(table: bytes) -> int:
    segments = _SEGMENT.iter_unpack(table)
    return max((s[2] + s[5] for s in segments if s[0] == _PT_LOAD), default=0)
