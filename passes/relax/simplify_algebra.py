"""simplify-algebra: arithmetic with neutral and special constants, repeated clamps and casts.

Rewrites   %y = relax.multiply %x, 1 ; %z = relax.relu (relax.relu %y)
into       %z = relax.relu %x

- x + 0, x - 0, x * 1, x / 1 -> x; x - c -> x + (-c); x / c -> x * (1 / c) where c is a power of 2;
- power x, 1 | 2 | 3 | 0.5 -> x | x * x | x * x * x | sqrt x;
- maximum x, 0 -> relu x; clamps of clamps -> one clamp; relu of what is never negative -> itself;
- where with a constant condition; casts to the same type, and back from a wider one.

Exact but for the sign of zero and for -inf under 0.5; a value that the operator broadcasts stays.

Needs:  constants folded (fold-constants).
Leaves: constants as the second operand of add and multiply.
Why here: before fold-scales, which asks for add and multiply of constants.
Source: algebra.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ...dialects import dtypes, relax
from ...dialects.relax import Array
from .rewriting import Rewriter, Rules, constant_of, with_constant

NOT_NEGATIVE = (relax.ReluOp, relax.SigmoidOp, relax.ExpOp, relax.AbsOp)


def _is_all(array: Array, value: float) -> bool:
    return array.size > 0 and bool(np.all(array == value))


def _neutral(value: float) -> Callable[[Rewriter, relax.BinaryOp], SSAValue | None]:
    """`x op value -> x`, for a commutative operator."""

    def rule(rw: Rewriter, op: relax.BinaryOp) -> SSAValue | None:
        found = with_constant(op)
        if found is None or found[0].type != op.result.type or not _is_all(found[2], value):
            return None
        return found[0]

    return rule


def _constant_second(rw: Rewriter, op: relax.AddOp | relax.MultiplyOp) -> SSAValue | None:
    """`c op x -> x op c`."""
    if constant_of(op.a) is None or constant_of(op.b) is not None:
        return None
    return rw.add(type(op)(op.b, op.a))


def _subtract(rw: Rewriter, op: relax.SubtractOp) -> SSAValue | None:
    """`x - c -> x + (-c)`."""
    array = constant_of(op.b)
    if array is None or constant_of(op.a) is not None:
        return None
    return rw.add(relax.AddOp(op.a, rw.constant(np.negative(array), like=op.b)))


def _divide(rw: Rewriter, op: relax.DivideOp) -> SSAValue | None:
    """`x / c -> x * (1 / c)`, where that is exact."""
    array = constant_of(op.b)
    if array is None or constant_of(op.a) is not None:
        return None
    if op.a.type == op.result.type and _is_all(array, 1):
        return op.a
    dtype = relax.tensor_type(op.b).dtype
    if not dtypes.is_float(dtype):
        return None
    wide = array.astype(np.float64)
    with np.errstate(all="ignore"):
        inverse = 1.0 / wide
    mantissas = np.abs(np.frexp(wide)[0])
    rounded = inverse.astype(dtypes.to_numpy(dtype)).astype(np.float64)
    if not np.all((mantissas == 0.5) & (rounded == inverse) & (inverse != 0)):
        return None
    return rw.add(relax.MultiplyOp(op.a, rw.constant(inverse, like=op.b)))


def _power(rw: Rewriter, op: relax.PowerOp) -> SSAValue | None:
    """`x ^ 2 -> x * x`, and the like."""
    array, x = constant_of(op.b), op.a
    if array is None or x.type != op.result.type or array.size == 0:
        return None
    exponent = float(array.reshape(-1)[0])
    if not _is_all(array, exponent):
        return None
    match exponent:
        case 1.0:
            return x
        case 2.0:
            return rw.add(relax.MultiplyOp(x, x))
        case 3.0:
            return rw.add(relax.MultiplyOp(rw.add(relax.MultiplyOp(x, x)), x))
        case 0.5 if dtypes.is_float(relax.tensor_type(x).dtype):
            return rw.add(relax.SqrtOp(x))
        case _:
            return None


def _maximum_of_zero(rw: Rewriter, op: relax.MaximumOp) -> SSAValue | None:
    """`maximum(x, 0) -> relu(x)`."""
    found = with_constant(op)
    if found is None or found[0].type != op.result.type or not _is_all(found[2], 0):
        return None
    return rw.add(relax.ReluOp(found[0]))


def _clamp_of_clamp(rw: Rewriter, op: relax.MaximumOp | relax.MinimumOp) -> SSAValue | None:
    """`maximum(maximum(x, c), d) -> maximum(x, maximum(c, d))`; the same of minimum."""
    outer = with_constant(op)
    inner = outer[0].owner if outer is not None else None
    if outer is None or not isinstance(inner, type(op)):
        return None
    found = with_constant(inner)
    if found is None:
        return None
    combine = np.maximum if isinstance(op, relax.MaximumOp) else np.minimum
    merged = combine(found[2], outer[2])
    if merged.size > max(found[2].size, outer[2].size):
        return None
    rw.absorb(inner)
    return rw.add(type(op)(found[0], rw.constant(merged, like=found[1])))


def _relu(rw: Rewriter, op: relax.ReluOp) -> SSAValue | None:
    """`relu(x) -> x`, where x is never negative."""
    inner = op.x.owner
    if isinstance(inner, NOT_NEGATIVE) and not _may_wrap(inner):
        return op.x
    if isinstance(inner, relax.MaximumOp):
        found = with_constant(inner)
        if found is not None and found[2].size and bool(np.all(found[2] >= 0)):
            return op.x
    return None


def _may_wrap(op: relax.UnaryOp) -> bool:
    """Tell whether the smallest integer stays negative."""
    return isinstance(op, relax.AbsOp) and not dtypes.is_float(relax.tensor_type(op.x).dtype)


def _where(rw: Rewriter, op: relax.WhereOp) -> SSAValue | None:
    """`where(true, a, b) -> a`, `where(false, a, b) -> b`."""
    cond = constant_of(op.cond)
    if cond is None or cond.size == 0 or not (np.all(cond) or not np.any(cond)):
        return None
    chosen = op.a if np.all(cond) else op.b
    return chosen if chosen.type == op.result.type else None


def _cast(rw: Rewriter, op: relax.CastOp) -> SSAValue | None:
    """`cast(x: T) : T -> x`, `cast(cast(x: T) : wider) : T -> x`."""
    if op.x.type == op.result.type:
        return op.x
    inner = op.x.owner
    if isinstance(inner, relax.CastOp) and inner.x.type == op.result.type:
        kept, wider = relax.tensor_type(inner.x).dtype, relax.tensor_type(op.x).dtype
        if _holds(wider, kept):
            return inner.x
    return None


def _holds(wider: object, dtype: object) -> bool:
    """Tell whether every value of one element type is one of the other."""
    return (dtype, wider) in _HOLDS


_HOLDS = {
    (a, b)
    for a in dtypes.DTYPES
    for b in dtypes.DTYPES
    if "bfloat16" not in (dtypes.name_of(a), dtypes.name_of(b))
    and np.can_cast(dtypes.to_numpy(a), dtypes.to_numpy(b), "safe")
}

RULES: Rules = {
    relax.AddOp: (_neutral(0), _constant_second),
    relax.CastOp: (_cast,),
    relax.DivideOp: (_divide,),
    relax.MaximumOp: (_clamp_of_clamp, _maximum_of_zero),
    relax.MinimumOp: (_clamp_of_clamp,),
    relax.MultiplyOp: (_neutral(1), _constant_second),
    relax.PowerOp: (_power,),
    relax.ReluOp: (_relu,),
    relax.SubtractOp: (_subtract,),
    relax.WhereOp: (_where,),
}


@dataclass(frozen=True)
class SimplifyAlgebraPass(ModulePass):
    """See the module docstring."""

    name = "simplify-algebra"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Rewriter(RULES).run(op)
