"""The models that are compared: the tests' zoo, as files whose shapes are all fixed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import onnx

ROOT = Path(__file__).resolve().parents[2]
_PACKAGE = "tyrex_zoo"

DEFAULT = (
    "light_resnet50", "efficientnet_lite0", "light_densenet121", "light_vgg19",
    "light_squeezenet", "light_shufflenet", "light_inception_v2", "yolov8n", "minilm_l6",
    "ocr_recognizer", "ocr_detector",
)  # fmt: skip
"""What is compared unless models are named."""


@dataclass(frozen=True)
class Prepared:
    """A model on disk, with inputs."""

    name: str
    path: Path
    names: tuple[str, ...]
    inputs: Path
    """An .npz file: arr_0, arr_1, ... in the order of `names`."""


def zoo() -> Any:
    """Return `tests/models/zoo.py`; Any: it is found by its place, under a name of its own."""
    if _PACKAGE not in sys.modules:
        folder = ROOT / "tests" / "models"
        spec = spec_from_file_location(
            _PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None
        assert spec.loader is not None
        package = module_from_spec(spec)
        sys.modules[_PACKAGE] = package
        spec.loader.exec_module(package)
    return import_module(f"{_PACKAGE}.zoo")


def prepare(name: str, folder: Path) -> Prepared:
    """Return a model of the zoo with its shapes fixed, written into `folder`.

    Every engine gets the same file: none has to be told shapes in a way of its own.
    """
    case = zoo().load(name)
    arrays: dict[str, Any] = case.make_inputs(0)
    inputs = folder / f"{name}.npz"
    np.savez(inputs, *arrays.values())
    path: Path = case.path
    if case.dims or case.shapes:
        model = onnx.ModelProto.FromString(path.read_bytes())
        fix_shapes(model, {key: array.shape for key, array in arrays.items()})
        path = folder / f"{name}.onnx"
        path.write_bytes(model.SerializeToString())
    return Prepared(name, path, tuple(arrays), inputs)


def fix_shapes(model: onnx.ModelProto, shapes: dict[str, tuple[int, ...]]) -> None:
    """Change the inputs of a model to the given shapes, and drop what was said of other values."""
    graph = model.graph
    for value in graph.input:
        if value.name in shapes:
            _set_shape(value, shapes[value.name])
    for value in graph.output:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.ClearField("dim_param")
    del graph.value_info[:]


def _set_shape(value: onnx.ValueInfoProto, shape: Iterable[int]) -> None:
    dims = value.type.tensor_type.shape.dim
    del dims[:]
    for size in shape:
        dims.add().dim_value = size
