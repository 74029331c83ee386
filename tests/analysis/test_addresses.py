"""Addresses: which element an access touches, and how it moves."""

import pytest
from xdsl.dialects.builtin import f32

from tyrex.analysis.addresses import expand_mods, flat_address, step_of
from tyrex.dialects.tir import BufferType
from tyrex.symbolic import IntExpr, as_expr, const, max_, min_, var

x, y, n = var("i"), var("j"), var("n")


def test_elements_are_numbered_row_by_row() -> None:
    buffer_type = BufferType.of((4, n, 8), f32)
    assert flat_address(buffer_type, [x, y, const(3)]) == x * n * 8 + y * 8 + 3
    assert flat_address(BufferType.of((), f32), []) == 0


def test_the_pieces_of_a_split_index_cancel() -> None:
    buffer_type = BufferType.of((6, 7), f32)
    assert flat_address(buffer_type, [x // 7, x % 7]) is x
    buffer_type = BufferType.of((2, 3, 7), f32)
    address = flat_address(buffer_type, [x // 21, x // 7 % 3, x % 7])
    assert address is x


@pytest.mark.parametrize(
    "expr",
    [
        x % 4,
        (x * 3 + y) % 5 + x,
        (x % 6) // 2,
        min_(x % 3, y) * 2,
        max_(x, y % 4) - (x // 3) % 2,
        (x % 4) * (y % 3),
        (x - 9) % 4,
        x % (y + 1),
    ],
)
def test_expansion_keeps_the_value(expr: IntExpr) -> None:
    expanded = expand_mods(expr)
    assert "mod" not in str(expanded)
    for i in range(12):
        for j in range(5):
            values = {"i": i, "j": j}
            assert expanded.evaluate(values) == expr.evaluate(values)


def test_steps() -> None:
    assert step_of(x * 8 + y, "i") == 8
    assert step_of(x * 8 + y, "j") == 1
    assert step_of(x * 8 + y, "k") == 0
    assert step_of(as_expr(3) - x, "i") == -1
    assert step_of(x * n, "i") is None  # not known
    assert step_of(x // 2 + y, "i") is None  # not constant
    assert step_of(x * x, "i") is None
