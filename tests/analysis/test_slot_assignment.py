import random

import pytest

from tyrex.analysis.nominal import SymbolBounds
from tyrex.analysis.slot_assignment import assign_slots
from tyrex.symbolic import IntExpr, const, var

N, M = var("n"), var("m")
BOUNDS: SymbolBounds = {"n": (0, None), "m": (0, None)}


def test_sizes_of_one_unit_are_scaled() -> None:
    # The two that meet lie side by side where the third was.
    plan = assign_slots([N * 128, N * 64, N * 64], [[], [2], [1]], 64, BOUNDS)
    assert plan.storages == (N * 128,)
    assert [place.offset for place in plan.places] == [const(0), const(0), N * 64]


def test_a_slot_is_as_large_as_its_largest() -> None:
    plan = assign_slots([N * 64, M * 64], [[], []], 64, BOUNDS)
    assert len(plan.storages) == 1
    for n, m in ((1, 5), (5, 1), (0, 0)):
        assert plan.storages[0].evaluate({"n": n, "m": m}) == 64 * max(n, m)


def test_sizes_are_rounded() -> None:
    plan = assign_slots([N * 4], [[]], 64, BOUNDS)
    for n in (0, 1, 16, 17):
        size = sum(storage.evaluate({"n": n}) for storage in plan.storages)
        assert size % 64 == 0
        assert size >= 4 * n


@pytest.mark.parametrize("seed", range(20))
def test_conflicts_never_overlap(seed: int) -> None:
    rng = random.Random(seed)
    units = (N, M, N * M, N + 1, (N + 3) // 4, const(1))
    sizes: list[IntExpr] = [rng.choice(units) * rng.choice((4, 64, 1000)) for _ in range(20)]
    pairs = {(i, j) for i in range(20) for j in range(i) if rng.random() < 0.3}
    conflicts = [[j for j in range(20) if (i, j) in pairs or (j, i) in pairs] for i in range(20)]
    plan = assign_slots(sizes, conflicts, 64, BOUNDS)
    for _ in range(10):
        values = {"n": rng.randrange(40), "m": rng.randrange(40)}
        offsets = [place.offset.evaluate(values) for place in plan.places]
        ends = [o + size.evaluate(values) for o, size in zip(offsets, sizes, strict=True)]
        for place, offset, end in zip(plan.places, offsets, ends, strict=True):
            assert offset % 64 == 0
            assert end <= plan.storages[place.storage].evaluate(values)
        for i, j in pairs:
            if plan.places[i].storage == plan.places[j].storage:
                assert ends[i] <= offsets[j] or ends[j] <= offsets[i]
