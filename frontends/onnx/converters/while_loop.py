"""Loops whose length a run decides: what Loop and Scan become where they cannot be unrolled.

A loop carries (iteration, condition, values..., collected...). What an iteration collects grows by
a slice each time, from none. A value whose shape an iteration changes has new symbols inside the
loop and behind it; one whose rank changes is refused.

A sequence goes along as its tensors, as long as there are as many of them after each iteration;
else as one tensor, where they have one shape (`values.Stacked`), or as a list (`values.Listed`).
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
from ..builder import Builder, Dim, Tensor, concat, full
from ..errors import ModelError
from ..joining import joined, named, open_type
from ..lists import OBJECT, joined_items, listed
from ..lists import call as list_call
from ..lists import insert as list_insert
from ..node import Node
from ..stacks import may_stack, stacked
from ..values import Item, Listed, Stacked, Texts, Value


@dataclass(frozen=True)
class Collected:
    """Where the slices of an output go: an axis, and whether each comes before the ones so far."""

    axis: int = 0
    before: bool = False
    is_list: bool = False
    """Whether slices stay apart, a sequence of tensors of any shapes."""


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
    items: dict[int, relax.TensorType] = field(default_factory=dict[int, relax.TensorType])
    """Position of what is collected as a list -> what is known of its tensors."""

    def build(self, values: Sequence[Value]) -> list[Value]:
        """Append the loop; return the last values and what was collected.

        Raises:
            ModelError: a value changes its rank, or nothing says what shape slices have.
        """
        carried = list(values)
        while True:  # each round finds another sequence that changes its length
            try:
                results = iter(replace(self, carried=carried).append(carried))
                kept = [rebuilt(value, results) for value in carried]
                return [*kept, *(self.collection(i, value) for i, value in enumerate(results))]
            except LengthChanges as change:
                start = carried[change.position]
                carried[change.position] = restarted(self.node, start, change.item)

    def collection(self, index: int, value: SSAValue) -> Value:
        """Return what was collected."""
        return Listed(value, self.items[index]) if self.collected[index].is_list else value

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
            if isinstance(value, Texts):
                raise self.node.unsupported(
                    "a tensor of strings in a loop of a length unknown here"
                )
            if isinstance(value, tuple):
                yield from self.flat(value)
            else:
                yield value.items if isinstance(value, Stacked | Listed) else value

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
        slots = zip(arguments[count:], self.collected, values[count - 2 :], strict=True)
        for index, (old, slot, new) in enumerate(slots):
            if slot.is_list:
                self.items[index] = open_type(new.type, step.block)
                whole = list_insert(self.node, Listed(old, self.items[index]), new, None)
                handed.append(step.tensor(whole.items))
                continue
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
        for position, old in enumerate(self.carried, first):
            found[position] = self.like(old, found[position], step)
        self.check_forms(found[first : first + len(carried)], step)
        results = [step.tensor(item) for item in self.flat(found)]
        return results if self.has_condition else [going, *results]

    def like(self, old: Value, new: Value, step: Builder) -> Value:
        """Return a sequence that an iteration has put together as one like that before it."""
        if not isinstance(new, tuple | Stacked) or not isinstance(old, Stacked | Listed):
            return new
        if isinstance(old, Listed):
            return listed(self.node, new, old.item, step)
        if isinstance(new, Stacked):
            return new
        types = [self.node.item(value).type for value in new]
        whole = step.tensor(old.items)
        types.append(relax.TensorType.of(whole.shape[1:], whole.dtype))
        return stacked(self.node, new, types[-1], step) if may_stack(types) else new

    def check_forms(self, after: Sequence[Value], step: Builder) -> None:
        """Check that an iteration hands on as many tensors as it got.

        Raises:
            LengthChanges: a sequence has others.
            ModelError: nothing else can stand for it.
        """
        for position, (old, new) in enumerate(zip(self.carried, after, strict=True)):
            if form(old) != form(new):
                raise LengthChanges(position, self.item_of(new, step))
            if isinstance(old, Listed) and isinstance(new, Listed):
                known = joined_items(self.node, [old.item, open_type(new.item, step.block)])
                if known != old.item:
                    raise LengthChanges(position, known)

    def item_of(self, after: Value, step: Builder) -> relax.TensorType:
        """Return what is known of each tensor of a sequence that an iteration makes another one.

        Raises:
            ModelError: it is none, or one of sequences.
        """
        if isinstance(after, Listed):
            return open_type(after.item, step.block)
        if isinstance(after, Stacked):
            whole = step.tensor(after.items).type
            item = relax.TensorType.of(whole.shape and whole.shape[1:], whole.dtype)
            return open_type(item, step.block)
        if not isinstance(after, tuple):
            raise self.node.unsupported("a loop that makes a tensor of a sequence")
        found: list[relax.TensorType] = []
        for value in after:
            if value is None or isinstance(value, tuple | Stacked | Listed | Texts):
                raise self.node.unsupported("a loop that changes a sequence of sequences")
            found.append(open_type(step.tensor(value).type, step.block))
        return joined_items(self.node, found)

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
                self.node.builder.tensor(list_call(self.node.builder, "of", (), OBJECT))
                if slot.is_list
                else self.none(item.type, slot, told)
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


def restarted(node: Node, start: Value, item: relax.TensorType) -> Value:
    """Return what a loop begins with where its iterations make other sequences of `item`."""
    if isinstance(start, tuple):
        types = [node.item(value).type for value in start]
        if may_stack([item, *types]):
            return stacked(node, start, item)
    found = listed(node, start, item)
    return Listed(found.items, joined_items(node, [found.item, item]))


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
    if isinstance(value, Listed):
        return "list"
    return "stack" if isinstance(value, Stacked) else "tensor"


def rebuilt(value: Value, tensors: Iterator[SSAValue]) -> Value:
    """Return a value like another one, made of the next tensors."""
    if isinstance(value, tuple):
        return tuple([rebuilt(item, tensors) for item in value])
    if isinstance(value, Listed):
        return Listed(next(tensors), value.item)
    return Stacked(next(tensors)) if isinstance(value, Stacked) else next(tensors)
