"""Operators of `relax` that combine the elements along axes: reductions, softmax, scans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, i64
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ...symbolic import as_expr
from .. import dtypes
from .base import RelaxOp
from .dims import num_elements
from .operand_checks import (
    DtypeTest,
    check_axis,
    check_dtype,
    flag,
    ints,
    is_any,
    is_number,
    tensor_type,
)
from .run_checks import AT_LEAST, note
from .types import Dim, TensorType


def reduced_shape(
    shape: Sequence[Dim] | None, axes: Sequence[int], keepdims: bool
) -> tuple[Dim, ...] | None:
    """Return `shape` after a reduction over `axes`: without them, or with 1 in their place."""
    if shape is None:
        return None
    if keepdims:
        return tuple(as_expr(1) if i in axes else dim for i, dim in enumerate(shape))
    return tuple(dim for i, dim in enumerate(shape) if i not in axes)


class ReductionOp(RelaxOp):
    """Base: `y[kept] = reduce of x over axes`; x's element type, `keepdims` leaves dims of 1.

    (C1) the element type is one that the operator accepts (each class says which).
    (C2) axes are sorted, different, and in 0 .. rank - 1.
    """

    x = operand_def(TensorType)
    axes = prop_def(DenseArrayBase)
    keepdims = prop_def(IntegerAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())
    ACCEPTS: ClassVar[DtypeTest] = is_number

    @property
    def reduced_axes(self) -> tuple[int, ...]:
        """The axes that disappear."""
        return ints(self.axes)

    def infer_types(self) -> Sequence[Attribute]:
        x = tensor_type(self.x)
        check_dtype(self, x, type(self).ACCEPTS, "(C1)")
        axes = self.reduced_axes
        if list(axes) != sorted(set(axes)):
            raise VerifyException(f"{self.name}: (C2) axes {list(axes)} are not sorted")
        for axis in axes:
            check_axis(self, axis, x.rank, "(C2)")
        return [TensorType.of(reduced_shape(x.shape, axes, flag(self.keepdims)), x.dtype)]


@irdl_op_definition
class SumOp(ReductionOp):
    """`y = sum of x`, of a number; 0 of nothing."""

    name = "relax.sum"


@irdl_op_definition
class MeanOp(ReductionOp):
    """`y = sum of x / count`, of a number; of integers truncated toward zero."""

    name = "relax.mean"


@irdl_op_definition
class ProdOp(ReductionOp):
    """`y = product of x`, of a number; 1 of nothing."""

    name = "relax.prod"


@irdl_op_definition
class MaxOp(ReductionOp):
    """`y = max of x`, of any element type; NaN where one is; of nothing the smallest value."""

    name = "relax.max"
    ACCEPTS = is_any


@irdl_op_definition
class MinOp(ReductionOp):
    """`y = min of x`, of any element type; NaN where one is; of nothing the largest value."""

    name = "relax.min"
    ACCEPTS = is_any


class ArgReductionOp(RelaxOp):
    """Base: `y[kept] = position on axis of the extreme element` (i64): the first, or the last.

    (C1) x holds numbers.
    (C2) the axis is in 0 .. rank - 1.
    """

    x = operand_def(TensorType)
    axis = prop_def(IntegerAttr)
    keepdims = prop_def(IntegerAttr)
    select_last_index = prop_def(IntegerAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        x = tensor_type(self.x)
        check_dtype(self, x, is_number, "(C1)")
        axis = self.axis.value.data
        check_axis(self, axis, x.rank, "(C2)")
        result = TensorType.of(reduced_shape(x.shape, (axis,), flag(self.keepdims)), i64)
        if x.shape is not None:
            what = f"axis {axis}, to choose of"
            note(AT_LEAST, x.shape[axis], as_expr(1), what, num_elements(result))
        return [result]


@irdl_op_definition
class ArgMaxOp(ArgReductionOp):
    """`y = argmax of x`; a NaN is larger than every number."""

    name = "relax.arg_max"


@irdl_op_definition
class ArgMinOp(ArgReductionOp):
    """`y = argmin of x`; a NaN is smaller than every number."""

    name = "relax.arg_min"


class AxisOp(RelaxOp):
    """Base: `y` of x's type, computed along one axis.

    (C1) the element type is one that the operator accepts (each class says which).
    (C2) the axis is in 0 .. rank - 1.
    """

    x = operand_def(TensorType)
    axis = prop_def(IntegerAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())
    ACCEPTS: ClassVar[DtypeTest] = dtypes.is_float

    def infer_types(self) -> Sequence[Attribute]:
        x = tensor_type(self.x)
        check_dtype(self, x, type(self).ACCEPTS, "(C1)")
        check_axis(self, self.axis.value.data, x.rank, "(C2)")
        return [x]


@irdl_op_definition
class SoftmaxOp(AxisOp):
    """`y = e^(x - m) / sum over axis of e^(x - m)`, m = max over axis of x; of floats."""

    name = "relax.softmax"


@irdl_op_definition
class LogSoftmaxOp(AxisOp):
    """`y = x - m - ln(sum over axis of e^(x - m))`, m = max over axis of x; of floats."""

    name = "relax.log_softmax"


class ScanOp(AxisOp):
    """Base: `y[i] = combination of x[0..i]` along axis; `exclusive`: x[0..i-1]; `reverse`: x[i..].

    (C1) x holds numbers.
    (C2) the axis is in 0 .. rank - 1.
    """

    exclusive = prop_def(IntegerAttr)
    reverse = prop_def(IntegerAttr)
    ACCEPTS = is_number


@irdl_op_definition
class CumSumOp(ScanOp):
    """`y[i] = sum of x[0..i]`."""

    name = "relax.cum_sum"


@irdl_op_definition
class CumProdOp(ScanOp):
    """`y[i] = product of x[0..i]`."""

    name = "relax.cum_prod"


REDUCE: tuple[type[RelaxOp], ...] = (
    ArgMaxOp,
    ArgMinOp,
    CumProdOp,
    CumSumOp,
    LogSoftmaxOp,
    MaxOp,
    MeanOp,
    MinOp,
    ProdOp,
    SoftmaxOp,
    SumOp,
)
