"""Loops whose length a run decides: what Loop and Scan become where they cannot be unrolled.

A loop carries (iteration, condition, values..., collected...). What an iteration collects grows by
a slice each time, from none. A value whose shape an iteration changes has new symbols inside the
loop and behind it; one whose rank changes is refused.

A sequence goes along as its tensors, as long as there are as many of them after each iteration;
else its tensors have to have one shape, and go along as one tensor (`values.Stacked`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from onnx import GraphProto
from xdsl.ir import Attribute, Block, Region, SSAValue

from ....dialects import dtypes, relax
from ....symbolic import IntExpr
from ..branches import joined, named, seen_outside
from ..builder import Builder, Dim, Tensor, concat, full
from ..errors import ModelError
from ..node import Node
from ..values import Item, Stacked, Value


@dataclass(frozen=True)
class Collected:
    """Where the slices of an output go: an axis, and whether each comes before the ones so far."""

    axis: int = 0
    before: bool = False


@dataclass(frozen=True)
class WhileLoop:
    """A loop to be written.

    Attributes:
        node: the node, in whose block the loop stands.
        body: a graph of condition (where `has_condition`), values, collected outputs.
        limit: the number of iterations, if there is a limit.
        going: whether there is a first iteration.
        arguments: the body's inputs, from the iteration, the condition and the values, in the
            block that gets them.
        has_condition: whether the body says if there is a next iteration.
        collected: the outputs to collect.
        carried: values like those that it carries: how they are made of tensors.
    """

    node: Node
    body: GraphProto
    limit: Tensor | None
    going: Tensor | None = None
    arguments: Callable[[Tensor, Tensor, list[Value]], list[Value]] = field(
        default=lambda i, going, values: [i.item, going.item, *values]
    )
    has_condition: bool = True
    collected: Sequence[Collected] = ()
    carried: Sequence[Value] = ()

    def build(self, values: Sequence[Value]) -> list[Value]:
        """Append the loop; return the last values and what was collected.

        Raises:
            ModelError: a value changes its rank, nothing says what shape slices have, or a sequence
                that changes its length holds tensors of several shapes.
        """
        carried = list(values)
        while True:  # each round finds another sequence that changes its length
            try:
                results = iter(replace(self, carried=carried).append(carried))
                return [*(rebuilt(value, results) for value in carried), *results]
            except LengthChanges as change:
                start = carried[change.position]
                assert isinstance(start, tuple), "a stack stays one"
                carried[change.position] = stacked(self.node, start, change.item)

    def append(self, values: Sequence[Value]) -> list[SSAValue]:
        """Append the loop, whose values are made as `carried` says; return its tensors."""
        builder = self.node.builder
        inits = self.firsts(values)
        inits += [builder.value(none) for none in self.nones(inits)]
        types: Sequence[Attribute] = [init.type for init in inits]
        while True:
            step, after = self.step(types)
            # What an iteration changes of a type is not known in the next one.
            common = [joined(self.node, *pair) for pair in zip(types, after, strict=True)]
            if common == types:
                break
            step.block.drop_all_references()
            types = common
        if any(isinstance(t, relax.TensorType) and t.shape is None for t in types):
            raise self.node.unsupported("a loop that changes the rank of a value")
        condition = self.condition(types)
        op = relax.WhileOp(inits, types, Region(condition.block), Region(step.block))
        builder.insert(op)
        return [named(self.node, result, builder) for result in op.results[2:]]

    def without_iterations(self, values: Sequence[Value]) -> list[Value]:
        """Return the results of no iteration: the values, and no slices."""
        loop = replace(self, carried=values)
        return [*values, *(none.item for none in loop.nones(loop.firsts(values)))]

    def firsts(self, values: Sequence[Value]) -> list[SSAValue]:
        """Return what the loop begins with, but for what it collects."""
        builder = self.node.builder
        start = np.array(True) if self.going is None else self.going.reshape([])
        inits = [builder.value(np.array(0, np.int64)), builder.value(start)]
        return inits + [builder.value(item) for item in self.flat(values)]

    def flat(self, values: Sequence[Value]) -> Iterator[Item]:
        """Yield the tensors of values."""
        for value in values:
            if value is None:
                raise self.node.unsupported("an empty optional in a loop of a length unknown here")
            if isinstance(value, tuple):
                yield from self.flat(value)
            else:
                yield value.items if isinstance(value, Stacked) else value

    def step(self, types: Sequence[Attribute]) -> tuple[Builder, list[Attribute]]:
        """Return the block of one iteration, and the types of what it hands on."""
        step = Builder(Block(arg_types=types), self.node.builder)
        try:
            return step, self.fill(step)
        except (ModelError, LengthChanges):
            step.block.drop_all_references()
            raise

    def fill(self, step: Builder) -> list[Attribute]:
        """Append an iteration; return the types of what it hands on."""
        arguments = [named(self.node, arg, step) for arg in step.block.args]
        count = len(arguments) - len(self.collected)
        going, *values = self.results(step, arguments[:count])
        handed = [step.tensor(arguments[0]) + 1, going.reshape([]), *values[: count - 2]]
        for old, slot, new in zip(
            arguments[count:], self.collected, values[count - 2 :], strict=True
        ):
            pieces = [step.tensor(old), new.unsqueeze([self.place(slot, new.rank)])]
            axis = self.place(slot, new.rank)
            handed.append(concat(pieces[::-1] if slot.before else pieces, axis))
        step.insert(relax.YieldOp(*(value.value for value in handed)))
        return [value.type for value in handed]

    def results(self, step: Builder, arguments: Sequence[SSAValue]) -> list[Tensor]:
        """Return the condition and the results of one iteration."""
        index, going, *values = (step.tensor(argument) for argument in arguments)
        tensors = iter([value.value for value in values])
        carried = [rebuilt(value, tensors) for value in self.carried]
        given = self.arguments(index, going, carried)
        found = self.node.subgraph(self.body, given, step)
        first = int(self.has_condition)
        self.check_forms(found[first : first + len(carried)], step)
        results = [step.tensor(item) for item in self.flat(found)]
        return results if self.has_condition else [going, *results]

    def check_forms(self, after: Sequence[Value], step: Builder) -> None:
        """Check that an iteration hands on as many tensors as it got.

        Raises:
            LengthChanges: a sequence has others.
            ModelError: nothing else can stand for it.
        """
        for position, (old, new) in enumerate(zip(self.carried, after, strict=True)):
            if form(old) != form(new):
                raise LengthChanges(position, self.item_of(old, new, step))

    def item_of(self, before: Value, after: Value, step: Builder) -> relax.TensorType:
        """Return the type of the tensors of a sequence that an iteration makes longer or shorter.

        Raises:
            ModelError: there is no one type.
        """
        found: set[Attribute] = set()
        if isinstance(before, tuple) and isinstance(after, tuple):
            for value in after:
                if value is None or isinstance(value, tuple | Stacked):
                    raise self.node.unsupported("a loop that changes a sequence of sequences")
                found.add(seen_outside(step.tensor(value).type, step.block))
        item = found.pop() if len(found) == 1 else None
        if not isinstance(item, relax.TensorType):
            raise self.node.unsupported(
                "a loop that changes the length of a sequence of tensors of several types"
            )
        if item.known_shape() is None:
            raise self.node.unsupported(f"a loop that collects tensors of unknown shape, {item},")
        return item

    def place(self, slot: Collected, rank: int) -> int:
        """Return the axis that slices of a rank lie along."""
        return self.node.axis(slot.axis, rank + 1)

    def nones(self, inits: Sequence[SSAValue]) -> list[Tensor]:
        """Return for each output that is collected a tensor of no slices."""
        if not self.collected:
            return []
        scratch = Builder(Block(arg_types=[init.type for init in inits]), self.node.builder)
        try:
            items = self.results(scratch, scratch.block.args)[len(inits) - 1 :]
            told = {name for op in scratch.block.walk() for name in relax.new_symbols(op)}
            return [
                self.none(item.type, slot, told)
                for item, slot in zip(items, self.collected, strict=True)
            ]
        finally:
            scratch.block.drop_all_references()

    def none(self, item: relax.TensorType, slot: Collected, told: set[str]) -> Tensor:
        """Return no slices of a type, whose dims mention no symbol that an iteration tells."""
        shape = item.known_shape()
        if shape is None or any(told.intersection(map(str, dim.free_vars())) for dim in shape):
            raise self.node.unsupported(f"collecting slices of type {item} in a loop")
        dims: list[Dim] = list(shape)
        dims.insert(self.place(slot, len(shape)), 0)
        return full(self.node.builder, dims, np.zeros((), dtypes.to_numpy(item.dtype)))

    def condition(self, types: Sequence[Attribute]) -> Builder:
        """Return the block that tells whether there is another iteration."""
        condition = Builder(Block(arg_types=types), self.node.builder)
        index, going = (condition.tensor(arg) for arg in condition.block.args[:2])
        if self.limit is not None:
            going = (index < condition.tensor(self.limit).reshape([])) & going
        condition.insert(relax.YieldOp(going.value))
        return condition


class LengthChanges(Exception):
    """An iteration changes the length of the sequence at a position of what is carried."""

    def __init__(self, position: int, item: relax.TensorType) -> None:
        super().__init__(position)
        self.position, self.item = position, item


def stacked(node: Node, items: Sequence[Value], item_type: relax.TensorType) -> Stacked:
    """Return a sequence as one whose length a run decides.

    Raises:
        ModelError: an item has another type.
    """
    tensors = [node.item(item) for item in items]
    for tensor in tensors:
        if tensor.type != item_type:
            raise node.unsupported(
                f"a sequence of {tensor.type} and {item_type}, whose length a run decides,"
            )
    if tensors:
        return Stacked(concat([tensor.unsqueeze([0]) for tensor in tensors], 0).value)
    zero = np.zeros((), dtypes.to_numpy(item_type.dtype))
    return Stacked(full(node.builder, [0, *(item_type.known_shape() or ())], zero).value)


def of_length(node: Node, value: SSAValue, axis: int, length: IntExpr) -> SSAValue:
    """Return what was collected along an axis in a loop of known length."""
    x = node.tensor(value)
    dims = list(x.shape)
    dims[node.axis(axis, x.rank)] = length
    op = relax.MatchCastOp(value, relax.TensorType.of(dims, x.dtype))
    node.builder.insert(op)
    return op.result


_Form: TypeAlias = "str | tuple[_Form, ...]"


def form(value: Value) -> _Form:
    """Return how a value is made of tensors."""
    if isinstance(value, tuple):
        return tuple(map(form, value))
    return "stack" if isinstance(value, Stacked) else "tensor"


def rebuilt(value: Value, tensors: Iterator[SSAValue]) -> Value:
    """Return a value like another one, made of the next tensors."""
    if isinstance(value, tuple):
        return tuple([rebuilt(item, tensors) for item in value])
    return Stacked(next(tensors)) if isinstance(value, Stacked) else next(tensors)
