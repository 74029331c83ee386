"""Kernels of linear algebra and normalization compute what the operators mean."""

from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import bf16, f16, f32, f64, i32
from xdsl.ir import Attribute

from tyrex.dialects import dtypes, relax
from tyrex.dialects.dtypes import ui8

from .legalized import Array, check

FLOATS: list[Attribute] = [f32, f64, f16, bf16]


def values(shape: tuple[int, ...], dtype: Attribute = f32, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    plain = dtypes.to_numpy(dtype)
    if dtypes.is_float(dtype):
        return rng.standard_normal(shape).astype(plain)
    return rng.integers(0, 100, shape).astype(plain)


@pytest.mark.parametrize("dtype", [*FLOATS, i32, ui8], ids=str)
@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("transpose_b", [False, True])
def test_matmul(dtype: Attribute, transpose_a: bool, transpose_b: bool) -> None:
    a, b = values((5, 7), dtype), values((7, 3), dtype, 1)
    left, right = a.T if transpose_a else a, b.T if transpose_b else b
    options: dict[str, Any] = {"transpose_a": transpose_a, "transpose_b": transpose_b}
    check(relax.MatmulOp, left.copy(), right.copy(), **options, scale=10)
    check(relax.MatmulOp, left.copy(), right.copy(), **options, symbolic=True, scale=10)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((2, 3, 4), (4, 5)),
        ((3, 4), (2, 4, 5)),
        ((2, 1, 3, 4), (5, 4, 2)),
        ((1, 1), (1, 1)),
        ((0, 4), (4, 3)),
        ((3, 0), (0, 2)),
    ],
)
def test_batches_of_matmul_broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    options: dict[str, Any] = {"transpose_a": False, "transpose_b": False}
    check(relax.MatmulOp, values(a), values(b, seed=1), **options, scale=10)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
        ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 5)]),
        ("ii->i", [(3, 3)]),
        ("ii", [(3, 3)]),
        ("...ij->...ji", [(2, 3, 4)]),
        ("...i,...i", [(2, 1, 3), (4, 3)]),
        ("i,j->ij", [(2,), (3,)]),
        ("ij->", [(2, 3)]),
        ("ij,j->i", [(2, 1), (3,)]),
    ],
)
def test_einsum(equation: str, shapes: list[tuple[int, ...]]) -> None:
    xs = [values(shape, seed=i) for i, shape in enumerate(shapes)]
    (found,) = check(relax.EinsumOp, *xs, equation=equation, scale=10)
    np.testing.assert_allclose(found, np.einsum(equation, *xs), rtol=1e-5, atol=1e-5)
    check(relax.EinsumOp, *xs, equation=equation, symbolic=True, scale=10)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("symbolic", [False, True])
def test_normalizations(dtype: Attribute, symbolic: bool) -> None:
    x = values((2, 3, 5, 4), dtype) * 2 + 1
    c = [values((3,), dtype, seed) for seed in range(1, 5)]
    options: dict[str, Any] = {"symbolic": symbolic, "scale": 10.0}
    check(relax.BatchNormOp, x, *c[:3], np.abs(c[3]), epsilon=1e-3, **options)
    check(relax.InstanceNormOp, x, *c[:2], epsilon=1e-3, **options)
    for axis in (1, 2, 3):
        inner = x.shape[axis:]
        affine = values(inner, dtype, 5), values(inner, dtype, 6)
        check(relax.LayerNormOp, x, *affine, axis=axis, epsilon=1e-5, **options)
    check(relax.LrnOp, x, size=3, alpha=0.1, beta=0.75, bias=1.5, **options)


def test_a_variance_beside_a_large_mean() -> None:
    """The differences from the mean are squared: squares of the elements would cancel."""
    x = (values((2, 64)) + 1000).astype(np.float32)
    ones, zeros = np.ones(64, np.float32), np.zeros(64, np.float32)
    (found,) = check(relax.LayerNormOp, x, ones, zeros, axis=1, epsilon=1e-5, scale=1000)
    wide = x.astype(np.float64)
    exact = (wide - wide.mean(1, keepdims=True)) / wide.std(1, keepdims=True)
    np.testing.assert_allclose(found, exact, atol=5e-4)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_lrn_windows(size: int) -> None:
    check(relax.LrnOp, values((1, 5, 2)), size=size, alpha=0.5, beta=0.5, bias=1.0, scale=10)
