"""What convolutions and poolings mean in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ...dialects import relax
from .reduce import limit
from .registry import Array, impl
from .widening import narrow_like, wide


def _padded(x: Array, before: Sequence[int], after: Sequence[int], value: Array) -> Array:
    """Return [N, C, *S] with `value` around the spatial axes."""
    return np.pad(x, [(0, 0), (0, 0), *zip(before, after, strict=True)], constant_values=value)


def _windows(
    x: Array, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> Array:
    """Return the view [N, C, *windows, *kernel] of a padded tensor."""
    extents = [
        max((size - (k - 1) * d - 1) // s + 1, 0)
        for size, k, s, d in zip(x.shape[2:], kernel, strides, dilations, strict=True)
    ]
    step = x.strides[2:]
    return as_strided(
        x,
        (*x.shape[:2], *extents, *kernel),
        (
            *x.strides[:2],
            *(a * s for a, s in zip(step, strides, strict=True)),
            *(a * d for a, d in zip(step, dilations, strict=True)),
        ),
        writeable=False,
    )


@impl(relax.ConvOp)
def _conv(op: relax.ConvOp, x: Array, w: Array) -> Array:
    return _convolve(op, x, w, op.groups.value.data)


def _convolve(op: relax.WindowOp, x: Array, w: Array, groups: int) -> Array:
    """Return the convolution of x [N, C, *S] with w [O, C/G, *K]."""
    values, weight = wide(x), wide(w)
    zero = np.zeros((), values.dtype)
    padded = _padded(values, op.padding_before, op.padding_after, zero)
    windows = _windows(padded, w.shape[2:], relax.ints(op.strides), relax.ints(op.dilations))
    spatial = op.spatial_rank
    results = [
        np.tensordot(
            part, filters, axes=([1, *range(2 + spatial, 2 + 2 * spatial)], range(1, w.ndim))
        )
        for part, filters in zip(
            np.split(windows, groups, axis=1), np.split(weight, groups), strict=True
        )
    ]
    return narrow_like(np.moveaxis(np.concatenate(results, axis=-1), -1, 1), x)


@impl(relax.GroupedConvOp)
def _grouped_conv(op: relax.GroupedConvOp, x: Array, w: Array) -> Array:
    """Put the groups together, convolve, and take them apart again."""
    n, groups, _, *size = x.shape
    filters = w.reshape(-1, *w.shape[2:])
    result = _convolve(op, x.reshape(n, -1, *size), filters, groups)
    apart = result.reshape(n, groups, w.shape[1], *result.shape[2:])
    return np.swapaxes(apart, 1, 2) if relax.flag(op.interleaved) else apart


@impl(relax.BlockedConvOp)
def _blocked_conv(op: relax.BlockedConvOp, x: Array, w: Array) -> Array:
    """Take the blocks apart, convolve, and put them together again."""
    block = w.shape[-1]
    plain = x
    if x.ndim == 5:
        n, blocks, height, width, inner = x.shape
        plain = np.moveaxis(x, -1, 2).reshape(n, blocks * inner, height, width)
    if op.is_depthwise:
        filters = np.moveaxis(w, -1, 1).reshape(-1, 1, *w.shape[1:3])
    else:
        outer = np.moveaxis(w, -1, 1)  # [O/b, b, C.., KH, KW, (b of C)]
        if w.ndim > x.ndim == 5:
            outer = np.moveaxis(outer, -1, 3)
        elif x.ndim == 5:  # the last block is filled in part
            plain = plain[:, : w.shape[1]]
        filters = outer.reshape(w.shape[0] * block, -1, *w.shape[2:4])
    result = _convolve(op, plain, filters, plain.shape[1] if op.is_depthwise else 1)
    n, channels, *spatial = result.shape
    return np.moveaxis(result.reshape(n, channels // block, block, *spatial), 2, -1)


@impl(relax.ConvTransposeOp)
def _conv_transpose(op: relax.ConvTransposeOp, x: Array, w: Array) -> Array:
    """Scatter every input position's filter, then cut the padding off."""
    values, weight = wide(x), wide(w)
    groups, strides, dilations = op.groups.value.data, relax.ints(op.strides), op.dilations
    steps, spatial = relax.ints(dilations), op.spatial_rank
    full = [
        (size - 1) * s + (k - 1) * d + 1 + more
        for size, s, k, d, more in zip(
            x.shape[2:], strides, w.shape[2:], steps, relax.ints(op.output_padding), strict=True
        )
    ]
    extents = [max(size, 0) for size in full]
    result = np.zeros((x.shape[0], w.shape[1] * groups, *extents), values.dtype)
    for position in product(*(range(k) for k in w.shape[2:])):
        target = tuple(
            slice(p * d, p * d + (size - 1) * s + 1, s) if size else slice(0, 0)
            for p, d, size, s in zip(position, steps, x.shape[2:], strides, strict=True)
        )
        taps = weight[(slice(None), slice(None), *position)]
        result[(slice(None), slice(None), *target)] += np.concatenate(
            [
                np.moveaxis(np.tensordot(part, tap, axes=([1], [0])), -1, 1)
                for part, tap in zip(
                    np.split(values, groups, axis=1), np.split(taps, groups), strict=True
                )
            ],
            axis=1,
        )
    cut = tuple(
        slice(op.padding_before[i], extents[i] - op.padding_after[i]) for i in range(spatial)
    )
    return narrow_like(result[(slice(None), slice(None), *cut)], x)


