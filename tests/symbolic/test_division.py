from __future__ import annotations

import pytest

from tyrex.symbolic import Bounds, ceildiv, parse_expr, var

DIMS: Bounds = {"n": (0, None), "m": (1, None)}


def same(before: str, after: str, bounds: Bounds | None = None) -> None:
    """Checks that the one is rewritten to the other."""
    expr = parse_expr(before)
    assert str(expr if bounds is None else expr.simplify(bounds)) == str(parse_expr(after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("7 floordiv 2", "3"),
        ("-7 floordiv 2", "-4"),
        ("-7 mod 4", "1"),
        ("7 mod -4", "-1"),
        ("n floordiv 1", "n"),
        ("n mod 1", "0"),
        ("n floordiv -1", "-n"),
        ("0 floordiv n", "0"),
        ("0 mod n", "0"),
        # Terms that the divisor divides leave the division.
        ("(n * 8 + m) floordiv 4", "n * 2 + m floordiv 4"),
        ("(n * 8 + m) mod 4", "m mod 4"),
        ("(n + 5) floordiv 4", "(n + 1) floordiv 4 + 1"),
        ("(n - 1) mod 4", "(n + 3) mod 4"),
        ("n * 5 mod 4", "n mod 4"),
        # A common factor is cancelled.
        ("(n * 4 + 2) floordiv 8", "n floordiv 2"),
        ("(n * 4 + 2) mod 8", "(n mod 2) * 4 + 2"),
        ("n * 6 floordiv 4", "n * 3 floordiv 2"),
        # Divisions of divisions.
        ("(n floordiv 2) floordiv 3", "n floordiv 6"),
        ("(n floordiv 2 + 1) floordiv 3", "(n + 2) floordiv 6"),
        ("(m + n floordiv 4) floordiv 3", "(m * 4 + n) floordiv 12"),
        ("(n floordiv m) floordiv 3", "n floordiv (m * 3)"),
        ("(n mod 12) mod 4", "n mod 4"),
        ("(n mod 4) mod 12", "n mod 4"),
        ("(n mod 4) floordiv 4", "0"),
        ("(m * 4 + n mod 4) floordiv 4", "m"),
        ("(m * 4 + n mod 4) floordiv 8", "m floordiv 2"),
        ("(m * 4 + n mod 4) mod 8", "(m mod 2) * 4 + n mod 4"),
        # Division by an expression.
        ("n floordiv n", "1"),
        ("n mod n", "0"),
        ("(n * m * 64) floordiv (m * 64)", "n"),
        ("(n * m + k) floordiv m", "n + k floordiv m"),
        ("(n * m + k) mod m", "k mod m"),
        ("(n * k) floordiv (m * k)", "n floordiv m"),
        ("(n * k) mod (m * k)", "(n mod m) * k"),
        ("(n * 2) floordiv (m * 4)", "n floordiv (m * 2)"),
        ("((p + q) * n * 64) floordiv ((p + q) * 64)", "n"),
        ("(p * p - q * q) mod (p + q)", "0"),
    ],
)
def test_normal_form(before: str, after: str):
    same(before, after)


@pytest.mark.parametrize("text", ["n floordiv 4", "(n + 3) mod 4", "n floordiv m", "n mod (m + 1)"])
def test_what_cannot_be_divided_stays(text: str):
    assert str(parse_expr(text)) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("i floordiv 4", "0"),
        ("i mod 4", "i"),
        ("(k * 4 + i) floordiv 4", "k"),
        ("(k * 4 + i) mod 4", "i"),
        ("(k * 4 + i) floordiv 8", "k floordiv 2"),
        ("(k * 4 + i) mod 8", "(k mod 2) * 4 + i"),
        ("(k * 4 + i + 4) floordiv 4", "k + 1"),
        ("(k * 4 + 3 - i) floordiv 4", "k"),
        ("(i + 8) floordiv 4", "2"),
        ("(i - 4) mod 4", "i"),
        ("(k * 16 + j * 4 + i) floordiv 4 mod 4", "j"),
        ("(k * 16 + j * 4 + i) floordiv 16", "k"),
        ("(k * 16 + j * 4 + i) mod 16", "j * 4 + i"),
        ("(k + i) floordiv 4", "(k + i) floordiv 4"),
    ],
)
def test_bounds_decide(before: str, after: str):
    same(before, after, {"i": (0, 3), "j": (0, 3)})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(i * m + j) floordiv m", "i"),
        ("(i * m + j) mod m", "j"),
        ("(k * n * m + i * m + j) floordiv m mod n", "i"),
        ("(k * n * m + i * m + j) floordiv (n * m)", "k"),
        ("(k * n * m + i * m + j) mod (n * m)", "i * m + j"),
        ("(i - 1 + n) mod n", "(i - 1) mod n"),
        ("x floordiv m floordiv n", "x floordiv (m * n)"),
    ],
)
def test_symbolic_bounds_decide(before: str, after: str):
    bounds = {**DIMS, "i": (0, var("n") - 1), "j": (0, var("m") - 1)}
    same(before, after, bounds)


def test_ceildiv():
    n, m = var("n"), var("m")
    assert str(ceildiv(n, 4)) == "(n + 3) floordiv 4"
    assert str(ceildiv(n * 4, 4)) == "n"
    assert ceildiv(7, 2) == 4
    assert ceildiv(-7, 2) == -3
    assert ceildiv(7, -2) == -3
    assert ceildiv(n * m, m) is n


def test_division_by_zero_is_refused():
    n = var("n")
    with pytest.raises(ZeroDivisionError, match="'n' floordiv 0"):
        _ = n // 0
    with pytest.raises(ZeroDivisionError, match="'n' mod 0"):
        _ = n % 0
    with pytest.raises(ZeroDivisionError, match="floordiv 0"):
        ceildiv(n, 0)
    with pytest.raises(ZeroDivisionError, match="floordiv 0"):
        (n // var("m")).substitute({"m": 0})
