"""Symbols are found by matching declared shapes with shapes at hand."""

import numpy as np
import pytest
from xdsl.dialects.builtin import f32

from tyrex.dialects import relax
from tyrex.interpreters.relax.symbols import bind_shapes, bind_types
from tyrex.symbolic import as_expr, var

n, m = var("n"), var("m")


def test_a_symbol_is_its_extent() -> None:
    assert bind_shapes([((n, as_expr(3)), (5, 3), "x")]) == {"n": 5}


def test_linear_dims_are_solved_whatever_their_order() -> None:
    shapes = [((n * 2 + m,), (11,), "x"), ((m,), (3,), "y")]
    assert bind_shapes(shapes) == {"n": 4, "m": 3}


def test_a_dim_that_cannot_be_solved_waits() -> None:
    assert bind_shapes([((n // 2,), (4,), "x")]) == {}
    assert bind_shapes([((n // 2,), (4,), "x")], {"n": 9}) == {"n": 9}


@pytest.mark.parametrize(
    ("declared", "found", "message"),
    [
        ((n, n), (2, 3), "x: dim 3, expected n = 2"),
        ((as_expr(4),), (5,), "x: dim 5, expected 4"),
        ((n,), (5, 1), "x: rank 2, expected 1"),
        ((n, n // 2), (4, 3), r"x: dim 3, expected n floordiv 2 = 2"),
    ],
)
def test_contradictions(
    declared: tuple[relax.types.Dim, ...], found: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        bind_shapes([([dim for dim in declared if dim is not None], found, "x")])


def test_types_say_rank_and_element_type() -> None:
    declared = relax.TensorType.of((n, None), f32)
    assert bind_types([(declared, np.zeros((2, 7), np.float32), "x")]) == {"n": 2}
    with pytest.raises(ValueError, match="x: element type float64, expected float32"):
        bind_types([(declared, np.zeros((2, 7)), "x")])
    with pytest.raises(ValueError, match="x: rank 1, expected 2"):
        bind_types([(declared, np.zeros(2, np.float32), "x")])
