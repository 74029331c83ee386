"""Archives of a model's files: ZIP, stored, each member where it can be mapped into memory.

`unzip` and Python's zipfile read them. What they hold of ZIP is one form: no compression, no
encryption, no comments, ZIP64 records throughout, members one behind the other in the order of the
directory. Names, sizes and checksums decide every other byte, and the reader compares them all: a
file that says one thing in two ways, overlaps, lies about sizes or names a place outside of itself
is no file of this form.

Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3, 4.4 and 4.5.3; the field of extra data that pads
is Android's (0xD935), which zipalign writes.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from .errors import LoadError

MAGIC = b"PK\3\4"
ALIGN_BYTES = 64
PAGE_BYTES = 1 << 14
"""What members named `*.bin` start at a multiple of: pages of most systems."""

MAX_MEMBERS = 1 << 14
_MAX_NAME_BYTES = 200
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\Z")

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_LOCAL_SIZES = struct.Struct("<HHQQ")
_CENTRAL_SIZES = struct.Struct("<HHQQQ")
_PADDING = struct.Struct("<HHH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_END = struct.Struct("<4sHHHHIIH")

_VERSION = 45  # the first with ZIP64
_DATE = 0x21  # 1980-01-01: the same model gives the same file
_IN_EXTRA16, _IN_EXTRA = 0xFFFF, 0xFFFFFFFF
_ZIP64_FIELD, _PADDING_FIELD = 0x0001, 0xD935
_END_BYTES = _END64.size + _LOCATOR.size + _END.size

Content = bytes | memoryview


@dataclass(frozen=True)
class Member:
    """One file of an archive, as its directory knows it."""

    name: str
    size_bytes: int
    crc: int

    @property
    def is_large(self) -> bool:
        """Whether it is data to be mapped."""
        return self.name.endswith(".bin")


@dataclass(frozen=True)
class _Place:
    """Where a member is."""

    header: bytes
    start: int
    """Of the header; the content follows it."""

    @property
    def content(self) -> int:
        return self.start + len(self.header)


def write_archive(file: BinaryIO, members: Sequence[tuple[str, Content]]) -> None:
    """Write an archive.

    Args:
        file: at its start.
        members: names that differ, of letters, digits and `_.-/`, and contents.
    """
    listed = [Member(name, len(content), zlib.crc32(content)) for name, content in members]
    assert all(map(_is_name, (m.name for m in listed))), "names are ours"
    places, tail = _layout(listed)
    for place, (_, content) in zip(places, members, strict=True):
        file.write(place.header)
        file.write(content)
    file.write(tail)


def read_archive(data: memoryview, place: str) -> dict[str, memoryview]:
    """Return the members of an archive, by name, as parts of `data`.

    The checksums of members are compared, but those of `*.bin`: much data takes a quicker one.

    Args:
        data: one axis of bytes.
        place: what it is; begins the message of an error.

    Raises:
        LoadError: it is no archive of this form, or damaged.
    """
    try:
        listed, start = _directory(data)
        places, tail = _layout(listed)
        if bytes(data[start:]) != tail or start != _end_of(places, listed):
            raise LoadError("its directory contradicts itself, or another program wrote it")
        for member, found in zip(listed, places, strict=True):
            if bytes(data[found.start : found.content]) != found.header:
                raise LoadError(f"the header of member {member.name!r} differs from the directory")
            content = data[found.content : found.content + member.size_bytes]
            if not member.is_large and zlib.crc32(content) != member.crc:
                raise LoadError(f"the checksum of member {member.name!r} differs")
    except (LoadError, struct.error) as error:
        raise LoadError(f"{place}: damaged: {error}") from None
    return {
        member.name: data[found.content : found.content + member.size_bytes]
        for member, found in zip(listed, places, strict=True)
    }


def _is_name(name: str) -> bool:
    return len(name) <= _MAX_NAME_BYTES and _NAME.match(name) is not None


def _end_of(places: Sequence[_Place], members: Sequence[Member]) -> int:
    return places[-1].content + members[-1].size_bytes if members else 0


def _layout(members: Sequence[Member]) -> tuple[list[_Place], bytes]:
    """Return the header of each member, and all that follows the last one."""
    places: list[_Place] = []
    directory: list[bytes] = []
    at = 0
    for member in members:
        places.append(_Place(_local(member, at), at))
        directory.append(_central(member, at))
        at = places[-1].content + member.size_bytes
    entries, count = b"".join(directory), len(members)
    size = _END64.size - 12  # of what follows the field
    end64 = _END64.pack(b"PK\6\6", size, _VERSION, _VERSION, 0, 0, count, count, len(entries), at)
    locator = _LOCATOR.pack(b"PK\6\7", 0, at + len(entries), 1)
    end = _END.pack(b"PK\5\6", 0, 0, _IN_EXTRA16, _IN_EXTRA16, _IN_EXTRA, _IN_EXTRA, 0)
    return places, entries + end64 + locator + end


def _local(member: Member, at: int) -> bytes:
    name, size = member.name.encode("ascii"), member.size_bytes
    align = PAGE_BYTES if member.is_large else ALIGN_BYTES
    unpadded = at + _LOCAL.size + len(name) + _LOCAL_SIZES.size + _PADDING.size
    padding = -unpadded % align
    extra = _LOCAL_SIZES.pack(_ZIP64_FIELD, _LOCAL_SIZES.size - 4, size, size)
    extra += _PADDING.pack(_PADDING_FIELD, 2 + padding, align) + bytes(padding)
    fields = (0, 0, 0, _DATE, member.crc, _IN_EXTRA, _IN_EXTRA, len(name), len(extra))
    return _LOCAL.pack(MAGIC, _VERSION, *fields) + name + extra


def _central(member: Member, at: int) -> bytes:
    name, size = member.name.encode("ascii"), member.size_bytes
    extra = _CENTRAL_SIZES.pack(_ZIP64_FIELD, _CENTRAL_SIZES.size - 4, size, size, at)
    sizes = (member.crc, _IN_EXTRA, _IN_EXTRA, len(name), len(extra), 0, 0, 0, 0, _IN_EXTRA)
    return _CENTRAL.pack(b"PK\1\2", _VERSION, _VERSION, 0, 0, 0, _DATE, *sizes) + name + extra


def _directory(data: memoryview) -> tuple[list[Member], int]:
    """Return what the directory lists, and where it starts."""
    if len(data) < _END_BYTES:
        raise LoadError(f"{len(data)} bytes are too few for an archive")
    at = len(data) - _END_BYTES
    magic, _, _, _, _, _, count, _, size, start = _END64.unpack_from(data, at)
    if magic != b"PK\6\6":
        raise LoadError("it does not end as an archive: cut short, or something was appended")
    if count > MAX_MEMBERS or start + size != at:
        raise LoadError(f"a directory of {size} bytes at {start} with {count} members")
    found: list[Member] = []
    position = start
    for _ in range(count):
        member, position = _entry(data, position, at)
        found.append(member)
    names = {member.name for member in found}
    if position != at or len(names) != count:
        raise LoadError("members of its directory are missing, or have one name")
    return found, start


def _entry(data: memoryview, at: int, end: int) -> tuple[Member, int]:
    """Return a member of the directory, and where the next one is."""
    if at + _CENTRAL.size > end:
        raise LoadError("its directory is cut short")
    fields = _CENTRAL.unpack_from(data, at)
    method, crc, name_bytes, extra_bytes = fields[4], fields[7], fields[10], fields[11]
    name_end = at + _CENTRAL.size + name_bytes
    if name_end + extra_bytes > end or extra_bytes != _CENTRAL_SIZES.size:
        raise LoadError("its directory is cut short")
    name = bytes(data[at + _CENTRAL.size : name_end]).decode("latin-1")
    if not _is_name(name):
        raise LoadError(f"a member is named {name!r}")
    if method != 0:
        raise LoadError(f"member {name!r} is compressed (method {method}); expected a stored one")
    _, _, size, _, _ = _CENTRAL_SIZES.unpack_from(data, name_end)
    if size > len(data):
        raise LoadError(f"member {name!r} has {size} bytes, of a file of {len(data)}")
    return Member(name, size, crc), name_end + extra_bytes
