"""log and its relatives, of f32.

x = m 2^e with m in [2/3, 4/3), by integer arithmetic on the bits: log(x) = e ln 2 + log(m), and
log(1 + f) = f - f^2 / 2 + f^3 P(f) with a minimax polynomial P.
"""

from __future__ import annotations

import math

from ....dialects.tir.values import Value
from .emitter import MathEmitter

LN2 = 0.6931471805599453

# (log(1 + f) - f + f^2 / 2) / f^3, |f| <= 1/3; relative error of log 4.6e-9 (minimax.py).
LOG = (
    *(-0.128777474, 0.139872044, -0.121875547, 0.140052617),
    *(-0.166802421, 0.200104475, -0.249998033, 0.333332151),
    -0.5,
)
TWO_THIRDS_BITS = 0x3F2AAAAB
SMALLEST_NORMAL = 1.1754943508222875e-38


def log(k: MathEmitter, x: Value) -> Value:
    """Natural logarithm of x: at most 1 ulp."""
    exponent, f = split(k, x)
    p = k.horner(f, LOG)
    reduced = k.fma(p, f * f, f)
    return with_edges(k, x, k.fma(exponent, LN2, reduced))


def split(k: MathEmitter, x: Value) -> tuple[Value, Value]:
    """Return e as a float and f with x = (1 + f) 2^e, 1 + f in [2/3, 4/3), for finite x > 0."""
    small = x < SMALLEST_NORMAL
    offset = k.bits(k.where(small, x * 8388608.0, x)) - TWO_THIRDS_BITS
    exponent = k.cast(k.shift_right(offset, 23), x.dtype)
    exponent = k.where(small, exponent - 23.0, exponent)
    mantissa = k.from_bits((offset & 0x7FFFFF) + TWO_THIRDS_BITS)
    return exponent, mantissa - 1.0


def with_edges(k: MathEmitter, x: Value, result: Value) -> Value:
    """Return what a logarithm is at its edges: -inf at 0, NaN below, inf and NaN kept."""
    result = k.where(x < math.inf, result, x)
    at_most_zero = k.where(x.compare("eq", 0.0), k.const(-math.inf, x.dtype), math.nan)
    return k.where(x <= 0.0, at_most_zero, result)
