"""NumPy meaning of the operators that sample a tensor between its elements."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from ...dialects import relax
from ...symbolic import as_expr
from .manipulate import evaluate_dims
from .registry import Array, Symbols, impl


@impl(relax.ResizeOp, symbolic=True)
def _resize(op: relax.ResizeOp, symbols: Symbols, x: Array) -> Array:
    """Axis after axis: every mode is a weighted sum of elements along each axis."""
    sizes = evaluate_dims(op.sizes.data, symbols)
    dtype, outside = x.dtype, np.zeros(sizes, bool)
    nearest = op.mode.data == "nearest"
    y = x if nearest else x.astype(compute_dtype(dtype))
    for axis, size in enumerate(sizes):
        length = x.shape[axis]
        if not resized(op, axis, length, size):
            continue
        if size == 0 or length == 0:
            return np.zeros(sizes, dtype)
        numerator, denominator = _coordinates(op, axis, length, size)
        if op.roi is not None:
            beyond = (numerator < 0) | (numerator > (length - 1) * denominator)
            outside |= beyond.reshape([-1 if d == axis else 1 for d in range(x.ndim)])
        if nearest:
            source = _ROUND[op.nearest_mode.data](numerator, denominator)
            y = np.take(y, np.clip(source, 0, length - 1), axis=axis)
        else:
            y = _blend(op, y, axis, numerator, denominator)
    y = saturate(y, dtype)
    if op.roi is not None:
        y = np.where(outside, np.array(op.extrapolation_value.value.data).astype(dtype), y)
    return y


def resized(op: relax.ResizeOp, axis: int, length: int, size: int) -> bool:
    """Tell whether an axis changes at all."""
    scales = op.scale_values
    return length != size or op.roi is not None or (scales is not None and scales[axis] != 1)


def _coordinates(op: relax.ResizeOp, axis: int, length: int, size: int) -> tuple[Array, int]:
    i, n, m = (as_expr(0), as_expr(length), as_expr(size))
    first, denominator = (e.constant_value for e in op.coordinate(axis, i, n, m))
    step = op.coordinate(axis, i + 1, n, m)[0].constant_value - first
    return first + step * np.arange(size, dtype=np.int64), denominator


def _floor(p: Array, q: int) -> Array:
    return p // q


def _ceil(p: Array, q: int) -> Array:
    return -(-p // q)


def _prefer_floor(p: Array, q: int) -> Array:
    return -((q - 2 * p) // (2 * q))


def _prefer_ceil(p: Array, q: int) -> Array:
    return (2 * p + q) // (2 * q)


_ROUND: dict[str, Callable[[Array, int], Array]] = {
    "floor": _floor,
    "ceil": _ceil,
    "round_prefer_floor": _prefer_floor,
    "round_prefer_ceil": _prefer_ceil,
}


def _blend(op: relax.ResizeOp, x: Array, axis: int, numerator: Array, denominator: int) -> Array:
    """Return the weighted sums of neighbours along `axis`."""
    length = x.shape[axis]
    left = numerator // denominator
    ratio = ((numerator - left * denominator) / denominator).astype(x.dtype)
    reach = 1 if op.mode.data == "linear" else 2
    scale = 1.0
    if op.antialias.value.data:
        scales = op.scale_values
        scale = min(1.0, left.size / length if scales is None else scales[axis])
    first = int(np.floor(-reach / scale)) + 1
    taps = np.arange(first, 2 - first)
    distance = np.abs((taps[:, None] - ratio) * x.dtype.type(scale))
    weights = _triangle(distance) if reach == 1 else keys(distance, op.cubic_coeff_a.value.data)
    index = left + taps[:, None]
    if op.exclude_outside.value.data:
        weights = np.where((index >= 0) & (index < length), weights, 0)
    if op.exclude_outside.value.data or op.antialias.value.data:
        weights = weights / weights.sum(axis=0)
    column = [-1 if d == axis else 1 for d in range(x.ndim)]
    total: Any = 0
    for weight, at in zip(weights.astype(x.dtype), np.clip(index, 0, length - 1), strict=True):
        total = total + np.take(x, at, axis=axis) * weight.reshape(column)
    return total


def _triangle(distance: Array) -> Array:
    return np.clip(1 - distance, 0, 1)


def keys(distance: Array, a: float) -> Array:
    """Return the cubic convolution kernel. Source: Keys, IEEE ASSP 29 (1981), equation 15."""
    a = distance.dtype.type(a)
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))


def compute_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in which elements of `dtype` are interpolated."""
    return np.dtype(np.float64 if dtype == np.float64 else np.float32)


def saturate(x: Array, dtype: np.dtype[Any]) -> Array:
    """Return floats as `dtype`: integers are rounded to even and clamped to their range."""
    if dtype.kind not in "iu" or x.dtype == dtype:
        return x.astype(dtype)
    info = np.iinfo(dtype)
    return np.clip(np.rint(x), info.min, info.max).astype(dtype)


@impl(relax.GridSampleOp)
def _grid_sample(op: relax.GridSampleOp, x: Array, grid: Array) -> Array:
    """One row of coordinates at a time; the spatial axes of `x` come last in the grid first."""
    dims = x.shape[2:]
    work = compute_dtype(x.dtype)
    align = bool(op.align_corners.value.data)
    y = np.zeros((*x.shape[:2], *grid.shape[1:-1]), work)
    corners = {"nearest": (0,), "linear": (0, 1), "cubic": (-1, 0, 1, 2)}[op.mode.data]
    for n, (image, points) in enumerate(zip(x.astype(work), grid.astype(work), strict=True)):
        where = [
            _grid_coordinate(op, points[..., -1 - d], dims[d], align) for d in range(len(dims))
        ]
        left = [(np.rint(c) if op.mode.data == "nearest" else np.floor(c)) for c in where]
        for offsets in product(corners, repeat=len(dims)):
            weight = np.ones(points.shape[:-1], work)
            inside = np.ones(points.shape[:-1], bool)
            index: list[Array] = []
            for c, low, offset, length in zip(where, left, offsets, dims, strict=True):
                weight = weight * _grid_weight(op, np.abs(low + work.type(offset) - c))
                at, ok = _pixel(op, low.astype(np.int64) + offset, length, align)
                index.append(at)
                inside &= ok
            y[n] += np.where(inside, image[(slice(None), *index)], 0) * weight
    return y.astype(x.dtype)


