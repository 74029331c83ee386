"""Sequences and optionals: which tensors they hold is part of the program, known at import.

Where a run decides that, a sequence is one tensor if its tensors have one shape
(`values.Stacked`), else a list of the host (`values.Listed`).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from onnx import GraphProto
from xdsl.dialects.builtin import i64

from ....dialects import relax
from ....symbolic import IntExpr, as_expr
from ..builder import Tensor, concat
from ..errors import UnsupportedNodeError
from ..lists import at as list_at
from ..lists import concat as list_concat
from ..lists import erase as list_erase
from ..lists import insert as list_insert
from ..lists import length as list_length
from ..lists import listed
from ..lists import split as list_split
from ..node import Node
from ..registry import converter
from ..stacks import at as stack_at
from ..stacks import erase as stack_erase
from ..stacks import insert as stack_insert
from ..stacks import may_stack, stacked
from ..values import Listed, Stacked, Value, settle
from .slicing import equal_sections
from .while_loop import Collected, WhileLoop, of_length

_Sequence: TypeAlias = "tuple[Value, ...] | Stacked | Listed"


def _sequence(node: Node, position: int = 0) -> _Sequence:
    value = node.get(position)
    if not isinstance(value, tuple | Stacked | Listed):
        raise node.fail(f"input {position} is no sequence")
    return value


def _items(node: Node, value: Stacked) -> Tensor:
    return node.builder.tensor(value.items)


def _position(node: Node, index: int, count: int, last: int) -> int:
    if not -count <= index <= last:
        raise node.fail(f"position {index} is out of range for a sequence of {count}")
    return index + count if index < 0 else index


def _run_time(
    node: Node, value: _Sequence, item: relax.TensorType | None = None
) -> Stacked | Listed:
    """Return a sequence as one of which a run decides what is where; `item` comes to it, too."""
    if not isinstance(value, tuple):
        return value
    types = [node.item(field).type for field in value] + ([] if item is None else [item])
    if not types:
        raise node.fail("the sequence is empty")
    return stacked(node, value, types[0]) if may_stack(types) else listed(node, value, item)


def _is_known(node: Node, position: int) -> bool:
    """Tell whether a position is left out or known at import."""
    return not node.has(position) or isinstance(node.get(position), np.ndarray)


@converter("SequenceConstruct")
def _(node: Node) -> list[Value]:
    return [tuple(node.inputs)]


@converter("SequenceEmpty")
def _(node: Node) -> list[Value]:
    return [()]


@converter("SequenceAt")
def _(node: Node) -> list[Value]:
    items = _sequence(node)
    if isinstance(items, tuple) and _is_known(node, 1):
        return [items[_position(node, node.known_int(1, "position"), len(items), len(items) - 1)]]
    items, position = _run_time(node, items), node.x(1)
    if isinstance(items, Listed):
        return [list_at(node, items, position)]
    return [stack_at(node, _items(node, items), position).item]


@converter("SequenceInsert")
def _(node: Node) -> list[Value]:
    items = _sequence(node)
    if isinstance(items, tuple) and _is_known(node, 2):
        count = len(items)
        at = _position(node, node.known_int(2, "position"), count, count) if node.has(2) else count
        return [(*items[:at], node.get(1), *items[at:])]
    new, position = node.x(1), node.opt(2)
    items = _run_time(node, items, new.type)
    if isinstance(items, Stacked):
        old = _items(node, items)
        if may_stack([new.type, relax.TensorType.of(old.shape[1:], old.dtype)]):
            return [Stacked(stack_insert(node, old, new, position).value)]
    return [list_insert(node, listed(node, items), new, position)]


@converter("SequenceErase")
def _(node: Node) -> list[Value]:
    items = _sequence(node)
    if isinstance(items, tuple) and _is_known(node, 1):
        count = len(items)
        index = node.known_int(1, "position") if node.has(1) else -1
        at = _position(node, index, count, count - 1)
        return [(*items[:at], *items[at + 1 :])]
    items = _run_time(node, items)
    position = node.opt(1) or node.constant(-1, np.int64)
    if isinstance(items, Listed):
        return [list_erase(node, items, position)]
    return [Stacked(stack_erase(node, _items(node, items), position).value)]


@converter("SequenceLength")
def _(node: Node) -> Value:
    items = _sequence(node)
    if isinstance(items, tuple):
        return np.array(len(items), np.int64)
    if isinstance(items, Listed):
        return list_length(node, items)
    length = np.empty((), object)
    length[()] = _items(node, items).shape[0]
    return settle(length, i64)


@converter("ConcatFromSequence")
def _(node: Node) -> Value:
    sequence, axis = _sequence(node), node.integer("axis")
    if isinstance(sequence, Stacked):
        return _joined(node, _items(node, sequence), axis).item
    if isinstance(sequence, Listed):
        return list_concat(node, sequence, axis, is_new=bool(node.integer("new_axis", 0)))
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
    dim, known = x.shape[axis], node.get(1)
    if not node.has(1):
        return [_single_slices(node, x, axis)]
    if not isinstance(known, np.ndarray) or (known.ndim == 0 and not dim.is_constant):
        return [list_split(node, x, axis, node.x(1).cast(i64), keepdims=True)]
    if known.ndim:
        sections = [as_expr(int(size)) for size in known]
    else:
        count = (-(-dim // int(known))).constant_value
        sections = [as_expr(int(known))] * (count - 1)
        sections.append(dim - sum(sections, as_expr(0)))
    return [tuple(piece.item for piece in x.split(axis, sections))]


def _single_slices(node: Node, x: Tensor, axis: int) -> Value:
    """Return pieces of size 1 along an axis, which they may do without."""
    dim, keepdims = x.shape[axis], bool(node.integer("keepdims", 1))
    if not dim.is_constant:
        rows = x.transpose([axis, *(d for d in range(x.rank) if d != axis)])
        return Stacked((rows.unsqueeze([axis + 1]) if keepdims else rows).value)
    pieces = x.split(axis, equal_sections(dim, dim.constant_value))
    return tuple((p if keepdims else p.squeeze([axis])).item for p in pieces)


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
    sequences = [value for value in node.inputs if isinstance(value, tuple | Stacked | Listed)]
    if not all(isinstance(value, tuple) for value in sequences):
        return _mapped(node, body, first)
    columns = [v if isinstance(v, tuple) else (v,) * len(sequences[0]) for v in node.inputs]  # pyright: ignore[reportArgumentType]
    rows = [node.subgraph(body, list(row), node.builder) for row in zip(*columns, strict=True)]
    return [tuple(row[j] for row in rows) for j in range(len(body.output))]


def _mapped(node: Node, body: GraphProto, first: _Sequence) -> list[Value]:
    """Run the body for each element of sequences of which a run decides what is in them."""
    given = [_run_time(node, v) if isinstance(v, tuple) else v for v in node.inputs]
    length: IntExpr | None = None
    if isinstance(first, Listed):
        limit = node.builder.tensor(list_length(node, first))
    else:
        length = as_expr(len(first)) if isinstance(first, tuple) else _items(node, first).shape[0]
        array = np.empty((), object)
        array[()] = length
        limit = node.builder.tensor(settle(array, i64))

    def row(index: Tensor, going: Tensor, values: list[Value]) -> list[Value]:
        return [_element(node, value, index) for value in given]

    def loop(slot: Collected) -> list[Value]:
        slots = [slot] * len(body.output)
        found = WhileLoop(
            node, body, limit, arguments=row, has_condition=False, collected=slots
        ).build(())
        return found

    try:
        results = loop(Collected())
    except UnsupportedNodeError:
        return loop(Collected(is_list=True))  # of several shapes
    if length is None:
        return [Stacked(node.item(value).value) for value in results]
    return [Stacked(of_length(node, node.item(v).value, 0, length)) for v in results]


def _element(node: Node, value: Value, index: Tensor) -> Value:
    """Return what an iteration gets of an input: the element of a sequence, or all of it."""
    if isinstance(value, Stacked):
        return stack_at(node, index.builder.tensor(value.items), index).item
    return list_at(node, value, index) if isinstance(value, Listed) else value
