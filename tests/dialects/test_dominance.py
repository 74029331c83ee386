import random

from xdsl.dialects import test
from xdsl.ir import Block, Region
from xdsl.irdl.dominance import DominanceInfo

from tyrex.dialects.dominance import Dominators


def graph(edges: dict[int, list[int]]) -> tuple[Region, list[Block]]:
    blocks = [Block() for _ in edges]
    for block, targets in zip(blocks, edges.values(), strict=True):
        block.add_op(test.TestTermOp.create(successors=[blocks[t] for t in targets]))
    return Region(blocks), blocks


def test_a_diamond() -> None:
    region, (entry, left, right, join) = graph({0: [1, 2], 1: [3], 2: [3], 3: []})
    dominators = Dominators(region)
    assert dominators.immediate_dominator(join) is entry
    assert dominators.immediate_dominator(entry) is None
    assert not dominators.dominates(left, join)
    assert not dominators.dominates(left, right)
    assert dominators.dominates(entry, join)
    assert dominators.dominates(join, join)
    assert [depth for _, depth in dominators.preorder()] == [0, 1, 1, 1]


def test_unreachable_blocks_are_told_and_dominated_by_all() -> None:
    region, (_, dead, end) = graph({0: [2], 1: [2], 2: []})
    dominators = Dominators(region)
    assert dominators.unreachable == (dead,)
    assert dominators.dominates(end, dead)
    assert not dominators.dominates(dead, end)


def test_agrees_with_xdsl_on_random_graphs() -> None:
    rng = random.Random(7)
    for _ in range(200):
        n = rng.randint(1, 9)
        region, blocks = graph({i: rng.choices(range(n), k=rng.randint(0, 3)) for i in range(n)})
        ours, theirs = Dominators(region), DominanceInfo(region)
        reachable = [b for b in blocks if b not in ours.unreachable]
        for b in reachable:
            # xDSL counts edges from unreachable blocks: compare where there are none.
            if ours.unreachable:
                continue
            for a in reachable:
                assert ours.dominates(a, b) == theirs.dominates(a, b)
