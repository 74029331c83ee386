"""The operations of one block as a graph of uses, and its post-dominator tree.

An operation is post-dominated by the one that everything made from its results flows through.
Source: Chen et al., OSDI 2018, section 3; TVM src/relax/analysis/graph_partitioner.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from xdsl.ir import Block, Operation, SSAValue

from .op_patterns import Pattern

EdgePattern = Callable[[Operation, int], Pattern]
"""How an operation reads its operand number i."""


@dataclass(eq=False)
class Node:
    """An operation, who uses its results and how, and its parent in the post-dominator tree."""

    op: Operation
    index: int  # position in the block
    users: list[tuple[Node, Pattern]] = field(default_factory=list["tuple[Node, Pattern]"])
    parent: Node | None = None
    depth: int = 0
    to_parent: Pattern = Pattern.ELEMENTWISE  # the worst use on any path to the parent


def use_graph(block: Block, edge_pattern: EdgePattern) -> list[Node]:
    """Return the nodes of a block's operations, in order, with users and parents.

    What a region of an operation uses, the operation uses, in a way that says nothing.
    """
    nodes = [Node(op, i) for i, op in enumerate(block.ops)]
    by_op = {node.op: node for node in nodes}
    for node in nodes:
        for i, operand in enumerate(node.op.operands):
            _add_use(by_op, operand, node, edge_pattern(node.op, i))
        for region in node.op.regions:
            for operand in _captured(region.walk()):
                _add_use(by_op, operand, node, Pattern.OPAQUE)
    for node in reversed(nodes):
        _find_parent(node)
    return nodes


def _captured(ops: Iterator[Operation]) -> Iterator[SSAValue]:
    for op in ops:
        yield from op.operands


def _add_use(by_op: dict[Operation, Node], value: SSAValue, user: Node, pattern: Pattern) -> None:
    owner = value.owner
    if isinstance(owner, Operation) and owner in by_op and by_op[owner] is not user:
        by_op[owner].users.append((user, pattern))


def _find_parent(node: Node) -> None:
    """Set parent, depth and pattern from the users, which have theirs."""
    worst, parent = Pattern.ELEMENTWISE, None
    for i, (user, pattern) in enumerate(node.users):
        worst = max(worst, pattern)
        if i == 0:
            parent = user
        elif parent is not None:
            parent, on_the_way = _common_ancestor(parent, user)
            worst = max(worst, on_the_way)
    node.parent, node.to_parent = parent, worst
    node.depth = 0 if parent is None else parent.depth + 1


def _common_ancestor(a: Node | None, b: Node | None) -> tuple[Node | None, Pattern]:
    """Return the lowest common ancestor and the worst pattern on the ways to it."""
    worst = Pattern.ELEMENTWISE
    while a is not b:
        if a is None or b is None:
            return None, Pattern.OPAQUE
        if a.depth >= b.depth:
            worst, a = max(worst, a.to_parent), a.parent
        else:
            worst, b = max(worst, b.to_parent), b.parent
    return a, worst
