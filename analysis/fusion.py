"""Which kernels may become one: groups of the operations of a block.

Groups grow along the post-dominator tree, so a group has one result and no value inside is used
outside. What joins (ways = all paths from an operation to its post-dominator):

- a kernel that reduces takes what follows, if every way is elementwise: bias, residual, relu;
- a map (elementwise, broadcast) joins what follows it, a reduction only if it just moves elements;
- after those, an injective kernel joins maps and injective kernels that follow it;
- kernels that work row by row join where one of them reduces (a softmax and its mask, the
  steps of a layer normalization): they share a loop over rows, if these are short (rows.py);
- nothing that computes joins a kernel whose result is larger: it would be computed again;
- a product and what reduces its rows join, and so do those rows and the product that reads them,
  where blocks of rows can pass through all of it in the cache: attention becomes one kernel, with
  the transposes of its operands.

Source: Chen et al., OSDI 2018, section 3; TVM src/relax/analysis/graph_partitioner.cc. The rules
of what only moves elements and of larger results are Tyrex's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Operation

from ..dialects import dtypes, relax, tir
from ..dialects.relax.dims import num_elements
from ..symbolic import as_expr
from .nominal import nominal_size
from .op_patterns import Pattern, input_patterns, only_moves
from .rows import ChainFacts, RowFacts, chain_facts, row_facts, shared_bytes
from .use_graph import Node

# Of a row between the kernels of a chain: a few have to fit into stack memory.
MAX_CHAIN_ROW_BYTES = 12 << 10
# About a first-level cache. A tensor of that size between two kernels stays in it without a chain.
# Every block of rows reads again what rows share, which costs little where it stays in it; else it
# has to be less than the tensor that the chain keeps out of memory.
NEAR_BYTES = 64 << 10

MAPS = (Pattern.ELEMENTWISE, Pattern.BROADCAST)
MAX_ROW = 1 << 13
"""Elements of a row: a few rows of so many floats stay in a second-level cache."""


@dataclass(frozen=True, eq=False)
class KernelFacts:
    """What fusion knows of a kernel."""

    pattern: Pattern
    inputs: tuple[Pattern, ...]
    only_moves: bool
    rows: RowFacts | None
    chain: ChainFacts | None

    @staticmethod
    def of(func: tir.FuncOp) -> KernelFacts:
        """Return the facts of a kernel that annotate-patterns has seen."""
        attr = func.attributes.get("pattern")
        pattern = Pattern.of_word(attr.data) if isinstance(attr, StringAttr) else Pattern.OPAQUE
        inputs = (pattern,) * len(func.inputs)
        if pattern in (Pattern.BROADCAST, Pattern.INJECTIVE):  # in others all inputs are alike
            inputs = input_patterns(func)
        if Pattern.OPAQUE in inputs and pattern is not Pattern.OPAQUE:
            # Not a kernel that we can read: shapes must tell (TVM's rule).
            best = Pattern.ELEMENTWISE if pattern is Pattern.BROADCAST else pattern
            same = [value.type == func.outputs[0].type for value in func.inputs]
            inputs = tuple(best if equal else pattern for equal in same)
        moves = pattern <= Pattern.INJECTIVE and only_moves(func)
        return KernelFacts(pattern, inputs, moves, row_facts(func), chain_facts(func))


@dataclass(eq=False)
class Group:
    """A set of nodes that become one kernel; `into` is the group that this one has joined.

    `depth` is how many axes a loop over rows would run over; 0 where the group has no such loop.
    `chain`: how each of its kernels works in blocks of rows, None where one does not.
    """

    pattern: Pattern
    only_moves: bool
    depth: int = 0
    reduces: bool = False
    chain: list[ChainFacts] | None = None
    size: int = 1
    into: Group | None = None

    def root(self) -> Group:
        """Return the group that this one is part of."""
        group = self
        while group.into is not None:
            group = group.into
        return group


Test = Callable[[Pattern], bool]


@dataclass(frozen=True)
class Partition:
    """The nodes of a block in groups.

    Attributes:
        nodes: the operations.
        groups: one of each node, to begin with.
        max_depth: the most nodes that a group may have.
        facts_of: what fusion knows of the kernel that an operation calls.
        cache_bytes: the part of a cache that what all rows of a chain read may fill.
    """

    nodes: Sequence[Node]
    groups: Sequence[Group]
    max_depth: int
    facts_of: Callable[[Operation], KernelFacts | None]
    cache_bytes: int

    def run(self) -> None:
        """Grow the groups: maps and reductions first, so that they are not cut by injectives."""
        for first_phase in (True, False):
            for node in self.nodes:
                self.try_to_join(node, first_phase)
        for node in self.nodes:
            self.try_to_chain(node)
        for node in self.nodes:
            self.try_to_feed(node)

    def try_to_feed(self, node: Node) -> None:
        """Let what only moves elements join the chain that alone reads them: it reads the source.

        Chains copy what lies far apart into panels, once for all rows.
        """
        group, parent = self.groups[node.index].root(), node.parent
        if parent is None or not group.only_moves or group.size > 1 or not group.chain:
            return
        target = self.groups[parent.index].root()
        facts = target.chain or ()
        is_chain = any(f.has_product for f in facts) and any(f.has_row_sum for f in facts)
        readers = {self.groups[user.index].root() for user, _ in node.users}
        if is_chain and readers == {target}:
            self.merge([node], parent)

    def try_to_chain(self, node: Node) -> None:
        """Let a node's group join that of its only reader, if rows can pass through both."""
        if node.parent is None or len(node.op.results) != 1:
            return
        group, target = self.groups[node.index].root(), self.groups[node.parent.index].root()
        readers = {self.groups[user.index].root() for user, _ in node.users}
        if readers != {target} or group is target or not group.chain or not target.chain:
            return
        facts = (*group.chain, *target.chain)
        reduces = all(any(f.reduces for f in part) for part in (group.chain, target.chain))
        mixed = any(f.has_product for f in facts) and any(f.has_row_sum for f in facts)
        depth = min(self.own_axes(node), *(f.depth for f in facts))
        if not reduces or not mixed or depth == 0 or len(facts) > self.max_depth:
            return
        tensor = relax.tensor_type(node.op.results[0])
        shape = tensor.known_shape() or ()
        element = dtypes.size_bytes(tensor.dtype)
        if len(shape) != depth + 1 or not all(dim.is_constant for dim in shape[depth - 1 :]):
            return
        if shape[depth].constant_value * element > MAX_CHAIN_ROW_BYTES:
            return
        saved = prod(map(nominal_size, shape)) * element
        shared = sum(shared_bytes(f.steps, depth) for f in facts)
        if saved > NEAR_BYTES and (shared <= NEAR_BYTES or shared <= self.cache_bytes <= saved):
            self.merge([node], node.parent)

    def own_axes(self, node: Node) -> int:
        """Return how many of the first axes of a result its readers read as they write."""
        found: list[int] = []
        for use in node.op.results[0].uses:
            kernel = self.facts_of(use.operation)
            chain = None if kernel is None else kernel.chain
            found.append(0 if chain is None else chain.inputs[use.index])
        return min(found, default=0)

    def try_to_join(self, node: Node, first_phase: bool) -> None:
        """Let a node's group join its post-dominator, with all that lies between."""
        group, parent = self.groups[node.index], node.parent
        if parent is None or group.pattern is Pattern.OPAQUE:
            return
        if group.root() is self.groups[parent.index].root():
            return
        joined = False
        if group.pattern in (Pattern.REDUCTION, Pattern.OUT_FUSABLE):
            if node.to_parent is Pattern.ELEMENTWISE:
                joined = self.join(node, parent, _is_map, _is_map)
        elif group.pattern in MAPS:
            if self.map_may_join(node, group, parent):
                joined = self.join(node, parent, _is_at_most_injective, _is_not_opaque)
        elif not first_phase and self.map_may_join(node, group, parent):
            joined = self.join(node, parent, _is_at_most_injective, _is_at_most_injective)
        if not joined:
            self.join_rows(node, parent)

    def map_may_join(self, node: Node, group: Group, parent: Node) -> bool:
        """Tell whether computing a map where it is used does not multiply work."""
        if node.to_parent <= Pattern.INJECTIVE:
            return group.only_moves or not _is_larger(parent, node)
        return node.to_parent is Pattern.REDUCTION and group.only_moves

    def join(self, node: Node, parent: Node, between: Test, last: Test) -> bool:
        """Merge everything on the ways from `node` to `parent`, if all of it passes the tests."""
        on_the_way = _ways(node, parent)
        patterns = [self.groups[n.index].root().pattern for n in on_the_way if n is not node]
        if not all(map(between, patterns)) or not last(self.groups[parent.index].root().pattern):
            return False
        return self.merge(on_the_way, parent)

    def join_rows(self, node: Node, parent: Node) -> None:
        """Merge everything on the ways, if all of it can share a loop over rows."""
        on_the_way = _ways(node, parent)
        members = [*on_the_way, parent]
        depth = self.depth_of(members)
        reduces = any(self.groups[n.index].root().reduces for n in members)
        if depth and reduces and all(_has_short_rows(n, depth) for n in members):
            self.merge(on_the_way, parent)

    def depth_of(self, members: Sequence[Node]) -> int:
        """Return how many axes a loop over the rows of all members runs over, at most."""
        depth = min(self.groups[n.index].root().depth for n in members)
        inside = {n.op for n in members}
        for n in members:
            facts = self.facts_of(n.op) if depth else None
            if facts is None or facts.rows is None:
                return 0
            pairs = zip(n.op.operands, facts.rows.inputs, strict=False)
            depth = min([depth, *(own for value, own in pairs if value.owner in inside)])
        return depth

    def merge(self, on_the_way: Sequence[Node], parent: Node) -> bool:
        """Make one group of nodes and their post-dominator, if it may have so many."""
        target = self.groups[parent.index].root()
        joining = {self.groups[other.index].root(): None for other in on_the_way}
        joining.pop(target, None)
        if target.size + sum(group.size for group in joining) > self.max_depth:
            return False
        target.depth = self.depth_of([*on_the_way, parent])
        for group in joining:
            group.into = target
            target.size += group.size
            target.pattern = max(target.pattern, group.pattern)
            target.only_moves &= group.only_moves
            target.reduces |= group.reduces
            both = group.chain is not None and target.chain is not None
            target.chain = [*(group.chain or ()), *(target.chain or ())] if both else None
        return True


