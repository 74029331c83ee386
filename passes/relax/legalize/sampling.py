"""Compute definitions of GridSample and RoiAlign: coordinates are data, neighbours are blended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import i64
from xdsl.ir import Attribute

from ....dialects import relax
from ....dialects.tir.attributes import IterKind
from ....dialects.tir.compute import Buffer, Index, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr
from .coordinates import interpolation_dtype
from .indexing import clamped_index, not_empty
from .manipulate import Buffers
from .resize import keys
from .rules import rule

Sample = tuple[IntExpr, Value]
"""The number of a sample in its bin, and how many there are."""

KEYS_A = -0.75  # PyTorch's and ONNX's choice for GridSample
FAR = 4  # elements outside of x: more than the cubic kernel reaches


@rule(relax.GridSampleOp)
def _grid_sample(k: KernelBuilder, op: relax.GridSampleOp, ins: Buffers, outs: Buffers) -> None:
    x, grid = ins

    def element(*i: IntExpr) -> Value:
        axes = [
            _GridAxis(k, op, k.load(grid, i[0], *i[2:], len(x.shape) - 3 - d), length).run()
            for d, length in enumerate(x.shape[2:])
        ]
        return k.cast(_blend(k, x, (i[0], i[1]), axes, ()), x.dtype)

    k.compute("grid_sample", outs[0], element)


def _clamp(k: KernelBuilder, value: Value, low: Value, high: Value) -> Value:
    return k.max(k.min(value, high), low)


@dataclass(frozen=True)
class Tap:
    """A neighbour along one axis: where it is, when it counts (>= 0), its weight (None: 1)."""

    index: IntExpr
    where: Sequence[IntExpr]
    weight: Value | None


def _blend(
    k: KernelBuilder,
    x: Buffer,
    indices: tuple[Index, ...],
    axes: Sequence[Sequence[Tap]],
    where: tuple[IntExpr, ...],
) -> Value:
    """Return the weighted sum of the neighbours along `axes`, at `indices` of the axes before."""
    if not axes:
        empty = not_empty(x.shape[2:])
        return k.cast(k.load(x, *indices, where=(*empty, *where)), interpolation_dtype(x.dtype))
    total: Value | None = None
    for tap in axes[0]:
        term = _blend(k, x, (*indices, tap.index), axes[1:], (*where, *tap.where))
        if tap.weight is not None:
            term = term * tap.weight
        total = term if total is None else total + term
    assert total is not None
    return total


@dataclass(frozen=True)
class _GridAxis:
    """One axis of a GridSample at one element of the result; `point` is its coordinate, -1 .. 1."""

    k: KernelBuilder
    op: relax.GridSampleOp
    point: Value
    length: IntExpr

    @property
    def dtype(self) -> Attribute:
        """The type of coordinates and weights."""
        x = self.op.x.type
        assert isinstance(x, relax.TensorType)
        return interpolation_dtype(x.dtype)

    @property
    def align(self) -> bool:
        """Whether -1 and 1 are the centres of the border elements."""
        return relax.flag(self.op.align_corners)

    def extent(self, less: int = 0) -> Value:
        """Return the axis' length, less some, as a float."""
        return self.k.index_value(self.length - less, self.dtype)

    def run(self) -> list[Tap]:
        """Return the neighbours along the axis."""
        k, c = self.k, self.coordinate()
        if self.op.mode.data == "nearest":
            return [self.tap(k.cast(c, i64), None)]
        floor = k.math("floor", c)
        ratio, left = c - floor, k.cast(floor, i64)
        if self.op.mode.data == "linear":
            return [self.tap(left, 1.0 - ratio), self.tap(left + 1, ratio)]
        weights = keys(k, ratio, KEYS_A)
        return [self.tap(left + d, w) for d, w in zip((-1, 0, 1, 2), weights, strict=True)]

    def coordinate(self) -> Value:
        """Return the coordinate in elements, brought inside as far as the padding mode says."""
        k, g = self.k, self.k.cast(self.point, self.dtype) + 1.0
        c = g / 2.0 * self.extent(1) if self.align else (g * self.extent() - 1.0) / 2.0
        if self.op.mode.data == "nearest":
            c = k.math("round_even", c)
        low, zero = k.const(0.0 if self.align else -0.5, self.dtype), k.const(0.0, self.dtype)
        high = self.extent(1) - low
        match self.op.padding_mode.data:
            case "border":
                return k.select((c < low) | (c > high), _clamp(k, c, zero, self.extent(1)), c)
            case "reflection":
                return self.reflect(c)
            case _:
                far = k.const(-float(FAR), self.dtype)
                return _clamp(k, k.select(c.compare("eq", c), c, far), far, self.extent(1 - FAR))

    def reflect(self, c: Value) -> Value:
        """Return a coordinate mirrored at the borders until it lies between them."""
        k = self.k
        low = k.const(0.0 if self.align else -0.5, self.dtype)
        span = self.extent(1 if self.align else 0)
        beyond = k.math("abs", c - low)
        turns = k.math("floor", beyond / span)
        rest = beyond - turns * span
        half = turns / 2.0
        even = half.compare("eq", k.math("floor", half))
        mirrored = k.select(even, rest + low, span + low - rest)
        mirrored = k.select(span.compare("eq", 0.0), k.const(0.0, self.dtype), mirrored)
        return k.select((c < low) | (c > span + low), mirrored, c)

    def tap(self, index: Value, weight: Value | None) -> Tap:
        """Return the neighbour at an index that may be outside."""
        k, last = self.k, self.length - 1
        if self.op.padding_mode.data == "zeros":
            at = k.as_index(index)
            return Tap(at, (at, last - at), weight)
        if self.op.padding_mode.data == "reflection":
            limit = k.index_value(last)
            mirrored = k.cast(self.reflect(k.cast(index, self.dtype)), i64)
            index = k.select((index < 0) | (index > limit), mirrored, index)
        bound = k.index_value(last)
        at = k.as_index(k.max(k.min(index, bound), k.const(0, i64)))
        return Tap(at, (), weight)


