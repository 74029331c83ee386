"""Resize and Upsample, in the forms of all opsets."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

import numpy as np

from ....dialects import relax
from ....symbolic import IntExpr, as_expr
from ..builder import Tensor
from ..node import Node
from ..registry import converter

_DENOMINATOR = 1 << 20  # scales are f32: finer fractions are rounding


@converter("Upsample", since=7)
def _(node: Node) -> Tensor:
    """The older name; opset 9 made scales an input."""
    x = node.x()
    scales = _numbers(node, 1, "scales") if node.version >= 9 else node.numbers("scales")
    return _asymmetric(node, x, scales)


@converter("Resize", since=10)
def _(node: Node) -> Tensor:
    return _asymmetric(node, node.x(), _numbers(node, 1, "scales"))


def _asymmetric(node: Node, x: Tensor, scales: Sequence[float]) -> Tensor:
    mode = {"bilinear": "linear"}.get(node.text("mode", "nearest"), node.text("mode", "nearest"))
    return x.emit(
        relax.ResizeOp,
        sizes=relax.DimsAttr.of(scaled(x.shape, scales)),
        scales=scales,
        mode=mode,
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def _numbers(node: Node, position: int, what: str) -> list[float]:
    return [float(item) for item in node.array(position, what).reshape(-1)]


def scaled(shape: Sequence[IntExpr], scales: Sequence[float]) -> list[IntExpr]:
    """Return floor(dim * scale) of each dim; a product of numbers is made in f32, as scales are."""
    dims: list[IntExpr] = []
    for dim, scale in zip(shape, scales, strict=True):
        if dim.is_constant:
            product = np.float32(dim.constant_value) * np.float32(scale)
            dims.append(as_expr(floor(product)))
            continue
        exact = Fraction(scale).limit_denominator(_DENOMINATOR)
        dims.append(dim * exact.numerator // exact.denominator)
    return dims


@converter("Resize", since=11)
def _(node: Node) -> Tensor:
    x = node.x()
    listed = node.integers("axes", None)
    axes = [node.axis(a, x.rank) for a in (range(x.rank) if listed is None else listed)]
    has_sizes = node.has(3) and _length(node, 3) > 0
    has_scales = node.has(2) and _length(node, 2) > 0
    if has_sizes == has_scales:
        raise node.fail("expected either scales or sizes")
    scales: list[float] | None = None
    if has_scales:
        scales = _spread(axes, _numbers(node, 2, "scales"), [1.0] * x.rank)
        sizes = scaled(x.shape, scales)
    else:
        sizes, scales = _sizes(node, x, axes)
    coordinates = node.text("coordinate_transformation_mode", "half_pixel")
    return x.emit(
        relax.ResizeOp,
        sizes=relax.DimsAttr.of(sizes),
        scales=scales,
        roi=_roi(node, axes, x.rank) if coordinates == "tf_crop_and_resize" else None,
        mode=node.text("mode", "nearest"),
        coordinate_transformation_mode=coordinates,
        nearest_mode=node.text("nearest_mode", "round_prefer_floor"),
        cubic_coeff_a=node.number("cubic_coeff_a", -0.75),
        exclude_outside=bool(node.integer("exclude_outside", 0)),
        antialias=bool(node.integer("antialias", 0)),
        extrapolation_value=node.number("extrapolation_value", 0.0),
    )


def _length(node: Node, position: int) -> int:
    shape = node.x(position).shape
    return shape[0].constant_value if shape and shape[0].is_constant else 1


def _spread(axes: Sequence[int], values: Sequence[float], base: list[float]) -> list[float]:
    for axis, value in zip(axes, values, strict=True):
        base[axis] = value
    return base


def _sizes(node: Node, x: Tensor, axes: Sequence[int]) -> tuple[list[IntExpr], list[float] | None]:
    """Return the result's shape for the input `sizes`, and scales where they are all one."""
    wanted = node.dims(3, "sizes")
    if len(wanted) != len(axes):
        raise node.fail(f"{len(wanted)} sizes for {len(axes)} axes")
    sizes = list(x.shape)
    policy = node.text("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        for axis, size in zip(axes, wanted, strict=True):
            sizes[axis] = size
        return sizes, None
    pairs = [(x.shape[axis], size) for axis, size in zip(axes, wanted, strict=True)]
    if not all(dim.is_constant and size.is_constant for dim, size in pairs):
        raise node.fail(f"keep_aspect_ratio_policy {policy!r} needs dims that are numbers")
    ratios = [Fraction(size.constant_value, dim.constant_value) for dim, size in pairs]
    scale = min(ratios) if policy == "not_larger" else max(ratios)
    scales = [1.0] * x.rank
    for axis in axes:
        whole = floor(x.shape[axis].constant_value * scale + Fraction(1, 2))
        sizes[axis] = as_expr(whole)
        scales[axis] = float(scale)
    return sizes, scales


def _roi(node: Node, axes: Sequence[int], rank: int) -> list[float]:
    found = _numbers(node, 1, "roi")
    starts = _spread(axes, found[: len(axes)], [0.0] * rank)
    ends = _spread(axes, found[len(axes) :], [1.0] * rank)
    return starts + ends
