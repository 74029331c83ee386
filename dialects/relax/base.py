"""What the operators of `relax` share: construction, type inference, syntax.

An operator is a class with operands, properties and one `infer_types`; everything else is here:

    relax.SoftmaxOp(x, axis=1)
    %y = relax.softmax %x {axis = 1 : i64} : (!relax.tensor<[n, 8], f32>) -> ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import index

from xdsl.dialects.builtin import (
    DenseArrayBase,
    FloatAttr,
    FunctionType,
    IntegerAttr,
    LocationAttr,
    StringAttr,
    TupleType,
    f64,
    i1,
    i64,
)
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr
from .attributes import DimsAttr
from .types import ShapeType, TensorType

PropertyValue = Attribute | bool | int | float | str | Sequence[int] | Sequence[IntExpr] | None


def to_property(value: PropertyValue) -> Attribute:
    """Return the attribute that holds a Python value as an operator's property.

    bool -> i1, int -> i64, float -> f64, str -> string, integers -> array<i64>; a sequence that
    holds an IntExpr -> #relax.dims.
    """
    match value:
        case Attribute():
            return value
        case bool():
            return IntegerAttr(int(value), i1)
        case int():
            return IntegerAttr(value, i64)
        case float():
            return FloatAttr(value, f64)
        case str():
            return StringAttr(value)
        case None:
            raise ValueError("an absent property has no attribute")
        case _:
            integers = [item for item in value if not isinstance(item, IntExpr)]
            if len(integers) == len(value):
                return DenseArrayBase.from_list(i64, [index(item) for item in integers])
            return DimsAttr.of(value)


class RelaxOp(IRDLOperation):
    """Base of the operators: `infer_types` says what they return, and verifies their operands."""

    def __init__(
        self,
        *operands: SSAValue | Operation,
        location: LocationAttr | None = None,
        regions: Sequence[Region] = (),
        num_results: int = 1,
        result_types: Sequence[Attribute] | None = None,
        **properties: PropertyValue,
    ) -> None:
        """Build the operator; its result types are inferred unless given.

        Raises:
            VerifyException: the operands' types do not fit, by the number of the constraint.
        """
        Operation.__init__(
            self,
            operands=[SSAValue.get(operand) for operand in operands],
            result_types=result_types or [_UNKNOWN] * num_results,
            properties={k: to_property(v) for k, v in properties.items() if v is not None},
            regions=regions,
            location=location,
        )
        if result_types is None:
            for result, inferred in zip(self.results, self.infer_types(), strict=True):
                # xDSL has no public way to type a result after its op exists; operands and
                # properties are read by name in infer_types, so the op must exist first.
                result._type = inferred  # pyright: ignore[reportPrivateUsage]

    def infer_types(self) -> Sequence[Attribute]:
        """Return the types of the results, from operands and properties alone.

        Raises:
            VerifyException: a numbered constraint of the operator does not hold.
        """
        raise NotImplementedError(f"{self.name} has no type inference")

    def verify_(self) -> None:
        inferred = self.infer_types()
        if len(inferred) != len(self.results):
            raise VerifyException(
                f"{self.name}: {len(self.results)} results, but {len(inferred)} are inferred"
            )
        for i, (result, expected) in enumerate(zip(self.results, inferred, strict=True)):
            if not compatible(result.type, expected):
                raise VerifyException(
                    f"{self.name}: result {i} has type {result.type}, but {expected} is inferred"
                )

    @classmethod
    def parse(cls, parser: Parser) -> RelaxOp:
        """Parse `%a, %b {properties} : (types) -> types`: one syntax for all operators."""
        operands = parser.parse_optional_undelimited_comma_separated_list(
            parser.parse_optional_unresolved_operand, parser.parse_unresolved_operand
        )
        properties, attributes = cls._parse_dictionary(parser)
        regions = parser.parse_region_list()
        parser.parse_punctuation(":")
        start = parser.pos
        signature = parser.parse_type()
        if not isinstance(signature, FunctionType):
            parser.raise_error(f"expected `(types) -> types`, found {signature}", start)
        resolved = parser.resolve_operands(operands or [], signature.inputs.data, start)
        return cls.create(
            operands=resolved,
            result_types=signature.outputs.data,
            properties=properties,
            attributes=attributes,
            regions=regions,
        )

    @classmethod
    def _parse_dictionary(
        cls, parser: Parser
    ) -> tuple[Mapping[str, Attribute], Mapping[str, Attribute]]:
        declared = cls.get_irdl_definition().properties
        properties: dict[str, Attribute] = {}
        attributes: dict[str, Attribute] = {}
        for key, value in parser.parse_optional_attr_dict().items():
            (properties if key in declared else attributes)[key] = value
        return properties, attributes

    def print(self, printer: Printer) -> None:
        """Print what `parse` reads."""
        if self.operands:
            printer.print_string(" ")
            printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes({**self.properties, **self.attributes})
        printer.print_regions(self.regions)
        printer.print_string(" : ")
        printer.print_function_type(self.operand_types, self.result_types)


def compatible(declared: Attribute, inferred: Attribute) -> bool:
    """Tell whether a result may be declared so: `declared` knows as much as `inferred`, or less.

    A dim that inference does not know may be declared (a run-time fact), one that it knows may
    be forgotten, but two that are both known must be equal.
    """
    if isinstance(declared, TupleType) and isinstance(inferred, TupleType):
        fields = declared.types.data, inferred.types.data
        return len(fields[0]) == len(fields[1]) and all(map(compatible, *fields))
    if isinstance(declared, ShapeType) and isinstance(inferred, ShapeType):
        return declared.rank is None or inferred.rank in (None, declared.rank)
    if not isinstance(declared, TensorType) or not isinstance(inferred, TensorType):
        return declared == inferred
    if declared.dtype != inferred.dtype:
        return False
    if declared.shape is None or inferred.shape is None:
        return True
    return len(declared.shape) == len(inferred.shape) and all(
        a is None or b is None or a == b or not (a.is_constant and b.is_constant)
        for a, b in zip(declared.shape, inferred.shape, strict=True)
    )


_UNKNOWN = TensorType.of(None, i1)
