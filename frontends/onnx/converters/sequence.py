"""Sequences and optionals, known at import: which tensors they hold is part of the program."""

from __future__ import annotations

import numpy as np

from ....symbolic import as_expr
from ..builder import concat
from ..node import Node
from ..registry import converter
from ..values import Value
from .slicing import equal_sections


def _sequence(node: Node, position: int = 0) -> tuple[Value, ...]:
    value = node.get(position)
    if not isinstance(value, tuple):
        raise node.fail(f"input {position} is no sequence")
    return value


def _position(node: Node, index: int, count: int, last: int) -> int:
    if not -count <= index <= last:
        raise node.fail(f"position {index} is out of range for a sequence of {count}")
    return index + count if index < 0 else index


@converter("SequenceConstruct")
def _(node: Node) -> list[Value]:
    return [tuple(node.inputs)]


@converter("SequenceEmpty")
def _(node: Node) -> list[Value]:
    return [()]


@converter("SequenceAt")
def _(node: Node) -> list[Value]:
    items = _sequence(node)
    return [items[_position(node, node.known_int(1, "position"), len(items), len(items) - 1)]]


@converter("SequenceInsert")
def _(node: Node) -> list[Value]:
    items, count = _sequence(node), len(_sequence(node))
    at = _position(node, node.known_int(2, "position"), count, count) if node.has(2) else count
    return [(*items[:at], node.get(1), *items[at:])]


@converter("SequenceErase")
def _(node: Node) -> list[Value]:
    items, count = _sequence(node), len(_sequence(node))
    index = node.known_int(1, "position") if node.has(1) else -1
    at = _position(node, index, count, count - 1)
    return [(*items[:at], *items[at + 1 :])]


@converter("SequenceLength")
def _(node: Node) -> Value:
    return np.array(len(_sequence(node)), np.int64)


@converter("ConcatFromSequence")
def _(node: Node) -> Value:
    items = [node.item(value) for value in _sequence(node)]
    axis = node.integer("axis")
    if node.integer("new_axis", 0):
        place = node.axis(axis, items[0].rank + 1)
        return concat([item.unsqueeze([place]) for item in items], place).item
    return concat(items, node.axis(axis, items[0].rank)).item


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
            raise node.fail(f"the number of pieces of a dim of {dim} is not known")
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
    columns: list[tuple[Value, ...]] = []
    for value in node.inputs:
        columns.append(value if isinstance(value, tuple) else (value,) * len(first))
    rows = [node.subgraph(body, list(row), node.builder) for row in zip(*columns, strict=True)]
    return [tuple(row[j] for row in rows) for j in range(len(body.output))]
