"""Names and order of nodes: what is needed is imported, what is wrong is named."""

import pytest
from onnx import NodeProto, helper

from tyrex.frontends.onnx import ModelError, from_onnx

from .models import close, evaluate, f32, info, make, op_names, reference  # noqa: TID251  # of the tests

X = info("x", (2, 3))


def relu(source: str, target: str, name: str = "") -> NodeProto:
    return helper.make_node("Relu", [source], [target], name=name)


def test_dangling_input_names_the_node_and_what_is_near() -> None:
    model = make([relu("x", "hidden"), relu("hiden", "y", "last")], [X], ["y"])
    with pytest.raises(ModelError, match="'hiden' is neither an input nor an initializer") as error:
        from_onnx(model)
    assert 'Relu "last" -> y' in str(error.value)
    assert error.value.hint == "did you mean 'hidden'?"


def test_dangling_output() -> None:
    with pytest.raises(ModelError, match="the output 'z'"):
        from_onnx(make([relu("x", "y")], [X], ["z"]))


def test_name_written_twice() -> None:
    model = make([relu("x", "y", "one"), relu("x", "y", "two")], [X], ["y"])
    with pytest.raises(ModelError, match="'y', which node 'one' has written already"):
        from_onnx(model)


def test_input_written() -> None:
    model = make([relu("x", "x", "one")], [X], ["x"])
    with pytest.raises(ModelError, match="'x', which an input has written already"):
        from_onnx(model)


def test_two_inputs_of_one_name() -> None:
    with pytest.raises(ModelError, match="two inputs have the name 'x'"):
        from_onnx(make([relu("x", "y")], [X, X], ["y"]))


def test_cycle() -> None:
    add = helper.make_node("Add", ["x", "b"], ["a"], name="first")
    with pytest.raises(ModelError, match="each other's outputs: 'first', 'second'"):
        from_onnx(make([add, relu("a", "b", "second")], [X], ["b"]))


def test_nodes_in_any_order() -> None:
    model = make([relu("a", "y"), helper.make_node("Neg", ["x"], ["a"])], [X], ["y"])
    module = from_onnx(model)
    assert op_names(module) == ["neg", "relu"]


def test_dead_nodes_are_left_out() -> None:
    dead = helper.make_node("NoSuchOperator", ["x"], ["unused"])
    assert op_names(from_onnx(make([dead, relu("x", "y")], [X], ["y"]))) == ["relu"]


def test_input_as_output() -> None:
    x = f32(2, 3)
    (y,) = evaluate(from_onnx(make([], [X], ["x"])), x)
    assert (y == x).all()


def test_outputs_keep_their_order_and_may_repeat() -> None:
    nodes = [relu("x", "a"), helper.make_node("Neg", ["x"], ["b"])]
    model = make(nodes, [X], ["b", "a"])
    close(evaluate(from_onnx(model), f32(2, 3)), reference(model, f32(2, 3)))


def test_subgraph_reads_outer_names() -> None:
    """A node is needed too where only a branch reads it."""
    branch = helper.make_graph(
        [helper.make_node("Add", ["x", "outer"], ["r"])],
        "branch",
        [],
        [helper.make_empty_tensor_value_info("r")],
    )
    nodes = [
        helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch),
        helper.make_node("Neg", ["x"], ["outer"]),
    ]
    module = from_onnx(make(nodes, [X, info("c", (), bool)], ["y"]))
    assert op_names(module) == ["neg", "if"]
