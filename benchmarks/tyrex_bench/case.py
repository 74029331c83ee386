"""One kernel that is measured: a small ONNX model of one operator, and what it has to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

OPSET = 21
IR_VERSION = 10

Array = NDArray[Any]


@dataclass(frozen=True)
class Case:
    """One kernel, and the work that any implementation has to do."""

    name: str
    model: onnx.ModelProto
    inputs: tuple[Array, ...]
    flops: int
    """Additions and multiplications; 0 where memory is all that counts."""
    size_bytes: int
    """What is read and written if nothing is touched twice: inputs, weights, outputs."""


def random_array(shape: Sequence[int], scale: float = 1.0, seed: int = 0) -> Array:
    """Return normally distributed f32."""
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)


def make_case(
    name: str,
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Array],
    weights: Mapping[str, Array],
    output: Sequence[int],
    flops: int = 0,
    dtype: int = onnx.TensorProto.FLOAT,
) -> Case:
    """Return the case of a graph whose output is named y."""
    graph = helper.make_graph(
        list(nodes),
        name,
        [
            helper.make_tensor_value_info(
                key, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            for key, array in inputs.items()
        ],
        [helper.make_tensor_value_info("y", dtype, output)],
        [numpy_helper.from_array(array, key) for key, array in weights.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    arrays = [*inputs.values(), *weights.values()]
    written = np.empty(output, helper.tensor_dtype_to_np_dtype(dtype)).nbytes
    size_bytes = sum(array.nbytes for array in arrays) + written
    return Case(name, model, tuple(inputs.values()), flops, size_bytes)
