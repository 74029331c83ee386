"""Small models for the tests, and what ONNX Runtime says that they compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import FunctionProto, ModelProto, NodeProto, ValueInfoProto, helper
from onnx import numpy_helper as numpy_helper
from xdsl.dialects.builtin import ModuleOp

from tyrex.dialects import relax
from tyrex.dialects.verify import verify_module
from tyrex.frontends.onnx import from_onnx
from tyrex.interpreters.relax import run

Array = NDArray[Any]
Shape = Sequence[int | str | None]

OPSET = 21
ERRORS_ONLY = 3  # ONNX Runtime's level of logging


def f32(*shape: int, seed: int = 0) -> Array:
    """Random numbers between -1 and 1."""
    return (np.random.default_rng(seed).random(shape, np.float32) * 2 - 1).astype(np.float32)


def i64(*items: int) -> Array:
    """A vector of integers."""
    return np.array(items, np.int64)


def info(name: str, shape: Shape | None, dtype: Any = np.float32) -> ValueInfoProto:
    """What a graph says of an input or output."""
    code = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, code, shape)


def make(
    nodes: Sequence[NodeProto],
    inputs: Sequence[ValueInfoProto],
    outputs: Sequence[str],
    weights: Mapping[str, Array] | None = None,
    opset: int = OPSET,
    functions: Sequence[FunctionProto] = (),
    domains: Mapping[str, int] | None = None,
) -> ModelProto:
    """A model of `nodes`; outputs say nothing of their types."""
    graph = helper.make_graph(
        nodes,
        "g",
        inputs,
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    imports = [helper.make_opsetid("", opset)]
    imports += [helper.make_opsetid(name, version) for name, version in (domains or {}).items()]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=10)


def single(
    op_type: str,
    arrays: Sequence[Array | None],
    constant: Sequence[int] = (),
    outputs: int = 1,
    opset: int = OPSET,
    shapes: Mapping[int, Shape] | None = None,
    **attributes: Any,
) -> ModelProto:
    """A model of one node.

    Args:
        op_type: the operator.
        arrays: its inputs; None is one that is left out.
        constant: the positions of those that are weights.
        outputs: how many outputs it has.
        opset: the opset version.
        shapes: what the model says of an input's shape, where it is not the array's.
        attributes: the attributes.
    """
    names = ["" if array is None else f"x{i}" for i, array in enumerate(arrays)]
    node = helper.make_node(
        op_type, names, [f"y{i}" for i in range(outputs)], name="node", **attributes
    )
    inputs: list[ValueInfoProto] = []
    weights: dict[str, Array] = {}
    for i, array in enumerate(arrays):
        if array is None:
            continue
        if i in constant:
            weights[names[i]] = array
        else:
            inputs.append(info(names[i], (shapes or {}).get(i, array.shape), array.dtype))
    return make([node], inputs, list(node.output), weights, opset)


def evaluate(module: ModuleOp, *inputs: Array) -> list[Array]:
    """What `@main` of a module that is well formed returns."""
    verify_module(module)
    return run(module, "main", list(inputs))


def main_of(module: ModuleOp) -> relax.FuncOp:
    """The function `@main`."""
    (op,) = module.body.ops
    assert isinstance(op, relax.FuncOp)
    return op


def op_names(module: ModuleOp) -> list[str]:
    """The operators of `@main` but for constants and the return, without `relax.`."""
    names = [op.name.removeprefix("relax.") for op in main_of(module).body.block.ops]
    return [name for name in names if name not in ("constant", "return")]


def types(module: ModuleOp) -> tuple[list[str], list[str]]:
    """The types of `@main`'s arguments and results, without `!relax.tensor`."""
    found = main_of(module).function_type
    inputs, outputs = (
        [str(t).removeprefix("!relax.tensor<").removesuffix(">") for t in group]
        for group in (found.inputs.data, found.outputs.data)
    )
    return inputs, outputs


def reference(model: ModelProto, *inputs: Array) -> list[Array]:
    """What ONNX Runtime computes (the reference of package onnx knows newer opsets alone)."""
    # Any: SessionOptions is a compiled class without annotations.
    options = cast(Any, ort.SessionOptions())  # pyright: ignore[reportUnknownMemberType]
    options.log_severity_level = ERRORS_ONLY
    session = cast(Any, ort.InferenceSession(model.SerializeToString(), options))
    names = [value.name for value in session.get_inputs()]
    return session.run(None, dict(zip(names, inputs, strict=True)))


def close(found: Sequence[Array], expected: Sequence[Array], rtol: float = 1e-5) -> None:
    """Assert that results are equal, floats within a tolerance."""
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        if b.dtype.kind == "f":
            np.testing.assert_allclose(a, b, rtol, 1e-5)
        else:
            np.testing.assert_array_equal(a, b)


def agrees(model: ModelProto, *inputs: Array, **arguments: Any) -> ModuleOp:
    """Assert that a model computes what ONNX Runtime says; return its module."""
    module = from_onnx(model, **arguments)
    close(evaluate(module, *inputs), reference(model, *inputs))
    return module


def agrees_single(op_type: str, arrays: Sequence[Array | None], **options: Any) -> ModuleOp:
    """Assert that one operator computes what ONNX Runtime says; return its module."""
    constant = options.get("constant", ())
    model = single(op_type, arrays, **options)
    inputs = [a for i, a in enumerate(arrays) if a is not None and i not in constant]
    return agrees(model, *inputs)
