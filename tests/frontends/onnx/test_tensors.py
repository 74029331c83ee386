"""Weights: shared or mapped, never trusted."""

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper
from onnx.external_data_helper import convert_model_to_external_data, write_external_data_tensors
from xdsl.dialects.builtin import ModuleOp

from tyrex.dialects import relax
from tyrex.frontends.onnx import ModelError, UnsupportedOperatorsError, from_onnx

from .models import Array, evaluate, f32, info, make, numpy_helper  # noqa: TID251  # of the tests

WEIGHT = f32(4, 8)


def model_with(tensor: TensorProto) -> ModelProto:
    model = make(
        [helper.make_node("Add", ["x", "w"], ["y"])], [info("x", tuple(tensor.dims))], ["y"]
    )
    model.graph.initializer.append(tensor)
    return model


def external(tmp_path: Path, **entries: str | int) -> ModelProto:
    (tmp_path / "w.bin").write_bytes(b"0123" + WEIGHT.tobytes())
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=WEIGHT.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "w.bin", "offset": 4, **entries}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    return model_with(tensor)


def write(tmp_path: Path, model: ModelProto) -> Path:
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def weight_of(module: ModuleOp) -> Array:
    (constant,) = (op for op in module.walk() if isinstance(op, relax.ConstantOp))
    return constant.value.array


@pytest.mark.parametrize(
    "array",
    [
        np.array([True, False]),
        np.array([-1, 5], np.int8),
        np.array([-1, 5], np.int16),
        np.array([-1, 5], np.int32),
        np.array([-1, 2**40], np.int64),
        np.array([0, 255], np.uint8),
        np.array([0, 65535], np.uint16),
        np.array([0, 2**32 - 1], np.uint32),
        np.array([0, 2**64 - 1], np.uint64),
        np.array([0.5, -2], np.float16),
        np.array([0.5, -2], np.float32),
        np.array([0.5, -2], np.float64),
        np.array([0.5, -2], ml_dtypes.bfloat16),
    ],
    ids=lambda array: str(array.dtype),
)
@pytest.mark.parametrize("raw", [True, False])
def test_element_types(array: Array, raw: bool) -> None:
    code = helper.np_dtype_to_tensor_dtype(array.dtype)
    values = array.tobytes() if raw else array.flatten()
    tensor = helper.make_tensor("w", code, array.shape, values, raw)
    model = make([helper.make_node("Identity", ["w"], ["y"])], [], ["y"])
    model.graph.initializer.append(tensor)
    (y,) = evaluate(from_onnx(model))
    assert y.dtype == array.dtype
    assert y.tobytes() == array.tobytes()


def test_too_few_bytes() -> None:
    tensor = helper.make_tensor("w", TensorProto.FLOAT, (4, 8), WEIGHT.tobytes(), True)
    tensor.raw_data = tensor.raw_data[:-4]
    with pytest.raises(ModelError, match=r"'w' has 124 bytes; its shape \[4, 8\] .* need 128"):
        from_onnx(model_with(tensor))


def test_too_few_elements() -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=(3,), float_data=[1.0, 2.0])
    with pytest.raises(ModelError, match="'w' has 2 elements"):
        from_onnx(model_with(tensor))


def test_strings_are_not_supported() -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.STRING, dims=(1,), string_data=[b"a"])
    with pytest.raises(UnsupportedOperatorsError, match="element type STRING"):
        from_onnx(model_with(tensor))


def test_external_data_is_mapped(tmp_path: Path) -> None:
    module = from_onnx(write(tmp_path, external(tmp_path)))
    base: object = weight_of(module)
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    np.testing.assert_array_equal(weight_of(module), WEIGHT)


