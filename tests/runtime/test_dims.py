import numpy as np
import pytest

from tyrex.backends.vm.emit import dim_of
from tyrex.runtime.dims import SymbolicDim, decode_dim, encode_dim
from tyrex.runtime.errors import LoadError, ShapeError
from tyrex.symbolic import IntExpr, const, max_, min_, var


def random_expr(rng: np.random.Generator, depth: int) -> IntExpr:
    """Return an expression over n and m whose divisors are positive."""
    if depth == 0:
        return [var("n"), var("m"), const(int(rng.integers(-3, 9)))][rng.integers(3)]
    a, b = random_expr(rng, depth - 1), random_expr(rng, depth - 1)
    divisor = int(rng.integers(1, 9))
    return [a + b, a * b, a - b, a // divisor, a % divisor, min_(a, b), max_(a, b)][rng.integers(7)]


@pytest.mark.parametrize("seed", range(50))
def test_postfix_is_the_expression(seed: int) -> None:
    rng = np.random.default_rng(seed)
    expr = random_expr(rng, 4)
    dim = dim_of(expr)
    for _ in range(5):
        values = {"n": int(rng.integers(0, 100)), "m": int(rng.integers(0, 100))}
        found = dim.evaluate(values) if isinstance(dim, SymbolicDim) else dim
        assert found == expr.evaluate(values)
    if isinstance(dim, SymbolicDim):
        assert decode_dim(encode_dim(dim)) == dim
        assert dim.symbols == tuple(dict.fromkeys(s for s in dim.code if s in ("n", "m")))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("n", "n"),
        ("n 2 * 1 +", "n * 2 + 1"),
        ("n 1 + 2 *", "(n + 1) * 2"),
        ("n 3 + 4 floordiv", "(n + 3) floordiv 4"),
        ("n m 4 floordiv mod", "n mod (m floordiv 4)"),
        ("n m min 7 max", "max(min(n, m), 7)"),
        ("n -1 *", "n * -1"),
    ],
)
def test_text(code: str, text: str) -> None:
    assert str(decode_dim(code)) == text


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("n +", "operator + lacks an operand"),
        ("n 2", "2 tokens leave 2 values"),
        ("n 2.5 *", "'2.5' is no symbol"),
        ("", "'' is no symbol"),
        ("99999999999999999999", "is no symbol"),
    ],
)
def test_damaged(code: str, message: str) -> None:
    with pytest.raises(LoadError, match=message.replace("+", r"\+")):
        decode_dim(code)


def test_division_by_zero() -> None:
    with pytest.raises(ShapeError, match="8 floordiv 0"):
        decode_dim("8 n floordiv").evaluate({"n": 0})
