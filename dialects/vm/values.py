"""Operations of `vm` on values that are no tensors: texts and shapes."""

from __future__ import annotations

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ..relax.base import compatible
from ..relax.types import ObjectType, ShapeType, StringType, TensorType


@irdl_op_definition
class StringOp(IRDLOperation):
    """`%s = vm.string "linear" : !relax.string`: a text of the program."""

    name = "vm.string"
    value = prop_def(StringAttr)
    result = result_def(StringType)
    traits = traits_def(Pure())
    assembly_format = "$value attr-dict `:` type($result)"

    def __init__(self, value: str) -> None:
        super().__init__(properties={"value": StringAttr(value)}, result_types=[StringType()])


@irdl_op_definition
class ShapeOfOp(IRDLOperation):
    """`%s = vm.shape_of %x : T -> !relax.shape<2>`: the shape of a tensor as a value of its own.

    (C1) the shape has the tensor's rank, where that is known.
    """

    name = "vm.shape_of"
    x = operand_def(TensorType)
    result = result_def(ShapeType)
    traits = traits_def(Pure())
    assembly_format = "$x attr-dict `:` type($x) `->` type($result)"

    def __init__(self, x: SSAValue, result_type: ShapeType) -> None:
        super().__init__(operands=[x], result_types=[result_type])

    def verify_(self) -> None:
        assert isinstance(self.x.type, TensorType)
        if not compatible(self.result.type, ShapeType.of(self.x.type.rank)):  # (C1)
            raise VerifyException(
                f"vm.shape_of: the shape of {self.x.type} is no {self.result.type}"
            )


@irdl_op_definition
class CheckValueOp(IRDLOperation):
    """`%y = vm.check_value %x "what" : A -> B`: x, which must be a B; an error names "what".

    For texts and shapes, as `vm.check_tensor` for tensors.

    (C1) A is an object, or a type that does not contradict B.
    """

    name = "vm.check_value"
    x = operand_def()
    what = prop_def(StringAttr)
    result = result_def(StringType | ShapeType)
    assembly_format = "$x $what attr-dict `:` type($x) `->` type($result)"

    def __init__(self, x: SSAValue, what: str, result_type: Attribute) -> None:
        super().__init__(
            operands=[x], properties={"what": StringAttr(what)}, result_types=[result_type]
        )

    def verify_(self) -> None:
        is_object = isinstance(self.x.type, ObjectType)
        if not is_object and not compatible(self.result.type, self.x.type):  # (C1)
            raise VerifyException(f"vm.check_value: {self.x.type} can never be {self.result.type}")
