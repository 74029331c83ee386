from types import SimpleNamespace
from typing import Any

import pytest

from tyrex.runtime.bytecode import Symbol, TensorSpec, TupleSpec
from tyrex.runtime.dims import Dim, decode_dim
from tyrex.runtime.dtype import DType
from tyrex.runtime.errors import LoadError, ShapeError
from tyrex.runtime.matching import Matcher

F32 = DType("float32")


def spec(*dims: int | str) -> TensorSpec:
    shape: tuple[Dim, ...] = tuple(d if isinstance(d, int) else decode_dim(d) for d in dims)
    return TensorSpec(F32, shape)


def of_shape(*shape: int) -> Any:
    return SimpleNamespace(shape=shape)


def match(items: list[Any], values: list[Any], *symbols: Symbol) -> dict[str, int]:
    found: dict[str, int] = {}
    named = [(f"argument {i}", item) for i, item in enumerate(items)]
    Matcher(named, symbols).match(values, found)
    return found


def test_bare_symbols_come_first() -> None:
    items = [spec("n m +", 4), spec("m")]
    found = match(items, [of_shape(5, 4), of_shape(2)], Symbol("n"), Symbol("m"))
    assert found == {"m": 2, "n": 3}


def test_linear_dims_are_solved() -> None:
    assert match([spec("n 2 * 1 +")], [of_shape(7)], Symbol("n")) == {"n": 3}


def test_fields_of_tuples() -> None:
    items = [TupleSpec((spec("n"), spec("n 2 *")))]
    assert match(items, [(of_shape(3), of_shape(6))], Symbol("n")) == {"n": 3}
    with pytest.raises(ShapeError, match="argument 0, field 1: expected n \\* 2 = 6"):
        match(items, [(of_shape(3), of_shape(7))], Symbol("n"))


@pytest.mark.parametrize(
    ("items", "shapes", "message"),
    [
        (
            [spec("n", 4), spec(4, "n")],
            [(3, 4), (4, 5)],
            "argument 1: expected n = 3 in dimension 1, where n = 3 (argument 0, dimension 0);"
            " found 5",
        ),
        (
            [spec("n", "n 2 *")],
            [(3, 5)],
            "argument 0: expected n * 2 = 6 in dimension 1, where n = 3 (argument 0, dimension 0);"
            " found 5",
        ),
        (
            [spec("n 2 *")],
            [(5,)],
            "argument 0: expected n * 2 in dimension 0 for some n >= 0; found 5",
        ),
        (
            [spec("n 4 +")],
            [(3,)],
            "argument 0: expected n + 4 in dimension 0 for some n >= 0; found 3",
        ),
    ],
)
def test_what_does_not_fit(items: list[Any], shapes: list[Any], message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        match(items, [of_shape(*shape) for shape in shapes], Symbol("n"))
    assert str(caught.value) == message


def test_bounds() -> None:
    symbol = Symbol("n", 1, 8)
    assert match([spec("n")], [of_shape(8)], symbol) == {"n": 8}
    for size in (0, 9):
        with pytest.raises(ShapeError, match=f"expected n in 1 to 8; found {size}"):
            match([spec("n")], [of_shape(size)], symbol)


@pytest.mark.parametrize("dim", ["n 2 floordiv", "n n *", "n m +"])
def test_a_symbol_that_nothing_tells(dim: str) -> None:
    with pytest.raises(LoadError, match="no argument's shape tells the symbol"):
        Matcher([("x", spec(dim))], [Symbol("n"), Symbol("m")])
