"""Linear algebra and normalizations, against NumPy and ONNX's reference."""

from typing import Any

import numpy as np

from tyrex.dialects import relax

from .onnx_reference import Array, meaning, reference

RNG = np.random.default_rng(17)


def floats(*shape: int) -> Array:
    return RNG.standard_normal(shape).astype(np.float32)


def close(found: Array, expected: Array) -> None:
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_matmul() -> None:
    a, b = floats(2, 1, 3, 4), floats(5, 4, 2)
    plain = meaning(relax.MatmulOp, a, b, transpose_a=False, transpose_b=False)[0]
    close(plain, reference("MatMul", [a, b])[0])
    left, right = np.swapaxes(a, -1, -2), np.swapaxes(b, -1, -2)
    close(meaning(relax.MatmulOp, left, right, transpose_a=True, transpose_b=True)[0], plain)


def test_products_of_integers_wrap() -> None:
    a = np.full((1, 2), 100, np.int8)
    found = meaning(relax.MatmulOp, a, a.T, transpose_a=False, transpose_b=False)[0]
    assert found.tolist() == [[32]]


def test_einsum() -> None:
    a, b = floats(2, 3, 4), floats(2, 4, 5)
    close(meaning(relax.EinsumOp, a, b, equation="bij,bjk->bik")[0], np.matmul(a, b))
    close(meaning(relax.EinsumOp, a, equation="...i->...")[0], a.sum(-1))


def test_batch_norm() -> None:
    x, (scale, bias, mean), var = floats(2, 3, 4, 4), floats(3, 3), np.abs(floats(3))
    found = meaning(relax.BatchNormOp, x, scale, bias, mean, var, epsilon=0.01)[0]
    expected = reference("BatchNormalization", [x, scale, bias, mean, var], epsilon=0.01)[0]
    close(found, expected)


def test_instance_norm() -> None:
    x, (scale, bias) = floats(2, 3, 4, 4), floats(2, 3)
    found = meaning(relax.InstanceNormOp, x, scale, bias, epsilon=0.01)[0]
    close(found, reference("InstanceNormalization", [x, scale, bias], epsilon=0.01)[0])


def test_layer_norm() -> None:
    x, (scale, bias) = floats(2, 3, 4), floats(2, 3, 4)
    found = meaning(relax.LayerNormOp, x, scale, bias, axis=1, epsilon=0.01)[0]
    expected = reference("LayerNormalization", [x, scale, bias], axis=1, epsilon=0.01)[0]
    close(found, expected)


def test_lrn() -> None:
    x = floats(7, 7, 2, 2)  # ONNX's reference looks at as many channels as there are batches
    options: dict[str, Any] = {"size": 3, "alpha": 0.5, "beta": 0.75, "bias": 2.0}
    close(meaning(relax.LrnOp, x, **options)[0], reference("LRN", [x], **options)[0])
    even = options | {"size": 4}
    squares = np.pad(x * x, [(0, 0), (1, 2), (0, 0), (0, 0)])
    total = sum(squares[:, i : i + 7] for i in range(4))
    close(meaning(relax.LrnOp, x, **even)[0], x * (2 + 0.125 * total) ** np.float32(-0.75))
