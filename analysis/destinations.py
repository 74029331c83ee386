"""Where the results of a graph function are computed: straight into what waits for them.

A value that the function returns is computed in the memory of that result; a value that both
branches of an `if` compute is computed in memory that both share; the next value of a loop is
computed in the loop's memory when the last one is not read any more. What cannot be placed so
is copied there (loops, results) or handed on as a value of several origins (branches).

`Destinations.memory` maps sources (see `aliases.py`) to `Memory`; a source without one gets memory
of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.ir import Attribute, Block, Operation, OpResult, SSAValue

from ..dialects import relax, vm
from ..symbolic import IntExpr
from .aliases import Aliases, Leaf, leaves_of
from .declared_types import declared_results

_KERNEL_CALLS = (relax.CallTIROp, relax.CallTIRInplaceOp, relax.CallDPSPackedOp)


class Memory:
    """Memory for one tensor at a time: result `output` of the function, or the function's own."""

    def __init__(self, output: int | None = None) -> None:
        self.output = output


class Destinations:
    """The placement of one relax.func."""

    def __init__(self, func: relax.FuncOp, aliases: Aliases) -> None:
        self.aliases = aliases
        self.memory: dict[Leaf, Memory] = {}
        self._carried: dict[Memory, list[SSAValue]] = {}
        """What loops hold in a memory until the next value is there: arguments of bodies."""
        returned = returned_leaves(func)
        declared = declared_results(func)
        for index, (leaf, wanted) in enumerate(zip(returned, declared, strict=True)):
            if isinstance(leaf.type, relax.TensorType):
                self._place(leaf, wanted, Memory(index), func.body.block)
        self._block(func.body.block)

    def of(self, leaf: Leaf) -> Memory | None:
        """Return the memory that a leaf lies in, where it is placed."""
        return self.memory.get(self.aliases.source(leaf))

    # ---- the walk: last consumers first --------------------------------------------

    def _block(self, block: Block) -> None:
        for op in reversed(list(block.ops)):
            if isinstance(op, relax.IfOp):
                self._if(op)
            elif isinstance(op, relax.WhileOp):
                self._while(op)

    def _if(self, op: relax.IfOp) -> None:
        regions = op.then_region.block, op.else_region.block
        for result in op.results:
            for leaf in leaves_of(result):
                if leaf in self.memory or not is_shaped(leaf.type):
                    continue
                arms = [yielded(block, leaf) for block in regions]
                pairs = list(zip(arms, regions, strict=True))
                if all(self._is_placeable(arm, leaf.type, block) for arm, block in pairs):
                    memory = self.memory[leaf] = Memory()
                    for arm, block in pairs:
                        self._place(arm, leaf.type, memory, block)
        for block in regions:
            self._block(block)

    def _while(self, op: relax.WhileOp) -> None:
        for index, (result, init) in enumerate(zip(op.results, op.inits, strict=True)):
            carried = op.body_region.block.args[index]
            for leaf, start in zip(leaves_of(result), leaves_of(init), strict=True):
                if is_shaped(leaf.type):
                    memory = self.memory.setdefault(leaf, Memory())
                    self._carried.setdefault(memory, []).append(carried)
                    for block in (op.cond_region.block, op.body_region.block):
                        self.memory[Leaf(block.args[index], leaf.path)] = memory
                    self._place_next(op, carried, leaf, memory)
                    self._place_init(op, start, leaf.type, memory)
        self._block(op.cond_region.block)
        self._block(op.body_region.block)

    def _place_next(self, op: relax.WhileOp, carried: SSAValue, leaf: Leaf, memory: Memory) -> None:
        """Compute the loop's next value in its memory, if the last one is dead by then."""
        block = op.body_region.block
        following = yielded(block, leaf)
        source = self.aliases.source(following)
        if source.op is None or source.op.parent is not block:
            return
        if not self.aliases.used_from(carried, source.op, at=True):
            self._place(following, leaf.type, memory, block)

    def _place_init(
        self, op: relax.WhileOp, start: Leaf, wanted: Attribute, memory: Memory
    ) -> None:
        """Compute the loop's first value in its memory, if nobody else reads it from here on."""
        source = self.aliases.source(start)
        block = op.parent
        assert block is not None
        if source.op is None or source.op.parent is not block or start.path:
            return
        sharers = self.aliases.sharers(source.value)
        uses = [use.operation for sharer in sharers for use in sharer.uses]
        if (
            uses.count(op) == 1
            and not any(_is_inside(user, op) for user in uses)
            and not self.aliases.used_from(source.value, op)
            and not self._is_taken(memory, source.op)
        ):
            self._place(start, wanted, memory, block)

    def _is_taken(self, memory: Memory, op: Operation) -> bool:
        """Tell whether a loop around `op` still reads its own value in `memory`, by `op` or later.

        A loop that computes the next value of one around it does so in that one's memory.
        """
        return any(
            _is_inside(op, around) and self.aliases.used_from(carried, op, at=True)
            for carried in self._carried[memory]
            if isinstance(carried.owner, Block)
            and (around := carried.owner.parent_op()) is not None
        )

    # ---- placing -----------------------------------------------------------------

    def _is_placeable(self, leaf: Leaf, wanted: Attribute, block: Block) -> bool:
        """Tell whether a call of `block` itself computes `leaf`, in memory as a `wanted` takes."""
        source = self.aliases.source(leaf)
        return (
            source not in self.memory
            and _size(source.type) is not None
            and _size(source.type) == _size(wanted)
            and isinstance(source.value, OpResult)
            and source.value.op.parent is block
            and isinstance(
                source.value.op, (*_KERNEL_CALLS, relax.FailOp, relax.IfOp, relax.WhileOp)
            )
        )

    def _place(self, leaf: Leaf, wanted: Attribute, memory: Memory, block: Block) -> None:
        """Have `leaf` computed in `memory`, where a call of `block` itself computes it."""
        if not self._is_placeable(leaf, wanted, block):
            return
        source = self.aliases.source(leaf)
        self.memory[source] = memory
        if isinstance(source.op, relax.IfOp):
            for region in (source.op.then_region, source.op.else_region):
                self._place(yielded(region.block, source), source.type, memory, region.block)


def _size(type_: Attribute) -> IntExpr | None:
    return vm.byte_size(type_) if isinstance(type_, relax.TensorType) else None


def is_shaped(type_: Attribute) -> bool:
    """Tell whether a type is a tensor's that says how much memory it takes."""
    return isinstance(type_, relax.TensorType) and type_.known_shape() is not None


def returned_leaves(func: relax.FuncOp) -> list[Leaf]:
    """Return the leaves that a function returns, in order."""
    return _leaves(func.return_op.values)


def yielded(block: Block, leaf: Leaf) -> Leaf:
    """Return what a region's block yields as `leaf`, a leaf of a result of its operation."""
    assert isinstance(leaf.value, OpResult)
    last = block.last_op
    assert isinstance(last, relax.YieldOp), "verified: a region ends with relax.yield"
    return Leaf(last.values[leaf.value.index], leaf.path)


def _leaves(values: Iterable[SSAValue]) -> list[Leaf]:
    return [leaf for value in values for leaf in leaves_of(value)]


def _is_inside(op: Operation, outer: Operation) -> bool:
    return op is not outer and outer.is_ancestor(op)
