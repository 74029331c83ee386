"""Types of the `llvm` dialect, made once, and what lowerings ask of them."""

from __future__ import annotations

from functools import cache
from typing import cast

from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    Float64Type,
    IntegerType,
    VectorType,
    i1,
)
from xdsl.dialects.llvm import LLVMPointerType, LLVMVoidType
from xdsl.ir import Attribute

PTR = LLVMPointerType()
VOID = LLVMVoidType()


@cache
def vector(element: Attribute, count: int) -> VectorType:
    """Return the vector type of `count` elements."""
    return VectorType(element, [count])


def lanes(type_: Attribute) -> int | None:
    """Return the number of lanes of a vector type, None for a scalar."""
    return type_.get_shape()[0] if isinstance(type_, VectorType) else None


def element_of(type_: Attribute) -> Attribute:
    """Return the element type of a vector type; a scalar type is its own."""
    # xDSL's class is generic in the element type, which isinstance cannot tell.
    return cast(VectorType, type_).element_type if isinstance(type_, VectorType) else type_


def like(type_: Attribute, element: Attribute) -> Attribute:
    """Return `element`, or the vector of it that has the lanes of `type_`."""
    count = lanes(type_)
    return element if count is None else vector(element, count)


def bool_like(type_: Attribute) -> Attribute:
    """Return the type of a comparison of values of `type_`."""
    return like(type_, i1)


@cache
def mangle(type_: Attribute) -> str:
    """Return the suffix that stands for a type in the name of an overloaded intrinsic.

    Raises:
        NotImplementedError: arrays, structs and the like.
    """
    match type_:
        case VectorType():
            return f"v{lanes(type_)}{mangle(element_of(type_))}"
        case IntegerType():
            return f"i{type_.width.data}"
        case Float16Type():
            return "f16"
        case BFloat16Type():
            return "bf16"
        case Float32Type():
            return "f32"
        case Float64Type():
            return "f64"
        case LLVMPointerType():
            return "p0"
        case _:
            raise NotImplementedError(f"an intrinsic over type {type_} has no known name")
