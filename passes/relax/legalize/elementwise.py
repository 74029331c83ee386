"""Compute definitions of the elementwise operators: one block each, broadcasting by index 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from xdsl.dialects.builtin import i1

from ....dialects import dtypes, relax
from ....dialects.tir.compute import Buffer, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr
from .rules import rule
from .scalars import broadcast_indices, compute_dtype, divide, is_half, remainder

Scalar = Callable[..., Value]
"""A function `(k, *values) -> value`."""


def elementwise(
    name: str, k: KernelBuilder, ins: Sequence[Buffer], out: Buffer, function: Scalar
) -> None:
    """Append `out[i] = function(ins[i]...)`, the inputs broadcast and half floats as f32."""

    def element(*i: IntExpr) -> Value:
        loads = [k.load(x, *broadcast_indices(x.shape, out.shape, i)) for x in ins]
        values = [k.cast(value, compute_dtype(value.dtype)) for value in loads]
        result = function(k, *values)
        return k.cast(result, out.dtype) if is_half(out.dtype) else result

    k.compute(name, out, element)


def _register(op_type: type[relax.RelaxOp], function: Scalar) -> None:
    def legalize(
        k: KernelBuilder, op: relax.RelaxOp, ins: Sequence[Buffer], outs: Sequence[Buffer]
    ) -> None:
        elementwise(op.name.removeprefix("relax."), k, ins, outs[0], function)

    rule(op_type)(legalize)


def _math(name: str) -> Scalar:
    def function(k: KernelBuilder, *values: Value) -> Value:
        return k.math(name, *values)

    return function


def _binary(kind: str) -> Scalar:
    def function(k: KernelBuilder, a: Value, b: Value) -> Value:
        return k.binary(kind, a, b)

    return function


def _compare(kind: str) -> Scalar:
    def function(k: KernelBuilder, a: Value, b: Value) -> Value:
        return a.compare(kind, b)

    return function


def _neg(k: KernelBuilder, x: Value) -> Value:
    return -x


def _not(k: KernelBuilder, x: Value) -> Value:
    return ~x


def _is_nan(k: KernelBuilder, x: Value) -> Value:
    return x.compare("ne", x)


def _where(k: KernelBuilder, cond: Value, a: Value, b: Value) -> Value:
    return k.select(cond, a, b)


def _abs(k: KernelBuilder, x: Value) -> Value:
    if dtypes.is_float(x.dtype):
        return k.math("abs", x)
    return x if dtypes.is_unsigned(x.dtype) else k.select(x < 0, -x, x)


def _relu(k: KernelBuilder, x: Value) -> Value:
    return k.max(x, k.const(0, x.dtype))


def _sign(k: KernelBuilder, x: Value) -> Value:
    """Return x itself where it is neither above nor below 0: NaN stays."""
    above = k.select(x > 0, k.const(1, x.dtype), x)
    return above if dtypes.is_unsigned(x.dtype) else k.select(x < 0, k.const(-1, x.dtype), above)


def _rsqrt(k: KernelBuilder, x: Value) -> Value:
    return 1.0 / k.math("sqrt", x)


def _sigmoid(k: KernelBuilder, x: Value) -> Value:
    return 1.0 / (k.math("exp", -x) + 1.0)


def _floor_mod(k: KernelBuilder, a: Value, b: Value) -> Value:
    left = remainder(k, a, b)
    if dtypes.is_unsigned(a.dtype):
        return left
    other_sign = (left < 0) ^ (b < 0)
    return k.select(left.compare("ne", 0) & other_sign, left + b, left)


def _power(k: KernelBuilder, a: Value, b: Value) -> Value:
    return k.math("powf", a, b) if dtypes.is_float(a.dtype) else _integer_power(k, a, b)


def _integer_power(k: KernelBuilder, a: Value, b: Value) -> Value:
    """Return a^b by squaring, one step per bit of the exponent."""
    one, zero = k.const(1, a.dtype), k.const(0, a.dtype)
    unsigned = dtypes.is_unsigned(a.dtype)
    num_bits = 8 * dtypes.size_bytes(a.dtype) - (0 if unsigned else 1)
    result, square = one, a
    for bit in range(num_bits):
        taken = (b & (1 << bit)).compare("ne", 0)
        result = k.select(taken, result * square, result)
        if bit < num_bits - 1:
            square = square * square
    if unsigned:
        return result
    odd = (b & 1).compare("ne", 0)
    of_minus_one = k.select(odd, k.const(-1, a.dtype), one)
    inverse = k.select(a.compare("eq", -1), of_minus_one, k.select(a.compare("eq", 1), one, zero))
    return k.select(b < 0, inverse, result)


def _fits_width(b: Value) -> Value:
    """Return whether a shift by b is defined."""
    below = b < 8 * dtypes.size_bytes(b.dtype)
    return below if dtypes.is_unsigned(b.dtype) else below & (b >= 0)


def _left_shift(k: KernelBuilder, a: Value, b: Value) -> Value:
    fits, zero = _fits_width(b), k.const(0, a.dtype)
    return k.select(fits, k.binary("shl", a, k.select(fits, b, zero)), zero)


def _right_shift(k: KernelBuilder, a: Value, b: Value) -> Value:
    fits = _fits_width(b)
    most = k.const(8 * dtypes.size_bytes(b.dtype) - 1, b.dtype)
    shifted = k.binary("shr", a, k.select(fits, b, most))
    return k.select(fits, shifted, k.const(0, a.dtype)) if dtypes.is_unsigned(a.dtype) else shifted


_FUNCTIONS: dict[type[relax.RelaxOp], Scalar] = {
    relax.AbsOp: _abs,
    relax.AcosOp: _math("acos"),
    relax.AcoshOp: _math("acosh"),
    relax.AddOp: _binary("add"),
    relax.AsinOp: _math("asin"),
    relax.AsinhOp: _math("asinh"),
    relax.AtanOp: _math("atan"),
    relax.AtanhOp: _math("atanh"),
    relax.BitwiseAndOp: _binary("and"),
    relax.BitwiseNotOp: _not,
    relax.BitwiseOrOp: _binary("or"),
    relax.BitwiseXorOp: _binary("xor"),
    relax.CeilOp: _math("ceil"),
    relax.CosOp: _math("cos"),
    relax.CoshOp: _math("cosh"),
    relax.DivideOp: divide,
    relax.EqualOp: _compare("eq"),
    relax.ErfOp: _math("erf"),
    relax.ExpOp: _math("exp"),
    relax.FloorModOp: _floor_mod,
    relax.FloorOp: _math("floor"),
    relax.FmodOp: remainder,
    relax.GreaterEqualOp: _compare("ge"),
    relax.GreaterOp: _compare("gt"),
    relax.IsNanOp: _is_nan,
    relax.LeftShiftOp: _left_shift,
    relax.LessEqualOp: _compare("le"),
    relax.LessOp: _compare("lt"),
    relax.LogOp: _math("log"),
    relax.LogicalAndOp: _binary("and"),
    relax.LogicalNotOp: _not,
    relax.LogicalOrOp: _binary("or"),
    relax.LogicalXorOp: _binary("xor"),
    relax.MaximumOp: _binary("max"),
    relax.MinimumOp: _binary("min"),
    relax.MultiplyOp: _binary("mul"),
    relax.NegOp: _neg,
    relax.NotEqualOp: _compare("ne"),
    relax.PowerOp: _power,
    relax.ReluOp: _relu,
    relax.RightShiftOp: _right_shift,
    relax.RoundOp: _math("round_even"),
    relax.RsqrtOp: _rsqrt,
    relax.SigmoidOp: _sigmoid,
    relax.SignOp: _sign,
    relax.SinOp: _math("sin"),
    relax.SinhOp: _math("sinh"),
    relax.SqrtOp: _math("sqrt"),
    relax.SubtractOp: _binary("sub"),
    relax.TanOp: _math("tan"),
    relax.TanhOp: _math("tanh"),
    relax.WhereOp: _where,
}

for _op_type, _function in _FUNCTIONS.items():
    _register(_op_type, _function)


@rule(relax.IsInfOp)
def _is_inf(
    k: KernelBuilder, op: relax.IsInfOp, ins: Sequence[Buffer], outs: Sequence[Buffer]
) -> None:
    asked = {math.inf: op.detect_positive, -math.inf: op.detect_negative}
    signs = [sign for sign, wanted in asked.items() if relax.flag(wanted)]

    def is_asked(k: KernelBuilder, x: Value) -> Value:
        found = k.const(False, i1)
        for sign in signs:
            found = found | x.compare("eq", sign)
        return found

    elementwise("is_inf", k, ins, outs[0], is_asked)


@rule(relax.CastOp)
def _cast(
    k: KernelBuilder, op: relax.CastOp, ins: Sequence[Buffer], outs: Sequence[Buffer]
) -> None:
    elementwise("cast", k, ins, outs[0], partial(_cast_value, outs[0]))


def _cast_value(out: Buffer, k: KernelBuilder, x: Value) -> Value:
    """Return x, half floats widened before, cast to out's type; half floats come from f32."""
    return k.cast(x, compute_dtype(out.dtype))
