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

# exp(r), |r| <= ln(2) / 2; relative error 3.2e-9.
EXP = (0.00138213043, 0.00836866908, 0.0416682586, 0.166665211, 0.49999994, 1.0, 1.0)
# 2^r, |r| <= 1/2; relative error 3.2e-9.
EXP2 = (
    *(0.0001532647, 0.00133908098, 0.00961850584, 0.0555035993, 0.240226477, 0.693147182),
    1.0,
)
# (exp(r) - 1 - r) / r^2, |r| <= ln(2) / 2; relative error of exp(r) - 1 is 1.4e-8.
EXPM1 = (0.00138699578, 0.00836625323, 0.0416674428, 0.166665465, 0.49999997)
# Where exp overflows f32, and where it is below half of the smallest denormal.
EXP_HIGH, EXP_LOW = 89.0, -104.0
EXP_NORMAL = -87.33654  # below it exp is denormal
EXP2_HIGH, EXP2_LOW = 128.0, -151.0
# Where exp - 1 rounds to -1, where tanh rounds to 1, where sinh and cosh overflow.
EXPM1_LOW, TANH_HIGH, COSH_HIGH = -18.0, 9.1, 89.5
# From here on t / (t + 1) / 2 of t = e^x - 1 adds nothing to it; its double does not overflow.
HALF_HIGH = 2.0**100
# Below these, x is nearer to the function than its other neighbours.
EXPM1_TINY, SINH_TINY = 2.0**-25, 2.0**-12


def exp(k: MathEmitter, x: Value) -> Value:
    """e^x: at most 1 ulp."""
    shifted, r = reduced(k, k.clamp(x, EXP_LOW, EXP_HIGH), 254)
    return scaled(k, k.horner(r, EXP), k.bits(shifted))


def exp_nonpositive(k: MathEmitter, x: Value) -> Value:
    """e^x of x <= 0, which is 0 where it would be denormal: at most 1 ulp."""
    shifted, r = reduced(k, x, 127)
    result = k.horner(r, EXP) * power_of_two(k, shifted)
    return k.where(x < EXP_NORMAL, 0.0, result)


def exp2(k: MathEmitter, x: Value) -> Value:
    """2^x: at most 1 ulp."""
    x = k.clamp(x, EXP2_LOW, EXP2_HIGH)
    shifted = x + (ROUND + 254.0)
    r = x - (shifted - (ROUND + 254.0))
    return scaled(k, k.horner(r, EXP2), k.bits(shifted))


def expm1(k: MathEmitter, x: Value) -> Value:
    """e^x - 1: at most 1.6 ulp."""
    quarter = _expm1_quarter(k, k.clamp(x, EXPM1_LOW, EXP_HIGH))
    return k.where(k.absolute(x) < EXPM1_TINY, x, quarter * 4.0)


def sinh(k: MathEmitter, x: Value) -> Value:
    """Hyperbolic sine: at most 2.4 ulp. With t = e^|x| - 1, (t + t / (t + 1)) / 2."""
    size = k.absolute(x)
    half = _expm1_quarter(k, k.at_most(size, COSH_HIGH)) * 2.0
    bounded = k.at_most(half, HALF_HIGH)
    magnitude = half + bounded / k.fma(bounded, 2.0, 1.0)
    return k.with_sign(k.where(size < SINH_TINY, size, magnitude), x)


def cosh(k: MathEmitter, x: Value) -> Value:
    """Hyperbolic cosine: at most 1.5 ulp. (e^|x| + 1 / e^|x|) / 2, from e^|x| / 4."""
    shifted, r = reduced(k, k.at_most(k.absolute(x), COSH_HIGH), 125)
    quarter = k.horner(r, EXP) * power_of_two(k, shifted)
    return k.fma(quarter, 2.0, 0.125 / quarter)


def tanh(k: MathEmitter, x: Value) -> Value:
    """Hyperbolic tangent: at most 2.6 ulp, never above 1. (e^2x - 1) / (e^2x + 1)."""
    twice = k.at_most(k.absolute(x), TANH_HIGH) * 2.0
    shifted, r = reduced(k, twice, 127)
    scale = power_of_two(k, shifted)
    t = k.fma(scale, _expm1_near_zero(k, r), scale - 1.0)
    return k.with_sign(t / (t + 2.0), x)


def _expm1_near_zero(k: MathEmitter, r: Value) -> Value:
    """Return e^r - 1 for |r| <= ln(2) / 2."""
    return k.fma(r * r, k.horner(r, EXPM1), r)


def _expm1_quarter(k: MathEmitter, x: Value) -> Value:
    """Return (e^x - 1) / 4, which no x that has a finite sinh overflows."""
    shifted, r = reduced(k, x, 125)
    scale = power_of_two(k, shifted)
    return k.fma(scale, _expm1_near_zero(k, r), scale - 0.25)


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
