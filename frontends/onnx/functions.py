"""The functions that ONNX defines operators with: bodies to inline where there is no converter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import onnx
from onnx import FunctionProto, NodeProto, TypeProto
from xdsl.ir import SSAValue

from ...dialects import relax
from .loading import normal_domain
from .node import Node
from .tensors import type_code
from .values import Listed, Stacked, Texts, Value, tensor_type


@cache
def schema_of(domain: str, op_type: str, version: int) -> Any:
    """Return ONNX's OpSchema of an operator in an opset version, or None.

    Any, as package onnx declares no types for the functions of a schema.
    """
    try:
        return cast(Any, onnx.defs.get_schema(op_type, version, domain))
    except onnx.defs.SchemaError:
        return None


_TAKE_OPTIONALS = frozenset({"Identity", "Loop", "OptionalGetElement", "OptionalHasElement"})
"""Operators that an absent optional may be handed to as a value."""


@dataclass(frozen=True)
class Arity:
    """How many inputs an operator takes, and which of them cannot be left out.

    `variadic` is the position from which on there may be any number, all of them required.
    """

    least: int
    most: int
    required: tuple[int, ...]
    variadic: int


@cache
def arity_of(domain: str, op_type: str, version: int) -> Arity | None:
    """Return what ONNX says of an operator's inputs, None where it does not know the operator."""
    schema = schema_of(domain, op_type, version)
    if schema is None:
        return None
    option = onnx.defs.OpSchema.FormalParameterOption
    required = [i for i, formal in enumerate(schema.inputs) if formal.option == option.Single]
    variadic = [i for i, formal in enumerate(schema.inputs) if formal.option == option.Variadic]
    return Arity(
        schema.min_input, schema.max_input, tuple(required), min(variadic, default=1 << 30)
    )


def check_inputs(node: Node) -> None:
    """Raise unless a node has the inputs that its operator needs.

    Raises:
        ModelError: too few inputs, too many, or one missing that is not optional.
    """
    arity = arity_of(normal_domain(node.proto.domain), node.op_type, node.version)
    if arity is None:
        return
    count = len(node.inputs)
    required = (*arity.required, *range(arity.variadic, count))
    missing = [i for i in required if not node.has(i)]
    if missing and node.op_type not in _TAKE_OPTIONALS:
        raise node.fail(f"input {missing[0]} is missing", "the model is damaged; export it again")
    if not arity.least <= count <= arity.most:
        raise node.fail(
            f"it has {count} inputs; {node.op_type} of opset {node.version} takes "
            f"{arity.least} to {arity.most}"
        )


@cache
def plain_body(domain: str, op_type: str, version: int) -> FunctionProto | None:
    """Return the function of an operator that does not depend on attributes or types."""
    schema = schema_of(domain, op_type, version)
    if schema is None or not schema.has_function:
        return None
    usable = [known for known in schema.function_opset_versions if known <= version]
    if not usable:
        return None
    body = FunctionProto.FromString(schema.get_function_with_opset_version(max(usable)))
    return _with_defaults(body, schema)


def _with_defaults(body: FunctionProto, schema: Any) -> FunctionProto:
    """Return a function that knows the defaults of its operator's attributes."""
    for attribute in schema.attributes.values():
        if attribute.default_value.name:
            body.attribute_proto.add().CopyFrom(attribute.default_value)
    return body


def has_body(domain: str, op_type: str, version: int) -> bool:
    """Tell whether ONNX may define the operator with others."""
    schema = schema_of(domain, op_type, version)
    return schema is not None and (
        schema.has_context_dependent_function or plain_body(domain, op_type, version) is not None
    )


def body_of(node: Node) -> FunctionProto | None:
    """Return the function that defines `node`'s operator for its attributes and input types."""
    domain = normal_domain(node.proto.domain)
    plain = plain_body(domain, node.op_type, node.version)
    if plain is not None:
        return plain
    schema = schema_of(domain, node.op_type, node.version)
    if schema is None or not schema.has_context_dependent_function:
        return None
    if any(isinstance(value, tuple | Stacked | Listed | Texts) for value in node.inputs):
        return None  # package onnx crashes on sequences whose elements' type is not said
    usable = [
        known for known in schema.context_dependent_function_opset_versions if known <= node.version
    ]
    if not usable:
        return None
    proto = _bound(node)
    types = [_type_proto(value).SerializeToString() for value in node.inputs]
    try:
        body = schema.get_context_dependent_function_with_opset_version(
            max(usable), proto.SerializeToString(), types
        )
    except (RuntimeError, onnx.checker.ValidationError):
        return None
    return _with_defaults(FunctionProto.FromString(body), schema) if body else None


def _bound(node: Node) -> NodeProto:
    """Return the node with the attributes of its function's caller in place."""
    proto = NodeProto()
    proto.CopyFrom(node.proto)
    del proto.attribute[:]
    for name, attr in node.attributes.items():
        copy = proto.attribute.add()
        copy.CopyFrom(attr)
        copy.name = name
    return proto


def _type_proto(value: Value) -> TypeProto:
    proto = TypeProto()
    if value is None or isinstance(value, tuple | Stacked | Listed | Texts):
        return proto
    if isinstance(value, SSAValue) and not isinstance(value.type, relax.TensorType):
        return proto
    found = tensor_type(value)
    proto.tensor_type.elem_type = type_code(found.dtype)
    if found.shape is not None:
        shape = proto.tensor_type.shape
        for dim in found.shape:
            entry = shape.dim.add()
            if dim is not None and dim.is_constant:
                entry.dim_value = dim.constant_value
            elif dim is not None:
                entry.dim_param = str(dim)
    return proto
