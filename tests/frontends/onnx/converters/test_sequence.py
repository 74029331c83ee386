"""Sequences: known at import, or as long as a run decides."""

import shutil
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

import tyrex
from tyrex.dialects.diagnostics import CompileError
from tyrex.frontends.onnx import from_onnx
from tyrex.interpreters import relax as relax_interpreter
from tyrex.runtime.errors import ArgumentError, BoundsError, DTypeError, ShapeError

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


# Positions anywhere, known or not, of a length that a run decides.

LOOP = [
    constant("true", np.array(True)),
    node("SequenceConstruct", "x", "start"),
    node("Loop", "n true start", "last", body=growing(APPEND)),
]
JOINED = node("ConcatFromSequence", "t", "z", axis=0, new_axis=1)
X3, N, P = info("x", FLOAT, 3), info("n", INT), info("p", INT)
X = np.array([0.5, 1, -0.25], np.float32)


def places(count: int, *positions: int) -> list[dict[str, Array]]:
    number = np.array(count, np.int64)
    return [{"x": X, "n": number, "p": np.array(p, np.int64)} for p in positions]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("position", [0, 1, -1, -2, 2])
def test_insert_and_erase_at_known_positions(mode: str, position: int) -> None:
    at = constant("at", np.array(position, np.int64))
    inserted = [*LOOP, at, node("SequenceInsert", "last x at", "t"), JOINED]
    check(model(inserted, [X3, N], info("z", FLOAT, None, 3)), mode, *feeds(1, 3))
    erased = [*LOOP, at, node("SequenceErase", "last at", "t"), JOINED]
    check(model(erased, [X3, N], info("z", FLOAT, None, 3)), mode, *feeds(2, 3))


@pytest.mark.parametrize("mode", MODES)
def test_insert_erase_and_at_where_a_run_says(mode: str) -> None:
    nodes = [
        *LOOP,
        node("SequenceInsert", "last x p", "s"),
        node("SequenceAt", "s p", "a"),
        node("SequenceErase", "s p", "t"),
        JOINED,
    ]
    proto = model(nodes, [X3, N, P], info("z", FLOAT, None, 3), info("a", FLOAT, 3))
    check(proto, mode, *places(3, 0, 1, 3, 4, -1, -4), *places(0, 0, 1, -1))
    exe = tyrex.compile(proto, exec_mode=mode)
    for feed, found in zip(places(3, 5, -5), (5, -1), strict=True):
        message = f"SequenceInsert -> s: position .*found index {found}, the extent is 5"
        with pytest.raises(BoundsError, match=message):
            exe.run(feed)
    assert np.asarray(exe.run(places(3, 1)[0])[0]).shape == (4, 3)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("known", [False, True])
def test_a_position_out_of_range_is_named(mode: str, known: bool) -> None:
    at = node("SequenceAt", "last p", "z")
    nodes = [*LOOP, constant("p", np.array(4, np.int64)), at] if known else [*LOOP, at]
    inputs = [X3, N] if known else [X3, N, P]
    exe = tyrex.compile(model(nodes, inputs, info("z", FLOAT, 3)), exec_mode=mode)
    assert exe.exec_mode == mode
    feed = places(3, 4)[0]
    if known:
        del feed["p"]
    message = "SequenceAt -> z: position in a sequence, from its front: found index 4, the extent"
    with pytest.raises(BoundsError, match=message):
        exe.run(feed)
    np.testing.assert_array_equal(np.asarray(exe.run({**feed, "n": np.array(4)})), 3 * X)


@pytest.mark.parametrize("mode", MODES)
def test_a_position_in_a_sequence_of_known_length(mode: str) -> None:
    nodes = [
        node("Neg", "x", "y"),
        node("SequenceConstruct", "x y x", "s"),
        node("SequenceInsert", "s x p", "i"),
        node("SequenceErase", "i p", "e"),
        node("SequenceErase", "e p", "t"),
        JOINED,
    ]
    proto = model(nodes, [X3, P], info("z", FLOAT, None, 3))
    check(proto, mode, *[{"x": X, "p": np.array(p, np.int64)} for p in (0, 1, 2, -1, -3)])
    exe = tyrex.compile(proto, exec_mode=mode)
    with pytest.raises(BoundsError, match=r"SequenceErase -> t: .*found index 3, the extent is 3"):
        exe.run({"x": X, "p": np.array(3, np.int64)})


