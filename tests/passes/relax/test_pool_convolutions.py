"""Poolings in the tiles of convolutions: the same numbers, interpreted and natively."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, f32
from xdsl.ir import Block, Operation, Region, SSAValue

import tyrex
from tyrex.dialects import relax
from tyrex.dialects.relax import Array
from tyrex.interpreters.relax import run
from tyrex.passes.relax.choose_layouts import ChooseLayoutsPass
from tyrex.passes.relax.pool_convolutions import PoolConvolutionsPass

BOUND = 2e-5  # of the largest value: minimal filtering


def network(seed: int) -> tuple[ModuleOp, Array]:
    """Return `max_pool(relu(conv(x, w) + bias))`, of windows of several kinds, and an image."""
    r, rng = Random(seed), np.random.default_rng(seed)
    channels, filters = r.choice((32, 64)), r.choice((32, 48))
    height, width = (r.choice((20, 22, 24, 27)) for _ in range(2))
    kernel = r.choice((2, 2, 2, 3))
    block = Block(arg_types=[relax.TensorType.of((1, channels, height, width), f32)])

    def add(op: Operation) -> SSAValue:
        block.add_op(op)
        return op.results[0]

    weights = rng.standard_normal((filters, channels, 3, 3)) / np.sqrt(9 * channels)
    w = add(relax.ConstantOp(weights.astype(np.float32)))
    bias = add(relax.ConstantOp(rng.standard_normal((filters, 1, 1)).astype(np.float32)))
    value = add(
        relax.ConvOp(block.args[0], w, strides=(1, 1), padding=(1,) * 4, dilations=(1, 1), groups=1)
    )
    maps = r.choice((("add", "relu"), ("add",), ("relu",), ()))
    for name in maps:
        value = add(relax.AddOp(value, bias) if name == "add" else relax.ReluOp(value))
    pool = add(
        relax.MaxPoolOp(
            value, kernel=(kernel,) * 2, strides=(2, 2), padding=(0,) * 4, dilations=(1, 1)
        )
    )
    block.add_op(relax.ReturnOp(pool))
    types = FunctionType.from_lists([block.args[0].type], [pool.type])
    x = rng.standard_normal((1, channels, height, width)).astype(np.float32)
    return ModuleOp([relax.FuncOp("main", types, Region(block))]), x


@pytest.mark.parametrize("seed", range(12))
def test_interpreted(seed: int) -> None:
    module, x = network(seed)
    ChooseLayoutsPass(block=16).apply(Context(), module)
    pooled = module.clone()
    PoolConvolutionsPass().apply(Context(), pooled)
    pooled.verify()
    (expected,), (found,) = run(module, "main", [x]), run(pooled, "main", [x])
    np.testing.assert_array_equal(found, expected)


def test_some_are_pooled_and_some_are_not() -> None:
    modules = [network(seed)[0] for seed in range(12)]
    for module in modules:
        ChooseLayoutsPass(block=16).apply(Context(), module)
        PoolConvolutionsPass().apply(Context(), module)
    left = [any(isinstance(op, relax.MaxPoolOp) for op in m.walk()) for m in modules]
    assert 2 < sum(left) < 10


@pytest.mark.parametrize("seed", range(4))
def test_natively(seed: int) -> None:
    module, x = network(seed)
    (expected,) = run(module, "main", [x])
    found = np.asarray(tyrex.compile(module, threads=1, cache=False)(x))
    assert np.abs(found - expected).max() <= BOUND * np.abs(expected).max()
