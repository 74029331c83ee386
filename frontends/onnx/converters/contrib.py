"""Operators of ONNX Runtime (domain com.microsoft) that its optimizer and quantizer write."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
from xdsl.dialects.builtin import f32

from ....dialects import dtypes, relax
from ..builder import Tensor, concat
from ..node import Node
from ..registry import converter
from ..values import Array
from .activation import clamp01
from .convolution import convolve, per_channel
from .elementwise import in_float
from .linear import matmul
from .quantize import along, saturate

_DOMAIN = "com.microsoft"
_QUICK_GELU = 1.702  # Hendrycks and Gimpel, 2016, section 2: the sigmoid's scale
_GELU_CUBIC = 0.044715  # the same
_GELU_SCALE = 0.7978845608028654  # sqrt(2 / pi)


def _gelu(x: Tensor) -> Tensor:
    return x * 0.5 * ((x * sqrt(0.5)).emit(relax.ErfOp) + 1.0)


@converter("Gelu", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    return _gelu(node.x())


@converter("BiasGelu", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    return _gelu(node.x(0) + node.x(1))


@converter("FastGelu", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    x, bias = node.x(0), node.opt(1)
    x = x if bias is None else x + bias
    return x * 0.5 * (((x + x * x * x * _GELU_CUBIC) * _GELU_SCALE).tanh() + 1.0)


@converter("QuickGelu", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    x = node.x()
    return x * (x * node.number("alpha", _QUICK_GELU)).sigmoid()


@converter("FusedMatMul", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    a, b = node.x(0), node.x(1)
    if node.integer("transBatchA", 0) or node.integer("transBatchB", 0):
        raise node.unsupported("transBatchA or transBatchB")
    y = a.matmul(b, bool(node.integer("transA", 0)), bool(node.integer("transB", 0)))
    alpha = node.number("alpha", 1.0)
    return y if alpha == 1.0 else y * alpha


_ACTIVATIONS: dict[str, Callable[[Tensor, list[float]], Tensor]] = {
    "Clip": lambda x, p: x.maximum(p[0]).minimum(p[1]),
    "HardSigmoid": lambda x, p: clamp01(x * p[0] + p[1]),
    "LeakyRelu": lambda x, p: (x < 0.0).where(x * p[0], x),
    "Relu": lambda x, p: x.relu(),
    "Sigmoid": lambda x, p: x.sigmoid(),
    "Tanh": lambda x, p: x.tanh(),
}


@converter("FusedConv", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    x, bias, added = node.x(0), node.opt(2), node.opt(3)
    y = convolve(node, x, node.x(1))
    if bias is not None:
        y = y + per_channel(bias, x.rank)
    if added is not None:
        y = y + added
    name = node.text("activation", "")
    if not name:
        return y
    if name not in _ACTIVATIONS:
        raise node.unsupported(f"activation {name!r}")
    return _ACTIVATIONS[name](y, node.numbers("activation_params", None) or [])


@converter("SkipLayerNormalization", domain=_DOMAIN)
def _(node: Node) -> list[Tensor | None]:
    total = _skipped(node, 4)
    wide = in_float(total)
    shift = node.opt(3)
    dims = total.shape[-1:]
    scale = node.x(2).cast(wide.dtype)
    offset = scale * 0.0 if shift is None else shift.cast(wide.dtype)
    y = wide.emit(
        relax.LayerNormOp,
        scale.broadcast_to(dims),
        offset.broadcast_to(dims),
        axis=total.rank - 1,
        epsilon=node.number("epsilon", 1e-12),
    )
    return [y.cast(total.dtype), None, None, total]


@converter("SkipSimplifiedLayerNormalization", domain=_DOMAIN)
def _(node: Node) -> list[Tensor | None]:
    total = _skipped(node, 3)
    y = _root_mean_square(node, total, node.x(2), total.rank - 1, 1e-12)
    return [y, None, None, total]


def _skipped(node: Node, bias_position: int) -> Tensor:
    for position in (1, 2):
        if node.wants(position):
            raise node.unsupported(f"output {position}, a statistic")
    total = node.x(0) + node.x(1)
    bias = node.opt(bias_position)
    return total if bias is None else total + bias


def _root_mean_square(node: Node, x: Tensor, scale: Tensor, axis: int, epsilon: float) -> Tensor:
    wide = in_float(x)
    mean = (wide * wide).mean(range(axis, x.rank))
    return (wide / (mean + node.number("epsilon", epsilon)).sqrt()).cast(x.dtype) * scale


@converter("SimplifiedLayerNormalization")
def _(node: Node) -> Tensor:
    """ONNX Runtime writes it in ONNX's own domain."""
    x = node.x(0)
    axis = node.axis(node.integer("axis", -1), x.rank)
    return _root_mean_square(node, x, node.x(1), axis, 1e-5)


