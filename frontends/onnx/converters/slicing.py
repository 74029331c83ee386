"""Operators that cut tensors into pieces or add borders."""

from __future__ import annotations

import numpy as np

from ....dialects import dtypes, relax
from ....symbolic import IntExpr, as_expr
from ..builder import Dim, Tensor
from ..node import Node
from ..registry import converter
from ..slices import resolve, slice_specs


@converter("Slice")
def _(node: Node) -> Tensor:
    x = node.x()
    starts: list[Dim] = [0] * x.rank
    sizes: list[Dim] = list(x.shape)
    steps = [1] * x.rank
    for spec in slice_specs(node, x.rank):
        axis = spec.axis
        starts[axis], sizes[axis] = resolve(spec, x.shape[axis])
        steps[axis] = spec.step
        if sizes[axis] == 0:
            starts[axis], steps[axis] = 0, 1  # nothing is read, wherever it would start
    return x.strided_slice(starts, sizes, steps)


@converter("Split")
def _(node: Node) -> list[Tensor]:
    x = node.x()
    axis = node.axis(node.integer("axis", 0), x.rank)
    if node.has(1):
        sections = list(node.dims(1, "split"))
    elif (listed := node.integers("split", None)) is not None:
        sections = [as_expr(size) for size in listed]
    else:
        count = node.integer("num_outputs", len(node.proto.output))
        if count != len(node.proto.output):
            raise node.fail(f"num_outputs is {count}, but it has {len(node.proto.output)} outputs")
        sections = equal_sections(x.shape[axis], count)
    if len(sections) < node.num_outputs:
        raise node.fail(f"{len(sections)} sections for {node.num_outputs} outputs")
    total = sum(sections, as_expr(0)) - x.shape[axis]
    if total.is_constant and total != 0:
        raise node.fail(
            f"sections {list(map(str, sections))} do not add up to the dim {x.shape[axis]}"
        )
    return [x] if len(sections) == 1 else x.split(axis, sections)


def equal_sections(dim: IntExpr, count: int) -> list[IntExpr]:
    """Return `dim` in `count` equal parts, the last one smaller where it must be."""
    part = -(-dim // count)
    return [part] * (count - 1) + [dim - part * (count - 1)]


@converter("Pad", since=11)
def _(node: Node) -> Tensor:
    x = node.x()
    pads = node.known_ints(1, "pads")
    axes = list(range(x.rank))
    if node.has(3):
        axes = [node.axis(axis, x.rank) for axis in node.known_ints(3, "axes")]
    if len(pads) != 2 * len(axes):
        raise node.fail(f"{len(pads)} pads for {len(axes)} axes; expected two for each")
    before, after = [0] * x.rank, [0] * x.rank
    for i, axis in enumerate(axes):
        before[axis], after[axis] = pads[i], pads[len(axes) + i]
    value = node.opt(2)
    return pad(node, x, before, after, value)


@converter("Pad", since=1)
def _(node: Node) -> Tensor:
    x = node.x()
    pads = node.integers("pads" if node.version >= 2 else "paddings")
    if len(pads) != 2 * x.rank:
        raise node.fail(f"{len(pads)} pads for rank {x.rank}; expected {2 * x.rank}")
    value = node.constant(node.number("value", 0.0), dtypes.to_numpy(x.dtype))
    return pad(node, x, pads[: x.rank], pads[x.rank :], value)


def pad(node: Node, x: Tensor, before: list[int], after: list[int], value: Tensor | None) -> Tensor:
    """Return `x` with borders; negative amounts crop."""
    starts = [max(-amount, 0) for amount in before]
    sizes = [
        dim - start - max(-end, 0) for dim, start, end in zip(x.shape, starts, after, strict=True)
    ]
    x = x.strided_slice(starts, sizes, [1] * x.rank)
    amounts = [max(amount, 0) for amount in (*before, *after)]
    if not any(amounts):
        return x
    if value is None:
        value = node.constant(0, dtypes.to_numpy(x.dtype))
    mode = node.text("mode", "constant")
    value = value.reshape([]).cast(x.dtype)
    return x.emit(relax.PadOp, value, padding=amounts, mode=mode)


@converter("ReverseSequence")
def _(node: Node) -> Tensor:
    return node.x(0).emit(
        relax.ReverseSequenceOp,
        node.x(1),
        batch_axis=node.integer("batch_axis", 1),
        time_axis=node.integer("time_axis", 0),
    )


@converter("Compress")
def _(node: Node) -> Tensor:
    x, axis = node.x(0), node.integer("axis", None)
    symbol = node.importer.symbols.fresh("kept")
    return x.emit(
        relax.CompressOp,
        node.x(1),
        axis=None if axis is None else node.axis(axis, x.rank),
        new_symbols=[symbol],
    )


@converter("NonZero")
def _(node: Node) -> Tensor:
    symbol = node.importer.symbols.fresh("nonzero")
    return node.x().emit(
        relax.NonZeroOp,
        new_symbols=[symbol],
    )


@converter("Unique")
def _(node: Node) -> list[Tensor]:
    x, axis = node.x(0), node.integer("axis", None)
    symbol = node.importer.symbols.fresh("unique")
    results = node.builder.emit_all(
        relax.UniqueOp,
        x,
        axis=None if axis is None else node.axis(axis, x.rank),
        sorted=bool(node.integer("sorted", 1)),
        new_symbols=[symbol],
    )
    return [node.tensor(result) for result in results]


@converter("NonMaxSuppression")
def _(node: Node) -> Tensor:
    def scalar(position: int, what: str) -> float | None:
        if not node.has(position):
            return None
        return float(node.array(position, what).reshape(-1)[0])

    # Exporters write the largest i64 for "all": a float would round it up, out of range.
    count = node.known_int(2, "max_output_boxes_per_class") if node.has(2) else 0
    return node.x(0).emit(
        relax.NonMaxSuppressionOp,
        node.x(1),
        max_output_boxes_per_class=count,
        iou_threshold=scalar(3, "iou_threshold") or 0.0,
        score_threshold=scalar(4, "score_threshold"),
        center_point_box=bool(node.integer("center_point_box", 0)),
        new_symbols=[node.importer.symbols.fresh("selected")],
    )


@converter("CenterCropPad")
def _(node: Node) -> Tensor:
    x, target = node.x(), node.known_ints(1, "shape")
    listed = node.integers("axes", None)
    axes = [node.axis(a, x.rank) for a in (range(x.rank) if listed is None else listed)]
    before, after = [0] * x.rank, [0] * x.rank
    for axis, goal in zip(axes, target, strict=True):
        dim = x.shape[axis]
        if not dim.is_constant:
            raise node.fail(f"the border depends on the dim {dim}", "fix it with dims= or shapes=")
        missing = goal - dim.constant_value
        # What is left over goes behind where padding, and is cut in front where cropping.
        small = abs(missing) // 2
        large = abs(missing) - small
        before[axis], after[axis] = (small, large) if missing >= 0 else (-small, -large)
    zero = node.constant(np.zeros((), dtypes.to_numpy(x.dtype)), dtypes.to_numpy(x.dtype))
    return pad(node, x, before, after, zero)
