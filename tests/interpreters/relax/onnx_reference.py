"""One ONNX operator, run by ONNX's own reference implementation."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from xdsl.dialects import test

from tyrex.dialects import dtypes, relax
from tyrex.interpreters.relax import evaluate

Array = NDArray[Any]


def reference(
    op_type: str, inputs: list[Array | None], num_outputs: int = 1, **attributes: Any
) -> list[Array]:
    """Return the results of one operator; an input that is None is left out."""
    names = [f"x{i}" if array is not None else "" for i, array in enumerate(inputs)]
    given = {n: a for n, a in zip(names, inputs, strict=True) if a is not None}
    outputs = [f"y{i}" for i in range(num_outputs)]
    node = helper.make_node(op_type, names, outputs, **attributes)
    kinds = {n: helper.np_dtype_to_tensor_dtype(a.dtype) for n, a in given.items()}
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info(n, kinds[n], a.shape) for n, a in given.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    found: Any = ReferenceEvaluator(model).run(None, given)  # pyright: ignore[reportUnknownMemberType]
    return [np.asarray(array) for array in found]


def meaning(op_type: type[relax.RelaxOp], *arrays: Array, **properties: Any) -> list[Array]:
    """Return the results of one operator of relax by its meaning in NumPy."""
    values = [
        test.TestOp(result_types=[relax.TensorType.of(array.shape, dtypes.from_numpy(array.dtype))])
        for array in arrays
    ]
    return list(evaluate(op_type(*values, **properties), arrays, {}))
