"""Kernels that memory bounds beyond the common ones: a case for each class of access.

What is counted is what has to move: of a gather, a slice or a scatter the elements it touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper

from .case import Array, Case, make_case, random_array

Attributes = dict[str, Any]  # of an operator: their types differ

_IMAGE = (1, 64, 112, 112)
_SQUARE = (1024, 1024)
_BYTES = 4


def cases() -> list[Case]:
    """Return every kernel."""
    return [*_pools(), *_norms(), *_reductions(), *_maps(), *_copies(), *_indexed(), *_images()]


def _one(
    name: str,
    op: str,
    inputs: dict[str, Array],
    output: Sequence[int],
    weights: dict[str, Array] | None = None,
    dtype: int = onnx.TensorProto.FLOAT,
    moved: int | None = None,
    **attributes: Any,  # their types differ
) -> Case:
    """Return the case of one operator, whose inputs come before its weights.

    `moved` is how many bytes are read and written; None for those of all tensors.
    """
    names = [*inputs, *(weights or {})]
    node = helper.make_node(op, names, ["y"], **attributes)
    case = make_case(name, [node], inputs, weights or {}, output, dtype=dtype)
    return case if moved is None else Case(case.name, case.model, case.inputs, 0, moved)


def _ints(*values: int) -> Array:
    return np.array(values, np.int64)


def _pools() -> list[Case]:
    same: Attributes = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    half: Attributes = {"kernel_shape": [2, 2], "strides": [2, 2]}
    volume: Attributes = {"kernel_shape": [2, 2, 2], "strides": [2, 2, 2]}
    wide: Attributes = {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}
    small, large, flat = (1, 64, 56, 56), (1, 64, 113, 113), (1, 64, 4096)
    x, line = {"x": random_array(_IMAGE)}, {"x": random_array(flat)}
    cube = {"x": random_array((1, 16, 32, 32, 32))}
    return [
        *(_one(f"{op} 2x2/2 64 112x112", op, x, small, **half) for op in _POOLS),
        *(_one(f"{op} 3x3/1 64 112x112", op, x, _IMAGE, **same) for op in _POOLS),
        *(
            _one(f"{op} 3x3/2 ceil 64 113x113", op, {"x": random_array(large)}, small, **wide)
            for op in ("MaxPool", "AveragePool")
        ),
        _one("LpPool 2x2/2 64 112x112", "LpPool", x, small, p=2, **half),
        _one("MaxPool dilated 64 112x112", "MaxPool", x, (1, 64, 108, 108), kernel_shape=[3, 3],
             dilations=[2, 2]),
        _one("MaxPool 2x2x2/2 16 32x32x32", "MaxPool", cube, (1, 16, 16, 16, 16), **volume),
        _one("AveragePool 2x2x2/2 16 32x32x32", "AveragePool", cube, (1, 16, 16, 16, 16), **volume),
        _one("MaxPool 3/2 64x4096", "MaxPool", line, (1, 64, 2048), kernel_shape=[3], strides=[2],
             pads=[1, 1]),
        _one("AveragePool 5/1 64x4096", "AveragePool", line, flat, kernel_shape=[5], pads=[2, 2]),
        _one("AveragePool 3/3 64x4096", "AveragePool", line, (1, 64, 1365), kernel_shape=[3],
             strides=[3]),
    ]  # fmt: skip


_POOLS = ("MaxPool", "AveragePool")


def _norms() -> list[Case]:
    image, words = (1, 64, 56, 56), (64, 8192)
    vector = [random_array((64,)) for _ in range(3)]
    scale, bias, mean = vector
    statistics = {"scale": scale, "bias": bias, "mean": mean, "variance": np.abs(scale) + 1}
    return [
        _one("BatchNorm 64x56x56", "BatchNormalization", {"x": random_array(image)}, image,
             statistics),
        _one("GroupNorm of 8 64x56x56", "GroupNormalization", {"x": random_array(image)}, image,
             {"scale": random_array((64,)), "bias": random_array((64,))}, num_groups=8),
        _one("LayerNorm 64x8192", "LayerNormalization", {"x": random_array(words)}, words,
             {"scale": random_array(words[1:]), "bias": random_array(words[1:])}, axis=-1),
        _one("Softmax 64x8192", "Softmax", {"x": random_array(words)}, words, axis=-1),
        _one("Softmax 8x512x256 axis 1", "Softmax", {"x": random_array((8, 512, 256))},
             (8, 512, 256), axis=1),
        _one("LpNormalization 1024x1024", "LpNormalization", {"x": random_array(_SQUARE)}, _SQUARE,
             axis=-1),
    ]  # fmt: skip


def _reductions() -> list[Case]:
    cube, image = (8, 512, 256), (1, 256, 56, 56)
    integer = onnx.TensorProto.INT64
    return [
        _one("ReduceSum 8x512x256 axis 1", "ReduceSum", {"x": random_array(cube)}, (8, 256),
             {"axes": _ints(1)}, keepdims=0),
        _one("ReduceMean 256x56x56 of images", "ReduceMean", {"x": random_array(image)}, (1, 256),
             {"axes": _ints(2, 3)}, keepdims=0),
        _one("ReduceL2 1024x1024 axis 1", "ReduceL2", {"x": random_array(_SQUARE)}, (1024,),
             {"axes": _ints(1)}, keepdims=0),
        _one("ReduceLogSumExp 1024x1024", "ReduceLogSumExp", {"x": random_array(_SQUARE)}, (1024,),
             {"axes": _ints(1)}, keepdims=0),
        _one("ArgMax 8x512x256 axis 1", "ArgMax", {"x": random_array(cube)}, (8, 256),
             dtype=integer, axis=1, keepdims=0),
        _one("ArgMin last 1024x1024 axis 1", "ArgMin", {"x": random_array(_SQUARE)}, (1024,),
             dtype=integer, axis=1, keepdims=0, select_last_index=1),
        _top_1(),
        _one("CumSum 768x384 axis 0", "CumSum", {"x": random_array((768, 384))}, (768, 384),
             {"axis": np.array(0, np.int64)}),
    ]  # fmt: skip


def _top_1() -> Case:
    """The largest of each row, as classifiers end."""
    node = helper.make_node("TopK", ["x", "k"], ["y", "at"])
    return make_case("TopK 1 of 1024x1024", [node], {"x": random_array(_SQUARE)},
                     {"k": _ints(1)}, (1024, 1))  # fmt: skip


def _maps() -> list[Case]:
    x, z = random_array(_SQUARE), random_array(_SQUARE, seed=1)
    half, whole = onnx.TensorProto.FLOAT16, onnx.TensorProto.INT32
    scale = {"scale": np.array(0.05, np.float32), "zero": np.array(3, np.uint8)}
    codes = (np.abs(x) * 50).astype(np.uint8)
    per_row = {"scale": np.abs(random_array((1024,))) + 0.1, "zero": np.zeros(1024, np.int8)}
    return [
        _one("Where 1024x1024", "Where", {"c": x > 0, "x": x, "z": z}, _SQUARE),
        _one("Less 1024x1024", "Less", {"x": x, "z": z}, _SQUARE, dtype=onnx.TensorProto.BOOL),
        _one("Cast f32 to i32", "Cast", {"x": x * 100}, _SQUARE, dtype=whole, to=whole),
        _one("Cast f32 to f16", "Cast", {"x": x}, _SQUARE, dtype=half, to=half),
        _one("Cast f16 to f32", "Cast", {"x": x.astype(np.float16)}, _SQUARE, to=1),
        _one("Cast i64 to f32", "Cast", {"x": (x * 100).astype(np.int64)}, _SQUARE, to=1),
        _one("QuantizeLinear 1024x1024", "QuantizeLinear", {"x": x}, _SQUARE, scale,
             dtype=onnx.TensorProto.UINT8),
        _one("DequantizeLinear 1024x1024", "DequantizeLinear", {"x": codes}, _SQUARE, scale),
        _one("DequantizeLinear by rows", "DequantizeLinear", {"x": codes.astype(np.int8)}, _SQUARE,
             per_row, axis=0),
        _one("Pow 1024x1024", "Pow", {"x": np.abs(x)}, _SQUARE, {"e": np.array(2.5, np.float32)}),
        _one("Clip 1024x1024", "Clip", {"x": x}, _SQUARE,
             {"low": np.array(-1, np.float32), "high": np.array(1, np.float32)}),
        _one("Add a column 1024x1024", "Add", {"x": x, "z": z[:, :1].copy()}, _SQUARE),
        _one("Add a row 1024x1024", "Add", {"x": x, "z": z[:1].copy()}, _SQUARE),
    ]  # fmt: skip


def _copies() -> list[Case]:
    x = random_array(_SQUARE)
    image = random_array((1, 64, 56, 56))
    split = helper.make_node("Split", ["x"], ["a", "b"], axis=1, num_outputs=2)
    back = helper.make_node("Concat", ["b", "a"], ["y"], axis=1)
    halves = (1024, 512)
    return [
        _one("Pad 64x56x56", "Pad", {"x": image}, (1, 64, 58, 58),
             {"pads": _ints(0, 0, 1, 1, 0, 0, 1, 1)}),
        _one("Pad reflect 64x56x56", "Pad", {"x": image}, (1, 64, 58, 58),
             {"pads": _ints(0, 0, 1, 1, 0, 0, 1, 1)}, mode="reflect"),
        _one("Slice columns 1024x1024", "Slice", {"x": x}, (1024, 500), _slice(10, 510, 1),
             moved=2 * 1024 * 500 * _BYTES),
        _one("Slice step 2 1024x1024", "Slice", {"x": x}, halves, _slice(0, 1024, 2),
             moved=x.nbytes + x.nbytes // 2),
        _one("Slice step 3 1024x1024", "Slice", {"x": x}, (1024, 342), _slice(0, 1024, 3),
             moved=x.nbytes + 1024 * 342 * _BYTES),
        _one("Slice backwards 1024x1024", "Slice", {"x": x}, _SQUARE, _slice(-1, -1025, -1)),
        make_case("Halves swapped 1024x1024", [split, back], {"x": x}, {}, _SQUARE),
        _one("Tile 2x2 512x512", "Tile", {"x": random_array((512, 512))}, _SQUARE,
             {"n": _ints(2, 2)}),
        _one("Expand columns 1024x1024", "Expand", {"x": x[:, :1].copy()}, _SQUARE,
             {"shape": _ints(*_SQUARE)}),
        _one("Expand rows 1024x1024", "Expand", {"x": x[:1].copy()}, _SQUARE,
             {"shape": _ints(*_SQUARE)}),
        _one("Concat of rows 1023+513", "Concat",
             {"x": random_array((512, 1023)), "z": random_array((512, 513))}, (512, 1536), axis=1),
        _one("DepthToSpace 64x56x56", "DepthToSpace", {"x": image}, (1, 16, 112, 112),
             blocksize=2),
        _one("SpaceToDepth 16x112x112", "SpaceToDepth", {"x": random_array((1, 16, 112, 112))},
             (1, 64, 56, 56), blocksize=2),
        _one("Transpose f16 1024x1024", "Transpose", {"x": x.astype(np.float16)}, _SQUARE,
             dtype=onnx.TensorProto.FLOAT16, perm=[1, 0]),
        _one("Trilu 1024x1024", "Trilu", {"x": x}, _SQUARE),
    ]  # fmt: skip


def _slice(start: int, stop: int, step: int) -> dict[str, Array]:
    return {"a": _ints(start), "b": _ints(stop), "axes": _ints(1), "step": _ints(step)}


def _indexed() -> list[Case]:
    rng = np.random.default_rng(0)
    x = random_array(_SQUARE)
    at = rng.integers(0, 1024, _SQUARE)
    rows = rng.permutation(1024)[:512, None]
    updates = random_array((512, 1024))
    classes = rng.integers(0, 512, (2048,))
    columns = rng.integers(0, 1024, (512,))
    return [
        _one("GatherElements 1024x1024", "GatherElements", {"x": x, "at": at}, _SQUARE, axis=1),
        _one("GatherND 512 rows", "GatherND", {"x": x, "at": rows}, (512, 1024),
             moved=2 * updates.nbytes),
        _one("Gather 512 columns", "Gather", {"x": x, "at": columns}, (1024, 512), axis=1,
             moved=x.nbytes + x.nbytes // 2),
        _one("ScatterND 512 rows", "ScatterND", {"x": x, "at": rows, "u": updates}, _SQUARE),
        _one("ScatterElements 512x1024", "ScatterElements",
             {"x": x, "at": np.ascontiguousarray(at[:512]), "u": updates}, _SQUARE, axis=1),
        _one("OneHot 2048x512", "OneHot", {"x": classes}, (2048, 512),
             {"depth": np.array(512, np.int64), "values": np.array([0, 1], np.float32)}),
    ]  # fmt: skip


def _images() -> list[Case]:
    small, large = (1, 64, 56, 56), _IMAGE
    scales = {"roi": np.zeros(0, np.float32), "scales": np.array([1, 1, 2, 2], np.float32)}
    odd = {"roi": np.zeros(0, np.float32), "scales": np.array([1, 1, 1.5, 1.5], np.float32)}
    half = {"roi": np.zeros(0, np.float32), "scales": np.array([1, 1, 0.5, 0.5], np.float32)}
    floor: Attributes = {
        "coordinate_transformation_mode": "asymmetric",
        "nearest_mode": "floor",
    }
    x = {"x": random_array(small)}
    return [
        _one("Resize nearest x2 64x56x56", "Resize", x, large, scales, **floor),
        _one("Resize nearest x1.5 64x56x56", "Resize", x, (1, 64, 84, 84), odd, **floor),
        _one("Resize linear x2 64x56x56", "Resize", x, large, scales, mode="linear"),
        _one("Resize linear x1.5 64x56x56", "Resize", x, (1, 64, 84, 84), odd, mode="linear"),
        _one(
            "Resize linear x0.5 64x112x112",
            "Resize",
            {"x": random_array(large)},
            small,
            half,
            mode="linear",
        ),
        _one("Resize cubic x2 64x56x56", "Resize", x, large, scales, mode="cubic"),
    ]
