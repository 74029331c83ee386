"""Compute definitions of convolutions and poolings: padding is a predicate on the load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd, prod

from xdsl.dialects.builtin import i64
from xdsl.ir import Attribute

from ....dialects import dtypes, relax
from ....dialects.tir.compute import Buffer, KernelBuilder
from ....dialects.tir.values import Value
from ....symbolic import IntExpr, as_expr, ceildiv, max_, min_, var
from .accumulate import count_of, divide_by_count, reduce_into, reduce_temp
from .rules import rule
from .scalars import compute_dtype, highest, lowest, wide_load

Buffers = Sequence[Buffer]
_OUT, _TAP = "window", "tap"  # variables of a proof


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a sliding window: `position = out stride + tap dilation - before`."""

    size: IntExpr  # of the tensor that is read
    extent: IntExpr  # the number of windows
    kernel: IntExpr
    stride: int
    dilation: int
    before: int
    after: int

    def position(self, out: IntExpr, tap: IntExpr) -> IntExpr:
        """Return where a tap of a window reads."""
        return out * self.stride + tap * self.dilation - self.before

    def conditions(self, position: IntExpr) -> list[IntExpr]:
        """Return what must be >= 0 for a position to be inside, without what always is."""
        below = [position] if self.before > 0 else []
        return below + ([self.size - 1 - position] if self._may_pass_end() else [])

    def _may_pass_end(self) -> bool:
        bounds = {_OUT: (0, self.extent - 1), _TAP: (0, self.kernel - 1)}
        left = self.size - 1 - self.position(var(_OUT), var(_TAP))
        return self.after > 0 and not left.provably_ge0(bounds)

    def is_always_inside(self) -> bool:
        """Tell whether no window passes the borders."""
        return self.before <= 0 and not self._may_pass_end()

    def count(self, out: IntExpr, counted_before: int, counted_after: int) -> IntExpr:
        """Return how many taps of a window lie inside, with some of the padding counted."""
        start = out * self.stride - self.before
        stop = (self.size + counted_after - 1 - start) // self.dilation + 1
        first = ceildiv(-counted_before - start, self.dilation)
        return min_(self.kernel, stop) - max_(0, first)


def _conv_axes(op: relax.WindowOp, x: Buffer, w: Buffer, out: Buffer) -> list[Axis]:
    return _axes(op, x, out, w.shape[-op.spatial_rank :], op.padding_after)


def _pool_axes(op: relax.PoolOp, x: Buffer, out: Buffer) -> list[Axis]:
    after = [a + b for a, b in zip(op.padding_after, op.extra, strict=True)]
    return _axes(op, x, out, [as_expr(size) for size in relax.ints(op.kernel)], after)


def _axes(
    op: relax.WindowOp, x: Buffer, out: Buffer, kernel: Sequence[IntExpr], after: Sequence[int]
) -> list[Axis]:
    return [
        Axis(*row)
        for row in zip(
            x.shape[-op.spatial_rank :],
            out.shape[-op.spatial_rank :],
            kernel,
            relax.ints(op.strides),
            relax.ints(op.dilations),
            op.padding_before,
            after,
            strict=True,
        )
    ]


def _read(
    axes: Sequence[Axis], outs: Sequence[IntExpr], taps: Sequence[IntExpr]
) -> tuple[list[IntExpr], list[IntExpr]]:
    """Return the positions that taps of windows read, and the conditions for being inside."""
    rows = list(zip(axes, outs, taps, strict=True))
    positions = [axis.position(out, tap) for axis, out, tap in rows]
    conditions = [
        condition
        for axis, position in zip(axes, positions, strict=True)
        for condition in axis.conditions(position)
    ]
    return positions, conditions


