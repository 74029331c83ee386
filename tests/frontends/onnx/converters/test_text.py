"""Tensors of strings: as ONNX Runtime has them; native code and what has no strings refuse."""

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
from tyrex.frontends.onnx import UnsupportedOperatorsError, from_onnx
from tyrex.frontends.onnx.errors import ModelError, UnsupportedNodeError
from tyrex.interpreters import relax as relax_interpreter
from tyrex.runtime.errors import ArgumentError, DTypeError, ShapeError

Array = NDArray[Any]
STRING, INT, BOOL, FLOAT = (
    TensorProto.STRING,
    TensorProto.INT64,
    TensorProto.BOOL,
    TensorProto.FLOAT,
)
WORDS = np.array([["a", "größer", ""], ["日本", "b c", "a"]], object)
OTHER = np.array([["a"], ["日本"]], object)
INDICES = np.array([2, -1], np.int64)


def info(name: str, kind: int = STRING, *dims: int | str | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(dims))


def node(kind: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), outputs.split(), **attributes)


def strings(name: str, dims: list[int], *items: str) -> onnx.TensorProto:
    data = [item.encode() for item in items]
    return onnx.TensorProto(name=name, data_type=STRING, dims=dims, string_data=data)


def model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    *weights: onnx.TensorProto,
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(weights))
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def same(found: object, expected: Array) -> None:
    array = np.asarray(found)
    assert array.shape == expected.shape
    assert array.dtype == expected.dtype
    np.testing.assert_array_equal(array, expected)


def check(proto: onnx.ModelProto, feed: dict[str, Array], *, ort_has: bool = True) -> list[Any]:
    """Compare with the interpreter and ONNX Runtime; return the results."""
    exe = tyrex.compile(proto, exec_mode="compiled")
    assert exe.exec_mode == "bytecode"
    assert "native code cannot express" in exe.stats()["bytecode_because"]
    given = [feed[name] for name, _ in exe.signature.inputs]
    meant = relax_interpreter.run(from_onnx(proto), "main", given)
    found: Any = exe(*given)
    results = [*cast("tuple[Any, ...]", found)] if isinstance(found, tuple) else [found]
    for a, b in zip(results, meant, strict=True):
        same(a, np.asarray(b))
    if ort_has:
        content = proto.SerializeToString()
        session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
        for a, b in zip(results, cast(Any, session).run(None, feed), strict=True):
            same(a, b)
    return results


@pytest.mark.parametrize("dims", [(2, 3), ("n", 3), (None, "m")])
def test_concat_split_match_and_equal(dims: tuple[int | str | None, ...]) -> None:
    nodes = [
        node("StringConcat", "x y", "c"),
        node("StringSplit", "c", "parts counts", delimiter=" "),
        node("RegexFullMatch", "x", "m", pattern="a|b.*"),
        node("Equal", "x y", "e"),
        node("Cast", "e", "f", to=FLOAT),
    ]
    outputs = [info("c", STRING, None, None), info("parts", STRING, None, None, None)]
    outputs += [info("counts", INT, None, None), info("m", BOOL, None, None)]
    outputs += [info("f", FLOAT, None, None)]
    proto = model(nodes, [info("x", STRING, *dims), info("y", STRING, 2, 1)], outputs)
    results = check(proto, {"x": WORDS, "y": OTHER}, ort_has=False)  # it has no RegexFullMatch
    np.testing.assert_array_equal(results[0], WORDS + OTHER)
    np.testing.assert_array_equal(np.asarray(results[4]), WORDS == OTHER)
    np.testing.assert_array_equal(np.asarray(results[3]), (WORDS == "a") | (WORDS == "b c"))


@pytest.mark.parametrize(("delimiter", "most"), [("", -1), (" ", -1), (" ", 1), ("ö", -1), ("", 0)])
def test_split(delimiter: str, most: int) -> None:
    attributes: dict[str, Any] = {
        "delimiter": delimiter,
        **({"maxsplit": most} if most > 0 else {}),
    }
    outputs = [info("p", STRING, None, None), info("n", INT, None)]
    proto = model(
        [node("StringSplit", "x", "p n", **attributes)], [info("x", STRING, "n")], outputs
    )
    x = np.array(["a b  c", "", " x", "größer"], object)
    parts, counts = check(proto, {"x": x}, ort_has=False)
    expected = [
        word.split(delimiter or None, most if most > 0 else -1)
        for word in cast(list[str], x.tolist())
    ]
    assert np.asarray(counts).tolist() == [*map(len, expected)]
    assert [[p for p in row if p] for row in parts.tolist()] == [
        [p for p in row if p] for row in expected
    ]


