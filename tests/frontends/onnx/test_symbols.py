"""Symbolic dims of inputs, and what fixes them."""

from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, helper

from tyrex.frontends.onnx import ModelError, from_onnx

from .models import evaluate, f32, info, main_of, make, op_names, types  # noqa: TID251  # of the tests

ADD = make(
    [helper.make_node("Add", ["x", "z"], ["y"])],
    [info("x", ("batch", 4)), info("z", ("batch", 4))],
    ["y"],
)
ODD = make(
    [helper.make_node("Relu", ["a/b:0"], ["y"])],
    [info("a/b:0", ("p2o.Dim.0", None, "?", "min", 3))],
    ["y"],
)


def test_names_are_shared() -> None:
    module = from_onnx(ADD)
    assert types(module) == (["[batch, 4], f32"] * 2, ["[batch, 4], f32"])
    assert main_of(module).symbol_names == ("batch",)


def test_odd_names() -> None:
    main = main_of(from_onnx(ODD))
    assert main.symbol_names == ("p2o_Dim_0", "a_b_0_1", "a_b_0_2", "min_")
    assert main.input_names is not None
    assert [name.data for name in main.input_names] == ["a/b:0"]
    assert str(main.attributes["dim_names"]) == '{p2o_Dim_0 = "p2o.Dim.0", min_ = "min"}'


@pytest.mark.parametrize("name", ["p2o.Dim.0", "p2o_Dim_0"])
def test_dims_by_either_name(name: str) -> None:
    assert types(from_onnx(ODD, dims={name: 7}))[0] == ["[7, a_b_0_1, a_b_0_2, min_, 3], f32"]


def test_dims_fix_every_input() -> None:
    assert types(from_onnx(ADD, dims={"batch": 2})) == (["[2, 4], f32"] * 2, ["[2, 4], f32"])


def test_a_shape_fixes_the_dims_of_other_inputs() -> None:
    assert types(from_onnx(ADD, shapes={"x": (5, 4)}))[0] == ["[5, 4], f32"] * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dims": {"bach": 1}}, "no dim 'bach'; it has 'batch'"),
        ({"shapes": {"w": (1,)}}, "no input 'w'; it has 'x', 'z'"),
        ({"shapes": {"x": (1, 4, 1)}}, r"3 dims \(1, 4, 1\); the model says 2: \(batch, 4\)"),
        ({"shapes": {"x": (1, 5)}}, r"the shape \(1, 5\); the model says \(batch, 4\)"),
        ({"shapes": {"x": (1, 4), "z": (2, 4)}}, "makes dim 'batch' 2, but it is 1 already"),
        ({"dims": {"batch": 1}, "shapes": {"x": (2, 4)}}, "'batch' 2, but it is 1 already"),
        ({"dims": {"batch": -1}}, "a dim cannot be -1"),
        ({"values": {"w": f32(1, 4)}}, "values= names 'w'; the model has 'x', 'z'"),
        ({"values": {"x": f32(1, 5)}}, r"values= gives input 'x' the shape \(1, 5\)"),
        ({"values": {"x": f32(1, 4)}, "dims": {"batch": 2}}, "batch' 2, but it is 1 already"),
        ({"values": {"x": np.zeros((1, 4))}}, "'x' as f64; it is f32"),
    ],
)
def test_arguments_that_do_not_fit(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        from_onnx(ADD, **arguments)


def test_unknown_rank() -> None:
    model = make([helper.make_node("Relu", ["x"], ["y"])], [info("x", None)], ["y"])
    with pytest.raises(ModelError, match="how many dims input 'x' has") as error:
        from_onnx(model)
    assert error.value.hint == "say so with from_onnx(..., shapes={'x': (...)})"
    assert types(from_onnx(model, shapes={"x": (2, 3)}))[0] == ["[2, 3], f32"]


def test_values_replace_an_input() -> None:
    module = from_onnx(ADD, values={"z": f32(3, 4, seed=1)})
    assert types(module)[0] == ["[3, 4], f32"]
    x = f32(3, 4)
    np.testing.assert_array_equal(evaluate(module, x)[0], x + f32(3, 4, seed=1))


def test_weights_are_no_inputs() -> None:
    model = ModelProto.FromString(ADD.SerializeToString())
    weight = make([], [], [], {"z": f32(1, 4)}).graph.initializer[0]
    model.graph.initializer.append(weight)
    assert types(from_onnx(model))[0] == ["[batch, 4], f32"]


def test_symbolic_value_as_a_tensor() -> None:
    """A dim that ordinary arithmetic needs is computed from the shape at run time."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Mul", ["s", "w"], ["p"]),
        helper.make_node("Sub", ["p", "five"], ["d"]),
        helper.make_node("Add", ["d", "z"], ["y"]),
    ]
    weights = {"w": np.array([1, 2], np.int64), "five": np.array(5, np.int64)}
    inputs = [info("x", ("n", "m")), info("z", (2,), np.int64)]
    module = from_onnx(make(nodes, inputs, ["y"], weights))
    (y,) = evaluate(module, f32(3, 4), np.array([100, 200], np.int64))
    assert y.tolist() == [98, 203]


def test_shape_as_the_result() -> None:
    nodes = [helper.make_node("Shape", ["x"], ["y"])]
    module = from_onnx(make(nodes, [info("x", ("n", 7))], ["y"]))
    assert evaluate(module, f32(3, 7))[0].tolist() == [3, 7]
    assert op_names(from_onnx(make(nodes, [info("x", (3, 7))], ["y"]))) == []


CACHE = make(
    [
        helper.make_node("Concat", ["past", "x"], ["all"], axis=0),
        helper.make_node("Add", ["all", "mask"], ["y"]),
    ],
    [
        info("mask", ("past_length + length",)),
        info("past", ("past_length",)),
        info("x", ("length",)),
    ],
    ["y"],
)


def test_dim_that_is_an_expression_of_others() -> None:
    module = from_onnx(CACHE)
    assert types(module)[0][0] == "[length + past_length], f32"
    assert types(module)[1] == ["[length + past_length], f32"]
    mask, past, x = f32(5), f32(3), f32(2)
    np.testing.assert_array_equal(
        evaluate(module, mask, past, x)[0], np.concatenate([past, x]) + mask
    )


def test_expression_of_fixed_dims() -> None:
    module = from_onnx(CACHE, dims={"past_length": 3, "length": 2})
    assert types(module)[0][0] == "[5], f32"
    with pytest.raises(ModelError, match=r"'past_length \+ length' of input 'mask' is 5, but 6"):
        from_onnx(CACHE, shapes={"mask": (6,), "past": (3,), "x": (2,)})
