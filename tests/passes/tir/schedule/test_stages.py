"""Convolutions that copy their input piece by piece, of any batch: interpreted and natively."""

from dataclasses import replace
from random import Random

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32

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
