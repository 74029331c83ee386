"""What cannot be imported is told at once, before any work."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from tyrex.frontends.onnx import (
    ModelError,
    UnknownValueError,
    UnsupportedOperatorsError,
    from_onnx,
)

from .models import f32, i64, info, make, single  # noqa: TID251  # of the tests

X = info("x", (2, 3))


def test_everything_in_one_report() -> None:
    nodes = [helper.make_node("NoSuch", [f"a{i}"], [f"a{i + 1}"], name=f"n{i}") for i in range(5)]
    nodes += [
        helper.make_node("Multinomial", ["a5"], ["b"]),
        helper.make_node("Fancy", ["b"], ["c"], domain="com.acme"),
        helper.make_node("Cast", ["c"], ["y"], to=TensorProto.FLOAT8E4M3FN, name="cast"),
    ]
    model = make(nodes, [info("a0", (2, 2))], ["y"], domains={"com.acme": 1})
    with pytest.raises(UnsupportedOperatorsError) as error:
        from_onnx(model)
    found = {(item.domain, item.op_type): item for item in error.value.found}
    assert list(found) == [("", "NoSuch"), ("", "Multinomial"), ("com.acme", "Fancy"), ("", "Cast")]
    assert found["", "NoSuch"].nodes == ("n0", "n1", "n2", "n3", "n4")
    text = str(error.value)
    assert "needs 4 things" in text
    assert "NoSuch: ONNX has no such operator in opset 21 (5 nodes: 'n0', 'n1', 'n2' and 2" in text
    assert "com.acme.Fancy: unknown domain 'com.acme' (1 node: 'c')" in text
    assert "Cast: cast to element type FLOAT8E4M3FN (1 node: 'cast')" in text
    assert error.value.hint is not None
    assert "register_converter" in error.value.hint


def test_domain_that_is_not_imported() -> None:
    model = make([helper.make_node("Fancy", ["x"], ["y"], domain="com.acme")], [X], ["y"])
    with pytest.raises(UnsupportedOperatorsError, match=r"'com\.acme' is not in the model's o"):
        from_onnx(model)


def test_branches_are_looked_at() -> None:
    branch = helper.make_graph(
        [helper.make_node("Multinomial", ["x"], ["r"], name="deep")],
        "branch",
        [],
        [helper.make_empty_tensor_value_info("r")],
    )
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    with pytest.raises(UnsupportedOperatorsError, match=r"Multinomial: no converter .* 'deep'"):
        from_onnx(make([node], [X, info("c", (), bool)], ["y"]))


def test_input_of_complex_numbers() -> None:
    value = helper.make_tensor_value_info("x", TensorProto.COMPLEX64, (2,))
    node = helper.make_node("Identity", ["x"], ["y"])
    with pytest.raises(UnsupportedOperatorsError, match="input: element type COMPLEX64"):
        from_onnx(make([node], [value], ["y"]))


def test_input_that_is_a_sequence() -> None:
    value = helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, None)
    node = helper.make_node("SequenceLength", ["x"], ["y"])
    model = make([node], [value], ["y"])
    from_onnx(model)
    from_onnx(model, values={"x": [f32(1), f32(2)]})
    nested = helper.make_sequence_type_proto(value.type)
    model = make([node], [helper.make_value_info("x", nested)], ["y"])
    with pytest.raises(UnsupportedOperatorsError, match="an input that is a sequence"):
        from_onnx(model)
    value = helper.make_tensor_sequence_value_info("x", TensorProto.STRING, None)
    with pytest.raises(UnsupportedOperatorsError, match="element type STRING"):
        from_onnx(make([node], [value], ["y"]))


def test_wrong_type_of_attribute() -> None:
    model = single("Softmax", [f32(2, 3)], axis="last")
    with pytest.raises(ModelError, match="attribute 'axis' is STRING, expected INT") as error:
        from_onnx(model)
    assert 'Softmax "node" -> y0' in str(error.value)


def test_missing_attribute() -> None:
    with pytest.raises(ModelError, match=r'LRN "node" -> y0: error: attribute \'size\' is missing'):
        from_onnx(single("LRN", [f32(1, 2, 3, 4)]))


def test_missing_input() -> None:
    with pytest.raises(ModelError, match="input 1 is missing"):
        from_onnx(single("Add", [f32(2), None]))


def test_axis_out_of_range() -> None:
    with pytest.raises(ModelError, match="axis 5 is out of range for rank 2") as error:
        from_onnx(single("Softmax", [f32(2, 3)], axis=5))
    assert error.value.hint == "use -2..1"


def test_types_that_do_not_fit() -> None:
    with pytest.raises(ModelError, match=r"relax\.add: .*f32, i64 differ"):
        from_onnx(single("Add", [f32(2), i64(1, 2)]))


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ModelError, match=r"relax\.add: .*2 and 3 do not broadcast"):
        from_onnx(single("Add", [f32(2), f32(3)]))


def test_output_that_a_converter_does_not_give() -> None:
    with pytest.raises(ModelError, match=r"output 1 \('y1'\) is not supported"):
        from_onnx(single("Relu", [f32(2)], outputs=2))


def test_value_that_must_be_known_names_the_inputs() -> None:
    nodes = [
        helper.make_node("Add", ["s", "t"], ["shape"]),
        helper.make_node("Reshape", ["x", "shape"], ["y"], name="r"),
    ]
    inputs = [X, info("s", (1,), np.int64), info("t", (1,), np.int64)]
    model = make(nodes, inputs, ["y"])
    with pytest.raises(UnknownValueError, match="shape is known only at") as error:
        from_onnx(model)
    assert set(error.value.inputs) == {"s", "t"}
    from_onnx(model, values={"s": i64(4), "t": i64(2)})


def test_training_is_refused() -> None:
    model = single("Dropout", [f32(2), np.array(0.5, np.float32), np.array(True)], (1, 2))
    with pytest.raises(ModelError, match="dropout in training mode is not supported"):
        from_onnx(model)
