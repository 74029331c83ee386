"""Weights that stay in their file until they are asked for."""

from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper

from tyrex.frontends.onnx import ModelError, from_onnx
from tyrex.frontends.onnx.wire import OWN_FILE, outline

from .models import (  # noqa: TID251  # of the tests
    Array,
    evaluate,
    f32,
    info,
    make,
)

LARGE, SMALL = f32(512, 600), f32(600, seed=1)


def build(weight: Array = LARGE) -> ModelProto:
    nodes = [
        helper.make_node("MatMul", ["x", "large"], ["a"]),
        helper.make_node("Add", ["a", "small"], ["y"]),
    ]
    return make(nodes, [info("x", (2, 512))], ["y"], {"large": weight, "small": SMALL})


def write(tmp_path: Path, model: ModelProto) -> Path:
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_outline_leaves_large_weights_out(tmp_path: Path) -> None:
    data = outline(write(tmp_path, build()))
    assert data is not None
    assert len(data) < 8192
    model = ModelProto.FromString(data)
    large, small = model.graph.initializer
    assert large.data_location == TensorProto.EXTERNAL
    assert {e.key: e.value for e in large.external_data}["location"] == OWN_FILE
    assert small.HasField("raw_data")
    whole = build()
    for tensor in (large, whole.graph.initializer[0]):
        for field in ("raw_data", "external_data", "data_location"):
            tensor.ClearField(field)
    assert model == whole


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8])
def test_file_and_proto_are_the_same(tmp_path: Path, dtype: type[np.generic]) -> None:
    model = build((LARGE * 100).astype(dtype))
    cast = helper.make_node("Cast", ["large"], ["wide"], to=TensorProto.FLOAT)
    model.graph.node.insert(0, cast)
    model.graph.node[1].input[1] = "wide"
    x = f32(2, 512, seed=2)
    from_file, from_proto = (
        evaluate(from_onnx(source), x) for source in (write(tmp_path, model), model)
    )
    np.testing.assert_array_equal(from_file[0], from_proto[0])


def test_the_file_may_be_overwritten_afterwards(tmp_path: Path) -> None:
    path = write(tmp_path, build())
    module = from_onnx(path)
    path.write_bytes(b"")
    x = f32(2, 512, seed=2)
    np.testing.assert_allclose(evaluate(module, x)[0], x @ LARGE + SMALL, 1e-4, 1e-4)


def test_small_files_are_read_whole(tmp_path: Path) -> None:
    model = make([helper.make_node("Relu", ["x"], ["y"])], [info("x", (2,))], ["y"])
    assert outline(write(tmp_path, model)) is None


@pytest.mark.parametrize("cut", [100, 600_000, 1_220_000])
def test_truncated(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path, build())
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ModelError, match="not a complete ONNX model"):
        from_onnx(path)


def test_wrong_number_of_bytes(tmp_path: Path) -> None:
    model = build()
    model.graph.initializer[0].dims[0] = 511
    with pytest.raises(ModelError, match=r"'large' has 1228800 bytes; its shape \[511, 600\]"):
        from_onnx(write(tmp_path, model))


def test_no_proto_may_name_the_own_file() -> None:
    model = build()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", OWN_FILE
    with pytest.raises(ModelError, match="the model's folder is not known"):
        from_onnx(model)


@pytest.mark.parametrize("entries", [{}, {"offset": "-1", "length": "4"}, {"offset": "x"}])
def test_a_file_that_names_itself(tmp_path: Path, entries: dict[str, str]) -> None:
    """What the outline writes may also stand in a file: then it is not trusted."""
    model = build()
    tensor = model.graph.initializer[1]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": OWN_FILE, **entries}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    with pytest.raises(ModelError):
        from_onnx(write(tmp_path, model))
