"""Operations of `vm` on memory: storages, the tensors in them, constants, copies, tuples."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import cast

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, StringAttr, TupleType, i64
from xdsl.ir import Attribute, OpResult, SSAValue, TypeAttribute
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
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from ...symbolic import IntExpr, as_expr
from .. import dtypes
from ..relax.attributes import DimsAttr
from ..relax.base import compatible
from ..relax.constant import ConstantAttr
from ..relax.types import TensorType
from .types import StorageType

MAX_ALIGN_BYTES = 64  # what the runtime's allocators give

Size = IntegerAttr | DimsAttr
"""A number of bytes, or one expression over symbols."""


def size_attr(size: IntExpr | int) -> Size:
    """Return a size as an attribute: a plain number where it is one."""
    expr = as_expr(size)
    return IntegerAttr(expr.constant_value, i64) if expr.is_constant else DimsAttr.of([expr])


def size_expr(size: Size) -> IntExpr:
    """Return what a size is, as an expression."""
    return as_expr(size.value.data) if isinstance(size, IntegerAttr) else size.data[0]


def check_one(name: str, size: Size) -> None:
    """Check that a size is one expression.

    Raises:
        VerifyException: it is none, or several.
    """
    if isinstance(size, DimsAttr) and len(size.data) != 1:
        raise VerifyException(f"{name}: a size is one expression; found {len(size.data)}")


@irdl_op_definition
class AllocStorageOp(IRDLOperation):
    """`%s = vm.alloc_storage {size_bytes, align_bytes}`: memory until the function returns.

    The size is a number or, as `#relax.dims<[n * 256]>`, an expression over symbols.

    (C1) the size is not negative, the alignment a power of two, at most 64.
    """

    name = "vm.alloc_storage"
    size_bytes = prop_def(IntegerAttr | DimsAttr)
    align_bytes = prop_def(IntegerAttr)
    result = result_def(StorageType)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "attr-dict `:` type($result)"

    def __init__(self, size_bytes: IntExpr | int, align_bytes: int = MAX_ALIGN_BYTES) -> None:
        super().__init__(
            properties={
                "size_bytes": size_attr(size_bytes),
                "align_bytes": IntegerAttr(align_bytes, i64),
            },
            result_types=[StorageType()],
        )

    @property
    def size(self) -> IntExpr:
        """The bytes, as an expression."""
        return size_expr(self.size_bytes)

    def verify_(self) -> None:
        check_one(self.name, self.size_bytes)
        size, align = self.size, self.align_bytes.value.data
        if size.is_constant and size.constant_value < 0:  # (C1)
            raise VerifyException(f"vm.alloc_storage: {size} bytes; use 0 or more")
        if not 1 <= align <= MAX_ALIGN_BYTES or align & (align - 1):
            raise VerifyException(
                f"vm.alloc_storage: aligned to {align}; use a power of two up to {MAX_ALIGN_BYTES}"
            )


@irdl_op_definition
class TensorOp(IRDLOperation):
    """`%t = vm.tensor %s {offset} : T`: the tensor at byte `offset` of a storage.

    The offset is a number or an expression over symbols, as the size of a storage.

    (C1) every dim is known: a number, or an expression.
    (C2) where the storage's size is at hand, the tensor lies within it.
    (C3) the offset is a multiple of the element's size.
    """

    name = "vm.tensor"
    storage = operand_def(StorageType)
    offset = prop_def(IntegerAttr | DimsAttr)
    result = result_def(TensorType)
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
    assembly_format = "$storage attr-dict `:` type($result)"

    def __init__(self, storage: SSAValue, offset: IntExpr | int, result_type: TensorType) -> None:
        super().__init__(
            operands=[storage],
            properties={"offset": size_attr(offset)},
            result_types=[result_type],
        )

    @property
    def place(self) -> IntExpr:
        """The offset, as an expression."""
        return size_expr(self.offset)

    def verify_(self) -> None:
        check_one(self.name, self.offset)
        size = byte_size(tensor_type(self.result))
        offset = self.place
        if size is None:  # (C1)
            raise VerifyException(f"vm.tensor: {self.result.type} has an unknown dim")
        storage = self.storage.owner
        if isinstance(storage, AllocStorageOp):  # (C2)
            limit = storage.size
            if _is_negative(offset) or _is_negative(limit - offset - size):
                raise VerifyException(
                    f"vm.tensor: bytes {offset}..{offset + size} of a storage of {limit} bytes"
                )
        element = dtypes.size_bytes(tensor_type(self.result).dtype)
        if offset.is_constant and not offset.is_multiple_of(element):  # (C3)
            raise VerifyException(f"vm.tensor: offset {offset} does not align {self.result.type}")


@irdl_op_definition
class ReshapeOp(IRDLOperation):
    """`%y = vm.reshape %x : A -> B`: the memory of x, seen with another shape.

    (C1) both have the same element type and number of elements.
    """

    name = "vm.reshape"
    x = operand_def(TensorType)
    result = result_def(TensorType)
    traits = traits_def(Pure())
    assembly_format = "$x attr-dict `:` type($x) `->` type($result)"

    def __init__(self, x: SSAValue, result_type: TensorType) -> None:
        super().__init__(operands=[x], result_types=[result_type])

    def verify_(self) -> None:
        a, b = tensor_type(self.x), tensor_type(self.result)
        if not _may_hold(a, b):  # (C1)
            raise VerifyException(f"vm.reshape: {a} cannot be seen as {b}")


@irdl_op_definition
class PrefixOp(IRDLOperation):
    """`%y = vm.prefix %x, %count {new_symbols = ["s"]} : A, C -> B`: the first slices of x.

    As many as the number in `count` says; a symbol that B names first is told by it.

    (C1) x and the result have one element type and, but for the first, the same dims.
    (C2) count is i64 of one element.
    """

    name = "vm.prefix"
    x = operand_def(TensorType)
    count = operand_def(TensorType)
    new_symbols = opt_prop_def(ArrayAttr[StringAttr])
    result = result_def(TensorType)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x `,` $count attr-dict `:` type($x) `,` type($count) `->` type($result)"

    def __init__(
        self,
        x: SSAValue,
        count: SSAValue,
        result_type: TensorType,
        new_symbols: Sequence[str] = (),
    ) -> None:
        names = ArrayAttr([StringAttr(name) for name in new_symbols])
        super().__init__(
            operands=[x, count],
            properties={"new_symbols": names if new_symbols else None},
            result_types=[result_type],
        )

    @property
    def symbol_names(self) -> tuple[str, ...]:
        """The symbols that it tells."""
        return () if self.new_symbols is None else tuple(s.data for s in self.new_symbols)

    def verify_(self) -> None:
        whole, part, count = tensor_type(self.x), tensor_type(self.result), tensor_type(self.count)
        shapes = whole.known_shape(), part.known_shape()
        fits = shapes[0] and shapes[1] and shapes[0][1:] == shapes[1][1:]
        if not fits or whole.dtype != part.dtype:  # (C1)
            raise VerifyException(f"vm.prefix: the first slices of {whole} are no {part}")
        if count.dtype != i64 or size_bytes(count) != dtypes.size_bytes(i64):  # (C2)
            raise VerifyException(f"vm.prefix: the count is {count}; use i64 of one element")


@irdl_op_definition
class AllocOutputOp(IRDLOperation):
    """`%y = vm.alloc_output {index} : T`: fresh memory that may leave the function.

    With `index`, the function returns it as this result: the caller may give the memory.

    (C1) every dim is known: a number, or an expression.
    """

    name = "vm.alloc_output"
    index = opt_prop_def(IntegerAttr)
    result = result_def(TensorType)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "attr-dict `:` type($result)"

    def __init__(self, result_type: TensorType, index: int | None = None) -> None:
        super().__init__(
            properties={"index": None if index is None else IntegerAttr(index, i64)},
            result_types=[result_type],
        )

    def verify_(self) -> None:
        if tensor_type(self.result).known_shape() is None:  # (C1)
            raise VerifyException(f"vm.alloc_output: {self.result.type} has an unknown dim")


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """`%w = vm.constant #relax.constant<...> : T`: a tensor of the constant pool; read-only.

    (C1) the type is the constant's.
    """

    name = "vm.constant"
    value = prop_def(ConstantAttr)
    result = result_def(TensorType)
    traits = traits_def(Pure())
    assembly_format = "$value attr-dict `:` type($result)"

    def __init__(self, value: ConstantAttr) -> None:
        super().__init__(properties={"value": value}, result_types=[value.tensor_type])

    def verify_(self) -> None:
        if self.result.type != self.value.tensor_type:  # (C1)
            raise VerifyException(
                f"vm.constant: type {self.result.type}, value {self.value.tensor_type}"
            )


@irdl_op_definition
class CopyOp(IRDLOperation):
    """`vm.copy %x, %y : A, B`: write the elements of x to the memory of y.

    (C1) both have the same element type and number of elements.
    """

    name = "vm.copy"
    source = operand_def(TensorType)
    destination = operand_def(TensorType)
    assembly_format = "$source `,` $destination attr-dict `:` type($source) `,` type($destination)"

    def __init__(self, source: SSAValue, destination: SSAValue) -> None:
        super().__init__(operands=[source, destination])

    def verify_(self) -> None:
        a, b = tensor_type(self.source), tensor_type(self.destination)
        if not _may_hold(a, b):  # (C1)
            raise VerifyException(f"vm.copy: {a} does not fit into {b}")


@irdl_op_definition
class CheckTensorOp(IRDLOperation):
    """`%y = vm.check_tensor %x "what" : A -> B`: x, which must be a B; an error names "what".

    Symbols that B names first are told by the shape of x: `{new_symbols = ["k"]}`.

    (C1) the types do not contradict each other.
    """

    name = "vm.check_tensor"
    x = operand_def()
    what = prop_def(StringAttr)
    new_symbols = opt_prop_def(ArrayAttr[StringAttr])
    result = result_def(TensorType)
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$x $what attr-dict `:` type($x) `->` type($result)"

    def __init__(
        self, x: SSAValue, what: str, result_type: TensorType, new_symbols: Sequence[str] = ()
    ) -> None:
        names = ArrayAttr([StringAttr(name) for name in new_symbols])
        super().__init__(
            operands=[x],
            properties={"what": StringAttr(what), "new_symbols": names if new_symbols else None},
            result_types=[result_type],
        )

    @property
    def symbol_names(self) -> tuple[str, ...]:
        """The symbols that it tells."""
        return () if self.new_symbols is None else tuple(s.data for s in self.new_symbols)

    def verify_(self) -> None:
        if isinstance(self.x.type, TensorType) and not compatible(self.result.type, self.x.type):
            raise VerifyException(  # (C1)
                f"vm.check_tensor: {self.x.type} can never be {self.result.type}"
            )


@irdl_op_definition
class TupleOp(IRDLOperation):
    """`%t = vm.tuple %a, %b : (A, B) -> tuple<A, B>`: the values as one.

    (C1) the type is the fields'.
    """

    name = "vm.tuple"
    fields = var_operand_def()
    result = result_def(TupleType)
    traits = traits_def(Pure())
    assembly_format = "$fields attr-dict `:` functional-type($fields, $result)"

    def __init__(self, fields: Sequence[SSAValue]) -> None:
        super().__init__(
            operands=[fields],
            result_types=[tuple_type(fields)],
        )

    def verify_(self) -> None:
        if self.result.type != tuple_type(self.fields):  # (C1)
            raise VerifyException(f"vm.tuple: the fields do not make a {self.result.type}")


@irdl_op_definition
class TupleGetOp(IRDLOperation):
    """`%a = vm.tuple_get %t {index} : T -> A`: one field of a tuple.

    (C1) the index names a field of the result's type.
    """

    name = "vm.tuple_get"
    tuple_value = operand_def(TupleType)
    index = prop_def(IntegerAttr)
    result = result_def()
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
    assembly_format = "$tuple_value attr-dict `:` type($tuple_value) `->` type($result)"

    def __init__(self, tuple_value: SSAValue, index: int, result_type: Attribute) -> None:
        super().__init__(
            operands=[tuple_value],
            properties={"index": IntegerAttr(index, i64)},
            result_types=[result_type],
        )

    def verify_(self) -> None:
        assert isinstance(self.tuple_value.type, TupleType)
        fields = self.tuple_value.type.types.data
        index = self.index.value.data
        if not 0 <= index < len(fields) or fields[index] != self.result.type:  # (C1)
            raise VerifyException(
                f"vm.tuple_get: field {index} of {self.tuple_value.type} is no {self.result.type}"
            )


@irdl_op_definition
class KillOp(IRDLOperation):
    """`vm.kill %x : T`: x is not used any more; its memory may go back to the allocator.

    (C1) x is the result of an operation that owns memory: an output, a call.
    """

    name = "vm.kill"
    values = var_operand_def()
    assembly_format = "$values attr-dict `:` type($values)"

    def __init__(self, values: Sequence[SSAValue]) -> None:
        super().__init__(operands=[values])

    def verify_(self) -> None:
        for value in self.values:
            if not isinstance(value, OpResult) or isinstance(value.op, ConstantOp | TensorOp):
                raise VerifyException("vm.kill: the value does not own memory")  # (C1)


def tensor_type(value: SSAValue) -> TensorType:
    """Return the type of a tensor."""
    assert isinstance(value.type, TensorType)
    return value.type


def tuple_type(fields: Sequence[SSAValue]) -> TupleType:
    """Return the type of a tuple of values."""
    return TupleType(tuple(cast(TypeAttribute, field.type) for field in fields))


def size_bytes(type_: TensorType) -> int | None:
    """Return the bytes of a tensor, or None where its shape is not static."""
    shape = type_.static_shape()
    return None if shape is None else prod(shape) * dtypes.size_bytes(type_.dtype)


def byte_size(type_: TensorType) -> IntExpr | None:
    """Return the bytes of a tensor as an expression, or None where a dim is unknown."""
    shape = type_.known_shape()
    if shape is None:
        return None
    total = as_expr(dtypes.size_bytes(type_.dtype))
    for dim in shape:
        total = total * dim
    return total


def _is_negative(expr: IntExpr) -> bool:
    return expr.is_constant and expr.constant_value < 0


def _may_hold(a: TensorType, b: TensorType) -> bool:
    """Tell whether two types have one element type and can have equally many elements."""
    sizes = byte_size(a), byte_size(b)
    if a.dtype != b.dtype:
        return False
    if sizes[0] is None or sizes[1] is None:
        return True
    difference = sizes[0] - sizes[1]
    return not difference.is_constant or difference.constant_value == 0
