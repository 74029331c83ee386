"""Which blocks of a function control may reach twice."""

from __future__ import annotations

from xdsl.ir import Block, Region


def repeated_blocks(region: Region) -> set[Block]:
    """Return the blocks of a region that control may reach again."""
    after = {block: _reachable(block) for block in region.blocks}
    return {block for block, blocks in after.items() if block in blocks}


def _reachable(block: Block) -> set[Block]:
    found: set[Block] = set()
    waiting = [block]
    while waiting:
        last = waiting.pop().last_op
        for following in () if last is None else last.successors:
            if following not in found:
                found.add(following)
                waiting.append(following)
    return found