@rule(relax.RoiAlignOp)
def _roi_align(k: KernelBuilder, op: relax.RoiAlignOp, ins: Buffers, outs: Buffers) -> None:
    k.nest(
        "roi_align",
        [(IterKind.SPATIAL, dim) for dim in outs[0].shape],
        lambda *i: _Bin(k, op, ins, outs[0], i).run(),
    )


@dataclass(frozen=True)
class _Bin:
    """One element of a RoiAlign's result: samples of one bin of one region."""

    k: KernelBuilder
    op: relax.RoiAlignOp
    ins: Buffers
    out: Buffer
    place: Sequence[IntExpr]

    @property
    def dtype(self) -> Attribute:
        """The type in which the bin is computed."""
        return interpolation_dtype(self.out.dtype)

    def run(self) -> None:
        """Append the bin: the sum (the largest) of its samples, collected in the result."""
        k, mean = self.k, self.op.mode.data == "avg"
        start_y, bin_y, count_y = self.axis(1)
        start_x, bin_x, count_x = self.axis(0)
        batch = clamped_index(k, k.load(self.ins[2], self.place[0]), self.ins[0].shape[0])

        def sample(iy: IntExpr, ix: IntExpr) -> None:
            y = self.point(1, start_y, bin_y, (iy, count_y))
            x = self.point(0, start_x, bin_x, (ix, count_x))
            terms = self.terms(batch, y, x)
            if mean:
                total = self.kept() + (terms[0] + terms[1] + terms[2] + terms[3])
            else:
                largest = k.max(k.max(terms[0], terms[1]), k.max(terms[2], terms[3]))
                first = k.predicate(-iy, -ix)
                total = k.select(first, largest, k.max(self.kept(), largest))
            self.keep(total)

        self.keep(k.const(0.0, self.dtype))
        rows, columns = k.as_index(count_y), k.as_index(count_x)
        k.for_(rows, lambda iy: k.for_(columns, lambda ix: sample(iy, ix)))
        if mean:
            number = k.max(count_y * count_x, k.const(1, i64))
            self.keep(self.kept() / k.cast(number, self.dtype))

    def kept(self) -> Value:
        """Return what is collected so far."""
        return self.k.cast(self.k.load(self.out, *self.place), self.dtype)

    def keep(self, value: Value) -> None:
        """Append: collect `value`."""
        self.k.store(self.out, self.place, self.k.cast(value, self.out.dtype))

    def axis(self, column: int) -> tuple[Value, Value, Value]:
        """Return start and size of the bins along x (0) or y (1), and the samples in each."""
        k, half = self.k, self.op.coordinate_transformation_mode.data == "half_pixel"
        scale = self.op.spatial_scale.value.data
        start, end = (
            k.cast(k.load(self.ins[1], self.place[0], c), self.dtype) * scale
            - (0.5 if half else 0.0)
            for c in (column, column + 2)
        )
        size = end - start
        if not half:
            size = k.max(size, k.const(1.0, self.dtype))
        number = (self.op.output_width, self.op.output_height)[column].value.data
        bin_size = size / float(number)
        ratio = self.op.sampling_ratio.value.data
        if ratio:
            return start, bin_size, k.const(ratio, i64)
        count = k.cast(k.math("ceil", bin_size), i64)
        return start, bin_size, k.max(count, k.const(0, i64))

    def point(self, column: int, start: Value, size: Value, sample: Sample) -> Value:
        """Return the coordinate of a sample: the centre of one of `count` parts of the bin."""
        k, position = self.k, self.place[3 - column]
        number, count = sample
        part = (k.index_value(number, self.dtype) + 0.5) * size / k.cast(count, self.dtype)
        return start + k.index_value(position, self.dtype) * size + part

    def terms(self, batch: IntExpr, y: Value, x: Value) -> list[Value]:
        """Return the four weighted neighbours of a point, 0 where it lies far outside."""
        k, image = self.k, self.ins[0]
        outside = self.is_far(y, image.shape[2]) | self.is_far(x, image.shape[3])
        zero = k.const(0.0, self.dtype)
        rows, columns = self.neighbours(y, image.shape[2]), self.neighbours(x, image.shape[3])
        where = not_empty((image.shape[0], *image.shape[2:]))
        return [
            k.select(
                outside,
                zero,
                k.cast(k.load(image, batch, self.place[1], at_y, at_x, where=where), self.dtype)
                * (weight_y * weight_x),
            )
            for at_y, weight_y in rows
            for at_x, weight_x in columns
        ]

    def is_far(self, c: Value, length: IntExpr) -> Value:
        """Return whether a coordinate is more than one element outside."""
        return (c < -1.0) | (c > self.k.index_value(length, self.dtype))

    def neighbours(self, c: Value, length: IntExpr) -> list[tuple[IntExpr, Value]]:
        """Return the elements on both sides of a coordinate with their weights."""
        k, limit = self.k, self.k.index_value(length - 1)
        inner = k.max(c, k.const(0.0, self.dtype))
        floor = k.cast(inner, i64)
        low = k.max(k.min(floor, limit), k.const(0, i64))
        high = k.max(k.min(low + 1, limit), k.const(0, i64))
        rest = inner - k.cast(low, self.dtype)
        ratio = k.select(low < limit, rest, k.const(0.0, self.dtype))
        return [(k.as_index(low), 1.0 - ratio), (k.as_index(high), ratio)]