@rule(relax.ConvOp)
def _conv(k: KernelBuilder, op: relax.ConvOp, ins: Buffers, outs: Buffers) -> None:
    (x, w), (out,) = ins, outs
    axes = _conv_axes(op, x, w, out)
    num_spatial = len(axes)
    groups, channels = op.groups.value.data, w.shape[1]

    def update(acc: Value, n: IntExpr, o: IntExpr, *iters: IntExpr) -> Value:
        at, (c, *taps) = iters[:num_spatial], iters[num_spatial:]
        group = 0 if groups == 1 else o // (out.shape[1] // groups)
        positions, inside = _read(axes, at, taps)
        value = wide_load(k, x, n, group * channels + c, *positions, where=inside)
        return acc + value * wide_load(k, w, o, c, *taps)

    reduce_into(k, "conv", out, w.shape[1:], 0, update)


@rule(relax.GroupedConvOp)
def _grouped_conv(k: KernelBuilder, op: relax.GroupedConvOp, ins: Buffers, outs: Buffers) -> None:
    (x, w), (out,) = ins, outs
    axes = _conv_axes(op, x, w, out)

    def update(acc: Value, n: IntExpr, i: IntExpr, j: IntExpr, *iters: IntExpr) -> Value:
        group, o = (j, i) if relax.flag(op.interleaved) else (i, j)
        at, (c, *taps) = iters[: len(axes)], iters[len(axes) :]
        positions, inside = _read(axes, at, taps)
        value = wide_load(k, x, n, group, c, *positions, where=inside)
        return acc + value * wide_load(k, w, group, o, c, *taps)

    reduce_into(k, "conv", out, w.shape[2:], 0, update)


@dataclass(frozen=True)
class TransposedAxis:
    """One spatial axis of a transposed convolution, gathered: where out[t] reads x and w.

    out[t] takes x[s] w[tap] where t + before = s stride + tap dilation. Where stride and dilation
    have no common factor one tap in `stride` solves that for some s, so the loop runs over these:
    the first is (t + before) / dilation modulo stride.
    """

    size: IntExpr  # of the tensor that is read
    extent: IntExpr  # of the result
    kernel: IntExpr
    stride: int
    dilation: int
    before: int

    def _is_direct(self) -> bool:
        return gcd(self.stride, self.dilation) == 1

    @property
    def num_taps(self) -> IntExpr:
        """The number of iterations of the loop over taps."""
        return ceildiv(self.kernel, self.stride) if self._is_direct() else self.kernel

    def tap(self, t: IntExpr, j: IntExpr) -> IntExpr:
        """Return the tap of iteration j."""
        if not self._is_direct():
            return j
        inverse = pow(self.dilation, -1, self.stride)
        return (t + self.before) * inverse % self.stride + j * self.stride

    def position(self, t: IntExpr, j: IntExpr) -> IntExpr:
        """Return where iteration j reads x."""
        if self.dilation == 1:
            return (t + self.before) // self.stride - j
        return (t + self.before - self.tap(t, j) * self.dilation) // self.stride

    def tap_conditions(self, t: IntExpr, j: IntExpr) -> list[IntExpr]:
        """Return what must be >= 0 for a tap to be one."""
        return self._needed([self.kernel - 1 - self.tap(t, j)], t, j)

    def conditions(self, t: IntExpr, j: IntExpr) -> list[IntExpr]:
        """Return what must be >= 0 for x to be read."""
        position = self.position(t, j)
        inside = self._needed([position, self.size - 1 - position], t, j)
        if self._is_direct():
            return inside
        return [*inside, -((t + self.before - j * self.dilation) % self.stride)]

    def _needed(self, conditions: Sequence[IntExpr], t: IntExpr, j: IntExpr) -> list[IntExpr]:
        """Return the conditions that may fail within the loops' bounds."""
        extents = zip((t, j), (self.extent, self.num_taps), strict=True)
        bounds = {i.free_vars()[0]: (0, extent - 1) for i, extent in extents}
        return [condition for condition in conditions if not condition.provably_ge0(bounds)]