MOVES: dict[str, tuple[list[onnx.NodeProto], tuple[int | None, ...]]] = {
    "reshape": ([node("Reshape", "x shape", "z")], (None, None)),
    "transpose": ([node("Transpose", "x", "z")], (None, None)),
    "gather": ([node("Gather", "x i", "z", axis=1)], (None, None)),
    "concat": ([node("Concat", "x y x", "z", axis=1)], (None, None)),
    "slice": ([node("Slice", "x one two one", "z")], (None, None)),
    "where": ([node("Where", "c x y", "z")], (None, None)),
    "expand": ([node("Expand", "y shape2", "z")], (None, None)),
    "unsqueeze": ([node("Unsqueeze", "x one", "z")], (None, None, None)),
    "tile": ([node("Tile", "x twice", "z")], (None, None)),
    "identity": ([node("Identity", "x", "z")], (None, None)),
    "several": (
        [node("Transpose", "x", "t"), node("Split", "t", "a z", axis=0, split=None)],
        (None, None),
    ),
    "scatter": ([node("ScatterND", "x where u", "z")], (None, None)),
}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("dims", [(2, 3), ("n", "m")])
def test_what_moves_elements_moves_strings(name: str, dims: tuple[int | str, ...]) -> None:
    nodes, out = MOVES[name]
    if name == "several":
        sizes = helper.make_tensor("sizes", INT, [2], [1, 2])
        nodes = [nodes[0], node("Split", "t sizes", "a z", axis=0)]
    weights = [
        helper.make_tensor("shape", INT, [2], [3, -1]),
        helper.make_tensor("shape2", INT, [2], [2, 4]),
        helper.make_tensor("one", INT, [1], [1]),
        helper.make_tensor("two", INT, [1], [2]),
        helper.make_tensor("twice", INT, [2], [2, 1]),
        helper.make_tensor("where", INT, [1, 1], [1]),
        strings("u", [1, 3], "p", "q", "ü"),
    ]
    if name == "several":
        weights.append(sizes)  # pyright: ignore[reportPossiblyUnboundVariable]
    used = {name for item in nodes for name in item.input}
    inputs = [info("x", STRING, *dims), info("y", STRING, 2, 1)]
    inputs += [info("i", INT, 2), info("c", BOOL, 2, 3)]
    proto = model(
        nodes,
        [value for value in inputs if value.name in used],
        [info("z", STRING, *out)],
        *[weight for weight in weights if weight.name in used],
    )
    feed = {"x": WORDS, "y": OTHER, "i": INDICES, "c": WORDS == "a"}
    ort_has = name not in ("several",)
    check(proto, {name: feed[name] for name in feed if name in used}, ort_has=ort_has)


def test_strings_of_the_model() -> None:
    nodes = [
        node("Constant", "", "one", value_string="-ü-"),
        node("Constant", "", "three", value_strings=["p", "q", "r"]),
        node("StringConcat", "w one", "a"),
        node("StringConcat", "a three", "b"),
        node("StringConcat", "x b", "z"),
        node("Shape", "z", "s"),
        node("Size", "z", "n"),
    ]
    weight = strings("w", [1, 3], "k", "日", "")
    outputs = [info("z", STRING, None, None), info("s", INT, 2), info("n", INT)]
    proto = model(nodes, [info("x", STRING, "rows", 3)], outputs, weight)
    check(proto, {"x": WORDS})
    exe = tyrex.compile(proto)
    for count in (0, 1, 2):  # memory of numbers is laid out anew, texts are as they come
        z, s, n = exe(WORDS[:count])
        assert (z.shape, np.asarray(s).tolist(), int(np.asarray(n))) == (
            (count, 3),
            [count, 3],
            3 * count,
        )


def test_a_bundle_has_strings(tmp_path: Path) -> None:
    proto = model(
        [node("StringConcat", "x w", "z")], [info("x")], [info("z")], strings("w", [], "ü")
    )
    proto.graph.input[0].CopyFrom(info("x", STRING, "n"))
    exe = tyrex.compile(proto)
    with tyrex.load_module(exe.export_library(tmp_path / "m.tyx")) as module:
        assert module(np.array(["a", "日本"])).tolist() == ["aü", "日本ü"]


@pytest.mark.parametrize("case", ["NONE", "LOWER", "UPPER"])
@pytest.mark.parametrize("is_exact", [0, 1])
@pytest.mark.parametrize("shape", [(4,), (1, 4)])
def test_normalizer(case: str, is_exact: int, shape: tuple[int, ...]) -> None:
    attributes: dict[str, Any] = {
        "case_change_action": case,
        "is_case_sensitive": is_exact,
        "stopwords": ["monday"],
        "locale": "C",
    }
    outputs = [info("z", STRING, *([None] * len(shape)))]
    proto = model(
        [node("StringNormalizer", "x", "z", **attributes)], [info("x", STRING, *shape)], outputs
    )
    x = np.array(["Monday", "tuesday", "monday", "Mittwoch"], object).reshape(shape)
    check(proto, {"x": x})
    check(proto, {"x": np.full(shape, "monday", object)})


