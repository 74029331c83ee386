"""Operators on tensors with symbolic dims, against ONNX Runtime on tensors of several sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from onnx import helper

from tyrex.dialects.diagnostics import CompileError
from tyrex.frontends.onnx import from_onnx

from ..models import (  # noqa: TID251  # of the tests
    Array,
    Shape,
    agrees,
    close,
    evaluate,
    f32,
    i64,
    info,
    make,
    reference,
    single,
    types,
)


@dataclass(frozen=True)
class Case:
    """One node on x of a symbolic shape; `rest` are its other inputs, all of them weights."""

    op_type: str
    shape: Shape
    expected: str
    rest: tuple[Array | None, ...] = ()
    options: dict[str, Any] = field(default_factory=dict[str, Any])


def case(op_type: str, shape: Shape, expected: str, *rest: Array | None, **options: Any) -> Case:
    return Case(op_type, shape, expected, rest, options)


NCHW: Shape = ("n", 3, "h", "w")

CASES = {
    "conv": case(
        "Conv", NCHW, "[n, 4, (h + 1) floordiv 2, w + 2]", f32(4, 3, 3, 1), strides=[2, 1],
        pads=[1, 1, 1, 1],
    ),
    "conv same": case("Conv", NCHW, "[n, 4, h, w]", f32(4, 3, 3, 5), auto_pad="SAME_UPPER"),
    "conv transpose": case(
        "ConvTranspose", NCHW, "[n, 2, h * 2, w * 2]", f32(3, 2, 2, 2), strides=[2, 2]
    ),
    "conv transpose same": case(
        "ConvTranspose", NCHW, "[n, 2, h * 2, w * 2]", f32(3, 2, 3, 3), strides=[2, 2],
        auto_pad="SAME_UPPER",
    ),
    "max pool ceil": case(
        "MaxPool", NCHW, "[n, 3, h floordiv 2, w floordiv 2]", kernel_shape=[3, 3], strides=[2, 2],
        ceil_mode=1,
    ),
    "global pool": case("GlobalAveragePool", NCHW, "[n, 3, 1, 1]"),
    "reshape": case("Reshape", NCHW, "[n, 3, h * w]", i64(0, 3, -1)),
    "reshape divided": case("Reshape", ("n", 6), "[n * 3, 2]", i64(-1, 2)),
    "flatten": case("Flatten", NCHW, "[n, h * w * 3]"),
    "split": case("Split", ("n", 4), "[n, 2]", axis=1, num_outputs=2, outputs=2),
    "slice from the end": case("Slice", ("n", 4), "[min(n, 2), 4]", i64(-2), i64(2**62), i64(0)),
    "slice to the end": case("Slice", ("n", 4), "[max(n - 1, 0), 4]", i64(1), i64(2**62), i64(0)),
    "slice all but one": case("Slice", ("n", 4), "[max(n - 1, 0), 4]", i64(0), i64(-1), i64(0)),
    "slice backwards": case(
        "Slice", ("n", 4), "[n, 4]", i64(-1), i64(-(2**62)), i64(0), i64(-1)
    ),
    "pad": case("Pad", ("n", 4), "[n + 3, 4]", i64(1, 0, 2, 0)),
    "tile": case("Tile", ("n", 4), "[n * 2, 12]", i64(2, 3)),
    "expand": case("Expand", ("n", 1), "[2, n, 5]", i64(2, 1, 5)),
    "resize": case(
        "Resize", NCHW, "[n, 3, h * 2, (w * 3) floordiv 2]", None,
        np.array([1, 1, 2, 1.5], np.float32), mode="linear",
    ),
    "softmax of old": case("Softmax", NCHW, "[n, 3, h, w]", opset=11, axis=1),
    "space to depth": case(
        "SpaceToDepth", ("n", 3, 4, "w"), "[n, 12, 2, w floordiv 2]", blocksize=2
    ),
    "eye like": case("EyeLike", ("n", "m"), "[n, m]"),
    "layer norm": case("LayerNormalization", ("n", "m", 4), "[n, m, 4]", f32(4)),
    "group norm": case(
        "GroupNormalization", ("n", 4, "m"), "[n, 4, m]", f32(4), f32(4), num_groups=2
    ),
    "cumsum": case("CumSum", ("n", "m"), "[n, m]", np.array(1)),
    "hardmax": case("Hardmax", ("n", "m"), "[n, m]"),
    "matmul": case("MatMul", ("n", "m", 4), "[n, m, 5]", f32(4, 5)),
    "rnn with a clip": case(
        "RNN", ("n", 1, 2), "[n, 1, 1, 4]", f32(1, 4, 2), f32(1, 4, 4), hidden_size=4, clip=1.0
    ),
    "squeeze": case("Squeeze", ("n", 1, "m"), "[n, m]", i64(1)),
}  # fmt: skip


def sized(shape: Shape, sizes: dict[str, int]) -> tuple[int, ...]:
    return tuple(sizes[str(dim)] if isinstance(dim, str) else dim or 1 for dim in shape)


@pytest.mark.parametrize("name", CASES)
def test_one_operator(name: str) -> None:
    found = CASES[name]
    example = f32(*sized(found.shape, {"n": 2, "h": 6, "w": 4, "m": 3}))
    model = single(
        found.op_type,
        [example, *found.rest],
        tuple(range(1, len(found.rest) + 1)),
        shapes={0: found.shape},
        **found.options,
    )
    module = from_onnx(model)
    assert types(module)[1][0].rpartition(", ")[0] == found.expected
    for sizes in ({"n": 1, "h": 4, "w": 6, "m": 2}, {"n": 3, "h": 7, "w": 8, "m": 5}):
        x = f32(*sized(found.shape, sizes))
        close(evaluate(module, x), reference(model, x))


def test_mask_of_a_sequence_length() -> None:
    """A causal mask as exporters write it: Range over the length, compared with itself."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "one"], ["length"]),
        helper.make_node("Range", ["zero", "length", "one"], ["r"]),
        helper.make_node("Unsqueeze", ["r", "axis_0"], ["row"]),
        helper.make_node("Unsqueeze", ["r", "axis_1"], ["column"]),
        helper.make_node("LessOrEqual", ["row", "column"], ["mask"]),
        helper.make_node("Where", ["mask", "x", "minus"], ["y"]),
    ]
    weights = {
        "zero": np.array(0),
        "one": np.array(1),
        "axis_0": i64(0),
        "axis_1": i64(1),
        "minus": np.array(-1e9, np.float32),
    }
    model = make(nodes, [info("x", ("n", "m"))], ["y"], weights)
    agrees(model, f32(4, 4))


