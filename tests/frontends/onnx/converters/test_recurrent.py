"""RNN, GRU and LSTM: one operator for all steps, or unrolled where it does not do what is asked."""

from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from tyrex.dialects import relax

from ..models import Array, agrees_single  # noqa: TID251  # of the tests

RNG = np.random.default_rng(31)
STEPS, BATCH, INPUT, HIDDEN = 5, 2, 3, 4
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
STATES = {"RNN": 1, "GRU": 1, "LSTM": 2}
OPERATORS = {"RNN": relax.RnnOp, "GRU": relax.GruOp, "LSTM": relax.LstmOp}


def f32(*shape: int) -> Array:
    """Return random numbers around 0."""
    return RNG.random(shape, np.float32) * 2 - 1


def inputs(op_type: str, directions: int, lengths: bool, bias: bool) -> list[Array | None]:
    """Return x, weights, bias, lengths and first states."""
    size = GATES[op_type] * HIDDEN
    return [
        f32(STEPS, BATCH, INPUT),
        f32(directions, size, INPUT),
        f32(directions, size, HIDDEN),
        f32(directions, 2 * size) if bias else None,
        np.array([3, 5], np.int32) if lengths else None,
        *(f32(directions, BATCH, HIDDEN) for _ in range(STATES[op_type])),
    ]


def check(op_type: str, arrays: list[Array | None], **options: Any) -> ModuleOp:
    """Compare with ONNX Runtime."""
    outputs = 1 + STATES[op_type]
    return agrees_single(op_type, arrays, outputs=outputs, hidden_size=HIDDEN, **options)


@pytest.mark.parametrize("op_type", GATES)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("lengths", [False, True])
def test_one_operator_per_direction(op_type: str, direction: str, lengths: bool) -> None:
    count = 2 if direction == "bidirectional" else 1
    arrays = inputs(op_type, count, lengths, bias=lengths)
    module = check(op_type, arrays, direction=direction)
    assert sum(isinstance(op, OPERATORS[op_type]) for op in module.walk()) == count


def test_linear_before_reset() -> None:
    check("GRU", inputs("GRU", 1, False, True), linear_before_reset=1)


@pytest.mark.parametrize("options", [{"clip": 0.5}, {"activations": ["Softsign", "Tanh", "Tanh"]}])
def test_the_rest_is_unrolled(options: dict[str, Any]) -> None:
    module = check("LSTM", inputs("LSTM", 1, True, True), **options)
    assert not any(isinstance(op, relax.LstmOp) for op in module.walk())
