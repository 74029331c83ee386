"""Functions of `math` as arithmetic on f32: one file per family, `FUNCTIONS` names them all."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import math
from xdsl.ir import Operation

from ....dialects.tir.values import Value
from .error_function import erf
from .exponential import exp, tanh
from .logarithm import log

FUNCTIONS: dict[type[Operation], Callable[..., Value]] = {
    math.ErfOp: erf,
    math.ExpOp: exp,
    math.LogOp: log,
    math.TanhOp: tanh,
}
"""Kernels by the operation they replace: functions `(emitter, *operands) -> result` of f32."""
