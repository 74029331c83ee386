"""Functions of `math` as arithmetic on f32: one file per family, `FUNCTIONS` names them all.

The coefficients are minimax polynomials that `tests/passes/tir/minimax.py` finds and prints.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import math
from xdsl.ir import Operation

from ....dialects.tir.values import Value
from .error_function import erf
from .exponential import cosh, exp, exp2, expm1, sinh, tanh
from .inverse_trigonometric import acos, asin, atan
from .logarithm import acosh, asinh, atanh, log, log1p, log2, log10
from .power import power
from .trigonometric import cos, sin, tan

FUNCTIONS: dict[type[Operation], Callable[..., Value]] = {
    math.AcosOp: acos,
    math.AcoshOp: acosh,
    math.AsinOp: asin,
    math.AsinhOp: asinh,
    math.AtanOp: atan,
    math.AtanhOp: atanh,
    math.CosOp: cos,
    math.CoshOp: cosh,
    math.ErfOp: erf,
    math.Exp2Op: exp2,
    math.ExpM1Op: expm1,
    math.ExpOp: exp,
    math.Log10Op: log10,
    math.Log1pOp: log1p,
    math.Log2Op: log2,
    math.LogOp: log,
    math.PowFOp: power,
    math.SinOp: sin,
    math.SinhOp: sinh,
    math.TanOp: tan,
    math.TanhOp: tanh,
}
"""Kernels by the operation they replace: functions `(emitter, *operands) -> result` of f32."""
