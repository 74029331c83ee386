"""One-section objects: symbols and bytes where readers and linkers look for them."""

import io
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tyrex.exporters.data import ALIGN_BYTES, Data
from tyrex.exporters.elf_object import write_data_object
from tyrex.runtime.elf import MACHINES
from tyrex.runtime.relocatable import read_object

ARRAYS = {
    "first": np.arange(5, dtype=np.float32),
    "empty": np.empty(0, np.float32),
    "last": np.arange(100, dtype=np.int64),
}


def written(arch: str = "x86_64") -> bytes:
    file = io.BytesIO()
    data = [Data(name, a.view(np.uint8).data) for name, a in ARRAYS.items()]
    write_data_object(file, arch, data)
    return file.getvalue()


@pytest.mark.parametrize("arch", sorted(MACHINES))
def test_symbols_are_read_back(arch: str) -> None:
    table = read_object(written(arch))
    assert table is not None
    assert table.machine == MACHINES[arch]
    assert table.defined == tuple(ARRAYS)
    assert not table.undefined


def test_arrays_are_aligned_and_whole() -> None:
    image = written()
    (table,) = struct.unpack_from("<Q", image, 40)
    offset, size = struct.unpack_from("<QQ", image, table + 64 + 24)
    data = image[offset : offset + size]
    assert offset % ALIGN_BYTES == 0
    assert data[:20] == ARRAYS["first"].tobytes()
    assert data[ALIGN_BYTES : ALIGN_BYTES + 800] == ARRAYS["last"].tobytes()


def test_an_unknown_architecture_is_named() -> None:
    with pytest.raises(NotImplementedError, match="for 'z80'; known: x86_64, aarch64"):
        written("z80")


@pytest.mark.skipif(shutil.which("readelf") is None, reason="no readelf (binutils)")
def test_binutils_find_nothing_wrong(tmp_path: Path) -> None:
    path = tmp_path / "data.o"
    path.write_bytes(written())
    done = subprocess.run(
        ["readelf", "-W", "-S", "-s", path], capture_output=True, text=True, check=True
    )
    assert not done.stderr
    for line in (".rodata", ".note.GNU-stack", "GLOBAL HIDDEN     1 first"):
        assert line in done.stdout
