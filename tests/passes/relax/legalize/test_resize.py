"""Kernels of the operators that sample between elements compute what the operators mean."""

from typing import Any

import numpy as np
import pytest
from xdsl.context import Context

from tyrex.dialects import relax
from tyrex.passes.relax.legalize_ops import LegalizeOpsPass
from tyrex.symbolic import var

from .legalized import Array, check, module_of

RNG = np.random.default_rng(9)
MODES = [
    *(("nearest", m) for m in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")),
    ("linear", "floor"),
    ("cubic", "floor"),
]
COORDINATES = [
    "half_pixel",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
]


def floats(*shape: int) -> Array:
    """Return random numbers."""
    return RNG.random(shape, np.float32)


@pytest.mark.parametrize(("mode", "nearest_mode"), MODES)
@pytest.mark.parametrize("coordinates", COORDINATES)
def test_resize(mode: str, nearest_mode: str, coordinates: str) -> None:
    x = floats(1, 4, 3)
    properties: Any = {
        "mode": mode,
        "nearest_mode": nearest_mode,
        "coordinate_transformation_mode": coordinates,
    }
    for scales in ((1.0, 2.0, 2.0), (1.0, 0.5, 3.0), (1.0, 0.6, 1.3)):
        sizes = [int(n * s) for n, s in zip(x.shape, scales, strict=True)]
        check(relax.ResizeOp, x, sizes=sizes, scales=scales, scale=20, **properties)
    for sizes in ((1, 8, 3), (1, 3, 5), (1, 1, 1), (1, 4, 0)):
        check(relax.ResizeOp, x, sizes=sizes, scale=20, **properties)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("coordinates", COORDINATES)
def test_resize_of_symbolic_dims(mode: str, coordinates: str) -> None:
    properties: Any = {
        "mode": mode,
        "coordinate_transformation_mode": coordinates,
        "symbolic": True,
    }
    x = floats(1, 4, 3)
    double = (1, var("d4") * 2, var("d3") * 2)
    check(relax.ResizeOp, x, sizes=double, scale=20, **properties)
    check(relax.ResizeOp, x, sizes=double, scales=(1, 2, 2), scale=20, **properties)
    check(relax.ResizeOp, x, sizes=(1, 5, 2), scale=20, **properties)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_resize_without_the_outside(mode: str) -> None:
    check(relax.ResizeOp, floats(4, 5), sizes=(7, 3), mode=mode, exclude_outside=True, scale=20)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_resize_of_a_region(mode: str) -> None:
    check(
        relax.ResizeOp,
        floats(4, 5),
        sizes=(3, 6),
        roi=(0.4, -0.5, 0.6, 1.25),
        mode=mode,
        coordinate_transformation_mode="tf_crop_and_resize",
        extrapolation_value=10.0,
        scale=50,
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float64, np.float16])
def test_resize_of_other_types(dtype: Any) -> None:
    x = (floats(4, 5) * 100).astype(dtype)
    for mode in ("nearest", "linear", "cubic"):
        check(relax.ResizeOp, x, sizes=(7, 8), mode=mode)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("exclude", [False, True])
def test_resize_with_antialias(mode: str, exclude: bool) -> None:
    properties: Any = {"mode": mode, "antialias": True, "exclude_outside": exclude, "scale": 20}
    for sizes in ((1, 3, 4), (1, 1, 9), (1, 7, 5), (1, 7, 0)):
        check(relax.ResizeOp, floats(1, 7, 5), sizes=sizes, **properties)
    scales = (1.0, 0.6, 0.5)
    check(relax.ResizeOp, floats(1, 7, 5), sizes=(1, 4, 2), scales=scales, **properties)
    double = (1, 2 * var("d7"), 3 * var("d5"))
    scales = (1.0, 2.0, 3.0)
    x = floats(1, 7, 5)
    check(relax.ResizeOp, x, sizes=double, scales=scales, symbolic=True, **properties)


def test_antialias_of_an_unknown_scale_is_refused_by_name() -> None:
    x, sizes = floats(4, 5), (2 * var("d4"), var("d5"))
    module = module_of(relax.ResizeOp, [x], True, sizes=sizes, mode="linear", antialias=True)
    with pytest.raises(NotImplementedError, match="antialias of a symbolic dim without scales"):
        LegalizeOpsPass().apply(Context(), module)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align_corners", [False, True])
def test_grid_sample(mode: str, padding_mode: str, align_corners: bool) -> None:
    properties: Any = {
        "mode": mode,
        "padding_mode": padding_mode,
        "align_corners": align_corners,
        "scale": 50,
    }
    for dims in ((3, 4), (1, 5)):
        grid = (floats(2, 2, 3, 2) - 0.5) * 5
        check(relax.GridSampleOp, floats(2, 1, *dims), grid, **properties)
    wild = np.array([[[np.nan, 1e30, -1e30, 0.25]]], np.float32).reshape(1, 4, 1)
    if padding_mode == "zeros":
        check(relax.GridSampleOp, floats(1, 1, 4), wild, **properties)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("coordinates", ["half_pixel", "output_half_pixel"])
@pytest.mark.parametrize("ratio", [0, 2])
def test_roi_align(mode: str, coordinates: str, ratio: int) -> None:
    rois = np.sort(floats(3, 2, 2) * 9, axis=1).reshape(3, 4)
    check(
        relax.RoiAlignOp,
        floats(2, 2, 5, 6),
        rois,
        np.array([0, 1, 1]),
        mode=mode,
        coordinate_transformation_mode=coordinates,
        sampling_ratio=ratio,
        spatial_scale=0.75,
        output_height=2,
        output_width=3,
        scale=50,
    )
