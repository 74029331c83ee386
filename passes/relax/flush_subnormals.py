"""flush-subnormals: weights that are nearly nothing become nothing.

Rewrites   %w = relax.constant <[2], f32, [1e-40, 2.0]> ; %y = relax.conv %x, %w
into       %w = relax.constant <[2], f32, [0.0, 2.0]> ; %y = relax.conv %x, %w

Processors compute with subnormal numbers in microcode, a hundred times slower than with others, and
decayed weights of trained models hold some. A product changes by less than 1.2e-38 |x| (f32): the
sums that it is part of round that away unless they are as small themselves.

Needs:  scales in the weights (fold-scales), which may make such numbers.
Leaves: constants of other operators, and types whose least normal number is not that small.
Why here: weights are final; after it, only their order changes.
Source: Intel 64 and IA-32 Architectures Optimization Reference Manual, "Floating-point
Exceptions and Underflow", on the microcode assists that subnormal operands need.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ...dialects import relax
from ...dialects.relax import Array
from .fold_scales import LINEAR
from .rewriting import Rewriter, constant_of, like_with_weight

AT_ONCE = 1 << 16
"""Numbers looked at at a time: they and what is made of them stay in the second-level cache."""


def _chunks(array: Array) -> Iterator[Array]:
    flat = array.reshape(-1)  # a view: constants are contiguous
    return (flat[start : start + AT_ONCE] for start in range(0, flat.size, AT_ONCE))


def _subnormal(array: Array) -> Array:
    size = np.abs(array)
    return (size < np.finfo(array.dtype).tiny) & (size > 0)


def _flush(rw: Rewriter, op: LINEAR) -> SSAValue | None:
    """`linear(x, w) -> linear(x, w')`, w' with zeros in the place of subnormal numbers."""
    weight = op.operands[1]
    array = constant_of(weight)
    if array is None or array.dtype.char not in "fd":
        return None
    if not any(_subnormal(chunk).any() for chunk in _chunks(array)):
        return None
    flushed = np.where(_subnormal(array), np.zeros((), array.dtype), array)
    return rw.add(like_with_weight(op, rw.constant(flushed, like=weight)))


@dataclass(frozen=True)
class FlushSubnormalsPass(ModulePass):
    """See the module docstring."""

    name = "flush-subnormals"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        rules = (_flush,)
        kinds = (relax.ConvOp, relax.ConvTransposeOp, relax.MatmulOp)
        Rewriter({kind: rules for kind in kinds}).run(op)
