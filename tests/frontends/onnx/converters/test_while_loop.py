"""Loops whose length a run decides: natively in both modes, as ONNX Runtime has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, helper

import tyrex
from tyrex.frontends.onnx import ModelError, from_onnx

from ..models import close, f32, i64, info, make, reference  # noqa: TID251  # of the tests

Array = NDArray[Any]
N = helper.make_node
COUNT, GO = info("n", (), np.int64), info("c", (), bool)
ON = N("Identity", ["go"], ["on"])


def body(nodes: Sequence[NodeProto], outputs: Sequence[str], values: int = 1) -> GraphProto:
    """A body; ONNX Runtime wants another name, w2, for a value that is collected, too."""
    inputs = [info("i", (), np.int64), info("go", (), bool)]
    inputs += [info(f"v{k}", None) for k in range(values)]
    results = [helper.make_empty_tensor_value_info(name) for name in outputs]
    again = [N("Identity", ["w"], ["w2"])] if "w2" in outputs else []
    return helper.make_graph([*nodes, *again], "body", inputs, results)


def agree(model: ModelProto, *cases: Sequence[Array]) -> None:
    for mode in ("compiled", "bytecode"):
        exe = tyrex.compile(model, exec_mode=mode, threads=1)
        assert exe.exec_mode == mode
        for inputs in cases:
            results: Any = exe.run(inputs)
            found = [results] if len(model.graph.output) == 1 else results
            pairs = list(zip(map(np.asarray, found), reference(model, *inputs), strict=True))
            # ONNX Runtime does not know the shape of slices that it never saw.
            close([a for a, b in pairs if b.size], [b for _, b in pairs if b.size])
            assert [a.size == 0 for a, _ in pairs] == [b.size == 0 for _, b in pairs]


def counts(*numbers: int) -> list[Array]:
    return [np.array(n, np.int64) for n in numbers]


def test_slices_are_collected() -> None:
    """Of no iteration, of some, of two outputs, one of which comes from the iteration's number."""
    nodes = [
        ON,
        N("Add", ["v0", "x"], ["w"]),
        N("Cast", ["i"], ["f"], to=1),
        N("Mul", ["f", "x"], ["t"]),
    ]
    loop = N(
        "Loop", ["n", "", "x"], ["last", "all", "scaled"], body=body(nodes, ["on", "w", "w2", "t"])
    )
    model = make([loop], [COUNT, info("x", ("a", 3))], ["last", "all", "scaled"])
    agree(model, *([n, f32(a, 3)] for n in counts(0, 1, 4) for a in (2, 5)))


def test_early_exit() -> None:
    nodes = [
        N("Add", ["v0", "v0"], ["w"]),
        N("ReduceMax", ["w"], ["m"], keepdims=0),
        N("Less", ["m", "ten"], ["on"]),
    ]
    loop = N("Loop", ["n", "c", "x"], ["last", "all"], body=body(nodes, ["on", "w", "w2"]))
    model = make(
        [loop], [COUNT, GO, info("x", (2,))], ["last", "all"], {"ten": np.array(10, np.float32)}
    )
    x = np.array([0.5, 1], np.float32)
    cases = [[n, np.array(go), x] for n in counts(0, 2, 100) for go in (True, False)]
    agree(model, *cases)


def test_until_the_condition_alone_ends_it() -> None:
    nodes = [
        N("Concat", ["v0", "v0"], ["w"], axis=0),
        N("Size", ["w"], ["s"]),
        N("Less", ["s", "nine"], ["on"]),
    ]
    loop = N("Loop", ["", "c", "x"], ["y"], body=body(nodes, ["on", "w"]))
    model = make([loop], [GO, info("x", ("a",))], ["y"], {"nine": i64(9).reshape(())})
    agree(model, *([np.array(go), f32(a)] for go in (True, False) for a in (1, 2, 5, 9)))


def test_shapes_that_change_and_what_follows() -> None:
    """A value grows, another one keeps its shape; behind the loop both are used."""
    nodes = [ON, N("Concat", ["v0", "x"], ["w"], axis=0), N("Add", ["v1", "x"], ["u"])]
    loop = N("Loop", ["n", "", "x", "x"], ["grown", "sum"], body=body(nodes, ["on", "w", "u"], 2))
    nodes = [loop, N("MatMul", ["grown", "m"], ["p"]), N("MatMul", ["sum", "m"], ["q"]),
             N("Concat", ["p", "q"], ["y"], axis=0),
             N("ReduceSum", ["y"], ["r"], keepdims=0)]  # fmt: skip
    model = make(nodes, [COUNT, info("x", ("a", 3))], ["y", "r"], {"m": f32(3, 4, seed=1)})
    agree(model, *([n, f32(a, 3)] for n in counts(0, 1, 4) for a in (1, 5)))


