"""Branches whose results have no common type, or contradict themselves: what follows goes in."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, helper

import tyrex
from tyrex.frontends.onnx import ModelError, from_onnx
from tyrex.runtime.errors import ArgumentError, ShapeError

from .models import (  # noqa: TID251  # of the tests
    agrees,
    evaluate,
    f32,
    i64,
    info,
    make,
    op_names,
    types,
)

Array = NDArray[Any]
N = helper.make_node
MODES = ("compiled", "bytecode")
C = info("c", (), bool)


def body(nodes: Sequence[NodeProto], *outputs: str) -> GraphProto:
    results = [helper.make_empty_tensor_value_info(name) for name in outputs]
    return helper.make_graph(nodes, "body", [], results)


def squeezed(name: str, condition: str = "c") -> NodeProto:
    """`name` is x without its last axis where the condition holds, else x."""
    then = body([N("Squeeze", ["x", "last"], [f"{name}_a"])], f"{name}_a")
    otherwise = body([N("Identity", ["x"], [f"{name}_b"])], f"{name}_b")
    return N("If", [condition], [name], then_branch=then, else_branch=otherwise)


LAST = {"last": i64(-1)}


def check_natively(model: ModelProto, cases: Sequence[tuple[list[Array], Array]]) -> None:
    for mode in MODES:
        exe = tyrex.compile(model, exec_mode=mode)
        assert exe.exec_mode == mode
        for inputs, expected in cases:
            np.testing.assert_allclose(np.asarray(exe(*inputs)), expected, atol=1e-6)


@pytest.mark.parametrize("taken", [True, False])
def test_results_of_different_ranks(taken: bool) -> None:
    """The number of axes decides what Size of Shape is: 1 or 2."""
    nodes = [
        squeezed("a"),
        N("Shape", ["a"], ["s"]),
        N("Size", ["s"], ["n"]),
        N("Cast", ["n"], ["f"], to=1),
        N("ReduceSum", ["a"], ["r"], keepdims=0),
        N("Mul", ["r", "f"], ["y"]),
    ]
    model = make(nodes, [info("x", (3, 1)), C], ["y"], LAST)
    module = agrees(model, f32(3, 1), np.array(taken))
    assert op_names(module) == ["if"], "what follows is in the branches"
    assert types(module)[1] == ["[], f32"]
    x = f32(3, 1)
    check_natively(model, [([x, np.array(taken)], x.sum() * (1 if taken else 2))])


def test_nested() -> None:
    """The inner branches' ranks are known only behind the outer one, twice."""
    inner = [squeezed("i", "d"), N("Neg", ["i"], ["j"])]
    then, otherwise = body(inner, "j"), body([N("Identity", ["x"], ["k"])], "k")
    nodes = [
        N("If", ["c"], ["a"], then_branch=then, else_branch=otherwise),
        N("Shape", ["a"], ["s"]),
        N("ReduceSum", ["a"], ["r"], keepdims=0),
        N("ReduceProd", ["s"], ["p"], keepdims=0),
        N("Cast", ["p"], ["f"], to=1),
        N("Add", ["r", "f"], ["y"]),
    ]
    model = make(nodes, [info("x", (3, 1)), C, info("d", (), bool)], ["y"], LAST)
    x = f32(3, 1)
    cases = [
        ([x, np.array(c), np.array(d)], (-x if c else x).sum() + 3)
        for c in (True, False)
        for d in (True, False)
    ]
    for inputs, _ in cases:
        agrees(model, *inputs)
    check_natively(model, cases)


def test_several_in_a_row() -> None:
    nodes = [squeezed("a"), squeezed("b", "d"), N("Add", ["a", "b"], ["y"])]
    model = make(nodes, [info("x", (1, 1)), C, info("d", (), bool)], ["y"], LAST)
    for c in (True, False):
        for d in (True, False):
            (found,) = evaluate(from_onnx(model), f32(1, 1), np.array(c), np.array(d))
            assert found.shape == ((1,) if c and d else (1, 1))


def dim_is_one() -> list[NodeProto]:
    """As PyTorch exports `squeeze(-1)`: where the last dim is 1, and then a product."""
    return [
        N("Shape", ["x"], ["s"]),
        N("Gather", ["s", "last"], ["d"]),
        N("Equal", ["d", "one"], ["c"]),
        squeezed("a"),
        N("Gemm", ["a", "w"], ["y"]),
    ]


