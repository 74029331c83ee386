"""Files and protos that are no sound model: what the user is told."""

from pathlib import Path

import pytest
from onnx import ModelProto, helper

from tyrex.frontends.onnx import ModelError, from_onnx

from .models import info, make  # noqa: TID251  # of the tests

MODEL = make([helper.make_node("Relu", ["x"], ["y"])], [info("x", (2,))], ["y"])


def test_path_text_bytes_and_proto_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(MODEL.SerializeToString())
    texts = {
        str(from_onnx(source))
        for source in (
            path,
            str(path),
            MODEL.SerializeToString(),
            ModelProto.FromString(path.read_bytes()),
        )
    }
    assert len(texts) == 1


def test_truncated(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(MODEL.SerializeToString()[:-7])
    with pytest.raises(ModelError, match=r"not a complete ONNX model: \d+ bytes") as error:
        from_onnx(path)
    assert str(path) in str(error.value)
    assert error.value.hint is not None
    assert "cut off" in error.value.hint


def test_text_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("this is no model")
    with pytest.raises(ModelError, match=r"it is named \.txt"):
        from_onnx(path)


def test_other_format(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"")
    with pytest.raises(ModelError, match=r"found a \.safetensors file"):
        from_onnx(path)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"")
    with pytest.raises(ModelError, match="has no graph"):
        from_onnx(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        from_onnx(tmp_path / "m.onnx")


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="found a folder"):
        from_onnx(tmp_path)


def test_no_opset() -> None:
    model = ModelProto.FromString(MODEL.SerializeToString())
    del model.opset_import[:]
    with pytest.raises(ModelError, match="imports no opset"):
        from_onnx(model)


def test_two_versions_of_a_domain() -> None:
    model = ModelProto.FromString(MODEL.SerializeToString())
    model.opset_import.append(helper.make_opsetid("ai.onnx", 13))
    with pytest.raises(ModelError, match="opset 21 and opset 13"):
        from_onnx(model)


def test_opset_of_the_future() -> None:
    model = ModelProto.FromString(MODEL.SerializeToString())
    model.opset_import[0].version = 1000
    with pytest.raises(ModelError, match="opset 1000; package onnx"):
        from_onnx(model)


def test_model_errors_are_value_errors() -> None:
    with pytest.raises(ValueError, match="no graph"):
        from_onnx(ModelProto())
