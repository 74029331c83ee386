"""Shared libraries, looked at before the system maps them.

A file that is cut short maps as well as a whole one, and ends the process where it is first used.
"""

from __future__ import annotations

import mmap
import os
import platform
import struct
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


def check_shared_library(path: Path) -> None:
    """Check that a file is a whole shared library for this system.

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
    if bytes(data[:4]) != b"\x7fELF":
        raise LoadError(f"{place}: is no shared library: it does not begin as an ELF file")
    if size < _HEADER.size:
        raise LoadError(f"{place}: is cut short: {size} bytes")
    header = _HEADER.unpack_from(data)
    if bytes(data[4:6]) != b"\x02\x01" or header[1] != _ET_DYN:
        raise LoadError(f"{place}: is no 64-bit little-endian shared library")
    here = platform.machine()
    if header[2] != MACHINES.get(here, header[2]):
        raise LoadError(f"{place}: is for ELF machine {header[2]}; this machine is {here}")
    table = bytes(data[header[5] : header[5] + header[9] * header[10]])
    if len(table) < header[9] * header[10] or header[9] != _SEGMENT.size:
        raise LoadError(f"{place}: is cut short: {size} bytes, its segments are missing")
    end = max(header[6] + header[11] * header[12], _end_of_segments(table))
    if size < end:
        raise LoadError(f"{place}: is cut short: {size} bytes of {end}")


def _end_of_segments(table: bytes) -> int:
    segments = _SEGMENT.iter_unpack(table)
    return max((s[2] + s[5] for s in segments if s[0] == _PT_LOAD), default=0)
