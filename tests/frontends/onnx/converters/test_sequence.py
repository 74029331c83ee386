"""Sequences: known at import, or as long as a run decides."""

from typing import Any, cast

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

import tyrex
from tyrex.dialects.diagnostics import CompileError

Array = NDArray[Any]
FLOAT, INT, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
MODES = ("bytecode", "compiled")


def info(name: str, kind: int = FLOAT, *dims: int | str | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(dims))


def loose(name: str) -> onnx.ValueInfoProto:
    """A tensor of which nothing is said but its type."""
    return helper.make_tensor_value_info(name, FLOAT, None)


def node(kind: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), outputs.split(), **attributes)


def constant(name: str, value: Array) -> onnx.NodeProto:
    return node("Constant", "", name, value=onnx.numpy_helper.from_array(value))


def model(
    nodes: list[onnx.NodeProto], inputs: list[onnx.ValueInfoProto], *outputs: onnx.ValueInfoProto
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "g", inputs, list(outputs))
    found = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return found


def check(proto: onnx.ModelProto, mode: str, *feeds: dict[str, Array], **options: Any) -> None:
    """Compare with ONNX Runtime."""
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    exe = tyrex.compile(proto, exec_mode=mode, **options)
    assert exe.exec_mode == mode, exe.stats().get("bytecode_because")
    for feed in feeds:
        expected = cast(Any, session).run(None, feed)
        found: Any = exe.run(feed)
        several: tuple[Any, ...] = found if isinstance(found, tuple) else (found,)  # pyright: ignore[reportUnknownVariableType]
        for a, b in zip(several, expected, strict=True):
            assert np.asarray(a).shape == b.shape
            np.testing.assert_allclose(np.asarray(a), b, rtol=1e-5, atol=1e-6)


def feeds(*counts: int, **more: Array) -> list[dict[str, Array]]:
    x = np.array([0.5, 1, -0.25], np.float32)
    return [{"x": x, "n": np.array(count, np.int64), **more} for count in counts]


sequence = helper.make_tensor_sequence_value_info


@pytest.mark.parametrize("mode", MODES)
def test_a_loop_carries_a_sequence(mode: str) -> None:
    """Of as many tensors after each iteration: each of them goes along."""
    body = helper.make_graph(
        [
            constant("first", np.array(0, np.int64)),
            node("SequenceAt", "s first", "a"),
            node("SequenceErase", "s first", "rest"),
            node("Add", "a x", "b"),
            node("SequenceInsert", "rest b", "s1"),
            node("Identity", "c", "go"),
        ],
        "body",
        [info("i", INT), info("c", BOOL), sequence("s", FLOAT, None)],
        [info("go", BOOL), sequence("s1", FLOAT, None)],
    )
    proto = model(
        [
            constant("true", np.array(True)),
            node("Neg", "x", "y"),
            node("SequenceConstruct", "x y", "start"),
            node("Loop", "n true start", "last", body=body),
            node("ConcatFromSequence", "last", "z", axis=0),
        ],
        [info("x", FLOAT, 3), info("n", INT)],
        info("z", FLOAT, None),
    )
    check(proto, mode, *feeds(0, 1, 2, 7))


def growing(nodes: list[onnx.NodeProto], carried: str = "s", after: str = "s1") -> onnx.GraphProto:
    """A body that carries a sequence."""
    return helper.make_graph(
        [*nodes, node("Identity", "c", "go")],
        "body",
        [info("i", INT), info("c", BOOL), sequence(carried, FLOAT, None)],
        [info("go", BOOL), sequence(after, FLOAT, None)],
    )


APPEND = [
    node("Cast", "i", "f", to=FLOAT),
    node("Mul", "x f", "y"),
    node("SequenceInsert", "s y", "s1"),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("axis", "is_new"), [(0, 0), (1, 0), (0, 1), (1, 1), (-1, 1)])
def test_a_sequence_that_grows(mode: str, axis: int, is_new: int) -> None:
    proto = model(
        [
            constant("true", np.array(True)),
            node("SequenceConstruct", "x", "start"),
            node("Loop", "n true start", "last", body=growing(APPEND)),
            node("ConcatFromSequence", "last", "z", axis=axis, new_axis=is_new),
            node("SequenceLength", "last", "length"),
            constant("minus", np.array(-1, np.int64)),
            node("SequenceAt", "last minus", "end"),
            node("SequenceAt", "last n", "other"),
        ],
        [info("x", FLOAT, 3, 2), info("n", INT)],
        info("z", FLOAT, *([None] * (2 + is_new))),
        info("length", INT),
        info("end", FLOAT, 3, 2),
        info("other", FLOAT, 3, 2),
    )
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    check(proto, mode, *({"x": x, "n": np.array(count, np.int64)} for count in (0, 1, 6)))


