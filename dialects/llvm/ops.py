"""Operations of the `llvm` dialect that upstream lacks, or whose verifiers refuse vectors.

Names and syntax are MLIR's, so that the text stays readable by its tools and an upstream class
can take over. Pure intrinsics need no class: `llvm.call_intrinsic` says them all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from xdsl.dialects.builtin import (
    I1,
    I32,
    AnyFloatConstr,
    IntegerAttr,
    SignlessIntegerConstraint,
    UnitAttr,
    VectorType,
    i64,
)
from xdsl.dialects.llvm import (
    FastMathAttr,
    FCmpPredicateFlag,
    GenericCastOp,
    ICmpPredicateFlag,
    LLVMPointerType,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    AnyAttr,
    IRDLOperation,
    ParsePropInAttrDict,
    VarConstraint,
    base,
    irdl_op_definition,
    irdl_to_attr_constraint,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from .types import bool_like, lanes

_POINTER = base(LLVMPointerType)
_POINTERS = VectorType.constr(_POINTER)
_INTEGER = SignlessIntegerConstraint | VectorType.constr(SignlessIntegerConstraint)
_MASK = irdl_to_attr_constraint(VectorType[I1])
_BOOL = irdl_to_attr_constraint(I1 | VectorType[I1])
_ALIGNMENT = IntegerAttr[I32]


# -- casts --------------------------------------------------------------------------------------


@irdl_op_definition
class FPToSIOp(GenericCastOp):
    """`result = arg` rounded toward zero to a signed integer; poison out of its range."""

    name = "llvm.fptosi"
    traits = traits_def(Pure())


@irdl_op_definition
class FPToUIOp(GenericCastOp):
    """`result = arg` rounded toward zero to an unsigned integer; poison out of its range."""

    name = "llvm.fptoui"
    traits = traits_def(Pure())


@irdl_op_definition
class UIToFPOp(GenericCastOp):
    """`result = arg`, read as an unsigned integer, rounded to nearest even."""

    name = "llvm.uitofp"
    traits = traits_def(Pure())


# -- comparisons --------------------------------------------------------------------------------


class CompareOp(IRDLOperation, ABC):
    """`res[i] = lhs[i] predicate rhs[i]`, a bool per lane.

    (C1) `res` has as many lanes as the operands, or is scalar as they are.

    The syntax is spelled by hand because the predicate is a string in the text and a number in
    the operation.
    """

    predicate = prop_def(IntegerAttr)
    res = result_def(_BOOL)

    @staticmethod
    @abstractmethod
    def predicate_text(number: int) -> str:
        """Return MLIR's name of a predicate."""

    @staticmethod
    @abstractmethod
    def predicate_number(text: str) -> int:
        """Return the number of a predicate named in MLIR's way."""

    def verify_(self) -> None:
        """Check (C1)."""
        if lanes(self.operands[0].type) != lanes(self.res.type):  # (C1)
            raise VerifyException(
                f"{self.name}: the result has to have the operands' lanes, found "
                f"{self.operands[0].type} and {self.res.type}"
            )

    @classmethod
    def parse(cls, parser: Parser) -> CompareOp:
        """Parse `"slt" %a, %b : i64`."""
        text = parser.parse_str_literal(" (a predicate)")
        try:
            number = cls.predicate_number(text)
        except ValueError:
            parser.raise_error(f"{cls.name} has no predicate '{text}'")
        lhs = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        rhs = parser.parse_unresolved_operand()
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type_ = parser.parse_type()
        properties: dict[str, Attribute] = {"predicate": IntegerAttr(number, i64)}
        flags = attributes.pop("fastmathFlags", None)
        if flags is not None:
            properties["fastmathFlags"] = flags
        return cls.create(
            operands=parser.resolve_operands([lhs, rhs], [type_, type_], parser.pos),
            result_types=[bool_like(type_)],
            properties=properties,
            attributes=attributes,
        )

    def print(self, printer: Printer) -> None:
        """Print what `parse` reads."""
        lhs, rhs = self.operands
        printer.print_string(f' "{self.predicate_text(self.predicate.value.data)}" ')
        printer.print_ssa_value(lhs)
        printer.print_string(", ")
        printer.print_ssa_value(rhs)
        attributes = dict(self.attributes)
        if (flags := self.properties.get("fastmathFlags")) is not None:
            attributes["fastmathFlags"] = flags
        printer.print_op_attributes(attributes)
        printer.print_string(" : ")
        printer.print_attribute(lhs.type)


