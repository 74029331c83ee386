"""Libraries of systems that are not run here: what they are, and what they show."""

import os
import struct
from pathlib import Path

import pytest

import tyrex
from tyrex.exporters.c_interface import FUNCTIONS

from .cross_models import DIGITS, toolchain_or_skip  # noqa: TID251  # the tests' folder

SHOWN = {
    *(f"digits_{name}" for name in FUNCTIONS),
    *("__tvm_ffi_digits", "__tvm_ffi_main", "tyrex_module"),
}


def export(target: str, path: Path) -> bytes:
    toolchain_or_skip(target)
    exe = tyrex.compile(DIGITS / "digits.onnx", target, dims={"batch": 1})
    return exe.export_library(path).read_bytes()


def text_at(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode()


def shown_by_macho(image: bytes) -> set[str]:
    found, at = set[str](), 32
    for _ in range(struct.unpack_from("<I", image, 16)[0]):
        command, size = struct.unpack_from("<II", image, at)
        if command == 2:  # LC_SYMTAB
            symbols, count, strings = struct.unpack_from("<III", image, at + 8)
            for place in range(symbols, symbols + 16 * count, 16):
                name, kind = struct.unpack_from("<IB", image, place)
                if kind & 0x1F == 0x0F:  # defined, external, not private
                    found.add(text_at(image, strings + name).removeprefix("_"))
        at += size
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "processor"), [("aarch64-macos", 0x0100000C), ("x86_64-macos", 0x01000007)]
)
def test_a_library_of_macos(target: str, processor: int, tmp_path: Path) -> None:
    image = export(target, tmp_path / "digits.dylib")
    assert struct.unpack_from("<II", image) == (0xFEEDFACF, processor)
    assert struct.unpack_from("<I", image, 12)[0] == 6  # MH_DYLIB
    shown = shown_by_macho(image)
    assert shown >= SHOWN
    assert {name for name in shown - SHOWN if not name.startswith(("__dso", "_mh_"))} == set()


def shown_by_coff(image: bytes) -> set[str]:
    header = struct.unpack_from("<I", image, 0x3C)[0]
    assert image[header : header + 4] == b"PE\0\0"
    num_sections, optional = struct.unpack_from("<H12xH", image, header + 6)
    table = header + 24 + optional
    sections = [struct.unpack_from("<8xIIII", image, table + 40 * i) for i in range(num_sections)]

    def place(address: int) -> int:
        for size, start, _, raw in sections:
            if start <= address < start + size:
                return address - start + raw
        raise AssertionError(f"no section has address {address}")

    exports = place(struct.unpack_from("<I", image, header + 24 + 112)[0])
    assert text_at(image, place(struct.unpack_from("<I", image, exports + 12)[0])) == "digits.dll"
    count, names = struct.unpack_from("<I4xI", image, exports + 24)
    addresses = struct.unpack_from(f"<{count}I", image, place(names))
    return {text_at(image, place(address)) for address in addresses}


@pytest.mark.slow
@pytest.mark.skipif(
    os.environ.get("TYREX_TEST_CROSS") != "all",
    reason="zig builds Windows' C library first, a minute: TYREX_TEST_CROSS=all asks for it",
)
def test_a_library_of_windows(tmp_path: Path) -> None:
    assert shown_by_coff(export("x86_64-windows", tmp_path / "digits.dll")) == SHOWN
