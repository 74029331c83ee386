"""Whole models: the light ones that package onnx brings, names, locations, time."""

import time
from pathlib import Path

import onnx
import pytest
from onnx import helper

from tyrex.dialects.location import sources
from tyrex.dialects.verify import verify_module
from tyrex.frontends.onnx import from_onnx

from .models import info, main_of, make, types  # noqa: TID251  # of the tests

LIGHT = sorted((Path(onnx.__file__).parent / "backend/test/data/light").glob("light_*.onnx"))


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_light_model(path: Path) -> None:
    module = from_onnx(path)
    verify_module(module)
    inputs, outputs = types(module)
    assert inputs == ["[1, 3, 224, 224], f32"]
    assert outputs[0].startswith("[1, 1000")
    main = main_of(module)
    assert all(sources(op.location) for op in main.body.block.ops if op.name != "relax.return")


def test_there_are_nine_light_models() -> None:
    assert len(LIGHT) == 9


def test_names_and_locations() -> None:
    nodes = [helper.make_node("Relu", ["data:a"], ["out/path"], name="block/relu")]
    main = main_of(from_onnx(make(nodes, [info("data:a", (2,))], ["out/path"])))
    assert main.input_names is not None
    assert main.output_names is not None
    assert [name.data for name in main.input_names] == ["data:a"]
    assert [name.data for name in main.output_names] == ["out/path"]
    relu = main.body.block.first_op
    assert relu is not None
    assert sources(relu.location) == (("Relu", "block/relu", "out/path"),)
    assert relu.results[0].name_hint == "out_path"
    assert main.body.block.args[0].name_hint == "data_a"


def test_equal_constants_are_one_operation() -> None:
    nodes = [helper.make_node("Gelu", [f"x{i}"], [f"x{i + 1}"]) for i in range(4)]
    main = main_of(from_onnx(make(nodes, [info("x0", (2,))], ["x4"])))
    constants = [op for op in main.body.block.ops if op.name == "relax.constant"]
    assert len(constants) == 3


def test_errors_name_the_model(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    model = make([helper.make_node("Relu", ["z"], ["y"])], [info("x", (2,))], ["y"])
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match="'z'") as error:
        from_onnx(path)
    assert error.value.__notes__ == [f"while importing {path}"]


@pytest.mark.slow
def test_time_is_linear() -> None:
    """Four times the nodes take less than eight times as long."""

    def seconds(count: int) -> float:
        nodes = [helper.make_node("Relu", [f"x{i}"], [f"x{i + 1}"]) for i in range(count)]
        model = make(nodes, [info("x0", (2,))], [f"x{count}"])
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            from_onnx(model)
            best = min(best, time.perf_counter() - start)
        return best

    assert seconds(4000) < 8 * seconds(1000)
