"""Where the coefficients of `passes/tir/math` come from: minimax polynomials, found here.

    python -c "from tests.passes.tir.minimax import main; main()"      prints every table

Least squares whose weights grow where the error is large (Lawson, Contributions to the theory of
linear least maximum approximation, 1961) in long double; then the coefficients are rounded one
after the other, the lowest power's first, and the others fitted again each time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb, factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tyrex.passes.tir.math import (
    error_function,
    exponential,
    inverse_trigonometric,
    logarithm,
    trigonometric,
)
from tyrex.passes.tir.math.power import EXP2 as POWER_EXP2
from tyrex.passes.tir.math.power import LOG2 as POWER_LOG2

Array = NDArray[Any]
Long = np.longdouble
Real = Callable[[Array], Array]

PI = 4 * np.arctan(Long(1))
LN2 = np.log(Long(2))
HALF_LN2, THIRD, QUARTER_PI = float(LN2 / 2), 1 / 3, float(PI / 4)
ITERATIONS = 150
POINTS = 400


@dataclass(frozen=True)
class Fit:
    """A polynomial P of x, or of x^2 where `even`, near `target`.

    The error is |P - target| * weight: relative to the function that the kernel makes of P.
    """

    table: Sequence[float]  # what the kernels use, the highest power first
    error: float  # what they say of it
    low: float
    high: float
    target: Real
    weight: Real
    even: bool = False
    fixed: int = 0  # so many low coefficients are as the table says: 1, -1/2
    dtype: type[np.floating[Any]] = np.float32

    def points(self, count: int = POINTS) -> Array:
        """Return Chebyshev points of a range a little larger than the polynomial's."""
        angles = np.pi * (np.arange(count) + Long(0.5)) / count
        middle, half = Long(self.high + self.low) / 2, Long(self.high - self.low) / 2
        return middle + half * Long(1.0001) * np.cos(angles)

    def found_error(self, coefficients: Sequence[float], count: int = 10 * POINTS) -> float:
        """Return the largest error of a polynomial, the highest power first."""
        x = self.points(count)
        t = x * x if self.even else x
        p = np.zeros_like(t)
        for c in coefficients:
            p = p * t + Long(c)
        return float(np.max(np.abs(p - self.target(x)) * np.abs(self.weight(x))))

    def find(self) -> list[float]:
        """Return the coefficients, the highest power first."""
        x = self.points()
        t, f, w = x * x if self.even else x, self.target(x), np.abs(self.weight(x))
        known = [float(c) for c in self.table[::-1][: self.fixed]]
        while len(known) < len(self.table):
            left = f - sum((Long(c) * t**i for i, c in enumerate(known)), np.zeros_like(t))
            powers = range(len(known), len(self.table))
            known.append(float(self.dtype(_lawson(t, left, w, powers)[0])))
        return known[::-1]


def _lawson(t: Array, f: Array, weight: Array, powers: Sequence[int]) -> Array:
    """Return the coefficients of `powers` with the least maximum of weight * |P(t) - f|."""
    scale = np.max(np.abs(t))
    basis = np.stack([(t / scale) ** p for p in powers], axis=1)
    importance = np.full(len(t), 1 / Long(len(t)))
    best, least = np.zeros(len(powers), Long), np.inf
    for _ in range(ITERATIONS):
        root = np.sqrt(importance) * weight
        found = _least_squares(basis * root[:, None], f * root)
        error = np.abs(basis @ found - f) * weight
        largest = np.max(error)
        if largest < least:
            best, least = found, largest
        importance = importance * (error / largest + Long(1e-3))
        importance /= np.sum(importance)
    return best / scale ** np.array(powers, Long)


