"""Intervals for a median that assume nothing about how values are spread: two of the values themselves.

Of n values in order, the interval from the k-th smallest to the k-th largest misses the true median only when fewer than
k values fell on one side of it, which is a coin thrown n times: coverage = 1 - 2 P(Bin(n, 1/2) < k). With six values
min..max covers 96.9 %; with five 93.8 %, less than the 95 % that is asked for: so fewer than six decide nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from statistics import median

from steps.errors import MeasureError
from steps.model import Interval

COVERAGE = 0.95
FEWEST = 6  # repetitions that can decide


def coverage_of(n: int, rank: int) -> float:
    """How surely the rank-th smallest and rank-th largest of n values hold the median between them."""
    one_sided = sum(comb(n, below) for below in range(rank)) / (1 << n)
    return max(0.0, 1 - 2 * one_sided)


def rank_for(n: int, coverage: float = COVERAGE) -> int:
    """The largest rank whose interval still covers as surely as asked; 1 when none does."""
    ranks = [rank for rank in range(1, n // 2 + 1) if coverage_of(n, rank) >= coverage]
    return max(ranks, default=1)


def median_interval(values: Sequence[float], coverage: float = COVERAGE) -> tuple[float, Interval]:
    """The median of at least one value, and its order-statistic interval. Raises MeasureError when there is none."""
    if not values:
        message = "no values: a median of nothing has no value"
        raise MeasureError(message)
    ordered = sorted(values)
    rank = rank_for(len(ordered), coverage)
    interval = Interval(low=ordered[rank - 1], high=ordered[-rank], coverage=coverage_of(len(ordered), rank))
    return median(ordered), interval
