"""Deformable convolution: without offsets it is a convolution."""

from typing import Any

import numpy as np
import pytest

from tyrex.frontends.onnx import from_onnx

from ..models import (  # noqa: TID251  # of the tests
    close,
    evaluate,
    f32,
    reference,
    single,
)

X, W, B = f32(2, 4, 6, 5), f32(6, 2, 3, 3, seed=1), f32(6, seed=2)
WINDOW: dict[str, Any] = {
    "kernel_shape": [3, 3],
    "strides": [2, 1],
    "pads": [1, 0, 1, 2],
    "dilations": [1, 2],
}


@pytest.mark.parametrize("masked", [False, True])
def test_no_offset(masked: bool) -> None:
    offset = np.zeros((2, 2 * 9 * 2, 3, 3), np.float32)
    mask = np.full((2, 2 * 9, 3, 3), 0.5, np.float32) if masked else None
    model = single("DeformConv", [X, W, offset, B, mask], group=2, offset_group=2, **WINDOW)
    inputs = [X, W, offset, B] if mask is None else [X, W, offset, B, mask]
    plain = single("Conv", [X, W * (0.5 if masked else 1), B], group=2, **WINDOW)
    expected = reference(plain, X, (W * (0.5 if masked else 1)).astype(np.float32), B)
    close(evaluate(from_onnx(model), *inputs), expected, 1e-4)


def test_whole_offset() -> None:
    """An offset of one row reads the row below."""
    offset = np.zeros((2, 18, 4, 3), np.float32)
    offset[:, 0::2] = 1
    arrays = [X, f32(6, 4, 3, 3), offset]
    found = evaluate(from_onnx(single("DeformConv", arrays, kernel_shape=[3, 3])), *arrays)
    below = np.concatenate([X[:, :, 1:], np.zeros_like(X[:, :, :1])], 2)
    close(found, reference(single("Conv", [below, arrays[1]]), below, arrays[1]), 1e-4)
