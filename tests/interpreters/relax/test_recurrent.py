"""Recurrent operators against ONNX's reference, and against what reversal and lengths say."""

from typing import Any

import numpy as np
import pytest

from tyrex.dialects import relax

from .onnx_reference import Array, meaning, reference

RNG = np.random.default_rng(22)
STEPS, BATCH, INPUT, HIDDEN = 4, 2, 3, 5


def floats(*shape: int) -> Array:
    """Return random numbers around 0."""
    return RNG.random(shape, np.float32) * 2 - 1


def full_lengths() -> Array:
    """Return the lengths of sequences that all take every step."""
    return np.full(BATCH, STEPS)


def agree(found: list[Array], expected: list[Array]) -> None:
    """Check outputs [t, b, h] and last states [b, h] against ONNX's, which have directions."""
    y, *states = found
    np.testing.assert_allclose(y, expected[0][:, 0], rtol=1e-5, atol=1e-6)
    for state, other in zip(states, expected[1:], strict=False):
        np.testing.assert_allclose(state, other[0], rtol=1e-5, atol=1e-6)


def weights(gates: int) -> tuple[Array, Array, Array, Array]:
    """Return x, w, r and the bias of the inputs and of the states."""
    size = gates * HIDDEN
    x, w, r = floats(STEPS, BATCH, INPUT), floats(1, size, INPUT), floats(1, size, HIDDEN)
    return x, w, r, floats(1, 2 * size)


def test_rnn() -> None:
    x, w, r, b = weights(1)
    gates = x @ w[0].T + b[0, :HIDDEN] + b[0, HIDDEN:]
    h0 = floats(1, BATCH, HIDDEN)
    found = meaning(relax.RnnOp, gates, r[0].T, h0[0], full_lengths(), reverse=False)
    agree(found, reference("RNN", [x, w, r, b, None, h0], 2, hidden_size=HIDDEN))


@pytest.mark.parametrize("linear", [0, 1])
def test_gru(linear: int) -> None:
    x, w, r, b = weights(3)
    size, last = 3 * HIDDEN, b[0, 5 * HIDDEN :]
    own = b[0, :size] + np.concatenate([b[0, size : 5 * HIDDEN], np.zeros(HIDDEN, np.float32)])
    h0 = floats(1, BATCH, HIDDEN)
    properties: Any = {"reverse": False, "linear_before_reset": bool(linear)}
    inputs = (x @ w[0].T + own, r[0].T, last, h0[0], full_lengths())
    found = meaning(relax.GruOp, *inputs, **properties)
    attributes: Any = {"hidden_size": HIDDEN, "linear_before_reset": linear}
    agree(found, reference("GRU", [x, w, r, b, None, h0], 2, **attributes))


def test_lstm() -> None:
    x, w, r, b = weights(4)
    gates = x @ w[0].T + b[0, : 4 * HIDDEN] + b[0, 4 * HIDDEN :]
    h0, c0 = floats(1, BATCH, HIDDEN), floats(1, BATCH, HIDDEN)
    found = meaning(relax.LstmOp, gates, r[0].T, h0[0], c0[0], full_lengths(), reverse=False)
    agree(found, reference("LSTM", [x, w, r, b, None, h0, c0], 2, hidden_size=HIDDEN))


def test_reverse_and_lengths() -> None:
    gates, r, h0 = (
        floats(STEPS, BATCH, 4 * HIDDEN),
        floats(HIDDEN, 4 * HIDDEN),
        floats(BATCH, HIDDEN),
    )
    lengths = np.array([3, 0])
    y, h, c = meaning(relax.LstmOp, gates, r, h0, h0, lengths, reverse=True)
    one = slice(0, 1)
    expected = meaning(
        relax.LstmOp, gates[2::-1, one], r, h0[one], h0[one], np.array([3]), reverse=False
    )
    np.testing.assert_allclose(y[:3, one], expected[0][::-1], rtol=1e-6)
    np.testing.assert_allclose(h[one], expected[1], rtol=1e-6)
    np.testing.assert_allclose(c[one], expected[2], rtol=1e-6)
    assert not y[3:].any()
    assert not y[:, 1].any()
    np.testing.assert_array_equal(h[1], h0[1])
