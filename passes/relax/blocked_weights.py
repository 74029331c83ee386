"""Weights of convolutions in blocks of channels, and when minimal filtering is cheaper.

Channels that do not fill the last block are filled with zeros: what lies in the rest of a block of
x then does not count, so long as it is a number, and the rest of a block of y is zero.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ...dialects import relax

# What a byte of weights costs, in multiply-adds: 80 G of those a second and 15 GB/s from the
# third-level cache, where the weights of a whole model lie.
BYTE_COST = 5.5
# What an element of a transformed tile costs: its share of the transform, written and read again.
ELEMENT_COST = 14
WORTH_IT = 0.85  # of the direct convolution's cost: rounding is paid for by speed
TAPS = (3, 3)


def depthwise(weight: relax.Array, block: int) -> relax.Array:
    """Return [C, 1, KH, KW] as [C/b, KH, KW, b]."""
    filled = _filled(weight, 0, block)
    return np.moveaxis(filled.reshape(-1, block, *weight.shape[2:]), 1, -1)


def of_plain(weight: relax.Array, block: int) -> relax.Array:
    """Return [O, C, KH, KW] as [O/b, C, KH, KW, b of O]: each channel of x on its own."""
    filled = _filled(weight, 0, block)
    return np.moveaxis(filled.reshape(-1, block, *weight.shape[1:]), 1, -1)


def dense(weight: relax.Array, block: int) -> relax.Array:
    """Return [O, C, KH, KW] as [O/b, C/b, KH, KW, b of C, b of O]; C in whole blocks."""
    filled = _filled(weight, 0, block)
    split = filled.reshape(-1, block, weight.shape[1] // block, block, *weight.shape[2:])
    return split.transpose(0, 2, 4, 5, 3, 1)


def transformed(weight: relax.Array, m: int, block: int) -> relax.Array:
    """Return G g G^T of every filter g as [(m + 2)^2, O/b, C/b, b of C, b of O].

    One matrix product by the Kronecker square of G, on filters that are in their places already.
    """
    g = np.array(relax.FILTERINGS[m].filter, np.float64)
    filled = _filled(_filled(weight, 0, block), 1, block)
    filters, channels, *taps = filled.shape
    blocks = filled.reshape(filters // block, block, channels // block, block, -1)
    placed = np.ascontiguousarray(blocks.transpose(4, 0, 2, 3, 1))
    flat = placed.reshape(len(placed), -1).astype(np.float64)
    u = (np.kron(g, g) @ flat).astype(weight.dtype)
    assert taps == [g.shape[1]] * 2
    return u.reshape(-1, *placed.shape[1:])


def filtering(result_shape: tuple[int, ...], weight_shape: tuple[int, ...]) -> int:
    """Return the m of the minimal filtering F(m x m, 3 x 3) that is fastest; 0 for none.

    Args:
        result_shape: [N, O, H, W].
        weight_shape: [O, C, 3, 3], of a convolution of stride and dilation 1.
    """
    n, filters, height, width = result_shape
    channels = weight_shape[1]
    pairs = filters * channels
    direct = prod(TAPS) * pairs * (n * height * width + 4 * BYTE_COST)
    costs = {0: WORTH_IT * direct}
    for m, found in relax.FILTERINGS.items():
        taps = found.alpha**2
        tiles = n * -(-height // m) * -(-width // m)
        elements = taps * tiles * (filters + channels)
        costs[m] = taps * pairs * (tiles + 4 * BYTE_COST) + ELEMENT_COST * elements
    return min(costs, key=lambda m: costs[m])


def _filled(weight: relax.Array, axis: int, block: int) -> relax.Array:
    """Return the weight with zeros behind, so that blocks divide an axis."""
    rest = -weight.shape[axis] % block
    if not rest:
        return weight
    return np.pad(weight, [(0, rest if i == axis else 0) for i in range(weight.ndim)])
