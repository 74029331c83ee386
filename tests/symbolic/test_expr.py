from __future__ import annotations

import pytest

from tyrex.symbolic import (
    FloorDiv,
    IntExpr,
    Max,
    Min,
    Mod,
    Var,
    as_expr,
    ceildiv,
    const,
    max_,
    min_,
    pos,
    var,
)

i, j, n, m = pos(0), pos(1), var("n"), var("m")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (const(0), "0"),
        (const(-3), "-3"),
        (i * 4 + j, "$0 * 4 + $1"),
        (j + i * 4 - 2, "$0 * 4 + $1 - 2"),
        (pos(10) + pos(9), "$9 + $10"),
        (n * m, "m * n"),
        (-n * m * 2 + 1, "m * n * -2 + 1"),
        (-n, "-n"),
        (m - n, "m - n"),
        ((n + 3) // 4, "(n + 3) floordiv 4"),
        (n // 4 * 4, "(n floordiv 4) * 4"),
        (n // 4 * m, "m * (n floordiv 4)"),
        (n % 8, "n mod 8"),
        (-n % 8, "(-n) mod 8"),
        (i // (n + 1), "$0 floordiv (n + 1)"),
        (min_(n, 16), "min(n, 16)"),
        (max_(n, 0, m) * 2 - 1, "max(m, n, 0) * 2 - 1"),
        (var("two words") + var("mod"), '"mod" + "two words"'),
    ],
)
def test_text(expr: IntExpr, text: str):
    assert str(expr) == text
    assert repr(expr) == f"IntExpr({text})"


def test_format_with_own_names():
    names = {0: "%i", 1: "%j", "n": "n"}
    expr = (i * 4 + j) // n + min_(i, n)
    assert expr.format(names.__getitem__) == "(%i * 4 + %j) floordiv n + min(%i, n)"


def test_constants():
    assert const(5).is_constant
    assert const(5).constant_value == 5
    assert not n.is_constant
    with pytest.raises(ValueError, match="expected a constant, found 'n'"):
        _ = n.constant_value


def test_comparing_with_integers():
    assert const(5) == 5
    assert n - n == 0
    assert n != 0
    assert hash(const(5)) == hash(5)
    assert (const(2), n) == (2, n)
    assert not const(0)
    assert n


def test_integers_of_any_kind():
    class Five:
        def __index__(self) -> int:
            return 5

    assert n + Five() is n + 5  # pyright: ignore[reportOperatorIssue]
    assert str(const(True)) == "1"


@pytest.mark.parametrize("other", [1.5, "n", None])
def test_other_operands_are_refused(other: int):
    with pytest.raises(TypeError):
        _ = n + other
    with pytest.raises(TypeError):
        _ = n - other
    with pytest.raises(TypeError):
        _ = n * other
    with pytest.raises(TypeError):
        _ = n // other
    with pytest.raises(TypeError):
        as_expr(other)


def test_operators_with_an_integer_on_the_left():
    values = {"n": 7}
    assert (3 - n).evaluate(values) == -4
    assert (3 * n).evaluate(values) == 21
    assert (30 // n).evaluate(values) == 4
    assert (30 % n).evaluate(values) == 2
    assert (+n) is n


def test_atoms():
    assert isinstance(n.as_atom(), Var)
    var_n = n.as_var()
    assert var_n is not None
    assert var_n.key == "n"
    assert (n + 1).as_atom() is None
    assert (n * 2).as_var() is None
    kinds = [type(atom) for atom in (n * (i // n) + i % n + min_(i, n) + max_(i, n)).atoms()]
    assert set(kinds) == {Var, FloorDiv, Mod, Min, Max}
    assert repr((n // 4).as_atom()) == "FloorDiv(n floordiv 4)"


def test_free_vars_come_in_the_order_of_printing():
    assert ((n + j) // i + n).free_vars() == ("n", 1, 0)
    assert const(3).free_vars() == ()


def test_substitute_replaces_all_at_once():
    assert (i * 4 + j).substitute({0: j, 1: i}) is j * 4 + i
    assert (i * 4 + j).substitute({5: j}) is i * 4 + j
    assert min_(i, 4).substitute({0: 9}) == 4


def test_evaluate_says_what_is_missing():
    with pytest.raises(KeyError, match="m"):
        (n + m).evaluate({"n": 1})
    with pytest.raises(ZeroDivisionError, match="the divisor of 'n floordiv m' is zero"):
        (n // m).evaluate({"n": 1, "m": 0})
    with pytest.raises(ZeroDivisionError, match="the divisor of 'n mod m' is zero"):
        (n % m).evaluate({"n": 1, "m": 0})


def test_coefficient():
    assert (i * 4 + j).coefficient(0) == (4, j)
    assert (i * n * 4 + i + j + 2).coefficient(0) == (n * 4 + 1, j + 2)
    assert (j + 1).coefficient(0) == (0, j + 1)
    assert (i * i).coefficient(0) is None
    assert (i + i // 4).coefficient(0) is None
    assert (i * (i % 4)).coefficient(0) is None
    assert (i * (j // 4) + j % 4).coefficient(0) == (j // 4, j % 4)


@pytest.mark.parametrize(
    ("expr", "divisor"),
    [
        (const(0), 0),
        (const(-6), 6),
        (n * 16 + m * 24, 8),
        (n * 16 + 4, 4),
        (n * m * 6, 6),
        (n * 4 * (n * 2 % 8), 8),
        (n * 16 % 24, 8),
        (min_(n * 8, m * 12), 4),
        (ceildiv(n, 64) * 64, 64),
        (n, 1),
    ],
)
def test_largest_divisor(expr: IntExpr, divisor: int):
    assert expr.largest_divisor() == divisor
    assert expr.is_multiple_of(divisor)
    assert expr.is_multiple_of(-1)
    if divisor:
        assert not expr.is_multiple_of(divisor * 2)
        assert not expr.is_multiple_of(0)
