import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from tyrex.runtime.bytecode import Constant, Program
from tyrex.runtime.dtype import DType
from tyrex.runtime.errors import LoadError
from tyrex.runtime.program_file import TAGS, load_program, read_program, write_program

from .programs import program  # noqa: TID251  # the tests' folder, not the package's

TABLE_START, ENTRY_BYTES = 24, 24


def test_round_trip() -> None:
    original = program()
    assert read_program(write_program(original)) == original
    assert write_program(read_program(write_program(original))) == write_program(original)


def test_an_empty_program() -> None:
    assert read_program(write_program(Program(()))) == Program(())


def test_a_mapped_file_serves_constants_without_a_copy(tmp_path: Path) -> None:
    arrays = [np.arange(n, dtype=np.int64) for n in (3, 0, 1000)]
    constants = tuple(Constant.of(array, DType("int64")) for array in arrays)
    path = tmp_path / "p.tyx"
    path.write_bytes(write_program(Program((), constants=constants)))
    loaded = load_program(path)
    assert loaded.constants == constants
    for constant in loaded.constants:
        assert constant.data.__array_interface__["data"][0] % 64 == 0 or not constant.data.nbytes
        assert not constant.data.flags.owndata
        assert not constant.data.flags.writeable


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="cannot be read as a program"):
        load_program(tmp_path / "none.tyx")
    (tmp_path / "empty.tyx").write_bytes(b"")
    with pytest.raises(LoadError, match="cannot be read as a program"):
        load_program(tmp_path / "empty.tyx")


def test_other_files() -> None:
    good = write_program(program())
    with pytest.raises(LoadError, match="model: not a Tyrex program: found b'ELF'"):
        read_program(b"ELF", "model")
    with pytest.raises(LoadError, match="found format version 9, expected 2"):
        read_program(good[:8] + struct.pack("<I", 9) + good[12:])
    with pytest.raises(LoadError, match="cut off"):
        read_program(good[:30])
    with pytest.raises(LoadError, match="section DATA: bytes"):
        read_program(good[:-1])


def test_the_checksum_of_constants_is_optional() -> None:
    damaged = bytearray(write_program(program()))
    damaged[-1] ^= 1
    with pytest.raises(LoadError, match="checksum of section DATA"):
        read_program(damaged)
    read_program(damaged, check_data=False)


def test_every_cut_is_refused() -> None:
    good = write_program(program())
    for size in range(0, len(good), 7):
        with pytest.raises(LoadError):
            read_program(good[:size])


def signed(data: bytearray) -> bytes:
    """Return `data` with checksums that fit, as far as its table can be read."""
    for index in range(len(TAGS)):
        at = TABLE_START + index * ENTRY_BYTES
        offset, size = struct.unpack_from("<QQ", data, at + 8)
        if offset + size <= len(data):
            struct.pack_into("<I", data, at + 4, zlib.crc32(data[offset : offset + size]))
    end = TABLE_START + len(TAGS) * ENTRY_BYTES
    struct.pack_into("<I", data, 16, zlib.crc32(data[TABLE_START:end], zlib.crc32(data[:16])))
    return bytes(data)


@pytest.mark.parametrize("with_checksums", [False, True])
def test_damaged_files_raise_nothing_but_load_errors(with_checksums: bool) -> None:
    """A thousand damaged files a time; half of them with checksums that hide the damage."""
    good = write_program(program())
    rng = random.Random(7)
    accepted = 0
    for _ in range(1000):
        data = bytearray(good)
        for _ in range(rng.choice((1, 1, 2, 8))):
            at = rng.randrange(len(data))
            data[at] = rng.choice((0, 1, 127, 128, 255, data[at] ^ (1 << rng.randrange(8))))
        if rng.random() < 0.1:
            del data[rng.randrange(len(data)) :]
        try:
            found = read_program(
                signed(data) if with_checksums and len(data) > 200 else bytes(data)
            )
            accepted += found != program()
        except LoadError:
            continue
    assert accepted == 0 or with_checksums
