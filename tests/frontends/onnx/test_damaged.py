"""Models damaged at random: an error of ours or a module that is well formed, never a crash."""

import random
from contextlib import suppress

import numpy as np
import pytest
from onnx import AttributeProto, ModelProto, helper

from tyrex.dialects.diagnostics import CompileError
from tyrex.dialects.verify import verify_module
from tyrex.frontends.onnx import from_onnx

from .models import f32, i64, info, make  # noqa: TID251  # of the tests

WEIGHTS = {
    "w": f32(4, 3, 3, 3),
    "b": f32(4),
    "shape": i64(0, 2, -1),
    "axes": i64(-1),
    "starts": i64(0),
    "ends": i64(5),
    "scales": np.array([1, 1, 2, 2], np.float32),
}
NODES = [
    helper.make_node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2], group=1),
    helper.make_node("BatchNormalization", ["c", "b", "b", "b", "b"], ["n"], epsilon=0.1),
    helper.make_node("MaxPool", ["n"], ["p"], kernel_shape=[2, 2], ceil_mode=1),
    helper.make_node("Resize", ["p", "", "scales"], ["r"], mode="linear"),
    helper.make_node("Slice", ["r", "starts", "ends", "axes"], ["s"]),
    helper.make_node("Reshape", ["s", "shape"], ["t"], allowzero=0),
    helper.make_node("Transpose", ["t"], ["u"], perm=[0, 2, 1]),
    helper.make_node("Softmax", ["u"], ["v"], axis=-1),
    helper.make_node("ReduceMean", ["v", "axes"], ["m"], keepdims=0),
    helper.make_node("Concat", ["m", "m"], ["y"], axis=1),
]


def build() -> ModelProto:
    return make(NODES, [info("x", (1, 3, 8, 8))], ["y"], WEIGHTS)


def damage(model: ModelProto, rng: random.Random) -> None:
    """Change one thing: an attribute, an input, a dim, a type, an operator, the opset."""
    node = rng.choice(model.graph.node)
    match rng.randrange(7):
        case 0 if node.attribute:
            attribute = rng.choice(node.attribute)
            change_attribute(attribute, rng)
        case 1:
            del node.input[rng.randrange(len(node.input))]
        case 2:
            node.input[rng.randrange(len(node.input))] = rng.choice(["", "nowhere", "x", "shape"])
        case 3:
            dims = model.graph.input[0].type.tensor_type.shape.dim
            dims[rng.randrange(len(dims))].dim_value = rng.choice([0, 1, 2, 9])
        case 4:
            model.graph.input[0].type.tensor_type.elem_type = rng.choice([1, 7, 9, 10, 16, 8])
        case 5:
            node.op_type = rng.choice(["Add", "Conv", "Reshape", "Gather", "Nope"])
        case _:
            model.opset_import[0].version = rng.choice([1, 6, 9, 11, 13, 18])


def change_attribute(attribute: AttributeProto, rng: random.Random) -> None:
    name = attribute.name
    values = (-100, 0, 7, 2**40, 1.5, "odd", [1, 2], [-5, 2**35], [0.5])
    attribute.CopyFrom(helper.make_attribute(name, rng.choice(values)))


@pytest.mark.parametrize("seed", range(10))
def test_damaged_model(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(40):
        model = build()
        damage(model, rng)
        with suppress(CompileError):
            verify_module(from_onnx(model))


@pytest.mark.parametrize("seed", range(10))
def test_damaged_bytes(seed: int) -> None:
    rng = random.Random(seed)
    whole = build().SerializeToString()
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        with suppress(CompileError):
            verify_module(from_onnx(bytes(data[: rng.choice([len(data), len(data) // 2])])))


def test_the_model_is_sound() -> None:
    verify_module(from_onnx(build()))
