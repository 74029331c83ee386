"""Operators whose results' shapes depend on data, against ONNX's reference."""

from typing import Any

import numpy as np
import pytest

from tyrex.dialects import relax

from .onnx_reference import Array, meaning, reference

RNG = np.random.default_rng(12)


def agree(found: list[Array], expected: list[Array]) -> None:
    """Check that results are equal, element types included."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


def test_non_zero() -> None:
    x = RNG.integers(0, 2, (3, 4, 2)).astype(np.float32)
    agree(meaning(relax.NonZeroOp, x), reference("NonZero", [x]))
    agree(meaning(relax.NonZeroOp, np.zeros((2, 2), np.bool_)), [np.zeros((2, 0), np.int64)])
    agree(meaning(relax.NonZeroOp, np.array(3.0)), [np.zeros((0, 1), np.int64)])


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_compress(axis: int | None) -> None:
    x, condition = RNG.random((3, 4), np.float32), np.array([False, True, True])
    attributes: Any = {} if axis is None else {"axis": axis}
    agree(
        meaning(relax.CompressOp, x, condition, axis=axis),
        reference("Compress", [x, condition], **attributes),
    )


def test_unique() -> None:
    x = np.array([3, 1, 3, 2, 1, 5], np.int64)
    agree(
        meaning(relax.UniqueOp, x, sorted=True),
        [
            np.array([1, 2, 3, 5]),
            np.array([1, 3, 0, 5]),
            np.array([2, 0, 2, 1, 0, 3]),
            np.array([2, 1, 2, 1]),
        ],
    )
    agree(
        meaning(relax.UniqueOp, x, sorted=False),
        [
            np.array([3, 1, 2, 5]),
            np.array([0, 1, 3, 5]),
            np.array([0, 1, 0, 2, 1, 3]),
            np.array([2, 2, 1, 1]),
        ],
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_unique_slices(axis: int) -> None:
    x = RNG.integers(0, 2, (4, 5)).astype(np.float32)
    agree(
        meaning(relax.UniqueOp, x, sorted=True, axis=axis),
        reference("Unique", [x], 4, axis=axis, sorted=1),
    )


@pytest.mark.parametrize("center", [False, True])
def test_non_max_suppression(center: bool) -> None:
    boxes = RNG.random((2, 9, 4), np.float32)
    boxes[..., 2:] += 0 if center else boxes[..., :2]
    scores = RNG.random((2, 3, 9), np.float32)
    limit, iou, least = np.array([4]), np.array([0.3], np.float32), np.array([0.2], np.float32)
    found = meaning(
        relax.NonMaxSuppressionOp,
        boxes,
        scores,
        max_output_boxes_per_class=4,
        iou_threshold=float(iou[0]),
        score_threshold=float(least[0]),
        center_point_box=center,
    )
    inputs: list[Array | None] = [boxes, scores, limit, iou, least]
    expected = reference("NonMaxSuppression", inputs, center_point_box=int(center))
    agree(found, expected)
