"""Functions of the model, and those that ONNX defines its operators with."""

import numpy as np
import pytest
from onnx import AttributeProto, FunctionProto, helper

from tyrex.dialects.location import sources
from tyrex.frontends.onnx import ModelError, from_onnx

from .models import Array, agrees_single, close, evaluate, f32, info, main_of, make, op_names  # noqa: TID251  # of the tests

X = info("x", (2, 3))


def leaky(opset: int = 21) -> FunctionProto:
    """f(x; alpha = 0.5) = LeakyRelu(x + x; alpha)."""
    inner = helper.make_node("LeakyRelu", ["s"], ["y"])
    reference = inner.attribute.add()
    reference.name, reference.ref_attr_name = "alpha", "slope"
    reference.type = AttributeProto.FLOAT
    return helper.make_function(
        "com.acme",
        "Leaky",
        ["x"],
        ["y"],
        [helper.make_node("Add", ["x", "x"], ["s"]), inner],
        [helper.make_opsetid("", opset)],
        attribute_protos=[helper.make_attribute("slope", 0.5)],
    )


def test_function_of_the_model_is_inlined() -> None:
    nodes = [
        helper.make_node("Leaky", ["x"], ["a"], domain="com.acme"),
        helper.make_node("Leaky", ["a"], ["y"], domain="com.acme", slope=0.25),
    ]
    model = make(nodes, [X], ["y"], functions=[leaky()], domains={"com.acme": 1})
    x = f32(2, 3)
    close(evaluate(from_onnx(model), x), [numpy_leaky(numpy_leaky(x, 0.5), 0.25)])


def numpy_leaky(x: Array, slope: float) -> Array:
    return np.where(x < 0, 2 * x * np.float32(slope), 2 * x)


def test_names_of_a_function_are_its_own() -> None:
    """The function's `s` and `y` are not the graph's."""
    nodes = [
        helper.make_node("Neg", ["x"], ["s"]),
        helper.make_node("Leaky", ["s"], ["t"], domain="com.acme"),
        helper.make_node("Add", ["s", "t"], ["y"]),
    ]
    model = make(nodes, [X], ["y"], functions=[leaky()], domains={"com.acme": 1})
    x = f32(2, 3)
    close(evaluate(from_onnx(model), x), [-x + numpy_leaky(-x, 0.5)])


def test_function_of_onnx() -> None:
    """AffineGrid has no converter; its definition is shape arithmetic with an If."""
    theta = f32(2, 2, 3)
    size = np.array([2, 1, 4, 5], np.int64)
    module = agrees_single("AffineGrid", [theta, size], constant=(1,))
    assert "if" not in op_names(module)


def test_function_that_depends_on_types() -> None:
    scores, labels = f32(4, 5), np.array([0, 1, 4, 2], np.int64)
    agrees_single("SoftmaxCrossEntropyLoss", [scores, labels], reduction="mean")


def test_default_attributes_of_a_function() -> None:
    agrees_single("MeanVarianceNormalization", [f32(2, 3, 4, 5)])


def test_locations_name_the_nodes_of_the_function() -> None:
    node = helper.make_node("Leaky", ["x"], ["y"], domain="com.acme", name="call")
    model = make([node], [X], ["y"], functions=[leaky()], domains={"com.acme": 1})
    ops = list(main_of(from_onnx(model)).body.block.ops)
    assert [source.op_type for op in ops[:2] for source in sources(op.location)] == [
        "Add",
        "LeakyRelu",
    ]


def test_locations_of_a_function_of_onnx_name_the_call() -> None:
    node = helper.make_node("MeanVarianceNormalization", ["x"], ["y"], name="call", axes=[0])
    ops = list(main_of(from_onnx(make([node], [X], ["y"]))).body.block.ops)
    found = {source for op in ops[:-1] for source in sources(op.location)}
    assert found == {("MeanVarianceNormalization", "call", "y")}


def test_overloads_of_a_function() -> None:
    def function(overload: str, op_type: str) -> FunctionProto:
        body = [helper.make_node(op_type, ["x"], ["y"])]
        imports = [helper.make_opsetid("", 21)]
        return helper.make_function("d", "F", ["x"], ["y"], body, imports, overload=overload)

    nodes = [
        helper.make_node("F", ["x"], ["a"], domain="d", overload="one"),
        helper.make_node("F", ["a"], ["y"], domain="d", overload="two"),
    ]
    functions = [function("one", "Neg"), function("two", "Exp")]
    model = make(nodes, [X], ["y"], functions=functions, domains={"d": 1})
    assert op_names(from_onnx(model)) == ["neg", "exp"]


def test_function_that_calls_itself() -> None:
    body = [helper.make_node("F", ["x"], ["y"], domain="d")]
    imports = [helper.make_opsetid("", 21), helper.make_opsetid("d", 1)]
    function = helper.make_function("d", "F", ["x"], ["y"], body, imports)
    model = make(body, [X], ["y"], functions=[function], domains={"d": 1})
    with pytest.raises(ModelError, match="'F' calls itself"):
        from_onnx(model)


def test_unused_outputs_of_a_function_are_not_computed() -> None:
    body = [helper.make_node("Neg", ["x"], ["a"]), helper.make_node("Exp", ["x"], ["b"])]
    function = helper.make_function(
        "d", "Two", ["x"], ["a", "b"], body, [helper.make_opsetid("", 21)]
    )
    node = helper.make_node("Two", ["x"], ["y"], domain="d")
    module = from_onnx(make([node], [X], ["y"], functions=[function], domains={"d": 1}))
    assert op_names(module) == ["neg"]
    assert evaluate(module, f32(2, 3))[0].shape == (2, 3)
