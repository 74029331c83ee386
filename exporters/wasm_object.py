"""Constants as an object of WebAssembly: a data segment for each array.

Source: the WebAssembly specification, "Binary Format", and its tool conventions, "Linking".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from .data import Data, places

_MAGIC = b"\0asm\x01\0\0\0"
_CUSTOM, _IMPORT, _DATA = 0, 2, 11
_MEMORY_IMPORT = 2
_I32_CONST, _END = b"\x41", b"\x0b"
_LINKING_VERSION = 2
_SEGMENT_INFO, _SYMBOL_TABLE = 5, 8
_DATA_SYMBOL, _HIDDEN = 1, 4
_ALIGN_LOG2 = 6
_PAGE_BYTES = 65536


def write_wasm_object(file: BinaryIO, arch: str, data: Sequence[Data]) -> None:
    """Write an object whose read-only data are `data`; see `data_objects.write_constants`."""
    if arch != "wasm32":
        raise NotImplementedError(f"WebAssembly object of constants for {arch!r}; known: wasm32")
    offsets, size = places(data)
    memory = _name("env") + _name("__linear_memory") + bytes([_MEMORY_IMPORT, 0])
    file.write(_MAGIC)
    file.write(_section(_IMPORT, _vector([memory + unsigned(-(-size // _PAGE_BYTES))])))
    _write_data(file, data, offsets)
    infos = [_name(f".rodata.{d.symbol}") + bytes([_ALIGN_LOG2, 0]) for d in data]
    symbols = [
        bytes([_DATA_SYMBOL, _HIDDEN])
        + _name(item.symbol)
        + unsigned(index)
        + unsigned(0)
        + unsigned(item.content.nbytes)
        for index, item in enumerate(data)
    ]
    linking = _name("linking") + unsigned(_LINKING_VERSION)
    linking += _section(_SYMBOL_TABLE, _vector(symbols)) + _section(_SEGMENT_INFO, _vector(infos))
    file.write(_section(_CUSTOM, linking))


def _write_data(file: BinaryIO, data: Sequence[Data], offsets: Sequence[int]) -> None:
    """Write the section of data; contents are not copied before."""
    heads = [
        b"\0" + _I32_CONST + signed(offset) + _END + unsigned(item.content.nbytes)
        for item, offset in zip(data, offsets, strict=True)
    ]
    count = unsigned(len(data))
    size = len(count) + sum(map(len, heads)) + sum(item.content.nbytes for item in data)
    file.write(bytes([_DATA]) + unsigned(size) + count)
    for head, item in zip(heads, data, strict=True):
        file.write(head)
        file.write(item.content)


def _section(number: int, content: bytes) -> bytes:
    return bytes([number]) + unsigned(len(content)) + content


def _vector(items: Sequence[bytes]) -> bytes:
    return unsigned(len(items)) + b"".join(items)


def _name(text: str) -> bytes:
    data = text.encode()
    return unsigned(len(data)) + data


def unsigned(value: int) -> bytes:
    """Return a number as unsigned LEB128."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed(value: int) -> bytes:
    """Return a number from 0 on as signed LEB128."""
    out = bytearray()
    while value > 0x3F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