# Quantization


def _real(x: Tensor, scale: Tensor, zero: Tensor | None) -> Tensor:
    """Return what a quantized tensor stands for, in f32."""
    wide = x.cast(f32)
    return (wide if zero is None else wide - zero.cast(f32)) * scale


def _quantized(y: Tensor, scale: Tensor, zero: Tensor | None, like: Tensor) -> Tensor:
    whole = (y / scale).round()
    return saturate(whole if zero is None else whole + zero.cast(f32), like.dtype)


@converter("QLinearAdd", "QLinearMul", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    a = _real(node.x(0), node.x(1), node.opt(2))
    b = _real(node.x(3), node.x(4), node.opt(5))
    y = a + b if node.op_type == "QLinearAdd" else a * b
    return _quantized(y, node.x(6), node.opt(7), node.x(0))


@converter("QLinearLeakyRelu", "QLinearSigmoid", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    x = _real(node.x(0), node.x(1), node.opt(2))
    if node.op_type == "QLinearSigmoid":
        y = x.sigmoid()
    else:
        y = (x < 0.0).where(x * node.number("alpha", 0.01), x)
    return _quantized(y, node.x(3), node.opt(4), node.x(0))


@converter("QLinearGlobalAveragePool", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    if node.integer("channels_last", 0):
        raise node.unsupported("channels_last")
    x = _real(node.x(0), node.x(1), node.opt(2))
    return _quantized(x.mean(range(2, x.rank)), node.x(3), node.opt(4), node.x(0))


@converter("QLinearConcat", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    scale, zero = node.x(0), node.x(1)
    parts = [_real(node.x(i), node.x(i + 1), node.x(i + 2)) for i in range(2, len(node.inputs), 3)]
    y = concat(parts, node.axis(node.integer("axis"), parts[0].rank))
    return _quantized(y, scale, zero, zero)


@converter("QuantizeLinear", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    x, scale, zero = node.x(0), node.x(1), node.x(2)
    axis = node.axis(node.integer("axis", 1), x.rank) if x.rank > 1 else 0
    scale, offset = along(node, scale, x, axis), along(node, zero.cast(f32), x, axis)
    return saturate((x / scale).round() + offset, zero.dtype)


@converter("DequantizeLinear", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    x, scale, zero = node.x(0), node.x(1), node.opt(2)
    axis = node.axis(node.integer("axis", 1), x.rank) if x.rank > 1 else 0
    offset = None if zero is None else along(node, zero, x, axis)
    return _real(x, along(node, scale, x, axis), offset)


@converter("MatMulIntegerToFloat", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    a = _real(node.x(0), node.x(2), node.opt(4))
    b = _real(node.x(1), node.x(3), node.opt(5))
    y, bias = matmul(a, b), node.opt(6)
    return y if bias is None else y + bias


@converter("MatMulNBits", domain=_DOMAIN)
def _(node: Node) -> Tensor:
    """Y = a w^T with w [N, K] stored in blocks along K; the weight is spelled out at import."""
    a = node.x(0)
    columns, rows = node.integer("K"), node.integer("N")
    weight = _unpacked_weight(node, columns, rows).astype(dtypes.to_numpy(a.dtype))
    y = a.matmul(weight, transpose_b=True) if a.rank > 1 else matmul(a, node.tensor(weight.T))
    bias = node.opt(5)
    return y if bias is None else y + bias


def _unpacked_weight(node: Node, columns: int, rows: int) -> Array:
    bits, block = node.integer("bits", 4), node.integer("block_size")
    if bits not in (2, 4, 8):
        raise node.unsupported(f"weights of {bits} bits")
    if node.has(4):
        raise node.unsupported("weights in another order (g_idx)")
    blocks = -(-columns // block)
    packed = node.array(1, "the weight").reshape(rows, blocks, -1)
    numbers = _unpacked(packed, bits)[:, :, :block].astype(np.float32)
    scales = node.array(2, "the scales").astype(np.float32).reshape(rows, blocks, 1)
    middle: Array = np.full((rows, blocks), 2 ** (bits - 1), np.float32)
    if node.has(3):
        zeros = node.array(3, "the zero points").reshape(rows, -1)
        if zeros.dtype == np.uint8:
            zeros = _unpacked(zeros, bits)
        middle = zeros[:, :blocks].astype(np.float32)
    real = (numbers - middle[:, :, None]) * scales
    return real.reshape(rows, blocks * block)[:, :columns]


def _unpacked(packed: Array, bits: int) -> Array:
    """Return numbers of `bits` bits, the lowest bits of a byte first."""
    if bits == 8:
        return packed
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    parts = (packed[..., None] >> shifts) & np.uint8((1 << bits) - 1)
    return parts.reshape(*packed.shape[:-1], -1)