@rule(relax.BlockedConvOp)
def _blocked_conv(k: KernelBuilder, op: relax.BlockedConvOp, ins: Buffers, outs: Buffers) -> None:
    (x, w), (out,) = ins, outs
    kernel = w.shape[1:3] if op.is_depthwise else w.shape[2:4]
    axes = [
        Axis(*row)
        for row in zip(
            x.shape[2:4],
            out.shape[2:4],
            kernel,
            relax.ints(op.strides),
            relax.ints(op.dilations),
            op.padding_before,
            op.padding_after,
            strict=True,
        )
    ]

    def depthwise(acc: Value, n: IntExpr, o: IntExpr, *iters: IntExpr) -> Value:
        at, lane, taps = iters[:2], iters[2], iters[3:]
        positions, inside = _read(axes, at, taps)
        value = wide_load(k, x, n, o, *positions, lane, where=inside)
        return acc + value * wide_load(k, w, o, *taps, lane)

    def dense(acc: Value, n: IntExpr, o: IntExpr, *iters: IntExpr) -> Value:
        at, lane, (c, *taps), inner = iters[:2], iters[2], iters[3:6], iters[6:]
        positions, inside = _read(axes, at, taps)
        if in_part:
            block, inner = c // x.shape[4], (c % x.shape[4],)
            value = wide_load(k, x, n, block, *positions, *inner, where=inside)
            return acc + value * wide_load(k, w, o, c, *taps, lane)
        value = wide_load(k, x, n, c, *positions, *inner, where=inside)
        return acc + value * wide_load(k, w, o, c, *taps, *inner, lane)

    in_part = len(x.shape) == len(w.shape)

    reduced = kernel if op.is_depthwise else w.shape[1:-1]
    reduce_into(k, "conv", out, reduced, 0, depthwise if op.is_depthwise else dense)


@rule(relax.ConvTransposeOp)
def _conv_transpose(
    k: KernelBuilder, op: relax.ConvTransposeOp, ins: Buffers, outs: Buffers
) -> None:
    (x, w), (out,) = ins, outs
    groups, per_group = op.groups.value.data, w.shape[1]
    channels = x.shape[1] // groups
    strides, dilations = relax.ints(op.strides), relax.ints(op.dilations)
    shapes = x.shape[2:], out.shape[2:], w.shape[2:]
    rows = zip(*shapes, strides, dilations, op.padding_before, strict=True)
    axes = [TransposedAxis(*row) for row in rows]

    def update(acc: Value, n: IntExpr, o: IntExpr, *iters: IntExpr) -> Value:
        at, (c, *taps) = iters[: len(axes)], iters[len(axes) :]
        channel = c if groups == 1 else o // per_group * channels + c
        places = list(zip(axes, at, taps, strict=True))
        value = wide_load(
            k,
            x,
            n,
            channel,
            *(axis.position(t, j) for axis, t, j in places),
            where=[e for axis, t, j in places for e in axis.conditions(t, j)],
        )
        weight = wide_load(
            k,
            w,
            channel,
            o if groups == 1 else o % per_group,
            *(axis.tap(t, j) for axis, t, j in places),
            where=[e for axis, t, j in places for e in axis.tap_conditions(t, j)],
        )
        return acc + value * weight

    extents = (channels, *(axis.num_taps for axis in axes))
    reduce_into(k, "conv_transpose", out, extents, 0, update)


@rule(relax.MaxPoolOp)
def _max_pool(k: KernelBuilder, op: relax.MaxPoolOp, ins: Buffers, outs: Buffers) -> None:
    _append_max(k, op, ins[0], outs[0])


def _append_max(k: KernelBuilder, op: relax.PoolOp, x: Buffer, out: Buffer) -> None:
    axes = _pool_axes(op, x, out)
    start = lowest(x.dtype)

    def update(acc: Value, n: IntExpr, c: IntExpr, *iters: IntExpr) -> Value:
        positions, inside = _read(axes, iters[: len(axes)], iters[len(axes) :])
        return k.max(acc, wide_load(k, x, n, c, *positions, where=inside, default=start))

    reduce_into(k, "max_pool", out, relax.ints(op.kernel), start, update)


