"""Small models for the tests of the driver."""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

T = "!relax.tensor<[4, 8], f32>"

GRAPH = f"""
relax.func @main(%x: {T}) -> ({T}) attributes {{input_names = ["x"], output_names = ["y"]}} {{
  %0 = relax.tanh %x : ({T}) -> {T}
  %1 = relax.multiply %0, %x : ({T}, {T}) -> {T}
  relax.return %1 : {T}
}}
"""
"""y = tanh(x) * x"""

KERNEL = """
tir.func @double(%x: !tir.buffer<[8], f32>) -> (%y: !tir.buffer<[8], f32>) {
  tir.for %i in 8 serial {
    %v = tir.load %x[%i] : !tir.buffer<[8], f32>
    %w = arith.addf %v, %v : f32
    tir.store %w, %y[%i] : !tir.buffer<[8], f32>
  }
}
"""

X = np.linspace(-2, 2, 32, dtype=np.float32).reshape(4, 8)
Y = np.tanh(X) * X


def dense(bias: float = 0.0, outputs: int = 4) -> onnx.ModelProto:
    """relu(x @ w + b), x of [batch, 8]."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Add", ["m", "b"], ["s"]),
        helper.make_node("Relu", ["s"], ["y"]),
    ]
    w, b = weights(outputs)
    graph = helper.make_graph(
        nodes,
        "dense",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", outputs])],
        [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b + np.float32(bias), "b")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def weights(outputs: int = 4) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    return rng.random((8, outputs), np.float32), rng.random(outputs, np.float32)


def dense_expected(x: NDArray[np.float32], bias: float = 0.0) -> NDArray[np.float32]:
    w, b = weights()
    return np.maximum(x @ w + b + np.float32(bias), 0)
