"""What the elementwise operators mean in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from ...dialects import dtypes, relax
from .registry import Array, impl
from .widening import narrow_like, wide

_UFUNCS: dict[type[relax.RelaxOp], Callable[..., Array]] = {
    relax.AbsOp: np.abs,
    relax.AcosOp: np.arccos,
    relax.AcoshOp: np.arccosh,
    relax.AddOp: np.add,
    relax.AsinOp: np.arcsin,
    relax.AsinhOp: np.arcsinh,
    relax.AtanOp: np.arctan,
    relax.AtanhOp: np.arctanh,
    relax.CeilOp: np.ceil,
    relax.CosOp: np.cos,
    relax.CoshOp: np.cosh,
    relax.ExpOp: np.exp,
    relax.FloorOp: np.floor,
    relax.LogOp: np.log,
    relax.MaximumOp: np.maximum,
    relax.MinimumOp: np.minimum,
    relax.MultiplyOp: np.multiply,
    relax.NegOp: np.negative,
    relax.RoundOp: np.rint,
    relax.SignOp: np.sign,
    relax.SinOp: np.sin,
    relax.SinhOp: np.sinh,
    relax.SqrtOp: np.sqrt,
    relax.SubtractOp: np.subtract,
    relax.TanOp: np.tan,
    relax.TanhOp: np.tanh,
}
"""Functions of numbers; half floats are computed in f32 and rounded once."""

_PLAIN: dict[type[relax.RelaxOp], Callable[..., Array]] = {
    relax.BitwiseAndOp: np.bitwise_and,
    relax.BitwiseNotOp: np.invert,
    relax.BitwiseOrOp: np.bitwise_or,
    relax.BitwiseXorOp: np.bitwise_xor,
    relax.EqualOp: np.equal,
    relax.GreaterEqualOp: np.greater_equal,
    relax.GreaterOp: np.greater,
    relax.IsNanOp: np.isnan,
    relax.LessEqualOp: np.less_equal,
    relax.LessOp: np.less,
    relax.LogicalAndOp: np.logical_and,
    relax.LogicalNotOp: np.logical_not,
    relax.LogicalOrOp: np.logical_or,
    relax.LogicalXorOp: np.logical_xor,
    relax.NotEqualOp: np.not_equal,
    relax.WhereOp: np.where,
}
"""Functions of any element type, computed in it."""


def _widened(function: Callable[..., Array], op: relax.RelaxOp, *arrays: Array) -> Array:
    return narrow_like(np.asarray(function(*map(wide, arrays))), arrays[0])


def _plain(function: Callable[..., Array], op: relax.RelaxOp, *arrays: Array) -> Array:
    return function(*arrays)


for _op_type, _function in _UFUNCS.items():
    impl(_op_type)(partial(_widened, _function))
for _op_type, _function in _PLAIN.items():
    impl(_op_type)(partial(_plain, _function))


@impl(relax.ErfOp)
def _erf(op: relax.ErfOp, x: Array) -> Array:
    values = [math.erf(value) for value in x.reshape(-1).tolist()]
    return np.array(values, np.float64).reshape(x.shape).astype(x.dtype)


@impl(relax.RsqrtOp)
def _rsqrt(op: relax.RsqrtOp, x: Array) -> Array:
    return narrow_like(1 / np.sqrt(wide(x)), x)


@impl(relax.SigmoidOp)
def _sigmoid(op: relax.SigmoidOp, x: Array) -> Array:
    return narrow_like(1 / (1 + np.exp(-wide(x))), x)


@impl(relax.ReluOp)
def _relu(op: relax.ReluOp, x: Array) -> Array:
    return np.maximum(x, np.zeros((), x.dtype))


@impl(relax.IsInfOp)
def _is_inf(op: relax.IsInfOp, x: Array) -> Array:
    positive = np.isinf(x) & (x > 0) & relax.flag(op.detect_positive)
    return positive | (np.isinf(x) & (x < 0) & relax.flag(op.detect_negative))


@impl(relax.DivideOp)
def _divide(op: relax.DivideOp, a: Array, b: Array) -> Array:
    if a.dtype.kind not in "iu":
        return narrow_like(wide(a) / wide(b), a)
    return truncating_divide(a, b)


def truncating_divide(a: Array, b: Array) -> Array:
    """Return integers a / b truncated toward zero, 0 where b is 0."""
    divisor = np.where(b == 0, np.ones((), b.dtype), b)
    floored = a // divisor
    inexact = (floored * divisor != a) & ((a < 0) != (divisor < 0))
    return np.where(b == 0, np.zeros((), a.dtype), floored + inexact.astype(a.dtype))


@impl(relax.FloorModOp)
def _floor_mod(op: relax.FloorModOp, a: Array, b: Array) -> Array:
    return _modulo(np.mod, a, b)


@impl(relax.FmodOp)
def _fmod(op: relax.FmodOp, a: Array, b: Array) -> Array:
    return _modulo(np.fmod, a, b)


def _modulo(function: Callable[..., Array], a: Array, b: Array) -> Array:
    if a.dtype.kind not in "iu":
        return narrow_like(function(wide(a), wide(b)), a)
    divisor = np.where(b == 0, np.ones((), b.dtype), b)
    return np.where(b == 0, np.zeros((), a.dtype), function(a, divisor))


@impl(relax.PowerOp)
def _power(op: relax.PowerOp, a: Array, b: Array) -> Array:
    if a.dtype.kind not in "iu":
        return narrow_like(np.power(wide(a), wide(b)), a)
    one, zero = np.ones((), a.dtype), np.zeros((), a.dtype)
    a, b = np.broadcast_arrays(a, b)
    if a.dtype.kind == "u":
        return np.power(a, b)
    powers = np.power(a, np.where(b < 0, zero, b))
    odd = np.where(b & 1, a, one)  # a^b of a = 1 and a = -1
    return np.where(b >= 0, powers, np.where(np.abs(a) == 1, odd, zero))


@impl(relax.LeftShiftOp)
def _left_shift(op: relax.LeftShiftOp, a: Array, b: Array) -> Array:
    fits = (b >= 0) & (b < 8 * a.dtype.itemsize)
    shifted = np.left_shift(a, np.where(fits, b, np.zeros((), b.dtype)))
    return np.where(fits, shifted, np.zeros((), a.dtype))


@impl(relax.RightShiftOp)
def _right_shift(op: relax.RightShiftOp, a: Array, b: Array) -> Array:
    width = 8 * a.dtype.itemsize
    fits = (b >= 0) & (b < width)
    shifted = np.right_shift(a, np.where(fits, b, np.full((), width - 1, b.dtype)))
    return shifted if a.dtype.kind == "i" else np.where(fits, shifted, np.zeros((), a.dtype))


@impl(relax.CastOp)
def _cast(op: relax.CastOp, x: Array) -> Array:
    target = dtypes.to_numpy(op.dtype)
    if dtypes.is_bool(op.dtype):
        return x != np.zeros((), x.dtype)
    if x.dtype.kind in "fV" and dtypes.is_integer(op.dtype):
        return saturating_cast(x.astype(np.float64), target)
    return x.astype(target)


def saturating_cast(x: Array, target: np.dtype[np.generic]) -> Array:
    """Return f64 truncated to integers; what does not fit becomes the nearest, NaN becomes 0."""
    limits = np.iinfo(str(target))
    truncated = np.trunc(x)
    low = truncated < float(limits.min)
    high = truncated >= float(limits.max + 1)
    safe = np.where(low | high | np.isnan(x), 0.0, truncated).astype(target)
    return np.where(low, target.type(limits.min), np.where(high, target.type(limits.max), safe))
