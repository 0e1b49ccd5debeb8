"""Order-statistic intervals: what they cover, and that six repetitions are the fewest that decide."""

from __future__ import annotations

import random

import pytest

from steps.errors import MeasureError
from steps.statistics.intervals import FEWEST, coverage_of, median_interval, rank_for


@pytest.mark.parametrize(
    ("n", "rank", "coverage"), [(3, 1, 0.75), (5, 1, 0.9375), (6, 1, 0.96875), (8, 1, 0.9921875), (10, 2, 0.978515625)]
)
def test_the_coverage_is_that_of_a_thrown_coin(n, rank, coverage):
    """1 - 2 P(Bin(n, 1/2) < k), as the tables of order statistics have it."""
    assert rank_for(n) == rank
    assert coverage_of(n, rank) == pytest.approx(coverage)


def test_six_values_are_the_fewest_whose_range_covers_95_percent():
    """One fewer covers less than what is asked for."""
    assert coverage_of(FEWEST, 1) >= 0.95 > coverage_of(FEWEST - 1, 1)


def test_six_values_give_their_range():
    """The median, from the smallest to the largest."""
    value, interval = median_interval([3.0, 1.0, 2.0, 6.0, 5.0, 4.0])

    assert (value, interval.low, interval.high) == (3.5, 1.0, 6.0)


def test_more_values_leave_the_outermost_out():
    """With ten, the second smallest and the second largest already cover 97.9 %."""
    _, interval = median_interval([float(value) for value in range(1, 11)])

    assert (interval.low, interval.high) == (2.0, 9.0)


def test_no_values_have_no_median():
    """A median of nothing is refused, not zero."""
    with pytest.raises(MeasureError, match="no values"):
        median_interval([])


@pytest.mark.parametrize("n", [6, 10, 20])
def test_the_true_median_is_inside_as_often_as_stated(n):
    """2,000 samples of a skewed distribution: the stated coverage within 1.5 points."""
    draw = random.Random(11)
    inside = 0
    for _ in range(2000):
        _, interval = median_interval([draw.lognormvariate(0.0, 0.4) for _ in range(n)])
        inside += interval.low <= 1.0 <= interval.high

    assert inside / 2000 == pytest.approx(coverage_of(n, rank_for(n)), abs=0.015)
