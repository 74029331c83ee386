"""Operators that sample a tensor between its elements: Resize, GridSample, RoiAlign."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd

from xdsl.dialects.builtin import (
    DenseArrayBase,
    FloatAttr,
    IntegerAttr,
    LocationAttr,
    StringAttr,
    f64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from ...symbolic import IntExpr, as_expr, max_, min_
from .. import dtypes
from .attributes import DimsAttr
from .base import RelaxOp
from .dims import check_dims, floats, may_be_equal, require
from .manipulate import Dims, dims_attr
from .operand_checks import tensor_type
from .run_checks import EQUAL, note
from .types import Dim, TensorType

RESIZE_MODES = ("nearest", "linear", "cubic")
COORDINATE_MODES = (
    "half_pixel",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
    "tf_crop_and_resize",
)
NEAREST_MODES = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
ONE = as_expr(1)
MAX_DENOMINATOR = 1 << 24  # keeps numerators of coordinates far below 2^63
PADDING_MODES = ("zeros", "border", "reflection")


def one_of(op: RelaxOp, what: str, found: str, known: Sequence[str]) -> None:
    """Check that a word is a known one."""
    require(found in known, op, f'{what} "{found}" is unknown; use one of {", ".join(known)}')


@irdl_op_definition
class ResizeOp(RelaxOp):
    """`%y = relax.resize %x {sizes, mode, ...}`: x resampled to shape `sizes` (ONNX Resize).

    y[i, ..] interpolates x at coordinates c(i), per axis: with the scale s (scales[d], or where
    there are none sizes[d] / x.shape[d]), the input's length n and r = s * n:

    half_pixel (i + 0.5) / s - 0.5; asymmetric i / s; align_corners i * (n - 1) / (r - 1), 0 where
    r is 1; pytorch_half_pixel as half_pixel, but -0.5 where r is 1; half_pixel_symmetric adds
    n / 2 * (1 - sizes[d] / r) to half_pixel; tf_crop_and_resize maps onto the part roi[d] ..
    roi[d + rank] of the axis and gives extrapolation_value outside of x.

    mode nearest rounds c (nearest_mode), linear blends 2 and cubic 4 neighbours on each resized
    axis; beyond the border the border is repeated, or where exclude_outside its weight is 0 and
    the others grow. antialias widens linear and cubic by 1 / s where s < 1.

    (C1) one size (and scale) for each axis; scales are positive.
    (C2) mode, coordinate_transformation_mode and nearest_mode are known.
    (C3) roi, two numbers for each axis, exactly where the mode is tf_crop_and_resize.
    """

    name = "relax.resize"
    x = operand_def(TensorType)
    sizes = prop_def(DimsAttr)
    scales = opt_prop_def(DenseArrayBase)
    roi = opt_prop_def(DenseArrayBase)
    mode = prop_def(StringAttr)
    coordinate_transformation_mode = prop_def(StringAttr)
    nearest_mode = prop_def(StringAttr)
    cubic_coeff_a = prop_def(FloatAttr)
    exclude_outside = prop_def(IntegerAttr)
    antialias = prop_def(IntegerAttr)
    extrapolation_value = prop_def(FloatAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def __init__(
        self,
        x: SSAValue | Operation,
        *,
        sizes: Dims,
        scales: Sequence[float] | None = None,
        roi: Sequence[float] | None = None,
        mode: str = "nearest",
        coordinate_transformation_mode: str = "half_pixel",
        nearest_mode: str = "round_prefer_floor",
        cubic_coeff_a: float = -0.75,
        exclude_outside: bool = False,
        antialias: bool = False,
        extrapolation_value: float = 0.0,
        location: LocationAttr | None = None,
    ) -> None:
        super().__init__(
            x,
            location=location,
            sizes=dims_attr(sizes),
            scales=_float_array(scales),
            roi=_float_array(roi),
            mode=mode,
            coordinate_transformation_mode=coordinate_transformation_mode,
            nearest_mode=nearest_mode,
            cubic_coeff_a=float(cubic_coeff_a),
            exclude_outside=bool(exclude_outside),
            antialias=bool(antialias),
            extrapolation_value=float(extrapolation_value),
        )

    def infer_types(self) -> Sequence[Attribute]:
        x, sizes = tensor_type(self.x), self.sizes.data
        rank = len(sizes) if x.shape is None else len(x.shape)
        scales = self.scale_values
        require(
            len(sizes) == rank and (scales is None or len(scales) == rank),
            self,
            f"(C1) {len(sizes)} sizes, {None if scales is None else len(scales)} scales for {x}",
        )
        require(min(scales or (1.0,)) > 0, self, f"(C1) scales {scales} are not all positive")
        coordinates = self.coordinate_transformation_mode.data
        one_of(self, "(C2) mode", self.mode.data, RESIZE_MODES)
        one_of(self, "(C2) coordinate_transformation_mode", coordinates, COORDINATE_MODES)
        one_of(self, "(C2) nearest_mode", self.nearest_mode.data, NEAREST_MODES)
        expected = 2 * rank if coordinates == "tf_crop_and_resize" else 0
        found = 0 if self.roi is None else len(floats(self.roi))
        require(found == expected, self, f"(C3) {found} numbers in roi, expected {expected}")
        return [TensorType.of(sizes, x.dtype)]

    @property
    def scale_values(self) -> tuple[float, ...] | None:
        """The scale of each axis, None where the sizes say it."""
        return None if self.scales is None else floats(self.scales)

    def coordinate(
        self, axis: int, i: IntExpr, length: IntExpr, size: IntExpr
    ) -> tuple[IntExpr, IntExpr]:
        """Return c(i) along `axis` as an exact fraction (numerator, denominator > 0).

        Args:
            axis: the axis.
            i: the index along it in the result, 0 .. size - 1.
            length: x's dim, at least 1.
            size: the result's dim.

        Raises:
            NotImplementedError: a region of interest of a dim that is no number.
        """
        scales = self.scale_values
        num, den = _ratio(size, length) if scales is None else _fraction(scales[axis])
        half_pixel = (2 * i + 1) * den - num
        match self.coordinate_transformation_mode.data:
            case "half_pixel":
                return half_pixel, 2 * num
            case "half_pixel_symmetric":
                return half_pixel + length * num - size * den, 2 * num
            case "pytorch_half_pixel":  # times 0 where the size is 1
                return half_pixel * min_(size - 1, 1), 2 * num
            case "asymmetric":
                return i * den, num
            case _:
                # r - 1 as a fraction; where r < 2 there is one element, at 0 whatever the divisor
                span, unit = (size - 1, ONE) if scales is None else (num * length - den, den)
                if self.roi is None:
                    return i * (length - 1) * unit, max_(span, 1)
                return self._roi_coordinate(axis, i, length, span, unit)

    def _roi_coordinate(
        self, axis: int, i: IntExpr, length: IntExpr, span: IntExpr, unit: IntExpr
    ) -> tuple[IntExpr, IntExpr]:
        assert self.roi is not None
        roi = floats(self.roi)
        (a, d), (b, e) = (_fraction(roi[axis]), _fraction(roi[axis + len(roi) // 2]))
        start, end, whole = a * e, b * d, d * e
        if not span.is_constant:
            raise NotImplementedError("relax.resize: tf_crop_and_resize of a symbolic dim")
        if span.constant_value == 0:
            return (start + end) * (length - 1), 2 * whole
        return (length - 1) * (start * span + i * (end - start) * unit), whole * span


def _ratio(size: IntExpr, length: IntExpr) -> tuple[IntExpr, IntExpr]:
    """Return numerator and denominator of size / length, in lowest terms where both are known."""
    if not (size.is_constant and length.is_constant):
        return size, length
    divisor = gcd(size.constant_value, length.constant_value) or 1
    return size // divisor, length // divisor


def _fraction(value: float) -> tuple[IntExpr, IntExpr]:
    """Return numerator and denominator; what needs more than 24 bits (no f32) is rounded."""
    exact = Fraction(value)
    if exact.denominator > MAX_DENOMINATOR:
        exact = exact.limit_denominator(MAX_DENOMINATOR)
    return as_expr(exact.numerator), as_expr(exact.denominator)


def _float_array(values: Sequence[float] | None) -> DenseArrayBase | None:
    return None if values is None else DenseArrayBase.from_list(f64, [float(v) for v in values])


@irdl_op_definition
class GridSampleOp(RelaxOp):
    """`%y = relax.grid_sample %x [n, c, d..], %grid [n, o.., k]`: y[n, c, o..] = x at grid[n, o..].

    Coordinates are -1 .. 1, the last axis of x first; -1 and 1 are the centres of the border
    elements where align_corners, else their outer edges. mode nearest (half to even), linear, or
    cubic (Keys' kernel with a = -0.75). Outside of x: zeros, the nearest border, or the reflection.

    (C1) x has k spatial axes, the grid's last dim is k; batch dims are equal.
    (C2) mode and padding_mode are known.
    (C3) x and grid are floats.
    """

    name = "relax.grid_sample"
    x = operand_def(TensorType)
    grid = operand_def(TensorType)
    mode = prop_def(StringAttr)
    padding_mode = prop_def(StringAttr)
    align_corners = prop_def(IntegerAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        x, grid = tensor_type(self.x), tensor_type(self.grid)
        one_of(self, "(C2) mode", self.mode.data, RESIZE_MODES)
        one_of(self, "(C2) padding_mode", self.padding_mode.data, PADDING_MODES)
        floating = dtypes.is_float(x.dtype) and dtypes.is_float(grid.dtype)
        require(floating, self, f"(C3) x is {x.dtype}, grid {grid.dtype}; expected floats")
        if x.shape is None or grid.shape is None:
            return [TensorType.of(None, x.dtype)]
        spatial = len(x.shape) - 2
        fits = spatial >= 1 and len(grid.shape) == spatial + 2
        last = grid.shape[-1] if grid.shape else None
        fits = fits and (last is None or not last.is_constant or last.constant_value == spatial)
        require(
            fits and may_be_equal(x.shape[0], grid.shape[0]),
            self,
            f"(C1) {grid} does not sample {x}",
        )
        note(EQUAL, grid.shape[0], x.shape[0], "the batch of the grid")
        note(EQUAL, last, as_expr(spatial), "coordinates of the grid")
        return [TensorType.of([*x.shape[:2], *grid.shape[1:-1]], x.dtype)]


@irdl_op_definition
class RoiAlignOp(RelaxOp):
    """`%y = relax.roi_align %x [n, c, h, w], %rois [r, 4], %batch_indices [r]`: y [r, c, oh, ow].

    Each region (x1, y1, x2, y2), times spatial_scale, less 0.5 where the mode is half_pixel, is cut
    into oh * ow bins; a bin is the average (mode "avg") of sampling_ratio^2 points, each
    interpolated linearly, or the largest of the weighted neighbours ("max"). sampling_ratio 0 takes
    ceil(bin size) points. With output_half_pixel regions are at least 1 x 1.

    (C1) shapes as above, with one element type for x and rois.
    (C2) mode is avg or max; coordinate_transformation_mode half_pixel or output_half_pixel.
    (C3) batch_indices are integers.
    """

    name = "relax.roi_align"
    x = operand_def(TensorType)
    rois = operand_def(TensorType)
    batch_indices = operand_def(TensorType)
    output_height = prop_def(IntegerAttr)
    output_width = prop_def(IntegerAttr)
    sampling_ratio = prop_def(IntegerAttr)
    spatial_scale = prop_def(FloatAttr)
    mode = prop_def(StringAttr)
    coordinate_transformation_mode = prop_def(StringAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        x, rois, batch = (
            tensor_type(self.x),
            tensor_type(self.rois),
            tensor_type(self.batch_indices),
        )
        check_dims(self, "(C1) x", x, (None,) * 4)
        check_dims(self, "(C1) batch_indices", batch, (None,))
        count: Dim = batch.shape[0] if batch.shape is not None else None
        check_dims(self, "(C1) rois", rois, (count, as_expr(4)))
        require(x.dtype == rois.dtype, self, f"(C1) x is {x.dtype}, rois are {rois.dtype}")
        one_of(self, "(C2) mode", self.mode.data, ("avg", "max"))
        coordinates = self.coordinate_transformation_mode.data
        known = ("half_pixel", "output_half_pixel")
        one_of(self, "(C2) coordinate_transformation_mode", coordinates, known)
        require(dtypes.is_integer(batch.dtype), self, f"(C3) batch_indices are {batch.dtype}")
        channels = None if x.shape is None else x.shape[1]
        size = self.output_height.value.data, self.output_width.value.data
        return [TensorType.of([count, channels, *size], x.dtype)]


RESIZE = (GridSampleOp, ResizeOp, RoiAlignOp)
