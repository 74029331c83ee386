"""Convolutions over one axis as images, and as blocks: what they compute stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper
from xdsl.context import Context

import tyrex
from tyrex.frontends.onnx import from_onnx
from tyrex.interpreters.relax import run
from tyrex.passes.relax.choose_layouts import ChooseLayoutsPass
from tyrex.passes.relax.infer_shapes import InferShapesPass
from tyrex.passes.relax.widen_convolutions import WidenConvolutionsPass

Array = NDArray[Any]


def model(seed: int) -> ModelProto:
    """Two convolutions with what lies between them, in a branch where the seed is odd."""
    rng = np.random.default_rng(seed)
    make, channels = helper.make_node, [int(c) for c in rng.choice([1, 3, 16, 33, 32], 3)]
    filters = 16 * int(rng.integers(1, 4)) - int(rng.choice([0, 0, 3]))
    taps, stride, dilation = (
        int(rng.integers(1, 5)),
        int(rng.integers(1, 4)),
        int(rng.integers(1, 3)),
    )
    weights = {
        "w1": rng.standard_normal((filters, channels[0], taps)) / 4,
        "b1": rng.standard_normal(filters),
        "w2": rng.standard_normal((32, filters, 3)) / 8,
        "scale": rng.standard_normal((1, filters, 1)),
    }
    nodes = [
        make("Conv", ["x", "w1", "b1"], ["c"], strides=[stride], dilations=[dilation], pads=[2, 1]),
        make("Mul", ["c", "scale"], ["m"]),
        make("Relu", ["m"], ["r"]),
        make("Add", ["r", "m"], ["a"]),
        make("Conv", ["a", "w2"], ["d"], strides=[1 + seed % 2], pads=[1, 1]),
        make("Tanh", ["d"], ["y"]),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", channels[0], "l"])]
    outputs = [helper.make_empty_tensor_value_info("y")]
    if seed % 2:
        inputs.append(helper.make_tensor_value_info("c0", TensorProto.BOOL, []))
        then = helper.make_graph(nodes, "then", [], outputs)
        zero = [make("Mul", ["x", "nothing"], ["z"]), make("ReduceSum", ["z"], ["s"]),
                *nodes[:-1], make("Add", ["d", "s"], ["e"])]  # fmt: skip
        otherwise = helper.make_graph(zero, "else", [], [helper.make_empty_tensor_value_info("e")])
        nodes = [make("If", ["c0"], ["y"], then_branch=then, else_branch=otherwise)]
        weights["nothing"] = np.zeros(())
    given = [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()]
    graph = helper.make_graph(nodes, "g", inputs, outputs, given)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def inputs_of(onnx_model: ModelProto, seed: int, batch: int, length: int) -> list[Array]:
    rng = np.random.default_rng(seed)
    channels = onnx_model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    x = rng.standard_normal((batch, channels, length)).astype(np.float32)
    return [x, *([np.array(bool(length % 2))] if seed % 2 else [])]


@pytest.mark.parametrize("seed", range(8))
def test_the_same_numbers(seed: int) -> None:
    plain = from_onnx(model(seed))
    InferShapesPass().apply(Context(), plain)
    wide = plain.clone()
    WidenConvolutionsPass(block=16).apply(Context(), wide)
    wide.verify()
    blocked = wide.clone()
    ChooseLayoutsPass(block=16).apply(Context(), blocked)
    blocked.verify()
    assert "relax.blocked_conv" in {op.name for op in blocked.walk()}
    for batch, length in ((1, 12), (2, 31), (1, 100)):
        inputs = inputs_of(model(seed), seed, batch, length)
        (expected,) = run(plain, "main", inputs)
        for module in (wide, blocked):
            (found,) = run(module, "main", inputs)
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_natively(seed: int) -> None:
    built = model(seed)
    exe = tyrex.compile(built, threads=1)
    assert exe.exec_mode == "compiled"
    for batch, length in ((1, 12), (3, 31), (1, 100), (2, 13)):
        inputs = inputs_of(built, seed, batch, length)
        (expected,) = run(from_onnx(built), "main", inputs)
        np.testing.assert_allclose(np.asarray(exe(*inputs)), expected, rtol=1e-4, atol=1e-5)