DIM_WEIGHTS = {**LAST, "one": i64(1), "w": f32(4, 2, seed=5)}


def test_branch_that_contradicts_itself() -> None:
    """Gemm takes two axes: the branch of three ends the run, should one get there."""
    model = make(dim_is_one(), [info("x", ("n", 4, "m"))], ["y"], DIM_WEIGHTS)
    x = f32(5, 4, 1)
    for mode in MODES:
        exe = tyrex.compile(model, exec_mode=mode)
        assert exe.exec_mode == mode
        for _ in range(2):
            np.testing.assert_allclose(exe(x), x[..., 0] @ DIM_WEIGHTS["w"], atol=1e-6)
            with pytest.raises(ArgumentError, match="Gemm"):
                exe(f32(5, 4, 2))


def test_both_branches_contradict_themselves() -> None:
    nodes = [*dim_is_one()[:-1], N("Gemm", ["a", "w"], ["y"])]
    model = make(nodes, [info("x", ("n", 4, 2, "m"))], ["y"], DIM_WEIGHTS)
    with pytest.raises(ModelError, match="Gemm"):
        from_onnx(model)


def test_what_tyrex_lacks_in_a_branch_is_an_error_at_once() -> None:
    then = body([N("Reshape", ["x", "where"], ["r"])], "r")
    otherwise = body([N("Neg", ["x"], ["q"])], "q")
    node = N("If", ["c"], ["y"], then_branch=then, else_branch=otherwise)
    model = make([node], [info("x", (3, 1)), C, info("where", (2,), np.int64)], ["y"])
    with pytest.raises(ModelError, match="known only at run time"):
        from_onnx(model)


def test_result_of_a_rank_that_a_run_decides() -> None:
    model = make([squeezed("a"), N("Neg", ["a"], ["y"])], [info("x", (3, 1)), C], ["y"], LAST)
    exe = tyrex.compile(model)
    assert exe.exec_mode == "bytecode"
    for taken, shape in ((True, (3,)), (False, (3, 1))):
        found = np.asarray(exe(f32(3, 1), np.array(taken)))
        assert found.shape == shape
        np.testing.assert_array_equal(found.reshape(-1), -f32(3, 1).reshape(-1))


def test_view_that_does_not_fit() -> None:
    """Squeeze of an axis that only a run knows not to be 1."""
    model = make([N("Squeeze", ["x", "last"], ["a"]), N("Neg", ["a"], ["y"])],
                 [info("x", ("n", "m"))], ["y"], LAST)  # fmt: skip
    for mode in MODES:
        exe = tyrex.compile(model, exec_mode=mode)
        np.testing.assert_array_equal(exe(f32(3, 1)), -f32(3, 1)[:, 0])
        with pytest.raises(ShapeError, match=r"axis 1, which is dropped, m: found 2, expected 1"):
            exe(f32(3, 2))


WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler (gcc)")
def test_wrong_branch_in_c(tmp_path: Path) -> None:
    """`Squeeze` of an axis of 2: its branch sets the error, the other one runs."""
    exe = tyrex.compile(make([squeezed("y")], [info("x", (3, 2)), C], ["y"], LAST))
    exe.export_library(tmp_path / "m.c")
    command = ["gcc", *WARNINGS, "-shared", "-fPIC", "m.c", "-o", "m.so", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    library = ctypes.CDLL(str(tmp_path / "m.so"))
    library.m_last_error.restype = ctypes.c_char_p
    context = ctypes.c_void_p()
    assert library.m_create(1, ctypes.byref(context)) == 0
    x, y = f32(3, 2), np.zeros((3, 2), np.float32)
    for taken in (False, True, False):
        condition = np.array(taken)
        given = (ctypes.c_void_p * 2)(x.ctypes.data, condition.ctypes.data)
        code = library.m_run(context, given, (ctypes.c_void_p * 1)(y.ctypes.data))
        assert (code != 0) == taken
        assert (b"Squeeze" in library.m_last_error()) == taken
    np.testing.assert_array_equal(y, x)
