import math

import numpy as np
import pytest
from tyrex_bench.figures import (
    Figure,
    figure_of,
    geometric_mean,
    ratio_of_rounds,
    relative_error,
    was_busy,
)


def test_a_figure_is_median_and_minimum() -> None:
    assert figure_of([3.0, 1.0, 10.0]) == Figure(3.0, 1.0)


def test_a_ratio_is_taken_round_by_round() -> None:
    own, peer = [1.0, 10.0, 2.0], [2.0, 20.0, 4.0]
    assert ratio_of_rounds(peer, own) == 2
    # The machine halved its speed after the first round of one side: medians would say 1.5.
    assert ratio_of_rounds([2.0, 4.0, 4.0], [1.0, 2.0, 2.0]) == 2


def test_the_mean_of_ratios_treats_both_sides_alike() -> None:
    assert geometric_mean([2.0, 0.5]) == pytest.approx(1)
    assert geometric_mean([4.0]) == pytest.approx(4)
    assert math.isnan(geometric_mean([]))


@pytest.mark.parametrize(
    ("wall", "cpu", "threads", "load", "busy"),
    [
        (1.0, 1.0, 1, 1.0, False),
        (1.5, 1.0, 1, 1.0, True),
        (0.6, 1.1, 2, 2.2, False),
        (0.6, 1.1, 2, 9.0, True),
    ],
)
def test_other_work_shows(wall: float, cpu: float, threads: int, load: float, busy: bool) -> None:
    assert was_busy([wall], [cpu], threads, load, cpus=2) is busy


def test_errors_are_relative_to_the_largest_value() -> None:
    right = np.array([0.0, 200.0])
    assert relative_error(np.array([1.0, 200.0]), right) == pytest.approx(0.005)
    assert relative_error(np.zeros(2), np.zeros(2)) == 0
    assert relative_error(np.zeros(0), np.zeros(0)) == 0
