"""Tensors of strings: arrays of the host, and numbers about them that kernels work on.

What only moves elements (Reshape, Gather, Where, ...) moves their positions, as the operator does
with numbers, and takes the texts at the new ones; Equal compares numbers of equal texts. The other
operators on strings are functions of the runtime (`runtime/texts.py`, `tyrex.text.concat` and
others). The virtual machine runs such programs: native code has no texts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from math import prod

import numpy as np
from onnx import TensorProto
from xdsl.dialects.builtin import i64
from xdsl.ir import Attribute, SSAValue

from ...dialects import relax
from ...symbolic import as_expr
from .builder import Builder, Operand, Tensor
from .errors import ModelError
from .joining import named
from .loading import normal_domain
from .node import Node
from .values import Texts, Value

OBJECT = relax.ObjectType()

MOVES = frozenset(
    {
        *("Compress", "Concat", "DepthToSpace", "Expand", "Flatten", "Gather", "GatherElements"),
        *("GatherND", "Identity", "Reshape", "ReverseSequence", "ScatterElements", "ScatterND"),
        *("Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze", "Where"),
    }
)
"""Operators whose results hold elements of their operands, whatever these are."""

ASKS = frozenset({"Shape", "Size"})
"""Operators that look at shapes alone."""

OWN = frozenset(
    {
        *("CategoryMapper", "LabelEncoder", "RegexFullMatch"),
        *("StringConcat", "StringNormalizer", "StringSplit"),
    }
)
"""Operators whose converters know strings."""

ANY_RANK = -2
"""In the place of the dims of an input of which nothing is said."""


def takes_texts(op_type: str) -> bool:
    """Tell whether an operator may have strings as operands."""
    return op_type in MOVES | ASKS | OWN or op_type == "Equal"


def call(
    builder: Builder, name: str, args: Sequence[Operand | str], *results: Attribute
) -> list[SSAValue]:
    """Append a call of a function of the runtime, `tyrex.text.<name>`; texts are arguments."""
    operands: list[SSAValue] = []
    for arg in args:
        if isinstance(arg, str):
            text = relax.StringOp(arg)
            builder.insert(text)
            operands.append(text.result)
        else:
            operands.append(builder.value(arg))
    op = relax.CallPackedOp(f"tyrex.text.{name}", operands, results)
    builder.insert(op)
    return list(op.res)


def constant(builder: Builder, items: Sequence[str], shape: Sequence[int]) -> Texts:
    """Return strings that are known at import."""
    text = json.dumps({"shape": list(shape), "items": list(items)})
    return Texts(call(builder, "constant", [text], OBJECT)[0], tuple(map(as_expr, shape)))


def read(builder: Builder, tensor: TensorProto) -> Texts:
    """Return a tensor of strings of the model.

    Raises:
        ModelError: it has more or fewer strings than its dims say.
    """
    expected = prod(tensor.dims)
    if any(dim < 0 for dim in tensor.dims) or len(tensor.string_data) != expected:
        raise ModelError(
            builder.location,
            f"tensor {tensor.name!r} of shape {tuple(tensor.dims)} has"
            f" {len(tensor.string_data)} strings",
        )
    items = [item.decode("utf-8", "replace") for item in tensor.string_data]
    return constant(builder, items, list(tensor.dims))


def given(builder: Builder, argument: SSAValue, dims: Sequence[int] | None, name: str) -> Texts:
    """Return an argument of the program as strings; -1 stands for a dim that a run tells."""
    wanted = np.array([ANY_RANK] if dims is None else dims, np.int64)
    (found,) = call(builder, "given", [argument, wanted, f"input {name!r}"], OBJECT)
    known = None if dims is None else tuple(None if d < 0 else as_expr(d) for d in dims)
    return Texts(found, known)


def returned(builder: Builder, texts: Texts) -> SSAValue:
    """Return strings as a result of the program."""
    return call(builder, "returned", [texts.items], OBJECT)[0]


def positions(node: Node, texts: Texts, before: Sequence[Texts] = ()) -> Tensor:
    """Return where each string is in a pool of these and those before, as a tensor."""
    dims = texts.shape
    if not before and dims is not None and all(d is not None and d.is_constant for d in dims):
        sizes = [d.constant_value for d in dims if d is not None]
        return node.tensor(np.arange(int(np.prod(sizes)), dtype=np.int64).reshape(sizes))
    args = [texts.items, *(other.items for other in before)]
    (found,) = call(node.builder, "positions", args, relax.TensorType.of(dims, i64))
    return node.tensor(named(node, found, node.builder))


def texts_of(node: Node, position: int) -> Texts:
    """Return an input that is a tensor of strings.

    Raises:
        ModelError: it is something else.
    """
    value = node.get(position)
    if not isinstance(value, Texts):
        raise node.fail(f"input {position} is no tensor of strings")
    return value


def convert(node: Node, numbers: Callable[[Node], Sequence[Value]]) -> Sequence[Value]:
    """Return the results of a node of which an input is a tensor of strings.

    Args:
        node: the node.
        numbers: converts a node, for what an operator does with numbers.

    Raises:
        UnsupportedNodeError: the operator has no strings here.
    """
    domain = normal_domain(node.proto.domain)
    if node.op_type in OWN or domain not in ("", "ai.onnx.ml"):
        return numbers(node)
    if node.op_type == "Equal":
        return equal(node)
    if node.op_type in MOVES | ASKS:
        return move(node, numbers)
    raise node.unsupported(f"{node.op_type} of strings")


def move(node: Node, convert: Callable[[Node], Sequence[Value]]) -> list[Value]:
    """Return what an operator that moves elements makes of strings, or says of their shapes."""
    pool: list[Texts] = []
    inputs: list[Value] = []
    for value in node.inputs:
        if isinstance(value, Texts):
            inputs.append(positions(node, value, pool).item)
            pool.append(value)
        else:
            inputs.append(value)
    inner = Node(node.proto, node.version, inputs, node.builder, node.scope, node.importer)
    results = convert(inner)
    if node.op_type in ASKS:
        return list(results)
    return [take(node, node.item(result), pool) for result in results]


def take(node: Node, where: Tensor, pool: Sequence[Texts]) -> Texts:
    """Return the strings at positions in a pool."""
    args = [where, *(texts.items for texts in pool)]
    (found,) = call(node.builder, "take", args, OBJECT)
    return Texts(found, where.type.shape)


def equal(node: Node) -> list[Value]:
    """Return where strings are equal: where the same numbers stand for them."""
    a, b = texts_of(node, 0), texts_of(node, 1)
    types = [relax.TensorType.of(operand.shape, i64) for operand in (a, b)]
    found = call(node.builder, "classes", [a.items, b.items], *types)
    x, y = (named(node, value, node.builder) for value in found)
    return [node.builder.emit(relax.EqualOp, x, y).item]


def same_shape(node: Node, texts: Texts, dtype: Attribute) -> relax.TensorType:
    """Return the type of a tensor with an element for each string."""
    return relax.TensorType.of(positions(node, texts).type.shape, dtype)
