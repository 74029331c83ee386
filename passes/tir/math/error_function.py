"""erf of f32: a polynomial near 0, 1 - exp of a polynomial further out."""

from __future__ import annotations

from ....dialects.tir.values import Value
from .emitter import MathEmitter
from .exponential import power_of_two, reduced

BORDER = 0.921875
# erf(x) = x + x P(x^2), |x| <= BORDER; relative error 1.6e-8.
NEAR = (-0.000599441002, 0.00499402592, -0.0267673451, 0.112818435, -0.376124978, 0.128379151)
# -log(1 - erf(x)) = x + x P(x), BORDER <= x <= 4; error 3.4e-9 of erf.
FAR = (-0.000213923107, 0.00321445521, -0.0228883866, 0.105259418, 0.635720134, 0.128513828)
# exp(r) = 1 + r + r^2 P(r), |r| <= ln(2) / 2; relative error 1.1e-7, of which 1 - erf is a fifth.
EXP = (0.00831268728, 0.0418901891, 0.166671127, 0.499992311, 1.0, 1.0)
# Where erf is 1 - 2^-25.
LIMIT = 4.0


def erf(k: MathEmitter, x: Value) -> Value:
    """Error function: at most 1.4 ulp, never above 1."""
    size = k.absolute(x)
    near = k.fma(k.horner(x * x, NEAR), size, size)
    bounded = k.at_most(size, LIMIT)
    shifted, r = reduced(k, -k.fma(k.horner(bounded, FAR), bounded, bounded), 127)
    complement = k.horner(r, EXP) * power_of_two(k, shifted)
    return k.with_sign(k.where(size < BORDER, near, 1.0 - complement), x)
