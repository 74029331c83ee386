"""Attention as one kernel computes what its operators compute."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

import tyrex

Array = NDArray[Any]
HEADS, DEPTH = 3, 24
MASKS = ("none", "large", "infinite", "all")


def attention(rows: int, columns: int, masked: bool) -> ModelProto:
    """Return softmax(q k / 2 + mask) v."""
    nodes = [helper.make_node("MatMul", ["q", "k"], ["s"])]
    nodes.append(helper.make_node("Mul", ["s", "half"], ["scaled"]))
    if masked:
        nodes.append(helper.make_node("Add", ["scaled", "mask"], ["added"]))
    nodes.append(helper.make_node("Softmax", ["added" if masked else "scaled"], ["p"], axis=-1))
    nodes.append(helper.make_node("MatMul", ["p", "v"], ["y"]))
    shapes = {
        "q": (1, HEADS, rows, DEPTH),
        "k": (1, HEADS, DEPTH, columns),
        "v": (1, HEADS, columns, DEPTH),
    }
    if masked:
        shapes["mask"] = (1, 1, rows, columns)
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, shapes["q"])
    half = helper.make_tensor("half", TensorProto.FLOAT, (), [0.5])
    graph = helper.make_graph(nodes, "attention", inputs, [output], [half])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def mask_of(kind: str, rows: int, columns: int) -> Array:
    """Return what is added to the scores: a triangle of very small numbers, or whole rows."""
    if kind == "all":
        mask = np.zeros((1, 1, rows, columns), np.float32)
        mask[:, :, ::3] = -np.inf
        return mask
    least = -np.inf if kind == "infinite" else -1e9
    triangle = np.triu(np.full((rows, columns), least, np.float32), 1)
    return np.nan_to_num(triangle, nan=0.0, neginf=least)[None, None]


def expected(q: Array, k: Array, v: Array, mask: Array | float) -> Array:
    """Return the reference, in double precision."""
    with np.errstate(invalid="ignore"):
        scores = q.astype(np.float64) @ k / 2 + mask
        e = np.exp(scores - scores.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True) @ v


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize(("rows", "columns"), [(150, 141), (7, 2000)])
def test_attention_natively(rows: int, columns: int, mask: str) -> None:
    rng = np.random.default_rng(rows)
    shapes = ((1, HEADS, rows, DEPTH), (1, HEADS, DEPTH, columns), (1, HEADS, columns, DEPTH))
    q, k, v = (rng.standard_normal(shape).astype(np.float32) for shape in shapes)
    added = [] if mask == "none" else [mask_of(mask, rows, columns)]
    exe = tyrex.compile(attention(rows, columns, bool(added)), threads=2)
    found = np.asarray(exe(q, k, v, *added))
    np.testing.assert_allclose(
        found, expected(q, k, v, added[0] if added else 0.0), rtol=1e-5, atol=1e-5
    )
    assert np.isnan(found).any() == (mask == "all")


def heads(rows: int, batch: int | str = 1) -> ModelProto:
    """Return attention whose heads are slices of rows: transposes before and after it."""
    shape = (batch, rows, HEADS, DEPTH)
    nodes = [
        helper.make_node("Transpose", ["q"], ["qt"], perm=[0, 2, 1, 3]),
        helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 2, 3, 1]),
        helper.make_node("Transpose", ["v"], ["vt"], perm=[0, 2, 1, 3]),
        helper.make_node("MatMul", ["qt", "kt"], ["s"]),
        helper.make_node("Softmax", ["s"], ["p"], axis=-1),
        helper.make_node("MatMul", ["p", "vt"], ["o"]),
        helper.make_node("Transpose", ["o"], ["y"], perm=[0, 2, 1, 3]),
    ]
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in "qkvy"]
    graph = helper.make_graph(nodes, "heads", values[:3], values[3:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.mark.parametrize("rows", [90, 150])
def test_transposed_heads(rows: int) -> None:
    rng = np.random.default_rng(rows)
    q, k, v = (rng.standard_normal((1, rows, HEADS, DEPTH)).astype(np.float32) for _ in "qkv")
    found = np.asarray(tyrex.compile(heads(rows), threads=2)(q, k, v))
    qt, kt, vt = q.transpose(0, 2, 1, 3) * 2, k.transpose(0, 2, 3, 1), v.transpose(0, 2, 1, 3)
    reference = expected(qt, kt, vt, 0.0).transpose(0, 2, 1, 3)
    np.testing.assert_allclose(found, reference, rtol=1e-5, atol=1e-5)


def test_a_batch_that_a_run_decides() -> None:
    rows, rng = 150, np.random.default_rng(0)
    exe = tyrex.compile(heads(rows, "n"), threads=2)
    for batch in (1, 3):
        shape = (batch, rows, HEADS, DEPTH)
        q, k, v = (rng.standard_normal(shape).astype(np.float32) for _ in "qkv")
        qt, kt, vt = q.transpose(0, 2, 1, 3) * 2, k.transpose(0, 2, 3, 1), v.transpose(0, 2, 1, 3)
        reference = expected(qt, kt, vt, 0.0).transpose(0, 2, 1, 3)
        np.testing.assert_allclose(np.asarray(exe(q, k, v)), reference, rtol=1e-5, atol=1e-5)
