"""Operators that move elements, against NumPy and ONNX's reference."""

from typing import Any

import numpy as np
import pytest

from tyrex.dialects import relax
from tyrex.dialects.dtypes import i64
from tyrex.interpreters.relax import evaluate
from tyrex.symbolic import var

from .onnx_reference import Array, meaning, reference

RNG = np.random.default_rng(13)


def floats(*shape: int) -> Array:
    """Return random numbers."""
    return RNG.random(shape, np.float32)


def agree(found: list[Array], *expected: Array) -> None:
    """Check that results are equal."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_views() -> None:
    x = floats(2, 3, 4)
    agree(meaning(relax.ReshapeOp, x, shape=(6, 4)), x.reshape(6, 4))
    agree(meaning(relax.PermuteDimsOp, x, axes=(2, 0, 1)), x.transpose(2, 0, 1))
    agree(
        meaning(relax.BroadcastToOp, x[:, :1], shape=(5, 2, 3, 4)), np.tile(x[:, :1], (5, 1, 3, 1))
    )


def test_pieces() -> None:
    x = floats(2, 7)
    agree(meaning(relax.SplitOp, x, axis=1, sections=(3, 0, 4)), x[:, :3], x[:, 3:3], x[:, 3:])
    agree(meaning(relax.ConcatOp, x, x, axis=0), np.concatenate([x, x]))
    cut = meaning(relax.StridedSliceOp, x, starts=(1, 6), sizes=(2, 3), steps=(-1, -2))
    agree(cut, x[::-1, :1:-2])


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
def test_pad(mode: str) -> None:
    x, value = floats(3, 4), np.array(1.5, np.float32)
    for padding in ((1, 2, 0, 1), (5, 0, 7, 9)):
        pads = np.array(padding)
        expected = reference("Pad", [x, pads, value if mode == "constant" else None], mode=mode)
        agree(meaning(relax.PadOp, x, value, padding=padding, mode=mode), *expected)


def test_repetition() -> None:
    x = floats(2, 1, 3)
    agree(meaning(relax.TileOp, x, repeats=(1, 4, 2)), np.tile(x, (1, 4, 2)))
    agree(meaning(relax.FullOp, np.array(4), shape=(2, 2)), np.full((2, 2), 4))
    numbers = np.broadcast_to(np.arange(3)[:, None], (3, 2))
    agree(meaning(relax.IotaOp, shape=(3, 2), axis=0, dtype=i64), numbers)


@pytest.mark.parametrize("k", [-2, 0, 1])
@pytest.mark.parametrize("upper", [0, 1])
def test_trilu(k: int, upper: int) -> None:
    x = floats(2, 3, 4)
    expected = reference("Trilu", [x, np.array(k)], upper=upper)
    agree(meaning(relax.TriluOp, x, k=k, upper=bool(upper)), *expected)


def test_dims_are_evaluated() -> None:
    op: Any = relax.IotaOp(shape=(var("n") * 2,), axis=0, dtype=i64)
    agree(list(evaluate(op, (), {"n": 3})), np.arange(6))
