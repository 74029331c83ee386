"""Archives: what is written is read, by others too; what is damaged or forged is refused."""

import io
import random
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from tyrex.runtime.archive import ALIGN_BYTES, PAGE_BYTES, read_archive, write_archive
from tyrex.runtime.errors import LoadError

MEMBERS = {
    "manifest.json": b"{}",
    "objects/0.o": bytes(range(256)) * 3,
    "empty": b"",
    "weights.bin": bytes(1000),
}


def written(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    write_archive(file, list(members.items()))
    return file.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    return {name: bytes(view) for name, view in read_archive(memoryview(data), "m").items()}


def test_round_trip() -> None:
    assert read(written(MEMBERS)) == MEMBERS
    assert read(written({})) == {}
    assert written(MEMBERS) == written(MEMBERS)


def test_pythons_zipfile_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "m.zip"
    path.write_bytes(written(MEMBERS))
    with zipfile.ZipFile(path) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == MEMBERS


def test_members_can_be_mapped() -> None:
    data = np.frombuffer(written(MEMBERS), np.uint8)
    start = data.__array_interface__["data"][0]
    for name, view in read_archive(data.data, "m").items():
        if view:
            at = np.frombuffer(view, np.uint8).__array_interface__["data"][0] - start
            assert at % (PAGE_BYTES if name == "weights.bin" else ALIGN_BYTES) == 0


def test_every_cut_and_every_addition_is_refused() -> None:
    data = written(MEMBERS)
    for size in [*range(0, len(data), 97), len(data) - 1]:
        with pytest.raises(LoadError, match="m: damaged"):
            read(data[:size])
    for longer in (data + b"\0", b"\0" + data, data + data):
        with pytest.raises(LoadError, match="m: damaged"):
            read(longer)


def test_every_bit_counts_but_those_of_weights() -> None:
    data = written(MEMBERS)
    at = PAGE_BYTES
    assert data[at - 1 : at + 1001] == bytes(1001) + b"P", "the weights, then the directory"
    for position in random.Random(0).sample(range(len(data)), 3000):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        if at <= position < at + 1000:
            assert read(bytes(changed))["weights.bin"] != MEMBERS["weights.bin"]
        else:
            with pytest.raises(LoadError, match="m: damaged"):
                read(bytes(changed))


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../b", "C:x", "a//b", "x" * 300, "ü"])
def test_names_outside_are_refused(name: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
        archive.writestr(name, b"content")
    with pytest.raises(LoadError, match="m: damaged"):
        read(file.getvalue())


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../b", "a\\b", "C:x", "a//b", ".x", "a/"])
def test_forged_names_are_refused(name: str) -> None:
    stand_in = b"n" * len(name)
    forged = written({stand_in.decode(): b""}).replace(stand_in, name.encode())
    with pytest.raises(LoadError, match="a member is named"):
        read(forged)


def test_compressed_members_are_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(10_000_000))
    assert len(file.getvalue()) < 100_000
    with pytest.raises(LoadError, match="m: damaged"):
        read(file.getvalue())
    method = bytearray(written({"bomb": b"x"}))
    method[method.index(b"PK\1\2") + 10] = 8
    with pytest.raises(LoadError, match=r"'bomb' is compressed \(method 8\)"):
        read(bytes(method))


def test_two_members_of_one_name_are_refused() -> None:
    file = io.BytesIO()
    write_archive(file, [("a", b"1"), ("a", b"2")])
    with pytest.raises(LoadError, match="have one name"):
        read(file.getvalue())


def test_members_that_overlap_are_refused() -> None:
    """The directory says twice where the first one is."""
    data = bytearray(written({"aaaa": b"12345678", "bbbb": b"12345678"}))
    first = data.index(b"PK\1\2")
    second = data.index(b"PK\1\2", first + 4)
    offset = slice(second + 46 + 4 + 20, second + 46 + 4 + 28)
    data[offset] = data[first + 46 + 4 + 20 : first + 46 + 4 + 28]
    with pytest.raises(LoadError, match="contradicts itself"):
        read(bytes(data))


@pytest.mark.parametrize("size", [9, 7, 2**31, 2**63, 2**64 - 1])
def test_sizes_that_lie_are_refused(size: int) -> None:
    data = bytearray(written({"aaaa": b"12345678"}))
    at = data.index(b"PK\1\2") + 46 + 4 + 4
    for start in (at, at + 8, data.index(b"aaaa") + 8, data.index(b"aaaa") + 16):
        data[start : start + 8] = size.to_bytes(8, "little")
    with pytest.raises(LoadError, match="m: damaged"):
        read(bytes(data))


def test_the_checksum_of_small_members_is_compared() -> None:
    data = written({"code.so": b"12345678"})
    crc = zlib.crc32(b"12345678").to_bytes(4, "little")
    assert data.count(crc) == 2
    with pytest.raises(LoadError, match=r"the checksum of member 'code\.so' differs"):
        read(data.replace(crc, b"abcd"))
