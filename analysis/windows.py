"""Windows that slide along several axes, and when to reduce along one axis at a time.

    y[i, j] = max over r, s of x[2 * i + r, 2 * j + s]
    t[w] = max over r of x[2 * i + r, w] ; y[i, j] = max over s of t[2 * j + s]      for each i

are the same: any combination that may be reordered separates. Windows side by side share columns,
so that a column is reduced once, along contiguous memory; and what is strided is a row that lies
in the first-level cache. Source: van Herk, "A fast algorithm for local minimum and maximum
filters", Pattern Recognition Letters 1992, the separation; costs count vector instructions.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from math import prod

from xdsl.ir import SSAValue

from ..dialects import tir
from ..symbolic import IntExpr
from .addresses import MAX_STRIDE
from .nests import Access, Nest
from .steps import NestSteps

GATHER = 16  # loads of one vector whose lanes are conditional and not neighbours, or far apart
COPY = 3  # for a vector of what has borders: pad-reductions brings it to where there are none
MIN_GAIN = 0.75  # a row in between is a loop more


@dataclass(frozen=True)
class Window:
    """One index of a load along which windows slide: `out * stride + tap * dilation + offset`.

    Attributes:
        dim: which of the load's indices it is.
        out: the spatial axis of the nest.
        tap: the reduced one.
        stride: of neighbouring windows.
        dilation: of neighbouring taps.
        offset: the rest of the index, the same in all iterations.
        taps: how many a window has.
        windows: how many there are.
    """

    dim: int
    out: int
    tap: int
    stride: int
    dilation: int
    offset: IntExpr
    taps: int
    windows: int

    @property
    def span(self) -> int:
        """How many places all windows cover."""
        return (self.windows - 1) * self.stride + (self.taps - 1) * self.dilation + 1


def windows_of(steps: NestSteps, load: Access) -> list[Window] | None:
    """Return the windows along which a load of a reduction moves, by index.

    None where a reduced axis takes part in something else, or where symbols decide a size.
    """
    nest = steps.nest
    position: dict[Hashable, int] = {v: i for i, v in enumerate(nest.block.iter_vars)}
    found: list[Window] = []
    for dim, index in enumerate(load.exprs_over_values(load.indices)):
        keys = [key for key in index.free_vars() if not isinstance(key, str)]
        if any(key not in position for key in keys):
            return None
        axes = [position[key] for key in keys]
        taps = [axis for axis in axes if axis in nest.reduce]
        if not taps:
            continue
        window = _window(steps, dim, index, axes, taps)
        if window is None:
            return None
        found.append(window)
    used = [axis for window in found for axis in (window.out, window.tap)]
    whole = sorted(window.tap for window in found) == list(nest.reduce)
    return found if whole and len(set(used)) == len(used) else None


def _window(
    steps: NestSteps, dim: int, index: IntExpr, axes: list[int], taps: list[int]
) -> Window | None:
    outs = [axis for axis in axes if axis not in taps]
    if len(taps) != 1 or len(outs) != 1 or not steps.is_constant(axes):
        return None
    iter_vars: tuple[SSAValue, ...] = tuple(steps.nest.block.iter_vars)
    by_out = index.coefficient(iter_vars[outs[0]])
    by_tap = None if by_out is None else by_out[1].coefficient(iter_vars[taps[0]])
    if by_out is None or by_tap is None:
        return None
    (stride, _), (dilation, offset) = by_out, by_tap
    if not stride.is_constant or not dilation.is_constant:
        return None
    if stride.constant_value < 1 or dilation.constant_value < 1:
        return None
    sizes = steps.extents[taps[0]], steps.extents[outs[0]]
    return Window(
        dim, outs[0], taps[0], stride.constant_value, dilation.constant_value, offset, *sizes
    )


def separated(steps: NestSteps, load: Access) -> tuple[list[Window], Window] | None:
    """Return windows to reduce first and the one to reduce after them, None where that is slower.

    The last is that along the last index. The results' innermost axis has to be the lanes' in both
    steps.
    """
    found = windows_of(steps, load)
    lanes = steps.nest.spatial[-1]
    if not found or steps.extents[lanes] == 1:
        return None
    *first, last = found
    movement = next(m for m in steps.loads if m.op is load)
    step = movement.steps[lanes]
    if step is None or not all(m.steps[lanes] == 1 for m in steps.stores):
        return None
    conditional = isinstance(load, tir.PredicatedLoadOp)
    apart = _read_cost(step, conditional=False)
    columns = last.stride if last.taps > 1 else 1  # of which an output has its own
    taps = prod(window.taps for window in first)
    in_steps = columns * (taps + 1) + last.taps * apart
    at_once = taps * last.taps * _read_cost(step, conditional=conditional)
    if conditional and step == 1 and last.out == lanes:
        at_once += COPY
    return (first, last) if in_steps < MIN_GAIN * at_once else None


def _read_cost(step: int, *, conditional: bool) -> int:
    """Return what it costs to read a vector whose lanes are `step` elements apart."""
    if step in (0, 1):
        return 1
    return GATHER if conditional or step > MAX_STRIDE else 2 * step - 1


def is_windowed(nest: Nest) -> bool:
    """Tell whether a reduction reads along windows: neighbours share what they read."""
    spatial = {nest.block.iter_vars[i] for i in nest.spatial}
    reduced = {nest.block.iter_vars[i] for i in nest.reduce}
    return any(
        not spatial.isdisjoint(keys) and not reduced.isdisjoint(keys)
        for load in nest.loads
        for index in load.exprs_over_values(load.indices)
        if (keys := set(index.free_vars()))
    )
