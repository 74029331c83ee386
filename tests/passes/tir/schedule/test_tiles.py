"""Products of every orientation in register tiles: the same numbers, interpreted and natively.

Each of a known batch, and of one that a symbol decides.
"""

from dataclasses import replace
from random import Random

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import f32

from tyrex.dialects import tir
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

# Caches so small that products of a few rows are large: panels, blocks of rows, prefetches.
SMALL = Target(
    "x86_64-linux-gnu", vector_bits=128, vector_registers=32, l1d_bytes=64, l2_bytes=2048, cores=2
)
SIZES = (1, 2, 3, 7, 16, 17, 40, 64)


def product(seed: int, *, symbolic: bool = False) -> Case:
    """A batch of products; operands transposed, batched or shared by chance; a bias at times."""
    r = Random(seed)
    batch = r.choice((1, 1, 3))
    symbols = {"batch": seed % 4} if symbolic else {}
    count = as_expr(var("batch") if symbolic else batch)
    m, n, depth = (r.choice(SIZES) for _ in range(3))
    if seed % 5 == 0:
        m, n, depth = 64, 40, 16  # many tiles of rows and of columns
    transpose_a, transpose_b = r.random() < 0.3, r.random() < 0.4
    share_b = r.random() < 0.5
    k = Kernel(f"product_{seed}")
    a = k.input((count, depth, m) if transpose_a else (count, m, depth), f32)
    b = k.input((1 if share_b else count, *((n, depth) if transpose_b else (depth, n))), f32)
    bias = k.input((n,), f32)
    y = k.output((count, m, n), f32)
    t = k.temp((count, m, n), f32)

    def of(p: IntExpr, i: IntExpr, j: IntExpr, *, swapped: bool) -> tuple[IntExpr, ...]:
        return (p, j, i) if swapped else (p, i, j)

    def add(acc: Value, p: IntExpr, i: IntExpr, j: IntExpr, q: IntExpr) -> Value:
        left = k.load(a, *of(p, i, q, swapped=transpose_a))
        right = k.load(b, *of(p * (0 if share_b else 1), q, j, swapped=transpose_b))
        return acc + left * right

    k.reduce("product", t, (depth,), 0, add)
    k.map("bias", y, lambda p, i, j: k.load(t, p, i, j) + k.load(bias, j))
    return Case(k.build(), symbols)


def scheduled(case: Case, target: Target) -> tir.FuncOp:
    """Return the kernel after the passes of the scheduled level."""
    module = module_of(case.func, target)
    for tir_pass in SCHEDULED:
        tir_pass.apply(Context(), module)
    module.verify()
    return kernel_in(module)


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_interpreted(seed: int, symbolic: bool) -> None:
    case = product(seed, symbolic=symbolic)
    assert_same(case.outputs_of(scheduled(case, SMALL), seed), case.outputs_of(case.func, seed))


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_natively(seed: int, symbolic: bool) -> None:
    case = product(seed, symbolic=symbolic)
    target = replace(host(), l1d_bytes=64, l2_bytes=2048)
    module = module_of(case.func, target)
    for tir_pass in SCHEDULED:
        tir_pass.apply(Context(), module)
    found = NativeKernel(module)(case.arguments(seed), case.symbols)
    assert_same(found, case.outputs_of(case.func, seed))


@pytest.mark.parametrize("symbolic", [False, True])
def test_every_way_is_taken(symbolic: bool) -> None:
    """Some of the random products have panels, some prefetches, some neither."""
    cases = [product(seed, symbolic=symbolic) for seed in range(30)]
    texts = [str(scheduled(case, SMALL)) for case in cases]
    workspaces = [text for text in texts if "workspaces" in text]
    assert 3 < len(workspaces) < 27
    assert symbolic or any("tir.prefetch" in text for text in texts)
