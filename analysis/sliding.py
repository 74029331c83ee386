"""Loops whose iterations read again what a register tile read one row further on.

for s in 3: for u in 14 unrolled: acc[u] += x[j + u + s] * w[s]

Unrolled, two taps have all but one of their numbers in common. A compiler that sees this keeps them
in registers, which hold the sums already: it saves loads, of which there are enough a cycle, and
has to save sums to memory instead.
"""

from __future__ import annotations

from ..dialects import tir
from ..symbolic import IntExpr

MANY_SUMS = 16  # with the numbers that they share, more than the registers hold


def slides_over_tile(loop: tir.ForOp) -> bool:
    """Tell whether a loop around a tile of many sums moves a broadcast operand as its rows do."""
    row: tir.ForOp | None = None
    sums, inner = 1, _loop_in(loop)
    while inner is not None and inner.kind.data is tir.ForKind.UNROLLED:
        row = row or inner
        extent = inner.extent_expr()
        sums *= extent.constant_value if extent.is_constant else 1
        inner = _loop_in(inner)
    if row is None or inner is None or sums < MANY_SUMS:
        return False
    return any(
        _moves_alike(index, loop, row) and inner.induction_var not in index.free_vars()
        for op in inner.body.block.ops
        if isinstance(op, tir.LoadOp)
        for index in op.exprs_over_values(op.indices)
    )


def _loop_in(loop: tir.ForOp) -> tir.ForOp | None:
    """Return the first loop directly inside of a loop."""
    return next((op for op in loop.body.block.ops if isinstance(op, tir.ForOp)), None)


def _moves_alike(index: IntExpr, loop: tir.ForOp, row: tir.ForOp) -> bool:
    """Tell whether an index grows by the same number with either loop."""
    steps = [index.coefficient(each.induction_var) for each in (loop, row)]
    if steps[0] is None or steps[1] is None:
        return False
    return steps[0][0] == steps[1][0] != 0
