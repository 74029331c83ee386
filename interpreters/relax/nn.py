"""What linear algebra and normalization mean in NumPy."""

from __future__ import annotations

import numpy as np

from ...dialects import relax
from .registry import Array, impl
from .widening import narrow_like, wide


@impl(relax.MatmulOp)
def _matmul(op: relax.MatmulOp, a: Array, b: Array) -> Array:
    left = np.swapaxes(a, -1, -2) if relax.flag(op.transpose_a) else a
    right = np.swapaxes(b, -1, -2) if relax.flag(op.transpose_b) else b
    return narrow_like(np.matmul(wide(left), wide(right)), a)


@impl(relax.EinsumOp)
def _einsum(op: relax.EinsumOp, *xs: Array) -> Array:
    found: Array = np.einsum(op.equation.data, *map(wide, xs), optimize=len(xs) > 2)
    return narrow_like(found, xs[0])


@impl(relax.BatchNormOp)
def _batch_norm(
    op: relax.BatchNormOp, x: Array, scale: Array, bias: Array, mean: Array, var: Array
) -> Array:
    vectors = [_per_channel(vector, x) for vector in (mean, var, scale, bias)]
    return _normalized(op.epsilon.value.data, x, *vectors)


@impl(relax.InstanceNormOp)
def _instance_norm(op: relax.InstanceNormOp, x: Array, scale: Array, bias: Array) -> Array:
    mean, var = _moments(x, tuple(range(2, x.ndim)))
    channels = _per_channel(scale, x), _per_channel(bias, x)
    return _normalized(op.epsilon.value.data, x, mean, var, *channels)


@impl(relax.LayerNormOp)
def _layer_norm(op: relax.LayerNormOp, x: Array, scale: Array, bias: Array) -> Array:
    mean, var = _moments(x, tuple(range(op.axis.value.data, x.ndim)))
    return _normalized(op.epsilon.value.data, x, mean, var, scale, bias)


def _moments(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Return mean and variance over `axes`, kept as axes of extent 1."""
    values = wide(x)
    mean = np.mean(values, axis=axes, keepdims=True)
    return mean, np.mean(np.square(values - mean), axis=axes, keepdims=True)


def _normalized(
    epsilon: float, x: Array, mean: Array, var: Array, scale: Array, bias: Array
) -> Array:
    values = wide(x)
    small = np.array(epsilon, values.dtype)
    unit = (values - wide(mean)) / np.sqrt(wide(var) + small)
    return narrow_like(unit * wide(scale) + wide(bias), x)


def _per_channel(vector: Array, x: Array) -> Array:
    """Return a vector laid along axis 1 of `x`."""
    return vector.reshape(-1, *(1,) * (x.ndim - 2))


@impl(relax.LrnOp)
def _lrn(op: relax.LrnOp, x: Array) -> Array:
    size, values = op.size.value.data, wide(x)
    before, after = (size - 1) // 2, size // 2
    padding = [(0, 0), (before, after), *[(0, 0)] * (x.ndim - 2)]
    squares = np.pad(np.square(values), padding)
    total = sum(squares[:, i : i + x.shape[1]] for i in range(size))
    factor = values.dtype.type(op.alpha.value.data / size)
    base = values.dtype.type(op.bias.value.data) + factor * total
    return narrow_like(values * base ** values.dtype.type(-op.beta.value.data), x)
