"""pool-convolutions: a convolution by minimal filtering keeps the maxima of its tiles alone.

Rewrites   %y = relax.winograd_conv %x, %u ; %z = relax.relu %y ; %p = relax.max_pool %z   2 x 2
into       %q = relax.winograd_conv %x, %u {pool = 2} ; %p = relax.relu %q

The windows of such a pooling lie within tiles, whose results are in registers: what would be four
times as large is never in memory. What lies between must not change which of two values is the
larger: a relu, or a sum with one number for each channel, rounded or not. Exact but for the sign of
zero.

Needs:  convolutions in blocks (choose-layouts).
Leaves: windows that overlap, are cut off, or are of other sizes; convolutions that are read twice.
Why here: choose-layouts decides where minimal filtering pays.
Source: fusion of pooling into the layer before it, Alwani et al., "Fused-Layer CNN Accelerators",
MICRO 2016; here a tile at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from ...dialects import relax
from ...dialects.relax import ints
from .rewriting import Rewriter, with_constant

SIDE = 2
_SPATIAL = (2, 3)  # axes of height and width in [N, C/b, H, W, b]


def _pools_squares(op: relax.MaxPoolOp) -> bool:
    """Tell whether the windows are squares of two, side by side, in an image in blocks."""
    square = (SIDE, SIDE, 1)
    is_dense = set(ints(op.dilations)) == {1} and not any((*ints(op.padding), *op.extra))
    return ints(op.kernel) == square == ints(op.strides) and is_dense


def _below(op: Operation) -> tuple[SSAValue, SSAValue | None] | None:
    """Return (operand, constant) of a map that keeps the order of the elements of a channel."""
    if isinstance(op, relax.ReluOp):
        return op.operands[0], None
    found = with_constant(op) if isinstance(op, relax.AddOp) else None
    if found is None:
        return None
    operand, constant, array = found
    rank, given = relax.tensor_type(operand).rank, array.shape
    spatial = [axis - (rank or 0) + len(given) for axis in _SPATIAL]
    per_channel = all(axis < 0 or given[axis] == 1 for axis in spatial)
    return (operand, constant) if rank is not None and per_channel else None


def _convolution_of(value: SSAValue) -> relax.WinogradConvOp | None:
    """Return the convolution that a pooling of `value` may go into."""
    while value.has_one_use() and isinstance(value.owner, Operation):
        op = value.owner
        if isinstance(op, relax.WinogradConvOp):
            shape = relax.tensor_type(value).known_shape()
            is_even = shape and all(shape[axis].is_multiple_of(SIDE) for axis in _SPATIAL)
            return op if is_even and op.pool is None else None
        found = _below(op)
        if found is None:
            return None
        value = found[0]
    return None


def _pool(rw: Rewriter, op: relax.MaxPoolOp) -> SSAValue | None:
    """`max_pool(map(conv(x, u))) -> map(pooled conv(x, u))`."""
    conv = _convolution_of(op.x) if _pools_squares(op) else None
    if conv is None:
        return None
    rw.absorb(conv)
    maps: list[tuple[Operation, SSAValue | None]] = []
    value = op.x
    while value is not conv.result:
        assert isinstance(value.owner, Operation)
        below = _below(value.owner)
        assert below is not None, "found on the way to the convolution"
        maps.append((value.owner, below[1]))
        value = below[0]
    m = conv.m.value.data
    pooled = rw.add(relax.WinogradConvOp(conv.x, conv.u, m=m, padding=conv.padding, pool=SIDE))
    for old, constant in reversed(maps):
        rw.absorb(old)
        new = relax.ReluOp(pooled) if constant is None else relax.AddOp(pooled, constant)
        pooled = rw.add(new)
    return pooled


@dataclass(frozen=True)
class PoolConvolutionsPass(ModulePass):
    """See the module docstring."""

    name = "pool-convolutions"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Rewriter({relax.MaxPoolOp: (_pool,)}).run(op)
