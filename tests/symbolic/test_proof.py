from __future__ import annotations

import time

import pytest

from tyrex.symbolic import Bounds, const, parse_expr, pos, var

n, m = var("n"), var("m")
LOOPS: Bounds = {
    "n": (1, None),
    "m": (1, None),
    "i": (0, n - 1),
    "j": (0, m - 1),
    "tile": (0, (n + 7) // 8 - 1),
    "full": (0, n // 8 - 1),
    "lane": (0, 7),
    "rest": (0, parse_expr("min(8, n - tile * 8) - 1")),
}


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "n - 1",
        "n - 1 - i",
        "n * m - 1 - (i * m + j)",
        "n - 1 - (full * 8 + lane)",
        "n - 1 - (tile * 8 + rest)",
        "(n + 7) floordiv 8 * 8 - n",
        "n - n floordiv 8 * 8",
        "n - min(n, 16)",
        "max(n, 16) - n",
        "min(n, m) - 1",
        "n - 1 - min(i, j)",
        "n - 1 - i floordiv 4",
    ],
)
def test_provable(text: str):
    assert parse_expr(text).provably_ge0(LOOPS)


@pytest.mark.parametrize(
    "text",
    ["-1", "n - 2", "n - 2 - i", "n - 1 - j", "n - 1 - (tile * 8 + lane)", "min(n, m) - 2", "x"],
)
def test_not_provable(text: str):
    assert not parse_expr(text).provably_ge0(LOOPS)


def test_bounds_that_go_in_circles():
    bounds: Bounds = {"i": (var("j"), None), "j": (var("i"), None)}
    assert not parse_expr("i + j").provably_ge0(bounds)
    assert parse_expr("i - j").provably_ge0({"i": (var("j"), None)})


def test_the_search_ends():
    expr = sum([pos(i) // 3 - pos(i + 1) // 5 for i in range(12)], const(0))
    bounds = {i: (0, pos(i + 1)) for i in range(12)}
    start = time.perf_counter()
    assert not (expr - 1).provably_ge0(bounds)
    assert time.perf_counter() - start < 1
