"""NumPy meaning of the operators whose indices are data.

An index that is out of range raises IndexError here: the oracle does not hide a model's mistakes.
"""

from __future__ import annotations

import numpy as np

from ...dialects import relax
from .manipulate import evaluate_dims
from .registry import Array, Symbols, impl

_COMBINE: dict[str, np.ufunc] = {
    "add": np.add,
    "mul": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
}


def _in_range(indices: Array, extent: int) -> Array:
    """Return indices without negative ones.

    Raises:
        IndexError: an index is out of range.
    """
    wide = indices.astype(np.int64)
    wrong = wide[(wide < -extent) | (wide >= extent)]
    if wrong.size:
        raise IndexError(f"index {wrong.flat[0]} is out of range for {extent} elements")
    return np.where(wide < 0, wide + extent, wide)


@impl(relax.GatherOp)
def _gather(op: relax.GatherOp, x: Array, indices: Array) -> Array:
    axis = op.axis.value.data
    return np.take(x, _in_range(indices, x.shape[axis]), axis=axis)


@impl(relax.CheckPositionOp)
def _check_position(op: relax.CheckPositionOp, position: Array, x: Array) -> Array:
    found, length = int(position), len(x)
    found += length if found < 0 else 0
    if not 0 <= found < length + op.past_end.value.data:
        extent = length + op.past_end.value.data
        raise IndexError(f"{op.place.data}: found index {found}, the extent is {extent}")
    return np.array(found, np.int64)


@impl(relax.GatherElementsOp)
def _gather_elements(op: relax.GatherElementsOp, x: Array, indices: Array) -> Array:
    axis = op.axis.value.data
    return x[_positions(indices, axis, x.shape[axis])]


def _positions(indices: Array, axis: int, extent: int) -> tuple[Array, ...]:
    """Return the index arrays that replace the index along `axis` by `indices`."""
    grids: list[Array] = [*np.indices(indices.shape, sparse=True)]
    grids[axis] = _in_range(indices, extent)
    return tuple(grids)


def _tuples(indices: Array, shape: tuple[int, ...]) -> tuple[Array, ...]:
    """Return one index array for each axis that tuples of indices name."""
    return tuple(_in_range(indices[..., d], shape[d]) for d in range(indices.shape[-1]))


@impl(relax.GatherNdOp)
def _gather_nd(op: relax.GatherNdOp, x: Array, indices: Array) -> Array:
    batch = op.batch_dims.value.data
    if not batch:
        return x[_tuples(indices, x.shape)]
    flat = x.reshape(-1, *x.shape[batch:])
    tuples = indices.reshape(-1, *indices.shape[batch:])
    rows = [row[_tuples(t, row.shape)] for row, t in zip(flat, tuples, strict=True)]
    shape = (*indices.shape[:-1], *x.shape[batch + indices.shape[-1] :])
    return np.array(rows, x.dtype).reshape(shape)


@impl(relax.ScatterElementsOp)
def _scatter_elements(
    op: relax.ScatterElementsOp, x: Array, indices: Array, updates: Array
) -> Array:
    axis = op.axis.value.data
    positions = _positions(indices, axis, x.shape[axis])
    return _scatter(x, np.broadcast_arrays(*positions), updates, op.reduction.data)


@impl(relax.ScatterNdOp)
def _scatter_nd(op: relax.ScatterNdOp, x: Array, indices: Array, updates: Array) -> Array:
    return _scatter(x, _tuples(indices, x.shape), updates, op.reduction.data)


def _scatter(x: Array, positions: tuple[Array, ...], updates: Array, reduction: str) -> Array:
    """Return a copy of `x` with updates at positions, one after the other.

    `positions` index the first axes; updates have the other axes of `x` after theirs.
    """
    y = x.copy()
    if not positions:  # index tuples of length 0 name all of x
        positions = (np.zeros(updates.shape[: updates.ndim - x.ndim], np.int64),)
        return _scatter(x[np.newaxis], positions, updates, reduction)[0]
    if reduction != "none":
        _COMBINE[reduction].at(y, positions, updates)
        return y
    flat = [position.reshape(-1) for position in positions]
    rows = updates.reshape(-1, *x.shape[len(positions) :])
    # NumPy leaves open which of several assignments to one element wins.
    for i, row in enumerate(rows):
        y[tuple(column[i] for column in flat)] = row
    return y


@impl(relax.TopKOp, symbolic=True)
def _top_k(op: relax.TopKOp, symbols: Symbols, x: Array) -> tuple[Array, Array]:
    axis, (k,) = op.axis.value.data, evaluate_dims(op.k.data, symbols)
    key = _descending(x) if op.is_largest else x
    order = np.argsort(key, axis=axis, kind="stable")  # NaN is last
    order = np.take(order, np.arange(k), axis=axis)
    return np.take_along_axis(x, order, axis=axis), order.astype(np.int64)


def _descending(x: Array) -> Array:
    """Return numbers whose ascending order is x's descending one."""
    if x.dtype.kind == "f" or x.dtype.kind == "V":
        return -x
    return ~x  # -1 - x: no overflow, and for unsigned types the complement


@impl(relax.ReverseSequenceOp)
def _reverse_sequence(op: relax.ReverseSequenceOp, x: Array, lengths: Array) -> Array:
    y = x.copy()
    for b, length in enumerate(lengths):
        row = (b, slice(0, length)) if op.batch_axis.value.data == 0 else (slice(0, length), b)
        y[row] = np.flip(x[row], axis=0)
    return y


@impl(relax.MaxUnpoolOp, symbolic=True)
def _max_unpool(op: relax.MaxUnpoolOp, symbols: Symbols, x: Array, indices: Array) -> Array:
    y = np.zeros(evaluate_dims(op.shape.data, symbols), x.dtype)
    flat = _in_range(indices.reshape(-1), y.size)
    return _scatter(y.reshape(-1), (flat,), x.reshape(-1), "none").reshape(y.shape)
