"""Kernels of the recurrent operators compute what the operators mean."""

from typing import Any

import numpy as np
import pytest

from tyrex.dialects import relax

from .legalized import Array, check

RNG = np.random.default_rng(21)
HIDDEN = 5


def floats(*shape: int, dtype: Any = np.float32) -> Array:
    """Return random numbers around 0."""
    return (RNG.random(shape) * 2 - 1).astype(dtype)


def operands(gates: int, steps: int, batch: int, dtype: Any = np.float32) -> list[Array]:
    """Return gates, recurrent weights, a state and lengths."""
    return [
        floats(steps, batch, gates * HIDDEN, dtype=dtype),
        floats(HIDDEN, gates * HIDDEN, dtype=dtype),
        floats(batch, HIDDEN, dtype=dtype),
        RNG.integers(0, steps + 1, (batch,)),
    ]


SIZES = [(4, 3), (1, 1), (0, 2), (3, 0)]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("activation", relax.ACTIVATIONS)
def test_rnn(reverse: bool, activation: str) -> None:
    for sizes in SIZES:
        values = operands(1, *sizes)
        activations = [relax.Activation(activation, 0.3, 0.7)]
        clip = 0.8 if reverse else None
        check(relax.RnnOp, *values, reverse=reverse, activations=activations, clip=clip, scale=10)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("linear", [False, True])
def test_gru(reverse: bool, linear: bool) -> None:
    for sizes in SIZES:
        gates, r, h0, lengths = operands(3, *sizes)
        properties: Any = {"reverse": reverse, "linear_before_reset": linear, "scale": 10}
        check(relax.GruOp, gates, r, floats(HIDDEN), h0, lengths, **properties)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_lstm(reverse: bool, dtype: Any) -> None:
    for sizes in SIZES:
        gates, r, h0, lengths = operands(4, *sizes, dtype=dtype)
        c0 = floats(*h0.shape, dtype=dtype)
        check(relax.LstmOp, gates, r, h0, c0, lengths, reverse=reverse, scale=10)


@pytest.mark.parametrize("coupled", [False, True])
def test_lstm_that_peeps(coupled: bool) -> None:
    for sizes in SIZES:
        gates, r, h0, lengths = operands(4, *sizes)
        c0, peephole = floats(*h0.shape), floats(3 * HIDDEN)
        names = ("hardsigmoid", "softsign", "elu")
        activations = [relax.Activation(name, 0.4, 0.6) for name in names]
        properties: Any = {"reverse": False, "coupled": coupled, "clip": 0.9, "scale": 10}
        values = gates, r, h0, c0, peephole, lengths
        check(relax.LstmOp, *values, activations=activations, **properties)
