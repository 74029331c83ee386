"""The largest k, k being what a run says."""

from typing import Any, cast

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

import tyrex
from tyrex.runtime.errors import ShapeError

Array = NDArray[Any]
FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


def top_k(rows: int | str, axis: int, largest: int, *more: onnx.NodeProto) -> onnx.ModelProto:
    nodes = [
        helper.make_node("TopK", ["x", "k"], ["v", "i"], axis=axis, largest=largest),
        helper.make_node("Neg", ["v"], ["w"]),
        *more,
    ]
    inputs = [
        helper.make_tensor_value_info("x", FLOAT, [rows, 5]),
        helper.make_tensor_value_info("k", INT, [1]),
    ]
    outputs = [helper.make_tensor_value_info(name, FLOAT, [None, None]) for name in ("v", "w")]
    outputs.insert(1, helper.make_tensor_value_info("i", INT, [None, None]))
    graph = helper.make_graph(nodes, "g", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


@pytest.mark.parametrize("mode", ["bytecode", "compiled"])
@pytest.mark.parametrize(("rows", "axis"), [(4, 1), (4, 0), ("n", 0), ("n", -1)])
@pytest.mark.parametrize("largest", [0, 1])
def test_a_number_that_a_run_says(mode: str, rows: int | str, axis: int, largest: int) -> None:
    proto = top_k(rows, axis, largest)
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    exe = tyrex.compile(proto, exec_mode=mode)
    assert exe.exec_mode == mode
    x = np.random.default_rng(0).permutation(20).reshape(4, 5).astype(np.float32)
    for k in (1, 3, 4):
        feed = {"x": x, "k": np.array([k], np.int64)}
        expected: list[Array] = cast(Any, session).run(None, feed)
        for found, wanted in zip(exe.run(feed), expected, strict=True):
            np.testing.assert_array_equal(np.asarray(found), wanted)
    for k in (6, -1):
        with pytest.raises(ShapeError, match=r"TopK -> v: .*expected "):
            exe.run({"x": x, "k": np.array([k], np.int64)})
    none = exe.run({"x": x, "k": np.array([0], np.int64)})[0]
    assert np.asarray(none).shape == ((0, 5) if axis == 0 else (4, 0))
