"""Kernels of reductions, softmax and scans compute what the operators mean."""

from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import bf16, f16, f32, f64, i1, i8, i32, i64
from xdsl.ir import Attribute

from tyrex.dialects import dtypes, relax
from tyrex.dialects.dtypes import ui8

from .legalized import Array, check

DTYPES: list[Attribute] = [f32, f64, f16, bf16, i8, i32, i64, ui8]
REDUCTIONS = [relax.SumOp, relax.MeanOp, relax.ProdOp, relax.MaxOp, relax.MinOp]
CASES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((3, 4, 5), (1,)),
    ((3, 4, 5), (0, 2)),
    ((3, 4, 5), (0, 1, 2)),
    ((3, 4), ()),
    ((), ()),
    ((1, 5), (0,)),
    ((0, 3), (1,)),
]


def values(shape: tuple[int, ...], dtype: Attribute, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    plain = dtypes.to_numpy(dtype)
    if dtypes.is_float(dtype):
        return rng.standard_normal(shape).astype(plain)
    return rng.integers(0, 2 if dtypes.is_bool(dtype) else 100, shape).astype(plain)


@pytest.mark.parametrize("op_type", REDUCTIONS, ids=lambda op: op.name)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_reductions(op_type: type[relax.ReductionOp], dtype: Attribute) -> None:
    for seed, (shape, axes) in enumerate(CASES):
        keepdims = bool(seed % 2)
        check(op_type, values(shape, dtype, seed), axes=axes, keepdims=keepdims, scale=10)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("op_type", REDUCTIONS, ids=lambda op: op.name)
def test_reductions_of_symbolic_shapes(op_type: type[relax.ReductionOp], keepdims: bool) -> None:
    x = values((3, 4, 5), f32)
    check(op_type, x, axes=(0, 2), keepdims=keepdims, symbolic=True, scale=10)
    check(op_type, values((3, 4, 5), i32), axes=(1,), keepdims=keepdims, symbolic=True)


@pytest.mark.parametrize("op_type", [relax.MaxOp, relax.MinOp])
def test_extremes_of_nan_bools_and_nothing(op_type: type[relax.ReductionOp]) -> None:
    x = np.array([[1.0, np.nan], [2.0, -np.inf]], np.float32)
    found = check(op_type, x, axes=(1,), keepdims=False)[0]
    assert np.isnan(found).tolist() == [True, False]
    check(op_type, values((4, 2), i1), axes=(1,), keepdims=False)
    check(op_type, values((2, 0), f32), axes=(1,), keepdims=False)
    check(op_type, values((2, 0), i32), axes=(1,), keepdims=False)


def test_sums_and_means_of_nothing() -> None:
    x = values((2, 0), f32)
    assert check(relax.SumOp, x, axes=(1,), keepdims=False)[0].tolist() == [0, 0]
    assert check(relax.ProdOp, x, axes=(1,), keepdims=False)[0].tolist() == [1, 1]
    assert np.isnan(check(relax.MeanOp, x, axes=(1,), keepdims=False)[0]).all()
    assert check(relax.MeanOp, values((2, 0), i32), axes=(1,), keepdims=True)[0].sum() == 0


def test_means_of_integers_truncate() -> None:
    x = np.array([[1, 2], [-1, -2]], np.int32)
    assert check(relax.MeanOp, x, axes=(1,), keepdims=False)[0].tolist() == [1, -1]


@pytest.mark.parametrize("op_type", [relax.ArgMaxOp, relax.ArgMinOp])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("dtype", [f32, bf16, i32, ui8], ids=str)
def test_positions(op_type: type[relax.ArgReductionOp], last: bool, dtype: Attribute) -> None:
    x = np.random.default_rng(0).integers(0, 4, (3, 9, 2)).astype(dtypes.to_numpy(dtype))
    for axis, keepdims in ((0, True), (1, False), (2, True)):
        check(op_type, x, axis=axis, keepdims=keepdims, select_last_index=last)
        check(op_type, x, axis=axis, keepdims=keepdims, select_last_index=last, symbolic=True)


def test_the_position_of_a_nan() -> None:
    x = np.array([1.0, np.nan, np.inf, np.nan], np.float32)
    for op_type in (relax.ArgMaxOp, relax.ArgMinOp):
        options: dict[str, Any] = {"axis": 0, "keepdims": False}
        assert check(op_type, x, select_last_index=False, **options)[0] == 1
        assert check(op_type, x, select_last_index=True, **options)[0] == 3


@pytest.mark.parametrize("op_type", [relax.SoftmaxOp, relax.LogSoftmaxOp])
@pytest.mark.parametrize("dtype", [f32, f64, f16, bf16], ids=str)
def test_softmax(op_type: type[relax.RelaxOp], dtype: Attribute) -> None:
    for axis in range(3):
        check(op_type, values((3, 1, 5), dtype, axis) * 10, axis=axis, scale=10)
    check(op_type, values((0, 4), dtype), axis=1)
    check(op_type, values((4, 3), dtype), axis=1, symbolic=True, scale=10)


def test_softmax_of_large_numbers() -> None:
    x = np.array([[1000.0, 1001.0, -np.inf]], np.float32)
    found = check(relax.SoftmaxOp, x, axis=1, scale=10)[0]
    np.testing.assert_allclose(found, [[0.26894143, 0.7310586, 0.0]], rtol=1e-5)


@pytest.mark.parametrize("op_type", [relax.CumSumOp, relax.CumProdOp])
@pytest.mark.parametrize("dtype", [f32, f16, i32], ids=str)
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_scans(
    op_type: type[relax.ScanOp], dtype: Attribute, exclusive: bool, reverse: bool
) -> None:
    options: dict[str, Any] = {"exclusive": exclusive, "reverse": reverse}
    check(op_type, values((5,), dtype), axis=0, **options, scale=10)
    check(op_type, values((2, 4, 3), dtype), axis=1, **options, symbolic=True, scale=10)
    check(op_type, values((3, 1), dtype), axis=1, **options)
    check(op_type, values((3, 0), dtype), axis=1, **options)


def test_an_exclusive_sum() -> None:
    x = np.array([1, 2, 3], np.int64)
    assert check(relax.CumSumOp, x, axis=0, exclusive=True, reverse=False)[0].tolist() == [0, 1, 3]
    assert check(relax.CumSumOp, x, axis=0, exclusive=True, reverse=True)[0].tolist() == [5, 3, 0]
