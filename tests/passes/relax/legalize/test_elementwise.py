"""Elementwise kernels compute what the operators mean, on odd values and ragged shapes."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from xdsl.dialects.builtin import bf16, f16, f32, f64, i1, i8, i32, i64
from xdsl.ir import Attribute

from tyrex.dialects import dtypes, relax
from tyrex.dialects.dtypes import ui8, ui32, ui64

from .legalized import Array, check

SHAPES = [(), (1,), (7,), (0,), (3, 1, 4), (2, 0, 3)]
BROADCASTS: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((), ()),
    ((3, 4), (3, 4)),
    ((3, 4), (4,)),
    ((2, 1, 5), (3, 1)),
    ((), (2, 3)),
    ((1, 1), (5,)),
    ((0, 3), (1, 3)),
]
FLOATS: list[Attribute] = [f32, f64, f16, bf16]
INTEGERS: list[Attribute] = [i8, i32, i64, ui8, ui64]
ODD = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, np.nan, np.inf, -np.inf, 1e4, -3.0]
UNARY = [op for op in relax.ELEMENTWISE if issubclass(op, relax.UnaryOp)]
BINARY = [op for op in relax.ELEMENTWISE if issubclass(op, relax.BinaryOp)]
INEXACT = {
    relax.AcosOp, relax.AcoshOp, relax.AsinOp, relax.AsinhOp, relax.AtanOp, relax.AtanhOp,
    relax.CosOp, relax.CoshOp, relax.ErfOp, relax.ExpOp, relax.FloorModOp, relax.FmodOp,
    relax.LogOp, relax.PowerOp, relax.RsqrtOp, relax.SigmoidOp, relax.SinOp, relax.SinhOp,
    relax.TanOp, relax.TanhOp,
}  # fmt: skip


def values(shape: tuple[int, ...], dtype: Attribute, seed: int = 0) -> Array:
    """Return random values, odd ones among them."""
    rng = np.random.default_rng(seed)
    plain = dtypes.to_numpy(dtype)
    if dtypes.is_bool(dtype):
        return rng.integers(0, 2, shape).astype(bool)
    if dtypes.is_float(dtype):
        normal = rng.standard_normal(shape) * 3
        return np.where(rng.random(shape) < 0.4, rng.choice(ODD, shape), normal).astype(plain)
    info = np.iinfo(dtypes.name_of(dtype))
    edges = np.array([0, 1, 2, 3, 7, info.max, info.min, *([-1, -2] if info.min else [])], plain)
    wide = rng.integers(info.min, info.max, shape, plain, endpoint=True)
    return np.where(rng.random(shape) < 0.6, rng.choice(edges, shape), wide).astype(plain)


def accepted(op_type: type[relax.RelaxOp]) -> list[Attribute]:
    assert issubclass(op_type, relax.UnaryOp | relax.BinaryOp)
    return [dtype for dtype in [*FLOATS, *INTEGERS, i1] if op_type.ACCEPTS(dtype)]


def properties(op_type: type[relax.RelaxOp]) -> dict[str, Any]:
    return {"detect_positive": True, "detect_negative": False} if op_type is relax.IsInfOp else {}


@pytest.mark.parametrize("op_type", UNARY, ids=lambda op: op.name)
def test_unary_operators(op_type: type[relax.RelaxOp]) -> None:
    scale = 10.0 if op_type in INEXACT else 1.0
    for seed, dtype in enumerate(accepted(op_type)):
        shape = SHAPES[seed % len(SHAPES)]
        check(op_type, values((5, 7), dtype, seed), scale=scale, **properties(op_type))
        check(op_type, values(shape, dtype, seed), scale=scale, **properties(op_type))


@pytest.mark.parametrize("op_type", BINARY, ids=lambda op: op.name)
def test_binary_operators(op_type: type[relax.RelaxOp]) -> None:
    scale = 10.0 if op_type in INEXACT else 1.0
    for seed, dtype in enumerate(accepted(op_type)):
        a, b = BROADCASTS[seed % len(BROADCASTS)]
        operands = values((11, 13), dtype, seed), values((11, 13), dtype, seed + 1)
        check(op_type, *operands, scale=scale)
        check(op_type, values(a, dtype, seed), values(b, dtype, seed + 2), scale=scale)


@pytest.mark.parametrize(("a", "b"), BROADCASTS)
@pytest.mark.parametrize("symbolic", [False, True])
def test_broadcasting(a: tuple[int, ...], b: tuple[int, ...], symbolic: bool) -> None:
    check(relax.AddOp, values(a, f32), values(b, f32, 1), symbolic=symbolic)
    check(relax.LessOp, values(b, i32), values(a, i32, 1), symbolic=symbolic)


def test_a_dim_that_may_be_one() -> None:
    """The same kernel broadcasts or not, by the value of a symbol."""
    check(relax.MultiplyOp, values((3, 4), f32), values((5, 3, 1), f32, 1), symbolic=True)


@pytest.mark.parametrize("detect", [(True, True), (True, False), (False, True), (False, False)])
def test_is_inf_looks_for_the_signs_asked(detect: tuple[bool, bool]) -> None:
    x = np.array([np.inf, -np.inf, np.nan, 0.0], np.float32)
    (found,) = check(relax.IsInfOp, x, detect_positive=detect[0], detect_negative=detect[1])
    assert found.tolist() == [*detect, False, False]


@pytest.mark.parametrize("dtype", [f32, i64, i1, bf16], ids=str)
def test_where(dtype: Attribute) -> None:
    cond = values((3, 1), i1)
    (found,) = check(relax.WhereOp, cond, values((1, 4), dtype), values((), dtype, 1))
    assert found.shape == (3, 4)


@pytest.mark.parametrize("source", [*FLOATS, *INTEGERS, i1], ids=str)
@pytest.mark.parametrize("target", [*FLOATS, i1, i8, i64, ui8, ui32, ui64], ids=str)
def test_cast(source: Attribute, target: Attribute) -> None:
    check(relax.CastOp, values((4, 9), source), dtype=target)


def test_casts_of_floats_saturate() -> None:
    x = np.array([np.nan, np.inf, -np.inf, 300.7, -300.7, -0.5, 127.9], np.float32)
    (signed,) = check(relax.CastOp, x, dtype=i8)
    assert signed.tolist() == [0, 127, -128, 127, -128, 0, 127]
    (unsigned,) = check(relax.CastOp, x, dtype=ui8)
    assert unsigned.tolist() == [0, 255, 0, 255, 0, 0, 127]


def test_integer_division_never_traps() -> None:
    low = np.iinfo(np.int32).min
    a = np.array([7, -7, 7, -7, low, 5, 0], np.int32)
    b = np.array([2, 2, -2, -2, -1, 0, 0], np.int32)
    assert check(relax.DivideOp, a, b)[0].tolist() == [3, -3, -3, 3, low, 0, 0]
    assert check(relax.FmodOp, a, b)[0].tolist() == [1, -1, 1, -1, 0, 0, 0]
    assert check(relax.FloorModOp, a, b)[0].tolist() == [1, 1, -1, -1, 0, 0, 0]


def test_shifts_beyond_the_width() -> None:
    a = np.array([1, -8, -8, 1, -1], np.int8)
    b = np.array([3, 1, 8, 100, -1], np.int8)
    assert check(relax.LeftShiftOp, a, b)[0].tolist() == [8, -16, 0, 0, 0]
    assert check(relax.RightShiftOp, a, b)[0].tolist() == [0, -4, -1, 0, -1]


def test_integer_power() -> None:
    a = np.array([2, -3, 0, -1, -1, 1, 2, 0, 7], np.int64)
    b = np.array([10, 3, 0, -3, -2, -9, -1, -1, 40], np.int64)
    wrapped = (7**40 + 2**63) % 2**64 - 2**63
    expected = [1024, -27, 1, -1, 1, 1, 0, 0, wrapped]
    assert check(relax.PowerOp, a, b)[0].tolist() == expected


def test_nan_wins() -> None:
    x = np.array([np.nan, 1.0, np.nan], np.float32)
    y = np.array([1.0, np.nan, -1.0], np.float32)
    assert np.isnan(check(relax.MaximumOp, x, y)[0]).all()
    assert np.isnan(check(relax.MinimumOp, x, y)[0]).all()
    assert np.isnan(check(relax.ReluOp, x)[0]).tolist() == [True, False, True]


def test_half_floats_are_rounded_once() -> None:
    x = np.linspace(-8, 8, 101).astype(ml_dtypes.bfloat16)
    exact = (1 / (1 + np.exp(-x.astype(np.float32)))).astype(ml_dtypes.bfloat16)
    assert check(relax.SigmoidOp, x)[0].tobytes() == exact.tobytes()
