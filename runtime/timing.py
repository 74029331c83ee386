"""How long a function takes: repeated, with statistics."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import ArgumentError

_MS = 1e3


@dataclass(frozen=True)
class BenchmarkResult:
    """Seconds of one call, for every repeat: the mean of the calls of that repeat."""

    results: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean of the repeats, seconds."""
        return statistics.fmean(self.results)

    @property
    def median(self) -> float:
        """The median of the repeats, seconds."""
        return statistics.median(self.results)

    @property
    def min(self) -> float:
        """The shortest repeat, seconds."""
        return min(self.results)

    @property
    def max(self) -> float:
        """The longest repeat, seconds."""
        return max(self.results)

    @property
    def std(self) -> float:
        """The standard deviation of the repeats, seconds; 0 of a single one."""
        return statistics.pstdev(self.results)

    def __str__(self) -> str:
        names = ("mean", "median", "min", "max", "std")
        values = [getattr(self, name) * _MS for name in names]
        head = "  ".join(f"{name + ' (ms)':>12}" for name in names)
        return head + "\n" + "  ".join(f"{value:12.4f}" for value in values)


@dataclass(frozen=True)
class TimeEvaluator:
    """Times a function on the arguments it is called with.

    Attributes:
        function: what is timed.
        number: calls of one repeat.
        repeat: how many figures to return.
        min_repeat_ms: a repeat that is shorter is made of more calls.
        cooldown_interval_ms: how long to wait before each repeat but the first.
    """

    function: Callable[..., Any]
    number: int = 10
    repeat: int = 1
    min_repeat_ms: float = 0.0
    cooldown_interval_ms: float = 0.0

    def __post_init__(self) -> None:
        for name, least in (
            ("number", 1),
            ("repeat", 1),
            ("min_repeat_ms", 0),
            ("cooldown_interval_ms", 0),
        ):
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool) or value < least:
                raise ArgumentError(
                    f"time_evaluator: {name}: expected a number from {least}; found {value!r}"
                )

    def __call__(self, *args: Any, **named: Any) -> BenchmarkResult:
        """Call once to warm up, then time `repeat` times `number` calls."""
        self.function(*args, **named)
        number = self.number
        results: list[float] = []
        while len(results) < self.repeat:
            if results and self.cooldown_interval_ms:
                time.sleep(self.cooldown_interval_ms / _MS)
            seconds = self._time(number, args, named)
            if seconds * _MS < self.min_repeat_ms:
                wanted = self.min_repeat_ms / _MS / max(seconds, 1e-9)
                number = int(number * max(1.5, min(wanted * 1.1, 10.0))) + 1
                continue
            results.append(seconds / number)
        return BenchmarkResult(tuple(results))

    def _time(self, number: int, args: Sequence[Any], named: dict[str, Any]) -> float:
        begin = time.perf_counter()
        for _ in range(number):
            self.function(*args, **named)
        return time.perf_counter() - begin
