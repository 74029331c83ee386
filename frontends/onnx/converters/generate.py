"""Operators that make tensors from shapes: constants, ranges, identities, windows."""

from __future__ import annotations

import numpy as np
from onnx import AttributeProto
from xdsl.dialects.builtin import f32, i64
from xdsl.ir import Attribute

from ....dialects import dtypes, relax
from ....symbolic import IntExpr, as_expr, ceildiv, max_
from ..builder import Tensor, iota
from ..node import Node
from ..registry import converter
from ..values import Array, Value


@converter("Constant")
def _(node: Node) -> Value:
    for name, attr in node.attributes.items():
        found = _constant(node, name, attr)
        if found is not None:
            return found
    raise node.fail("it has no value", "set one of value, value_int, value_float, ...")


def _constant(node: Node, name: str, attr: AttributeProto) -> Array | None:
    match name:
        case "value":
            return node.tensor_attribute(name)
        case "sparse_value":
            return node.sparse_attribute(name)
        case "value_int":
            return np.array(node.integer(name), np.int64)
        case "value_ints":
            return np.array(node.integers(name), np.int64)
        case "value_float":
            return np.array(node.number(name), np.float32)
        case "value_floats":
            return np.array(node.numbers(name), np.float32)
        case _:
            raise node.unsupported(f"a constant given as {attr.name}")


@converter("ConstantOfShape")
def _(node: Node) -> Tensor:
    value = node.tensor_attribute("value")
    element = np.zeros((), np.float32) if value is None else value.reshape(())
    dims = node.dims(0, "shape")
    return node.builder.emit(relax.FullOp, element, shape=relax.DimsAttr.of(dims))


@converter("Range")
def _(node: Node) -> Tensor:
    """Start + delta * (0, 1, ..): as many as fit before the limit."""
    dtype = node.x(0).dtype
    bounds = [_bound(node, i) for i in range(3)]
    whole = [bound for bound in bounds if isinstance(bound, IntExpr)]
    if len(whole) == 3:
        return _range(node, whole[0], whole[1], whole[2], dtype)
    start, limit, delta = (node.array(i, "a bound").item() for i in range(3))
    count = max(int(np.ceil((limit - start) / delta)), 0)
    return iota(node.builder, count, dtype) * delta + start


def _bound(node: Node, position: int) -> IntExpr | float:
    value = node.known(position, "a bound")
    if isinstance(value, np.ndarray) and not float(value.item()).is_integer():
        return float(value.item())
    return node.dims(position, "a bound")[0]


def _range(node: Node, start: IntExpr, limit: IntExpr, delta: IntExpr, dtype: Attribute) -> Tensor:
    if not delta.is_constant or delta == 0:
        raise node.fail(f"delta is {delta}, expected a number that is not 0")
    step = delta.constant_value
    count = ceildiv(limit - start if step > 0 else start - limit, abs(step))
    if not count.provably_ge0({key: (0, None) for key in count.free_vars()}):
        count = max_(count, 0)
    numbers = iota(node.builder, count, dtype)
    if step != 1:
        numbers = numbers * step
    return numbers if start == 0 else numbers + node.x(0)


@converter("EyeLike")
def _(node: Node) -> Tensor:
    x, k = node.x(), node.integer("k", 0)
    dtype = node.dtype("dtype", x.dtype)
    rows, columns = x.shape
    i = iota(node.builder, rows, i64).reshape([rows, as_expr(1)])
    j = iota(node.builder, columns, i64)
    return (i + k).equal(j).cast(dtype)


@converter("BlackmanWindow", "HammingWindow", "HannWindow")
def _(node: Node) -> Value:
    """Source: Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.2."""
    size = node.known_int(0, "size")
    dtype = dtypes.to_numpy(node.dtype("output_datatype", f32))
    turns = np.arange(size) * (2 * np.pi / (size if node.integer("periodic", 1) else size - 1))
    match node.op_type:
        case "HannWindow":
            window = 0.5 - 0.5 * np.cos(turns)
        case "HammingWindow":
            window = 25 / 46 - 21 / 46 * np.cos(turns)
        case _:
            window = 0.42 - 0.5 * np.cos(turns) + 0.08 * np.cos(2 * turns)
    return window.astype(dtype)
