"""Which shapes get builds, how many are kept, and what becomes of those that fail."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tyrex.runtime.errors import ArgumentError
from tyrex.runtime.specialization import MAX_COUNTED, Key, Specialization, Specializations


class Builds:
    """Stands for a compiler: what it makes is a text."""

    def __init__(self) -> None:
        self.made: Counter[Key] = Counter()
        self.failing: set[Key] = set()
        self.go = threading.Event()
        self.go.set()

    def __call__(self, key: Key) -> Any:
        self.go.wait(10)
        self.made[key] += 1
        if key in self.failing:
            raise NotImplementedError("no such shape")
        return f"build {key}"


def key(n: int) -> Key:
    return ((n, 8),)


def of(builds: Builds, limit: int = 2, **policy: Any) -> Specializations[str]:
    return Specializations(Specialization(limit, **policy), ["x"], builds)


def call(found: Specializations[str], n: int) -> Any:
    """Do as an executable does; return the build that serves the call."""
    build = found.find(key(n))
    if build is None:
        found.note(key(n))
    return build


def test_a_shape_that_comes_often_gets_a_build() -> None:
    builds = Builds()
    found = of(builds, after=3)
    assert [call(found, 5) for _ in range(5)] == [None] * 3 + [f"build {key(5)}"] * 2
    assert call(found, 6) is None
    assert builds.made == {key(5): 1}
    assert found.shapes == ({"x": (5, 8)},)
    stats = found.stats()
    assert (stats["builds"], stats["built"], stats["hits"], stats["misses"]) == (1, 1, 2, 4)


def test_the_builds_used_last_are_kept() -> None:
    builds = Builds()
    found = of(builds, limit=2, after=1)
    for n in (1, 2, 1, 3):
        call(found, n)
    assert [shape["x"][0] for shape in found.shapes] == [1, 3]
    assert call(found, 2) is None
    assert [shape["x"][0] for shape in found.shapes] == [3, 2]
    assert found.stats()["dropped"] == 2
    assert builds.made[key(2)] == 2


def test_a_failure_is_told_and_not_tried_again() -> None:
    builds = Builds()
    builds.failing = {key(4)}
    found = of(builds, after=1)
    for _ in range(4):
        assert call(found, 4) is None
    assert builds.made[key(4)] == 1
    assert found.stats()["failures"] == {"x=[4, 8]": "NotImplementedError: no such shape"}
    found.clear()
    assert found.stats()["failures"] == {}
    builds.failing.clear()
    call(found, 4)
    assert call(found, 4) is not None


def test_a_signal_in_a_build_leaves_it_to_another_call() -> None:
    def interrupted(key: Key) -> Any:
        raise KeyboardInterrupt

    found = Specializations(Specialization(2, after=1), ["x"], interrupted)
    with pytest.raises(KeyboardInterrupt):
        found.note(key(1))
    assert (found.stats()["pending"], found.stats()["failures"]) == (0, {})


def test_endless_shapes_take_no_memory() -> None:
    found = of(Builds(), after=2)
    for n in range(3 * MAX_COUNTED):
        found.note(key(n))
    assert len(found._calls) == MAX_COUNTED  # pyright: ignore[reportPrivateUsage]


def test_calls_go_on_while_a_build_is_made() -> None:
    builds = Builds()
    builds.go.clear()
    found = of(builds, after=1, background=True)
    for _ in range(3):
        assert call(found, 7) is None
    assert found.stats()["pending"] == 1
    assert not found.wait(0.001)
    builds.go.set()
    assert found.wait(10)
    assert call(found, 7) == f"build {key(7)}"
    assert builds.made[key(7)] == 1


def test_what_was_cleared_while_it_was_made_is_dropped() -> None:
    builds = Builds()
    builds.go.clear()
    found = of(builds, after=1, background=True)
    call(found, 7)
    pool = found._pool  # pyright: ignore[reportPrivateUsage]
    assert pool is not None
    found.clear()
    builds.go.set()
    pool.shutdown(wait=True)
    assert found.stats()["builds"] == 0


def test_many_threads() -> None:
    builds = Builds()
    found = of(builds, limit=50, after=2)
    with ThreadPoolExecutor(8) as pool:
        for n in [i % 10 for i in range(400)]:
            pool.submit(call, found, n)
    assert builds.made == {key(n): 1 for n in range(10)}
    stats = found.stats()
    assert stats["hits"] + stats["misses"] == 400
    assert (stats["builds"], stats["pending"]) == (10, 0)


@pytest.mark.parametrize("given", [True, -1, 1.5, "4"])
def test_what_is_no_specialization(given: Any) -> None:
    with pytest.raises(ArgumentError, match="how many builds to keep"):
        Specialization.of(given)


def test_numbers_below_one() -> None:
    for limit, after in ((0, 1), (1, 0), (True, 1)):
        with pytest.raises(ArgumentError, match="from 1 on"):
            Specialization(limit, after)
    assert Specialization.of(0) is Specialization.of(None) is None
    assert Specialization.of(3) == Specialization(3)
