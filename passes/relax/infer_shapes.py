"""infer-shapes: types say all that follows from the operands' types.

Rewrites   %y = relax.add %a, %b : (tensor<[n, 8]>, tensor<[8]>) -> tensor<[?, ?]>
into       %y = relax.add %a, %b : (tensor<[n, 8]>, tensor<[8]>) -> tensor<[n, 8]>

What was declared and cannot be inferred stays. Results of relax.if are refined where both branches
agree; the results of functions by what they return, and those of match_cast by what is cast, where
they leave something open: what they say besides is for the run to check.

Needs:  nothing.
Leaves: no operator whose type says less than its operands' tell.
Why here: first: every pass after it asks for shapes; again where one refines its operands.
Source: -
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, FunctionType, ModuleOp, TupleType
from xdsl.ir import Attribute, Operation, SSAValue, TypeAttribute
from xdsl.passes import ModulePass

from ...dialects import relax
from ...symbolic import IntExpr


def _merge_dims(declared: IntExpr | None, inferred: IntExpr | None) -> IntExpr | None:
    """Return what is known: a number before an expression, what follows before what was said."""
    if inferred is None:
        return declared
    if declared is not None and declared.is_constant and not inferred.is_constant:
        return declared
    return inferred


def refined(declared: Attribute, inferred: Attribute) -> Attribute:
    """Return the type that says what both types say."""
    if isinstance(declared, TupleType) and isinstance(inferred, TupleType):
        pairs = zip(declared.types.data, inferred.types.data, strict=True)
        fields = (refined(a, b) for a, b in pairs)
        return TupleType(ArrayAttr([t for t in fields if isinstance(t, TypeAttribute)]))
    if isinstance(inferred, relax.ObjectType):
        return declared  # which a run looks at
    if isinstance(declared, relax.ShapeType) and isinstance(inferred, relax.ShapeType):
        return inferred if declared.rank is None else declared
    if not isinstance(declared, relax.TensorType) or not isinstance(inferred, relax.TensorType):
        return inferred
    if declared == inferred or inferred.shape is None:
        return declared
    if declared.shape is None:
        return inferred
    dims = map(_merge_dims, declared.shape, inferred.shape)
    return relax.TensorType.of(dims, declared.dtype)


def _completed(declared: Attribute, inferred: Attribute, new: Collection[Hashable]) -> Attribute:
    """Return `declared` with what it leaves open, or gives one of the `new` names, as inferred."""
    if isinstance(declared, TupleType) and isinstance(inferred, TupleType):
        pairs = zip(declared.types.data, inferred.types.data, strict=True)
        fields = (_completed(a, b, new) for a, b in pairs)
        return TupleType(ArrayAttr([t for t in fields if isinstance(t, TypeAttribute)]))
    found = refined(declared, inferred)
    if not isinstance(declared, relax.TensorType) or not isinstance(found, relax.TensorType):
        return found
    if declared.shape is None or found.shape is None:
        return found
    dims = [
        b if a is None or any(key in new for key in a.free_vars()) else a
        for a, b in zip(declared.shape, found.shape, strict=True)
    ]
    return relax.TensorType.of(dims, declared.dtype)


def _refine(values: Iterable[SSAValue], types: Iterable[Attribute]) -> None:
    for value, found in zip(values, types, strict=True):
        _set_type(value, refined(value.type, found))


def _set_type(value: SSAValue, new_type: Attribute) -> None:
    if new_type != value.type:
        # xDSL has no other way to refine the type of a result in place.
        value._type = new_type  # pyright: ignore[reportPrivateUsage]


def infer(op: Operation) -> None:
    """Refine the types of an operation's results by those of its operands."""
    match op:
        case relax.RelaxOp():
            _refine(op.results, op.infer_types())
        case relax.MatchCastOp():
            _set_type(op.result, _completed(op.result.type, op.x.type, relax.new_symbols(op)))
        case relax.IfOp():
            ends = (op.then_region.block.last_op, op.else_region.block.last_op)
            yielded = [end.operands for end in ends if end is not None]
            for result, a, b in zip(op.results, *yielded, strict=True):
                if a.type == b.type:
                    _refine((result,), (a.type,))
        case _:
            pass


def _infer_function(func: relax.FuncOp) -> None:
    for op in func.body.walk(region_first=True):
        infer(op)
    infer_results(func)


def infer_results(func: relax.FuncOp) -> None:
    """Refine the result types of a function by what it returns."""
    declared = func.function_type
    returned = (value.type for value in func.return_op.values)
    pairs = zip(declared.outputs.data, returned, strict=True)
    outputs = [_completed(output, found, ()) for output, found in pairs]
    func.properties["function_type"] = FunctionType.from_lists(declared.inputs.data, outputs)


@dataclass(frozen=True)
class InferShapesPass(ModulePass):
    """See the module docstring."""

    name = "infer-shapes"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for func in op.body.ops:
            if isinstance(func, relax.FuncOp):
                _infer_function(func)
