"""How much arithmetic a kernel does: floating-point operations times the loops around them."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects import math as math_dialect
from xdsl.dialects.builtin import AnyFloat
from xdsl.ir import Operation, Region

from ..dialects import tir
from ..symbolic import IntExpr, as_expr

# What moves and compares is no arithmetic.
_FREE = (arith.ConstantOp, arith.SelectOp, arith.CmpfOp, arith.ExtFOp, arith.TruncFOp)


def kernel_flops(func: tir.FuncOp) -> IntExpr | None:
    """Return the floating-point operations of one run, over the kernel's symbols.

    None where an extent depends on a loop.

    Both sides of a condition count, and one function of the math dialect is one operation.
    """
    count = _count(func.body)
    return count if set(count.free_vars()) <= set(func.symbol_names) else None


def _count(region: Region) -> IntExpr:
    total = as_expr(0)
    for op in region.block.ops:
        # The init of a reduction runs once, not with the loops around it.
        regions = [op.body] if isinstance(op, tir.BlockOp) else op.regions
        inner = as_expr(0)
        for part in regions:
            inner += _count(part)
        if isinstance(op, tir.ForOp) and inner != 0:
            inner *= op.extent_expr()
        total += inner + int(_is_arithmetic(op))
    return total


def _is_arithmetic(op: Operation) -> bool:
    named = isinstance(op, _ARITHMETIC) and not isinstance(op, _FREE)
    return named and isinstance(op.results[0].type, AnyFloat)


_ARITHMETIC: tuple[type[Operation], ...] = (
    *(op for op in arith.Arith.operations),
    *(op for op in math_dialect.Math.operations),
)
