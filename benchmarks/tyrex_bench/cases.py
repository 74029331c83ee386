"""The kernels that are measured: small ONNX models of one operator, and what it has to do.

Weights and inputs are random: constants would be folded, zeros make processors fast or slow.
Convolutions come in chains of four, since the first and the last also convert the tensor's layout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper

from . import movement_cases
from .case import Array, Case, make_case, random_array

CHAIN = 4
FLOAT_BYTES = 4


def cases() -> list[Case]:
    """Return every kernel."""
    return [
        *_matmuls(),
        *(_conv_chain(c, c, size, 3) for c, size in _RESNET50),
        *(_conv_chain(c, 4 * c, size, 1) for c, size in _RESNET50),
        _conv_chain(96, 96, 112, 3, depthwise=True),
        *_pools(),
        *_rows(),
        *_elementwise(),
        *_movements(),
        *movement_cases.cases(),
    ]


_RESNET50 = ((64, 56), (128, 28), (256, 14), (512, 7))
"""Channels inside a bottleneck block, height and width."""


def _matmuls() -> list[Case]:
    """Products with a weight and of two activations, of every orientation; vectors; attention."""
    square = [(n, n) for n in (128, 512, 1024, 2048)]
    return [
        *(_matmul(shape, shape) for shape in square),
        _matmul((128, 384), (384, 1536)),
        _matmul((128, 1536), (1536, 384)),
        *(_matmul(shape, shape, is_weight=False) for shape in ((256, 256), *square[1:])),
        _matmul((512, 512), (512, 512), is_weight=False, swapped="a"),
        _matmul((512, 512), (512, 512), is_weight=False, swapped="b"),
        _matmul((197, 197), (197, 197), is_weight=False),
        _matmul((12, 128, 64), (12, 64, 128), is_weight=False),
        _matmul((12, 128, 64), (12, 64, 128), is_weight=False, swapped="b"),
        _matmul((1, 2048), (2048, 2048)),
        _matmul((1, 2048), (2048, 2048), is_weight=False, swapped="b"),
        _matmul((2048, 2048), (2048, 1), is_weight=False),
        _attention(12, 128, 32),
        _attention(12, 512, 64),
    ]


def _matmul(
    a: tuple[int, ...], b: tuple[int, ...], is_weight: bool = True, swapped: str = ""
) -> Case:
    """A weight on the right, or two activations; `swapped`: the operands given as transposed."""
    output = (*a[:-1], b[-1])
    flops = 2 * math.prod(output) * a[-1]
    arrays = {"a": random_array(a), "b": random_array(b, a[-1] ** -0.5)}
    nodes: list[onnx.NodeProto] = []
    for name in swapped:
        axes = [*range(len(a) - 2), len(a) - 1, len(a) - 2]
        arrays[name] = np.ascontiguousarray(arrays[name].swapaxes(-1, -2))
        nodes.append(helper.make_node("Transpose", [name], [f"{name}t"], perm=axes))
    operands = [f"{name}t" if name in swapped else name for name in "ab"]
    nodes.append(helper.make_node("MatMul", operands, ["y"]))
    size = "x".join(str(size) for size in (*output, a[-1]))
    name = f"matmul {size}" if is_weight else f"matmul of inputs {size}"
    name += f", {swapped} transposed" if swapped else ""
    weights = {"b": arrays.pop("b")} if is_weight else {}
    return make_case(name, nodes, arrays, weights, output, flops)


def _attention(heads: int, rows: int, depth: int) -> Case:
    """softmax(q k / sqrt(depth) + mask) v for every head."""
    inputs = {
        "q": random_array((1, heads, rows, depth)),
        "k": random_array((1, heads, depth, rows)),
        "v": random_array((1, heads, rows, depth)),
        "mask": random_array((1, 1, 1, rows)),
    }
    scale = {"scale": np.array(depth**-0.5, np.float32)}
    nodes = [
        helper.make_node("MatMul", ["q", "k"], ["scores"]),
        helper.make_node("Mul", ["scores", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "mask"], ["masked"]),
        helper.make_node("Softmax", ["masked"], ["weights"], axis=-1),
        helper.make_node("MatMul", ["weights", "v"], ["y"]),
    ]
    flops = 4 * heads * rows * rows * depth
    name = f"attention {heads}x{rows}x{depth}"
    return make_case(name, nodes, inputs, scale, (1, heads, rows, depth), flops)


def _conv_chain(narrow: int, wide: int, size: int, kernel: int, depthwise: bool = False) -> Case:
    """Four convolutions: narrow -> wide -> narrow -> wide -> narrow channels."""
    nodes: list[onnx.NodeProto] = []
    weights: dict[str, Array] = {}
    flops, value = 0, "x"
    for number in range(CHAIN):
        channels, filters = (narrow, wide) if number % 2 == 0 else (wide, narrow)
        group = channels if depthwise else 1
        shape = (filters, channels // group, kernel, kernel)
        weights[f"w{number}"] = random_array(shape, math.prod(shape[1:]) ** -0.5)
        result = "y" if number == CHAIN - 1 else f"t{number}"
        nodes.append(
            helper.make_node(
                "Conv", [value, f"w{number}"], [result], pads=[kernel // 2] * 4, group=group
            )
        )
        flops += 2 * math.prod(shape) * size * size
        value = result
    kind = "depthwise" if depthwise else "conv"
    name = f"{CHAIN} {kind} {kernel}x{kernel} {narrow}-{wide} {size}x{size}"
    shape = (1, narrow, size, size)
    case = make_case(name, nodes, {"x": random_array(shape)}, weights, shape, flops)
    between = sum((wide, narrow)[i % 2] for i in range(CHAIN - 1)) * size * size
    return Case(name, case.model, case.inputs, flops, case.size_bytes + 2 * between * FLOAT_BYTES)


def _pools() -> list[Case]:
    shape, out = (1, 64, 112, 112), (1, 64, 56, 56)
    window: dict[str, Any] = {
        "kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]
    }  # fmt: skip
    return [
        make_case(f"{op} 3x3/2 64 112x112", [helper.make_node(op, ["x"], ["y"], **window)],
                  {"x": random_array(shape)}, {}, out)
        for op in ("MaxPool", "AveragePool")
    ] + [
        make_case("GlobalAveragePool 2048 7x7",
                  [helper.make_node("GlobalAveragePool", ["x"], ["y"])],
                  {"x": random_array((1, 2048, 7, 7))}, {}, (1, 2048, 1, 1))
    ]  # fmt: skip


def _rows() -> list[Case]:
    """What reads a row more than once."""
    scores, words = (12, 384, 384), (384, 768)
    weights = {"scale": random_array(words[1:]), "bias": random_array(words[1:])}
    norm = helper.make_node("LayerNormalization", ["x", "scale", "bias"], ["y"], axis=-1)
    softmax = helper.make_node("Softmax", ["x"], ["y"], axis=-1)
    return [
        make_case("Softmax 12x384x384", [softmax], {"x": random_array(scores)}, {}, scores),
        make_case("Softmax 40x6625", [softmax], {"x": random_array((40, 6625))}, {}, (40, 6625)),
        _along_columns("Softmax"),
        _along_columns("LogSoftmax"),
        make_case("LayerNorm 384x768", [norm], {"x": random_array(words)}, weights, words),
        _norm_in_steps(words, centred=True),
        _norm_in_steps(words, centred=False),
        _instance_norm((1, 64, 56, 56)),
        *(_reduce(op, axis) for op in ("ReduceSum", "ReduceMax") for axis in (0, 1)),
        *(_arg_max(axis) for axis in (0, 1)),
    ]


def _along_columns(op: str) -> Case:
    """Along an axis that is not contiguous, as a detector's distributions lie."""
    shape = (1, 16, 4, 2100)
    node = helper.make_node(op, ["x"], ["y"], axis=1)
    return make_case(f"{op} 16x4x2100 axis 1", [node], {"x": random_array(shape)}, {}, shape)


