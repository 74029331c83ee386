from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx.checker
from onnx import TensorProto, helper
from tyrex_bench import models

check_model = cast(Any, onnx.checker).check_model  # Any: its types are partly unknown


def test_shapes_are_fixed() -> None:
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["t"]), helper.make_node("Relu", ["t"], ["y"])],
        "g",
        [info("x", TensorProto.FLOAT, ["n", 4])],
        [info("y", TensorProto.FLOAT, ["n", 4])],
        value_info=[info("t", TensorProto.FLOAT, ["n", 4])],
    )
    model = helper.make_model(graph)
    models.fix_shapes(model, {"x": (3, 4)})
    assert [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim] == [3, 4]
    assert not model.graph.value_info
    check_model(model, full_check=True)


def test_default_models_are_in_the_zoo() -> None:
    assert set(models.DEFAULT) <= set(models.zoo().NAMES)


def test_a_model_of_fixed_shapes_is_used_as_it_is(tmp_path: Path) -> None:
    prepared = models.prepare("light_squeezenet", tmp_path)
    assert prepared.path == models.zoo().load("light_squeezenet").path
    assert prepared.names == ("data_0",)
    assert np.load(prepared.inputs)["arr_0"].shape == (1, 3, 224, 224)
