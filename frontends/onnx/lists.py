"""Sequences of tensors of any shapes whose length a run decides: objects of the host.

Where the tensors of a sequence have one shape, a sequence is one tensor (`values.Stacked`) and its
operators are kernels. Where they have not, it is a tuple of tensors that functions of the runtime
work on (`runtime/sequences.py`, `tyrex.sequence.at` and others): programs that the virtual machine
runs, since native code has no such values.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import Attribute, SSAValue

from ...dialects import dtypes, relax
from ...dialects.location import show
from ...dialects.relax.types import Dim
from .builder import Builder, Operand, Tensor
from .joining import named
from .node import Node
from .values import Listed, Stacked, Value

OBJECT = relax.ObjectType()


def call(builder: Builder, name: str, args: Sequence[Operand | str], result: Attribute) -> SSAValue:
    """Append a call of a function of the runtime, `tyrex.sequence.<name>`; texts are arguments."""
    operands: list[SSAValue] = []
    for arg in args:
        if isinstance(arg, str):
            text = relax.StringOp(arg)
            builder.insert(text)
            operands.append(text.result)
        else:
            operands.append(builder.value(arg))
    op = relax.CallPackedOp(f"tyrex.sequence.{name}", operands, [result])
    builder.insert(op)
    return op.res[0]


def joined_items(node: Node, types: Sequence[relax.TensorType]) -> relax.TensorType:
    """Return what is known of each of several tensors: dims that all of them have.

    Raises:
        ModelError: they have not one element type.
    """
    first, *others = types
    dims = None if first.shape is None else list(first.shape)
    for other in others:
        if other.dtype != first.dtype:
            raise node.fail(f"a sequence holds tensors of {first.dtype} and of {other.dtype}")
        if dims is None or other.shape is None or len(dims) != len(other.shape):
            dims = None
        else:
            dims = [a if a == b else None for a, b in zip(dims, other.shape, strict=True)]
    return relax.TensorType.of(dims, first.dtype)


def listed(
    node: Node,
    value: Value,
    item: relax.TensorType | None = None,
    builder: Builder | None = None,
) -> Listed:
    """Return a sequence as a list of the host.

    Args:
        node: which needs it so.
        value: the sequence.
        item: the type of its tensors, where it holds none that would say it.
        builder: where operations go, if not to the node's.
    """
    builder = builder or node.builder
    if isinstance(value, Listed):
        return value
    if isinstance(value, Stacked):
        whole = builder.tensor(value.items)
        return Listed(
            unstacked(builder, value),
            relax.TensorType.of(whole.type.shape and whole.type.shape[1:], whole.dtype),
        )
    if not isinstance(value, tuple):
        raise node.fail("found no sequence where one is expected")
    items = [Tensor(node.item(field).item, builder) for field in value]
    types = [tensor.type for tensor in items] + ([] if item is None else [item])
    if not types:
        raise node.unsupported("a sequence of nothing known, whose length a run decides,")
    return Listed(call(builder, "of", items, OBJECT), joined_items(node, types))


def at(node: Node, value: Listed, position: Tensor) -> SSAValue:
    """Return the tensor at a position."""
    args = (value.items, position.cast(_INT64), show(node.location))
    found = call(position.builder, "at", args, value.item)
    return named(node, found, position.builder)


def insert(node: Node, value: Listed, item: Tensor, position: Tensor | None) -> Listed:
    """Return a sequence with one more tensor, at a position or at its end."""
    known = joined_items(node, [value.item, item.type])
    if position is None:
        return Listed(call(item.builder, "append", (value.items, item), OBJECT), known)
    args = (value.items, item, position.cast(_INT64), show(node.location))
    return Listed(call(node.builder, "insert", args, OBJECT), known)


def erase(node: Node, value: Listed, position: Tensor) -> Listed:
    """Return a sequence without the tensor at a position."""
    args = (value.items, position.cast(_INT64), show(node.location))
    return Listed(call(node.builder, "erase", args, OBJECT), value.item)


def length(node: Node, value: Listed) -> SSAValue:
    """Return how many tensors there are, as a tensor without axes."""
    return call(node.builder, "length", (value.items,), relax.TensorType.of((), _INT64))


def concat(node: Node, value: Listed, axis: int, *, is_new: bool) -> SSAValue:
    """Return all tensors along an axis, which may be a new one."""
    dims = value.item.shape
    result: list[Dim] | None = None
    if dims is not None and is_new:
        place = node.axis(axis, len(dims) + 1)
        result = [*dims[:place], None, *dims[place:]]
    elif dims is not None:
        place = node.axis(axis, len(dims))
        result = [*dims[:place], None, *dims[place + 1 :]]
    args = (value.items, _number(axis), _number(int(is_new)), show(node.location))
    found = call(node.builder, "concat", args, relax.TensorType.of(result, value.item.dtype))
    return named(node, found, node.builder)


def split(node: Node, x: Tensor, axis: int, sizes: Operand, *, keepdims: bool) -> Listed:
    """Return pieces of a tensor along an axis: of given sizes, or all of one size but the last."""
    dims: list[Dim] = list(x.shape)
    dims[axis : axis + 1] = [None] if keepdims else []
    args = (x, sizes, _number(axis), _number(int(keepdims)), show(node.location))
    item = relax.TensorType.of(dims, x.dtype)
    return Listed(call(node.builder, "split", args, OBJECT), item)


def unstacked(builder: Builder, value: Stacked) -> SSAValue:
    """Return the tensors of a sequence that is one tensor."""
    return call(builder, "unstack", [value.items], OBJECT)


def given(builder: Builder, argument: SSAValue, item: relax.TensorType, name: str) -> Listed:
    """Return an argument of the program as a sequence, which a run looks at."""
    args = (argument, dtypes.name_of(item.dtype), f"input {name!r}")
    return Listed(call(builder, "given", args, OBJECT), item)


def returned(builder: Builder, value: Listed) -> SSAValue:
    """Return a sequence as a result of the program: its tensors in memory of their own."""
    return call(builder, "returned", (value.items,), OBJECT)


_INT64 = dtypes.from_numpy(np.dtype(np.int64))


def _number(value: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array(value, np.int64)
