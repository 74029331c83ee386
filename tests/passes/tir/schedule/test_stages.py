"""Convolutions that copy their input piece by piece, of any batch: interpreted and natively."""

from dataclasses import replace
from random import Random

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32

from tyrex.analysis.nests import Nest, statements
from tyrex.analysis.staging import choose_staging
from tyrex.analysis.steps import NestSteps, constant_extents
from tyrex.analysis.tiling import choose_tile
from tyrex.dialects.target import Target
from tyrex.dialects.tir.values import Value
from tyrex.passes.pipelines import SCHEDULED
from tyrex.symbolic import IntExpr, var

from ...kernels import (  # noqa: TID251  # the tests' folder, not the package's
    Case,
    Kernel,
    assert_same,
    kernel_in,
    module_of,
)
from ...native import NativeKernel, host  # noqa: TID251

SMALL = Target(
    "x86_64-linux-gnu", vector_bits=128, vector_registers=16, l1d_bytes=512, l2_bytes=4096, cores=2
)
SIZES = (3, 4, 6, 9)


def convolution(seed: int) -> Case:
    """A convolution in blocks of 4 channels with a border, a stride by chance, then a bias."""
    r = Random(seed)
    size, stride = r.choice(SIZES), r.choice((1, 2))
    blocks, filters, lanes = r.choice((1, 2)), r.choice((1, 3)), 4
    out = (size - 1) // stride + 1
    n = var("n")
    k = Kernel(f"convolution_{seed}")
    x = k.input((n, blocks, size, size, lanes), f32)
    w = k.input((filters, blocks, 3, 3, lanes, lanes), f32)
    bias = k.input((filters, lanes), f32)
    y = k.output((n, filters, out, out, lanes), f32)
    t = k.temp((n, filters, out, out, lanes), f32)

    def add(acc: Value, *at: IntExpr) -> Value:
        b, o, i, j, lane, c, u, v, q = at
        row, column = i * stride + u - 1, j * stride + v - 1
        where = (row, size - 1 - row, column, size - 1 - column)
        return acc + k.load(x, b, c, row, column, q, where=where) * k.load(w, o, c, u, v, q, lane)

    k.reduce("conv", t, (blocks, 3, 3, lanes), 0.0, add)

    def plus(b: IntExpr, o: IntExpr, i: IntExpr, j: IntExpr, lane: IntExpr) -> Value:
        return k.load(t, b, o, i, j, lane) + k.load(bias, o, lane)

    k.compute("bias", y, plus)
    return Case(k.build(), {"n": seed % 4})


def scheduled(case: Case, target: Target) -> ModuleOp:
    """Return a module with the kernel after the passes of the scheduled level."""
    module = module_of(case.func, target)
    for tir_pass in SCHEDULED:
        tir_pass.apply(Context(), module)
    module.verify()
    return module


@pytest.mark.parametrize("seed", range(12))
def test_interpreted(seed: int) -> None:
    case = convolution(seed)
    found = case.outputs_of(kernel_in(scheduled(case, SMALL)), seed)
    assert_same(found, case.outputs_of(case.func, seed))


@pytest.mark.parametrize("seed", range(0, 12, 2))
def test_natively(seed: int) -> None:
    case = convolution(seed + 1)
    module = scheduled(case, replace(host(), vector_bits=128, l1d_bytes=512, l2_bytes=4096))
    found = NativeKernel(module)(case.arguments(seed), case.symbols)
    assert_same(found, case.outputs_of(case.func, seed))


def test_pieces_are_made() -> None:
    """Some of the convolutions copy pieces onto the stack, some all of the input."""
    texts = [str(kernel_in(scheduled(convolution(seed), SMALL))) for seed in range(12)]
    assert sum("workspaces" not in text for text in texts) > 2
    assert any("workspaces" in text for text in texts)


MACHINE = Target("x86_64-linux-gnu", vector_bits=512, vector_registers=32, cores=2)


def depthwise(width: int, stride: int) -> Case:
    """Return a convolution of each channel alone, its lanes along the rows of the image."""
    k = Kernel(f"depthwise_{width}_{stride}")
    columns = (width - 1) * stride + 3
    x = k.input((4, 6, columns - 2), f32)
    w = k.input((4, 3, 3), f32)
    y = k.output((4, 4, width), f32)
    p = k.temp((4, 6, columns), f32)
    k.map("pad", p, lambda c, i, j: k.load(x, c, i, j - 1, where=(j - 1, columns - 2 - j)))

    def update(acc: Value, c: IntExpr, i: IntExpr, j: IntExpr, r: IntExpr, s: IntExpr) -> Value:
        return acc + k.load(p, c, i + r, j * stride + s) * k.load(w, c, r, s)

    k.reduce("depthwise", y, (3, 3), 0, update)
    return Case(k.build(), {})


@pytest.mark.parametrize("width", [28, 15, 17])
def test_the_last_vector_reads_within_the_piece(width: int) -> None:
    """The interpreter refuses an index outside of its buffer, in every lane that is read."""
    case = depthwise(width, 1)
    pad, conv = [nest for nest in statements(case.func) if isinstance(nest, Nest)]
    extents = constant_extents(conv)
    assert extents is not None
    steps = NestSteps(conv, extents)
    tile = choose_tile(steps, MACHINE)
    assert tile is not None
    staging = choose_staging(steps, tile, pad, MACHINE)
    assert staging is not None, "the case is about pieces"
    over = -width % tile.lanes
    assert staging.reach == (*staging.shape[:-1], staging.shape[-1] + over)
    expected = case.outputs_of(case.func, seed=1)
    module = module_of(case.func, MACHINE)
    for tir_pass in SCHEDULED:
        tir_pass.apply(Context(), module)
    assert_same(case.outputs_of(kernel_in(module), seed=1), expected)


def test_other_lanes_other_reach() -> None:
    case = depthwise(28, 1)
    for bits in (128, 256):
        module = module_of(case.func, replace(MACHINE, vector_bits=bits))
        for tir_pass in SCHEDULED:
            tir_pass.apply(Context(), module)
        found = case.outputs_of(kernel_in(module), seed=2)
        assert_same(found, case.outputs_of(case.func, seed=2))