@irdl_op_definition
class ICmpOp(CompareOp):
    """Integers and pointers, one by one or as vectors."""

    name = "llvm.icmp"
    T: ClassVar = VarConstraint("T", _INTEGER | _POINTER | _POINTERS)
    lhs = operand_def(T)
    rhs = operand_def(T)
    traits = traits_def(Pure())

    @staticmethod
    def predicate_text(number: int) -> str:
        """Return "eq", "ne", "slt", ... ."""
        return ICmpPredicateFlag.from_int(number).value

    @staticmethod
    def predicate_number(text: str) -> int:
        """Return the number of "eq", "ne", "slt", ... ."""
        return ICmpPredicateFlag(text).to_int()


@irdl_op_definition
class FCmpOp(CompareOp):
    """Floating-point numbers, one by one or as vectors."""

    name = "llvm.fcmp"
    T: ClassVar = VarConstraint("T", AnyFloatConstr | VectorType.constr(AnyFloatConstr))
    lhs = operand_def(T)
    rhs = operand_def(T)
    fastmathFlags = opt_prop_def(FastMathAttr)
    traits = traits_def(Pure())

    @staticmethod
    def predicate_text(number: int) -> str:
        """Return "oeq", "ogt", "uno", ... ."""
        return FCmpPredicateFlag.from_int(number).value

    @staticmethod
    def predicate_number(text: str) -> int:
        """Return the number of "oeq", "ogt", "uno", ... ."""
        return FCmpPredicateFlag(text).to_int()


@irdl_op_definition
class SelectOp(IRDLOperation):
    """`res[i] = cond[i] ? lhs[i] : rhs[i]`.

    (C1) `cond` is scalar, or has a lane for each lane of `res`.
    """

    name = "llvm.select"
    T: ClassVar = VarConstraint("T", AnyAttr())
    cond = operand_def(_BOOL)
    lhs = operand_def(T)
    rhs = operand_def(T)
    res = result_def(T)
    fastmathFlags = opt_prop_def(FastMathAttr)
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$cond `,` $lhs `,` $rhs attr-dict `:` type($cond) `,` type($res)"

    def verify_(self) -> None:
        """Check (C1)."""
        mask = lanes(self.cond.type)
        if mask is not None and mask != lanes(self.res.type):  # (C1)
            raise VerifyException(
                f"llvm.select: a condition of {mask} lanes cannot choose between "
                f"values of type {self.res.type}"
            )


# -- values -------------------------------------------------------------------------------------


@irdl_op_definition
class PoisonOp(IRDLOperation):
    """A value that may not be used; the optimiser may assume anything about it."""

    name = "llvm.mlir.poison"
    res = result_def()
    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($res)"


@irdl_op_definition
class ZeroOp(IRDLOperation):
    """All bits zero: null, 0, 0.0, or a vector or aggregate of these."""

    name = "llvm.mlir.zero"
    res = result_def()
    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($res)"


@irdl_op_definition
class FreezeOp(IRDLOperation):
    """`res = val`, or some fixed value where `val` is poison."""

    name = "llvm.freeze"
    T: ClassVar = VarConstraint("T", AnyAttr())
    val = operand_def(T)
    res = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "$val attr-dict `:` type($val)"


@irdl_op_definition
class ExtractElementOp(IRDLOperation):
    """`res = vector[position]`; poison where the position is outside."""

    name = "llvm.extractelement"
    T: ClassVar = VarConstraint("T", AnyAttr())
    vector = operand_def(VectorType.constr(T))
    position = operand_def(SignlessIntegerConstraint)
    res = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "$vector `[` $position `:` type($position) `]` attr-dict `:` type($vector)"


