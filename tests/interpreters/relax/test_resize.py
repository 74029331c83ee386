"""Resampling operators against ONNX's reference implementation."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from tyrex.dialects import relax

from .onnx_reference import meaning, reference

MODES: list[tuple[str, str]] = [
    *(("nearest", m) for m in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")),
    ("linear", "floor"),
    ("cubic", "floor"),
]
COORDINATES = ("half_pixel", "half_pixel_symmetric", "align_corners", "asymmetric")
SCALES = ((2.0, 2.0), (0.5, 1.5), (0.6, 0.8), (3.0, 0.34), (1.0, 2.5))


@pytest.mark.parametrize(("mode", "nearest_mode"), MODES)
@pytest.mark.parametrize("coordinates", COORDINATES)
def test_resize_by_scales(mode: str, nearest_mode: str, coordinates: str) -> None:
    x = np.random.default_rng(1).random((1, 2, 5, 6), np.float32)
    for scales in SCALES:
        wide = np.array([1, 1, *scales], np.float32)
        properties: dict[str, Any] = {
            "mode": mode,
            "nearest_mode": nearest_mode,
            "coordinate_transformation_mode": coordinates,
        }
        (expected,) = reference("Resize", [x, None, wide], **properties)
        (found,) = meaning(
            relax.ResizeOp, x, sizes=expected.shape, scales=[float(s) for s in wide], **properties
        )
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5, err_msg=str(scales))


@pytest.mark.parametrize(("mode", "nearest_mode"), MODES)
@pytest.mark.parametrize("coordinates", COORDINATES)
def test_resize_by_sizes(mode: str, nearest_mode: str, coordinates: str) -> None:
    x = np.random.default_rng(2).random((1, 1, 4, 7), np.float32)
    # Not 9 for 7: at index 4 the coordinate is 3, which the reference rounds to below 3.
    for size in ((8, 3), (4, 10), (3, 7), (1, 1)):
        sizes = np.array([1, 1, *size])
        properties: dict[str, Any] = {
            "mode": mode,
            "nearest_mode": nearest_mode,
            "coordinate_transformation_mode": coordinates,
        }
        (expected,) = reference("Resize", [x, None, None, sizes], **properties)
        (found,) = meaning(relax.ResizeOp, x, sizes=expected.shape, **properties)
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5, err_msg=str(size))


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize(("antialias", "exclude"), [(True, False), (False, True), (True, True)])
def test_resize_weights(mode: str, antialias: bool, exclude: bool) -> None:
    x = np.random.default_rng(3).random((1, 1, 7, 8), np.float32)
    for scales in ((0.5, 0.3), (0.6, 2.0)):
        wide = np.array([1, 1, *scales], np.float32)
        (expected,) = reference(
            "Resize",
            [x, None, wide],
            mode=mode,
            antialias=int(antialias),
            exclude_outside=int(exclude),
            cubic_coeff_a=-0.5,
        )
        (found,) = meaning(
            relax.ResizeOp,
            x,
            sizes=expected.shape,
            scales=[float(s) for s in wide],
            mode=mode,
            antialias=antialias,
            exclude_outside=exclude,
            cubic_coeff_a=-0.5,
        )
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5, err_msg=str(scales))


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_resize_crop(mode: str) -> None:
    x = np.random.default_rng(4).random((1, 1, 4, 5), np.float32)
    roi = np.array([0, 0, 0.4, -0.5, 1, 1, 0.6, 1.25], np.float32)
    sizes = np.array([1, 1, 3, 6])
    crop = "tf_crop_and_resize"
    (expected,) = reference(
        "Resize",
        [x, roi, None, sizes],
        mode=mode,
        coordinate_transformation_mode=crop,
        extrapolation_value=10.0,
    )
    (found,) = meaning(
        relax.ResizeOp,
        x,
        sizes=expected.shape,
        roi=[float(r) for r in roi],
        mode=mode,
        coordinate_transformation_mode=crop,
        extrapolation_value=10.0,
    )
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align_corners", [False, True])
def test_grid_sample(mode: str, padding_mode: str, align_corners: bool) -> None:
    rng = np.random.default_rng(5)
    for dims, points in (((4, 5), (3, 2)), ((3, 2, 4), (2, 1, 3))):
        x = rng.random((2, 2, *dims), np.float32)
        grid = (rng.random((2, *points, len(dims)), np.float32) - 0.5) * 5
        properties: dict[str, Any] = {"mode": mode, "padding_mode": padding_mode}
        (expected,) = reference(
            "GridSample", [x, grid], align_corners=int(align_corners), **properties
        )
        (found,) = meaning(relax.GridSampleOp, x, grid, align_corners=align_corners, **properties)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("mode", "coordinates", "ratio"),
    list(product(["avg", "max"], ["half_pixel", "output_half_pixel"], [0, 2])),
)
def test_roi_align(mode: str, coordinates: str, ratio: int) -> None:
    rng = np.random.default_rng(6)
    x = rng.random((2, 3, 6, 7), np.float32)
    rois = np.sort(rng.random((4, 2, 2), np.float32) * 9, axis=1).reshape(4, 4)
    batch = np.array([0, 1, 1, 0])
    properties: dict[str, Any] = {
        "mode": mode,
        "coordinate_transformation_mode": coordinates,
        "sampling_ratio": ratio,
        "spatial_scale": 0.75,
        "output_height": 2,
        "output_width": 3,
    }
    (expected,) = reference("RoiAlign", [x, rois, batch], **properties)
    (found,) = meaning(relax.RoiAlignOp, x, rois, batch, **properties)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
