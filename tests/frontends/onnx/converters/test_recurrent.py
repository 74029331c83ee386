"""RNN, GRU and LSTM: one operator for all steps of a direction, whatever the node asks for."""

from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

import tyrex
from tyrex.dialects import relax
from tyrex.frontends.onnx import ModelError, from_onnx

from ..models import (  # noqa: TID251  # of the tests
    Array,
    agrees_single,
    close,
    reference,
    single,
)

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


def node_of(seed: int) -> tuple[str, list[Array | None], dict[str, Any]]:
    """A random node: inputs that are left out, directions, clips, functions, coefficients."""
    rng = np.random.default_rng(seed)
    op_type = ("RNN", "GRU", "LSTM")[seed % 3]
    direction = ("forward", "reverse", "bidirectional")[seed // 3 % 3]
    count = 2 if direction == "bidirectional" else 1
    arrays = inputs(op_type, count, lengths=True, bias=True)
    if op_type == "LSTM":
        arrays.append(f32(count, 3 * HIDDEN))
    arrays = [a if i < 3 or rng.random() < 0.6 else None for i, a in enumerate(arrays)]
    while arrays[-1] is None:
        arrays.pop()
    options: dict[str, Any] = {"direction": direction}
    if rng.random() < 0.5:
        options["clip"] = float(rng.choice([0.1, 0.5, 2.0]))
    if op_type == "GRU":
        options["linear_before_reset"] = seed // 9 % 2
    if op_type == "LSTM" and seed % 2:
        options["input_forget"] = 1
    functions = len(OPERATORS[op_type].DEFAULTS) * count
    names = rng.choice(NAMES, functions).tolist()
    if rng.random() < 0.7:
        # One for each: ONNX Runtime has defaults of its own.
        alphas, betas = (rng.uniform(0.1, 1, functions).round(2).tolist() for _ in range(2))
        options |= {"activations": names, "activation_alpha": alphas, "activation_beta": betas}
    return op_type, arrays, options


NAMES = ("Relu", "Tanh", "Sigmoid", "Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh",
         "HardSigmoid", "Elu", "Softsign", "Softplus")  # fmt: skip


@pytest.mark.parametrize("seed", range(27))
def test_random_nodes(seed: int) -> None:
    op_type, arrays, options = node_of(seed)
    count = 1 + ("bidirectional" in options.values())
    module = check(op_type, arrays, **options)
    assert sum(isinstance(op, OPERATORS[op_type]) for op in module.walk()) == count


def batch_first(array: Array | None, position: int) -> Array | None:
    """Return an input as attribute layout=1 has it."""
    if array is None or position not in (0, 5, 6):
        return array
    return np.ascontiguousarray(array.swapaxes(0, 1))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["compiled", "bytecode"])
def test_natively(mode: str) -> None:
    """Sequences and batches of any size, weights that are inputs; also with the batch first."""
    for seed in (99, 103, 107, 110):
        op_type, arrays, options = node_of(seed)
        outputs = 1 + STATES[op_type]
        attributes: dict[str, Any] = {**options, "hidden_size": HIDDEN}
        model = single(op_type, arrays, outputs=outputs, **attributes)
        expected = reference(model, *(a for a in arrays if a is not None))
        for layout in (0, 1):
            given = [batch_first(a, i) if layout else a for i, a in enumerate(arrays)]
            shapes = {0: ("b", "s", INPUT) if layout else ("s", "b", INPUT), 4: ("b",)}
            shapes |= dict.fromkeys((5, 6), ("b", None, HIDDEN) if layout else (None, "b", HIDDEN))
            model = single(
                op_type, given, outputs=outputs, shapes=shapes, layout=layout, **attributes
            )
            exe = tyrex.compile(model, exec_mode=mode, threads=1)
            assert exe.exec_mode == mode
            found = [np.asarray(y) for y in exe(*(a for a in given if a is not None))]
            if layout:
                moved = found[0].transpose(1, 2, 0, 3), *(y.swapaxes(0, 1) for y in found[1:])
                found = list(moved)
            close(found, expected)


def test_activation_that_nobody_knows() -> None:
    model = single("RNN", inputs("RNN", 1, False, False), hidden_size=HIDDEN, activations=["Gelu"])
    with pytest.raises(ModelError, match="activation 'gelu'"):
        from_onnx(model)