def test_external_data_written_by_onnx(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    model = model_with(numpy_helper.from_array(WEIGHT, "w"))
    convert_model_to_external_data(model, location="m.data", size_threshold=0)
    path.write_bytes(write_external_data_tensors(model, str(tmp_path)).SerializeToString())
    x = f32(4, 8, seed=1)
    np.testing.assert_array_equal(evaluate(from_onnx(path), x)[0], x + WEIGHT)


@pytest.mark.parametrize("location", ["../w.bin", "/etc/passwd", "", "a/../../w.bin"])
def test_external_data_outside_of_the_folder(tmp_path: Path, location: str) -> None:
    with pytest.raises(ModelError, match="not a relative path inside the model's folder"):
        from_onnx(write(tmp_path, external(tmp_path, location=location)))


def test_external_data_behind_a_link(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    model = external(tmp_path)
    (folder / "w.bin").symlink_to(tmp_path / "w.bin")
    with pytest.raises(ModelError, match="not a relative path inside the model's folder"):
        from_onnx(write(folder, model))


def test_external_data_missing(tmp_path: Path) -> None:
    path = write(tmp_path, external(tmp_path))
    (tmp_path / "w.bin").unlink()
    with pytest.raises(ModelError, match="cannot read the external data"):
        from_onnx(path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("offset", 100, r"bytes 100\.\.228 of 'w.bin', which has 132"),
        ("length", 64, "'w' has 64 bytes"),
        ("offset", "-4", "external offset is '-4', expected a number"),
        ("offset", "many", "external offset is 'many'"),
    ],
)
def test_external_data_that_lies(tmp_path: Path, key: str, value: str | int, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        from_onnx(write(tmp_path, external(tmp_path, **{key: value})))


def test_external_data_without_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the model's folder is not known"):
        from_onnx(external(tmp_path))


def test_large_fills_take_no_memory() -> None:
    """ConstantOfShape of 4 TB: a broadcast of one element."""
    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["w"]),
        helper.make_node("Unsqueeze", ["w", "axes"], ["u"]),
        helper.make_node("Add", ["x", "u"], ["y"]),
    ]
    weights = {"s": np.array([2**20, 2**20], np.int64), "axes": np.array([0], np.int64)}
    module = from_onnx(make(nodes, [info("x", (1,))], ["y"], weights))
    assert weight_of(module).strides == (0, 0, 0)


def test_weights_that_nobody_reads_are_not_looked_at(tmp_path: Path) -> None:
    model = model_with(numpy_helper.from_array(WEIGHT, "w"))
    unused = model.graph.initializer.add()
    unused.CopyFrom(TensorProto(name="unused", data_type=TensorProto.STRING, dims=(1,)))
    from_onnx(model)


@pytest.mark.parametrize(
    "dtype", ["int4", "uint4", "float8_e4m3fn", "float8_e5m2", "float4_e2m1fn"]
)
@pytest.mark.parametrize("outside", [False, True])
def test_narrow_weights_are_dequantized(tmp_path: Path, dtype: str, outside: bool) -> None:
    numbers = np.array([[0, 1, 3], [2, 6, 4]], np.float32)
    narrow = numbers.astype(np.dtype(getattr(ml_dtypes, dtype)))
    scale = np.array(0.5, np.float32)
    node = helper.make_node("DequantizeLinear", ["w", "scale"], ["y"])
    model = make([node], [], ["y"], {"scale": scale}, opset=24)
    model.graph.initializer.append(numpy_helper.from_array(narrow, "w"))
    if outside:
        convert_model_to_external_data(model, location="m.data", size_threshold=0)
        model = write_external_data_tensors(model, str(tmp_path))
    (y,) = evaluate(from_onnx(write(tmp_path, model)))
    np.testing.assert_array_equal(y, numbers / 2)


def test_narrow_weights_are_for_dequantizing_alone() -> None:
    weight = numpy_helper.from_array(np.zeros((2,), ml_dtypes.int4), "w")
    model = make([helper.make_node("Identity", ["w"], ["y"])], [], ["y"], opset=24)
    model.graph.initializer.append(weight)
    with pytest.raises(UnsupportedOperatorsError, match="type INT4 as input of Identity"):
        from_onnx(model)