@irdl_op_definition
class VectorReduceFAddOp(IRDLOperation):
    """`res = start_value + sum of vector`: in order, unless flag `reassoc` is set."""

    name = "llvm.intr.vector.reduce.fadd"
    T: ClassVar = VarConstraint("T", AnyFloatConstr)
    start_value = operand_def(T)
    vector = operand_def(VectorType.constr(T))
    res = result_def(T)
    fastmathFlags = opt_prop_def(FastMathAttr)
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "`(` operands `)` attr-dict `:` functional-type(operands, results)"


@irdl_op_definition
class VectorReduceFMulOp(IRDLOperation):
    """`res = start_value * product of vector`: in order, unless flag `reassoc` is set."""

    name = "llvm.intr.vector.reduce.fmul"
    T: ClassVar = VarConstraint("T", AnyFloatConstr)
    start_value = operand_def(T)
    vector = operand_def(VectorType.constr(T))
    res = result_def(T)
    fastmathFlags = opt_prop_def(FastMathAttr)
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "`(` operands `)` attr-dict `:` functional-type(operands, results)"


# -- masked memory ------------------------------------------------------------------------------


def _check_lanes(op: IRDLOperation, *values: SSAValue) -> None:
    if len({lanes(value.type) for value in values}) != 1:
        found = ", ".join(str(value.type) for value in values)
        raise VerifyException(f"{op.name}: all vectors need as many lanes, found {found}")


@irdl_op_definition
class MaskedLoadOp(IRDLOperation):
    """`res[i] = mask[i] ? data[i] : pass_thru[i]`; memory of a false lane is not touched.

    (C1) mask, pass_thru and result have as many lanes. Without `pass_thru` a false lane is poison.
    """

    name = "llvm.intr.masked.load"
    T: ClassVar = VarConstraint("T", AnyAttr())
    data = operand_def(_POINTER)
    mask = operand_def(_MASK)
    pass_thru = var_operand_def(T)
    res = result_def(T)
    alignment = prop_def(_ALIGNMENT)
    nontemporal = opt_prop_def(UnitAttr)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "operands attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        """Check (C1)."""
        _check_lanes(self, self.mask, self.res)  # (C1)


@irdl_op_definition
class MaskedStoreOp(IRDLOperation):
    """`data[i] = value[i]` where `mask[i]`; memory of a false lane is not touched.

    (C1) value and mask have as many lanes.
    """

    name = "llvm.intr.masked.store"
    value = operand_def(VectorType)
    data = operand_def(_POINTER)
    mask = operand_def(_MASK)
    alignment = prop_def(_ALIGNMENT)
    nontemporal = opt_prop_def(UnitAttr)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$value `,` $data `,` $mask attr-dict `:` type($value) `,` type($mask) `into` type($data)"
    )

    def verify_(self) -> None:
        """Check (C1)."""
        _check_lanes(self, self.mask, self.value)  # (C1)


@irdl_op_definition
class MaskedGatherOp(IRDLOperation):
    """`res[i] = mask[i] ? *ptrs[i] : pass_thru[i]`.

    (C1) pointers, mask, pass_thru and result have as many lanes.
    """

    name = "llvm.intr.masked.gather"
    T: ClassVar = VarConstraint("T", AnyAttr())
    ptrs = operand_def(_POINTERS)
    mask = operand_def(_MASK)
    pass_thru = var_operand_def(T)
    res = result_def(T)
    alignment = prop_def(_ALIGNMENT)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "operands attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        """Check (C1)."""
        _check_lanes(self, self.ptrs, self.mask, self.res)  # (C1)


@irdl_op_definition
class MaskedScatterOp(IRDLOperation):
    """`*ptrs[i] = value[i]` where `mask[i]`, in the order of lanes.

    (C1) value, pointers and mask have as many lanes.
    """

    name = "llvm.intr.masked.scatter"
    value = operand_def(VectorType)
    ptrs = operand_def(_POINTERS)
    mask = operand_def(_MASK)
    alignment = prop_def(_ALIGNMENT)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$value `,` $ptrs `,` $mask attr-dict `:` type($value) `,` type($mask) `into` type($ptrs)"
    )

    def verify_(self) -> None:
        """Check (C1)."""
        _check_lanes(self, self.value, self.ptrs, self.mask)  # (C1)
