"""Operators whose results' shapes depend on data: the part of lower-to-vm that calls the runtime.

%y = relax.non_zero %x {new_symbols = ["s"]}  becomes  %a = vm.call_packed @tyrex.non_zero(%x)
                                                       %y = vm.check_tensor %a {new_symbols = ["s"]}

What an operator's attributes say is a constant, the last argument (runtime/selection.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.ir import Operation, SSAValue

from ...analysis.aliases import Leaf
from ...dialects import relax, vm
from .memory_builder import MemoryBuilder

NO_AXIS = -1


def lower_selection(b: MemoryBuilder, op: relax.SelectionOp) -> None:
    """Lower one operator."""
    arguments = [b.value(Leaf(operand)) for operand in op.operands]
    parameters = parameters_of(op)
    if parameters is not None:
        arguments.append(b.emit_value(vm.ConstantOp(relax.ConstantAttr.of(parameters))))
    told = relax.new_symbols(op)
    name = "tyrex." + op.name.removeprefix("relax.")
    types = [_loose(result, told) for result in op.results]
    call = b.emit(vm.CallPackedOp(name, arguments, types))
    for result, value in zip(op.results, call.results, strict=True):
        b.set_value(Leaf(result), _checked(b, op, result, value, told))
        told = ()  # the first result tells; the others must agree


def _checked(
    b: MemoryBuilder, op: Operation, result: SSAValue, value: SSAValue, told: Sequence[str]
) -> SSAValue:
    assert isinstance(result.type, relax.TensorType)
    what = f"a result of {op.name}"
    check = vm.CheckTensorOp(value, what, result.type, told)
    return b.emit_value(check, result.name_hint)


def _loose(result: SSAValue, told: Sequence[str]) -> relax.TensorType:
    """Return a result's type without the dims that only the result tells."""
    assert isinstance(result.type, relax.TensorType)
    shape = result.type.shape
    if shape is None:
        return result.type
    dims = [
        None if dim is None or any(key in told for key in dim.free_vars()) else dim for dim in shape
    ]
    return relax.TensorType.of(dims, result.type.dtype)


def parameters_of(op: relax.SelectionOp) -> np.ndarray[Any, Any] | None:
    """Return an operator's attributes as the runtime takes them."""
    match op:
        case relax.CompressOp():
            axis = NO_AXIS if op.axis is None else op.axis.value.data
            return np.array([axis], np.int64)
        case relax.UniqueOp():
            axis = NO_AXIS if op.axis is None else op.axis.value.data
            return np.array([axis, op.sorted.value.data], np.int64)
        case relax.NonMaxSuppressionOp():
            least = np.nan if op.score_threshold is None else op.score_threshold.value.data
            limit, centered = op.max_output_boxes_per_class, op.center_point_box
            numbers = [limit.value.data, op.iou_threshold.value.data, least, centered.value.data]
            return np.array(numbers, np.float64)
        case _:
            return None
