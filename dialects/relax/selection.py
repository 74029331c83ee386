"""Operators whose results' shapes depend on data: what is nonzero, unique, kept.

The number of elements found is a new symbol of the function, named by property `new_symbols`;
without it the dim is unknown (`?`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import ArrayAttr, FloatAttr, IntegerAttr, LocationAttr, StringAttr, i64
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

from ...symbolic import as_expr, var
from .. import dtypes
from .attributes import new_symbols
from .base import RelaxOp
from .dims import check_dims, num_elements, replace, require
from .operand_checks import check_axis, tensor_type
from .types import Dim, TensorType


class SelectionOp(RelaxOp):
    """Base: one dim of the results is counted at run time."""

    new_symbols = opt_prop_def(ArrayAttr[StringAttr])
    traits = traits_def(Pure())

    def __init__(
        self,
        *operands: SSAValue | Operation,
        new_symbols: Sequence[str] | None = None,
        location: LocationAttr | None = None,
        num_results: int = 1,
        **properties: Any,  # PropertyValue, or an argument of the base
    ) -> None:
        names = None if new_symbols is None else ArrayAttr(map(StringAttr, new_symbols))
        super().__init__(
            *operands, location=location, num_results=num_results, new_symbols=names, **properties
        )

    def count(self, rule: str) -> Dim:
        """Return the dim counted at run time: the symbol introduced, or None.

        Raises:
            VerifyException: more than one symbol is named.
        """
        names = new_symbols(self)
        require(len(names) <= 1, self, f"{rule} introduces one symbol, not {', '.join(names)}")
        return var(names[0]) if names else None


@irdl_op_definition
class NonZeroOp(SelectionOp):
    """`%y = relax.non_zero %x {new_symbols = ["s"]}`: column j of y [rank, s] is the j-th index.

    The indices of the elements that are not 0, in row-major order, as i64.

    (C1) at most one new symbol.
    """

    name = "relax.non_zero"
    x = operand_def(TensorType)
    result = result_def(TensorType)

    def infer_types(self) -> Sequence[Attribute]:
        return [TensorType.of([tensor_type(self.x).rank, self.count("(C1)")], i64)]


@irdl_op_definition
class CompressOp(SelectionOp):
    """`%y = relax.compress %x, %condition {axis}`: the slices along `axis` whose condition holds.

    Without an axis x is flattened first. The condition may be shorter than the dim.

    (C1) the condition is a bool tensor of rank 1.
    (C2) the axis exists; at most one new symbol.
    """

    name = "relax.compress"
    x = operand_def(TensorType)
    condition = operand_def(TensorType)
    axis = opt_prop_def(IntegerAttr)
    result = result_def(TensorType)

    def infer_types(self) -> Sequence[Attribute]:
        x, condition = tensor_type(self.x), tensor_type(self.condition)
        require(
            dtypes.is_bool(condition.dtype) and condition.rank in (1, None),
            self,
            f"(C1) the condition is {condition}, expected a bool tensor of rank 1",
        )
        if self.axis is None:
            return [TensorType.of([self.count("(C2)")], x.dtype)]
        axis = self.axis.value.data
        check_axis(self, axis, x.rank, "(C2)")
        shape = None if x.shape is None else replace(x.shape, axis, self.count("(C2)"))
        return [TensorType.of(shape, x.dtype)]


@irdl_op_definition
class UniqueOp(SelectionOp):
    """`%values, %first, %inverse, %counts = relax.unique %x {axis, sorted}`.

    The different elements (slices along `axis`), ascending where sorted, else by first occurrence;
    where each occurs first; for each element of x the index of its value; how often each occurs.

    (C1) the axis exists; at most one new symbol.
    """

    name = "relax.unique"
    x = operand_def(TensorType)
    axis = opt_prop_def(IntegerAttr)
    sorted = prop_def(IntegerAttr)
    values = result_def(TensorType)
    first = result_def(TensorType)
    inverse = result_def(TensorType)
    counts = result_def(TensorType)

    def __init__(
        self,
        x: SSAValue | Operation,
        *,
        sorted: bool,
        axis: int | None = None,
        new_symbols: Sequence[str] | None = None,
        location: LocationAttr | None = None,
    ) -> None:
        super().__init__(
            x, new_symbols=new_symbols, location=location, num_results=4, axis=axis, sorted=sorted
        )

    def infer_types(self) -> Sequence[Attribute]:
        x, count = tensor_type(self.x), self.count("(C1)")
        if self.axis is None:
            shape, elements = (count,), num_elements(x)
        else:
            axis = self.axis.value.data
            check_axis(self, axis, x.rank, "(C1)")
            shape = None if x.shape is None else replace(x.shape, axis, count)
            elements = None if x.shape is None else x.shape[axis]
        found = TensorType.of([count], i64)
        return [TensorType.of(shape, x.dtype), found, TensorType.of([elements], i64), found]


@irdl_op_definition
class NonMaxSuppressionOp(SelectionOp):
    """`%y = relax.non_max_suppression %boxes [b, n, 4], %scores [b, c, n]`: y is [s, 3].

    Rows are (batch, class, box): for each batch and class the boxes of the highest scores, greater
    than score_threshold, of which none overlaps an earlier one by more than iou_threshold
    (intersection over union), at most max_output_boxes_per_class. A box is (y1, x1, y2, x2) of any
    two corners, or where center_point_box (x, y, width, height).

    (C1) boxes have shape [b, n, 4], scores [b, c, n]; both are floats of one type.
    (C2) at most one new symbol.
    """

    name = "relax.non_max_suppression"
    boxes = operand_def(TensorType)
    scores = operand_def(TensorType)
    max_output_boxes_per_class = prop_def(IntegerAttr)
    iou_threshold = prop_def(FloatAttr)
    score_threshold = opt_prop_def(FloatAttr)
    center_point_box = prop_def(IntegerAttr)
    result = result_def(TensorType)

    def infer_types(self) -> Sequence[Attribute]:
        boxes, scores = tensor_type(self.boxes), tensor_type(self.scores)
        require(
            boxes.dtype == scores.dtype and dtypes.is_float(boxes.dtype),
            self,
            f"(C1) boxes are {boxes.dtype}, scores {scores.dtype}; expected one float type",
        )
        dims = scores.shape if scores.shape is not None and len(scores.shape) == 3 else (None,) * 3
        check_dims(self, "(C1) scores", scores, (None,) * 3)
        check_dims(self, "(C1) boxes", boxes, (dims[0], dims[2], as_expr(4)))
        return [TensorType.of([self.count("(C2)"), 3], i64)]


SELECTION = (CompressOp, NonMaxSuppressionOp, NonZeroOp, UniqueOp)
