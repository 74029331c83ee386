"""Convolutions of every kind, natively: random shapes that no tile and no block divides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp, f32
from xdsl.ir import Block, Operation, Region, SSAValue

import tyrex
from tyrex.dialects import relax
from tyrex.dialects.verify import verify_module
from tyrex.interpreters.relax import run
from tyrex.passes.relax.group_convolutions import GroupConvolutionsPass
from tyrex.passes.relax.shrink_convolutions import ShrinkConvolutionsPass
from tyrex.passes.relax.split_conv_transpose import SplitConvTransposePass
from tyrex.passes.relax.trim_windows import TrimWindowsPass

TOLERANCE = 2e-5  # of the largest value: sums in another order, minimal filtering


@dataclass(frozen=True)
class Conv:
    """What decides a convolution."""

    filters: int
    groups: int = 1
    kernel: int = 1
    stride: int = 1
    pad: int = 0
    dilation: int = 1


class Network:
    """Builds a function of one image, operator by operator."""

    def __init__(self, shape: Sequence[int], seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.block = Block(arg_types=[relax.TensorType.of(tuple(shape), f32)])
        self.image = self.block.args[0]

    def add(self, op: Operation) -> SSAValue:
        self.block.add_op(op)
        return op.results[0]

    def constant(self, *shape: int) -> SSAValue:
        return self.add(relax.ConstantOp(self.rng.standard_normal(shape).astype(np.float32)))

    def number(self, value: float) -> SSAValue:
        return self.add(relax.ConstantOp(np.full((), value, np.float32)))

    def conv(self, x: SSAValue, kind: Conv) -> SSAValue:
        """Append `relu(conv(x, w) + b)`."""
        channels = shape_of(x)[1] // kind.groups
        w = self.constant(kind.filters, channels, kind.kernel, kind.kernel)
        window: dict[str, Any] = {
            "strides": (kind.stride,) * 2,
            "padding": (kind.pad,) * 4,
            "dilations": (kind.dilation,) * 2,
        }
        y = self.add(relax.ConvOp(x, w, groups=kind.groups, **window))
        y = self.add(relax.AddOp(y, self.constant(kind.filters, 1, 1)))
        return self.add(relax.ReluOp(y))

    def shuffle(self, x: SSAValue, groups: int) -> SSAValue:
        n, channels, *size = shape_of(x)
        x = self.add(relax.ReshapeOp(x, shape=(n, groups, channels // groups, *size)))
        x = self.add(relax.PermuteDimsOp(x, axes=(0, 2, 1, 3, 4)))
        return self.add(relax.ReshapeOp(x, shape=(n, channels, *size)))

    def module(self, result: SSAValue) -> ModuleOp:
        self.block.add_op(relax.ReturnOp(result))
        types = FunctionType.from_lists([self.image.type], [result.type])
        func = relax.FuncOp("main", types, Region(self.block))
        module = ModuleOp([func])
        verify_module(module)
        return module


def shape_of(value: SSAValue) -> tuple[int, ...]:
    shape = relax.tensor_type(value).static_shape()
    assert shape is not None
    return shape


def check_natively(module: ModuleOp, seed: int = 0) -> None:
    """Compare what native code computes, on two threads, with what the operators mean."""
    (func,) = module.body.ops
    assert isinstance(func, relax.FuncOp)
    shape = shape_of(func.body.block.args[0])
    x = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    expected = run(module, "main", [x])
    (meant,) = expected
    found = np.asarray(tyrex.compile(module, threads=2, cache=False)(x))
    largest = float(np.abs(meant).max())
    assert largest > 0
    np.testing.assert_allclose(found, meant, rtol=0, atol=TOLERANCE * largest)


GROUPED = [
    ((1, 12, 7, 7), Conv(20, groups=4)),
    ((2, 34, 5, 9), Conv(34, groups=2)),
    ((1, 30, 14, 14), Conv(42, groups=3, kernel=3, pad=1)),
    ((1, 32, 13, 11), Conv(64, groups=2, kernel=3, stride=2, pad=1)),
    ((1, 64, 9, 10), Conv(96, groups=2, kernel=1, stride=2)),
    ((1, 10, 9, 8), Conv(15, groups=5, kernel=3, dilation=2, pad=2)),
    ((1, 6, 8, 8), Conv(12, groups=6, kernel=3, pad=1)),
]


@pytest.mark.parametrize(("shape", "kind"), GROUPED)
def test_grouped(shape: tuple[int, ...], kind: Conv) -> None:
    network = Network(shape, kind.filters)
    y = network.conv(network.image, kind)
    check_natively(network.module(y))


@pytest.mark.parametrize(("groups", "channels"), [(2, 16), (3, 21), (4, 136)])
def test_a_shuffle_after_groups(groups: int, channels: int) -> None:
    network = Network((1, channels, 7, 6), channels)
    y = network.conv(network.image, Conv(channels, groups))
    y = network.shuffle(y, groups)
    y = network.conv(y, Conv(channels, groups=channels, kernel=3, pad=1))
    y = network.conv(y, Conv(channels, groups))
    y = network.add(relax.AddOp(y, network.image))
    module = network.module(network.add(relax.ReluOp(y)))
    changed = module.clone()
    GroupConvolutionsPass().apply(Context(), changed)
    verify_module(changed)
    assert not any(isinstance(op, relax.PermuteDimsOp) for op in changed.walk())
    x = np.random.default_rng(0).standard_normal((1, channels, 7, 6)).astype(np.float32)
    (expected,) = run(module, "main", [x])
    (found,) = run(changed, "main", [x])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    check_natively(module)


def test_windows_wider_than_the_image_are_trimmed() -> None:
    rng, trimmed = np.random.default_rng(0), 0
    for seed in range(80):
        size, taps, dilation, stride = (int(rng.integers(1, most)) for most in (9, 5, 12, 4))
        pads = [int(pad) for pad in rng.integers(0, 2 * dilation + 1, 2)]
        if size + sum(pads) <= dilation * (taps - 1):
            continue  # no result
        network = Network((1, 2, size), seed)
        window: dict[str, Any] = {
            "strides": (stride,),
            "padding": pads,
            "dilations": (dilation,),
            "groups": 1,
        }
        w = network.constant(3, 2, taps)
        module = network.module(network.add(relax.ConvOp(network.image, w, **window)))
        x = rng.standard_normal((1, 2, size)).astype(np.float32)
        (expected,) = run(module, "main", [x])
        before = str(module)
        TrimWindowsPass().apply(Context(), module)
        verify_module(module)
        trimmed += str(module) != before
        (found,) = run(module, "main", [x])
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert 20 < trimmed < 70, "some are, some are not"


def mixed(network: Network, x: SSAValue, filters: int) -> SSAValue:
    """Append a convolution of one tap and a bias."""
    w = network.constant(filters, shape_of(x)[1], 1, 1)
    window: dict[str, Any] = {"strides": (1, 1), "padding": (0,) * 4, "dilations": (1, 1)}
    y = network.add(relax.ConvOp(x, w, groups=1, **window))
    return network.add(relax.AddOp(y, network.constant(filters, 1, 1)))


def resampled(network: Network, rng: np.random.Generator, x: SSAValue) -> SSAValue:
    """Append a pooling, a mean over all positions or a resampling."""
    n, channels, *size = shape_of(x)
    kind = rng.integers(4)
    if kind == 0:
        return network.add(relax.MeanOp(x, axes=(2, 3), keepdims=True))
    if kind == 1:
        mode, nearest = (str(rng.choice(words)) for words in (("nearest", "linear"), ("floor",)))
        sizes = (n, channels, *(length * int(rng.integers(1, 4)) for length in size))
        return network.add(relax.ResizeOp(x, sizes=sizes, mode=mode, nearest_mode=nearest))
    k, stride = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    window: dict[str, Any] = {
        "kernel": (k, k),
        "strides": (stride, stride),
        "padding": (k // 2,) * 4,
        "dilations": (1, 1),
    }
    return network.add(relax.AvgPoolOp(x, count_include_pad=bool(rng.integers(2)), **window))


def test_channels_are_mixed_where_positions_are_few() -> None:
    rng, changed = np.random.default_rng(0), 0
    for seed in range(40):
        shape = (1, int(rng.integers(1, 40)), *(int(n) for n in rng.integers(3, 7, 2)))
        network = Network(shape, seed)
        y, filters = network.image, int(rng.integers(1, 40))
        if rng.integers(2):
            y = resampled(network, rng, mixed(network, y, filters))
        else:
            y = resampled(network, rng, y)
            other = network.constant(1, int(rng.integers(1, 20)), *shape_of(y)[2:])
            y = network.add(relax.ConcatOp(y, other, axis=1)) if rng.integers(2) else y
            y = mixed(network, y, filters)
        module = network.module(network.add(relax.TanhOp(y)))
        x = rng.standard_normal(shape).astype(np.float32)
        (expected,) = run(module, "main", [x])
        before = str(module)
        ShrinkConvolutionsPass().apply(Context(), module)
        verify_module(module)
        changed += str(module) != before
        (found,) = run(module, "main", [x])
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert 10 < changed < 30, "some are, some are not"


@pytest.mark.parametrize(("first", "count"), [(0, 16), (16, 32), (16, 20), (8, 16)])
def test_slices_of_channels_and_what_joins_them(first: int, count: int) -> None:
    network = Network((1, 16, 6, 5), count)
    y = network.conv(network.image, Conv(48, kernel=3, pad=1))
    sizes = (1, count, *shape_of(y)[2:])
    part = relax.StridedSliceOp(y, starts=(0, first, 0, 0), sizes=sizes, steps=(1,) * 4)
    z = network.conv(network.add(part), Conv(count, kernel=3, pad=1))
    z = network.add(relax.AddOp(z, part.result))
    joined = network.add(relax.ConcatOp(y, part.result, z, axis=1))
    check_natively(network.module(network.conv(joined, Conv(16))))


def enlarged(network: Network, x: SSAValue, filters: int, k: int) -> SSAValue:
    """Append a transposed convolution whose windows do not overlap, a bias and an activation."""
    w = network.constant(shape_of(x)[1], filters, k, k)
    window: dict[str, Any] = {"strides": (k, k), "padding": (0,) * 4, "dilations": (1, 1)}
    y = network.add(relax.ConvTransposeOp(x, w, output_padding=(0, 0), groups=1, **window))
    y = network.add(relax.AddOp(y, network.constant(filters, 1, 1)))
    return network.add(relax.TanhOp(y))


@pytest.mark.parametrize(("filters", "k"), [(1, 2), (5, 2), (40, 2)])
def test_pixels_are_mixed_before_they_are_laid_out(filters: int, k: int) -> None:
    network = Network((1, 17, 5, 4), filters)
    y = mixed(network, enlarged(network, network.image, 12, k), filters)
    module = network.module(enlarged(network, network.add(relax.ReluOp(y)), 1, 2))
    changed = module.clone()
    SplitConvTransposePass().apply(Context(), changed)
    verify_module(changed)
    first = next(op for op in changed.walk() if isinstance(op, relax.PermuteDimsOp))
    convolutions = [op for op in changed.walk() if isinstance(op, relax.ConvOp)]
    few = filters < 40
    assert all(conv.is_before_in_block(first) for conv in convolutions) is few
    x = np.random.default_rng(0).standard_normal((1, 17, 5, 4)).astype(np.float32)
    (expected,) = run(module, "main", [x])
    (found,) = run(changed, "main", [x])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    check_natively(module)


def random_conv(rng: np.random.Generator, channels: int, depthwise: bool) -> Conv:
    kernel = int(rng.choice([1, 3, 5]))
    groups = channels if depthwise else 1
    filters = channels if depthwise else int(rng.integers(1, 50))
    pad = int(rng.integers(kernel // 2, kernel))
    return Conv(filters, groups, kernel, int(rng.choice([1, 2])), pad)


@pytest.mark.parametrize("seed", range(6))
def test_a_random_chain(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = Network((1, int(rng.integers(1, 40)), *map(int, rng.integers(12, 30, 2))), seed)
    y = network.image
    for i in range(4):
        y = network.conv(y, random_conv(rng, shape_of(y)[1], depthwise=bool(i % 2)))
    check_natively(network.module(y), seed)


def pooled(network: Network, y: SSAValue) -> list[SSAValue]:
    """Return poolings of y, and what is left of it."""
    window: dict[str, Any] = {
        "kernel": (3, 3),
        "strides": (2, 2),
        "padding": (1, 1, 1, 1),
        "dilations": (1, 1),
    }
    most = network.add(relax.MaxPoolOp(y, **window))
    mean = network.add(relax.AvgPoolOp(y, count_include_pad=True, **window))
    return [most, mean]


@pytest.mark.parametrize("channels", [24, 47])
@pytest.mark.parametrize("op_type", [relax.ReluOp, relax.SigmoidOp, relax.ExpOp, relax.LogOp])
def test_channels_that_fill_no_block(channels: int, op_type: type[relax.UnaryOp]) -> None:
    """What lies behind the channels, whatever an operator makes of it, does not count."""
    network = Network((1, 16, 10, 9), channels)
    y = network.conv(network.image, Conv(channels, kernel=3, pad=1))
    y = network.add(relax.MultiplyOp(y, network.number(1 / 64)))
    y = network.add(relax.AddOp(y, network.number(0.5)))
    y = network.add(op_type(y))
    parts = pooled(network, y)
    y = network.add(relax.AddOp(*parts))
    y = network.conv(y, Conv(channels, groups=channels, kernel=3, pad=1))
    y = network.conv(y, Conv(33, kernel=3, pad=1))
    z = network.add(relax.MeanOp(y, axes=(2, 3), keepdims=True))
    check_natively(network.module(network.conv(network.add(relax.MultiplyOp(y, z)), Conv(17))))
