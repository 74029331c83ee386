"""Blocked layouts and minimal filtering compute what the plain convolution does."""

from __future__ import annotations

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, f32
from xdsl.ir import Block, Region

from tyrex.dialects import relax
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