def _least_squares(a: Array, b: Array) -> Array:
    """Return x with the least |a x - b|, by Householder's reflections: NumPy has it in f64 only."""
    a, b, n = a.copy(), b.copy(), a.shape[1]
    for j in range(n):
        v = a[j:, j].copy()
        v[0] += np.copysign(np.sqrt(np.sum(v * v)), v[0])
        v /= np.sqrt(np.sum(v * v))
        a[j:, j:] -= 2 * np.outer(v, v @ a[j:, j:])
        b[j:] -= 2 * v * (v @ b[j:])
    x = np.zeros(n, Long)
    for j in reversed(range(n)):
        x[j] = (b[j] - a[j, j + 1 :] @ x[j + 1 :]) / a[j, j]
    return x


# -- functions without cancellation near 0 -----------------------------------------------------


def _series(border: float, terms: Sequence[Any], function: Real, even: bool = False) -> Real:
    """Return a function given by a power series below `border`."""

    def evaluate(x: Array) -> Array:
        near = np.abs(x) < border
        small = np.where(near, x, Long(0))
        t = small * small if even else small
        total = np.zeros_like(x)
        for term in reversed(terms):
            total = total * t + Long(term)
        return np.where(near, total, function(np.where(near, Long(1), x)))

    return evaluate


def _reciprocal_factorials(first: int, step: int, sign: int) -> list[Any]:
    return [sign**i / Long(factorial(first + step * i)) for i in range(14)]


def _erf(x: Array) -> Array:
    """erf by its series of positive terms, exact to a few units of the long double."""
    term, total = x.copy(), x.copy()
    for n in range(1, 200):
        term = term * 2 * x * x / (2 * n + 1)
        total = total + term
    return 2 / np.sqrt(PI) * np.exp(-x * x) * total


def _erfc(x: Array) -> Array:
    """1 - erf for x > 0.9, by the continued fraction (Abramowitz & Stegun 7.1.14)."""
    fraction = np.zeros_like(x)
    for n in range(400, 0, -1):
        fraction = (Long(n) / 2) / (x + fraction)
    return np.exp(-x * x) / np.sqrt(PI) / (x + fraction)


_log_ratio = _series(0.02, [(-1) ** i / Long(i + 1) for i in range(14)], lambda f: np.log1p(f) / f)
_log_rest = _series(
    0.02, [-((-1) ** i) / Long(i + 2) for i in range(14)], lambda f: (np.log1p(f) - f) / f**2
)
_expm1_rest = _series(0.05, _reciprocal_factorials(2, 1, 1), lambda r: (np.expm1(r) - r) / (r * r))
_sin_rest = _series(
    0.1, [-c for c in _reciprocal_factorials(3, 2, -1)], lambda r: (np.sin(r) - r) / r**3, True
)
_cos_rest = _series(
    0.3, _reciprocal_factorials(4, 2, -1), lambda r: (np.cos(r) - 1 + r * r / 2) / r**4, True
)
_tan_rest = _series(
    0.02,
    [1 / Long(3), 2 / Long(15), 17 / Long(315), 62 / Long(2835), 1382 / Long(155925)],
    lambda r: (np.tan(r) - r) / r**3,
    True,
)
_asin_rest = _series(
    0.1,
    [Long(comb(2 * i, i)) / (Long(4) ** i * (2 * i + 1)) for i in range(1, 16)],
    lambda x: (np.arcsin(x) - x) / x**3,
    True,
)
_atan_rest = _series(
    0.1,
    [-((-1) ** i) / Long(2 * i + 3) for i in range(14)],
    lambda x: (np.arctan(x) - x) / x**3,
    True,
)
_erf_rest = _series(
    0.05,
    [2 / np.sqrt(PI) * (-1) ** i / Long(factorial(i) * (2 * i + 1)) - (i == 0) for i in range(8)],
    lambda x: _erf(x) / x - 1,
    True,
)

BORDER, LIMIT = error_function.BORDER, error_function.LIMIT

