"""fold-batch-norm: a normalization with known statistics is a scale and a shift.

Rewrites   %y = relax.batch_norm %x, %scale, %bias, %mean, %var    all but %x constants
into       %y = %x * (scale / sqrt(var + epsilon)) + (bias - mean * scale / sqrt(var + epsilon))

The constants are computed in f64 and rounded once.

Needs:  statistics as constants (fold-constants).
Leaves: multiply and add with constants of shape [C, 1, ..., 1].
Why here: before fold-scales, which moves both into the weights of a convolution.
Source: Jacob et al., CVPR 2018, section 3.2 (folding); the rest is algebra.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ...dialects import relax
from .rewriting import Rewriter, constant_of


def _scale_and_shift(rw: Rewriter, op: relax.BatchNormOp) -> SSAValue | None:
    """`batch_norm(x) -> x * scale' + shift'`."""
    rank = relax.tensor_type(op.x).rank
    found = [constant_of(value) for value in op.operands[1:]]
    arrays = [array.astype(np.float64) for array in found if array is not None]
    if rank is None or len(arrays) != len(found):
        return None
    scale, bias, mean, var = arrays
    factor = scale / np.sqrt(var + op.epsilon.value.data)
    shape = (-1, *(1,) * (rank - 2))
    scaled = rw.add(relax.MultiplyOp(op.x, rw.constant(factor.reshape(shape), like=op.scale)))
    shift = rw.constant((bias - mean * factor).reshape(shape), like=op.bias)
    return rw.add(relax.AddOp(scaled, shift))


@dataclass(frozen=True)
class FoldBatchNormPass(ModulePass):
    """See the module docstring."""

    name = "fold-batch-norm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Rewriter({relax.BatchNormOp: (_scale_and_shift,)}).run(op)
