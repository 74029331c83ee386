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


def _softplus(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


_ACTIVATIONS: dict[str, Callable[[Array, float, float], Array]] = {
    "affine": lambda x, a, b: a * x + b,
    "elu": lambda x, a, b: np.where(x < 0, a * np.expm1(np.minimum(x, 0)), x),
    "hardsigmoid": lambda x, a, b: np.clip(a * x + b, 0, 1),
    "leakyrelu": lambda x, a, b: np.where(x < 0, a * x, x),
    "relu": lambda x, a, b: np.maximum(x, 0),
    "scaledtanh": lambda x, a, b: a * np.tanh(b * x),
    "sigmoid": lambda x, a, b: _sigmoid(x),
    "softplus": lambda x, a, b: _softplus(x),
    "softsign": lambda x, a, b: x / (1 + np.abs(x)),
    "tanh": lambda x, a, b: np.tanh(x),
    "thresholdedrelu": lambda x, a, b: np.where(x > a, x, 0),
}


def _functions(op: relax.RecurrentOp) -> list[Callable[[Array], Array]]:
    """Return the activations of what is clipped."""
    limit = np.inf if op.limit is None else op.limit

    def function(it: relax.Activation) -> Callable[[Array], Array]:
        return lambda x: _ACTIVATIONS[it.name](np.clip(x, -limit, limit), it.a, it.b)

    return [function(it) for it in op.functions]


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
    (activation,) = _functions(op)

    def step(x: Array, states: Sequence[Array]) -> list[Array]:
        return [activation(x + states[0] @ r.astype(x.dtype))]

    return _run(op, step, gates, [h0], lengths)


@impl(relax.GruOp)
def _gru(
    op: relax.GruOp, gates: Array, r: Array, bias: Array, h0: Array, lengths: Array
) -> tuple[Array, ...]:
    f, g = _functions(op)

    def step(x: Array, states: Sequence[Array]) -> list[Array]:
        h, wide = states[0], r.astype(x.dtype)
        n = h.shape[1]
        z, a = (f(x[:, i : i + n] + h @ wide[:, i : i + n]) for i in (0, n))
        last = wide[:, 2 * n :]
        if op.is_linear_before_reset:
            recurrent = a * (h @ last + bias.astype(x.dtype))
        else:
            recurrent = (a * h) @ last + bias.astype(x.dtype)
        return [(1 - z) * g(x[:, 2 * n :] + recurrent) + z * h]

    return _run(op, step, gates, [h0], lengths)


@impl(relax.LstmOp)
def _lstm(
    op: relax.LstmOp, gates: Array, r: Array, h0: Array, c0: Array, *others: Array
) -> tuple[Array, ...]:
    *peephole, lengths = others
    f, g, _ = _functions(op)
    (_, _, last) = op.functions

    def step(x: Array, states: Sequence[Array]) -> list[Array]:
        h, c = states
        i, o, m, n = np.split(x + h @ r.astype(x.dtype), 4, axis=1)
        zero = np.zeros(3 * h.shape[1], x.dtype)
        pi, po, pm = np.split(peephole[0].astype(x.dtype) if peephole else zero, 3)
        taken = f(i + pi * c)
        kept = 1 - taken if op.coupled is not None else f(m + pm * c)
        c = kept * c + taken * g(n)
        return [f(o + po * c) * _ACTIVATIONS[last.name](c, last.a, last.b), c]

    return _run(op, step, gates, [h0, c0], lengths)
