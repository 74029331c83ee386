"""Operators of ONNX Runtime against ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from onnx import helper

from tyrex.frontends.onnx import from_onnx

from ..models import (  # noqa: TID251  # of the tests
    Array,
    agrees,
    f32,
    i64,
    info,
    make,
)

X, IMAGE = f32(2, 3, 8), f32(1, 2, 6, 6)
Q = np.arange(48, dtype=np.uint8).reshape(2, 3, 8) * 5
S, Z = np.array(0.05, np.float32), np.array(100, np.uint8)
PACKED = np.random.default_rng(5).integers(0, 256, (16, 3, 8), np.uint8)
SCALES = f32(16 * 3, seed=3)

CASES: dict[str, tuple[str, Sequence[Array | None], dict[str, Any]]] = {
    "gelu": ("Gelu", [X], {}),
    "bias gelu": ("BiasGelu", [X, f32(8, seed=1)], {}),
    "fast gelu": ("FastGelu", [X, f32(8, seed=1)], {}),
    "quick gelu": ("QuickGelu", [X], {"alpha": 1.5}),
    "fused matmul": ("FusedMatMul", [X, f32(2, 5, 8, seed=1)], {"transB": 1, "alpha": 0.5}),
    "fused conv": (
        "FusedConv",
        [IMAGE, f32(3, 2, 3, 3, seed=1), f32(3, seed=2)],
        {"activation": "LeakyRelu", "activation_params": [0.2], "pads": [1, 1, 1, 1]},
    ),
    "skip layer norm": (
        "SkipLayerNormalization",
        [X, f32(2, 3, 8, seed=1), f32(8, seed=2), f32(8, seed=3), f32(8, seed=4)],
        {"epsilon": 1e-5},
    ),
    "skip rms norm": (
        "SkipSimplifiedLayerNormalization",
        [X, f32(2, 3, 8, seed=1), f32(8, seed=2)],
        {"epsilon": 1e-5},
    ),
    "add": ("QLinearAdd", [Q, S, Z, Q[::-1].copy(), S * 2, Z + 5, S * 3, Z], {}),
    "mul": ("QLinearMul", [Q, S, Z, Q[::-1].copy(), S * 2, Z + 5, S * 9, Z], {}),
    "sigmoid": ("QLinearSigmoid", [Q, S, Z, S / 10, Z * 0], {}),
    "average": ("QLinearGlobalAveragePool", [Q.reshape(1, 2, 4, 6), S, Z, S * 1.1, Z], {}),
    "concat": ("QLinearConcat", [S, Z, Q, S * 2, Z, Q, S, Z], {"axis": 1}),
    "quantize": ("QuantizeLinear", [X * 3, S, Z], {}),
    "dequantize": ("DequantizeLinear", [Q, S, Z], {}),
    "four bits": ("MatMulNBits", [f32(4, 40), PACKED, SCALES], {"K": 40, "N": 16}),
    "four bits with zeros": (
        "MatMulNBits",
        [f32(4, 40), PACKED, SCALES, PACKED[:, 0, :2].reshape(-1).copy()],
        {"K": 40, "N": 16},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_against_onnx_runtime(name: str) -> None:
    op_type, arrays, attributes = CASES[name]
    if op_type == "MatMulNBits":
        attributes.update(block_size=16, bits=4)
    names = ["" if a is None else f"x{i}" for i, a in enumerate(arrays)]
    node = helper.make_node(op_type, names, ["y"], domain="com.microsoft", **attributes)
    first = [arrays[0]] if op_type not in ("QLinearConcat",) else []
    given = [a for a in first if a is not None]
    weights = {n: a for n, a in zip(names, arrays, strict=True) if a is not None and n}
    inputs = [info("x0", a.shape, a.dtype) for a in given]
    if given:
        del weights["x0"]
    model = make([node], inputs, ["y"], weights, domains={"com.microsoft": 1})
    agrees(model, *given)


def test_rms_norm_in_the_domain_of_onnx() -> None:
    node = helper.make_node("SimplifiedLayerNormalization", ["x", "w"], ["y"], axis=-1)
    agrees(make([node], [info("x", X.shape)], ["y"], {"w": f32(8, seed=1)}), X)


def test_order_of_columns_is_refused() -> None:
    arrays = {"b": PACKED, "s": SCALES, "g": i64(*range(40)).astype(np.int32)}
    node = helper.make_node(
        "MatMulNBits", ["x", "b", "s", "", "g"], ["y"], domain="com.microsoft",
        K=40, N=16, block_size=16,
    )  # fmt: skip
    model = make([node], [info("x", (4, 40))], ["y"], arrays, domains={"com.microsoft": 1})
    with pytest.raises(ValueError, match="g_idx"):
        from_onnx(model)
