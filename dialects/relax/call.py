"""Calls, constants, tuples and shapes: the operations of `relax` that are no tensor operators."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    FlatSymbolRefAttrConstr,
    IntegerAttr,
    StringAttr,
    SymbolRefAttr,
    TupleType,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue, TypeAttribute
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import ConstantLike, Pure
from xdsl.utils.exceptions import VerifyException

from .base import RelaxOp, compatible
from .constant import Array, ConstantAttr
from .operand_checks import ints
from .types import ObjectType, ShapeType, StringType, TensorType


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """`%w = relax.constant #relax.constant<...> : T`: a tensor known at compile time.

    (C1) the type is the constant's.
    """

    name = "relax.constant"
    value = prop_def(ConstantAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure(), ConstantLike())
    assembly_format = "$value attr-dict `:` type($result)"

    def __init__(self, value: ConstantAttr | Array) -> None:
        attr = value if isinstance(value, ConstantAttr) else ConstantAttr.of(value)
        super().__init__(properties={"value": attr}, result_types=[attr.tensor_type])

    def verify_(self) -> None:
        if self.result.type != self.value.tensor_type:  # (C1)
            raise VerifyException(
                f"relax.constant: type {self.result.type}, value {self.value.tensor_type}"
            )


@irdl_op_definition
class StringOp(IRDLOperation):
    """`%s = relax.string "linear" : !relax.string`: a text known at compile time."""

    name = "relax.string"
    value = prop_def(StringAttr)
    result = result_def(StringType)
    traits = traits_def(Pure(), ConstantLike())
    assembly_format = "$value attr-dict `:` type($result)"

    def __init__(self, value: str) -> None:
        super().__init__(properties={"value": StringAttr(value)}, result_types=[StringType()])


class _CalleeOp(IRDLOperation):
    """Base of the calls: a callee and any number of arguments and results."""

    callee = prop_def(FlatSymbolRefAttrConstr)
    args = var_operand_def()
    res = var_result_def()
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$callee `(` $args `)` attr-dict `:` functional-type($args, $res)"

    def __init__(
        self,
        callee: str,
        args: Sequence[SSAValue | Operation],
        result_types: Sequence[Attribute],
    ) -> None:
        super().__init__(
            operands=[[SSAValue.get(arg) for arg in args]],
            properties={"callee": SymbolRefAttr(callee)},
            result_types=[result_types],
        )

    @property
    def callee_name(self) -> str:
        """The name of the function called."""
        return self.callee.root_reference.data


@irdl_op_definition
class CallTIROp(_CalleeOp):
    """`%r = relax.call_tir @kernel(%a, %b) : (A, B) -> R`: run a tir.func into fresh tensors.

    The kernel's inputs are the arguments, its outputs the results: values above, destination
    passing below. Its symbols are found by matching its input types with the arguments'.
    """

    name = "relax.call_tir"
    traits = traits_def(Pure())


@irdl_op_definition
class CallTIRInplaceOp(_CalleeOp):
    """A call_tir whose result i lies in the memory of argument `inplace[i]` (-1: fresh memory).

    (C1) one entry per result; an argument is named at most once and has the result's type.
    """

    name = "relax.call_tir_inplace"
    inplace = prop_def(DenseArrayBase)

    def __init__(
        self,
        callee: str,
        args: Sequence[SSAValue | Operation],
        result_types: Sequence[Attribute],
        inplace: Sequence[int],
    ) -> None:
        super().__init__(callee, args, result_types)
        self.properties["inplace"] = DenseArrayBase.from_list(i64, list(inplace))

    @property
    def inplace_args(self) -> tuple[int, ...]:
        """For each result the argument whose memory it takes, or -1."""
        return ints(self.inplace)

    def verify_(self) -> None:
        taken = self.inplace_args
        named = [i for i in taken if i >= 0]
        if len(taken) != len(self.results) or len(set(named)) != len(named):  # (C1)
            raise VerifyException(f"relax.call_tir_inplace: inplace {taken} does not fit")
        for i, result in zip(taken, self.results, strict=True):
            if i >= len(self.args) or (i >= 0 and self.args[i].type != result.type):
                raise VerifyException(
                    f"relax.call_tir_inplace: argument {i} cannot hold a {result.type}"
                )


@irdl_op_definition
class CallOp(_CalleeOp):
    """`%r = relax.call @f(%x) : (X) -> R`: call a relax.func."""

    name = "relax.call"


@irdl_op_definition
class CallPackedOp(_CalleeOp):
    """`%r = relax.call_packed @host_function(%x) : (X) -> R`: call a function of the host."""

    name = "relax.call_packed"


@irdl_op_definition
class CallDPSPackedOp(_CalleeOp):
    """As call_packed, but the host function writes into results that the caller allocates."""

    name = "relax.call_dps_packed"


@irdl_op_definition
class TupleOp(RelaxOp):
    """`%t = relax.tuple %a, %b`: the values as one tuple."""

    name = "relax.tuple"
    fields = var_operand_def()
    result = result_def(TupleType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        types = (field.type for field in self.fields)
        return [TupleType(ArrayAttr([t for t in types if isinstance(t, TypeAttribute)]))]


@irdl_op_definition
class TupleGetItemOp(RelaxOp):
    """`%a = relax.tuple_get_item %t {index = 0}`: one field.

    (C1) the index names a field.
    """

    name = "relax.tuple_get_item"
    tuple_value = operand_def(TupleType)
    index = prop_def(IntegerAttr)
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        tuple_type = self.tuple_value.type
        assert isinstance(tuple_type, TupleType)
        fields = tuple_type.types.data
        index = self.index.value.data
        if not 0 <= index < len(fields):  # (C1)
            raise VerifyException(
                f"relax.tuple_get_item: index {index} is out of range; the tuple has {len(fields)}"
            )
        return [fields[index]]


@irdl_op_definition
class MatchCastOp(IRDLOperation):
    """`%y = relax.match_cast %x : A -> B`: `%x`, known from here on to have type B.

    Checked at run time; symbols that B names first are introduced here: `{new_symbols = ["k"]}`.
    An object may turn out to be a tensor, a text or a shape.

    (C1) the types do not contradict each other.
    """

    name = "relax.match_cast"
    x = operand_def()
    new_symbols = opt_prop_def(ArrayAttr[StringAttr])
    result = result_def()
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x attr-dict `:` type($x) `->` type($result)"

    def __init__(
        self, x: SSAValue, result_type: Attribute, new_symbols: Sequence[str] = ()
    ) -> None:
        names = ArrayAttr([StringAttr(name) for name in new_symbols])
        super().__init__(
            operands=[x],
            properties={"new_symbols": names if new_symbols else None},
            result_types=[result_type],
        )

    def verify_(self) -> None:
        found, wanted = self.x.type, self.result.type
        is_open = isinstance(found, ObjectType) and not isinstance(wanted, TupleType)
        if not is_open and not compatible(wanted, found):  # (C1)
            raise VerifyException(
                f"relax.match_cast: {self.x.type} can never be {self.result.type}"
            )


@irdl_op_definition
class FailOp(IRDLOperation):
    """`%y = relax.fail "why" : T`: end the run with an error; the results never come into being.

    What a branch does whose inputs the model cannot be run on.
    """

    name = "relax.fail"
    message = prop_def(StringAttr)
    res = var_result_def()
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$message attr-dict (`:` type($res)^)?"

    def __init__(self, message: str, result_types: Sequence[Attribute] = ()) -> None:
        super().__init__(properties={"message": StringAttr(message)}, result_types=[result_types])


@irdl_op_definition
class ShapeOfOp(RelaxOp):
    """`%s = relax.shape_of %x`: the shape of a tensor as a value."""

    name = "relax.shape_of"
    x = operand_def(TensorType)
    result = result_def(ShapeType)
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        assert isinstance(self.x.type, TensorType)
        return [ShapeType.of(self.x.type.rank)]


@irdl_op_definition
class MakeClosureOp(IRDLOperation):
    """`%f = relax.make_closure @g(%x) : (X) -> !relax.object`: @g with its last arguments bound."""

    name = "relax.make_closure"
    callee = prop_def(FlatSymbolRefAttrConstr)
    captured = var_operand_def()
    result = result_def(ObjectType)
    traits = traits_def(Pure())
    assembly_format = "$callee `(` $captured `)` attr-dict `:` functional-type($captured, $result)"

    def __init__(self, callee: str, captured: Sequence[SSAValue]) -> None:
        super().__init__(
            operands=[captured],
            properties={"callee": SymbolRefAttr(callee)},
            result_types=[ObjectType()],
        )


@irdl_op_definition
class InvokeClosureOp(IRDLOperation):
    """`%r = relax.invoke_closure %f(%y) : (Y) -> R`: call a closure."""

    name = "relax.invoke_closure"
    closure = operand_def(ObjectType)
    args = var_operand_def()
    res = var_result_def()
    assembly_format = (
        "$closure `(` $args `)` attr-dict `:` type($closure) `,` functional-type($args, $res)"
    )

    def __init__(
        self, closure: SSAValue, args: Sequence[SSAValue], result_types: Sequence[Attribute]
    ) -> None:
        super().__init__(operands=[closure, args], result_types=[result_types])