@pytest.mark.parametrize("kind", ["int64s", "floats", "strings"])
def test_labels(kind: str) -> None:
    values: dict[str, Any] = {
        "int64s": {"values_int64s": [5, 6], "default_int64": 7},
        "floats": {"values_floats": [0.5, 1.5], "default_float": -2.0},
        "strings": {"values_strings": ["x", "ü"], "default_string": "?"},
    }[kind]
    label = node(
        "LabelEncoder", "x", "z", domain="ai.onnx.ml", keys_strings=["a", "日本"], **values
    )
    out = {"int64s": INT, "floats": FLOAT, "strings": STRING}[kind]
    proto = model([label], [info("x", STRING, "n", 3)], [info("z", out, None, None)])
    check(proto, {"x": WORDS})


def test_categories() -> None:
    names = {"cats_int64s": [3, 4], "cats_strings": ["a", "b c"], "default_int64": -9}
    mapper = node("CategoryMapper", "x", "z", domain="ai.onnx.ml", **names)
    check(model([mapper], [info("x", STRING, 2, 3)], [info("z", INT, 2, 3)]), {"x": WORDS})


def test_arguments_that_do_not_fit() -> None:
    proto = model([node("StringConcat", "x x", "z")], [info("x", STRING, 2, "n")], [info("z")])
    exe = tyrex.compile(proto)
    cases: list[tuple[Any, type[Exception], str]] = [
        (
            np.ones((2, 2), np.float32),
            DTypeError,
            "input 'x': expected an array of strings; found 1.0",
        ),
        (
            np.array([["a", 3]], object),
            DTypeError,
            "input 'x': expected an array of strings; found 3",
        ),
        (np.array(["a", "b"]), ShapeError, r"expected strings of shape \[2, -1\]; found \(2,\)"),
        (
            np.array([["a", "b"]]),
            ShapeError,
            r"expected strings of shape \[2, -1\]; found \(1, 2\)",
        ),
    ]
    for value, kind, message in cases:
        with pytest.raises(kind, match=message):
            exe(value)
    found: Any = exe([["a"], ["b"]])  # lists and NumPy's own strings are arrays of strings
    assert found.tolist() == [["aa"], ["bb"]]
    given = np.array([["a", "b"], ["c", "d"]])
    found = exe(given)
    assert found.dtype == object
    assert all(type(item) is str for item in found.reshape(-1))
    found[0, 0] = "changed"
    assert exe(given)[0, 0] == "aa"


def test_a_pattern_that_is_none() -> None:
    match = node("RegexFullMatch", "x", "z", pattern="(")
    exe = tyrex.compile(model([match], [info("x", STRING, 2)], [info("z", BOOL, 2)]))
    with pytest.raises(ArgumentError, match=r"RegexFullMatch -> z: '\(' is no regular expression"):
        exe(np.array(["a", "b"]))


def test_a_tensor_of_too_few_strings() -> None:
    proto = model([node("Identity", "w", "z")], [], [info("z")], strings("w", [3], "a"))
    with pytest.raises(ModelError, match=r"tensor 'w' of shape \(3,\) has 1 strings"):
        from_onnx(proto)


def test_what_has_no_strings_is_named() -> None:
    x, out = info("x", STRING, 2, 3), info("z", STRING, None, None)
    with pytest.raises(UnsupportedNodeError, match="Unique of strings is not supported"):
        from_onnx(model([node("Unique", "x", "z")], [x], [out]))
    weight = strings("w", [1], "k")
    added = model([node("Add", "x w", "z")], [info("x", FLOAT, 2)], [out], weight)
    with pytest.raises(UnsupportedOperatorsError, match="element type STRING as input of Add"):
        from_onnx(added)
    with pytest.raises(CompileError, match="input 0 is no tensor of strings"):
        from_onnx(model([node("StringConcat", "x x", "z")], [info("x", FLOAT, 2)], [out]))
    numbers = node(
        "LabelEncoder", "x", "z", domain="ai.onnx.ml", keys_int64s=[1], values_strings=["a"]
    )
    with pytest.raises(UnsupportedNodeError, match="LabelEncoder of keys that are no strings"):
        from_onnx(model([numbers], [info("x", INT, 2)], [out]))


def test_branches_that_a_run_chooses_from() -> None:
    def branch(name: str, source: str) -> onnx.GraphProto:
        nodes = [node("StringConcat", f"{source} {source}", name)]
        return helper.make_graph(nodes, name, [], [info(name, STRING, None, None)])

    choice = node("If", "c", "s", then_branch=branch("t", "x"), else_branch=branch("e", "y"))
    nodes = [choice, node("StringConcat", "s y", "z")]
    inputs = [info("x", STRING, 2, 3), info("y", STRING, 2, 1), info("c", BOOL)]
    proto = model(nodes, inputs, [info("z", STRING, None, None)])
    for way in (True, False):
        check(proto, {"x": WORDS, "y": OTHER, "c": np.array(way)})
