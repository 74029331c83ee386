"""asin, acos and atan of f32: minimax polynomials near 0, and of related angles elsewhere.

asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)) above 1/2, atan(x) = pi/2 - atan(1 / x) above 1.
"""

from __future__ import annotations

from ....dialects.tir.values import Value
from .emitter import MathEmitter

PI, HALF_PI = 3.141592653589793, 1.5707963267948966

# (asin(x) - x) / x^3 in x^2, |x| <= 1/2; relative error of asin 4.9e-9.
ASIN = (0.0421622582, 0.0241828077, 0.0454694591, 0.0749530792, 0.166667521)
# (atan(x) - x) / x^3 in x^2, |x| <= 1; relative error of atan 1.7e-8.
ATAN = (
    *(0.00291939103, -0.0163631011, 0.0432046354, -0.0755165592, 0.106657684, -0.14211002),
    *(0.199937671, -0.333331525),
)


def asin(k: MathEmitter, x: Value) -> Value:
    """Arc sine: at most 2.4 ulp; NaN beyond 1."""
    size = k.absolute(x)
    outer, angle = _half_angle(k, size)
    return k.with_sign(k.where(outer, k.fma(angle, -2.0, HALF_PI), angle), x)


def acos(k: MathEmitter, x: Value) -> Value:
    """Arc cosine: at most 1.5 ulp; NaN beyond 1."""
    outer, angle = _half_angle(k, k.absolute(x))
    near_one = k.where(x < 0.0, k.fma(angle, -2.0, PI), angle * 2.0)
    return k.where(outer, near_one, HALF_PI - k.with_sign(angle, x))


def atan(k: MathEmitter, x: Value) -> Value:
    """Arc tangent: at most 2 ulp."""
    size = k.absolute(x)
    outer = size > 1.0
    t = k.where(outer, 1.0 / size, size)
    square = t * t
    angle = k.fma(square * t, k.horner(square, ATAN), t)
    return k.with_sign(k.where(outer, HALF_PI - angle, angle), x)


def _half_angle(k: MathEmitter, size: Value) -> tuple[Value, Value]:
    """Return whether size > 1/2, and asin of size or there of sqrt((1 - size) / 2)."""
    outer = size > 0.5
    square = k.where(outer, k.fma(size, -0.5, 0.5), size * size)
    root = k.where(outer, k.sqrt(square), size)
    return outer, k.fma(square * root, k.horner(square, ASIN), root)
