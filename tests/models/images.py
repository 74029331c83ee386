"""Inputs with structure: white noise looks alike to a convolution, these do not."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Image = NDArray[np.float32]

# Rows of five pixels, top to bottom, of the digits 0-9 (the classic 5x7 dot matrix).
DOT_MATRIX = (
    (14, 17, 19, 21, 25, 17, 14), (4, 12, 4, 4, 4, 4, 14), (14, 17, 1, 2, 4, 8, 31),
    (31, 2, 4, 2, 1, 17, 14), (2, 6, 10, 18, 31, 2, 2), (31, 16, 30, 1, 1, 17, 14),
    (6, 8, 16, 30, 17, 17, 14), (31, 1, 2, 4, 8, 8, 8), (14, 17, 17, 14, 17, 17, 14),
    (14, 17, 17, 15, 1, 2, 12),
)  # fmt: skip


def smooth_image(rng: np.random.Generator, height: int, width: int) -> Image:
    """A low-frequency colour image `[1, 3, height, width]`, mean 0 and standard deviation 1."""
    total = np.zeros((3, height, width), np.float32)
    for cells, weight in ((4, 1.0), (9, 0.6), (21, 0.3)):
        total += weight * _enlarge(rng.standard_normal((3, cells, cells)), height, width)
    total += 0.05 * rng.standard_normal(total.shape)
    total -= total.mean()
    return (total / total.std())[None].astype(np.float32)


def text_image(rng: np.random.Generator, height: int, width: int, scale: int) -> Image:
    """Dark rows of digits on a light ground, `[1, 3, height, width]` in [-1, 1].

    `scale` is the size of a dot in pixels; a row of text is `7 * scale` high.
    """
    ink = np.zeros((height, width), np.float32)
    line, margin = 7 * scale, scale
    for top in range(margin, height - line, 2 * line):
        stop = int(rng.integers(width // 2, width))
        for left in range(int(rng.integers(1, 2 * line)), stop - 5 * scale, 6 * scale):
            glyph = np.array(
                [[row >> (4 - i) & 1 for i in range(5)] for row in DOT_MATRIX[rng.integers(10)]]
            )
            ink[top : top + line, left : left + 5 * scale] = glyph.repeat(scale, 0).repeat(scale, 1)
    ground = 0.1 * smooth_image(rng, height, width)
    return np.clip(0.8 - 1.6 * ink + ground, -1, 1).astype(np.float32)


def _enlarge(grid: Array, height: int, width: int) -> Array:
    """Bilinear enlargement of `[channels, cells, cells]` to `[channels, height, width]`."""
    cells = grid.shape[1]
    for axis, size in ((1, height), (2, width)):
        at = np.arange(size) * ((cells - 1) / (size - 1))
        low: Array = np.minimum(at.astype(int), cells - 2)
        part: Array = (at - low).reshape([-1 if i == axis else 1 for i in range(3)])
        grid = grid.take(low, axis) * (1 - part) + grid.take(low + 1, axis) * part
    return grid
