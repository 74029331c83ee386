"""NumPy meaning of the operators that move elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from ...dialects import dtypes, relax
from ...symbolic import IntExpr
from .registry import Array, Symbols, impl


def evaluate_dims(dims: Iterable[IntExpr], symbols: Symbols) -> tuple[int, ...]:
    """Return the values of dims, given those of the symbols."""
    return tuple(dim.evaluate(symbols) for dim in dims)


@impl(relax.ReshapeOp, symbolic=True)
def _reshape(op: relax.ReshapeOp, symbols: Symbols, x: Array) -> Array:
    return x.reshape(evaluate_dims(op.shape.data, symbols))


@impl(relax.PermuteDimsOp)
def _permute_dims(op: relax.PermuteDimsOp, x: Array) -> Array:
    return x.transpose(relax.ints(op.axes))


@impl(relax.BroadcastToOp, symbolic=True)
def _broadcast_to(op: relax.BroadcastToOp, symbols: Symbols, x: Array) -> Array:
    return np.broadcast_to(x, evaluate_dims(op.shape.data, symbols))


@impl(relax.ConcatOp)
def _concat(op: relax.ConcatOp, *xs: Array) -> Array:
    return np.concatenate(xs, axis=op.axis.value.data)


@impl(relax.SplitOp, symbolic=True)
def _split(op: relax.SplitOp, symbols: Symbols, x: Array) -> tuple[Array, ...]:
    sections = evaluate_dims(op.sections.data, symbols)
    return tuple(np.split(x, np.cumsum(sections)[:-1], axis=op.axis.value.data))


@impl(relax.StridedSliceOp, symbolic=True)
def _strided_slice(op: relax.StridedSliceOp, symbols: Symbols, x: Array) -> Array:
    starts = evaluate_dims(op.starts.data, symbols)
    sizes = evaluate_dims(op.sizes.data, symbols)
    for axis, (start, size, step) in enumerate(
        zip(starts, sizes, relax.ints(op.steps), strict=True)
    ):
        x = np.take(x, start + step * np.arange(size), axis=axis)
    return x


@impl(relax.PadOp)
def _pad(op: relax.PadOp, x: Array, value: Array) -> Array:
    padding = relax.ints(op.padding)
    before, after = padding[: x.ndim], padding[x.ndim :]
    if op.mode.data == "constant":
        sizes = [pre + n + post for pre, n, post in zip(before, x.shape, after, strict=True)]
        y: Array = np.full(sizes, value, x.dtype)
        y[tuple(slice(pre, pre + n) for pre, n in zip(before, x.shape, strict=True))] = x
        return y
    source = _PAD_SOURCE[op.mode.data]
    y = x
    for axis, (pre, post) in enumerate(zip(before, after, strict=True)):
        if pre or post:
            n = y.shape[axis]
            y = np.take(y, source(np.arange(pre + n + post) - pre, n), axis=axis)  # pyright: ignore[reportUnknownArgumentType]
    return y


def _edge(i: Array, n: int) -> Array:
    return np.minimum(np.maximum(i, 0), n - 1)


def _wrap(i: Array, n: int) -> Array:
    return i % n


def _reflect(i: Array, n: int) -> Array:
    period = max(2 * (n - 1), 1)
    folded = i % period
    return np.minimum(folded, period - folded) if n > 1 else np.zeros_like(i)


_PAD_SOURCE: dict[str, Callable[[Array, int], Array]] = {
    "edge": _edge,
    "reflect": _reflect,
    "wrap": _wrap,
}


@impl(relax.TileOp, symbolic=True)
def _tile(op: relax.TileOp, symbols: Symbols, x: Array) -> Array:
    return np.tile(x, evaluate_dims(op.repeats.data, symbols))


@impl(relax.IotaOp, symbolic=True)
def _iota(op: relax.IotaOp, symbols: Symbols) -> Array:
    shape = evaluate_dims(op.shape.data, symbols)
    axis = op.axis.value.data
    column = [-1 if d == axis else 1 for d in range(len(shape))]
    numbers = np.arange(shape[axis]).astype(dtypes.to_numpy(op.dtype))
    return np.broadcast_to(numbers.reshape(column), shape)


@impl(relax.FullOp, symbolic=True)
def _full(op: relax.FullOp, symbols: Symbols, value: Array) -> Array:
    return np.broadcast_to(value, evaluate_dims(op.shape.data, symbols))


@impl(relax.TriluOp)
def _trilu(op: relax.TriluOp, x: Array) -> Array:
    return (np.triu if op.is_upper else np.tril)(x, op.k.value.data)