# Tensors of several shapes: lists of the host, which bytecode has.


def values(found: object) -> list[Array]:
    """Return a sequence, or one tensor, as arrays."""
    if isinstance(found, tuple | list):
        return [np.asarray(item) for item in cast(tuple[Any, ...], found)]
    return [np.asarray(found)]


def check_list(proto: onnx.ModelProto, *feeds: dict[str, Any]) -> tyrex.Executable:
    """Compare with ONNX Runtime and the interpreter; native code says what it has not."""
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    module = from_onnx(proto)
    exe = tyrex.compile(proto, exec_mode="compiled")
    assert exe.exec_mode == "bytecode"
    assert "of type !relax.object" in exe.stats()["bytecode_because"]
    for feed in feeds:
        expected: list[Any] = cast(Any, session).run(None, feed)
        found: Any = exe.run(feed)
        meant = relax_interpreter.run(module, "main", [feed[n] for n, _ in exe.signature.inputs])
        results = [found] if len(expected) == 1 else list(found)
        for a, b, c in zip(results, expected, meant, strict=True):
            assert [x.shape for x in values(a)] == [x.shape for x in values(b)]
            for x, y, z in zip(values(a), values(b), values(c), strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)
                np.testing.assert_allclose(z, y, rtol=1e-5, atol=1e-6)
    return exe


WIDER = [  # of 3, 6, 9, ... elements
    constant("minus", np.array(-1, np.int64)),
    node("SequenceAt", "s minus", "a"),
    node("Concat", "a x", "y", axis=0),
    node("SequenceInsert", "s y", "s1"),
]
MIXED = [
    constant("true", np.array(True)),
    node("SequenceConstruct", "x", "start"),
    node("Loop", "n true start", "last", body=growing(WIDER)),
]


def test_a_sequence_of_several_shapes_that_grows() -> None:
    nodes = [
        *MIXED,
        node("SequenceInsert", "last x p", "more"),
        node("SequenceErase", "more p", "t"),
        node("SequenceAt", "more p", "a"),
        node("SequenceLength", "more", "length"),
        node("ConcatFromSequence", "t", "z", axis=0),
    ]
    outputs = [sequence("t", FLOAT, None), info("a", FLOAT, None)]
    outputs += [info("length", INT), info("z", FLOAT, None)]
    exe = check_list(model(nodes, [X3, N, P], *outputs), *places(3, 0, 2, -1, 4), *places(0, 0, 1))
    message = "SequenceInsert -> more: position 6 is out of range for a sequence of 4"
    with pytest.raises(BoundsError, match=message):
        exe.run(places(3, 6)[0])


def test_what_comes_out_is_a_tuple_of_tensors_of_their_own() -> None:
    exe = check_list(model(LOOP, [X3, N], sequence("last", FLOAT, None)), *feeds(0, 1, 4))
    found: Any = exe.run(feeds(2)[0])
    assert [type(item) for item in found] == [tyrex.Tensor] * 3
    np.asarray(found[0])[:] = 7
    np.testing.assert_array_equal(np.asarray(found[1]), 0 * X)


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler (cc)")
def test_a_bundle_has_lists_and_a_library_has_not(tmp_path: Path) -> None:
    proto = model([*MIXED], [X3, N], sequence("last", FLOAT, None))
    exe = tyrex.compile(proto)
    with tyrex.load_module(exe.export_library(tmp_path / "m.tyx")) as module:
        found: Any = module(X, np.array(2, np.int64))
        assert [np.asarray(item).shape for item in found] == [(3,), (6,), (9,)]
    for suffix in (".so", ".c"):
        with pytest.raises(NotImplementedError, match=r"object|vm\.call_packed @tyrex\.sequence"):
            exe.export_library(tmp_path / f"m{suffix}")


