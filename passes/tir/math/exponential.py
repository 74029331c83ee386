"""exp, exp2, expm1 and the hyperbolic functions made of them, of f32.

exp(x) = 2^n exp(r): n is x / ln 2 rounded by adding 1.5 * 2^23, whose low bits then hold n; r is
what is left, with ln 2 in two parts (Cody & Waite, Software Manual for the Elementary Functions,
1980); exp(r) is a minimax polynomial. 2^n is put together from bits.
"""

from __future__ import annotations

from ....dialects.tir.values import Value
from .emitter import MathEmitter

# 1.5 * 2^23: adding it leaves a number rounded to an integer in the low bits.
ROUND = 12582912.0

LOG2_E = 1.4426950408889634
LN2_HIGH = 0.693359375  # 10 bits: its products with |n| < 2^14 are exact
LN2_LOW = -2.12194440054690583e-4

# exp(r) = 1 + r + r^2 P(r), |r| <= ln(2) / 2; relative error 3.1e-9.
EXP = (0.00138209993, 0.00836867094, 0.0416682623, 0.166665211, 0.49999994, 1.0, 1.0)
# exp(r) - 1 = r + r^2 P(r), |r| <= ln(2) / 2; relative error 1.4e-8.
EXPM1 = (0.00138699578, 0.00836625323, 0.0416674428, 0.166665465, 0.49999997)
# Where exp overflows f32, and where it is below half of the smallest denormal.
EXP_HIGH, EXP_LOW = 89.0, -104.0
# Where tanh is 1 - 2^-25.
TANH_HIGH = 9.1


def exp(k: MathEmitter, x: Value) -> Value:
    """e^x: at most 1 ulp."""
    shifted, r = reduced(k, k.clamp(x, EXP_LOW, EXP_HIGH), 254)
    return scaled(k, k.horner(r, EXP), k.bits(shifted))


def tanh(k: MathEmitter, x: Value) -> Value:
    """Hyperbolic tangent: at most 2.6 ulp, never above 1. (e^2x - 1) / (e^2x + 1)."""
    twice = k.at_most(k.absolute(x), TANH_HIGH) * 2.0
    shifted, r = reduced(k, twice, 127)
    minus_one = k.fma(r * r, k.horner(r, EXPM1), r)
    scale = power_of_two(k, shifted)
    t = k.fma(scale, minus_one, scale - 1.0)
    return k.with_sign(t / (t + 2.0), x)


def reduced(k: MathEmitter, x: Value, bias: int) -> tuple[Value, Value]:
    """Return n + bias in the low bits of a float, n = x / ln 2 rounded, and x - n ln 2."""
    shifted = k.fma(x, LOG2_E, ROUND + bias)
    n = shifted - (ROUND + bias)
    return shifted, k.fma(n, -LN2_LOW, k.fma(n, -LN2_HIGH, x))


def power_of_two(k: MathEmitter, shifted: Value) -> Value:
    """Return 2^n, a normal number, from the n + 127 in the low bits of a float."""
    return k.from_bits(k.shift_left(k.bits(shifted), 23))


def scaled(k: MathEmitter, x: Value, biased: Value) -> Value:
    """Return x * 2^n for -150 <= n <= 129, rounded once; the low 9 bits of `biased` are n + 254.

    The two factors 2^(n // 2) and 2^(n - n // 2) have an exponent each, biased by 127.
    """
    half = k.shift_right(biased, 1)
    first = k.from_bits(k.shift_left(half, 23))
    second = k.from_bits(k.shift_left(biased - half, 23))
    return x * first * second
