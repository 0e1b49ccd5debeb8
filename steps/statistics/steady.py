"""Had a cell settled before its window began? Found from its seconds, not assumed from the length of the warm-up.

Two questions are asked of each series of seconds, both of its logarithms, so that a fifth more weighs as much as a fifth less:
- the edge: is there an early stretch, warm-up included, that differs from all that comes after it? The best place to divide the
  series is tested, then the rest again, until nothing differs any more. The cell has settled from the last such place on;
- the trend: does the window drift from its beginning to its end?
What differs must be sure and matter. Sure: a t-test at `ALPHA`, shared out over the places that were tried (Bonferroni). One slow
second widens the spread it is compared with, so it is no edge unless it is the first of all. Matter: more than `MATTERS`.
An edge in the window is a doubt only where the seconds before it move the window's mean: on a quiet machine 2 of 41 cells settled
one second late by a few percent, and with those doubted too few rounds were left to decide.
`tests/steps/statistics/test_steady.py` has the rates of false and missed alarms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log, sqrt
from statistics import fmean, median

from steps.model import Steadiness

FEWEST_S = 8  # of a window: shorter ones (previews) prove nothing either way
ALPHA = 0.001  # false alarms for each series of a cell; a cell has five, and a run dozens of cells
MATTERS = 0.1  # seconds that differ by less move the window's figure by less than its repetitions differ
FEWEST_AFTER = 4  # seconds behind an edge
# By how much what came before the edge may move the window's mean: less than the difference between arms that matters, 5 %.
EARLY_MATTERS = 0.04

Seconds = Mapping[int, float]  # second of the window (below zero: warm-up) → value


def steadiness(series: Seconds) -> Steadiness:
    """Whether a series had settled before second 0, from which second on, and how it drifts over the window."""
    inside = [series[second] for second in sorted(series) if second >= 0]
    if len(inside) < FEWEST_S:
        return Steadiness(verdict="too short to prove")
    floor = median(inside) / 1000 or 1e-9  # what is zero in a second has no logarithm
    logs = {second: log(max(value, floor)) for second, value in sorted(series.items())}
    edge = _edge(logs)
    drift, sure = _drift([value for second, value in logs.items() if second >= 0])
    moved = sure and abs(drift) > MATTERS
    early = None if edge is None else _early(logs, edge)
    settled = early is not None and abs(early) <= EARLY_MATTERS and not moved
    never = moved and edge is not None and _drift([value for second, value in logs.items() if second >= max(edge, 0)])[1]
    return Steadiness(
        verdict="steady" if settled else "not steady", edge_s=None if never else edge, trend=drift, early=None if never else early
    )


def _early(logs: Seconds, edge: int) -> float:
    """By how much the seconds of the window before the edge move its mean, as a share of what comes after."""
    inside = {second: exp(value) for second, value in logs.items() if second >= 0}
    after = fmean(value for second, value in inside.items() if second >= edge)
    return fmean(inside.values()) / after - 1


def _edge(logs: Seconds) -> int | None:
    """The second from which nothing early differs any more; None: what is left then is too short to tell."""
    seconds, values = list(logs), list(logs.values())
    start = 0
    while len(values) - start > FEWEST_AFTER:
        place = _division(values[start:])
        if place is None:
            return seconds[start]
        start += place
    return None


def _division(values: Sequence[float]) -> int | None:
    """Where the values are best divided in two, if the parts surely differ and it matters. The first part is the shorter one."""
    n = len(values)
    places = range(1, n - max(FEWEST_AFTER, n // 2) + 1)
    best = max(places, key=lambda place: _t(values[:place], values[place:]), default=0)
    if not best or _chance(n - 2, _t(values[:best], values[best:])) * len(places) > ALPHA:
        return None
    return best if abs(exp(fmean(values[:best]) - fmean(values[best:])) - 1) > MATTERS else None


def _t(one: Sequence[float], other: Sequence[float]) -> float:
    """Student's t of two samples, without its sign."""
    m, k = fmean(one), fmean(other)
    squares = sum((each - m) ** 2 for each in one) + sum((each - k) ** 2 for each in other)
    spread = sqrt(squares / (len(one) + len(other) - 2) * (1 / len(one) + 1 / len(other)))
    return abs(m - k) / max(spread, 1e-12)


def _drift(values: Sequence[float]) -> tuple[float, bool]:
    """How much the straight line through the values gains from end to end, as a share, and whether its slope is surely not 0."""
    n = len(values)
    at, level = (n - 1) / 2, fmean(values)
    width = sum((place - at) ** 2 for place in range(n))
    slope = sum((place - at) * (value - level) for place, value in enumerate(values)) / width
    squares = sum((value - level - slope * (place - at)) ** 2 for place, value in enumerate(values))
    t = abs(slope) / max(sqrt(squares / (n - 2) / width), 1e-12)
    return exp(slope * (n - 1)) - 1, _chance(n - 2, t) < ALPHA


def _chance(degrees: int, t: float) -> float:
    """Of a t as far from 0 as this one, either way, where nothing differs."""
    from scipy.special import stdtr  # half a second, which windows too short to prove do not wait for

    return float(2 * stdtr(degrees, -t))