@pytest.mark.parametrize("mode", MODES)
def test_a_sequence_that_begins_empty(mode: str) -> None:
    proto = model(
        [
            constant("true", np.array(True)),
            node("SequenceEmpty", "", "start"),
            node("Loop", "n true start", "last", body=growing(APPEND)),
            node("ConcatFromSequence", "last", "z", axis=0),
        ],
        [info("x", FLOAT, 3), info("n", INT)],
        info("z", FLOAT, None),
    )
    check(proto, mode, *feeds(1, 2, 9))


@pytest.mark.parametrize("mode", MODES)
def test_a_sequence_whose_ends_change(mode: str) -> None:
    """A queue: what comes in at the front goes out at the back; a tensor more each time."""
    body = [
        constant("zero", np.array(0, np.int64)),
        node("Add", "x x", "twice"),
        node("SequenceInsert", "s twice zero", "a"),
        node("SequenceInsert", "a x", "b"),
        node("SequenceErase", "b zero", "d"),
        node("SequenceErase", "d", "e"),
        node("SequenceInsert", "e twice", "s1"),
    ]
    proto = model(
        [
            constant("true", np.array(True)),
            node("Neg", "x", "y"),
            node("SequenceConstruct", "x y", "start"),
            node("Loop", "n true start", "last", body=growing(body)),
            node("ConcatFromSequence", "last", "z", axis=0),
        ],
        [info("x", FLOAT, 3), info("n", INT)],
        info("z", FLOAT, None),
    )
    check(proto, mode, *feeds(0, 1, 4))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("keepdims", [0, 1])
def test_a_sequence_of_as_many_pieces_as_a_dim_says(mode: str, keepdims: int) -> None:
    body = helper.make_graph(
        [node("ReduceSum", "p", "q", keepdims=1), node("Mul", "p w", "r")],
        "body",
        [loose("p"), loose("w")],
        [loose("q"), loose("r")],
    )
    proto = model(
        [
            node("SplitToSequence", "y", "s", axis=1, keepdims=keepdims),
            node("SequenceMap", "s x", "sums products", body=body),
            node("ConcatFromSequence", "sums", "a", axis=0, new_axis=1),
            node("ConcatFromSequence", "products", "b", axis=0),
        ],
        [info("x", FLOAT, 1), info("y", FLOAT, 2, "pieces")],
        info("a", FLOAT, *([None] * (2 + keepdims))),
        info("b", FLOAT, *([None] * (1 + keepdims))),
    )
    rng = np.random.default_rng(0)
    given = [
        {"x": np.array([3], np.float32), "y": rng.uniform(-1, 1, (2, count)).astype(np.float32)}
        for count in (4, 1, 10)
    ]
    check(proto, mode, *given)


@pytest.mark.parametrize("mode", MODES)
def test_a_position_that_a_run_decides(mode: str) -> None:
    proto = model(
        [
            node("Neg", "x", "y"),
            node("SequenceConstruct", "x y x", "s"),
            node("SequenceAt", "s n", "z"),
        ],
        [info("x", FLOAT, 3), info("n", INT)],
        info("z", FLOAT, 3),
    )
    check(proto, mode, *feeds(0, 1, 2, -2))


def refused(message: str, nodes: list[onnx.NodeProto], *outputs: onnx.ValueInfoProto) -> None:
    nodes = [constant("true", np.array(True)), constant("one", np.array(1, np.int64)), *nodes]
    with pytest.raises(CompileError, match=message):
        tyrex.compile(model(nodes, [info("x", FLOAT, 3), info("n", INT)], *outputs))


def test_what_is_not_supported_is_named() -> None:
    loop = [
        node("SequenceConstruct", "x", "start"),
        node("Loop", "n true start", "last", body=growing(APPEND)),
    ]
    out, other = info("z", FLOAT, None), sequence("last", FLOAT, None)
    refused("output 'last', a sequence whose length a run decides, is not supported", loop, other)
    erased = [*loop, node("SequenceErase", "last one", "t"), node("SequenceAt", "t one", "z")]
    refused("position 1 of a sequence whose length a run decides is not supported", erased, out)
    mixed = [
        *loop,
        node("Concat", "x x", "xx", axis=0),
        node("SequenceInsert", "last xx", "t"),
        node("ConcatFromSequence", "t", "z", axis=0),
    ]
    refused("a sequence of .* is not supported", mixed, out)
    several = [
        node("Concat", "x x", "xx", axis=0),
        node("SequenceConstruct", "xx", "start"),
        node("Loop", "n true start", "last", body=growing(APPEND)),
        node("ConcatFromSequence", "last", "z", axis=0),
    ]
    refused("changes the length of a sequence of tensors of several types", several, out)
