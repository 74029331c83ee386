"""Operators whose indices are data: gathers, scatters, selections, sorting, unpooling.

Indices are integers; a negative one counts from the end of its axis. One that is out of range
even so is an error of the model: native code clamps it (it never reads or writes outside).
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IntegerAttr, LocationAttr, StringAttr, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from ...symbolic import IntExpr
from .. import dtypes
from .attributes import DimsAttr
from .base import RelaxOp
from .dims import check_dims, may_be_equal, replace, require
from .manipulate import ShapedOp
from .operand_checks import check_axis, flag, tensor_type
from .run_checks import AT_MOST, EQUAL, note
from .types import Dim, TensorType

REDUCTIONS = ("none", "add", "mul", "max", "min")


def check_indices(op: RelaxOp, indices: SSAValue) -> None:
    """Check that indices are integers."""
    dtype = tensor_type(indices).dtype
    require(dtypes.is_integer(dtype), op, f"(C1) indices are {dtype}, expected integers")


class GatheringOp(RelaxOp):
    """Base of the gathers: `x` is what indices point into, `indices` the integers."""

    x = operand_def(TensorType)
    indices = operand_def(TensorType)
    result = result_def(TensorType)
    traits = traits_def(Pure())


@irdl_op_definition
class GatherOp(GatheringOp):
    """`%y = relax.gather %x, %indices {axis}`: y[a.., i.., b..] = x[a.., indices[i..], b..].

    (C1) indices are integers.
    (C2) the axis exists.
    """

    name = "relax.gather"
    axis = prop_def(IntegerAttr)

    def infer_types(self) -> Sequence[Attribute]:
        check_indices(self, self.indices)
        x, axis = tensor_type(self.x), self.axis.value.data
        check_axis(self, axis, x.rank, "(C2)")
        indices = tensor_type(self.indices).shape
        if x.shape is None or indices is None:
            return [TensorType.of(None, x.dtype)]
        return [TensorType.of(replace(x.shape, axis, *indices), x.dtype)]


@irdl_op_definition
class GatherElementsOp(GatheringOp):
    """`%y = relax.gather_elements %x, %indices {axis}`: y[i, j] = x[i, indices[i, j]] (axis 1).

    (C1) indices are integers of x's rank.
    (C2) the axis exists.
    (C3) no other axis of the indices is longer than x's.
    """

    name = "relax.gather_elements"
    axis = prop_def(IntegerAttr)

    def infer_types(self) -> Sequence[Attribute]:
        check_indices(self, self.indices)
        check_same_rank(self, tensor_type(self.x), tensor_type(self.indices), "(C1)")
        check_axis(self, self.axis.value.data, tensor_type(self.x).rank, "(C2)")
        check_within(self, tensor_type(self.indices), tensor_type(self.x), self.axis.value.data)
        return [TensorType.of(tensor_type(self.indices).shape, tensor_type(self.x).dtype)]


def check_within(op: RelaxOp, indices: TensorType, x: TensorType, axis: int) -> None:
    """Check that indices are no larger than x but for the axis along which they choose."""
    for d, (found, limit) in enumerate(zip(indices.shape or (), x.shape or (), strict=False)):
        if d == axis or found is None or limit is None:
            continue
        rest = limit - found
        require(
            not rest.is_constant or rest.constant_value >= 0,
            op,
            f"(C3) axis {d} of the indices, {found}, is larger than x's, {limit}",
        )
        note(AT_MOST, found, limit, f"axis {d} of the indices")


@irdl_op_definition
class CheckPositionOp(RelaxOp):
    """`%q = relax.check_position %p, %x {past_end, place}`: p as a position in the slices of x.

    Slices are those along the first axis; a negative p counts from their end. With `past_end` the
    position behind the last one is right, too. A run ends with an error where there is no such
    position; it begins with `place`.

    (C1) p is an integer without axes.
    (C2) x has a first axis.
    """

    name = "relax.check_position"
    position = operand_def(TensorType)
    x = operand_def(TensorType)
    past_end = prop_def(IntegerAttr)
    place = prop_def(StringAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        position, x = tensor_type(self.position), tensor_type(self.x)
        is_one = dtypes.is_integer(position.dtype) and position.rank == 0
        require(is_one, self, f"(C1) the position is {position}, expected one integer")
        require(x.rank != 0, self, f"(C2) {x} has no slices")
        return [TensorType.of((), i64)]


def check_same_rank(op: RelaxOp, x: TensorType, indices: TensorType, rule: str) -> None:
    """Check that two tensors have one rank, where both are known."""
    require(
        x.rank is None or indices.rank is None or x.rank == indices.rank,
        op,
        f"{rule} indices have rank {indices.rank}, x has rank {x.rank}",
    )


def nd_result(op: RelaxOp, x: TensorType, indices: TensorType, batch_dims: int) -> list[Dim] | None:
    """Return the shape of what index tuples select: `indices.shape[:-1] + x.shape[b + k:]`.

    Raises:
        VerifyException: the length of a tuple, k, is unknown or more than x has axes.
    """
    if indices.shape is None or x.shape is None:
        return None
    depth = indices.shape[-1] if indices.shape else None
    if depth is None or not depth.is_constant:
        require(False, op, f"(C2) indices are {indices}; their last dim must be a number")
        raise AssertionError
    width = depth.constant_value
    require(
        0 <= batch_dims < len(indices.shape) and batch_dims + width <= len(x.shape),
        op,
        f"(C2) index tuples of {width} after {batch_dims} batch axes do not fit {x}",
    )
    return [*indices.shape[:-1], *x.shape[batch_dims + width :]]


@irdl_op_definition
class GatherNdOp(GatheringOp):
    """`%y = relax.gather_nd %x, %indices {batch_dims = b}`: y[a.., i.., s..] = x[a.., t.., s..].

    a are the first b axes of both, t = indices[a.., i.., :] is one tuple of indices.

    (C1) indices are integers.
    (C2) the last dim k of the indices is a number, b + k is at most x's rank.
    (C3) the batch dims of x and indices are equal.
    """

    name = "relax.gather_nd"
    batch_dims = prop_def(IntegerAttr)

    def infer_types(self) -> Sequence[Attribute]:
        check_indices(self, self.indices)
        x, indices, batch_dims = (
            tensor_type(self.x),
            tensor_type(self.indices),
            self.batch_dims.value.data,
        )
        shape = nd_result(self, x, indices, batch_dims)
        for d in range(batch_dims):
            dims = [None if t.shape is None else t.shape[d] for t in (x, indices)]
            require(may_be_equal(*dims), self, f"(C3) batch axis {d} differs: {x}, {indices}")
            note(EQUAL, dims[0], dims[1], f"batch axis {d}")
        return [TensorType.of(shape, x.dtype)]


class ScatterOp(RelaxOp):
    """Base of the scatters: a copy of `x` in which `updates` are written, in row-major order.

    reduction "none" writes (the last of several wins), the others combine with what is there.
    """

    x = operand_def(TensorType)
    indices = operand_def(TensorType)
    updates = operand_def(TensorType)
    reduction = prop_def(StringAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def check_updates(self) -> None:
        """Check the element types and the reduction."""
        check_indices(self, self.indices)
        x, updates = tensor_type(self.x).dtype, tensor_type(self.updates).dtype
        require(x == updates, self, f"(C1) updates are {updates}, x is {x}")
        require(
            self.reduction.data in REDUCTIONS,
            self,
            f'(C1) reduction "{self.reduction.data}" is unknown; '
            f"use one of {', '.join(REDUCTIONS)}",
        )


@irdl_op_definition
class ScatterElementsOp(ScatterOp):
    """`%y = relax.scatter_elements %x, %indices, %updates {axis, reduction}`.

    y = x; then y[i, indices[i, j]] = updates[i, j] (axis 1), in row-major order of [i, j].

    (C1) indices are integers; updates have x's element type; the reduction is known.
    (C2) indices have x's rank, and the axis exists.
    (C3) updates have the shape of the indices, no axis but that one longer than x's.
    """

    name = "relax.scatter_elements"
    axis = prop_def(IntegerAttr)

    def infer_types(self) -> Sequence[Attribute]:
        self.check_updates()
        check_same_rank(self, tensor_type(self.x), tensor_type(self.indices), "(C2)")
        check_axis(self, self.axis.value.data, tensor_type(self.x).rank, "(C2)")
        check_dims(self, "(C3) updates", tensor_type(self.updates), tensor_type(self.indices).shape)
        check_within(self, tensor_type(self.indices), tensor_type(self.x), self.axis.value.data)
        return [tensor_type(self.x)]


@irdl_op_definition
class ScatterNdOp(ScatterOp):
    """`%y = relax.scatter_nd %x, %indices, %updates {reduction}`.

    y = x; then y[indices[i.., :], s..] = updates[i.., s..], in row-major order of i.

    (C1) indices are integers; updates have x's element type; the reduction is known.
    (C2) the last dim of the indices is a number, at most x's rank.
    (C3) updates have shape indices.shape[:-1] + x.shape[k:].
    """

    name = "relax.scatter_nd"

    def infer_types(self) -> Sequence[Attribute]:
        self.check_updates()
        expected = nd_result(self, tensor_type(self.x), tensor_type(self.indices), 0)
        check_dims(self, "(C3) updates", tensor_type(self.updates), expected)
        return [tensor_type(self.x)]


@irdl_op_definition
class TopKOp(RelaxOp):
    """`%values, %indices = relax.top_k %x {k, axis, largest}`: the k largest (smallest), sorted.

    Equal elements come in the order of their indices; NaN comes after every number. k is a dim,
    `#relax.dims<[min(n, 300)]>`: what a run decides may decide it.

    (C1) the axis exists.
    (C2) k is one dim, at least 0 and at most the axis' one.
    """

    name = "relax.top_k"
    x = operand_def(TensorType)
    k = prop_def(DimsAttr)
    axis = prop_def(IntegerAttr)
    largest = prop_def(IntegerAttr)
    values = result_def(TensorType)
    indices = result_def(TensorType)
    traits = traits_def(Pure())

    def __init__(
        self,
        x: SSAValue | Operation,
        *,
        k: IntExpr | int | DimsAttr,
        axis: int,
        largest: bool,
        location: LocationAttr | None = None,
    ) -> None:
        super().__init__(
            x,
            location=location,
            num_results=2,
            k=k if isinstance(k, DimsAttr) else DimsAttr.of((k,)),
            axis=axis,
            largest=largest,
        )

    def infer_types(self) -> Sequence[Attribute]:
        x, axis, dims = tensor_type(self.x), self.axis.value.data, self.k.data
        check_axis(self, axis, x.rank, "(C1)")
        require(len(dims) == 1, self, f"(C2) k is {len(dims)} dims, expected one")
        k = self.count
        if x.shape is None:
            return [TensorType.of(None, x.dtype), TensorType.of(None, i64)]
        dim = x.shape[axis]
        negative = k.is_constant and k.constant_value < 0
        rest = None if dim is None else dim - k
        too_many = rest is not None and rest.is_constant and rest.constant_value < 0
        require(
            not negative and not too_many,
            self,
            f"(C2) k = {k} of {dim} elements along axis {axis}",
        )
        note(AT_MOST, k, dim, "k")
        shape = [k if d == axis else dim for d, dim in enumerate(x.shape)]
        return [TensorType.of(shape, x.dtype), TensorType.of(shape, i64)]

    @property
    def count(self) -> IntExpr:
        """How many elements are taken."""
        return self.k.data[0]

    @property
    def is_largest(self) -> bool:
        """Whether the largest come first."""
        return flag(self.largest)


@irdl_op_definition
class ReverseSequenceOp(RelaxOp):
    """`%y = relax.reverse_sequence %x, %lengths {batch_axis, time_axis}`.

    Along the time axis the first lengths[b] elements are reversed, the others kept.

    (C1) the axes are 0 and 1, in either order; x has at least two axes.
    (C2) lengths are integers [batch].
    """

    name = "relax.reverse_sequence"
    x = operand_def(TensorType)
    lengths = operand_def(TensorType)
    batch_axis = prop_def(IntegerAttr)
    time_axis = prop_def(IntegerAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        x, lengths = tensor_type(self.x), tensor_type(self.lengths)
        batch, time = self.batch_axis.value.data, self.time_axis.value.data
        require(
            {batch, time} == {0, 1} and (x.rank is None or x.rank >= 2),
            self,
            f"(C1) batch axis {batch}, time axis {time} of {x}; use 0 and 1",
        )
        require(dtypes.is_integer(lengths.dtype), self, f"(C2) lengths are {lengths}")
        check_dims(self, "(C2) lengths", lengths, None if x.shape is None else [x.shape[batch]])
        return [x]


@irdl_op_definition
class MaxUnpoolOp(ShapedOp):
    """`%y = relax.max_unpool %x, %indices {shape = S}`: y is 0, but y.flat[indices[i]] = x[i].

    Indices are flat over all of S, as MaxPool hands them out; the last of equal ones wins.

    (C1) indices are integers of x's shape.
    """

    name = "relax.max_unpool"
    x = operand_def(TensorType)
    indices = operand_def(TensorType)

    def infer_types(self) -> Sequence[Attribute]:
        indices = tensor_type(self.indices)
        check_indices(self, self.indices)
        check_dims(self, "(C1) indices", indices, tensor_type(self.x).shape)
        return [TensorType.of(self.shape.data, tensor_type(self.x).dtype)]


INDEXING = (
    CheckPositionOp,
    GatherElementsOp,
    GatherNdOp,
    GatherOp,
    MaxUnpoolOp,
    ReverseSequenceOp,
    ScatterElementsOp,
    ScatterNdOp,
    TopKOp,
)
