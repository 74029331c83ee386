"""trim-windows: a convolution keeps the taps of its window that meet the image.

Rewrites   %y = relax.conv %x, %w {padding = [24, 24], dilations = [24]}    x of 16 positions
into       %y = relax.conv %x, %w' {padding = [0, 0], dilations = [24]}     w' = w[:, :, 1:2]

Where the dilation is as large as the image, outer taps meet nothing but padding, which is 0:
atrous pyramids (Chen et al., 2017, "Rethinking Atrous Convolution", section 3.3) are of this kind
when the image is small. Exact where weights are finite.

Needs:  a constant weight (fold-constants), known spatial sizes (infer-shapes).
Leaves: taps between two that are kept; windows whose padding would be less than none.
Why here: before group-convolutions and choose-layouts, which look at the window's size.
Source: the definition of a convolution.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ...dialects import relax
from ...dialects.relax import ints
from ...dialects.relax.operand_checks import window_extent
from ...symbolic import as_expr
from .rewriting import Rewriter, constant_of


@dataclass(frozen=True)
class _Axis:
    """One spatial axis of a convolution; sizes in positions."""

    size: int
    taps: int
    before: int
    after: int
    stride: int
    dilation: int

    @property
    def outputs(self) -> int:
        """The number of results."""
        size, taps, padding = as_expr(self.size), as_expr(self.taps), self.before + self.after
        found = window_extent(size, taps, self.stride, self.dilation, padding)
        assert found is not None, "the sizes are known"
        return found.constant_value

    def meets(self, tap: int) -> bool:
        """Tell whether some result takes a value of the image through this tap."""
        offset = tap * self.dilation - self.before
        first = max(0, -(offset // self.stride))  # the first result not before the image
        return first < self.outputs and first * self.stride + offset < self.size

    def kept(self) -> range:
        """Return the taps from the first that meets the image to the last."""
        met = [tap for tap in range(self.taps) if self.meets(tap)] or [0]
        return range(met[0], met[-1] + 1)

    def trimmed(self) -> _Axis:
        """Return the axis with the kept taps alone and as many results.

        Its padding is negative where none would do.
        """
        kept = self.kept()
        before = self.before - kept.start * self.dilation
        reach = (self.outputs - 1) * self.stride + (len(kept) - 1) * self.dilation + 1
        after = max(0, reach - self.size - before)
        return replace(self, taps=len(kept), before=before, after=after)


def _axes(op: relax.ConvOp) -> list[_Axis] | None:
    shape, kernel = relax.tensor_type(op.x).known_shape(), relax.tensor_type(op.w).known_shape()
    if shape is None or kernel is None:
        return None
    sizes = (*shape[2:], *kernel[2:])
    if not all(size.is_constant and size.constant_value > 0 for size in sizes):
        return None
    numbers = [size.constant_value for size in sizes]
    spatial = op.spatial_rank
    columns = (
        numbers[:spatial], numbers[spatial:], op.padding_before, op.padding_after,
        ints(op.strides), ints(op.dilations),
    )  # fmt: skip
    return [_Axis(*row) for row in zip(*columns, strict=True)]


def _trim(rw: Rewriter, op: relax.ConvOp) -> SSAValue | None:
    """`conv(x, w) -> conv(x, w')`, w' the part of w that meets the image."""
    axes, weight = _axes(op), constant_of(op.w)
    if axes is None or weight is None:
        return None
    trimmed = [axis.trimmed() for axis in axes]
    if trimmed == axes or any(axis.before < 0 for axis in trimmed):
        return None
    if any(new.outputs != old.outputs for new, old in zip(trimmed, axes, strict=True)):
        return None
    if not np.isfinite(weight).all():
        return None
    part = tuple(slice(axis.kept().start, axis.kept().stop) for axis in axes)
    return rw.add(
        relax.ConvOp(
            op.x,
            rw.constant(weight[:, :, *part], like=op.w),
            strides=ints(op.strides),
            padding=(*(axis.before for axis in trimmed), *(axis.after for axis in trimmed)),
            dilations=ints(op.dilations),
            groups=op.groups.value.data,
        )
    )


@dataclass(frozen=True)
class TrimWindowsPass(ModulePass):
    """See the module docstring."""

    name = "trim-windows"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        Rewriter({relax.ConvOp: (_trim,)}).run(op)
