"""Timing: how often a function is called, and what is made of the figures."""

from typing import Any

import pytest

from tyrex.runtime.errors import ArgumentError
from tyrex.runtime.timing import BenchmarkResult, TimeEvaluator


def test_how_often_a_function_is_called() -> None:
    calls: list[Any] = []
    result = TimeEvaluator(lambda *a, **n: calls.append((a, n)), number=3, repeat=4)(1, x=2)
    assert calls == [((1,), {"x": 2})] * (1 + 3 * 4)
    assert len(result.results) == 4


def test_short_repeats_get_longer() -> None:
    calls: list[int] = []
    result = TimeEvaluator(lambda: calls.append(0), number=1, repeat=2, min_repeat_ms=2)()
    assert len(calls) > 20
    assert len(result.results) == 2


def test_statistics() -> None:
    result = BenchmarkResult((1.0, 2.0, 6.0))
    assert (result.mean, result.median, result.min, result.max) == (3.0, 2.0, 1.0, 6.0)
    assert result.std == pytest.approx(2.1602469)
    head, values = str(result).splitlines()
    assert head.split()[::2] == ["mean", "median", "min", "max", "std"]
    assert values.split()[0] == "3000.0000"


@pytest.mark.parametrize(
    "options", [{"number": 0}, {"repeat": 0}, {"min_repeat_ms": -1}, {"number": True}]
)
def test_wrong_numbers(options: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=f"time_evaluator: {next(iter(options))}: expected"):
        TimeEvaluator(lambda: None, **options)
