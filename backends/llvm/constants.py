"""Types and constants of the `llvm` dialect in the words of LLVM IR."""

from __future__ import annotations

import struct
from functools import cache
from typing import cast

from xdsl.dialects.builtin import (
    BFloat16Type,
    DenseIntOrFPElementsAttr,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    IntAttr,
    IntegerAttr,
    IntegerType,
    PackableType,
    Signedness,
    StringAttr,
    VectorType,
    i1,
)
from xdsl.ir import Attribute

from ...dialects import llvm
from ...dialects.llvm.types import element_of, lanes

_FLOAT_TYPES: dict[type[Attribute], str] = {
    Float16Type: "half",
    BFloat16Type: "bfloat",
    Float32Type: "float",
    Float64Type: "double",
}
_PACKED_BYTES = {1: 1, 8: 1, 16: 2, 32: 4, 64: 8}  # integer width -> bytes in a dense attribute


@cache
def type_text(type_: Attribute) -> str:
    """Return a type in LLVM IR.

    Raises:
        NotImplementedError: the type has no counterpart, or only one that means something else.
    """
    if (word := _FLOAT_TYPES.get(type(type_))) is not None:
        return word
    match type_:
        case IntegerType() if type_.signedness.data is Signedness.SIGNLESS:
            return f"i{type_.width.data}"
        case llvm.LLVMPointerType():
            space = type_.addr_space
            return f"ptr addrspace({space.data})" if isinstance(space, IntAttr) else "ptr"
        case llvm.LLVMVoidType():
            return "void"
        case VectorType() if len(type_.get_shape()) == 1 and not type_.get_num_scalable_dims():
            return f"<{lanes(type_)} x {type_text(element_of(type_))}>"
        case llvm.LLVMArrayType():
            return f"[{type_.size.data} x {type_text(type_.type)}]"
        case llvm.LLVMStructType() if not type_.struct_name.data:
            return f"{{ {', '.join(map(type_text, type_.types.data))} }}"
        case _:
            raise NotImplementedError(f"LLVM IR has no type for '{type_}'")


def function_type_text(type_: llvm.LLVMFunctionType) -> str:
    """Return the type of a function in LLVM IR, `i32 (ptr, ...)`."""
    inputs = [*map(type_text, type_.inputs.data), *(["..."] if type_.is_variadic else [])]
    return f"{type_text(type_.output)} ({', '.join(inputs)})"


def constant_text(type_: Attribute, value: Attribute) -> str:
    """Return the constant `value` of type `type_`, without the type.

    Raises:
        NotImplementedError: an attribute that is no constant of that type.
    """
    match value:
        case IntegerAttr() if value.type == type_:
            number = value.value.data
            return str(number) if type_ != i1 else ("true" if number else "false")
        case FloatAttr() if value.type == type_:
            packer = cast(PackableType[float], type_)  # every float type packs
            return _element_text(type_, packer.pack((value.value.data,)))
        case DenseIntOrFPElementsAttr() if len(value) == lanes(type_):
            element = element_of(type_)
            if element == value.get_element_type():
                return _vector_text(element, value.data.data, len(value))
        case _:
            pass
    raise NotImplementedError(f"LLVM IR has no constant '{value}' of type '{type_}'")


def _vector_text(element: Attribute, data: bytes, count: int) -> str:
    size = len(data) // count
    if not any(data):
        return "zeroinitializer"
    word = type_text(element)
    if data == data[:size] * count:
        return f"splat ({word} {_element_text(element, data[:size])})"
    texts = (_element_text(element, data[i : i + size]) for i in range(0, len(data), size))
    return f"<{', '.join(f'{word} {text}' for text in texts)}>"


def _element_text(type_: Attribute, raw: bytes) -> str:
    """Return one number, given as the bytes that xDSL packs it into."""
    match type_:
        case Float16Type():
            return f"0xH{int.from_bytes(raw, 'little'):04X}"
        case BFloat16Type():
            return f"0xR{int.from_bytes(raw, 'little'):04X}"
        case Float32Type():  # spelled as the double of the same value
            (number,) = struct.unpack("<f", raw)
            return f"0x{struct.pack('>d', number).hex().upper()}"
        case Float64Type():
            return f"0x{raw[::-1].hex().upper()}"
        case IntegerType() if type_.width.data == 1:
            return "true" if any(raw) else "false"
        case IntegerType() if type_.width.data in _PACKED_BYTES:
            return str(int.from_bytes(raw, "little", signed=True))
        case _:
            raise NotImplementedError(f"LLVM IR has no constants of type '{type_}'")


def size_bytes(type_: Attribute) -> int:
    """Return the bytes that a scalar, vector or array takes in memory, without padding.

    Raises:
        NotImplementedError: structs, whose layout is the target's.
    """
    match type_:
        case IntegerType():
            return (type_.width.data + 7) // 8
        case Float16Type() | BFloat16Type():
            return 2
        case Float32Type():
            return 4
        case Float64Type():
            return 8
        case VectorType():
            return (lanes(type_) or 1) * size_bytes(element_of(type_))
        case llvm.LLVMArrayType():
            return type_.size.data * size_bytes(type_.type)
        case _:
            raise NotImplementedError(f"the size of '{type_}' depends on the target")


def initializer_text(type_: Attribute, value: Attribute) -> tuple[str, int | None]:
    """Return a global's type and initial value, and the alignment that its elements need.

    Tensors of any rank become an array of bytes (little endian): pointers are opaque, so nobody
    sees the type, and LLVM reads one string faster than a million numbers.

    Raises:
        NotImplementedError: the value does not fill the type, or is of an unknown kind.
    """
    match value:
        case StringAttr():
            data, align = value.data.encode(), 1
        case DenseIntOrFPElementsAttr():
            element = value.get_element_type()
            data, align = value.data.data, size_bytes(element)
            if element == i1:
                data = data.replace(b"\xff", b"\1")  # a bool in memory is 0 or 1
        case _:
            return f"{type_text(type_)} {constant_text(type_, value)}", None
    if len(data) != size_bytes(type_):
        raise NotImplementedError(
            f"a global of type '{type_}' takes {size_bytes(type_)} bytes, its value has {len(data)}"
        )
    array = f"[{len(data)} x i8]"
    if not any(data):
        return f"{array} zeroinitializer", align
    escaped = "\\" + data.hex("\\").upper()
    return f'{array} c"{escaped}"', align
