"""Operators that make tensors from shapes: constants, ranges, identities, windows."""

from __future__ import annotations

import numpy as np
from onnx import AttributeProto, TensorProto
from xdsl.dialects.builtin import f32, i64
from xdsl.ir import Attribute

from ....dialects import dtypes, relax
from ....symbolic import IntExpr, as_expr, ceildiv, max_
from ..builder import Tensor, iota
from ..node import Node
from ..registry import converter
from ..texts import constant as text_constant
from ..texts import read as text_read
from ..values import Array, Value


@converter("Constant")
def _(node: Node) -> Value:
    for name, attr in node.attributes.items():
        found = _constant(node, name, attr)
        if found is not None:
            return found
    raise node.fail("it has no value", "set one of value, value_int, value_float, ...")


def _constant(node: Node, name: str, attr: AttributeProto) -> Value:
    match name:
        case "value" if attr.t.data_type == TensorProto.STRING:
            return text_read(node.builder, attr.t)
        case "value_string":
            return text_constant(node.builder, [node.text(name)], [])
        case "value_strings":
            items = node.texts(name)
            return text_constant(node.builder, items, [len(items)])
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


@converter("MelWeightMatrix")
def _(node: Node) -> Value:
    """Triangles over the bins of a spectrum, their edges at equal distances on the mel scale."""
    bins, length = node.known_int(0, "num_mel_bins"), node.known_int(1, "dft_length")
    rate = node.known_int(2, "sample_rate")
    low, high = (float(node.array(i, "a frequency").item()) for i in (3, 4))
    dtype = dtypes.to_numpy(node.dtype("output_datatype", f32))
    mels = np.linspace(_mel(low), _mel(high), bins + 3)[: bins + 2]
    edges = ((length + 1) * 700 * (10 ** (mels / 2595) - 1) / rate).astype(np.int64)
    matrix = np.zeros((length // 2 + 1, bins))
    places: list[int] = edges.tolist()
    for i, (left, center, right) in enumerate(zip(places, places[1:], places[2:], strict=False)):
        rising: Array = np.arange(left, center + 1)
        matrix[rising, i] = 1 if left == center else (rising - left) / (center - left)
        falling: Array = np.arange(center, right)
        matrix[falling, i] = (right - falling) / (right - center) if right > center else 0
    return matrix.astype(dtype)


def _mel(hertz: float) -> float:
    return 2595 * float(np.log10(1 + hertz / 700))
