"""Convolutions and poolings, against ONNX's reference."""

from typing import Any

import numpy as np
import pytest

from tyrex.dialects import relax

from .onnx_reference import Array, meaning, reference

RNG = np.random.default_rng(19)


def floats(*shape: int) -> Array:
    return RNG.standard_normal(shape).astype(np.float32)


def close(found: Array, expected: Array) -> None:
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def onnx_names(options: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of a window under ONNX's names."""
    names = {"padding": "pads", "groups": "group", "kernel": "kernel_shape"}
    return {names.get(key, key): value for key, value in options.items()}


@pytest.mark.parametrize(
    ("x", "w", "options"),
    [
        ((2, 3, 7, 6), (4, 3, 3, 2), {"strides": (2, 1), "padding": (1, 0, 2, 1)}),
        ((1, 4, 9, 9), (6, 2, 3, 3), {"dilations": (2, 1), "groups": 2}),
        ((1, 3, 8), (3, 1, 3), {"strides": (2,), "padding": (1, 1), "groups": 3}),
    ],
)
def test_conv(x: tuple[int, ...], w: tuple[int, ...], options: dict[str, Any]) -> None:
    options = defaults(len(x) - 2) | {"groups": 1} | options
    arrays = floats(*x), floats(*w)
    expected = reference("Conv", list(arrays), kernel_shape=w[2:], **onnx_names(options))[0]
    close(meaning(relax.ConvOp, *arrays, **options)[0], expected)


@pytest.mark.parametrize(
    ("x", "w", "options"),
    [
        ((2, 3, 4, 5), (3, 2, 3, 3), {"strides": (2, 1), "padding": (1, 0, 0, 1)}),
        ((1, 4, 3, 3), (4, 2, 2, 2), {"strides": (3, 2), "output_padding": (1, 0)}),
        ((1, 2, 5), (2, 1, 3), {"dilations": (2,)}),
    ],
)
def test_conv_transpose(x: tuple[int, ...], w: tuple[int, ...], options: dict[str, Any]) -> None:
    spatial = len(x) - 2
    more = {"groups": 1, "output_padding": (0,) * spatial}
    options = defaults(spatial) | more | options
    arrays = floats(*x), floats(*w)
    given = onnx_names(options)
    expected = reference("ConvTranspose", list(arrays), kernel_shape=w[2:], **given)[0]
    close(meaning(relax.ConvTransposeOp, *arrays, **options)[0], expected)


def test_groups_of_a_transposed_convolution_are_apart() -> None:
    x, w = floats(1, 4, 3, 3), floats(4, 2, 2, 2)
    options: dict[str, Any] = defaults(2) | {"output_padding": (0, 0)}
    halves = [
        meaning(relax.ConvTransposeOp, x[:, part], w[part], groups=1, **options)[0]
        for part in (slice(0, 2), slice(2, 4))
    ]
    found = meaning(relax.ConvTransposeOp, x, w, groups=2, **options)[0]
    close(found, np.concatenate(halves, axis=1))


POOLS: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((2, 3, 7, 6), {"kernel": (2, 3), "strides": (2, 2)}),
    ((1, 2, 8, 8), {"kernel": (3, 3), "padding": (1, 1, 1, 1), "strides": (2, 2)}),
    ((1, 2, 9), {"kernel": (3,), "strides": (2,)}),
]


@pytest.mark.parametrize(("shape", "options"), POOLS)
def test_pools(shape: tuple[int, ...], options: dict[str, Any]) -> None:
    x, options = floats(*shape), defaults(len(shape) - 2) | options
    given = onnx_names(options)
    close(meaning(relax.MaxPoolOp, x, **options)[0], reference("MaxPool", [x], **given)[0])
    for counted in (0, 1):
        expected = reference("AveragePool", [x], count_include_pad=counted, **given)[0]
        found = meaning(relax.AvgPoolOp, x, count_include_pad=bool(counted), **options)[0]
        close(found, expected)


def test_where_the_maxima_are() -> None:
    x, options = floats(2, 3, 6, 6), defaults(2) | {"kernel": (2, 2), "strides": (2, 2)}
    found = meaning(relax.MaxPoolWithIndicesOp, x, num_results=2, **options)
    close(found[0], reference("MaxPool", [x], **onnx_names(options))[0])
    assert x.reshape(-1)[found[1]].tolist() == found[0].tolist()


def test_one_more_window_that_is_cut_off() -> None:
    """ceil_mode: the last window counts only what is there."""
    x = np.arange(5, dtype=np.float32).reshape(1, 1, 5)
    options = defaults(1) | {"kernel": (2,), "strides": (2,), "ceil_extra": (1,)}
    assert meaning(relax.MaxPoolOp, x, **options)[0].tolist() == [[[1, 3, 4]]]
    for counted in (False, True):
        found = meaning(relax.AvgPoolOp, x, count_include_pad=counted, **options)[0]
        assert found.tolist() == [[[0.5, 2.5, 4.0]]]


def defaults(spatial: int) -> dict[str, Any]:
    ones = (1,) * spatial
    return {"strides": ones, "dilations": ones, "padding": (0,) * (2 * spatial)}
