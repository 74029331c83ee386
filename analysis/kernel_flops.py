"""How much arithmetic a kernel does: floating-point operations times the loops around them."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects import math as math_dialect
from xdsl.dialects.builtin import AnyFloat
from xdsl.ir import Operation, Region

from ..dialects import tir

# What moves and compares is no arithmetic.
_FREE = (arith.ConstantOp, arith.SelectOp, arith.CmpfOp, arith.ExtFOp, arith.TruncFOp)


def kernel_flops(func: tir.FuncOp) -> int | None:
    """Return the floating-point operations of one run; None where an extent is symbolic.

    Both sides of a condition count, and one function of the math dialect is one operation.
    """
    return _count(func.body)


def _count(region: Region) -> int | None:
    total = 0
    for op in region.block.ops:
        # The init of a reduction runs once, not with the loops around it.
        regions = [op.body] if isinstance(op, tir.BlockOp) else op.regions
        inner = 0
        for part in regions:
            count = _count(part)
            if count is None:
                return None
            inner += count
        if isinstance(op, tir.ForOp) and inner:
            extent = op.extent_expr()
            if not extent.is_constant:
                return None
            inner *= extent.constant_value
        total += inner + _is_arithmetic(op)
    return total


def _is_arithmetic(op: Operation) -> bool:
    named = isinstance(op, _ARITHMETIC) and not isinstance(op, _FREE)
    return named and isinstance(op.results[0].type, AnyFloat)


_ARITHMETIC: tuple[type[Operation], ...] = (
    *(op for op in arith.Arith.operations),
    *(op for op in math_dialect.Math.operations),
)
