"""One step of each optimizer against its formula."""

from typing import Any

import numpy as np
from onnx import helper

from tyrex.frontends.onnx import from_onnx

from ..models import (  # noqa: TID251  # of the tests
    Array,
    close,
    evaluate,
    f32,
    info,
    make,
)

RATE, COUNT = np.array(0.1, np.float32), np.array(3)
X, G, V, H = (f32(4, seed=i) for i in range(4))


def step(op_type: str, arrays: list[Array], outputs: int, **attributes: Any) -> list[Array]:
    names = ["r", "t", *(f"x{i}" for i in range(len(arrays)))]
    results = [f"y{i}" for i in range(outputs)]
    domain = "ai.onnx.preview.training"
    node = helper.make_node(op_type, names, results, domain=domain, **attributes)
    inputs = [RATE, COUNT, *arrays]
    infos = [
        info(name, array.shape, array.dtype) for name, array in zip(names, inputs, strict=True)
    ]
    model = make([node], infos, results, domains={domain: 1})
    return evaluate(from_onnx(model), *inputs)


def test_momentum_of_two_tensors() -> None:
    found = step(
        "Momentum", [X, X + 1, G, G + 1, V, V + 1], 4,
        alpha=0.9, beta=0.5, norm_coefficient=0.25, mode="nesterov",
    )  # fmt: skip
    expected: list[Array] = []
    for x, g, v in ((X, G, V), (X + 1, G + 1, V + 1)):
        regular = 0.25 * x + g
        moved = 0.9 * v + 0.5 * regular
        expected += [x - 0.1 * (regular + 0.9 * moved), moved]
    close(found, [expected[i].astype(np.float32) for i in (0, 2, 1, 3)])


def test_adagrad() -> None:
    found = step("Adagrad", [X, G, H * H], 2, decay_factor=0.5, epsilon=0.01)
    total = H * H + G * G
    expected = [X - 0.1 / 2.5 * G / (np.sqrt(total) + 0.01), total]
    close(found, [e.astype(np.float32) for e in expected])


def test_adam() -> None:
    found = step("Adam", [X, G, V, H * H], 3, alpha=0.9, beta=0.99, epsilon=0.01)
    mean = 0.9 * V + 0.1 * G
    square = 0.99 * H * H + 0.01 * G * G
    rate = 0.1 * np.sqrt(1 - 0.99**3) / (1 - 0.9**3)
    expected = [X - rate * mean / (np.sqrt(square) + 0.01), mean, square]
    close(found, [e.astype(np.float32) for e in expected], 1e-4)
