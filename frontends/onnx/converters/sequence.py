"""Sequences and optionals: which tensors they hold is part of the program, known at import.

A sequence whose length a run decides is one tensor, `values.Stacked`: its elements have one shape.
"""

from __future__ import annotations

import numpy as np
from onnx import GraphProto
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from ....symbolic import IntExpr, as_expr
from ..builder import Tensor, concat
from ..node import Node
from ..registry import converter
from ..values import Stacked, Value, settle
from .slicing import equal_sections
from .while_loop import Collected, WhileLoop, of_length, stacked


def _sequence(node: Node, position: int = 0) -> tuple[Value, ...] | Stacked:
    value = node.get(position)
    if not isinstance(value, tuple | Stacked):
        raise node.fail(f"input {position} is no sequence")
    return value


def _items(node: Node, value: Stacked) -> Tensor:
    return node.builder.tensor(value.items)


def _position(node: Node, index: int, count: int, last: int) -> int:
    if not -count <= index <= last:
        raise node.fail(f"position {index} is out of range for a sequence of {count}")
    return index + count if index < 0 else index


def _end(node: Node, position: int) -> int:
    """Return where a sequence of unknown length changes: 0, or -1 for its end."""
    index = node.known_int(position, "position") if node.has(position) else -1
    if index not in (0, -1):
        raise node.unsupported(f"position {index} of a sequence whose length a run decides")
    return index


@converter("SequenceConstruct")
def _(node: Node) -> list[Value]:
    return [tuple(node.inputs)]


@converter("SequenceEmpty")
def _(node: Node) -> list[Value]:
    return [()]


@converter("SequenceAt")
def _(node: Node) -> list[Value]:
    items, place = _sequence(node), node.get(1)
    if isinstance(items, tuple) and not isinstance(place, SSAValue):
        return [items[_position(node, node.known_int(1, "position"), len(items), len(items) - 1)]]
    if isinstance(items, tuple):
        if not items:
            raise node.fail("the sequence is empty")
        items = stacked(node, items, node.item(items[0]).type)
    return [_items(node, items).gather(node.x(1).reshape([]), 0).item]


@converter("SequenceInsert")
def _(node: Node) -> list[Value]:
    items = _sequence(node)
    if isinstance(items, Stacked):
        new, old = node.x(1).unsqueeze([0]), _items(node, items)
        if new.type.shape != (as_expr(1), *old.shape[1:]):
            raise node.unsupported(f"a sequence of {new.shape[1:]} and {old.shape[1:]}")
        is_first = node.has(2) and _end(node, 2) == 0
        return [Stacked(concat([new, old] if is_first else [old, new], 0).value)]
    count = len(items)
    at = _position(node, node.known_int(2, "position"), count, count) if node.has(2) else count
    return [(*items[:at], node.get(1), *items[at:])]


@converter("SequenceErase")
def _(node: Node) -> list[Value]:
    items = _sequence(node)
    if isinstance(items, Stacked):
        whole, index = _items(node, items), _end(node, 1)
        return [Stacked(whole.slice(0, 1 if index == 0 else 0, whole.shape[0] - 1).value)]
    count = len(items)
    index = node.known_int(1, "position") if node.has(1) else -1
    at = _position(node, index, count, count - 1)
    return [(*items[:at], *items[at + 1 :])]


@converter("SequenceLength")
def _(node: Node) -> Value:
    items = _sequence(node)
    if isinstance(items, tuple):
        return np.array(len(items), np.int64)
    length = np.empty((), object)
    length[()] = _items(node, items).shape[0]
    return settle(length, i64)


@converter("ConcatFromSequence")
def _(node: Node) -> Value:
    sequence, axis = _sequence(node), node.integer("axis")
    if isinstance(sequence, Stacked):
        return _joined(node, _items(node, sequence), axis).item
    items = [node.item(value) for value in sequence]
    if node.integer("new_axis", 0):
        place = node.axis(axis, items[0].rank + 1)
        return concat([item.unsqueeze([place]) for item in items], place).item
    return concat(items, node.axis(axis, items[0].rank)).item


def _joined(node: Node, items: Tensor, axis: int) -> Tensor:
    """Return the items, slices along a first axis, one after the other."""
    is_new = bool(node.integer("new_axis", 0))
    place = node.axis(axis, items.rank if is_new else items.rank - 1)
    moved = items.transpose([*range(1, place + 1), 0, *range(place + 1, items.rank)])
    if is_new:
        return moved
    dims = list(moved.shape)
    return moved.reshape([*dims[:place], dims[place] * dims[place + 1], *dims[place + 2 :]])


@converter("SplitToSequence")
def _(node: Node) -> list[Value]:
    x = node.x()
    axis = node.axis(node.integer("axis", 0), x.rank)
    dim = x.shape[axis]
    keepdims = True
    if node.has(1):
        sizes = node.array(1, "split")
        if sizes.ndim:
            sections = [as_expr(int(size)) for size in sizes]
        else:
            count = -(-dim // int(sizes))
            if not count.is_constant:
                raise node.fail(f"the number of pieces of a dim of {dim} is not known")
            sections = [as_expr(int(sizes))] * (count.constant_value - 1)
            sections.append(dim - sum(sections, as_expr(0)))
    else:
        if not dim.is_constant:
            rows = x.transpose([axis, *(d for d in range(x.rank) if d != axis)])
            if node.integer("keepdims", 1):
                rows = rows.unsqueeze([axis + 1])
            return [Stacked(rows.value)]
        sections = equal_sections(dim, dim.constant_value)
        keepdims = bool(node.integer("keepdims", 1))
    pieces = x.split(axis, sections)
    return [tuple((p if keepdims else p.squeeze([axis])).item for p in pieces)]


@converter("Optional")
def _(node: Node) -> list[Value]:
    return [node.get(0)]


@converter("OptionalHasElement")
def _(node: Node) -> Value:
    return np.array(node.has(0))


@converter("OptionalGetElement")
def _(node: Node) -> list[Value]:
    value = node.get(0)
    if value is None:
        raise node.fail("the optional is empty")
    return [value]


@converter("SequenceMap")
def _(node: Node) -> list[Value]:
    """The body once for each element of the first sequence, and of the others beside it."""
    body, first = node.graph("body"), _sequence(node)
    if isinstance(first, Stacked):
        return _mapped(node, body, _items(node, first).shape[0])
    columns: list[tuple[Value, ...]] = []
    for value in node.inputs:
        if isinstance(value, Stacked):
            raise node.unsupported("sequences of known and of unknown length")
        columns.append(value if isinstance(value, tuple) else (value,) * len(first))
    rows = [node.subgraph(body, list(row), node.builder) for row in zip(*columns, strict=True)]
    return [tuple(row[j] for row in rows) for j in range(len(body.output))]


def _mapped(node: Node, body: GraphProto, length: IntExpr) -> list[Value]:
    """Run the body for each element of sequences whose length a run decides."""
    if any(isinstance(value, tuple) for value in node.inputs):
        raise node.unsupported("sequences of known and of unknown length")

    def row(index: Tensor, going: Tensor, values: list[Value]) -> list[Value]:
        return [
            index.builder.tensor(value.items).gather(index, 0).item
            if isinstance(value, Stacked)
            else value
            for value in node.inputs
        ]

    array = np.empty((), object)
    array[()] = length
    loop = WhileLoop(
        node,
        body,
        node.builder.tensor(settle(array, i64)),
        arguments=row,
        has_condition=False,
        collected=[Collected()] * len(body.output),
    )
    return [Stacked(of_length(node, node.item(value).value, 0, length)) for value in loop.build(())]
