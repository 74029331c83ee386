"""fold-scales: constants that scale or shift a linear operator's result go into its constants.

Rewrites   %y = relax.conv %x, %w ; %z = relax.multiply %y, %c      one factor per channel
into       %z = relax.conv %x, %w'                                  with w' = w * c

- multiply (conv, conv_transpose, matmul with a constant weight) by one constant per channel;
- multiply (multiply x, c1), c2 -> multiply x, c1 * c2; the same of add;
- multiply (add x, c1), c2 -> add (multiply x, c2), c1 * c2, where that brings c2 to a weight or
  to another factor.

Only floats, only where the inner result has no other use, and never into a larger constant.
Products are rounded once more than before; sums are associated anew.

Needs:  constants folded; fold-batch-norm before, to take normalizations along.
Leaves: at most one add of a constant after a linear operator: its bias.
Why here: before the last fold-constants; layouts and packing then see final weights.
Source: TVM's FoldScaleAxis and FoldBatchnormToConv2D (the idea).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from ...dialects import dtypes, relax
from ...dialects.relax import Array
from .rewriting import Rewriter, constant_of, like_with_weight, with_constant


def _scale_weight(rw: Rewriter, op: relax.MultiplyOp) -> SSAValue | None:
    """`linear(x, w) * c -> linear(x, w * c)`."""
    found = with_constant(op)
    if found is None:
        return None
    y, _, factor = found
    linear = y.owner
    if not isinstance(linear, LINEAR) or not y.has_one_use():
        return None
    weight = linear.operands[1]
    array = constant_of(weight)
    if array is None or not _same_type(op.result, y):
        return None
    per_weight = _factor_of_weight(linear, factor, array)
    if per_weight is None:
        return None
    rw.absorb(linear)
    scaled = rw.constant(_product(array, per_weight), like=weight)
    return rw.add(like_with_weight(linear, scaled))


LINEAR = relax.ConvOp | relax.ConvTransposeOp | relax.MatmulOp


def _factor_of_weight(
    linear: relax.ConvOp | relax.ConvTransposeOp | relax.MatmulOp, factor: Array, weight: Array
) -> Array | None:
    """Return what to multiply the weight by to scale the result; None where nothing is that."""
    rank = relax.tensor_type(linear.result).rank
    if rank is None or factor.ndim > rank:
        return None
    full = factor.reshape((1,) * (rank - factor.ndim) + factor.shape)
    channel = rank - 1 if isinstance(linear, relax.MatmulOp) else 1
    if full.size != full.shape[channel]:
        return None  # it differs within a channel
    values = full.reshape(-1)
    if isinstance(linear, relax.MatmulOp):
        return values[:, None] if relax.flag(linear.transpose_b) else values
    spatial = (1,) * (weight.ndim - 2)
    if isinstance(linear, relax.ConvOp):
        return values.reshape(-1, 1, *spatial)
    groups = linear.groups.value.data
    per_group = values.reshape(groups if values.size > 1 else 1, 1, -1, *spatial)
    rows = weight.shape[0] // groups  # input channels of a group
    return np.broadcast_to(per_group, (groups, rows, weight.shape[1], *spatial)).reshape(
        weight.shape[0], weight.shape[1], *spatial
    )


def _merge_factors(rw: Rewriter, op: relax.MultiplyOp) -> SSAValue | None:
    """`(x * c1) * c2 -> x * (c1 * c2)`."""
    return _merge(rw, op, relax.MultiplyOp)


def _merge_shifts(rw: Rewriter, op: relax.AddOp) -> SSAValue | None:
    """`(x + c1) + c2 -> x + (c1 + c2)`."""
    return _merge(rw, op, relax.AddOp)


def _merge(
    rw: Rewriter, op: relax.BinaryOp, kind: type[relax.AddOp | relax.MultiplyOp]
) -> SSAValue | None:
    outer = with_constant(op)
    inner = None if outer is None else _inner_of(outer[0], kind)
    if outer is None or inner is None or not _is_float(op.result):
        return None
    (y, _, second), (x, c, first) = outer, inner
    merged = first + second if kind is relax.AddOp else _product(first, second)
    if merged.size > max(first.size, second.size):
        return None
    assert isinstance(y.owner, Operation)
    rw.absorb(y.owner)
    return rw.add(kind(x, rw.constant(merged, like=c)))


def _scale_before_shift(rw: Rewriter, op: relax.MultiplyOp) -> SSAValue | None:
    """`(x + c1) * c2 -> x * c2 + c1 * c2`, where x can take the factor c2 in."""
    outer = with_constant(op)
    inner = None if outer is None else _inner_of(outer[0], relax.AddOp)
    if outer is None or inner is None or not _is_float(op.result):
        return None
    (y, factor_value, factor), (x, shift_value, shift) = outer, inner
    if not _takes_factor(x) or not _same_type(op.result, x):
        return None
    merged = _product(shift, factor)
    if merged.size > max(shift.size, factor.size):
        return None
    assert isinstance(y.owner, Operation)
    rw.absorb(y.owner)
    scaled = rw.add(relax.MultiplyOp(x, factor_value))
    return rw.add(relax.AddOp(scaled, rw.constant(merged, like=shift_value)))


def _takes_factor(x: SSAValue) -> bool:
    if not x.has_one_use():
        return False
    match x.owner:
        case relax.ConvOp() | relax.ConvTransposeOp() | relax.MatmulOp() as linear:
            return constant_of(linear.operands[1]) is not None
        case relax.MultiplyOp() as multiply:
            return with_constant(multiply) is not None
        case _:
            return False


def _inner_of(
    value: SSAValue, kind: type[relax.AddOp | relax.MultiplyOp]
) -> tuple[SSAValue, SSAValue, Array] | None:
    """Return `with_constant` of the operator that makes a value, if it is one of `kind`."""
    owner = value.owner
    if not isinstance(owner, kind) or not value.has_one_use():
        return None
    return with_constant(owner)


def _product(a: Array, b: Array) -> Array:
    with np.errstate(all="ignore"):  # infinite factors are the model's own
        return a * b


def _is_float(value: SSAValue) -> bool:
    return dtypes.is_float(relax.tensor_type(value).dtype)


def _same_type(a: SSAValue, b: SSAValue) -> bool:
    return _is_float(a) and a.type == b.type


@dataclass(frozen=True)
class FoldScalesPass(ModulePass):
    """See the module docstring."""

    name = "fold-scales"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Rewriter(
            {
                relax.AddOp: (_merge_shifts,),
                relax.MultiplyOp: (_scale_weight, _merge_factors, _scale_before_shift),
            }
        ).run(op)
