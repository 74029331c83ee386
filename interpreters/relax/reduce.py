"""What reductions, softmax and scans mean in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...dialects import relax
from .elementwise import truncating_divide
from .registry import Array, impl
from .widening import is_half, narrow_like, wide


def _reduce(function: Callable[..., Array], op: relax.ReductionOp, x: Array) -> Array:
    """Reduce in x's element type (half floats: in f32)."""
    values = wide(x)
    found = function(
        values, axis=op.reduced_axes, keepdims=relax.flag(op.keepdims), dtype=values.dtype
    )
    return np.asarray(found)


@impl(relax.SumOp)
def _sum(op: relax.SumOp, x: Array) -> Array:
    return narrow_like(_reduce(np.sum, op, x), x)


@impl(relax.ProdOp)
def _prod(op: relax.ProdOp, x: Array) -> Array:
    return narrow_like(_reduce(np.prod, op, x), x)


@impl(relax.MeanOp)
def _mean(op: relax.MeanOp, x: Array) -> Array:
    count = int(np.prod([x.shape[axis] for axis in op.reduced_axes], dtype=np.int64))
    total = _reduce(np.sum, op, x)
    if total.dtype.kind in "iu":
        return truncating_divide(total, np.array(count, total.dtype))
    return narrow_like(total / np.array(count, total.dtype), x)


@impl(relax.MaxOp, relax.MinOp)
def _extreme(op: relax.MaxOp | relax.MinOp, x: Array) -> Array:
    largest = isinstance(op, relax.MaxOp)
    values = wide(x)
    function = np.max if largest else np.min
    found = function(
        values,
        axis=op.reduced_axes,
        keepdims=relax.flag(op.keepdims),
        initial=limit(values.dtype, largest=not largest).item(),
    )
    return narrow_like(np.asarray(found), x)


def limit(dtype: np.dtype[Any], largest: bool) -> Array:
    """Return the largest or smallest value of an element type; infinities for floats."""
    if dtype.kind == "b":
        return np.array(largest)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.array(info.max if largest else info.min, dtype)
    return np.array(np.inf if largest else -np.inf, dtype)


@impl(relax.ArgMaxOp, relax.ArgMinOp)
def _arg_extreme(op: relax.ArgMaxOp | relax.ArgMinOp, x: Array) -> Array:
    axis = op.axis.value.data
    function = np.argmax if isinstance(op, relax.ArgMaxOp) else np.argmin
    values = wide(x)
    if relax.flag(op.select_last_index):
        found = x.shape[axis] - 1 - function(np.flip(values, axis), axis=axis)
    else:
        found = function(values, axis=axis)
    result = np.asarray(found).astype(np.int64)
    return np.expand_dims(result, axis) if relax.flag(op.keepdims) else result


@impl(relax.SoftmaxOp)
def _softmax(op: relax.SoftmaxOp, x: Array) -> Array:
    shifted, axis = _shifted(op, x)
    exponentials = np.exp(shifted)
    return narrow_like(exponentials / np.sum(exponentials, axis=axis, keepdims=True), x)


@impl(relax.LogSoftmaxOp)
def _log_softmax(op: relax.LogSoftmaxOp, x: Array) -> Array:
    shifted, axis = _shifted(op, x)
    return narrow_like(shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True)), x)


def _shifted(op: relax.SoftmaxOp | relax.LogSoftmaxOp, x: Array) -> tuple[Array, int]:
    axis, values = op.axis.value.data, wide(x)
    return values - np.max(values, axis=axis, keepdims=True, initial=-np.inf), axis


@impl(relax.CumSumOp, relax.CumProdOp)
def _scan(op: relax.CumSumOp | relax.CumProdOp, x: Array) -> Array:
    axis, reverse = op.axis.value.data, relax.flag(op.reverse)
    is_sum = isinstance(op, relax.CumSumOp)
    values = wide(x)
    values = np.flip(values, axis) if reverse else values
    if relax.flag(op.exclusive):
        start = np.full_like(
            values.take([0], axis) if x.shape[axis] else values, 0 if is_sum else 1
        )
        kept = values.take(range(max(x.shape[axis] - 1, 0)), axis)
        values = np.concatenate([start, kept], axis)
    scan = np.cumsum if is_sum else np.cumprod
    found = scan(values, axis=axis, dtype=np.float32 if is_half(x) else x.dtype)
    return narrow_like(np.flip(found, axis) if reverse else found, x)
