"""Sums over long rows, read in runs: the same numbers, interpreted and natively."""

from dataclasses import replace
from random import Random

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import f32, i32

from tyrex.dialects.target import Target
from tyrex.dialects.tir.values import Value
from tyrex.passes.pipelines import SCHEDULED
from tyrex.symbolic import IntExpr, as_expr, var

from ...kernels import (  # noqa: TID251  # the tests' folder, not the package's
    Case,
    Kernel,
    assert_same,
    kernel_in,
    module_of,
)
from ...native import NativeKernel, host  # noqa: TID251

SMALL = Target("x86_64-linux-gnu", vector_bits=128, vector_registers=16, l2_bytes=512, cores=2)
SEEDS = 12


def column_sums(seed: int) -> Case:
    """Sums over the rows of matrices, or over those and a further axis; doubled."""
    r = Random(seed)
    rows: IntExpr = as_expr(r.choice((16, 17, 35)))
    symbols = {}
    if r.random() < 0.3:
        rows, symbols = var("n"), {"n": r.choice((1, 4, 19))}
    outer, inner = r.choice((1, 3)), r.choice((1, 2))
    dtype, width = r.choice((f32, i32)), r.choice((601, 640, 1030))
    k = Kernel(f"columns_{seed}")
    x, y = k.input((outer, inner, rows, width), dtype), k.output((outer, width), dtype)
    t = k.temp((outer, width), dtype)

    def add(acc: Value, o: IntExpr, w: IntExpr, i: IntExpr, row: IntExpr) -> Value:
        return acc + k.load(x, o, i, row, w)

    k.reduce("sum", t, (inner, rows), 0, add)
    k.map("double", y, lambda o, w: k.load(t, o, w) * k.const(2, dtype))
    return Case(k.build(), symbols)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_interpreted(seed: int) -> None:
    case = column_sums(seed)
    module = module_of(case.func, SMALL)
    for tir_pass in SCHEDULED:
        tir_pass.apply(Context(), module)
    module.verify()
    assert_same(case.outputs_of(kernel_in(module), seed), case.outputs_of(case.func, seed))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_natively(seed: int) -> None:
    case = column_sums(seed)
    module = module_of(case.func, replace(host(), l2_bytes=512))
    for tir_pass in SCHEDULED:
        tir_pass.apply(Context(), module)
    found = NativeKernel(module)(case.arguments(seed), case.symbols)
    assert_same(found, case.outputs_of(case.func, seed))
