"""Scalar arithmetic that rules share: half floats in f32, integer division that cannot trap."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from xdsl.ir import Attribute

from ....dialects import dtypes
from ....dialects.tir.compute import Buffer, Index, KernelBuilder
from ....dialects.tir.values import Number, Value
from ....symbolic import IntExpr, min_


def is_half(dtype: Attribute) -> bool:
    """Tell whether `dtype` is f16 or bf16."""
    return dtypes.is_float(dtype) and dtypes.size_bytes(dtype) == 2


def compute_dtype(dtype: Attribute) -> Attribute:
    """Return the type in which values of `dtype` are computed: f32 for half floats."""
    return dtypes.f32 if is_half(dtype) else dtype


def lowest(dtype: Attribute) -> Number:
    """Return the smallest value of `dtype`, of floats -infinity."""
    return -math.inf if dtypes.is_float(dtype) else _limits(dtype)[0]


def highest(dtype: Attribute) -> Number:
    """Return the largest value of `dtype`, of floats infinity."""
    return math.inf if dtypes.is_float(dtype) else _limits(dtype)[1]


def _limits(dtype: Attribute) -> tuple[int, int]:
    if dtypes.is_bool(dtype):
        return 0, 1
    info = np.iinfo(dtypes.name_of(dtype))
    return int(info.min), int(info.max)


def wide_load(
    k: KernelBuilder,
    buffer: Buffer,
    *indices: Index,
    where: Sequence[IntExpr] = (),
    default: Number = 0,
) -> Value:
    """Return an element in the type it is computed in."""
    loaded = k.load(buffer, *indices, where=where, default=default)
    return k.cast(loaded, compute_dtype(buffer.dtype))


def broadcast_indices(
    shape: Sequence[IntExpr], target: Sequence[IntExpr], indices: Sequence[IntExpr]
) -> list[IntExpr | int]:
    """Return where a tensor of `shape`, broadcast to `target`, is read at `indices`.

    A dim that may or may not be 1 is read at min(i, dim - 1).
    """
    lead = len(target) - len(shape)
    return [
        _broadcast_index(dim, goal, i)
        for dim, goal, i in zip(shape, target[lead:], indices[lead:], strict=True)
    ]


def _broadcast_index(dim: IntExpr, goal: IntExpr, i: IntExpr) -> IntExpr | int:
    if dim.is_constant and dim.constant_value == 1:
        return 0
    return i if dim == goal else min_(i, dim - 1)


def divide(k: KernelBuilder, a: Value, b: Value) -> Value:
    """Return a / b; of integers truncated, 0 where b is 0, and never trapping."""
    if dtypes.is_float(a.dtype):
        return a / b
    zero = k.const(0, a.dtype)
    quotient = a / safe_divisor(k, b)
    if not dtypes.is_unsigned(a.dtype):
        quotient = k.select(b.compare("eq", -1), -a, quotient)
    return k.select(b.compare("eq", 0), zero, quotient)


def remainder(k: KernelBuilder, a: Value, b: Value) -> Value:
    """Return what is left of a / b truncated; of integers 0 where b is 0, and never trapping."""
    if not dtypes.is_float(a.dtype):
        return a % safe_divisor(k, b)
    exact = _float_remainder(k, k.cast(a, dtypes.f64), k.cast(b, dtypes.f64))
    return k.cast(exact, a.dtype)


def _float_remainder(k: KernelBuilder, a: Value, b: Value) -> Value:
    """Return the remainder of f64, to an ulp of a; of f32 operands exact where |a / b| < 2^29.

    There the quotient has 29 bits and its product with b at most 53, f64's precision. A quotient
    that was rounded up to an integer leaves a remainder of the wrong sign, which b corrects.
    """
    left = a - k.math("trunc", a / b) * b
    toward_a = k.select((a < 0) ^ (b < 0), -b, b)
    wrong = ((left < 0) & (a > 0)) | ((left > 0) & (a < 0))
    left = k.select(wrong, left + toward_a, left)
    finite = k.math("abs", a) < math.inf
    return k.select(finite & k.math("abs", b).compare("eq", math.inf), a, left)


def safe_divisor(k: KernelBuilder, b: Value) -> Value:
    """Return b, or 1 where b is 0 or -1: the divisors that trap (-1: of the smallest integer).

    Modulo 0 is then 0, modulo -1 too; a quotient by 0 or -1 is the caller's to select.
    """
    traps = b.compare("eq", 0)
    if not dtypes.is_unsigned(b.dtype):
        traps = traps | b.compare("eq", -1)
    return k.select(traps, k.const(1, b.dtype), b)
