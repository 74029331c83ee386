"""The logarithms and the inverse hyperbolic functions made of them, of f32.

x = m 2^e with m in [2/3, 4/3), by integer arithmetic on the bits; log(x) = e ln 2 + log(m), and
log(1 + f) is f and a minimax polynomial.
"""

from __future__ import annotations

import math

from ....dialects.tir.values import Value
from .emitter import MathEmitter

LN2 = 0.6931471805599453
LOG10_2_HIGH, LOG10_2_LOW = 0.301025390625, 4.6050389811980175e-06  # 12 bits and the rest
LOG10_E_HIGH, LOG10_E_LOW = 0.4342944920063019, -1.0103050052237333e-08

# (log(1 + f) - f) / f^2, |f| <= 1/3, the last set to -1/2; relative error of log 4.6e-9.
LOG = (
    *(-0.128777474, 0.139872044, -0.121875547, 0.140052617),
    *(-0.166802421, 0.200104475, -0.249998033, 0.333332151),
    -0.5,
)
# (log2(1 + f) - f) / f, |f| <= 1/3; relative error of log2 2.6e-8.
LOG2 = (
    *(0.202898204, -0.221952528, 0.201751873, -0.23684521, 0.288717747),
    *(-0.360785663, 0.480895638, -0.721346617, 0.442695051),
)
TWO_THIRDS_BITS = 0x3F2AAAAB
MANTISSA = 0x7FFFFF
SMALLEST_NORMAL = 1.1754943508222875e-38
# From here on, log(2 x) is what asinh and acosh of x are; x^2 does not overflow below.
LARGE = 2.0**30


def log(k: MathEmitter, x: Value) -> Value:
    """Natural logarithm: at most 1 ulp."""
    exponent, f = _split(k, x)
    return _with_edges(k, x, 0.0, k.fma(exponent, LN2, _log_near_one(k, f)))


def log2(k: MathEmitter, x: Value) -> Value:
    """Logarithm to base 2: at most 1.9 ulp, exact for powers of 2."""
    exponent, f = _split(k, x)
    return _with_edges(k, x, 0.0, exponent + k.fma(f, k.horner(f, LOG2), f))


def log10(k: MathEmitter, x: Value) -> Value:
    """Logarithm to base 10: at most 2.2 ulp."""
    exponent, f = _split(k, x)
    natural = _log_near_one(k, f)
    low = k.fma(exponent, LOG10_2_LOW, natural * LOG10_E_LOW)
    reduced = k.fma(natural, LOG10_E_HIGH, low)
    return _with_edges(k, x, 0.0, k.fma(exponent, LOG10_2_HIGH, reduced))


def log1p(k: MathEmitter, x: Value) -> Value:
    """log(1 + x): at most 1.6 ulp.

    2^e is the power of two of 1 + x; f = (1 + x) / 2^e - 1 = x / 2^e + (1 / 2^e - 1) has what
    1 + x lost. Bits are subtracted to divide x by 2^e, which is 1 wherever x is small.
    """
    offset = k.bits(x + 1.0) - TWO_THIRDS_BITS
    shift = offset & ~MANTISSA
    exponent = k.cast(k.shift_right(offset, 23), x.dtype)
    quadruple = k.from_bits(0x40800000 - shift)  # 4 / 2^e, since 2^-128 would be no normal number
    f = k.from_bits(k.bits(x) - shift) + k.fma(quadruple, 0.25, -1.0)
    result = k.with_sign(k.fma(exponent, LN2, _log_near_one(k, f)), x)
    return _with_edges(k, x, -1.0, result)


def asinh(k: MathEmitter, x: Value) -> Value:
    """Inverse hyperbolic sine: at most 1.9 ulp. log1p(|x| + x^2 / (1 + sqrt(1 + x^2)))."""
    size = k.absolute(x)
    square = size * size
    more = square / (k.sqrt(square + 1.0) + 1.0)
    return k.with_sign(_log1p_or_double(k, size, size + more), x)


def acosh(k: MathEmitter, x: Value) -> Value:
    """Inverse hyperbolic cosine: at most 2.3 ulp. log1p(t + sqrt(t^2 + 2 t)) of t = x - 1."""
    t = x - 1.0
    result = _log1p_or_double(k, x, t + k.sqrt(t * (t + 2.0)))
    return k.where(x < 1.0, math.nan, result)


def atanh(k: MathEmitter, x: Value) -> Value:
    """Inverse hyperbolic tangent: at most 2.3 ulp. log1p(2 |x| / (1 - |x|)) / 2."""
    size = k.absolute(x)
    return k.with_sign(log1p(k, (size + size) / (1.0 - size)) * 0.5, x)


def _log1p_or_double(k: MathEmitter, x: Value, argument: Value) -> Value:
    """Return log1p of an argument, or log(2 x) where x is large."""
    large = x > LARGE
    result = log1p(k, k.where(large, x, argument))
    return k.where(large, result + LN2, result)


def _log_near_one(k: MathEmitter, f: Value) -> Value:
    """Return log(1 + f) for |f| <= 1/3."""
    return k.fma(k.horner(f, LOG), f * f, f)


def _split(k: MathEmitter, x: Value) -> tuple[Value, Value]:
    """Return e as a float and f with x = (1 + f) 2^e, 1 + f in [2/3, 4/3), for finite x > 0."""
    small = x < SMALLEST_NORMAL
    offset = k.bits(k.where(small, x * 8388608.0, x)) - TWO_THIRDS_BITS
    exponent = k.cast(k.shift_right(offset, 23), x.dtype)
    exponent = k.where(small, exponent - 23.0, exponent)
    mantissa = k.from_bits((offset & MANTISSA) + TWO_THIRDS_BITS)
    return exponent, mantissa - 1.0


def _with_edges(k: MathEmitter, x: Value, pole: float, result: Value) -> Value:
    """Return what a logarithm is at its edges: -inf at the pole, NaN below, inf and NaN kept."""
    result = k.where(x < math.inf, result, x)
    outside = k.where(x.compare("eq", pole), k.const(-math.inf, x.dtype), math.nan)
    return k.where(x <= pole, outside, result)
