"""A checkpoint is read as data: views and element types are right, strange opcodes are refused."""

from pathlib import Path

import numpy as np
import pytest

from . import torch_checkpoint

EMPTY_PICKLES = b"\x80\x02N." * torch_checkpoint.LEADING_PICKLES


def text(value: str) -> bytes:
    """The opcode that pushes a short string."""
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


def tensor(name: str, kind: bytes, key: str, shape: bytes, strides: bytes) -> bytes:
    storage = b"((" + text("storage") + b"ctorch\n" + kind + b"\n" + text(key) + text("cpu")
    storage += b"K\x06NtQ"  # six elements
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n"
    return text(name) + rebuild + storage + b"K\x00" + shape + strides + b"\x89)tR"


def test_reads_views_of_storages(tmp_path: Path) -> None:
    transposed = tensor("w", b"FloatStorage", "7", b"K\x02K\x03\x86", b"K\x01K\x02\x86")
    count = tensor("n", b"LongStorage", "8", b")", b")")
    state = b"\x80\x02ccollections\nOrderedDict\n)R(" + transposed + count + b"u."
    keys = b"\x80\x02](" + text("7") + text("8") + b"e."
    values = np.arange(6, dtype="<f4").tobytes(), np.array([41], "<i8").tobytes()
    body = (6).to_bytes(8, "little") + values[0] + (1).to_bytes(8, "little") + values[1]
    path = tmp_path / "model.pth"
    path.write_bytes(EMPTY_PICKLES + state + keys + body)
    tensors = torch_checkpoint.read(path)
    np.testing.assert_array_equal(tensors["w"], [[0, 2, 4], [1, 3, 5]])
    assert tensors["w"].dtype == np.float32
    assert tensors["n"] == 41


def test_refuses_unknown_opcodes(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(EMPTY_PICKLES + b"\x80\x02cos\nsystem\n)\x81.")
    with pytest.raises(ValueError, match="NEWOBJ: not an opcode of a state dictionary"):
        torch_checkpoint.read(path)
