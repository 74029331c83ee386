"""If, Loop and Scan: a branch that is known is taken, a loop that is short is unrolled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import GraphProto
from xdsl.ir import SSAValue

from ..branches import choose
from ..builder import Tensor, concat
from ..errors import UnknownValueError
from ..node import Node
from ..registry import converter
from ..values import Symbolic, Value, symbolic
from .while_loop import Collected, WhileLoop, of_length

UNROLL_LIMIT = 256  # iterations; more would make the program long instead of the loop


@converter("If")
def _(node: Node) -> list[Value]:
    condition = node.get(0)
    if isinstance(condition, np.ndarray):
        name = "then_branch" if condition.reshape(-1)[0] else "else_branch"
        return node.subgraph(node.graph(name), (), node.builder)
    return list(choose(node))


@converter("Loop")
def _(node: Node) -> list[Value]:
    body = node.graph("body")
    carried = list(node.inputs[2:])
    limit, condition = node.get(0), node.get(1)
    if isinstance(limit, SSAValue | Symbolic) or isinstance(condition, SSAValue):
        return _while(node, body, carried)
    count = None if limit is None else node.known_int(0, "the trip count")
    if condition is not None and not node.known_int(1, "the condition"):
        count = 0
    return _unrolled(node, body, carried, count)


def _unrolled(node: Node, body: GraphProto, carried: list[Value], count: int | None) -> list[Value]:
    """Repeat the body; its condition must be known each time."""
    num_scans = len(body.output) - 1 - len(carried)
    if count is not None and count > UNROLL_LIMIT:
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
    if num_scans and not i:
        return _loop(node, body, len(carried)).without_iterations(carried)
    return [*carried, *(stack(scan, 0) for scan in scans)]


def stack(items: Sequence[Tensor], axis: int) -> Value:
    """Return what each iteration gave, as slices along a new axis."""
    return concat([item.unsqueeze([axis]) for item in items], axis).item


def _while(node: Node, body: GraphProto, carried: Sequence[Value]) -> list[Value]:
    """Return the results of a loop whose length a run decides."""
    try:
        return _loop(node, body, len(carried)).build(carried)
    except UnknownValueError as error:
        raise _asks_for(node, error) from error


def _asks_for(node: Node, error: UnknownValueError) -> UnknownValueError:
    """Return an error of a body as one that names what would make the loop one to be unrolled."""
    bounds = [node.get(0), node.get(1)]
    unknown = next((value for value in bounds if isinstance(value, SSAValue)), None)
    if unknown is None:
        return error
    return node.unknown(f"the length of a loop (in its body, {error.message})", unknown)


def _loop(node: Node, body: GraphProto, count: int) -> WhileLoop:
    collected = [Collected()] * (len(body.output) - 1 - count)
    return WhileLoop(node, body, node.opt(0), node.opt(1), collected=collected)


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
    count = len(body.output) - len(states)
    out_axes = node.integers("scan_output_axes", None) or [0] * count
    out_directions = node.integers("scan_output_directions", None) or [0] * count
    slots = [Collected(a, bool(d)) for a, d in zip(out_axes, out_directions, strict=True)]
    sources = list(zip(scanned, axes, directions, strict=True))
    if length.is_constant and 0 < length.constant_value <= UNROLL_LIMIT:
        return _unrolled_scan(node, body, states, sources, slots)
    limit = node.tensor(symbolic([length])).reshape([])

    def arguments(index: Tensor, going: Tensor, values: list[Value]) -> list[Value]:
        last = Tensor(limit.item, index.builder) - 1
        here = [last - index if backward else index for _, _, backward in sources]
        slices = [
            Tensor(x.item, index.builder).gather(i, axis)
            for (x, axis, _), i in zip(sources, here, strict=True)
        ]
        return [*values, *(piece.item for piece in slices)]

    loop = WhileLoop(node, body, limit, arguments=arguments, has_condition=False, collected=slots)
    results = loop.build(states)
    whole = [
        of_length(node, node.item(value).value, slot.axis, length)
        for value, slot in zip(results[len(states) :], slots, strict=True)
    ]
    return [*results[: len(states)], *whole]


def _unrolled_scan(
    node: Node,
    body: GraphProto,
    states: list[Value],
    sources: Sequence[tuple[Tensor, int, int]],
    slots: Sequence[Collected],
) -> list[Value]:
    x, axis, _ = sources[0]
    size = x.shape[axis].constant_value
    outputs: list[list[Tensor]] = [[] for _ in slots]
    for i in range(size):
        slices: list[Value] = [
            x.slice(axis, size - 1 - i if backward else i, 1).squeeze([axis]).item
            for x, axis, backward in sources
        ]
        results = node.subgraph(body, [*states, *slices], node.builder)
        states = results[: len(states)]
        for output, value in zip(outputs, results[len(states) :], strict=True):
            output.append(node.item(value))
    stacked = [
        stack(items[::-1] if slot.before else items, node.axis(slot.axis, items[0].rank + 1))
        for items, slot in zip(outputs, slots, strict=True)
    ]
    return [*states, *stacked]


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
