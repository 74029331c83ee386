"""The elementwise operators, against ONNX's reference and by hand."""

import ml_dtypes
import numpy as np
import pytest
from xdsl.dialects.builtin import i8

from tyrex.dialects import relax

from .onnx_reference import Array, meaning, reference

RNG = np.random.default_rng(7)

UNARY = {
    "Abs": relax.AbsOp,
    "Acos": relax.AcosOp,
    "Asin": relax.AsinOp,
    "Asinh": relax.AsinhOp,
    "Atan": relax.AtanOp,
    "Atanh": relax.AtanhOp,
    "Ceil": relax.CeilOp,
    "Cos": relax.CosOp,
    "Cosh": relax.CoshOp,
    "Erf": relax.ErfOp,
    "Exp": relax.ExpOp,
    "Floor": relax.FloorOp,
    "IsNaN": relax.IsNanOp,
    "Neg": relax.NegOp,
    "Relu": relax.ReluOp,
    "Round": relax.RoundOp,
    "Sigmoid": relax.SigmoidOp,
    "Sign": relax.SignOp,
    "Sin": relax.SinOp,
    "Sinh": relax.SinhOp,
    "Tan": relax.TanOp,
    "Tanh": relax.TanhOp,
}
POSITIVE = {"Acosh": relax.AcoshOp, "Log": relax.LogOp, "Sqrt": relax.SqrtOp}
BINARY = {
    "Add": relax.AddOp,
    "Div": relax.DivideOp,
    "Equal": relax.EqualOp,
    "Greater": relax.GreaterOp,
    "GreaterOrEqual": relax.GreaterEqualOp,
    "Less": relax.LessOp,
    "LessOrEqual": relax.LessEqualOp,
    "Max": relax.MaximumOp,
    "Min": relax.MinimumOp,
    "Mul": relax.MultiplyOp,
    "Sub": relax.SubtractOp,
}


def close(found: Array, expected: Array) -> None:
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", UNARY)
def test_unary_operators(name: str) -> None:
    x = RNG.uniform(-0.99, 0.99, (3, 4)).astype(np.float32)
    close(meaning(UNARY[name], x)[0], reference(name, [x])[0])


@pytest.mark.parametrize("name", POSITIVE)
def test_unary_operators_of_positive_numbers(name: str) -> None:
    x = RNG.uniform(1, 9, (3, 4)).astype(np.float32)
    close(meaning(POSITIVE[name], x)[0], reference(name, [x])[0])
    close(meaning(relax.RsqrtOp, x)[0], 1 / np.sqrt(x))


@pytest.mark.parametrize("name", BINARY)
def test_binary_operators(name: str) -> None:
    a, b = (RNG.integers(1, 5, shape).astype(np.float32) for shape in ((3, 4), (2, 1, 4)))
    close(meaning(BINARY[name], a, b)[0], reference(name, [a, b])[0])
    a, b = a.astype(np.int32), b.astype(np.int32)
    close(meaning(BINARY[name], a, b)[0], reference(name, [a, b])[0])


def test_powers_and_remainders() -> None:
    a, b = RNG.uniform(0.5, 5, (2, 3, 4)).astype(np.float32)
    close(meaning(relax.PowerOp, a, b)[0], reference("Pow", [a, b])[0])
    signed = np.array([-7, -7, 7, 7, 5], np.int64), np.array([3, -3, 3, -3, 5], np.int64)
    close(meaning(relax.FloorModOp, *signed)[0], reference("Mod", list(signed))[0])
    close(meaning(relax.FmodOp, *signed)[0], reference("Mod", list(signed), fmod=1)[0])
    assert meaning(relax.FloorModOp, -a, b)[0].tolist() == np.mod(-a, b).tolist()


def test_integers_divided_by_zero_are_zero() -> None:
    a, zero = np.array([5, -128], np.int8), np.zeros(2, np.int8)
    for op_type in (relax.DivideOp, relax.FloorModOp, relax.FmodOp):
        assert meaning(op_type, a, zero)[0].tolist() == [0, 0]
    assert meaning(relax.DivideOp, a, zero - 1)[0].tolist() == [-5, -128]


def test_integer_powers() -> None:
    a, b = np.array([2, -1, 3, 0], np.int32), np.array([-1, -3, 4, -1], np.int32)
    assert meaning(relax.PowerOp, a, b)[0].tolist() == [0, -1, 81, 0]


def test_shifts() -> None:
    a, b = np.array([1, -8, -8, 1], np.int8), np.array([3, 1, 8, -1], np.int8)
    assert meaning(relax.LeftShiftOp, a, b)[0].tolist() == [8, -16, 0, 0]
    assert meaning(relax.RightShiftOp, a, b)[0].tolist() == [0, -4, -1, 0]


def test_bits_and_bools() -> None:
    a, b = np.array([True, True, False]), np.array([True, False, False])
    assert meaning(relax.LogicalAndOp, a, b)[0].tolist() == [True, False, False]
    assert meaning(relax.LogicalOrOp, a, b)[0].tolist() == [True, True, False]
    assert meaning(relax.LogicalXorOp, a, b)[0].tolist() == [False, True, False]
    assert meaning(relax.LogicalNotOp, b)[0].tolist() == [False, True, True]
    x = np.array([5], np.uint8)
    assert meaning(relax.BitwiseNotOp, x)[0].tolist() == [250]
    assert meaning(relax.BitwiseXorOp, x, x + 1)[0].tolist() == [3]


def test_casts_saturate() -> None:
    x = np.array([np.nan, np.inf, -300.7, -0.5, 127.9], np.float32)
    found = meaning(relax.CastOp, x, dtype=i8)[0]
    assert found.dtype == np.int8
    assert found.tolist() == [0, 127, -128, 0, 127]


def test_half_floats_stay_half() -> None:
    x = RNG.standard_normal(64).astype(ml_dtypes.bfloat16)
    wide = x.astype(np.float32)
    found = meaning(relax.TanhOp, x)[0]
    assert found.tobytes() == np.tanh(wide).astype(x.dtype).tobytes()
    assert meaning(relax.AddOp, x, x)[0].tobytes() == (wide + wide).astype(x.dtype).tobytes()