FITS: dict[str, Fit] = {
    "exponential.EXP": Fit(
        exponential.EXP, 3.2e-9, -HALF_LN2, HALF_LN2, np.exp, lambda r: np.exp(-r), fixed=2
    ),
    "exponential.EXP2": Fit(
        exponential.EXP2, 3.2e-9, -0.5, 0.5, lambda r: np.exp2(r), lambda r: np.exp2(-r), fixed=1
    ),
    "exponential.EXPM1": Fit(
        exponential.EXPM1,
        1.4e-8,
        -HALF_LN2,
        HALF_LN2,
        _expm1_rest,
        lambda r: r / (1 + r * _expm1_rest(r)),
    ),
    "error_function.NEAR": Fit(
        error_function.NEAR,
        1.6e-8,
        -BORDER,
        BORDER,
        _erf_rest,
        lambda x: 1 / (1 + _erf_rest(x)),
        even=True,
    ),
    "error_function.FAR": Fit(
        error_function.FAR,
        3.4e-9,
        BORDER,
        LIMIT,
        lambda x: -np.log(_erfc(x)) / x - 1,
        lambda x: x * _erfc(x) / (1 - _erfc(x)),
    ),
    "error_function.EXP": Fit(
        error_function.EXP, 1.1e-7, -HALF_LN2, HALF_LN2, np.exp, lambda r: np.exp(-r), fixed=2
    ),
    "logarithm.LOG": Fit(
        logarithm.LOG, 4.7e-9, -THIRD, THIRD, _log_rest, lambda f: f / _log_ratio(f), fixed=1
    ),
    "logarithm.LOG2": Fit(
        logarithm.LOG2,
        2.7e-8,
        -THIRD,
        THIRD,
        lambda f: _log_ratio(f) / LN2 - 1,
        lambda f: LN2 / _log_ratio(f),
    ),
    "power.LOG2": Fit(
        POWER_LOG2,
        2.6e-12,
        -THIRD,
        THIRD,
        lambda f: _log_ratio(f) / LN2,
        lambda f: LN2 / _log_ratio(f),
        dtype=np.float64,
    ),
    "power.EXP2": Fit(
        POWER_EXP2,
        4.7e-11,
        -0.5,
        0.5,
        lambda r: np.exp2(r),
        lambda r: np.exp2(-r),
        fixed=1,
        dtype=np.float64,
    ),
    "trigonometric.SIN": Fit(
        trigonometric.SIN,
        4.2e-9,
        -QUARTER_PI,
        QUARTER_PI,
        _sin_rest,
        lambda r: r * r / (1 + r * r * _sin_rest(r)),
        even=True,
    ),
    "trigonometric.COS": Fit(
        trigonometric.COS,
        1.4e-10,
        -QUARTER_PI,
        QUARTER_PI,
        _cos_rest,
        lambda r: r**4 / np.cos(r),
        even=True,
    ),
    "trigonometric.TAN": Fit(
        trigonometric.TAN,
        1.4e-9,
        -QUARTER_PI,
        QUARTER_PI,
        _tan_rest,
        lambda r: r * r / (1 + r * r * _tan_rest(r)),
        even=True,
    ),
    "inverse_trigonometric.ASIN": Fit(
        inverse_trigonometric.ASIN,
        5.0e-9,
        -0.5,
        0.5,
        _asin_rest,
        lambda x: x * x / (1 + x * x * _asin_rest(x)),
        even=True,
    ),
    "inverse_trigonometric.ATAN": Fit(
        inverse_trigonometric.ATAN,
        1.7e-8,
        -1.0,
        1.0,
        _atan_rest,
        lambda x: x * x / (1 + x * x * _atan_rest(x)),
        even=True,
    ),
}
"""Every table of coefficients, by the file and name that it has there."""


def main() -> None:
    """Print what is found for every table, and the errors of it and of what the kernels use."""
    for name, fit in FITS.items():
        found = fit.find()
        digits = 9 if fit.dtype is np.float32 else 17
        numbers = ", ".join(f"{c:.{digits}g}" for c in found)
        print(f"{name} = ({numbers})")
        print(f"    error {fit.found_error(found):.2g}, in use {fit.found_error(fit.table):.2g}")
