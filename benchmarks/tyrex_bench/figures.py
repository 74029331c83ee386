"""What is made of times: medians, ratios of rounds, means of ratios."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

BUSY_WALL_PER_CPU = 1.15
"""A thread that waits this much longer than it computes shares its core with somebody."""


@dataclass(frozen=True)
class Figure:
    """A series of rounds in two numbers, in the unit of the series."""

    median: float
    minimum: float


def figure_of(rounds: Sequence[float]) -> Figure:
    """Return the figure of a series, which must not be empty."""
    return Figure(median(rounds), min(rounds))


def ratio_of_rounds(peer: Sequence[float], own: Sequence[float]) -> float:
    """Return how many times longer the peer takes: the median of the rounds' own ratios.

    A machine that slows down for some rounds slows both sides of these ratios; the ratio of two
    medians would mix rounds of different speed.
    """
    return median(a / b for a, b in zip(peer, own, strict=True))


def geometric_mean(values: Sequence[float]) -> float:
    """Return the mean of ratios that treats 2 and 1/2 alike; nan of none."""
    if not values:
        return math.nan
    return math.exp(math.fsum(math.log(value) for value in values) / len(values))


def was_busy(
    wall_s: Sequence[float], cpu_s: Sequence[float], threads: int, load: float, cpus: int
) -> bool:
    """Tell whether the machine had other work: then times of the clock say little.

    Args:
        wall_s: seconds of the clock, by round.
        cpu_s: seconds of the processor, of all threads together, by round.
        threads: that the engine was told to use.
        load: processes that wanted to run, the benchmark's included, over the last minute.
        cpus: of the machine.
    """
    waited = threads == 1 and ratio_of_rounds(wall_s, cpu_s) > BUSY_WALL_PER_CPU
    return waited or load > cpus + 0.5


def relative_error(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """Return the largest difference relative to the largest magnitude expected."""
    if expected.size == 0:
        return 0.0
    right = expected.astype(np.float64)
    scale, worst = float(np.abs(right).max()), float(np.abs(found - right).max())
    return worst / scale if scale else worst