def test_repeat_by_a_dim() -> None:
    """Tile and ConstantOfShape by sizes that other inputs have."""
    nodes = [
        helper.make_node("Shape", ["z"], ["s"]),
        helper.make_node("Tile", ["x", "s"], ["t"]),
        helper.make_node("Shape", ["t"], ["u"]),
        helper.make_node("ConstantOfShape", ["u"], ["zeros"]),
        helper.make_node("Add", ["t", "zeros"], ["y"]),
    ]
    model = make(nodes, [info("x", ("n", 2)), info("z", ("a", "b"))], ["y"])
    module = agrees(model, f32(3, 2), f32(2, 4))
    assert types(module)[1] == ["[a * n, b * 2], f32"]


BOUNDS: dict[str, tuple[Callable[[], Any], str]] = {
    "same padding": (
        lambda: single(
            "Conv",
            [f32(1, 1, 8, 8), f32(1, 1, 3, 3)],
            (1,),
            shapes={0: (1, 1, "h", 8)},
            auto_pad="SAME_UPPER",
            strides=[2, 2],
        ),
        "auto_pad with stride 2 over a dim of h",
    ),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_what_needs_a_number_says_so(name: str) -> None:
    build, message = BOUNDS[name]
    with pytest.raises(ValueError, match=message):
        from_onnx(build())


@pytest.mark.parametrize("start", [-3, -1, 2])
@pytest.mark.parametrize("end", [-5, -(2**62), 0])
def test_slices_backwards_begin_on_the_axis(start: int, end: int) -> None:
    model = single("Slice", [f32(4), i64(start), i64(end), i64(0), i64(-2)], (1, 2, 3, 4),
                   shapes={0: ("n",)})  # fmt: skip
    module = from_onnx(model)
    for size in range(6):
        x = f32(size)
        close(evaluate(module, x), reference(model, x))


def test_positions_of_dims_may_turn_out_to_count_from_the_end() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Sub", ["shape", "three"], ["position"]),
        helper.make_node("Slice", ["x", "position", "far", "axis"], ["y"]),
        helper.make_node("Slice", ["x", "axis", "position", "axis"], ["z"]),
        helper.make_node("Slice", ["x", "position", "front", "axis", "back"], ["u"]),
    ]
    weights = {"three": i64(3), "far": i64(2**62), "axis": i64(0), "back": i64(-1)}
    model = make(nodes, [info("x", ("n",))], ["y", "z", "u"],
                 {**weights, "front": i64(-(2**62))})  # fmt: skip
    module = from_onnx(model)
    for size in range(7):
        x = f32(size)
        close(evaluate(module, x), reference(model, x))


def test_expanding_by_a_dim() -> None:
    nodes = [
        helper.make_node("Shape", ["s"], ["shape"]),
        helper.make_node("Expand", ["x", "shape"], ["y"]),
    ]
    model = make(nodes, [info("x", ("n",)), info("s", ("m",))], ["y"])
    module = from_onnx(model)
    for n, m in ((3, 3), (3, 1), (1, 3), (1, 1)):
        given = f32(n), f32(m)
        close(evaluate(module, *given), reference(model, *given))
    with pytest.raises(CompileError, match=r"axis 0 of what is expanded: found 3, expected 2 or 1"):
        evaluate(module, f32(3), f32(2))


def test_what_gemm_adds_does_not_widen_it() -> None:
    nodes = [helper.make_node("Gemm", ["x", "w", "c"], ["y"], transB=1)]
    model = make(nodes, [info("x", ("n", 4)), info("w", (3, 4)), info("c", ("m", 3))], ["y"])
    module = from_onnx(model)
    for n, m in ((2, 2), (2, 1), (1, 1)):
        given = f32(n, 4), f32(3, 4), f32(m, 3)
        close(evaluate(module, *given), reference(model, *given))
    with pytest.raises(CompileError, match=r"axis 0 of what is added: found 2, expected 1"):
        evaluate(module, f32(1, 4), f32(3, 4), f32(2, 3))
