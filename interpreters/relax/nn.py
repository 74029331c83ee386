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
    """Sum the product of all operands, each laid out over every label, broadcast."""
    spec = op.spec()
    labels = (*spec.output, *spec.summed)
    product: Array = np.ones((1,) * len(labels), wide(xs[0]).dtype)
    for x, found in zip(xs, spec.inputs, strict=True):
        product = product * _laid_out(wide(x), found, labels)
    summed = tuple(range(len(spec.output), len(labels)))
    return narrow_like(np.sum(product, axis=summed, dtype=product.dtype), xs[0])


def _laid_out(x: Array, found: tuple[str, ...], labels: tuple[str, ...]) -> Array:
    """Return `x` with one axis per label: its diagonal on labels it has twice, 1 on the others."""
    seen = list(found)
    for label in dict.fromkeys(found):
        while seen.count(label) > 1:
            first = seen.index(label)
            second = seen.index(label, first + 1)
            x = np.diagonal(x, axis1=first, axis2=second)
            seen = [other for i, other in enumerate(seen) if i not in (first, second)] + [label]
    order = [seen.index(label) for label in labels if label in seen]
    extents = iter(x.transpose(order).shape)
    return x.transpose(order).reshape([next(extents) if y in seen else 1 for y in labels])


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