@rule(relax.MaxPoolWithIndicesOp)
def _max_pool_with_indices(
    k: KernelBuilder, op: relax.MaxPoolWithIndicesOp, ins: Buffers, outs: Buffers
) -> None:
    """The maxima, then the least flat index inside the window whose element is the maximum."""
    (x,), (values, indices) = ins, outs
    _append_max(k, op, x, values)
    axes = _pool_axes(op, x, values)
    nowhere = highest(i64)

    def update(acc: Value, n: IntExpr, c: IntExpr, *iters: IntExpr) -> Value:
        at, taps = iters[: len(axes)], iters[len(axes) :]
        positions, inside = _read(axes, at, taps)
        value = k.load(x, n, c, *positions, where=inside)
        best = k.load(values, n, c, *at)
        same = value.compare("eq", best)
        if dtypes.is_float(x.dtype):
            same = same | (value.compare("ne", value) & best.compare("ne", best))
        if inside:
            same = same & k.predicate(*inside)
        flat = n
        for size, i in zip(x.shape[1:], (c, *positions), strict=True):
            flat = flat * size + i
        return k.min(acc, k.select(same, k.index_value(flat), k.const(nowhere, i64)))

    reduce_into(k, "max_pool_indices", indices, relax.ints(op.kernel), nowhere, update)


@rule(relax.AvgPoolOp)
def _avg_pool(k: KernelBuilder, op: relax.AvgPoolOp, ins: Buffers, outs: Buffers) -> None:
    (x,), (out,) = ins, outs
    axes, dtype = _pool_axes(op, x, out), compute_dtype(x.dtype)
    pairs = zip(axes, _counted(op), strict=True)
    counts = [_counts(k, axis, counted, dtype) for axis, counted in pairs]
    whole = count_of([count for count in counts if isinstance(count, IntExpr)])
    tables = {d: count for d, count in enumerate(counts, 2) if isinstance(count, Buffer)}

    def add(acc: Value, n: IntExpr, c: IntExpr, *iters: IntExpr) -> Value:
        positions, inside = _read(axes, iters[: len(axes)], iters[len(axes) :])
        return acc + wide_load(k, x, n, c, *positions, where=inside)

    total = reduce_temp(k, "sum", out.shape, x.dtype, relax.ints(op.kernel), 0, add)

    def mean(*i: IntExpr) -> Value:
        value = k.load(total, *i)
        if not tables:
            return k.cast(divide_by_count(k, value, whole), out.dtype)
        factors = [k.load(table, i[d]) for d, table in tables.items()]
        if whole != 1:
            factors.append(k.index_value(whole, dtype))
        return k.cast(value / prod(factors[1:], start=factors[0]), out.dtype)

    k.compute("avg_pool", out, mean)


def _counted(op: relax.AvgPoolOp) -> list[tuple[int, int] | None]:
    """Return by axis how much of the padding counts at each end, None where all of it does."""
    if not op.counts_padding:
        return [(0, 0)] * op.spatial_rank
    ends = zip(op.padding_before, op.padding_after, op.extra, strict=True)
    return [None if extra == 0 else (before, after) for before, after, extra in ends]


def _counts(
    k: KernelBuilder, axis: Axis, counted: tuple[int, int] | None, dtype: Attribute
) -> IntExpr | Buffer:
    """Return how many taps along an axis count: for all windows, or by window.

    By window they are a table: the expression takes longer than the window.
    """
    if counted is None or axis.is_always_inside():
        return axis.kernel
    table = k.temp((axis.extent,), dtype)

    def count(i: IntExpr) -> Value:
        return k.index_value(axis.count(i, *counted), dtype)

    k.compute("count", table, count)
    return table
