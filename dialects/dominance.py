"""Which blocks of a region run before which: the dominator tree.

Source: Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm" (2001): near-linear for the
flow graphs that programs have, where xDSL's set-based `DominanceInfo` is cubic.
"""

from collections.abc import Iterator

from xdsl.ir import Block, Region


class Dominators:
    """The dominator tree of a region's blocks, computed once from its branches."""

    def __init__(self, region: Region):
        blocks = tuple(region.blocks)
        self._entry = blocks[0]
        postorder = _postorder(self._entry)
        self._number = {block: i for i, block in enumerate(postorder)}
        self.unreachable = tuple(block for block in blocks if block not in self._number)
        """The blocks that no path from the entry reaches."""
        self._idom = self._immediate_dominators(postorder)
        self._intervals: dict[Block, tuple[int, int]] = {}

    def immediate_dominator(self, block: Block) -> Block | None:
        """Return the closest block that every path to `block` passes; None for the entry."""
        return None if block is self._entry else self._idom.get(block)

    def preorder(self) -> Iterator[tuple[Block, int]]:
        """Yield each reachable block after its dominators, with its depth in the tree."""
        children: dict[Block, list[Block]] = {}
        for block, parent in self._idom.items():
            if block is not self._entry:
                children.setdefault(parent, []).append(block)
        stack = [(self._entry, 0)]
        while stack:
            block, depth = stack.pop()
            yield block, depth
            below = sorted(children.get(block, ()), key=self._number.__getitem__)
            stack += [(child, depth + 1) for child in below]

    def dominates(self, a: Block, b: Block) -> bool:
        """Tell whether every path from the entry to `b` passes `a` (a block dominates itself)."""
        if not self._intervals:
            self._intervals = self._number_tree()
        if b not in self._intervals:
            return True  # b never runs
        if a not in self._intervals:
            return False
        start, end = self._intervals[a]
        return start <= self._intervals[b][0] < end

    def _number_tree(self) -> dict[Block, tuple[int, int]]:
        """Return for each block the interval of preorder numbers of the blocks it dominates."""
        order = list(self.preorder())
        intervals: dict[Block, tuple[int, int]] = {}
        open_blocks: list[tuple[Block, int, int]] = []
        for number, (block, depth) in enumerate(order):
            while open_blocks and open_blocks[-1][2] >= depth:
                closed, start, _ = open_blocks.pop()
                intervals[closed] = (start, number)
            open_blocks.append((block, number, depth))
        intervals.update({block: (start, len(order)) for block, start, _ in open_blocks})
        return intervals

    def _immediate_dominators(self, postorder: list[Block]) -> dict[Block, Block]:
        predecessors: dict[Block, list[Block]] = {block: [] for block in postorder}
        for block in postorder:
            for successor in _successors(block):
                predecessors[successor].append(block)
        idom = {self._entry: self._entry}
        changed = True
        while changed:
            changed = False
            for block in reversed(postorder[:-1]):
                known = [p for p in predecessors[block] if p in idom]
                new = known[0]
                for other in known[1:]:
                    new = self._intersect(idom, new, other)
                if idom.get(block) is not new:
                    idom[block] = new
                    changed = True
        return idom

    def _intersect(self, idom: dict[Block, Block], a: Block, b: Block) -> Block:
        number = self._number
        while a is not b:
            while number[a] < number[b]:
                a = idom[a]
            while number[b] < number[a]:
                b = idom[b]
        return a


def _successors(block: Block) -> tuple[Block, ...]:
    return () if block.last_op is None else tuple(block.last_op.successors)


def _postorder(entry: Block) -> list[Block]:
    """Return the blocks reachable from `entry`, each after the blocks it branches to first."""
    order: list[Block] = []
    seen = {entry}
    stack = [(entry, iter(_successors(entry)))]
    while stack:
        block, pending = stack[-1]
        for successor in pending:
            if successor not in seen:
                seen.add(successor)
                stack.append((successor, iter(_successors(successor))))
                break
        else:
            order.append(block)
            stack.pop()
    return order
