"""Arrays as text of C, and as a file beside it.

Small arrays are literals of their elements, which any compiler reads on any machine. Numbers cost
a compiler about a microsecond each, so that larger arrays are strings: rows of bytes, in the order
of a little-endian machine (the file refuses to compile for another).
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..runtime.bytecode import Constant

Bytes = npt.NDArray[np.uint8]

LITERAL_BYTES = 16384
"""Up to this size an array is a list of numbers."""

ROW_BYTES = 1024
"""Of a string: C11 promises 4095 characters in a literal, each byte is up to four in the file."""

ALIGN_BYTES = 64
_MAGIC = b"TYREXWTS\x01\0\0\0\0\0\0\0"
HEADER_BYTES = 64
_PER_LINE = 8

_TYPES = {1: "uint8_t", 2: "uint16_t", 4: "uint32_t", 8: "uint64_t"}
_FLOATS = {"float32": ("float", "f"), "float64": ("double", "")}


def has_strings(constants: Sequence[Constant]) -> bool:
    """Tell whether one of the constants is written as bytes."""
    return any(constant.data.nbytes > LITERAL_BYTES for constant in constants)


def definitions(constants: Sequence[Constant], used: Container[int]) -> Iterator[str]:
    """Yield the definitions of `constant0` and on, in pieces; of those whose number is used."""
    for number, constant in enumerate(constants):
        if number not in used:
            continue
        name = f"constant{number}"
        yield f"/* {constant.spec} */\n"
        if constant.data.nbytes > LITERAL_BYTES:
            yield from _rows(name, constant.data)
        else:
            yield from _numbers(name, constant)
        yield "\n"


def _numbers(name: str, constant: Constant) -> Iterator[str]:
    """Yield the definition of an array of numbers."""
    data, dtype = constant.data, constant.spec.dtype
    size = max(dtype.bits // 8, 1)
    if str(dtype) in _FLOATS:
        c_type, suffix = _FLOATS[str(dtype)]
        texts = [_real(value, suffix) for value in data.view(f"f{size}")]
    else:
        c_type, ending = _TYPES[size], "u" if size < 8 else ""
        values = data.view(f"u{size}").tolist()
        texts = [f"UINT64_C({value})" if size == 8 else f"{value}{ending}" for value in values]
    texts = texts or ["0"]
    yield f"static const {c_type} {name}[{len(texts)}] = {{\n"
    for start in range(0, len(texts), _PER_LINE):
        yield f"    {', '.join(texts[start : start + _PER_LINE])},\n"
    yield "};\n"


def _real(value: Any, suffix: str) -> str:
    """Return a number's literal: the shortest decimal that is the number again."""
    if np.isnan(value):
        return "NAN"
    if np.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    return f"{np.format_float_scientific(value, trim='0')}{suffix}"


_ESCAPES = np.frombuffer("".join(f"\\{byte:03o}" for byte in range(256)).encode(), np.uint32)
"""Each byte as it stands in a string: four characters."""

_ROWS_AT_ONCE = 4096


def _rows(name: str, data: Bytes) -> Iterator[str]:
    """Yield the definition of an array of strings, which lie one behind the other."""
    count = -(-len(data) // ROW_BYTES)
    yield f"static const _Alignas({ALIGN_BYTES}) unsigned char {name}[{count}][{ROW_BYTES}] = {{\n"
    step = _ROWS_AT_ONCE * ROW_BYTES
    for start in range(0, len(data), step):
        piece = data[start : start + step]
        padded = np.zeros(-(-len(piece) // ROW_BYTES) * ROW_BYTES, np.uint8)
        padded[: len(piece)] = piece
        rows = _ESCAPES[padded].view(np.uint8).reshape(-1, 4 * ROW_BYTES)
        text = np.empty((len(rows), 4 * ROW_BYTES + 6), np.uint8)
        text[:, :3] = np.frombuffer(b'  "', np.uint8)
        text[:, 3:-3] = rows
        text[:, -3:] = np.frombuffer(b'",\n', np.uint8)
        yield text.tobytes().decode("ascii")
    yield "};\n"


# -- a file of weights ---------------------------------------------------------------------------


def offsets(constants: Sequence[Constant]) -> tuple[list[int], int]:
    """Return where each constant begins in a file of weights, and the file's size."""
    found: list[int] = []
    at = HEADER_BYTES
    for constant in constants:
        found.append(at)
        at += -(-constant.data.nbytes // ALIGN_BYTES) * ALIGN_BYTES
    return found, at


def weights_header(constants: Sequence[Constant]) -> bytes:
    """Return what a file of weights begins with: 64 bytes that tell it from others."""
    hasher = hashlib.sha256()
    for constant in constants:
        hasher.update(constant.data.data)
    size = offsets(constants)[1]
    return (_MAGIC + size.to_bytes(8, "little") + hasher.digest()).ljust(HEADER_BYTES, b"\0")


def weights(constants: Sequence[Constant]) -> Iterator[bytes | memoryview]:
    """Yield a file of weights: a header, then each array at a multiple of 64 bytes."""
    yield weights_header(constants)
    for constant in constants:
        yield constant.data.data
        yield bytes(-constant.data.nbytes % ALIGN_BYTES)
