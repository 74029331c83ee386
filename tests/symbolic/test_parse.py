from __future__ import annotations

import pytest

from tyrex.symbolic import ParseExprError, ceildiv, max_, min_, parse_expr, pos, var

n, m = var("n"), var("m")


def test_grammar():
    assert parse_expr("$0 * 4 + $1") is pos(0) * 4 + pos(1)
    assert parse_expr("  n\n+ m ") is n + m
    assert parse_expr("n - m - 1") is n - m - 1
    assert parse_expr("n - (m - 1)") is n - m + 1
    assert parse_expr("-n * -2") is n * 2
    assert parse_expr("n floordiv 2 mod 3 * 4") is ((n // 2) % 3) * 4
    assert parse_expr("n + m ceildiv 4") is n + ceildiv(m, 4)
    assert parse_expr("min(n, m + 1, 3) * max(n)") is min_(n, m + 1, 3) * max_(n)
    assert parse_expr("batch_size*2") is var("batch_size") * 2
    assert parse_expr("minimum+modulo") is var("minimum") + var("modulo")


@pytest.mark.parametrize("name", ["two words", "mod", "a.b", 'quo"te', "back\\slash", "é", ""])
def test_odd_names(name: str):
    assert parse_expr(str(var(name) + 1)) is var(name) + 1


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "found end of text, expected an integer"),
        ("n +", 4, "found end of text"),
        ("n m", 3, "found 'm', expected an operator or the end of the text"),
        ("(n + 1", 7, "found end of text, expected '[)]'"),
        ("n / 2", 3, "found '/', expected an operator"),
        ("n + * 2", 5, "found '[*]', expected an integer"),
        ("min n", 5, "found 'n', expected '[(]'"),
        ("min()", 5, "found '[)]', expected an integer"),
        ("min(n; m)", 6, "found ';', expected '[)]'"),
        ("$x", 1, "found '[$]'"),
        ("mod 4", 1, "found 'mod', expected an integer"),
        ("n mod 0", 3, "the divisor is the constant zero"),
        ("2n", 2, "found 'n', expected an operator"),
        ('"open', 1, "found '\"'"),
    ],
)
def test_errors_name_the_column(text: str, column: int, message: str):
    with pytest.raises(ParseExprError, match=message) as caught:
        parse_expr(text)
    assert caught.value.column == column
    assert str(caught.value).startswith(f"column {column}: ")