def _grid_weight(op: relax.GridSampleOp, distance: Array) -> Array:
    match op.mode.data:
        case "nearest":
            return np.ones_like(distance)
        case "linear":
            return 1 - distance
        case _:
            return keys(distance, -0.75)


def _grid_coordinate(op: relax.GridSampleOp, g: Array, length: int, align: bool) -> Array:
    """Return the coordinate along an axis: denormalized, and brought inside as padding says."""
    c = (g + 1) / 2 * (length - 1) if align else ((g + 1) * length - 1) / 2
    if op.mode.data == "nearest":
        c = np.rint(c)
    match op.padding_mode.data:
        case "border":
            low, high = (0, length - 1) if align else (-0.5, length - 0.5)
            return np.where((c < low) | (c > high), np.clip(c, 0, length - 1), c)
        case "reflection":
            return reflect(c, length, align)
        case _:
            # Far outside is outside: such indices must fit in integers, and NaN is nowhere.
            return np.clip(np.nan_to_num(c, nan=-4), -4, length + 3)


def reflect(c: Array, length: int, align: bool) -> Array:
    """Return coordinates mirrored at the borders until they lie between them."""
    low: Any = c.dtype.type(0 if align else -0.5)
    span: Any = c.dtype.type(length - 1 if align else length)
    if span == 0:
        return np.zeros_like(c)
    beyond = np.abs(c - low)
    turns = np.floor(beyond / span)
    rest = beyond - turns * span
    even = turns - 2 * np.floor(turns / 2) == 0
    mirrored = np.where(even, rest + low, span + low - rest)  # pyright: ignore[reportUnknownVariableType]
    outside = (c < low) | (c > low + span)
    return np.where(outside, mirrored, c)  # pyright: ignore[reportUnknownArgumentType]


def _pixel(op: relax.GridSampleOp, index: Array, length: int, align: bool) -> tuple[Array, Array]:
    """Return the index of an element to read and whether it counts."""
    inside = (index >= 0) & (index < length)
    if op.padding_mode.data == "zeros":
        return np.clip(index, 0, length - 1), inside
    if op.padding_mode.data == "reflection":
        mirrored = np.trunc(reflect(index.astype(np.float64), length, align))
        index = np.where(inside, index, mirrored.astype(np.int64))
    return np.clip(index, 0, length - 1), np.ones_like(inside)


@impl(relax.RoiAlignOp)
def _roi_align(op: relax.RoiAlignOp, x: Array, rois: Array, batch_indices: Array) -> Array:
    work = compute_dtype(x.dtype)
    height, width = op.output_height.value.data, op.output_width.value.data
    y = np.zeros((len(rois), x.shape[1], height, width), work)
    half = op.coordinate_transformation_mode.data == "half_pixel"
    for r, (roi, batch) in enumerate(zip(rois.astype(work), batch_indices, strict=True)):
        image = x[batch].astype(work)
        scaled = roi * work.type(op.spatial_scale.value.data) - work.type(0.5 if half else 0)
        x1, y1, x2, y2 = scaled
        extents = np.array([y2 - y1, x2 - x1], work)
        if not half:
            extents = np.maximum(extents, work.type(1))
        bins = extents / np.array([height, width], work)
        ratio = op.sampling_ratio.value.data
        counts = [ratio or int(np.ceil(b)) for b in bins]
        for ph, pw in np.ndindex(height, width):
            samples = [
                _bilinear_terms(
                    image,
                    y1 + ph * bins[0] + work.type(iy + 0.5) * bins[0] / counts[0],
                    x1 + pw * bins[1] + work.type(ix + 0.5) * bins[1] / counts[1],
                )
                for iy, ix in product(range(max(counts[0], 0)), range(max(counts[1], 0)))
            ]
            if samples and op.mode.data == "avg":
                y[r, :, ph, pw] = np.sum(samples, axis=(0, 1)) / max(counts[0] * counts[1], 1)
            elif samples:
                y[r, :, ph, pw] = np.max(samples, axis=(0, 1))
    return y.astype(x.dtype)


def _bilinear_terms(image: Array, y: Any, x: Any) -> Array:
    """Return the four weighted neighbours `[4, channels]` of a point; zeros far outside."""
    height, width = image.shape[1:]
    if y < -1 or y > height or x < -1 or x > width:
        return np.zeros((4, image.shape[0]), image.dtype)
    (y0, y1, fy), (x0, x1, fx) = _neighbours(y, height), _neighbours(x, width)
    gy, gx = 1 - fy, 1 - fx
    return np.stack(
        [
            image[:, y0, x0] * (gy * gx),
            image[:, y0, x1] * (gy * fx),
            image[:, y1, x0] * (fy * gx),
            image[:, y1, x1] * (fy * fx),
        ]
    )


def _neighbours(c: Any, length: int) -> tuple[int, int, Any]:
    """Return the elements on both sides of a coordinate and how far it is from the first."""
    c = np.maximum(c, c.dtype.type(0))
    low = int(c)
    if low >= length - 1:
        return length - 1, length - 1, c.dtype.type(0)
    return low, low + 1, c - c.dtype.type(low)
