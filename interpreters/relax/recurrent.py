"""NumPy meaning of the recurrent operators."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...dialects import relax
from .registry import Array, impl
from .resize import compute_dtype

Step = Callable[[Array, Sequence[Array]], list[Array]]
"""A function of a step's gates [b, n * h] and the states [b, h]: the new states, h first."""


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": _sigmoid,
}


def _run(
    op: relax.RecurrentOp, step: Step, gates: Array, states: Sequence[Array], lengths: Array
) -> tuple[Array, ...]:
    """Run all steps; states are rounded to their element type after each."""
    work = compute_dtype(gates.dtype)
    y = np.zeros((*gates.shape[:2], states[0].shape[1]), gates.dtype)
    times = range(gates.shape[0])
    for t in reversed(times) if op.is_reverse else times:
        inside = (t < lengths)[:, None]
        new = step(gates[t].astype(work), [state.astype(work) for state in states])
        rounded = [state.astype(gates.dtype) for state in new]
        y[t] = np.where(inside, rounded[0], 0)
        states = [np.where(inside, a, b) for a, b in zip(rounded, states, strict=True)]
    return (y, *states)


@impl(relax.RnnOp)
def _rnn(op: relax.RnnOp, gates: Array, r: Array, h0: Array, lengths: Array) -> tuple[Array, ...]:
    activation = _ACTIVATIONS[op.activation.data]

    def step(x: Array, states: Sequence[Array]) -> list[Array]:
        return [activation(x + states[0] @ r.astype(x.dtype))]

    return _run(op, step, gates, [h0], lengths)


@impl(relax.GruOp)
def _gru(
    op: relax.GruOp, gates: Array, r: Array, bias: Array, h0: Array, lengths: Array
) -> tuple[Array, ...]:
    def step(x: Array, states: Sequence[Array]) -> list[Array]:
        h, wide = states[0], r.astype(x.dtype)
        n = h.shape[1]
        z, a = (_sigmoid(x[:, i : i + n] + h @ wide[:, i : i + n]) for i in (0, n))
        last = wide[:, 2 * n :]
        if op.is_linear_before_reset:
            recurrent = a * (h @ last + bias.astype(x.dtype))
        else:
            recurrent = (a * h) @ last + bias.astype(x.dtype)
        return [(1 - z) * np.tanh(x[:, 2 * n :] + recurrent) + z * h]

    return _run(op, step, gates, [h0], lengths)


@impl(relax.LstmOp)
def _lstm(
    op: relax.LstmOp, gates: Array, r: Array, h0: Array, c0: Array, lengths: Array
) -> tuple[Array, ...]:
    def step(x: Array, states: Sequence[Array]) -> list[Array]:
        h, c = states
        i, o, f, g = np.split(x + h @ r.astype(x.dtype), 4, axis=1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        return [_sigmoid(o) * np.tanh(c), c]

    return _run(op, step, gates, [h0, c0], lengths)
