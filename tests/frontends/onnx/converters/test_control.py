"""If, Loop and Scan: taken, unrolled, or left to run time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from onnx import GraphProto, NodeProto, ValueInfoProto, helper

from tyrex.frontends.onnx import ModelError, from_onnx
from tyrex.frontends.onnx.errors import UnknownValueError

from ..models import (  # noqa: TID251  # of the tests
    agrees,
    close,
    evaluate,
    f32,
    i64,
    info,
    make,
    op_names,
    types,
)

N = helper.make_node
X = info("x", (2,))
C = info("c", (), bool)


def graph(
    nodes: Sequence[NodeProto], outputs: Sequence[str], inputs: Sequence[ValueInfoProto] = ()
) -> GraphProto:
    results = [helper.make_empty_tensor_value_info(name) for name in outputs]
    return helper.make_graph(nodes, "body", inputs, results)


def choice() -> NodeProto:
    then = graph([N("Add", ["x", "x"], ["r"])], ["r"])
    otherwise = graph([N("Neg", ["x"], ["r"])], ["r"])
    return N("If", ["c"], ["y"], then_branch=then, else_branch=otherwise)


@pytest.mark.parametrize("taken", [True, False])
def test_known_condition(taken: bool) -> None:
    model = make([choice()], [X], ["y"], {"c": np.array(taken)})
    module = agrees(model, f32(2))
    assert op_names(module) == ["add" if taken else "neg"]


@pytest.mark.parametrize("taken", [True, False])
def test_condition_of_run_time(taken: bool) -> None:
    module = agrees(make([choice()], [X, C], ["y"]), f32(2), np.array(taken))
    assert op_names(module) == ["if"]
    assert types(module)[1] == ["[2], f32"]


def test_constants_of_a_branch_stay_in_it() -> None:
    """A constant first used in a branch is made again behind it."""
    then = graph([N("Add", ["x", "w"], ["r"])], ["r"])
    otherwise = graph([N("Identity", ["x"], ["r"])], ["r"])
    nodes = [
        N("If", ["c"], ["a"], then_branch=then, else_branch=otherwise),
        N("Add", ["a", "w"], ["y"]),
    ]
    agrees(make(nodes, [X, C], ["y"], {"w": f32(2, seed=1)}), f32(2), np.array(True))


def test_branches_of_different_shapes() -> None:
    """What differs is a symbol from there on, which later nodes may ask for."""
    then = graph([N("Concat", ["x", "x"], ["r"], axis=0)], ["r"])
    otherwise = graph([N("Neg", ["x"], ["r"])], ["r"])
    node = N("If", ["c"], ["a"], then_branch=then, else_branch=otherwise)
    model = make([node, N("Shape", ["a"], ["y"])], [X, C], ["a", "y"])
    module = agrees(model, f32(2), np.array(True))
    assert types(module)[1] == ["[dim], f32", "[1], i64"]
    close(evaluate(module, f32(2), np.array(False)), [-f32(2), i64(2)])


def loop(body: Sequence[NodeProto], outputs: Sequence[str], scans: int = 0) -> NodeProto:
    inputs = [info("i", (), np.int64), info("go", (), bool), info("a", (2,))]
    names = ["last", *(f"s{j}" for j in range(scans))]
    return N("Loop", ["count", "", "x"], names, body=graph(body, outputs, inputs))


DOUBLE = [N("Add", ["a", "a"], ["b"]), N("Identity", ["go"], ["on"])]
COUNT = info("count", (), np.int64)


def test_loop_of_known_length() -> None:
    nodes = [loop(DOUBLE, ["on", "b", "b"], scans=1)]
    module = agrees(make(nodes, [X], ["last", "s0"], {"count": np.array(3)}), f32(2))
    assert op_names(module).count("add") == 3


@pytest.mark.parametrize("count", [0, 1, 5])
def test_loop_of_run_time_length(count: int) -> None:
    model = make([loop(DOUBLE, ["on", "b"])], [COUNT, X], ["last"])
    module = agrees(model, np.array(count), f32(2))
    assert op_names(module) == ["while"]


def test_loop_that_is_too_long_to_unroll() -> None:
    model = make([loop(DOUBLE, ["on", "b"])], [X], ["last"], {"count": np.array(1000)})
    assert op_names(from_onnx(model)) == ["while"]


def test_condition_computed_in_the_loop() -> None:
    body = [
        N("Add", ["a", "a"], ["b"]),
        N("ReduceMax", ["b"], ["m"], keepdims=0),
        N("Less", ["m", "ten"], ["on"]),
    ]
    ten = np.array(10, np.float32)
    model = make([loop(body, ["on", "b"])], [COUNT, X], ["last"], {"ten": ten})
    x = np.array([0.5, 1], np.float32)
    (last,) = evaluate(from_onnx(model), np.array(100), x)
    assert last.tolist() == [8, 16]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_loop_of_run_time_length_that_collects(count: int) -> None:
    module = from_onnx(make([loop(DOUBLE, ["on", "b", "b"], scans=1)], [COUNT, X], ["s0"]))
    (found,) = evaluate(module, np.array(count), f32(2))
    close([found], [f32(2) * 2.0 ** np.arange(1, count + 1, dtype=np.float32)[:, None]])


def test_loop_that_changes_a_shape() -> None:
    body = [N("Concat", ["a", "a"], ["b"], axis=0), N("Identity", ["go"], ["on"])]
    model = make([loop(body, ["on", "b"])], [COUNT, X], ["last"])
    module = from_onnx(model)
    for count in (0, 1, 3):
        (found,) = evaluate(module, np.array(count), f32(2))
        close([found], [np.tile(f32(2), 2**count)])


def test_scan() -> None:
    inputs = [info("sum", (2,)), info("row", (2,))]
    body = graph(
        [N("Add", ["sum", "row"], ["next"]), N("Identity", ["next"], ["out"])],
        ["next", "out"],
        inputs,
    )
    for directions in ([0], [1]):
        node = N(
            "Scan", ["x", "xs"], ["last", "all"], body=body, num_scan_inputs=1,
            scan_input_directions=directions,
        )  # fmt: skip
        agrees(make([node], [X, info("xs", (4, 2))], ["last", "all"]), f32(2), f32(4, 2))


def test_sequences() -> None:
    nodes = [
        N("SequenceConstruct", ["x", "z"], ["s"]),
        N("SequenceInsert", ["s", "x", "one"], ["t"]),
        N("SequenceErase", ["t", "minus"], ["u"]),
        N("SequenceAt", ["u", "minus"], ["last"]),
        N("SequenceLength", ["t"], ["length"]),
        N("ConcatFromSequence", ["t"], ["y"], axis=0, new_axis=1),
    ]
    weights = {"one": np.array(1), "minus": np.array(-1)}
    model = make(nodes, [X, info("z", (2,))], ["last", "length", "y"], weights)
    agrees(model, f32(2), f32(2, seed=1))


def test_split_to_sequence() -> None:
    nodes = [
        N("SplitToSequence", ["x", "sizes"], ["s"], axis=0),
        N("SequenceAt", ["s", "one"], ["y"]),
    ]
    weights = {"sizes": i64(1, 3), "one": np.array(1)}
    agrees(make(nodes, [info("x", (4, 2))], ["y"], weights), f32(4, 2))


def test_sequence_as_the_result() -> None:
    module = from_onnx(make([N("SequenceConstruct", ["x", "x"], ["y"])], [X], ["y"]))
    (pair,) = evaluate(module, f32(2))
    assert len(pair) == 2


def test_position_out_of_range() -> None:
    nodes = [N("SequenceConstruct", ["x"], ["s"]), N("SequenceAt", ["s", "p"], ["y"])]
    with pytest.raises(ModelError, match="position 1 is out of range for a sequence of 1"):
        from_onnx(make(nodes, [X], ["y"], {"p": np.array(1)}))


def test_loop_whose_body_asks_for_its_number() -> None:
    """It can be unrolled where the input that decides its length is known."""
    body = [
        N("Unsqueeze", ["i", "axis"], ["end"]),
        N("Slice", ["x", "axis", "end"], ["part"]),
        N("ReduceSum", ["part"], ["sum"], keepdims=0),
        N("Add", ["a", "sum"], ["b"]),
        N("Identity", ["go"], ["on"]),
    ]
    model = make([loop(body, ["on", "b"])], [COUNT, X], ["last"], {"axis": i64(0)})
    with pytest.raises(UnknownValueError, match=r"the length of a loop \(in its body") as error:
        from_onnx(model)
    assert error.value.inputs == ("count",)
    assert "while" not in op_names(from_onnx(model, values={"count": np.array(3)}))