def test_a_sequence_as_input_and_output() -> None:
    nodes = [
        node("SequenceAt", "s p", "a"),
        node("Neg", "a", "b"),
        node("SequenceInsert", "s b p", "t"),
        node("ConcatFromSequence", "t", "z", axis=0),
    ]
    given = sequence("s", FLOAT, [None, 2])
    proto = model(nodes, [given, P], sequence("t", FLOAT, [None, 2]), info("z", FLOAT, None, 2))
    rng = np.random.default_rng(0)
    items = [rng.standard_normal((rows, 2)).astype(np.float32) for rows in (1, 3, 0)]
    feed = [{"s": items[:n], "p": np.array(p, np.int64)} for n, p in ((3, 0), (2, -1), (1, 0))]
    exe = check_list(proto, *feed)
    kept = [item.copy() for item in items]
    found: Any = exe.run(feed[0])[0]
    np.asarray(found[1])[:] = 99
    np.testing.assert_array_equal(items[0], kept[0])
    for wrong, message in (
        (items[0], "input 's': expected a sequence, a list or tuple of float32 tensors; found"),
        ([items[0].astype(np.float64)], "input 's', tensor 0: expected float32; found float64"),
        ([3], "input 's', tensor 0: "),
    ):
        with pytest.raises(DTypeError, match=message):
            exe.run({"s": wrong, "p": np.array(0, np.int64)})
    with pytest.raises(ShapeError, match="expected 2 in dimension 1"):
        exe.run({"s": [np.ones((2, 3), np.float32)], "p": np.array(0, np.int64)})


@pytest.mark.parametrize(("axis", "is_new"), [(0, 0), (-1, 0), (0, 1), (2, 1)])
def test_concat_of_a_sequence_that_comes_in(axis: int, is_new: int) -> None:
    concat = node("ConcatFromSequence", "s", "z", axis=axis, new_axis=is_new)
    out = info("z", FLOAT, *([None] * (2 + is_new)))
    proto = model([concat], [sequence("s", FLOAT, [None, None])], out)
    rng = np.random.default_rng(0)
    items = [rng.standard_normal((2, 2)).astype(np.float32) for _ in range(3)]
    exe = check_list(proto, {"s": items}, {"s": items[:1]})
    with pytest.raises(ArgumentError, match="ConcatFromSequence -> z: found an empty sequence"):
        exe.run({"s": []})
    with pytest.raises(
        ShapeError, match=r"ConcatFromSequence -> z: tensors of shapes \(2, 2\), \(1"
    ):
        exe.run({"s": [items[0], np.ones((1, 3), np.float32)]})


@pytest.mark.parametrize("sizes", [np.array(2), np.array([1, 3, 0, 2]), np.array([6])])
@pytest.mark.parametrize("axis", [0, -1])
def test_split_where_a_run_says(sizes: Array, axis: int) -> None:
    split = node("SplitToSequence", "x sizes", "s", axis=axis)
    dims = (6, 4) if axis == 0 else (4, 6)
    proto = model(
        [split],
        [info("x", FLOAT, *dims), info("sizes", INT, *sizes.shape)],
        sequence("s", FLOAT, None),
    )
    x = np.arange(24, dtype=np.float32).reshape(dims)
    exe = check_list(proto, {"x": x, "sizes": sizes.astype(np.int64)})
    if sizes.ndim:
        wrong = np.full(sizes.shape, 7, np.int64)
        with pytest.raises(ShapeError, match=r"SplitToSequence -> s: pieces of .* an axis of 6"):
            exe.run({"x": x, "sizes": wrong})


def test_split_of_a_dim_that_a_run_decides() -> None:
    nodes = [
        constant("two", np.array(2, np.int64)),
        node("SplitToSequence", "x two", "s", axis=0),
        node("SequenceLength", "s", "n"),
    ]
    proto = model(nodes, [info("x", FLOAT, "rows", 2)], sequence("s", FLOAT, None), info("n", INT))
    feed = [{"x": np.ones((rows, 2), np.float32)} for rows in (1, 4, 5)]
    check_list(proto, *feed)