def _ways(node: Node, parent: Node) -> Sequence[Node]:
    """Return `node` and everything between it and its post-dominator."""
    found: dict[Node, None] = {node: None}
    waiting = [node]
    while waiting:
        for user, _ in waiting.pop().users:
            if user is not parent and user not in found:
                found[user] = None
                waiting.append(user)
    return list(found)


def _has_short_rows(node: Node, depth: int) -> bool:
    """Tell whether a row of a node's result is short."""
    shape = relax.tensor_type(node.op.results[0]).known_shape()
    row = None if shape is None else prod(shape[depth:], start=as_expr(1))
    return row is not None and row.is_constant and row.constant_value <= MAX_ROW


def _is_map(pattern: Pattern) -> bool:
    return pattern in MAPS


def _is_at_most_injective(pattern: Pattern) -> bool:
    return pattern <= Pattern.INJECTIVE


def _is_not_opaque(pattern: Pattern) -> bool:
    return pattern is not Pattern.OPAQUE


def _is_larger(a: Node, b: Node) -> bool:
    """Tell whether the result of `a` may have more elements than that of `b`."""
    sizes = [num_elements(relax.tensor_type(node.op.results[0])) for node in (b, a)]
    if sizes[0] is None or sizes[1] is None:
        return True
    less = sizes[0] - sizes[1]
    return not less.provably_ge0({key: (1, None) for key in less.free_vars()})
