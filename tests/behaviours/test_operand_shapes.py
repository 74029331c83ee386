"""Operands that do not fit together are an error with place and sizes, never clamped or cut."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import tyrex
from tyrex.runtime.errors import ShapeError

from .conftest import Compile  # the tests' folder
from .texts import BOOL, t  # the tests' folder

X, Y = t("n", "k"), t("m", "l")


def program(results: str, body: str, args: str = f"%x: {X}, %y: {Y}") -> str:
    """Return a program over n, k, m and l that returns %r."""
    return f"""relax.func @main<n, k, m, l>({args}) -> ({results}) {{
  {body}
  relax.return %r : {results}
}}"""


def of_y(op: str, result: str, properties: str) -> str:
    """Return a program of y alone, which an operator with properties makes something of."""
    body = f"%r = relax.{op} %y {{{properties}}} : ({Y}) -> {result}"
    return program(result, f"%z = relax.neg %x : ({X}) -> {X}\n  {body}")


def of_both(op: str, result: str, properties: str = "") -> str:
    """Return a program of an operator on x and y."""
    return program(result, f"%r = relax.{op} %x, %y {{{properties}}} : ({X}, {Y}) -> {result}")


def floats(*shape: int) -> np.ndarray[Any, Any]:
    return np.ones(shape, np.float32)


PLAIN = "transpose_a = false, transpose_b = false"
SLICE = "starts = #relax.dims<[{}, 0]>, sizes = #relax.dims<[{}, l]>, steps = array<i64: {}, 1>"
ANY = t("?", "?")
Shape = tuple[int, int]
Case = tuple[str, Shape, Shape, str]
"""Program, y's shape that fits an x [3, 4], one that does not and the message; "": it fits, too."""

CASES: dict[str, Case] = {
    "add": (of_both("add", ANY), (1, 4), (3, 2), "axis 1 of broadcast operands.* 4, expected 2 or"),
    "power": (of_both("power", ANY), (3, 1), (2, 4), "axis 0 .*: found 3, expected 2 or 1"),
    "equal": (of_both("equal", t("?", "?", dtype="i1")), (3, 4), (3, 5), "axis 1 .*: found 4, exp"),
    "matmul": (of_both("matmul", t("n", "l"), PLAIN), (4, 2), (3, 2), "summed .* 4, expected 3"),
    "concat": (of_both("concat", ANY, "axis = 1"), (3, 2), (2, 4), "axis 0 of concat.* 2, exp.* 3"),
    "declared": (of_y("neg", t(4, "l"), ""), (4, 2), (5, 2), "axis 0 .* found 5, expected 4"),
    "declared by another": (of_y("neg", t("n", "l"), ""), (3, 2), (5, 2), "axis 0 .* found 5, e"),
    "reshape": (
        of_y("reshape", t("n", "k"), "shape = #relax.dims<[n, k]>"),
        (6, 2),
        (6, 3),
        "elements .* found 12, expected 18",
    ),
    "broadcast_to": (
        of_y("broadcast_to", t("n", "k"), "shape = #relax.dims<[n, k]>"),
        (1, 4),
        (2, 4),
        "axis 0 .* found 2, expected 3 or 1",
    ),
    "split": (
        program(
            t("n", "l"),
            f"%a, %r = relax.split %y {{axis = 0, sections = #relax.dims<[n, n]>}} : ({Y}) -> "
            f"({t('n', 'l')}, {t('n', 'l')})",
        ),
        (6, 1),
        (5, 1),
        "sum of the sections.* found 6, expected 5",
    ),
    "slice": (
        of_y("strided_slice", t("n", "l"), SLICE.format("n", "n", 1)),
        (6, 1),
        (5, 1),
        "last index on axis 0.* found 5, expected at most 4",
    ),
    "slice backwards": (
        of_y("strided_slice", t("n", "l"), SLICE.format("m - 1", "n", -2)),
        (5, 1),
        (4, 1),
        "first index on axis 0.* found -1, expected at least 0",
    ),
    "slice of fewer than none": (
        of_y("strided_slice", t("m - 2", "l"), SLICE.format(0, "m - 2", 1)),
        (2, 1),
        (1, 1),
        "axis 0 of the result.* found -1, expected at least 0",
    ),
    "slice of none": (  # nothing is read there, wherever it is
        of_y("strided_slice", t("max(m - 3, 0)", "l"), SLICE.format(3, "max(m - 3, 0)", 1)),
        (1, 1),
        (4, 0),
        "",
    ),
    "pad": (
        program(
            t("m + 2", "l"),
            f"%c = relax.constant <[], f32, [1.0]> : {t()}\n  %r = relax.pad %y, %c {{padding ="
            f' array<i64: 2, 0, 0, 0>, mode = "edge"}} : ({Y}, {t()}) -> {t("m + 2", "l")}',
        ),
        (1, 2),
        (0, 2),
        "axis 0, to pad of, m: found 0, expected at least 1",
    ),
    "arg_max": (
        of_y(
            "arg_max",
            t("l", dtype="i64"),
            "axis = 0, keepdims = false, select_last_index = false",
        ),
        (0, 0),
        (0, 2),
        "axis 0, to choose of, m: found 0, expected at least 1",
    ),
    "gather_elements": (
        program(
            t("m", "l"),
            f"%i = relax.cast %y {{dtype = i64}} : ({Y}) -> {t('m', 'l', dtype='i64')}\n  %r = "
            f"relax.gather_elements %x, %i {{axis = 1}} : ({X}, {t('m', 'l', dtype='i64')}) -> {Y}",
        ),
        (2, 2),
        (4, 2),
        "axis 0 of the indices.* found 4, expected at most 3",
    ),
    "top_k": (
        program(
            t("n", "l"),
            f"%r, %i = relax.top_k %y {{k = #relax.dims<[n]>, axis = 0, largest = true}} : ({Y})"
            f" -> ({t('n', 'l')}, {t('n', 'l', dtype='i64')})",
        ),
        (3, 2),
        (2, 2),
        "k, .* found 3, expected at most 2",
    ),
    "full": (
        program(
            t("m - 2"),
            f"%c = relax.constant <[], f32, [1.0]> : {t()}\n"
            f"  %r = relax.full %c {{shape = #relax.dims<[m - 2]>}} : ({t()}) -> {t('m - 2')}",
        ),
        (2, 1),
        (1, 1),
        "axis 0 of the result.* found -1, expected at least 0",
    ),
}


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("name", CASES)
def test_operands_that_do_not_fit(build: Compile, name: str, level: int) -> None:
    text, fitting, wrong, message = CASES[name]
    exe = build(text, opt_level=level)
    exe(floats(3, 4), floats(*fitting))
    for _ in range(2):
        if not message:
            exe(floats(3, 4), floats(*wrong))
            continue
        with pytest.raises(ShapeError, match=message):
            exe(floats(3, 4), floats(*wrong))
        exe(floats(3, 4), floats(*fitting))