def _norm_in_steps(shape: Sequence[int], centred: bool) -> Case:
    """A layer normalization, or one by the mean square alone, as exporters write them."""
    steps = [("ReduceMean", ["x"], "mean"), ("Sub", ["x", "mean"], "c")] if centred else []
    value = "c" if centred else "x"
    steps += [
        ("Mul", [value, value], "squares"),
        ("ReduceMean", ["squares"], "variance"),
        ("Add", ["variance", "epsilon"], "shifted"),
        ("Sqrt", ["shifted"], "deviation"),
        ("Div", [value, "deviation"], "unit"),
        ("Mul", ["unit", "scale"], "y"),
    ]
    nodes = [
        helper.make_node(op, [*inputs, "last"] if op == "ReduceMean" else inputs, [output])
        for op, inputs, output in steps
    ]
    weights = {
        "scale": random_array(shape[1:]),
        "epsilon": np.array(1e-5, np.float32),
        "last": np.array([-1], np.int64),
    }
    name = "LayerNorm" if centred else "RMSNorm"
    return make_case(f"{name} in steps {shape[0]}x{shape[1]}", nodes, {"x": random_array(shape)},
                     weights, shape)  # fmt: skip


def _instance_norm(shape: Sequence[int]) -> Case:
    node = helper.make_node("InstanceNormalization", ["x", "scale", "bias"], ["y"])
    weights = {"scale": random_array(shape[1:2]), "bias": random_array(shape[1:2])}
    return make_case("InstanceNorm 64x56x56", [node], {"x": random_array(shape)}, weights, shape)


