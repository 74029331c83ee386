"""What kernels make of the operators of selection.py: results as large as they can get.

A kernel writes to memory that is there before it runs. So it fills a tensor of the largest size
and says how much of it counts; `relax.prefix` is that part, and tells the symbol of its size.
What lies behind the part that counts is anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, FloatAttr, IntegerAttr, LocationAttr, StringAttr, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure

from ...symbolic import as_expr, min_, var
from .. import dtypes
from .attributes import new_symbols
from .base import RelaxOp
from .dims import check_dims, num_elements, replace, require
from .operand_checks import check_axis, tensor_type
from .types import Dim, TensorType

_COUNT = TensorType.of([1], i64)


@irdl_op_definition
class PositionsOp(RelaxOp):
    """`%p, %count = relax.positions %x`: where x [...] is not 0, as numbers of elements.

    p is i64 [number of elements], ascending, row-major; `count` i64 [1] of them are found.
    """

    name = "relax.positions"
    x = operand_def(TensorType)
    positions = result_def(TensorType)
    count = result_def(TensorType)
    traits = traits_def(Pure())

    def __init__(self, x: SSAValue | Operation, *, location: LocationAttr | None = None) -> None:
        super().__init__(x, location=location, num_results=2)

    def infer_types(self) -> Sequence[Attribute]:
        return [TensorType.of([num_elements(tensor_type(self.x))], i64), _COUNT]


@irdl_op_definition
class UnravelOp(RelaxOp):
    """`%i = relax.unravel %p, %x`: numbers of elements of x as indices, i64 [rank of x, s].

    (C1) p is i64 [s].
    (C2) the rank of x is known.
    """

    name = "relax.unravel"
    positions = operand_def(TensorType)
    x = operand_def(TensorType)
    result = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        found, rank = tensor_type(self.positions), tensor_type(self.x).rank
        require(
            found.dtype == i64 and found.rank == 1,
            self,
            f"(C1) the numbers of elements are {found}, expected i64 of rank 1",
        )
        require(rank is not None, self, "(C2) the rank of x is not known")
        return [TensorType.of([rank, *(found.shape or ())], i64)]


@irdl_op_definition
class GroupsOp(RelaxOp):
    """`%first, %counts, %inverse, %count = relax.groups %x {axis, sorted}`: equal slices of x.

    For each of `count` i64 [1] different slices along `axis`: where it is first, how often it
    occurs, both i64 [n]; for each slice the number of its group, i64 [n]. Groups are ascending
    where sorted, else in the order in which they occur. NaN is equal to NaN, and the largest.

    (C1) the axis exists.
    """

    name = "relax.groups"
    x = operand_def(TensorType)
    axis = prop_def(IntegerAttr)
    sorted = prop_def(IntegerAttr)
    first = result_def(TensorType)
    counts = result_def(TensorType)
    inverse = result_def(TensorType)
    count = result_def(TensorType)
    traits = traits_def(Pure())

    def __init__(
        self,
        x: SSAValue | Operation,
        *,
        axis: int,
        sorted: bool,
        location: LocationAttr | None = None,
    ) -> None:
        super().__init__(x, location=location, num_results=4, axis=axis, sorted=sorted)

    def infer_types(self) -> Sequence[Attribute]:
        x, axis = tensor_type(self.x), self.axis.value.data
        check_axis(self, axis, x.rank, "(C1)")
        found = TensorType.of([None if x.shape is None else x.shape[axis]], i64)
        return [found, found, found, _COUNT]


@irdl_op_definition
class BestBoxesOp(RelaxOp):
    """`%rows, %count = relax.best_boxes %boxes [b, n, 4], %scores [b, c, n]`: i64 [b c m, 3], [1].

    The rows that relax.non_max_suppression finds; m is max_output_boxes_per_class, at most n.

    (C1) boxes have shape [b, n, 4], scores [b, c, n]; both are floats of one type.
    """

    name = "relax.best_boxes"
    boxes = operand_def(TensorType)
    scores = operand_def(TensorType)
    max_output_boxes_per_class = prop_def(IntegerAttr)
    iou_threshold = prop_def(FloatAttr)
    score_threshold = opt_prop_def(FloatAttr)
    center_point_box = prop_def(IntegerAttr)
    rows = result_def(TensorType)
    count = result_def(TensorType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        boxes, scores = tensor_type(self.boxes), tensor_type(self.scores)
        require(
            boxes.dtype == scores.dtype and dtypes.is_float(boxes.dtype),
            self,
            f"(C1) boxes are {boxes.dtype}, scores {scores.dtype}; expected one float type",
        )
        check_dims(self, "(C1) scores", scores, (None,) * 3)
        dims = scores.shape or (None,) * 3
        check_dims(self, "(C1) boxes", boxes, (dims[0], dims[2], as_expr(4)))
        return [TensorType.of([self._most(dims), 3], i64), _COUNT]

    def _most(self, dims: Sequence[Dim]) -> Dim:
        """Return the most rows that there can be."""
        batch, classes, boxes = dims
        if batch is None or classes is None or boxes is None:
            return None
        limit = as_expr(max(self.max_output_boxes_per_class.value.data, 0))
        return batch * classes * min_(limit, boxes)


@irdl_op_definition
class PrefixOp(RelaxOp):
    """`%a, %b = relax.prefix %count, %x, %y {new_symbols = ["s"]}`: the first slices of each.

    As many as `count` says: the symbol, from here on. The results lie in the memory of x and y.

    (C1) count is i64 of one element.
    (C2) every other operand has an axis.
    (C3) at most one new symbol.
    """

    name = "relax.prefix"
    count = operand_def(TensorType)
    xs = var_operand_def(TensorType)
    res = var_result_def(TensorType)
    new_symbols = opt_prop_def(ArrayAttr[StringAttr])
    traits = traits_def(Pure())

    def __init__(
        self,
        count: SSAValue | Operation,
        *xs: SSAValue | Operation,
        new_symbols: Sequence[str] = (),
        location: LocationAttr | None = None,
    ) -> None:
        names = ArrayAttr(map(StringAttr, new_symbols)) if new_symbols else None
        super().__init__(count, *xs, location=location, num_results=len(xs), new_symbols=names)

    def infer_types(self) -> Sequence[Attribute]:
        count, names = tensor_type(self.count), new_symbols(self)
        elements = num_elements(count)
        require(
            count.dtype == i64 and (elements is None or elements == 1),
            self,
            f"(C1) the count is {count}, expected i64 of one element",
        )
        require(len(names) <= 1, self, f"(C3) tells one symbol, not {', '.join(names)}")
        told = var(names[0]) if names else None
        found: list[Attribute] = []
        for x in map(tensor_type, self.xs):
            require(x.rank != 0, self, f"(C2) {x} has no axis")
            shape = None if x.shape is None else replace(x.shape, 0, told)
            found.append(TensorType.of(shape, x.dtype))
        return found


BOUNDED = (BestBoxesOp, GroupsOp, PositionsOp, PrefixOp, UnravelOp)
