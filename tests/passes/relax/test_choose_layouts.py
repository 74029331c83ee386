"""Blocked layouts and minimal filtering compute what the plain convolution does."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, f32
from xdsl.ir import Block, Region

import tyrex
from tyrex.dialects import relax
from tyrex.dialects.relax import Array
from tyrex.interpreters.relax import run
from tyrex.passes.relax.choose_layouts import ChooseLayoutsPass

# of the output's largest value: the bound for one layer, in units of rounding that F(4 x 4) allows
WINOGRAD_BOUND = 2e-5


def convolution(channels: int, filters: int, height: int, width: int, pad: int) -> ModuleOp:
    """Return `relu(conv(x, w) + bias)` with 3 x 3 filters."""
    rng = np.random.default_rng(channels + height)
    block = Block(arg_types=[relax.TensorType.of((1, channels, height, width), f32)])
    weights = rng.standard_normal((filters, channels, 3, 3)) / np.sqrt(9 * channels)
    w = relax.ConstantOp(weights.astype(np.float32))
    bias = relax.ConstantOp(rng.standard_normal((filters, 1, 1)).astype(np.float32))
    conv = relax.ConvOp(
        block.args[0], w, strides=(1, 1), padding=(pad,) * 4, dilations=(1, 1), groups=1
    )
    add = relax.AddOp(conv, bias)
    relu = relax.ReluOp(add)
    block.add_ops([w, bias, conv, add, relu, relax.ReturnOp(relu)])
    types = FunctionType.from_lists([block.args[0].type], [relu.results[0].type])
    return ModuleOp([relax.FuncOp("main", types, Region(block))])


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ((32, 32, 24, 24, 1), "relax.winograd_conv"),
        ((32, 64, 21, 30, 1), "relax.winograd_conv"),
        ((64, 32, 18, 17, 0), "relax.winograd_conv"),
        ((16, 32, 3, 3, 1), "relax.blocked_conv"),
    ],
)
def test_a_convolution_in_blocks_is_the_plain_one(
    shape: tuple[int, int, int, int, int], kind: str
) -> None:
    plain = convolution(*shape)
    blocked = plain.clone()
    ChooseLayoutsPass(block=16).apply(Context(), blocked)
    blocked.verify()
    assert kind in {op.name for op in blocked.walk()}
    x = np.random.default_rng(1).standard_normal((1, shape[0], *shape[2:4])).astype(np.float32)
    (expected,) = run(plain, "main", [x])
    (found,) = run(blocked, "main", [x])
    assert np.abs(found - expected).max() <= WINOGRAD_BOUND * np.abs(expected).max()


# (channels, filters, height and width) of the 3 x 3 convolutions of stride 1; the larger images of
# VGG-19 in part: rounding grows with channels, not with pixels.
RESNET_50 = [(64, 64, 56), (128, 128, 28), (256, 256, 14), (512, 512, 7)]
VGG_19 = [(64, 64, 40), (64, 128, 40), (128, 128, 40), (128, 256, 32), (256, 256, 28),
          (256, 512, 28), (512, 512, 28), (512, 512, 14)]  # fmt: skip
WORST = 1e-3  # of the largest value of a layer


@pytest.mark.parametrize(("channels", "filters", "size"), [*RESNET_50, *VGG_19])
def test_layers_of_models_are_near_what_double_precision_gives(
    channels: int, filters: int, size: int
) -> None:
    module = convolution(channels, filters, size, size, 1)
    x = np.random.default_rng(size).standard_normal((1, channels, size, size)).astype(np.float32)
    expected = in_double(module, x)
    found = np.asarray(tyrex.compile(module, threads=1, cache=False)(x))
    assert np.abs(found - expected).max() <= WORST * np.abs(expected).max()


def in_double(module: ModuleOp, x: Array) -> Array:
    """Return `relu(conv(x, w) + bias)` with 3 x 3 filters, in f64."""
    w, bias = (op.value.array for op in module.walk() if isinstance(op, relax.ConstantOp))
    padded = np.pad(x[0].astype(np.float64), [(0, 0), (1, 1), (1, 1)])
    _, height, width = x[0].shape
    total = np.zeros((len(w), height * width)) + bias.reshape(-1, 1)
    for i, j in product(range(3), range(3)):
        part = padded[:, i : i + height, j : j + width].reshape(len(padded), -1)
        total += w[:, :, i, j].astype(np.float64) @ part
    return np.maximum(total, 0).reshape(1, -1, height, width)


def test_minimal_filtering_is_for_o2() -> None:
    """-O1 keeps to the operations that the model names."""
    module = convolution(32, 32, 24, 24, 1)
    kernels = [tyrex.compile_to(module, "kernels", opt_level=level) for level in (1, 2)]
    assert ["winograd" in str(text) for text in kernels] == [False, True]
