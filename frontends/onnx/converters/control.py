"""If, Loop and Scan: a branch that is known is taken, a loop that is short is unrolled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import GraphProto
from xdsl.ir import Block, Region, SSAValue

from ....dialects import relax
from ..branches import choose
from ..builder import Builder, Tensor, concat
from ..errors import ModelError
from ..node import Node
from ..registry import converter
from ..values import Item, Value

UNROLL_LIMIT = 256  # iterations; more would make the program long instead of the loop


@converter("If")
def _(node: Node) -> list[Value]:
    condition = node.get(0)
    if isinstance(condition, np.ndarray):
        name = "then_branch" if condition.reshape(-1)[0] else "else_branch"
        return node.subgraph(node.graph(name), (), node.builder)
    return list(choose(node))


def _item(node: Node, value: Value) -> Item:
    if value is None or isinstance(value, tuple):
        raise node.unsupported("a sequence or optional that is chosen at run time")
    return value


@converter("Loop")
def _(node: Node) -> list[Value]:
    body = node.graph("body")
    carried = list(node.inputs[2:])
    limit, condition = node.get(0), node.get(1)
    if isinstance(limit, SSAValue) or isinstance(condition, SSAValue):
        return _while(node, body, carried)
    count = None if limit is None else node.known_int(0, "the trip count")
    if condition is not None and not node.known_int(1, "the condition"):
        count = 0
    return _unrolled(node, body, carried, count)


def _unrolled(node: Node, body: GraphProto, carried: list[Value], count: int | None) -> list[Value]:
    """Repeat the body; its condition must be known each time."""
    num_scans = len(body.output) - 1 - len(carried)
    if count is not None and count > UNROLL_LIMIT and not num_scans:
        return _while(node, body, carried)
    first, scans = carried, [list[Tensor]() for _ in range(num_scans)]
    i = 0
    while count is None or i < count:
        if i >= UNROLL_LIMIT:
            raise node.unsupported(f"a loop of more than {UNROLL_LIMIT} iterations")
        inputs: list[Value] = [np.array(i, np.int64), np.array(True), *carried]
        condition, *results = node.subgraph(body, inputs, node.builder)
        if not isinstance(condition, np.ndarray):
            return _while(node, body, first)  # what this iteration has emitted is dead
        carried = results[: len(carried)]
        for scan, value in zip(scans, results[len(carried) :], strict=True):
            scan.append(node.item(value))
        i += 1
        if not condition.all():
            break
    stacked = [stack(node, scan, 0, body, j + len(carried)) for j, scan in enumerate(scans)]
    return [*carried, *stacked]


def stack(node: Node, items: Sequence[Tensor], axis: int, body: GraphProto, j: int) -> Value:
    """Return what each iteration gave, as slices along a new axis."""
    if not items:
        raise node.unsupported(f"a loop without iterations, whose output {j} has no shape")
    return concat([item.unsqueeze([axis]) for item in items], axis).item


def _while(node: Node, body: GraphProto, carried: Sequence[Value]) -> list[Value]:
    """Return the results of a relax.while over (iteration, condition, carried...)."""
    if len(body.output) - 1 > len(carried):
        raise _unknown_length(node, "the length of a loop that collects outputs")
    if any(value is None or isinstance(value, tuple) for value in carried):
        raise _unknown_length(node, "the length of a loop over sequences or optionals")
    builder = node.builder
    limit = node.x(0).value if node.has(0) else builder.value(np.array(np.iinfo(np.int64).max))
    start = node.x(1).reshape([]).value if node.has(1) else builder.value(np.array(True))
    inits = [
        builder.value(np.array(0, np.int64)),
        start,
        *(builder.value(_item(node, value)) for value in carried),
    ]
    types = [init.type for init in inits]
    condition = Builder(Block(arg_types=types), builder)
    index, going = (condition.tensor(arg) for arg in condition.block.args[:2])
    below = (index < condition.tensor(limit).reshape([])) & going
    condition.insert(relax.YieldOp(below.value))
    step = Builder(Block(arg_types=types), builder)
    found = node.subgraph(body, list(step.block.args), step)
    following = step.tensor(step.block.args[0]) + 1
    values = [step.tensor(_item(node, value)) for value in found]
    values[0] = values[0].reshape([])
    for before, after in zip(types[1:], values, strict=True):
        if before != after.type:
            raise node.unsupported(f"a loop that changes a value of type {before} to {after.type}")
    step.insert(relax.YieldOp(following.value, *(value.value for value in values)))
    op = relax.WhileOp(inits, types, Region(condition.block), Region(step.block))
    builder.insert(op)
    return list(op.results[2:])


def _unknown_length(node: Node, what: str) -> ModelError:
    bounds = [node.get(0), node.get(1)]
    unknown = next((value for value in bounds if isinstance(value, SSAValue)), None)
    return node.unsupported(what) if unknown is None else node.unknown(what, unknown)


@converter("Scan", since=9)
def _(node: Node) -> list[Value]:
    body, count = node.graph("body"), node.integer("num_scan_inputs")
    states = list(node.inputs[: len(node.inputs) - count])
    scanned = [node.x(len(states) + i) for i in range(count)]
    axes = node.integers("scan_input_axes", None) or [0] * count
    directions = node.integers("scan_input_directions", None) or [0] * count
    return _scan(node, body, states, scanned, axes, directions)


def _scan(
    node: Node,
    body: GraphProto,
    states: list[Value],
    scanned: list[Tensor],
    axes: list[int],
    directions: list[int],
) -> list[Value]:
    axes = [node.axis(axis, x.rank) for axis, x in zip(axes, scanned, strict=True)]
    length = scanned[0].shape[axes[0]]
    if not length.is_constant or length.constant_value > UNROLL_LIMIT:
        raise node.unsupported(f"a scan over {length} slices (at most {UNROLL_LIMIT} are unrolled)")
    size = length.constant_value
    outputs: list[list[Tensor]] = [[] for _ in range(len(body.output) - len(states))]
    for i in range(size):
        slices: list[Value] = [
            x.slice(axis, size - 1 - i if backward else i, 1).squeeze([axis]).item
            for x, axis, backward in zip(scanned, axes, directions, strict=True)
        ]
        results = node.subgraph(body, [*states, *slices], node.builder)
        states = results[: len(states)]
        for output, value in zip(outputs, results[len(states) :], strict=True):
            output.append(node.item(value))
    return [*states, *_stacked(node, body, outputs, len(states))]


def _stacked(node: Node, body: GraphProto, outputs: list[list[Tensor]], states: int) -> list[Value]:
    axes = node.integers("scan_output_axes", None) or [0] * len(outputs)
    directions = node.integers("scan_output_directions", None) or [0] * len(outputs)
    found: list[Value] = []
    for j, (items, axis, backward) in enumerate(zip(outputs, axes, directions, strict=True)):
        ordered = items[::-1] if backward else items
        place = node.axis(axis, items[0].rank + 1) if items else 0
        found.append(stack(node, ordered, place, body, states + j))
    return found


@converter("Scan", since=8)
def _(node: Node) -> list[Value]:
    """Opset 8 scans axis 1 of each batch: here, of one batch at a time."""
    if node.has(0):
        raise node.unsupported("a scan with sequence lengths (opset 8)")
    body, count = node.graph("body"), node.integer("num_scan_inputs")
    inputs = [node.x(i) for i in range(1, len(node.inputs))]
    batch = inputs[0].shape[0]
    if not batch.is_constant:
        raise node.unsupported(f"a scan over a batch of {batch} (opset 8)")
    directions = node.integers("directions", None) or [0] * count
    rows: list[list[Value]] = []
    for b in range(batch.constant_value):
        one = [x.slice(0, b, 1).squeeze([0]) for x in inputs]
        states: list[Value] = [x.item for x in one[: len(one) - count]]
        scanned = one[len(one) - count :]
        rows.append(_scan(node, body, states, scanned, [0] * count, directions))
    columns = zip(*rows, strict=True)
    return [concat([node.item(v).unsqueeze([0]) for v in column], 0).item for column in columns]
