"""A model file without its weights: they are found by their place, and read when asked for.

Protocol Buffers would hold every weight twice before the first is looked at. Here the file's
fields are walked (its outline is a few kilobytes), the raw bytes of large initializers are left
out, and in their place stands where they lie: as external data in the model's own file.

Source: the encoding of Protocol Buffers (protobuf.dev/programming-guides/encoding) and onnx.proto.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from onnx import TensorProto

OWN_FILE = "\0"
"""The location of external data that lies in the model's own file: no path can be called so."""

_MODEL_GRAPH, _GRAPH_INITIALIZER, _TENSOR_RAW_DATA = 7, 5, 9  # numbers of fields in onnx.proto
_LENGTH = 2  # the wire type of messages, text and bytes: a length, then so many bytes
_SMALLEST = 4096  # bytes; a smaller weight is read with the outline
_SMALLEST_FILE = 1 << 20  # bytes; a smaller file is read faster than looked through
_LONGEST_VARINT = 10


class _MalformedError(ValueError):
    """The bytes are no message, or one that is written in an unusual way."""


class _Field(NamedTuple):
    """A field of a message: its number and type, and where its key, its value and it end."""

    number: int
    wire_type: int
    start: int
    value: int
    end: int


def outline(path: Path) -> bytes | None:
    """Return the model of a file as bytes, large weights replaced by their places.

    None where there is nothing to gain, or where the file is not written as expected: then it
    is for Protocol Buffers to say what is wrong with it.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        if size < _SMALLEST_FILE:
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _model(data, size)
            except _MalformedError:
                return None


def _model(data: mmap.mmap, size: int) -> bytes | None:
    graphs = [field for field in _fields(data, 0, size) if field.number == _MODEL_GRAPH]
    if len(graphs) != 1 or graphs[0].wire_type != _LENGTH:
        return None
    field = graphs[0]
    graph = _graph(data, field.value, field.end)
    return data[: field.start] + _prefixed(_MODEL_GRAPH, graph) + data[field.end : size]


def _graph(data: mmap.mmap, start: int, end: int) -> bytes:
    parts: list[bytes] = []
    copied = start
    for field in _fields(data, start, end):
        if field.number != _GRAPH_INITIALIZER or field.end - field.value < _SMALLEST:
            continue
        tensor = _tensor(data, field.value, field.end)
        if tensor is not None:
            parts += [data[copied : field.start], _prefixed(_GRAPH_INITIALIZER, tensor)]
            copied = field.end
    return b"".join([*parts, data[copied:end]])


def _tensor(data: mmap.mmap, start: int, end: int) -> bytes | None:
    """Return a tensor without its raw bytes, or None where it has none to speak of."""
    raw = [field for field in _fields(data, start, end) if field.number == _TENSOR_RAW_DATA]
    if len(raw) != 1 or raw[0].wire_type != _LENGTH or raw[0].end - raw[0].value < _SMALLEST:
        return None
    field = raw[0]
    place = TensorProto(data_location=TensorProto.EXTERNAL)
    length = field.end - field.value
    for key, value in (("location", OWN_FILE), ("offset", field.value), ("length", length)):
        entry = place.external_data.add()
        entry.key, entry.value = key, str(value)
    # Messages one after the other are one message with the fields of both.
    return data[start : field.start] + data[field.end : end] + place.SerializeToString()


def _fields(data: mmap.mmap, start: int, end: int) -> Iterator[_Field]:
    position = start
    while position < end:
        key, value = _varint(data, position, end)
        wire_type = key & 7
        match wire_type:
            case 0:  # a number
                _, stop = _varint(data, value, end)
            case 1:  # 64 bits
                stop = value + 8
            case 2:  # _LENGTH
                length, value = _varint(data, value, end)
                stop = value + length
            case 5:  # 32 bits
                stop = value + 4
            case _:
                raise _MalformedError(f"wire type {wire_type}")
        if stop > end:
            raise _MalformedError("a field ends behind its message")
        yield _Field(key >> 3, wire_type, position, value, stop)
        position = stop


def _varint(data: mmap.mmap, position: int, end: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, lowest first, and the position behind it."""
    result = 0
    for i in range(_LONGEST_VARINT):
        if position + i >= end:
            raise _MalformedError("a number ends behind its message")
        byte = data[position + i]
        result |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return result, position + i + 1
    raise _MalformedError("a number of more than ten bytes")


def _prefixed(number: int, message: bytes) -> bytes:
    """Return `message` as field `number` of another."""
    return _encoded(number << 3 | _LENGTH) + _encoded(len(message)) + message


def _encoded(number: int) -> bytes:
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