def test_loop_in_a_loop_and_in_a_branch() -> None:
    halving = helper.make_graph(
        [
            N("Identity", ["go2"], ["on2"]),
            N("Mul", ["u", "half"], ["t"]),
            N("Identity", ["t"], ["t2"]),
        ],
        "inner",
        [info("j", (), np.int64), info("go2", (), bool), info("u", None)],
        [helper.make_empty_tensor_value_info(name) for name in ("on2", "t", "t2")],
    )
    inner = N("Loop", ["i", "", "v0"], ["w", "pieces"], body=halving)
    nodes = [ON, inner, N("ReduceSum", ["pieces"], ["s"], keepdims=0)]
    outer = N("Loop", ["n", "", "x"], ["a", "sums"], body=body(nodes, ["on", "w", "s"]))
    then = helper.make_graph([outer], "then", [], [helper.make_empty_tensor_value_info("sums")])
    otherwise = helper.make_graph(
        [N("ReduceSum", ["x"], ["z"], keepdims=1)], "else", [],
        [helper.make_empty_tensor_value_info("z")])  # fmt: skip
    node = N("If", ["c"], ["y"], then_branch=then, else_branch=otherwise)
    half = {"half": np.array(0.5, np.float32)}
    model = make([node], [COUNT, GO, info("x", (3,))], ["y"], half)
    agree(model, *([n, np.array(go), f32(3)] for n in counts(0, 1, 4) for go in (True, False)))


def test_count_that_dims_decide() -> None:
    loop = N("Loop", ["d", "", "x"], ["y", "all"],
             body=body([ON, N("Add", ["v0", "x"], ["w"])], ["on", "w", "w2"]))  # fmt: skip
    nodes = [N("Shape", ["x"], ["s"]), N("Gather", ["s", "first"], ["d"]), loop]
    model = make(nodes, [info("x", ("a", 2))], ["y", "all"], {"first": np.array(0)})
    agree(model, *([f32(a, 2)] for a in (0, 1, 3)))


def scan(axes: list[int], directions: list[int], outs: list[int], backward: list[int]) -> NodeProto:
    """A running sum of slices of x and z, collected twice."""
    nodes = [N("Add", ["s", "p"], ["t"]), N("Mul", ["t", "q"], ["u"]), N("Identity", ["t"], ["t2"])]
    graph = helper.make_graph(
        nodes, "body", [info(name, (3,)) for name in "spq"],
        [helper.make_empty_tensor_value_info(name) for name in ("t", "u", "t2")])  # fmt: skip
    return N("Scan", ["first", "x", "z"], ["last", "a", "b"], body=graph, num_scan_inputs=2,
             scan_input_axes=axes, scan_input_directions=directions,
             scan_output_axes=outs, scan_output_directions=backward)  # fmt: skip


SCANS = [([0, 1], [0, 1], [0, 1], [1, 0]), ([-2, -1], [1, 0], [1, -1], [0, 1])]


@pytest.mark.parametrize("options", SCANS)
@pytest.mark.parametrize("length", ["n", 4])
def test_scan(options: tuple[list[int], ...], length: str | int) -> None:
    """Unrolled, and with a length that the run tells."""
    inputs = [info("first", (3,)), info("x", (length, 3)), info("z", (3, length))]
    model = make([scan(*options)], inputs, ["last", "a", "b"])
    sizes = (4,) if length == 4 else (1, 4, 300)
    agree(model, *([f32(3), f32(n, 3, seed=1) / n, f32(3, n, seed=2)] for n in sizes))


def test_scan_of_nothing() -> None:
    inputs = [info("first", (3,)), info("x", ("n", 3)), info("z", (3, "n"))]
    model = make([scan(*SCANS[0])], inputs, ["last", "a", "b"])
    for mode in ("compiled", "bytecode"):
        last, a, b = tyrex.compile(model, exec_mode=mode)(f32(3), f32(0, 3), f32(3, 0))
        np.testing.assert_array_equal(last, f32(3))
        assert (a.shape, b.shape) == ((0, 3), (3, 0))


def test_known_loop_without_iterations() -> None:
    loop = N("Loop", ["n", "", "x"], ["y", "all"],
             body=body([ON, N("Add", ["v0", "x"], ["w"])], ["on", "w", "w2"]))  # fmt: skip
    model = make([loop], [info("x", ("a", 2))], ["y", "all"], {"n": np.array(0)})
    agree(model, [f32(3, 2)])


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([ON, N("Unsqueeze", ["v0", "first"], ["w"])], "rank"),
        ([ON, N("Cast", ["v0"], ["w"], to=11)], "f32 and f64"),
    ],
)
def test_what_a_loop_cannot_carry(nodes: list[NodeProto], message: str) -> None:
    loop = N("Loop", ["n", "", "x"], ["y"], body=body(nodes, ["on", "w"]))
    model = make([loop], [COUNT, info("x", ("a", 2))], ["y"], {"first": i64(0)})
    with pytest.raises(ModelError, match=message):
        from_onnx(model)
