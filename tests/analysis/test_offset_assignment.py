import random

import pytest

from tyrex.analysis.offset_assignment import assign_offsets


def test_nothing() -> None:
    assert assign_offsets([], [], 64).size_bytes == 0


def test_ranges_without_conflict_share_a_place() -> None:
    plan = assign_offsets([100, 10, 50], [[], [], []], 64)
    assert plan.offsets == (0, 0, 0)
    assert plan.size_bytes == 128


def test_the_smallest_gap_is_taken() -> None:
    # 0, 1, 2 and 3 lie in a row; 4 meets 1 and 3 alone: the gaps are 0's and 2's places.
    sizes = [256, 192, 128, 64, 64]
    chain = [[1, 2, 3], [0, 2, 3, 4], [0, 1, 3], [0, 1, 2, 4], [1, 3]]
    plan = assign_offsets(sizes, chain, 64)
    assert plan.offsets == (0, 256, 448, 576, 448)
    assert plan.size_bytes == 640


@pytest.mark.parametrize("seed", range(20))
def test_conflicts_never_overlap(seed: int) -> None:
    rng = random.Random(seed)
    sizes = [rng.choice((0, 1, 64, 100, 1000, 5000)) for _ in range(30)]
    pairs = {(i, j) for i in range(30) for j in range(i) if rng.random() < 0.3}
    conflicts = [[j for j in range(30) if (i, j) in pairs or (j, i) in pairs] for i in range(30)]
    plan = assign_offsets(sizes, conflicts, 64)
    for i, j in pairs:
        a, b = plan.offsets[i], plan.offsets[j]
        assert a + sizes[i] <= b or b + sizes[j] <= a
    assert all(offset % 64 == 0 for offset in plan.offsets)
    ends = [offset + size for offset, size in zip(plan.offsets, sizes, strict=True)]
    assert max(ends) <= plan.size_bytes <= sum(-(-size // 64) * 64 for size in sizes)