def test_a_branch_that_is_not_taken_checks_nothing(build: Compile) -> None:
    exe = build(f"""relax.func @main<n, m>(%c: {BOOL}, %x: {t("n")}, %y: {t("m")}) -> ({t("n")}) {{
  %r = relax.if %c : {BOOL} -> ({t("n")}) {{
    %a = relax.add %x, %y : ({t("n")}, {t("m")}) -> {t("n")}
    relax.yield %a : {t("n")}
  }} else {{
    %b = relax.neg %x : ({t("n")}) -> {t("n")}
    relax.yield %b : {t("n")}
  }}
  relax.return %r : {t("n")}
}}""")
    assert np.asarray(exe(np.array(False), floats(3), floats(2))).tolist() == [-1] * 3
    with pytest.raises(ShapeError, match="found 3, expected 2 or 1"):
        exe(np.array(True), floats(3), floats(2))
    assert np.asarray(exe(np.array(True), floats(3), floats(1))).tolist() == [2] * 3


@pytest.mark.parametrize("suffix", [".tyx", ".so"])
def test_a_shipped_model_says_node_and_sizes(suffix: str, tmp_path: Path) -> None:
    shapes = {"x": ["n", 4], "y": ["m", 4]}
    inputs = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in shapes.items()]
    output = helper.make_tensor_value_info("z", TensorProto.FLOAT, None)
    node = helper.make_node("Add", ["x", "y"], ["z"], name="sum")
    graph = helper.make_graph([node], "g", inputs, [output])
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    path = tmp_path / f"m{suffix}"
    tyrex.compile(model, target="native").export_library(path)
    shipped = tyrex.load_module(path)
    assert np.asarray(shipped(floats(3, 4), floats(1, 4))).tolist() == [[2] * 4] * 3
    with pytest.raises(ShapeError, match=r'Add "sum" -> z: axis 0 .*: found 3, expected 2 or 1'):
        shipped(floats(3, 4), floats(2, 4))