def test_map_of_sequences_of_any_shapes() -> None:
    body = helper.make_graph(
        [
            node("Add", "p w", "q"),
            node("ReduceSum", "p", "r", keepdims=0),
        ],
        "body",
        [info("p", FLOAT, None), info("w", FLOAT, 1)],
        [info("q", FLOAT, None), info("r", FLOAT)],
    )
    proto = model(
        [
            node("SequenceMap", "s x", "sums totals", body=body),
            node("ConcatFromSequence", "totals", "z", axis=0, new_axis=1),
        ],
        [sequence("s", FLOAT, [None]), info("x", FLOAT, 1)],
        sequence("sums", FLOAT, None),
        info("z", FLOAT, None),
    )
    x = np.array([2], np.float32)
    items = [np.arange(n, dtype=np.float32) for n in (3, 1, 5)]
    check_list(proto, {"s": items, "x": x}, {"s": items[1:], "x": x})


def test_an_optional_of_a_sequence() -> None:
    nodes = [
        *MIXED,
        node("Optional", "last", "o"),
        node("OptionalHasElement", "o", "has"),
        node("OptionalGetElement", "o", "t"),
    ]
    proto = model(nodes, [X3, N], sequence("t", FLOAT, None), info("has", BOOL))
    check_list(proto, *feeds(0, 2))


def test_a_loop_that_puts_a_sequence_together() -> None:
    """What an iteration makes of tensors goes on as a list, as what it began with does."""
    body = [
        constant("zero", np.array(0, np.int64)),
        node("SequenceAt", "s zero", "a"),
        node("Concat", "a x", "y", axis=0),
        node("SequenceConstruct", "y x", "s1"),
    ]
    nodes = [
        constant("true", np.array(True)),
        node("SequenceConstruct", "x", "start"),
        node("Loop", "n true start", "last", body=growing(body)),
    ]
    check_list(model(nodes, [X3, N], sequence("last", FLOAT, None)), *feeds(0, 1, 3))


def test_lists_of_branches_that_a_run_chooses_from() -> None:
    def branch(name: str, nodes: list[onnx.NodeProto]) -> onnx.GraphProto:
        return helper.make_graph(nodes, name, [], [sequence(name, FLOAT, None)])

    proto = model(
        [
            *MIXED,
            constant("two", np.array(2, np.int64)),
            node("Less", "n two", "few"),
            node(
                "If",
                "few",
                "s",
                then_branch=branch("t1", [node("SequenceInsert", "last x", "t1")]),
                else_branch=branch("t2", [node("SequenceConstruct", "x x x", "t2")]),
            ),
            node("SequenceInsert", "s x", "t"),
        ],
        [X3, N],
        sequence("t", FLOAT, None),
    )
    check_list(proto, *feeds(0, 1, 2, 5))


def test_branches_that_end_in_sequences_of_other_lengths() -> None:
    def branch(name: str, inputs: str) -> onnx.GraphProto:
        nodes = [node("SequenceConstruct", inputs, name)]
        return helper.make_graph(nodes, name, [], [sequence(name, FLOAT, None)])

    proto = model(
        [
            constant("two", np.array(2, np.int64)),
            node("Less", "n two", "few"),
            node("Concat", "x x", "xx", axis=0),
            node(
                "If",
                "few",
                "s",
                then_branch=branch("t", "x"),
                else_branch=branch("e", "xx x"),
            ),
            node("SequenceLength", "s", "length"),
        ],
        [X3, N],
        sequence("s", FLOAT, None),
        info("length", INT),
    )
    check_list(proto, *feeds(1, 3))


def refused(message: str, nodes: list[onnx.NodeProto], *outputs: onnx.ValueInfoProto) -> None:
    nodes = [constant("true", np.array(True)), constant("one", np.array(1, np.int64)), *nodes]
    with pytest.raises(CompileError, match=message):
        tyrex.compile(model(nodes, [info("x", FLOAT, 3), info("n", INT)], *outputs))


def test_what_is_not_supported_is_named() -> None:
    nested = growing([node("SequenceConstruct", "s", "s1")])
    loop = [node("SequenceConstruct", "x", "start")]
    loop += [node("Loop", "n true start", "last", body=nested)]
    refused("a loop that changes a sequence of sequences", loop, sequence("last", FLOAT, None))
    mixed = [
        node("Cast", "x", "i", to=INT),
        node("SequenceConstruct", "x i", "s"),
        node("SequenceAt", "s n", "z"),
    ]
    refused("a sequence holds tensors of f32 and of i64", mixed, info("z", FLOAT, None))
