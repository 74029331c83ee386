"""Operators against ONNX Runtime: forms and attributes, and those of older opsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from ..models import Array, agrees_single, f32, i64  # noqa: TID251  # of the tests


@dataclass(frozen=True)
class Case:
    """One node: operator, inputs, which of them are weights, and the rest of `single`."""

    op_type: str
    arrays: Sequence[Array | None]
    constant: tuple[int, ...] = ()
    options: dict[str, Any] = field(default_factory=dict[str, Any])


def case(
    op_type: str, *arrays: Array | None, constant: tuple[int, ...] = (), **options: Any
) -> Case:
    return Case(op_type, arrays, constant, options)


def scalar(value: float, dtype: Any = np.float32) -> Array:
    return np.array(value, dtype)


X = f32(2, 3, 4)
IMAGE = f32(1, 2, 7, 6)
CORNERS = f32(1, 20, 2)
BOXES = np.concatenate([CORNERS, CORNERS + 0.5], axis=2)

CASES: dict[str, Case] = {
    # elementwise
    "pow of integers": case("Pow", i64(1, 2, -3), np.array([2, 3, 2], np.int32)),
    "pow of mixed types": case("Pow", i64(1, 2, 3), f32(3) + 2),
    "mod floor": case("Mod", i64(-7, 7, -8), i64(3, -3, 8)),
    "mod fmod": case("Mod", f32(5) * 9, f32(5, seed=1), fmod=1),
    "clip without bounds": case("Clip", X, None, None),
    "clip below": case("Clip", X, scalar(0.25), constant=(1,)),
    "clip 6": case("Clip", X, opset=6, min=-0.5, max=0.5),
    "sum of three": case("Sum", X, f32(3, 4, seed=1), f32(1, seed=2)),
    "mean of two": case("Mean", X, f32(4, seed=1)),
    "max of one": case("Max", X),
    "cast down": case("Cast", X * 100, to=3),
    "cast to bool": case("Cast", np.array([0, 0.5, -1], np.float32), to=9),
    "prelu 7": case("PRelu", X, f32(4, seed=1), opset=7),
    "shrink of integers": case("Shrink", i64(-3, 0, 3), lambd=1.5, bias=1.0),
    "is inf negative": case("IsInf", np.array([np.inf, -np.inf, 1], np.float32), detect_positive=0),
    # reductions
    "reduce attribute": case("ReduceMax", X, opset=13, axes=[-1], keepdims=0),
    "reduce input": case("ReduceMax", X, i64(-1), constant=(1,), keepdims=0),
    "reduce all": case("ReduceMean", X, keepdims=0),
    "reduce nothing": case("ReduceSum", X, noop_with_empty_axes=1),
    "reduce axes unsorted": case("ReduceL2", X, i64(2, 0), constant=(1,)),
    "softmax 11": case("Softmax", X, opset=11, axis=1),
    "log softmax 11": case("LogSoftmax", X, opset=11, axis=-1),
    "cumsum exclusive": case("CumSum", X, np.array(-1), constant=(1,), exclusive=1, reverse=1),
    "top k 10": case("TopK", X, i64(2), constant=(1,), outputs=2, opset=10),
    "suppress without a limit": case(
        "NonMaxSuppression",
        BOXES,
        f32(1, 2, 20, seed=1),
        i64(2**63 - 1),
        f32(1) * 0 + 0.3,
        constant=(2, 3),
    ),
    "top k smallest": case("TopK", X, i64(2), constant=(1,), outputs=2, largest=0, axis=1),
    "arg max last": case("ArgMax", np.ones((2, 3), np.float32), axis=1, select_last_index=1),
    # linear
    "gemm": case("Gemm", f32(4, 3), f32(5, 4), f32(5), transA=1, transB=1, alpha=0.5, beta=2.0),
    "gemm without c": case("Gemm", f32(3, 4), f32(4, 5)),
    "matmul vectors": case("MatMul", f32(4), f32(4, seed=1)),
    "matmul row": case("MatMul", f32(4), f32(2, 4, 3)),
    "matmul column": case("MatMul", f32(2, 3, 4), f32(4)),
    "matmul batches": case("MatMul", f32(2, 1, 3, 4), f32(5, 4, 2)),
    "einsum": case("Einsum", f32(2, 3), f32(3, 4), equation="ij, jk -> ki"),
    # windows
    "conv": case("Conv", IMAGE, f32(4, 1, 3, 3), f32(4), group=2, pads=[1, 0, 2, 1]),
    "conv same upper": case("Conv", IMAGE, f32(4, 2, 3, 4), auto_pad="SAME_UPPER", strides=[2, 3]),
    "conv same lower": case("Conv", IMAGE, f32(4, 2, 4, 4), auto_pad="SAME_LOWER"),
    "conv valid": case("Conv", IMAGE, f32(4, 2, 3, 3), auto_pad="VALID", dilations=[2, 1]),
    "conv 1d": case("Conv", f32(1, 2, 9), f32(3, 2, 3), strides=[2]),
    "conv 3d": case("Conv", f32(1, 1, 4, 4, 4), f32(1, 1, 2, 2, 2)),
    "conv transpose": case(
        "ConvTranspose", IMAGE, f32(2, 3, 3, 3), f32(3), strides=[2, 2], output_padding=[1, 1]
    ),
    "max pool ceil": case(
        "MaxPool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, opset=12
    ),
    "average pool ceil": case(
        "AveragePool", IMAGE, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1, opset=19
    ),
    "average pool with padding": case(
        "AveragePool", IMAGE, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1
    ),
    "lp pool": case("LpPool", IMAGE, kernel_shape=[2, 2], p=3),
    "global average pool": case("GlobalAveragePool", IMAGE),
    # normalization
    "batch norm": case(
        "BatchNormalization", IMAGE, f32(2), f32(2, seed=1), f32(2, seed=2), f32(2, seed=3) ** 2
    ),
    "layer norm": case("LayerNormalization", X, f32(4), f32(4, seed=1)),
    "layer norm without bias": case("LayerNormalization", X, f32(3, 4), axis=1),
    "layer norm statistics": case("LayerNormalization", X, f32(4), f32(4, seed=1), outputs=3),
    "instance norm": case("InstanceNormalization", IMAGE, f32(2), f32(2, seed=1)),
    "lp norm": case("LpNormalization", X, axis=1, p=1),
    # movement
    "reshape zero": case("Reshape", X, i64(0, -1), constant=(1,)),
    "flatten": case("Flatten", X, axis=-1),
    "squeeze 11": case("Squeeze", f32(1, 3, 1), opset=11, axes=[-1]),
    "squeeze all": case("Squeeze", f32(1, 3, 1)),
    "unsqueeze 11": case("Unsqueeze", X, opset=11, axes=[0, 4]),
    "unsqueeze": case("Unsqueeze", X, i64(-1, 1), constant=(1,)),
    "transpose": case("Transpose", X),
    "expand": case("Expand", f32(3, 1), i64(2, 1, 4), constant=(1,)),
    "tile": case("Tile", f32(2, 3), i64(2, 1), constant=(1,)),
    "slice 9": case("Slice", X, opset=9, starts=[1, -3], ends=[100, 3], axes=[1, 2]),
    "slice backwards": case("Slice", X, i64(-1), i64(-100), i64(2), i64(-2), constant=(1, 2, 3, 4)),
    "slice of nothing": case("Slice", X, i64(2), i64(1), i64(1), constant=(1, 2, 3)),
    "split parts": case("Split", X, i64(1, 3), constant=(1,), axis=2, outputs=2),
    "split uneven": case("Split", f32(7), outputs=3, num_outputs=3),
    "split 11": case("Split", X, opset=11, axis=1, outputs=3),
    "pad edge": case("Pad", X, i64(1, 0, 2, 0, 3, 1), constant=(1,), mode="edge"),
    "pad reflect": case("Pad", X, i64(0, 1, 2, 0, 2, 1), constant=(1,), mode="reflect"),
    "pad axes": case("Pad", X, i64(1, 2), scalar(5.0), i64(-1), constant=(1, 2, 3)),
    "pad crop": case("Pad", X, i64(0, -1, 1, 0, 0, -2), constant=(1,)),
    "trilu": case("Trilu", X, np.array(1), constant=(1,), upper=0),
    "space to depth": case("SpaceToDepth", f32(1, 2, 4, 6), blocksize=2),
    # indexing
    "gather negative": case("Gather", X, i64(-1, 0), axis=1),
    "gather scalar": case("Gather", X, np.array(1), axis=2),
    "scatter add": case(
        "ScatterElements", f32(3, 3), np.array([[0, 0]]), f32(1, 2, seed=1), reduction="add"
    ),
    "one hot": case("OneHot", i64(0, -1, 7), i64(4), f32(2), constant=(1,), axis=0),
    "compress": case("Compress", X, np.array([True, False, True]), axis=1),
    "non zero": case("NonZero", np.array([[0, 1], [2, 0]], np.float32)),
    "unique": case("Unique", np.array([3, 1, 3, 2], np.float32), outputs=4),
    "resize scales": case(
        "Resize",
        IMAGE,
        None,
        np.array([1, 1, 2, 1.5], np.float32),
        constant=(2,),
        mode="linear",
    ),
    "resize sizes of axes": case(
        "Resize", IMAGE, None, None, i64(14, 3), constant=(3,), axes=[2, 3], mode="cubic"
    ),
    # making
    "eye": case("EyeLike", f32(3, 5), k=-1, dtype=7),
    "range": case("Range", np.array(7), np.array(-2), np.array(-3), constant=(0, 1, 2)),
    "range of floats": case("Range", scalar(0.5), scalar(3.1), scalar(0.75), constant=(0, 1, 2)),
    "hann": case("HannWindow", np.array(8), constant=(0,)),
    # quantization
    "quantize per axis": case(
        "QuantizeLinear", X * 50, f32(3) ** 2 + 0.1, np.array([1, 2, 3], np.uint8), axis=1
    ),
    "dequantize": case("DequantizeLinear", np.array([-3, 4], np.int8), scalar(0.5)),
    "dynamic": case("DynamicQuantizeLinear", X, outputs=3),
    # recurrent
    "rnn": case("RNN", f32(3, 2, 4), f32(1, 5, 4), f32(1, 5, 5), outputs=2, hidden_size=5),
    "gru": case(
        "GRU", f32(3, 2, 4), f32(1, 15, 4), f32(1, 15, 5), f32(1, 30), outputs=2, hidden_size=5
    ),
    "lstm": case(
        "LSTM", f32(3, 2, 4), f32(1, 20, 4), f32(1, 20, 5), f32(1, 40), outputs=3, hidden_size=5
    ),
    # sampling
    "grid sample 16": case(
        "GridSample", IMAGE, f32(1, 3, 4, 2, seed=1), opset=16, mode="bilinear", align_corners=1
    ),
    "roi align 10": case(
        "RoiAlign",
        IMAGE,
        np.array([[0, 0, 3, 4]], np.float32),
        i64(0),
        opset=10,
        output_height=2,
        output_width=2,
        sampling_ratio=2,
    ),
    "determinant": case("Det", f32(2, 4, 4)),
    "mel": case(
        "MelWeightMatrix",
        np.array(8),
        np.array(64),
        np.array(8000),
        scalar(0),
        scalar(4000),
        constant=(0, 1, 2, 3, 4),
    ),
    # spectra
    "dft": case("DFT", f32(1, 6, 1), None, np.array(1), constant=(2,), onesided=1),
}


@pytest.mark.parametrize("name", CASES)
def test_against_onnx_runtime(name: str) -> None:
    found = CASES[name]
    agrees_single(found.op_type, found.arrays, constant=found.constant, **found.options)
