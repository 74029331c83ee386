from __future__ import annotations

import copy
import gc
import threading
import weakref

import pytest

from tyrex.symbolic import IntExpr, const, min_, pos, var
from tyrex.symbolic import expr as internals


class Value:
    """Stands for an SSA value: compared by identity."""


def test_equal_expressions_are_the_same_object():
    i, j = pos(0), pos(1)
    assert i * 4 + j is j + i + i * 3
    assert (i + j) * (i - j) is i * i - j * j
    assert min_(i, j, 4) is min_(4, min_(j, i))


def test_nothing_outlives_its_last_user():
    value = Value()
    alive = weakref.ref(value)
    expr = min_((var(value) + 987) // 654, var("a name that no other test has") % 321)
    tables = [internals._vars, internals._atoms, internals._monomials, internals._exprs]  # pyright: ignore[reportPrivateUsage]
    sizes = [len(table.refs) for table in tables]
    assert expr.free_vars() == (value, "a name that no other test has")
    del expr, value
    gc.collect()
    assert alive() is None
    assert all(len(table.refs) < size for table, size in zip(tables, sizes, strict=True))


def test_variables_of_an_analysis_are_ordered_by_their_making():
    values = [Value() for _ in range(50)]
    expected = [var(value) for value in values]
    total = sum(reversed(expected), const(0))
    assert total.free_vars() == tuple(values)


def test_threads_share_one_table():
    kept: list[list[IntExpr]] = []

    def make() -> None:
        kept.append([(pos(i) * 4099 + var("thread")) // 4093 for i in range(300)])

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == len(threads)
    for other in kept[1:]:
        assert all(a is b for a, b in zip(kept[0], other, strict=True))


def test_copies_are_the_same_object():
    expr = pos(0) + 1
    assert copy.copy(expr) is expr
    assert copy.deepcopy([expr])[0] is expr
    with pytest.raises(TypeError, match="parse_expr"):
        expr.__reduce__()
