"""Reductions, softmax and scans, against ONNX's reference."""

from typing import Any

import numpy as np
import pytest

from tyrex.dialects import relax

from .onnx_reference import Array, meaning, reference

RNG = np.random.default_rng(11)
REDUCTIONS = {
    "ReduceMax": relax.MaxOp,
    "ReduceMean": relax.MeanOp,
    "ReduceMin": relax.MinOp,
    "ReduceProd": relax.ProdOp,
    "ReduceSum": relax.SumOp,
}


def floats(*shape: int) -> Array:
    return RNG.standard_normal(shape).astype(np.float32)


def close(found: Array, expected: Array) -> None:
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axes", [(0,), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(name: str, axes: tuple[int, ...], keepdims: bool) -> None:
    x = floats(3, 4, 5)
    found = meaning(REDUCTIONS[name], x, axes=axes, keepdims=keepdims)[0]
    axes_input = np.array(axes, np.int64)
    close(found, reference(name, [x, axes_input], keepdims=int(keepdims))[0])


@pytest.mark.parametrize(
    ("name", "op_type"), [("ArgMax", relax.ArgMaxOp), ("ArgMin", relax.ArgMinOp)]
)
@pytest.mark.parametrize("last", [False, True])
def test_positions(name: str, op_type: type[relax.RelaxOp], last: bool) -> None:
    x = RNG.integers(0, 3, (4, 6)).astype(np.float32)
    options: dict[str, Any] = {"axis": 1, "keepdims": True, "select_last_index": last}
    expected = reference(name, [x], axis=1, keepdims=1, select_last_index=int(last))[0]
    assert meaning(op_type, x, **options)[0].tolist() == expected.tolist()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_softmax(axis: int) -> None:
    x = floats(3, 4, 5)
    close(meaning(relax.SoftmaxOp, x, axis=axis)[0], reference("Softmax", [x], axis=axis)[0])
    expected = reference("LogSoftmax", [x], axis=axis)[0]
    close(meaning(relax.LogSoftmaxOp, x, axis=axis)[0], expected)


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_scans(exclusive: bool, reverse: bool) -> None:
    x = floats(3, 4)
    options: dict[str, Any] = {"axis": 1, "exclusive": exclusive, "reverse": reverse}
    expected = reference(
        "CumSum", [x, np.array(1)], exclusive=int(exclusive), reverse=int(reverse)
    )[0]
    close(meaning(relax.CumSumOp, x, **options)[0], expected)
    logs = meaning(relax.CumSumOp, np.log(np.abs(x)), **options)[0]
    close(meaning(relax.CumProdOp, np.abs(x), **options)[0], np.exp(logs))


def test_integers_keep_their_type() -> None:
    x = np.array([[100, 100], [-3, -4]], np.int8)
    assert meaning(relax.SumOp, x, axes=(1,), keepdims=False)[0].tolist() == [-56, -7]
    assert meaning(relax.MeanOp, x, axes=(1,), keepdims=False)[0].tolist() == [-28, -3]
