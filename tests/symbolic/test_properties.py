"""Random expressions, by brute force: every rewrite keeps the value, every answer is true."""

from __future__ import annotations

import itertools
import math
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tyrex.symbolic import Bounds, IntExpr, as_expr, ceildiv, max_, min_, parse_expr, pos, var

Tree: TypeAlias = "int | str | tuple[str, Tree, Tree]"

NAMES = ("i", "j", "n")
RANGES = st.tuples(st.integers(-9, 9), st.integers(0, 7)).map(lambda r: (r[0], r[0] + r[1]))
BOUNDS = st.fixed_dictionaries(dict.fromkeys(NAMES, RANGES))

CHECK = settings(deadline=None, max_examples=300, derandomize=True)


def trees(by_constants: bool = False) -> st.SearchStrategy[Tree]:
    """Expressions as trees; divisors are constants that are not zero, or any tree."""
    numbers = st.integers(-12, 12)
    leaves: st.SearchStrategy[Tree] = st.one_of(st.sampled_from(NAMES), numbers)

    def extend(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        ring = st.tuples(st.sampled_from(("+", "-", "*", "min", "max")), inner, inner)
        divisors = numbers.filter(bool) if by_constants else inner
        division = st.tuples(st.sampled_from(("//", "%", "ceildiv")), inner, divisors)
        scaled = st.tuples(st.just("*"), inner, numbers)
        return st.one_of(ring, division, scaled)

    return st.recursive(leaves, extend, max_leaves=9)


def build(tree: Tree) -> IntExpr:
    """The expression of a tree."""
    if isinstance(tree, int):
        return as_expr(tree)
    if isinstance(tree, str):
        return var(tree)
    operator, lhs, rhs = tree[0], build(tree[1]), build(tree[2])
    match operator:
        case "+":
            return lhs + rhs
        case "-":
            return lhs - rhs
        case "*":
            return lhs * rhs
        case "//":
            return lhs // rhs
        case "%":
            return lhs % rhs
        case "ceildiv":
            return ceildiv(lhs, rhs)
        case "min":
            return min_(lhs, rhs)
        case _:
            return max_(lhs, rhs)


def value_of(tree: Tree, values: dict[str, int]) -> int:
    """The value of a tree, by Python's own integers."""
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        return values[tree]
    operator, lhs, rhs = tree[0], value_of(tree[1], values), value_of(tree[2], values)
    match operator:
        case "+":
            return lhs + rhs
        case "-":
            return lhs - rhs
        case "*":
            return lhs * rhs
        case "//":
            return lhs // rhs
        case "%":
            return lhs % rhs
        case "ceildiv":
            return -(-lhs // rhs)
        case "min":
            return min(lhs, rhs)
        case _:
            return max(lhs, rhs)


def points(bounds: dict[str, tuple[int, int]], limit: int = 60) -> list[dict[str, int]]:
    """Points of a box: its corners, then others."""
    corners = itertools.product(*[sorted({lo, hi}) for lo, hi in bounds.values()])
    inside = list(itertools.product(*[range(lo, hi + 1) for lo, hi in bounds.values()]))
    inside = inside[:: max(1, len(inside) // limit)]
    chosen = dict.fromkeys([*corners, *inside])
    return [dict(zip(bounds, point, strict=True)) for point in chosen]


def defined(tree: Tree, bounds: dict[str, tuple[int, int]]) -> list[tuple[dict[str, int], int]]:
    """The points of a box where the tree has a value, with it."""
    out: list[tuple[dict[str, int], int]] = []
    for point in points(bounds):
        try:
            out.append((point, value_of(tree, point)))
        except ZeroDivisionError:
            continue
    return out


def try_build(tree: Tree) -> IntExpr | None:
    """The expression, or None where a divisor is the constant zero."""
    try:
        return build(tree)
    except ZeroDivisionError:
        return None


@CHECK
@given(trees(), BOUNDS)
def test_construction_keeps_the_value(tree: Tree, bounds: dict[str, tuple[int, int]]):
    expr = try_build(tree)
    for point, value in defined(tree, bounds):
        assert expr is not None
        assert expr.evaluate(point) == value


@CHECK
@given(trees(), BOUNDS)
def test_simplify_keeps_the_value_within_bounds(tree: Tree, bounds: dict[str, tuple[int, int]]):
    expr = try_build(tree)
    if expr is None:
        return
    inside = defined(tree, bounds)
    if len(inside) < len(points(bounds)):
        return  # a division by zero inside the box: nothing is promised
    simpler = expr.simplify(bounds)
    anywhere = expr.simplify()
    for point, value in inside:
        assert simpler.evaluate(point) == value, simpler
        assert anywhere.evaluate(point) == value, anywhere


@CHECK
@given(trees(by_constants=True), BOUNDS)
def test_simplify_by_constants(tree: Tree, bounds: dict[str, tuple[int, int]]):
    expr = build(tree)
    simpler = expr.simplify(bounds)
    for point in points(bounds):
        assert simpler.evaluate(point) == value_of(tree, point)


@CHECK
@given(trees(), BOUNDS)
def test_bounds_contain_every_value(tree: Tree, bounds: dict[str, tuple[int, int]]):
    expr = try_build(tree)
    if expr is None:
        return
    lo, hi = expr.bounds(bounds)
    nonnegative = expr.provably_ge0(bounds)
    for _, value in defined(tree, bounds):
        assert lo is None or lo <= value
        assert hi is None or value <= hi
        assert not nonnegative or value >= 0


@CHECK
@given(trees(), BOUNDS, st.sampled_from(NAMES), st.sets(st.sampled_from([0, 1]), min_size=1))
def test_open_bounds_contain_every_value(
    tree: Tree, bounds: dict[str, tuple[int, int]], name: str, opened: set[int]
):
    expr = try_build(tree)
    if expr is None:
        return
    lo, hi = bounds[name]
    opened_bounds = {**bounds, name: (None if 0 in opened else lo, None if 1 in opened else hi)}
    lo, hi = expr.bounds(opened_bounds)
    for _, value in defined(tree, bounds):
        assert lo is None or lo <= value
        assert hi is None or value <= hi


@CHECK
@given(trees(), st.integers(0, 6), st.integers(-3, 5))
def test_symbolic_bounds_are_respected(tree: Tree, n: int, i_first: int):
    expr = try_build(tree)
    if expr is None:
        return
    bounds: Bounds = {
        "i": (i_first, i_first + var("n")),
        "j": (-var("n"), var("n") * 2),
        "n": (0, 6),
    }
    nonnegative = expr.provably_ge0(bounds)
    lo, hi = expr.bounds(bounds)
    simpler = expr.simplify(bounds)
    for i, j in itertools.product(range(i_first, i_first + n + 1), range(-n, 2 * n + 1, 2)):
        point = {"i": i, "j": j, "n": n}
        try:
            value = value_of(tree, point)
        except ZeroDivisionError:
            continue
        assert not nonnegative or value >= 0
        assert lo is None or lo <= value
        assert hi is None or value <= hi
        assert simpler.evaluate(point) == value, simpler


DIMS = st.lists(st.sampled_from([1, 2, 3, 4, 5, 6, 8]), min_size=1, max_size=4)


def delinearize(index: IntExpr, dims: list[IntExpr]) -> list[IntExpr]:
    """The row-major indices of the element number `index`."""
    indices: list[IntExpr] = []
    for dim in reversed(dims):
        indices.append(index % dim)
        index //= dim
    return indices[::-1]


def linearize(indices: list[IntExpr], dims: list[IntExpr]) -> IntExpr:
    """The number of the element at row-major indices."""
    total = as_expr(0)
    for index, dim in zip(indices, dims, strict=True):
        total = total * dim + index
    return total


@CHECK
@given(DIMS, st.booleans())
def test_a_reshape_there_and_back_is_nothing(sizes: list[int], symbolic: bool):
    dims = [var(f"d{i}") if symbolic else as_expr(size) for i, size in enumerate(sizes)]
    bounds: dict[str, tuple[IntExpr | int, IntExpr | int | None]] = {
        f"d{i}": (1, None) for i in range(len(sizes))
    }
    bounds |= {f"i{i}": (0, dim - 1) for i, dim in enumerate(dims)}
    indices = [var(f"i{i}").simplify(bounds) for i in range(len(sizes))]
    flat = linearize(indices, dims)
    back = [index.simplify(bounds) for index in delinearize(flat, dims)]
    assert back == indices
    total = math.prod(dims, start=as_expr(1))
    x = var("x")
    bounds["x"] = (0, total - 1)
    x = x.simplify(bounds)
    assert linearize(delinearize(x, dims), dims).simplify(bounds) is x


@CHECK
@given(trees(), BOUNDS)
def test_largest_divisor_divides_every_value(tree: Tree, bounds: dict[str, tuple[int, int]]):
    expr = try_build(tree)
    if expr is None:
        return
    for _, value in defined(tree, bounds):
        divisor = expr.largest_divisor()
        assert expr.is_multiple_of(divisor)
        assert value == 0 if divisor == 0 else value % divisor == 0


@CHECK
@given(trees())
def test_parse_reads_what_str_writes(tree: Tree):
    expr = try_build(tree)
    if expr is not None:
        assert parse_expr(str(expr)) is expr


@CHECK
@given(trees())
def test_an_expression_built_again_is_itself(tree: Tree):
    expr = try_build(tree)
    if expr is None:
        return
    there = dict(zip(NAMES, map(pos, range(3)), strict=True))
    back = {0: var("i"), 1: var("j"), 2: var("n")}
    assert expr.substitute(there).substitute(back) is expr
    assert set(expr.free_vars()) <= set(NAMES)


@CHECK
@given(trees(), trees(), BOUNDS)
def test_substitute_is_evaluate_in_two_steps(
    outer: Tree, inner: Tree, bounds: dict[str, tuple[int, int]]
):
    expr, value = try_build(outer), try_build(inner)
    if expr is None or value is None:
        return
    for point in points(bounds, limit=5):
        try:
            i = value_of(inner, point)
            expected = value_of(outer, {**point, "i": i})
        except ZeroDivisionError:
            continue
        assert expr.substitute({"i": value}).evaluate(point) == expected


@CHECK
@given(trees(), BOUNDS, st.sampled_from(NAMES))
def test_coefficient_splits(tree: Tree, bounds: dict[str, tuple[int, int]], name: str):
    expr = try_build(tree)
    if expr is None:
        return
    split = expr.coefficient(name)
    if split is not None:
        coef, rest = split
        assert name not in coef.free_vars()
        assert name not in rest.free_vars()
        assert coef * var(name) + rest is expr


@CHECK
@given(trees(), trees(), trees())
def test_ring_axioms_hold_by_identity(a: Tree, b: Tree, c: Tree):
    x, y, z = try_build(a), try_build(b), try_build(c)
    if x is None or y is None or z is None:
        return
    assert x + y is y + x
    assert (x + y) + z is x + (y + z)
    assert x * y is y * x
    assert (x * y) * z is x * (y * z)
    assert x * (y + z) is x * y + x * z
    assert x - x == 0


@pytest.mark.parametrize("k", [1, 2, 3, 4, 6, 8, 12, -1, -4])
@pytest.mark.parametrize("m", [1, 2, 4, 5, -3])
def test_division_of_a_line_by_a_constant(k: int, m: int):
    i = var("i")
    for a, b in itertools.product([-8, -3, 1, 2, 4, 6], [-5, 0, 3, 7]):
        quotient, remainder = (i * a + b) // k, (i * a + b) % k
        nested = ((i * a + b) // k + 1) // m
        for x in range(-9, 10):
            assert quotient.evaluate({"i": x}) == (x * a + b) // k
            assert remainder.evaluate({"i": x}) == (x * a + b) % k
            assert nested.evaluate({"i": x}) == ((x * a + b) // k + 1) // m
