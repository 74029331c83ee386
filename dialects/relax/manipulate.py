"""Operators that move elements: reshapes, transposes, slices, concatenation, padding, ranges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, LocationAttr, StringAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure

from ...symbolic import IntExpr, as_expr
from .attributes import DimsAttr
from .base import RelaxOp
from .dims import Shape, may_be_equal, num_elements, replace, require, show, sum_of
from .operand_checks import check_axis, flag, ints, merge, tensor_type
from .run_checks import AT_LEAST, AT_MOST, EQUAL, EXPAND, note
from .types import TensorType

Dims = DimsAttr | Iterable[IntExpr | int]
ONE = as_expr(1)
PAD_MODES = ("constant", "edge", "reflect", "wrap")


def dims_attr(dims: Dims) -> DimsAttr:
    """Return `dims` as the attribute that holds them."""
    return dims if isinstance(dims, DimsAttr) else DimsAttr.of(dims)


class ShapedOp(RelaxOp):
    """Base of the operators whose property `shape` says the shape of the result."""

    shape = prop_def(DimsAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def __init__(
        self,
        *operands: SSAValue | Operation,
        shape: Dims,
        location: LocationAttr | None = None,
        **properties: Any,  # PropertyValue, or an argument of the base
    ) -> None:
        super().__init__(*operands, location=location, shape=dims_attr(shape), **properties)


@irdl_op_definition
class ReshapeOp(ShapedOp):
    """`%y = relax.reshape %x {shape = S}`: y has shape S and x's elements in row-major order.

    (C1) S has as many elements as x.
    """

    name = "relax.reshape"
    x = operand_def(TensorType)

    def infer_types(self) -> Sequence[Attribute]:
        before, after = (
            num_elements(tensor_type(self.x)),
            TensorType.of(self.shape.data, tensor_type(self.x).dtype),
        )
        require(
            may_be_equal(before, num_elements(after)),
            self,
            f"(C1) {tensor_type(self.x)} has {before} elements, "
            f"the new shape {show(self.shape.data)} has {num_elements(after)}",
        )
        note(EQUAL, num_elements(after), before, f"elements of shape {show(after.shape)}")
        return [after]


@irdl_op_definition
class PermuteDimsOp(RelaxOp):
    """`%y = relax.permute_dims %x {axes}`: y's axis d is x's axis axes[d].

    (C1) axes is a permutation of x's axes.
    """

    name = "relax.permute_dims"
    x = operand_def(TensorType)
    axes = prop_def(DenseArrayBase)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        axes, shape = ints(self.axes), tensor_type(self.x).shape
        rank = len(axes) if shape is None else len(shape)
        require(
            sorted(axes) == list(range(rank)),
            self,
            f"(C1) axes {list(axes)} are no permutation of {list(range(rank))}",
        )
        dims = None if shape is None else [shape[axis] for axis in axes]
        return [TensorType.of(dims or (None,) * rank if rank else (), tensor_type(self.x).dtype)]


@irdl_op_definition
class BroadcastToOp(ShapedOp):
    """`%y = relax.broadcast_to %x {shape = S}`: y[.., i, ..] = x[.., i (0 where x's dim is 1), ..].

    (C1) x's rank is at most S's; x's dims equal S's last dims or are 1.
    """

    name = "relax.broadcast_to"
    x = operand_def(TensorType)

    def infer_types(self) -> Sequence[Attribute]:
        target = self.shape.data
        shape = tensor_type(self.x).shape or ()
        fits = len(shape) <= len(target) and all(
            may_be_equal(dim, goal) or may_be_equal(dim, ONE)
            for dim, goal in zip(reversed(shape), reversed(target), strict=False)
        )
        require(fits, self, f"(C1) {tensor_type(self.x)} does not broadcast to {show(target)}")
        for d, (dim, goal) in enumerate(zip(reversed(shape), reversed(target), strict=False)):
            note(EXPAND, dim, goal, f"axis {len(target) - 1 - d} of what is repeated")
        return [TensorType.of(target, tensor_type(self.x).dtype)]


@irdl_op_definition
class ConcatOp(RelaxOp):
    """`%y = relax.concat %x0, %x1, ... {axis}`: the tensors one after the other along `axis`.

    (C1) at least one tensor; one element type.
    (C2) one rank, and the axis exists.
    (C3) the dims of the other axes are equal.
    """

    name = "relax.concat"
    xs = var_operand_def(TensorType)
    axis = prop_def(IntegerAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        types = [tensor_type(x) for x in self.xs]
        require(len(types) > 0, self, "(C1) needs at least one tensor")
        dtype = types[0].dtype
        found = sorted({str(t.dtype) for t in types})
        require(len(found) == 1, self, f"(C1) element types differ: {', '.join(found)}; cast first")
        axis = self.axis.value.data
        shapes = [t.shape for t in types if t.shape is not None]
        if not shapes:
            return [TensorType.of(None, dtype)]
        ranks = sorted({len(shape) for shape in shapes})
        require(len(ranks) == 1, self, f"(C2) ranks differ: {ranks}")
        check_axis(self, axis, ranks[0], "(C2)")
        dims = list(shapes[0])
        for d in range(ranks[0]):
            for shape in shapes if d != axis else ():
                require(
                    may_be_equal(dims[d], shape[d]),
                    self,
                    f"(C3) dims of axis {d} differ: {dims[d]} and {shape[d]}",
                )
                note(EQUAL, shape[d], dims[d], f"axis {d} of concatenated tensors")
                dims[d] = merge(dims[d], shape[d])
        along = sum_of(shape[axis] for shape in shapes)
        dims[axis] = along if len(shapes) == len(types) else None
        return [TensorType.of(dims, dtype)]


@irdl_op_definition
class SplitOp(RelaxOp):
    """`%a, %b = relax.split %x {axis, sections = [s0, s1]}`: consecutive pieces along `axis`.

    (C1) the axis exists.
    (C2) the sections add up to x's dim.
    """

    name = "relax.split"
    x = operand_def(TensorType)
    axis = prop_def(IntegerAttr)
    sections = prop_def(DimsAttr)
    res = var_result_def(TensorType)
    traits = traits_def(Pure())

    def __init__(
        self,
        x: SSAValue | Operation,
        *,
        axis: int,
        sections: Dims,
        location: LocationAttr | None = None,
    ) -> None:
        pieces = dims_attr(sections)
        super().__init__(
            x, location=location, num_results=len(pieces.data), axis=axis, sections=pieces
        )

    def infer_types(self) -> Sequence[Attribute]:
        shape, dtype, axis = (
            tensor_type(self.x).shape,
            tensor_type(self.x).dtype,
            self.axis.value.data,
        )
        sections = self.sections.data
        if shape is None:
            return [TensorType.of(None, dtype) for _ in sections]
        check_axis(self, axis, len(shape), "(C1)")
        require(
            may_be_equal(sum_of(sections), shape[axis]),
            self,
            f"(C2) sections {show(sections)} do not add up to {shape[axis]}",
        )
        note(EQUAL, sum_of(sections), shape[axis], "the sum of the sections")
        return [TensorType.of(replace(shape, axis, section), dtype) for section in sections]


@irdl_op_definition
class StridedSliceOp(RelaxOp):
    """`%y = relax.strided_slice %x {starts, sizes, steps}`: y[i, j, ..] = x[start + i * step, ..].

    Starts count from 0, never from the end; a step may be negative.

    (C1) one start, size and step for each axis.
    (C2) no step is 0, no size is negative.
    (C3) what is read lies inside x, as far as is known.
    """

    name = "relax.strided_slice"
    x = operand_def(TensorType)
    starts = prop_def(DimsAttr)
    sizes = prop_def(DimsAttr)
    steps = prop_def(DenseArrayBase)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def __init__(
        self,
        x: SSAValue | Operation,
        *,
        starts: Dims,
        sizes: Dims,
        steps: Sequence[int],
        location: LocationAttr | None = None,
    ) -> None:
        super().__init__(
            x,
            location=location,
            starts=dims_attr(starts),
            sizes=dims_attr(sizes),
            steps=steps,
        )

    def infer_types(self) -> Sequence[Attribute]:
        starts, sizes, steps = self.starts.data, self.sizes.data, ints(self.steps)
        shape = tensor_type(self.x).shape
        rank = len(starts) if shape is None else len(shape)
        counts = (len(starts), len(sizes), len(steps))
        require(
            set(counts) == {rank},
            self,
            f"(C1) {counts[0]} starts, {counts[1]} sizes, {counts[2]} steps for rank {rank}",
        )
        require(0 not in steps, self, "(C2) a step is 0")
        negative = any(size.is_constant and size.constant_value < 0 for size in sizes)
        require(not negative, self, f"(C2) a size is negative in {show(sizes)}")
        for d, dim in enumerate(shape or ()):
            last = starts[d] + (sizes[d] - 1) * steps[d]
            ends = [starts[d], last]
            if dim is None or (sizes[d].is_constant and sizes[d].constant_value == 0):
                continue
            outside = any(_is_negative(e) or _is_negative(dim - 1 - e) for e in ends)
            require(
                not outside,
                self,
                f"(C3) axis {d} reads {starts[d]} to {last}, outside of 0..{dim}-1",
            )
            first, end = (starts[d], last) if steps[d] > 0 else (last, starts[d])
            note(AT_LEAST, first, as_expr(0), f"the first index on axis {d}", sizes[d])
            note(AT_MOST, end, dim - 1, f"the last index on axis {d}", sizes[d])
        return [TensorType.of(sizes, tensor_type(self.x).dtype)]


def _is_negative(expr: IntExpr) -> bool:
    return expr.is_constant and expr.constant_value < 0


@irdl_op_definition
class PadOp(RelaxOp):
    """`%y = relax.pad %x, %value {padding, mode}`: x with elements added around it.

    padding holds one count before each axis, then one after each axis. mode "constant" adds
    `value`; "edge" repeats the border; "reflect" mirrors without it (as often as needed); "wrap"
    repeats x.

    (C1) padding holds two counts for each axis; none is negative (slice first to crop).
    (C2) the mode is one of constant, edge, reflect, wrap.
    (C3) value is a scalar of x's element type.
    """

    name = "relax.pad"
    x = operand_def(TensorType)
    value = operand_def(TensorType)
    padding = prop_def(DenseArrayBase)
    mode = prop_def(StringAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        padding, shape, dtype = (
            ints(self.padding),
            tensor_type(self.x).shape,
            tensor_type(self.x).dtype,
        )
        rank = len(padding) // 2 if shape is None else len(shape)
        require(
            len(padding) == 2 * rank and min(padding, default=0) >= 0,
            self,
            f"(C1) padding {list(padding)}; needs {2 * rank} counts, none negative",
        )
        require(
            self.mode.data in PAD_MODES,
            self,
            f'(C2) mode "{self.mode.data}" is unknown; use one of {", ".join(PAD_MODES)}',
        )
        value = tensor_type(self.value)
        require(
            value.dtype == dtype and value.shape in ((), None),
            self,
            f"(C3) value is {value}, expected a scalar of {dtype}",
        )
        dims: Shape = shape if shape is not None else (None,) * rank
        for axis, dim in enumerate(dims if self.mode.data != "constant" else ()):
            if padding[axis] or padding[rank + axis]:
                note(AT_LEAST, dim, ONE, f"axis {axis}, to pad of")
        return [
            TensorType.of(
                [
                    None if dim is None else dim + before + after
                    for dim, before, after in zip(dims, padding, padding[rank:], strict=False)
                ],
                dtype,
            )
        ]


@irdl_op_definition
class TileOp(RelaxOp):
    """`%y = relax.tile %x {repeats}`: y[i, ..] = x[i mod x.shape[0], ..], repeats[0] times, ...

    (C1) one repeat count for each axis, none negative.
    """

    name = "relax.tile"
    x = operand_def(TensorType)
    repeats = prop_def(DimsAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def __init__(
        self, x: SSAValue | Operation, *, repeats: Dims, location: LocationAttr | None = None
    ) -> None:
        super().__init__(x, location=location, repeats=dims_attr(repeats))

    def infer_types(self) -> Sequence[Attribute]:
        repeats, shape = self.repeats.data, tensor_type(self.x).shape
        require(
            (shape is None or len(shape) == len(repeats)) and not any(map(_is_negative, repeats)),
            self,
            f"(C1) repeats {show(repeats)} do not fit {tensor_type(self.x)}",
        )
        dims: Shape = shape if shape is not None else (None,) * len(repeats)
        return [
            TensorType.of(
                [None if d is None else d * n for d, n in zip(dims, repeats, strict=True)],
                tensor_type(self.x).dtype,
            )
        ]


@irdl_op_definition
class IotaOp(ShapedOp):
    """`%y = relax.iota {shape = S, axis, dtype}`: y[.., i, ..] = i, the index along `axis`.

    (C1) the axis exists.
    """

    name = "relax.iota"
    axis = prop_def(IntegerAttr)
    dtype = prop_def(Attribute)

    def infer_types(self) -> Sequence[Attribute]:
        check_axis(self, self.axis.value.data, len(self.shape.data), "(C1)")
        return [TensorType.of(self.shape.data, self.dtype)]


@irdl_op_definition
class FullOp(ShapedOp):
    """`%y = relax.full %value {shape = S}`: every element is the scalar `value`.

    (C1) value has rank 0.
    """

    name = "relax.full"
    value = operand_def(TensorType)

    def infer_types(self) -> Sequence[Attribute]:
        value = tensor_type(self.value)
        require(value.shape in ((), None), self, f"(C1) value is {value}, expected a scalar")
        return [TensorType.of(self.shape.data, value.dtype)]


@irdl_op_definition
class TriluOp(RelaxOp):
    """`%y = relax.trilu %x {k, upper}`: a triangle of the last two axes [.., i, j], 0 elsewhere.

    Kept are the elements with j - i >= k where upper, with j - i <= k where lower.

    (C1) x has at least two axes.
    """

    name = "relax.trilu"
    x = operand_def(TensorType)
    k = prop_def(IntegerAttr)
    upper = prop_def(IntegerAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        rank = tensor_type(self.x).rank
        require(rank is None or rank >= 2, self, f"(C1) {tensor_type(self.x)} has no two axes")
        return [tensor_type(self.x)]

    @property
    def is_upper(self) -> bool:
        """Whether the triangle at and above diagonal k is kept."""
        return flag(self.upper)


MANIPULATE = (
    BroadcastToOp,
    ConcatOp,
    FullOp,
    IotaOp,
    PadOp,
    PermuteDimsOp,
    ReshapeOp,
    SplitOp,
    StridedSliceOp,
    TileOp,
    TriluOp,
)
