"""x^y of f32, computed in f64 as 2^(y log2 |x|); and what constant exponents make simple."""

from __future__ import annotations

import math

from ....dialects.tir.values import Value
from .emitter import MathEmitter

# log2(1 + f) / f, |f| <= 1/3; relative error 2.6e-12.
LOG2 = (
    *(-0.15058691625041892, 0.15781024051553713, -0.11172399975227371),
    *(0.12347353742460747, -0.14501450928384921, 0.16090236301861968),
    *(-0.18030246623057991, 0.20607533311500351, -0.24044998222145247),
    *(0.28853945838717487, -0.3606737518962646, 0.48089834380309948),
    *(-0.72134752046913164, 1.4426950408925754),
)
# 2^r, |r| <= 1/2; relative error 4.7e-11.
EXP2 = (
    *(1.5196116794601171e-05, 0.00015466768517163369, 0.0013333935272416433),
    *(0.0096180380967124113, 0.055504103656900589, 0.24022651066782785),
    *(0.6931471807046482, 1.0),
)
TWO_THIRDS_BITS = 0x3FE5555555555555
MANTISSA = 0xFFFFFFFFFFFFF
ROUND = 6755399441055744.0  # 1.5 * 2^52
# Beyond, 2^t overflows f32 or is 0 there.
EXP2_LIMIT = 200.0
# An even integer that does to a power what infinity does, and times log2(1) is 0.
HUGE = 2.0**100


def power(k: MathEmitter, x: Value, y: Value) -> Value:
    """x^y: at most 0.6 ulp; edges as C's pow (IEC 60559 F.10.4.4)."""
    size = k.absolute(x)
    exponent = k.clamp(y, -HUGE, HUGE)
    product = k.widen(exponent) * _log2(k, size)
    magnitude = k.narrow(_exp2(k, k.clamp(product, -EXP2_LIMIT, EXP2_LIMIT)))
    half = exponent * 0.5
    odd = k.math("floor", half).compare("ne", half)
    integer = k.math("floor", exponent).compare("eq", exponent)
    signed = k.where(odd, k.with_sign(magnitude, x), magnitude)
    undefined = (x < 0.0) & (x > -math.inf) & ~integer
    result = k.where(undefined, math.nan, k.where(integer, signed, magnitude))
    is_one = x.compare("eq", 1.0) | y.compare("eq", 0.0)
    return k.where(is_one, 1.0, result)


def _log2(k: MathEmitter, x: Value) -> Value:
    """Return log2 of an f32 >= 0 in f64, where no f32 is denormal."""
    wide = k.widen(x)
    offset = k.bits(wide) - TWO_THIRDS_BITS
    exponent = k.cast(k.shift_right(offset, 52), wide.dtype)
    f = k.from_bits((offset & MANTISSA) + TWO_THIRDS_BITS) - 1.0
    result = k.fma(f, k.horner(f, LOG2), exponent)
    result = k.where(wide < math.inf, result, wide)
    return k.where(wide.compare("eq", 0.0), -math.inf, result)


def _exp2(k: MathEmitter, t: Value) -> Value:
    """Return 2^t in f64 for |t| <= 200."""
    shifted = t + (ROUND + 1023.0)
    r = t - (shifted - (ROUND + 1023.0))
    scale = k.from_bits(k.shift_left(k.bits(shifted), 52))
    return k.horner(r, EXP2) * scale


def power_of_constant(k: MathEmitter, x: Value, exponent: float) -> Value | None:
    """Return x^exponent where a product, a quotient or a root is it to 2 ulp, else None."""
    simple = {
        0.0: lambda: k.const(1.0, x.dtype),
        1.0: lambda: x,
        2.0: lambda: _square(x),
        3.0: lambda: x * x * x,
        4.0: lambda: _square(x * x),
        -1.0: lambda: 1.0 / x,
        -2.0: lambda: _square(1.0 / x),
        0.5: lambda: _root(k, x),
        -0.5: lambda: 1.0 / _root(k, x),
    }.get(exponent)
    return None if simple is None else simple()


def _square(x: Value) -> Value:
    return x * x


def _root(k: MathEmitter, x: Value) -> Value:
    """Return x^0.5: sqrt but for pow(-0, 0.5) = 0 and pow(-inf, 0.5) = inf."""
    return k.where(x.compare("eq", -math.inf), math.inf, k.sqrt(x + 0.0))