def _pool_windows(op: relax.PoolOp, x: Array, value: Array) -> Array:
    """Return [N, C, *windows, kernel elements], `value` outside of x."""
    after = [a + b for a, b in zip(op.padding_after, op.extra, strict=True)]
    padded = _padded(x, op.padding_before, after, value)
    kernel = relax.ints(op.kernel)
    windows = _windows(padded, kernel, relax.ints(op.strides), relax.ints(op.dilations))
    return windows.reshape(*windows.shape[: x.ndim], -1)


@impl(relax.MaxPoolOp)
def _max_pool(op: relax.MaxPoolOp, x: Array) -> Array:
    values = wide(x)
    return narrow_like(_pool_windows(op, values, limit(values.dtype, largest=False)).max(-1), x)


@impl(relax.MaxPoolWithIndicesOp)
def _max_pool_with_indices(op: relax.MaxPoolWithIndicesOp, x: Array) -> tuple[Array, Array]:
    values = wide(x)
    windows = _pool_windows(op, values, limit(values.dtype, largest=False))
    nowhere = limit(np.dtype(np.int64), largest=True)
    flat = np.arange(x.size, dtype=np.int64).reshape(x.shape)
    places = _pool_windows(op, flat, nowhere)
    largest = windows.max(-1, keepdims=True)
    same = (windows == largest) | (np.isnan(windows) & np.isnan(largest))
    indices = np.where(same, places, nowhere).min(-1)
    return narrow_like(largest[..., 0], x), indices


@impl(relax.AvgPoolOp)
def _avg_pool(op: relax.AvgPoolOp, x: Array) -> Array:
    values = wide(x)
    zero = np.zeros((), values.dtype)
    total = _pool_windows(op, values, zero).sum(-1, dtype=values.dtype)
    counted = np.ones_like(values[:1, :1])
    if op.counts_padding:
        counted = _padded(counted, op.padding_before, op.padding_after, np.ones((), values.dtype))
        windows = _windows(
            _padded(counted, (0,) * op.spatial_rank, op.extra, zero),
            relax.ints(op.kernel),
            relax.ints(op.strides),
            relax.ints(op.dilations),
        )
        count = windows.reshape(*windows.shape[: x.ndim], -1).sum(-1)
    else:
        count = _pool_windows(op, counted, zero).sum(-1)
    return narrow_like(total / count, x)
