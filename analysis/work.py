"""How much arithmetic an operator is: the part of it that decides the time of most models."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from xdsl.ir import Attribute, Operation, SSAValue

from ..dialects import relax


def flops_of(op: Operation) -> int | None:
    """Return the floating-point operations of a matrix product or convolution.

    A multiplication and an addition are two. None for other operators, and where a dim is symbolic.
    """
    match op:
        case relax.MatmulOp():
            a = _shape(op.a.type)
            summed = () if a is None else a[-2:-1] if op.transpose_a.value.data else a[-1:]
            return _twice(_shape(op.result.type), None if a is None else summed)
        case relax.ConvOp():
            return _twice(_shape(op.result.type), _tail(op.w))
        case relax.ConvTransposeOp():
            return _twice(_shape(op.x.type), _tail(op.w))
        case _:
            return None


def _twice(outputs: Sequence[int] | None, summed: Sequence[int] | None) -> int | None:
    return None if outputs is None or summed is None else 2 * prod(outputs) * prod(summed)


def _tail(weights: SSAValue) -> Sequence[int] | None:
    shape = _shape(weights.type)
    return None if shape is None else shape[1:]


def _shape(type_: Attribute) -> tuple[int, ...] | None:
    return type_.static_shape() if isinstance(type_, relax.TensorType) else None
