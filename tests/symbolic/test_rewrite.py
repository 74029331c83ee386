from __future__ import annotations

import pytest

from tyrex.symbolic import Bounds, max_, min_, parse_expr, pos, var

DIMS: Bounds = {"n": (0, None), "m": (1, None)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("min(3, 5, 4)", "3"),
        ("max(3, 5, 4)", "5"),
        ("min(n)", "n"),
        ("min(n, n)", "n"),
        ("min(n + 1, n)", "n"),
        ("max(n + 1, n)", "n + 1"),
        ("min(n, min(m, 4), 7)", "min(m, n, 4)"),
        ("min(n mod 8, 7)", "n mod 8"),
        ("max(n mod 8, 0)", "n mod 8"),
        ("max(min(n, 4), 8)", "8"),
        ("max(min(n, 4), 2)", "max(min(n, 4), 2)"),
    ],
)
def test_min_and_max(before: str, after: str):
    assert str(parse_expr(before)) == after


def test_min_and_max_of_nothing():
    with pytest.raises(TypeError, match="min of nothing"):
        min_()
    with pytest.raises(TypeError, match="max of nothing"):
        max_()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("min(i, 12)", "i"),
        ("max(i, 12)", "12"),
        ("min(i * 4, 2 + n)", "min(i * 4, n + 2)"),
        ("max(n, 0)", "n"),
        ("min(n, n + m)", "n"),
        ("min(n - t * 8, 8)", "8"),
        ("min(t * 8 + 8, n) - min(t * 8, n)", "8"),
        ("one * n", "n * 2"),
        ("edge + 1", "n"),
    ],
)
def test_bounds_decide(before: str, after: str):
    last = var("n") - 1
    bounds: Bounds = {
        **DIMS,
        "i": (0, 3),
        "t": (0, var("n") // 8 - 1),
        "one": (2, 2),
        "edge": (last, last),
    }
    assert str(parse_expr(before).simplify(bounds)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x floordiv 4 * 4 + x mod 4", "x"),
        ("(x floordiv 4 * 4 + x mod 4) * k + 1", "k * x + 1"),
        ("x - x floordiv 4 * 4", "x mod 4"),
        ("x floordiv m * m + x mod m", "x"),
        ("x floordiv 12 * 12 + x floordiv 4 mod 3 * 4 + x mod 4", "x"),
        ("x floordiv (n*m) * n * m + x floordiv m mod n * m + x mod m", "x"),
        ("(n + 7) floordiv 8 * 8 - (n + 7)", "-((n + 7) mod 8)"),
        ("x floordiv 4 * 4 + y mod 4", "(x floordiv 4) * 4 + y mod 4"),
    ],
)
def test_divisions_are_put_together_again(before: str, after: str):
    assert str(parse_expr(before).simplify(DIMS)) == after


def test_linear_expressions_are_simple():
    expr = pos(0) * 4 + pos(1)
    assert expr.simplify({0: (0, 3), 1: (0, 3)}) is expr
    assert expr.simplify({0: (3, 3)}) is pos(1) + 12
    assert expr.simplify({0: (3, 2)}) is expr


def test_a_divisor_that_bounds_make_zero_stays():
    assert str(parse_expr("n floordiv m + n mod m").simplify({"m": (0, 0)})) == (
        "n floordiv m + n mod m"
    )
    nested = parse_expr("n floordiv (n floordiv (n + 1))")
    assert nested.simplify({"n": (0, None)}) is nested