def _arg_max(axis: int) -> Case:
    nodes = [
        helper.make_node("ArgMax", ["x"], ["at"], axis=axis, keepdims=0),
        helper.make_node("Cast", ["at"], ["y"], to=onnx.TensorProto.FLOAT),
    ]
    name = f"ArgMax 1024x1024 axis {axis}"
    return make_case(name, nodes, {"x": random_array((1024, 1024))}, {}, (1024,))


def _reduce(op: str, axis: int) -> Case:
    shape = (1024, 1024)
    node = helper.make_node(op, ["x", "axes"], ["y"], keepdims=0)
    weights = {"axes": np.array([axis], np.int64)}
    return make_case(
        f"{op} 1024x1024 axis {axis}", [node], {"x": random_array(shape)}, weights, (1024,)
    )


def _elementwise() -> list[Case]:
    shape = (384, 3072)
    unary = [
        make_case(
            f"{op} 384x3072",
            [helper.make_node(op, ["x"], ["y"])],
            {"x": random_array(shape)},
            {},
            shape,
        )
        for op in ("Relu", "Exp", "Tanh", "Sigmoid", "Erf", "Gelu")
    ]
    add = helper.make_node("Add", ["x", "z"], ["y"])
    inputs = {"x": random_array(shape), "z": random_array(shape)}
    return [*unary, make_case("Add 384x3072", [add], inputs, {}, shape)]


def _permutation(name: str, shape: Sequence[int], axes: Sequence[int]) -> Case:
    node = helper.make_node("Transpose", ["x"], ["y"], perm=axes)
    return make_case(name, [node], {"x": random_array(shape)}, {}, [shape[axis] for axis in axes])


def _cum_sum() -> Case:
    shape = (384, 768)
    node = helper.make_node("CumSum", ["x", "axis"], ["y"])
    weights = {"axis": np.array(1, np.int64)}
    return make_case("CumSum 384x768", [node], {"x": random_array(shape)}, weights, shape)


def _movements() -> list[Case]:
    square, heads, table = (1024, 1024), (1, 384, 12, 64), (30522, 384)
    swap = helper.make_node("Transpose", ["x"], ["y"], perm=[1, 0])
    split = helper.make_node("Transpose", ["x"], ["y"], perm=[0, 2, 1, 3])
    concat = helper.make_node("Concat", ["x", "z"], ["y"], axis=1)
    parts = {"x": random_array((1, 128, 56, 56)), "z": random_array((1, 128, 56, 56))}
    ids = np.random.default_rng(0).integers(0, table[0], (1, 384))
    gather = make_case(
        "Gather 384 rows of 384", [helper.make_node("Gather", ["w", "x"], ["y"])],
        {"x": ids}, {"w": random_array(table)}, (1, 384, 384),
    )  # fmt: skip
    moved = 2 * 384 * 384 * FLOAT_BYTES + ids.nbytes  # not the whole table
    return [
        make_case("Transpose 1024x1024", [swap], {"x": random_array(square)}, {}, square),
        _permutation("Transpose 1000x999", (1000, 999), (1, 0)),
        _permutation("NCHW to NHWC 64x56x56", (1, 64, 56, 56), (0, 2, 3, 1)),
        _permutation("NHWC to NCHW 224x224x3", (1, 224, 224, 3), (0, 3, 1, 2)),
        _permutation("Shuffle of 4x60 28x28", (1, 4, 60, 28, 28), (0, 2, 1, 3, 4)),
        _cum_sum(),
        make_case("Transpose 384x12x64", [split], {"x": random_array(heads)}, {}, (1, 12, 384, 64)),
        make_case("Concat 2 of 128x56x56", [concat], parts, {}, (1, 256, 56, 56)),
        Case(gather.name, gather.model, gather.inputs, 0, moved),
    ]
