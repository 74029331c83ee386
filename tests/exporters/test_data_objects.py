"""Constants as objects of every format: symbols and bytes where readers look for them."""

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest

from tyrex.exporters.data import ALIGN_BYTES, Data
from tyrex.exporters.data_objects import write_constants
from tyrex.exporters.platforms import platform_of

ARRAYS = {
    "first": np.arange(5, dtype=np.float32),
    "empty": np.empty(0, np.float32),
    "a_name_of_more_than_eight_bytes": np.arange(100, dtype=np.int64),
}


def written(triple: str) -> bytes:
    file = io.BytesIO()
    data = [Data(name, a.view(np.uint8).data) for name, a in ARRAYS.items()]
    write_constants(file, platform_of(triple), data)
    return file.getvalue()


def text_at(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode()


def coff(image: bytes) -> dict[str, int]:
    machine, sections, _, table, count, optional, _ = struct.unpack_from("<HHIIIHH", image)
    assert (machine, sections, optional) == (0x8664, 1, 0)
    section = struct.unpack_from("<8sIIIIIIHHI", image, 20)
    assert section[0].rstrip(b"\0") == b".rdata"
    assert section[-1] >> 20 & 15 == 7  # aligned to 2 ** (7 - 1)
    strings = table + 18 * count
    assert struct.unpack_from("<I", image, strings)[0] == len(image) - strings
    found: dict[str, int] = {}
    for at in range(table, strings, 18):
        _, name, value, number, _, storage, _ = struct.unpack_from("<IIIhHBB", image, at)
        assert (number, storage) == (1, 2)
        found[text_at(image, strings + name)] = section[4] + value
    return found


def macho(image: bytes) -> dict[str, int]:
    magic, cpu, _, kind, commands, size, _, _ = struct.unpack_from("<IIIIIIII", image)
    assert (magic, cpu, kind, commands) == (0xFEEDFACF, 0x0100000C, 1, 3)
    segment = 32
    assert struct.unpack_from("<II", image, segment) == (0x19, 72 + 80)
    section = struct.unpack_from("<16s16sQQIIIIIIII", image, segment + 72)
    assert (section[0].rstrip(b"\0"), section[5]) == (b"__const", 6)
    table = segment + 72 + 80
    command, length, symbols, count, strings, _ = struct.unpack_from("<IIIIII", image, table)
    assert (command, length) == (2, 24)
    assert struct.unpack_from("<II", image, table + length) == (0x32, 24)
    assert size == 72 + 80 + 24 + 24
    found: dict[str, int] = {}
    for index in range(count):
        name, kind, number, _, value = struct.unpack_from("<IBBHQ", image, symbols + 16 * index)
        assert (kind, number) == (0x1F, 1)  # private external, in section 1
        found[text_at(image, strings + name).removeprefix("_")] = section[4] + value
    return found


def elf32(image: bytes) -> dict[str, int]:
    header = struct.unpack_from("<16sHHIIIIIHHHHHH", image)
    assert (header[0][4], header[1], header[2], header[7]) == (1, 1, 40, 0x5000000)
    sections = [struct.unpack_from("<10I", image, header[6] + 40 * i) for i in range(header[12])]
    names = sections[header[13]][4]
    by_name = {text_at(image, names + section[0]): section for section in sections}
    data, symbols = by_name[".rodata"], by_name[".symtab"]
    assert data[8] == ALIGN_BYTES
    found: dict[str, int] = {}
    for at in range(symbols[4] + 16, symbols[4] + symbols[5], 16):
        name, value, _, info, other, number = struct.unpack_from("<IIIBBH", image, at)
        assert (info, other, number) == (0x11, 2, 1)  # global object, hidden
        found[text_at(image, sections[symbols[6]][4] + name)] = data[4] + value
    return found


@pytest.mark.parametrize(
    ("triple", "read"),
    [
        ("x86_64-unknown-windows-gnu", coff),
        ("arm64-apple-macosx11.0.0", macho),
        ("armv7-unknown-linux-gnueabihf", elf32),
    ],
)
def test_arrays_are_aligned_and_whole(triple: str, read: Callable[[bytes], dict[str, int]]) -> None:
    image = written(triple)
    places = read(image)
    assert list(places) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert places[name] % ALIGN_BYTES == 0
        assert image[places[name] : places[name] + array.nbytes] == array.tobytes()


@pytest.mark.parametrize(
    "triple", ["z80-unknown-none", "z80-unknown-windows-gnu", "z80-apple-macosx", "wasm64-wasi"]
)
def test_an_unknown_architecture_is_named(triple: str) -> None:
    with pytest.raises(NotImplementedError, match=f"for '{triple.partition('-')[0]}'; known: "):
        written(triple)
