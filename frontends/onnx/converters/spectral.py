"""Fourier transforms of known length, as products with the matrix of roots of unity."""

from __future__ import annotations

import numpy as np

from ....dialects import dtypes
from ..builder import Tensor, concat
from ..node import Node
from ..registry import converter
from .slicing import pad

_LONGEST = 4096  # the matrix has the square of this many elements


@converter("DFT")
def _(node: Node) -> Tensor:
    x = node.x()
    if node.version >= 20:
        axis = node.known_int(2, "axis") if node.has(2) else -2
    else:
        axis = node.integer("axis", 1)
    axis = node.axis(axis, x.rank)
    length = x.shape[axis]
    if node.integer("inverse", 0) and node.integer("onesided", 0):
        length = (length - 1) * 2  # x is the first half of the spectrum of a real signal
    if node.has(1):
        length = node.dims(1, "dft_length")[0]
    if not length.is_constant or not x.shape[axis].is_constant:
        raise node.unsupported(f"a DFT over a dim of {x.shape[axis]}")
    return _transform(
        node,
        x,
        axis,
        length.constant_value,
        bool(node.integer("inverse", 0)),
        bool(node.integer("onesided", 0)),
    )


def _transform(
    node: Node, x: Tensor, axis: int, length: int, inverse: bool, onesided: bool
) -> Tensor:
    """Return the transform along `axis` of x [.., 1 or 2], real or complex, as [.., 2]."""
    if length > _LONGEST:
        raise node.unsupported(f"a DFT of length {length} (at most {_LONGEST})")
    x = _resized(node, x, axis, length)
    one_real = onesided and inverse
    if one_real:
        x = _mirrored(x, axis, length)
    last = x.rank - 2
    order = [i for i in range(x.rank - 1) if i != axis]
    moved = x.transpose([*order, axis, x.rank - 1])
    parts = [moved.slice(x.rank - 1, i, 1).squeeze([x.rank - 1]) for i in range(_width(x))]
    count = length // 2 + 1 if onesided and not inverse else length
    cosine, sine = _roots(node, x, length, count, inverse)
    real = _product(parts[0], cosine)
    imaginary = _product(parts[0], sine)
    if len(parts) == 2:
        real, imaginary = (
            real - _product(parts[1], sine),
            imaginary + _product(parts[1], cosine),
        )
    results = [real] if one_real else [real, imaginary]
    y = concat([part.unsqueeze([last + 1]) for part in results], last + 1)
    back = list(range(last))
    back.insert(axis, last)
    return y.transpose([*back, last + 1])


def _width(x: Tensor) -> int:
    return x.shape[-1].constant_value if x.shape[-1].is_constant else 1


def _product(x: Tensor, matrix: Tensor) -> Tensor:
    """Return x [.., n] times a matrix [n, m]."""
    return x.unsqueeze([0]).matmul(matrix).squeeze([0]) if x.rank == 1 else x.matmul(matrix)


def _resized(node: Node, x: Tensor, axis: int, length: int) -> Tensor:
    have = x.shape[axis].constant_value
    if node.integer("onesided", 0) and node.integer("inverse", 0):
        length = length // 2 + 1
    before, after = [0] * x.rank, [0] * x.rank
    after[axis] = length - have
    return pad(node, x, before, after, None) if length != have else x


def _mirrored(x: Tensor, axis: int, length: int) -> Tensor:
    """Return a whole spectrum of a real signal from its first half."""
    rest = length - x.shape[axis].constant_value
    if rest <= 0:
        return x
    tail = x.slice(axis, rest, rest, -1)
    signs = np.array([1, -1], dtypes.to_numpy(x.dtype))
    return concat([x, tail * signs], axis)


def _roots(node: Node, x: Tensor, length: int, count: int, inverse: bool) -> tuple[Tensor, Tensor]:
    """Return the cosines and sines [length, count] of the transform."""
    product = np.outer(np.arange(length), np.arange(count)) % length
    angles = product * ((2 if inverse else -2) * np.pi / length)
    scale = 1 / length if inverse else 1.0
    dtype = dtypes.to_numpy(x.dtype)
    return (
        node.constant(np.cos(angles) * scale, dtype),
        node.constant(np.sin(angles) * scale, dtype),
    )


@converter("STFT")
def _(node: Node) -> Tensor:
    """Frames of the signal [batch, time, 1 or 2], each windowed and transformed."""
    signal = node.x(0)
    step = node.known_int(1, "frame_step")
    window = node.opt(2)
    if node.has(3):
        length = node.known_int(3, "frame_length")
    elif window is not None and window.shape[0].is_constant:
        length = window.shape[0].constant_value
    else:
        raise node.fail("expected a window or a frame_length")
    if not signal.shape[1].is_constant:
        raise node.unsupported(f"an STFT over a dim of {signal.shape[1]}")
    if signal.rank == 2:
        signal = signal.unsqueeze([2])
    count = (signal.shape[1].constant_value - length) // step + 1
    positions = np.arange(count)[:, None] * step + np.arange(length)[None, :]
    frames = signal.gather(positions, 1)  # [batch, frames, length, 1 or 2]
    if window is not None:
        frames = frames * window.reshape([length, 1])
    return _transform(node, frames, 2, length, False, bool(node.integer("onesided", 1)))
