"""Operators whose indices are data, and those that select, against ONNX's reference."""

from typing import Any

import numpy as np
import pytest

from tyrex.dialects import relax

from .onnx_reference import Array, meaning, reference

RNG = np.random.default_rng(11)


def floats(*shape: int) -> Array:
    """Return random numbers."""
    return RNG.random(shape, np.float32)


def picks(extent: int, *shape: int) -> Array:
    """Return random indices of an axis, some counted from the end."""
    return RNG.integers(-extent, extent, shape)


def agree(found: list[Array], expected: list[Array]) -> None:
    """Check that results are equal."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("axis", [0, 1])
def test_gathers(axis: int) -> None:
    x = floats(4, 5)
    indices = picks(x.shape[axis], 4, 5)
    agree(
        meaning(relax.GatherOp, x, indices, axis=axis), reference("Gather", [x, indices], axis=axis)
    )
    agree(
        meaning(relax.GatherElementsOp, x, indices, axis=axis),
        reference("GatherElements", [x, indices], axis=axis),
    )


def test_gather_nd() -> None:
    x = floats(2, 3, 4)
    for batch, indices in ((0, picks(2, 5, 3)), (1, picks(3, 2, 6, 1)), (1, picks(3, 2, 2))):
        found = meaning(relax.GatherNdOp, x, indices, batch_dims=batch)
        if batch:
            expected = np.stack([x[b][tuple(np.moveaxis(t, -1, 0))] for b, t in enumerate(indices)])
        else:
            expected = x[tuple(np.moveaxis(indices, -1, 0))]
        agree(found, [expected])


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "max", "min"])
def test_scatters(reduction: str) -> None:
    x, updates, column = floats(3, 4), floats(3, 4), floats(7)
    for axis in (0, 1):
        indices = picks(x.shape[axis], 3, 4)
        properties: Any = {"axis": axis, "reduction": reduction}
        agree(
            meaning(relax.ScatterElementsOp, x, indices, updates, **properties),
            reference("ScatterElements", [x, indices, updates], **properties),
        )
    tuples = RNG.integers(0, 3, (7, 2))
    agree(
        meaning(relax.ScatterNdOp, x, tuples, column, reduction=reduction),
        reference("ScatterND", [x, tuples, column], reduction=reduction),
    )


@pytest.mark.parametrize("largest", [0, 1])
@pytest.mark.parametrize("axis", [0, 1])
def test_top_k(axis: int, largest: int) -> None:
    x = RNG.integers(-3, 3, (5, 6)).astype(np.float32)
    agree(
        meaning(relax.TopKOp, x, k=4, axis=axis, largest=bool(largest)),
        reference("TopK", [x, np.array([4])], 2, axis=axis, largest=largest),
    )


def test_top_k_puts_nan_last() -> None:
    x = np.array([np.nan, 1, -np.inf, np.nan, 2, np.inf], np.float32)
    for largest, order in ((True, [5, 4, 1, 2, 0, 3]), (False, [2, 1, 4, 5, 0, 3])):
        _, found = meaning(relax.TopKOp, x, k=6, axis=0, largest=largest)
        np.testing.assert_array_equal(found, order)


@pytest.mark.parametrize("batch", [0, 1])
def test_reverse_sequence(batch: int) -> None:
    x, lengths = floats(4, 4, 2), np.array([0, 1, 3, 4])
    axes: Any = {"batch_axis": batch, "time_axis": 1 - batch}
    agree(
        meaning(relax.ReverseSequenceOp, x, lengths, **axes),
        reference("ReverseSequence", [x, lengths], **axes),
    )


def test_max_unpool() -> None:
    x = floats(1, 1, 2, 2)
    indices = np.array([[[[5, 7], [13, 15]]]])
    agree(
        meaning(relax.MaxUnpoolOp, x, indices, shape=(1, 1, 4, 4)),
        reference("MaxUnpool", [x, indices], kernel_shape=[2, 2], strides=[2, 2]),
    )


def test_out_of_range_is_an_error() -> None:
    with pytest.raises(IndexError, match="index 3 is out of range for 3 elements"):
        meaning(relax.GatherOp, floats(3), np.array([0, 3]), axis=0)
    with pytest.raises(IndexError, match="index -4 is out of range for 3 elements"):
        meaning(relax.ScatterNdOp, floats(3), np.array([[-4]]), floats(1), reduction="none")
