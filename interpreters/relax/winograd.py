"""What convolution by minimal filtering means in NumPy: the transforms, one tile at a time."""

from __future__ import annotations

import numpy as np

from ...dialects import relax
from .registry import Array, impl


@impl(relax.WinogradConvOp)
def _winograd_conv(op: relax.WinogradConvOp, x: Array, u: Array) -> Array:
    filtering = relax.FILTERINGS[op.m.value.data]
    m, alpha = filtering.m, filtering.alpha
    top, left, bottom, right = relax.ints(op.padding)
    n, blocks, height, width, inner = x.shape
    out_height, out_width = height + top + bottom - 2, width + left + right - 2
    rows, columns = -(-out_height // m), -(-out_width // m)
    padded = np.zeros((n, blocks, rows * m + 2, columns * m + 2, inner), x.dtype)
    padded[:, :, top : top + height, left : left + width] = x
    to_input = np.array(filtering.input, x.dtype)
    to_result = np.array(filtering.result, x.dtype)
    taps = u.reshape(alpha, alpha, *u.shape[1:])
    result = np.zeros((n, u.shape[1], rows * m, columns * m, u.shape[4]), x.dtype)
    for row in range(rows):
        for column in range(columns):
            tile = padded[:, :, row * m : row * m + alpha, column * m : column * m + alpha]
            moved = np.einsum("ri,sj,ncijk->rsnck", to_input, to_input, tile)
            product = np.einsum("rsnck,rsockp->rsnop", moved, taps)
            values = np.einsum("ir,js,rsnop->noijp", to_result, to_result, product)
            result[:, :, row * m : (row + 1) * m, column * m : (column + 1) * m] = values
    result = result[:, :, :out_height, :out_width]
    side = op.pooled
    squares = (n, u.shape[1], out_height // side, side, out_width // side, side, u.shape[4])
    return result.reshape(squares).max(axis=(3, 5)) if side > 1 else result
