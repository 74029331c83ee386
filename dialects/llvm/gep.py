"""`llvm.getelementptr` whose indices may be vectors: the addresses of a gather or a scatter."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    I32,
    DenseArrayBase,
    IntegerAttr,
    SignlessIntegerConstraint,
    VectorType,
    i32,
)
from xdsl.dialects.llvm import (
    GEP_USE_SSA_VAL,
    LLVMArrayType,
    LLVMPointerType,
    LLVMStructType,
)
from xdsl.dialects.utils import (
    parse_dynamic_index_list_without_types,
    print_dynamic_index_list,
)
from xdsl.ir import Attribute
from xdsl.irdl import (
    IRDLOperation,
    base,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

# MLIR's bits of noWrapFlags and the words that stand for them; "inbounds" implies "nusw".
NO_WRAP_BITS = {"inbounds": 3, "nusw": 2, "nuw": 4}

_POINTERS = base(LLVMPointerType) | VectorType.constr(base(LLVMPointerType))
_INDEX = SignlessIntegerConstraint | VectorType.constr(SignlessIntegerConstraint)


def no_wrap_words(bits: int) -> Sequence[str]:
    """Return the keywords for the bits of `noWrapFlags`."""
    words = ["inbounds"] if bits & 1 else ["nusw"] if bits & 2 else []
    return [*words, "nuw"] if bits & 4 else words


@irdl_op_definition
class GEPOp(IRDLOperation):
    """`result = ptr + the offset of element [indices] in elem_type`, without touching memory.

    (C1) each index after the first steps into an array or a struct,
    (C2) a struct's index is a constant in its range,
    (C3) there is an operand for each `GEP_USE_SSA_VAL`.

    The syntax is spelled by hand because constants and operands mix in one list.
    """

    name = "llvm.getelementptr"
    ptr = operand_def(_POINTERS)
    ssa_indices = var_operand_def(_INDEX)
    result = result_def(_POINTERS)
    elem_type = prop_def()
    rawConstantIndices = prop_def(DenseArrayBase.constr(i32))
    noWrapFlags = prop_def(IntegerAttr[I32])
    traits = traits_def(Pure())

    def verify_(self) -> None:
        """Check (C1) to (C3)."""
        indices = tuple(self.rawConstantIndices.iter_values())
        if indices.count(GEP_USE_SSA_VAL) != len(self.ssa_indices):  # (C3)
            raise VerifyException(
                f"llvm.getelementptr: {indices.count(GEP_USE_SSA_VAL)} indices are operands, "
                f"found {len(self.ssa_indices)}"
            )
        level = self.elem_type
        for index in indices[1:]:
            level = _step(level, index)

    def print(self, printer: Printer) -> None:
        """Print `inbounds %p[%i, 1] : (!llvm.ptr, i64) -> !llvm.ptr, f32`."""
        words = no_wrap_words(self.noWrapFlags.value.data)
        printer.print_string(f" {'|'.join(words)} " if words else " ")
        printer.print_ssa_value(self.ptr)
        print_dynamic_index_list(
            printer, GEP_USE_SSA_VAL, self.ssa_indices, self.rawConstantIndices.iter_values()
        )
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_function_type(
            [self.ptr.type, *(v.type for v in self.ssa_indices)], [self.result.type]
        )
        printer.print_string(", ")
        printer.print_attribute(self.elem_type)

    @classmethod
    def parse(cls, parser: Parser) -> GEPOp:
        """Parse what `print` prints."""
        bits = 0
        while (word := parser.parse_optional_keyword_in(NO_WRAP_BITS)) is not None:
            bits |= NO_WRAP_BITS[word]
            if parser.parse_optional_punctuation("|") is None:
                break
        ptr = parser.parse_unresolved_operand()
        ssa_indices, constants = parse_dynamic_index_list_without_types(parser, GEP_USE_SSA_VAL)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type_ = parser.parse_function_type()
        parser.parse_punctuation(",")
        elem_type = parser.parse_type()
        return cls.create(
            operands=parser.resolve_operands([ptr, *ssa_indices], type_.inputs.data, parser.pos),
            result_types=type_.outputs.data,
            properties={
                "elem_type": elem_type,
                "rawConstantIndices": DenseArrayBase.from_list(i32, list(constants)),
                "noWrapFlags": IntegerAttr(bits, 32),
            },
            attributes=attributes,
        )


def _step(level: Attribute, index: int) -> Attribute:
    match level:
        case LLVMArrayType():
            return level.type
        case LLVMStructType():
            fields = level.types.data
            if not 0 <= index < len(fields):  # (C2)
                found = "an operand" if index == GEP_USE_SSA_VAL else str(index)
                raise VerifyException(
                    f"llvm.getelementptr: the index into {level} has to be a constant in "
                    f"0..{len(fields) - 1}, found {found}"
                )
            return fields[index]
        case _:  # (C1)
            raise VerifyException(f"llvm.getelementptr: cannot index into {level}")
