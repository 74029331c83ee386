from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper
from xdsl.dialects.builtin import ModuleOp

from tyrex.driver.sources import Kind, Source
from tyrex.runtime.errors import DTypeError, LoadError


def model() -> onnx.ModelProto:
    weights = helper.make_tensor("w", TensorProto.FLOAT, [4], bytes(16), raw=True)
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])],
        [weights],
    )
    return helper.make_model(graph)


def test_text_and_paths_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.mlir"
    path.write_text("builtin.module {}")
    assert Source.of(path).kind is Kind.MLIR
    assert Source.of(str(path)).text() == "builtin.module {}"
    text = Source.of("builtin.module {}")
    assert (text.kind, text.path, text.text()) == (Kind.MLIR, None, "builtin.module {}")


def test_objects_are_known_by_their_types() -> None:
    assert Source.of(ModuleOp([])).kind is Kind.IR
    assert Source.of(model()).kind is Kind.ONNX
    assert Source.of(b"abc").kind is Kind.ONNX
    assert Source.of(model()).bytes() == Source.of(model().SerializeToString()).bytes()


def test_the_name_of_a_file_tells_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "a.mlir"
    path.write_text("builtin.module {}")
    source = Source.of(path)
    assert (source.label, source.name) == (str(path), "a.mlir")
    assert Source.of(b"abc").name == "<bytes>"


def test_a_path_that_is_not_there_is_an_error() -> None:
    with pytest.raises(LoadError, match=r"nope\.onnx: there is no such file; expected an ONNX"):
        Source.of("nope.onnx")


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="found a folder, expected a file"):
        Source.of(tmp_path)


@pytest.mark.parametrize("thing", [None, 1, ["a.onnx"], object()])
def test_what_is_no_model_is_an_error(thing: object) -> None:
    with pytest.raises(DTypeError, match=r"compile: expected a path .* MLIR text; found builtins"):
        Source.of(thing)


def test_text_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.mlir"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(LoadError, match=r"a\.mlir: cannot be read as MLIR text"):
        Source.of(path).text()


def test_files_of_weights_are_found(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside.onnx", tmp_path / "outside.onnx"
    inside.write_bytes(model().SerializeToString())
    onnx.save(  # pyright: ignore[reportUnknownMemberType]
        model(), outside, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    assert Source.of(inside).external_files() == []
    assert Source.of(outside).external_files() == ["weights.bin"]
    assert Source.of(outside.read_bytes()).external_files() == []
