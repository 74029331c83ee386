"""What detectors do after their network, whose sizes data decide: as ONNX Runtime runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

import tyrex
from tyrex.frontends.onnx import from_onnx
from tyrex.interpreters.relax import run

from .models import close, info, make, reference  # noqa: TID251  # of the tests

Array = NDArray[Any]
MODES = ("bytecode", "compiled")
ROWS = 24  # boxes that a detector proposes
LIMIT = 9  # of a class
WEIGHTS: dict[str, Array] = {
    "0": np.array(0, np.int64),
    "0s": np.array([0], np.int64),
    "1s": np.array([1], np.int64),
    "2s": np.array([2], np.int64),
    "few": np.array([LIMIT], np.int64),
    "most": np.array([2**63 - 1], np.int64),
    "least": np.array(0.5, np.float32),
    "overlap": np.array([0.3], np.float32),
    "zero": np.array([0], np.float32),
    "one": np.array([1], np.float32),
}


def node(op_type: str, inputs: str, outputs: str, **attributes: Any) -> NodeProto:
    return helper.make_node(op_type, inputs.split(), outputs.split(), **attributes)


def best_of_a_class(number: int) -> list[NodeProto]:
    """b<i>, s<i>, l<i>: at most LIMIT boxes whose score is over the threshold, best first."""
    i = number
    label = numpy_helper.from_array(np.array([i], np.int64))
    return [
        node("Constant", "", f"c{i}", value=numpy_helper.from_array(np.array(i, np.int64))),
        node("Gather", f"scores c{i}", f"column{i}", axis=1),
        node("Greater", f"column{i} least", f"over{i}"),
        node("NonZero", f"over{i}", f"where{i}"),
        node("Transpose", f"where{i}", f"at{i}", perm=[1, 0]),
        node("GatherND", f"column{i} at{i}", f"found{i}"),
        node("NonZero", f"over{i}", f"where_again{i}"),
        node("Transpose", f"where_again{i}", f"at_again{i}", perm=[1, 0]),
        node("GatherND", f"boxes at_again{i}", f"their_boxes{i}"),
        node("Shape", f"found{i}", f"count{i}"),
        node("Concat", f"few count{i}", f"counts{i}", axis=0),
        node("ReduceMin", f"counts{i}", f"k{i}", keepdims=1),
        node("TopK", f"found{i} k{i}", f"s{i} order{i}"),
        node("Gather", f"their_boxes{i} order{i}", f"b{i}", axis=0),
        node("Shape", f"s{i}", f"kept{i}"),
        node("ConstantOfShape", f"kept{i}", f"l{i}", value=label),
    ]


def graph(nodes: Sequence[NodeProto], output: str) -> GraphProto:
    result = helper.make_tensor_value_info(output, TensorProto.INT64, [None])
    return helper.make_graph(nodes, "branch", [], [result])


def suppressed(boxes: str, scores: str, keep: str) -> list[NodeProto]:
    """Rows that no better box overlaps."""
    return [
        node("Unsqueeze", f"{boxes} 0s", "batch_of_boxes"),
        node("Unsqueeze", f"{scores} 0s", "row_of_scores"),
        node("Unsqueeze", "row_of_scores 0s", "batch_of_scores"),
        node("NonMaxSuppression", "batch_of_boxes batch_of_scores most overlap", "picked"),
        node("Gather", "picked 2s", "rows", axis=1),
        node("Squeeze", "rows 1s", keep),
    ]


def single_shot(classes: int) -> ModelProto:
    """The end of SSD: best of every class, joined; suppression, unless nothing was found."""
    several = range(classes)
    nodes = [each for i in several for each in best_of_a_class(i)]
    nodes += [
        node("Concat", " ".join(f"{kind}{i}" for i in several), kind, axis=0) for kind in "bsl"
    ]
    apart = [
        node("ReduceMax", "b", "largest", keepdims=0),
        node("Add", "largest one", "width"),
        node("Cast", "l", "label", to=TensorProto.FLOAT),
        node("Mul", "label width", "offset"),
        node("Unsqueeze", "offset 1s", "offsets"),
        node("Add", "b offsets", "apart"),
        *suppressed("apart", "s", "kept"),
    ]
    none = [node("Identity", "nothing", "none")]
    nodes += [
        node("Shape", "b", "shape"),
        node("ReduceProd", "shape", "size", keepdims=0),
        node("Equal", "size 0", "is_empty"),
        node("If", "is_empty", "keep", then_branch=graph(none, "none"),
             else_branch=graph(apart, "kept")),
        node("Slice", "keep 0s few 0s 1s", "first"),
        *(node("Gather", f"{kind} first", f"final_{kind}", axis=0) for kind in "bsl"),
    ]  # fmt: skip
    inputs = [info("boxes", ("n", 4)), info("scores", ("n", classes))]
    weights = {**WEIGHTS, "nothing": np.zeros(0, np.int64)}
    return make(nodes, inputs, ["final_b", "final_s", "final_l"], weights, 17)


def detections(over: float, count: int = ROWS, classes: int = 3) -> list[Array]:
    """Boxes, and scores of which about a part is over the threshold."""
    rng = np.random.default_rng(count)
    corners = rng.random((count, 2)) * 3
    boxes = np.concatenate([corners, corners + 0.2 + rng.random((count, 2))], axis=1)
    scores = rng.random((count, classes)) * 0.5 + np.where(
        rng.random((count, classes)) < over, 0.5, 0
    )
    return [boxes.astype(np.float32), scores.astype(np.float32)]


def results_of(found: object) -> tuple[Array, ...]:
    several = cast("tuple[Any, ...]", found if isinstance(found, tuple) else (found,))
    return tuple(np.asarray(value) for value in several)


def check(model: ModelProto, mode: str, cases: Sequence[Sequence[Array]]) -> None:
    """Compare native code, the interpreter and ONNX Runtime, one run after the other."""
    exe = tyrex.compile(model.SerializeToString(), exec_mode=mode)
    module = from_onnx(model)
    for given in cases:
        expected = reference(model, *given)
        close(run(module, "main", list(given)), expected)
        close(results_of(exe(*given)), expected)


@pytest.mark.parametrize("mode", MODES)
def test_single_shot(mode: str) -> None:
    model = single_shot(3)
    cases = [detections(over) for over in (0.5, 0.0, 1.0, 0.04, 0.5)]
    check(model, mode, [*cases, detections(0.5, 0), detections(0.6, 1), detections(0.3, 70)])


def picked(condition: str) -> list[NodeProto]:
    """at, [found, 1]: the rows where a condition holds."""
    return [node("NonZero", condition, "where"), node("Transpose", "where", "at", perm=[1, 0])]


def refined() -> ModelProto:
    """The end of a two-stage detector: features of the kept boxes, put back in their rows."""
    nodes = [
        node("ReduceMax", "scores", "best", axes=[1], keepdims=0),
        node("Greater", "best least", "over"),
        *picked("over"),
        node("GatherND", "boxes at", "b"),
        node("Shape", "b", "shape"),
        node("Slice", "shape 0s 1s", "count"),
        node("ConstantOfShape", "count", "image", value=numpy_helper.from_array(WEIGHTS["0s"])),
        node(
            "RoiAlign", "features b image", "r", output_height=2, output_width=2, sampling_ratio=2
        ),
        node("Flatten", "r", "flat"),
        node("MatMul", "flat mix", "f"),
        node("Relu", "f", "updates"),
        node("ScatterND", "boxes at updates", "y"),
        node("Squeeze", "where 0s", "columns"),
        node("Unsqueeze", "columns 1s", "rows"),
        node("Expand", "rows shape", "everywhere"),
        node("ScatterElements", "boxes everywhere updates", "z", axis=0, reduction="add"),
        node("Compress", "boxes over", "c", axis=0),
        node("Concat", "c updates boxes", "all", axis=0),
    ]
    inputs = [info("boxes", ("n", 4)), info("scores", ("n", 3))]
    rng = np.random.default_rng(0)
    weights = {
        **WEIGHTS,
        "features": rng.random((1, 2, 8, 8), np.float32),
        "mix": rng.random((8, 4), np.float32) - 0.4,
    }
    return make(nodes, inputs, ["r", "y", "z", "all"], weights, 16)


@pytest.mark.parametrize("mode", MODES)
def test_refined(mode: str) -> None:
    cases = [detections(over) for over in (0.3, 0.0, 1.0)]
    check(refined(), mode, [*cases, detections(0.3, 1), detections(0.4, 50)])


def counted() -> ModelProto:
    """A loop over classes that adds up what is found of each, be it nothing."""
    body = helper.make_graph(
        [
            node("Gather", "scores i", "column", axis=1),
            node("Greater", "column least", "over"),
            *picked("over"),
            node("GatherND", "boxes at", "b"),
            node("ReduceSum", "b 0s", "sum", keepdims=0),
            node("Add", "total sum", "next"),
            node("Shape", "b", "shape"),
            node("Gather", "shape 0", "found", axis=0),
            node("Identity", "go", "on"),
        ],
        "class",
        [info("i", (), np.int64), info("go", (), np.bool_), info("total", (4,))],
        [info("on", (), np.bool_), info("next", (4,)), info("found", (), np.int64)],
    )
    start = {"start": np.zeros(4, np.float32), "classes": np.array(3, np.int64)}
    weights = {**WEIGHTS, **start, "go_on": np.array(True)}
    nodes = [node("Loop", "classes go_on start", "sums counts", body=body)]
    inputs = [info("boxes", ("n", 4)), info("scores", ("n", 3))]
    return make(nodes, inputs, ["sums", "counts"], weights, 17)


@pytest.mark.parametrize("mode", MODES)
def test_counted(mode: str) -> None:
    check(counted(), mode, [detections(over) for over in (0.3, 0.0, 0.05, 1.0)])
