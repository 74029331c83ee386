"""Functions that take up next time what they left last time."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

import tyrex
from tyrex.runtime import VirtualMachine
from tyrex.runtime.errors import ArgumentError, DTypeError, ShapeError
from tyrex.runtime.tensor import Tensor

Array = NDArray[Any]
MODES = ("compiled", "bytecode")
STATE = {"total": "total_after", "count": "count_after"}


def model(batch: int | str = "batch") -> ModelProto:
    """total' = total + x, count' = count + 1, mean = total' / count'."""
    make = helper.make_node
    f32, shape = TensorProto.FLOAT, [batch, 2]
    graph = helper.make_graph(
        [
            make("Add", ["total", "x"], ["total_after"]),
            make("Add", ["count", "one"], ["count_after"]),
            make("Div", ["total_after", "count_after"], ["mean"]),
        ],
        "running_mean",
        [
            helper.make_tensor_value_info("total", f32, shape),
            helper.make_tensor_value_info("x", f32, shape),
            helper.make_tensor_value_info("count", f32, []),
        ],
        [
            helper.make_tensor_value_info("mean", f32, shape),
            helper.make_tensor_value_info("total_after", f32, shape),
            helper.make_tensor_value_info("count_after", f32, []),
        ],
        [numpy_helper.from_array(np.array(1, np.float32), "one")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def rows(count: int, batch: int = 3) -> Array:
    return np.random.default_rng(count).standard_normal((count, batch, 2)).astype(np.float32)


def check_stream(stream: Any, batch: int = 3) -> None:
    for count in (4, 6):  # a second stream begins where the first began
        x = rows(count, batch)
        for i in range(count):
            np.testing.assert_allclose(stream(x[i]), x[: i + 1].mean(0), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(stream.state["total"], x.sum(0), rtol=1e-5, atol=1e-6)
        assert stream.state["count"].item() == count
        stream.reset()
        assert stream.state == {}


@pytest.mark.parametrize("mode", MODES)
def test_streams_of_an_executable(mode: str) -> None:
    exe = tyrex.compile(model(), exec_mode=mode)
    stream = exe.bind_state(STATE)
    assert str(stream.signature) == "main(x: float32[batch, 2]) -> (mean: float32[batch, 2])"
    check_stream(stream)
    check_stream(stream, batch=5)
    one, other = exe.bind_state(STATE), exe.bind_state(STATE)
    x = rows(4)
    for i in range(4):
        one(x[i])
        if i % 2:
            np.testing.assert_allclose(other(x=x[i]), x[1 : i + 1 : 2].mean(0), rtol=1e-5)
    assert one.run({"x": x[0]}).shape == (3, 2)


def test_streams_of_a_machine_and_of_a_module(tmp_path: Path) -> None:
    exe = tyrex.compile(model(2))
    check_stream(VirtualMachine(exe, memory_cfg="naive").bind_state("main", STATE), batch=2)
    module = tyrex.load_module(exe.export_library(tmp_path / "mean.tyx"))
    check_stream(module.bind_state(STATE), batch=2)


def test_first_values() -> None:
    total = np.full((3, 2), 7, np.float32)
    stream = tyrex.compile(model()).bind_state(STATE, {"total": total})
    total[:] = 0  # it was copied
    x = rows(2)
    np.testing.assert_allclose(stream(x[0]), x[0] + 7, rtol=1e-6)
    stream.reset({"total": x[1], "count": np.array(3, np.float32)})
    np.testing.assert_allclose(stream(x[0]), (x[0] + x[1]) / 4, rtol=1e-5)
    with pytest.raises(DTypeError, match="state 'count': expected float32"):
        stream.reset({"count": np.array(3)})


@pytest.mark.parametrize("mode", MODES)
def test_a_call_that_fails_leaves_the_state(mode: str) -> None:
    stream = tyrex.compile(model(), exec_mode=mode).bind_state(STATE)
    x = rows(2)
    stream(x[0])
    with pytest.raises(ShapeError, match="batch"):
        stream(rows(1, batch=4)[0])
    with pytest.raises(DTypeError):
        stream(x[0].astype(np.float64))
    np.testing.assert_allclose(stream(x[1]), x.mean(0), rtol=1e-5)


def test_results_are_the_callers() -> None:
    """Neither results nor what `state` returned change with later calls."""
    stream = tyrex.compile(model(3)).bind_state(STATE)
    x = rows(3)
    first, state = stream(x[0]), stream.state["total"]
    assert isinstance(state, Tensor)
    before = np.asarray(first).copy(), np.asarray(state).copy()
    stream(x[1])
    stream(x[2])
    np.testing.assert_array_equal(first, before[0])
    np.testing.assert_array_equal(state, before[1])


def test_several_results_and_none() -> None:
    exe = tyrex.compile(model(3))
    x, zero = rows(1)[0], np.zeros((), np.float32)
    mean, count = exe.bind_state({"total": "total_after"})(x, zero)
    np.testing.assert_allclose(mean, x)
    assert np.asarray(count) == 1


def test_misuse() -> None:
    exe = tyrex.compile(model())
    for state, message in (
        ({"sum": "total_after"}, "no input 'sum'; known: total, x, count"),
        ({"total": "after"}, "no output 'after'; known: mean, total_after, count_after"),
        ({"total": "count_after"}, "expected an output of type"),
        ({}, "expected a mapping"),
    ):
        with pytest.raises(ArgumentError, match=message):
            exe.bind_state(state)
    stream = exe.bind_state(STATE)
    with pytest.raises(ArgumentError, match="expected 1 argument; found 0"):
        stream()
    with pytest.raises(ArgumentError, match="expected 1 argument; found 2"):
        stream(rows(1)[0], rows(1)[0])
    with pytest.raises(ArgumentError, match="no argument 'total'"):
        stream(total=rows(1)[0])
    with pytest.raises(ArgumentError, match="no state 'x'"):
        stream.reset({"x": rows(1)[0]})
    needs = exe.bind_state({"total": "total_after", "x": "mean"})
    with pytest.raises(ArgumentError, match=r"reset\(\{'total': array\}\)"):
        needs(np.array(0, np.float32))
