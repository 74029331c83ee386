"""What ways through a model have in common: types of values that come from several of them.

A dim that differs is unknown, and gets a new symbol where later nodes need its name.
"""

from __future__ import annotations

from collections.abc import Hashable

from xdsl.dialects.builtin import ArrayAttr, TupleType
from xdsl.ir import Attribute, Block, SSAValue, TypeAttribute

from ...dialects import relax
from ...symbolic import IntExpr, var
from .builder import Builder
from .node import Node


def joined(node: Node, a: Attribute, b: Attribute) -> Attribute:
    """Return the type of a value that is an `a` or a `b`: what differs is unknown."""
    if isinstance(a, TupleType) and isinstance(b, TupleType) and len(a.types) == len(b.types):
        fields = [joined(node, *pair) for pair in zip(a.types, b.types, strict=True)]
        return TupleType(ArrayAttr([t for t in fields if isinstance(t, TypeAttribute)]))
    if a == b:
        return a
    if not isinstance(a, relax.TensorType) or not isinstance(b, relax.TensorType):
        raise node.unsupported(f"a result that is {a} or {b}")
    if a.dtype != b.dtype:
        raise node.fail(f"its branches return {a.dtype} and {b.dtype}")
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return relax.TensorType.of(None, a.dtype)
    dims = [x if x == y else None for x, y in zip(a.shape, b.shape, strict=True)]
    return relax.TensorType.of(dims, a.dtype)


def seen_outside(type_: Attribute, block: Block) -> Attribute:
    """Return the type of a value of a block without the symbols that the block tells."""
    if not isinstance(type_, relax.TensorType) or type_.shape is None:
        return type_
    told: set[Hashable] = {name for op in block.walk() for name in relax.new_symbols(op)}
    dims = [None if d is None or told.intersection(d.free_vars()) else d for d in type_.shape]
    return relax.TensorType.of(dims, type_.dtype)


def open_type(type_: relax.TensorType, block: Block) -> relax.TensorType:
    """Return the type of a tensor of a block without the symbols that the block tells."""
    found = seen_outside(type_, block)
    assert isinstance(found, relax.TensorType), "of a tensor"
    return found


def named(node: Node, value: SSAValue, builder: Builder) -> SSAValue:
    """Return `value` with symbols for the dims that are not known before run time."""
    found = value.type
    if not isinstance(found, relax.TensorType) or not found.shape or None not in found.shape:
        return value
    names: list[str] = []
    dims: list[IntExpr] = []
    for dim in found.shape:
        if dim is None:
            names.append(node.importer.symbols.fresh("dim"))
            dim = var(names[-1])
        dims.append(dim)
    op = relax.MatchCastOp(value, relax.TensorType.of(dims, found.dtype), names)
    builder.insert(op)
    return op.result
