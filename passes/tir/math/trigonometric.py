"""sin, cos and tan of f32.

x = n pi/2 + r, n rounded: in f64, with pi/2 in three parts (Cody & Waite), which is exact enough
for every |x| <= 2^46, where n still rounds as it should; without fma for |x| <= 2^20, where the
products of n are exact. Beyond 2^46, x counts as 0. The rest is minimax polynomials of r in f32.
"""

from __future__ import annotations

from ....dialects.dtypes import i32
from ....dialects.tir.values import Value
from .emitter import MathEmitter

ROUND_F64 = 6755399441055744.0  # 1.5 * 2^52
TWO_OVER_PI = 0.6366197723675814
# pi / 2 in 33 bits, 33 more and the rest.
HALF_PI_PARTS = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21)
LARGEST_ARGUMENT = 2.0**46

# (sin(r) - r) / r^3 in r^2, |r| <= pi/4; relative error of sin 4.2e-9.
SIN = (-0.00019518286, 0.00833218917, -0.166666552)
# (cos(r) - 1 + r^2 / 2) / r^4 in r^2, |r| <= pi/4; relative error of cos 1.4e-10.
COS = (2.44325638e-05, -0.00138873106, 0.0416666456)
# (tan(r) - r) / r^3 in r^2, |r| <= pi/4; relative error of tan 1.4e-9.
TAN = (
    *(0.00437228102, 9.89215332e-05, 0.0108270533, 0.0212863013, 0.0540589057, 0.133326754),
    0.333333492,
)


def sin(k: MathEmitter, x: Value) -> Value:
    """Sine: at most 1.6 ulp for |x| <= 2^46."""
    quadrant, r = _reduced(k, x)
    return k.where(x.compare("eq", 0.0), x, _sine(k, quadrant, r))


def cos(k: MathEmitter, x: Value) -> Value:
    """Cosine: at most 1.6 ulp for |x| <= 2^46."""
    quadrant, r = _reduced(k, x)
    return _sine(k, quadrant + 1, r)


def tan(k: MathEmitter, x: Value) -> Value:
    """Tangent: at most 2.6 ulp for |x| <= 2^46."""
    quadrant, r = _reduced(k, x)
    square = r * r
    tangent = k.fma(square * r, k.horner(square, TAN), r)
    return k.where((quadrant & 1).compare("eq", 0), tangent, -1.0 / tangent)


def _reduced(k: MathEmitter, x: Value) -> tuple[Value, Value]:
    """Return n, of which the low bits count, and r in f32; NaN and infinities give r = NaN."""
    small = k.absolute(x) <= LARGEST_ARGUMENT
    wide = k.widen(k.where(small, x, x - x))
    shifted = k.fma(wide, TWO_OVER_PI, ROUND_F64)
    n = shifted - ROUND_F64
    for part in HALF_PI_PARTS:
        wide = k.fma(n, -part, wide)
    return k.cast(k.bits(shifted), i32), k.narrow(wide)


def _sine(k: MathEmitter, quadrant: Value, r: Value) -> Value:
    """Return sin(quadrant * pi/2 + r)."""
    square = r * r
    sine = k.fma(square * k.horner(square, SIN), r, r)
    cosine = k.fma(k.fma(k.horner(square, COS), square, -0.5), square, 1.0)
    result = k.where((quadrant & 1).compare("eq", 0), sine, cosine)
    # Bit 1 of the quadrant is the sign: moved to where a float has its own.
    return k.from_bits(k.bits(result) ^ (k.shift_left(quadrant, 30) & -0x80000000))
