"""Change points of a series: where its level became another one.

E-divisive (Matteson and James, 2014) finds the best place to cut: the one with the largest energy distance between what is
left and what is right of it. As in Hunter (Fleming et al., ICPE'23; today Apache Otava) a t-test decides instead of
permutations, so that the same series always gives the same answer; windows keep many changes from hiding one another; and cuts
are accepted at a weak level first, then the weakest is taken out and its neighbours judged anew, until all that are left are
significant at the strict one. All on logarithms: levels change by factors.

Two things are ours. A level has at least four runs, so that no outlier makes one. And a cut is tested against the stretch that
it was found with, not against all that follows: what became worse and was mended again hides itself otherwise (found in 23 of
100 series; so in 97).

A t-test at the best of many cuts is too kind. How often it finds something in pure noise is counted in the tests and stated
in docs/comparing.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtr

FEWEST_POINTS = 4  # on each side of a change
STRICT = 0.001
WEAK = 10 * STRICT
WINDOW = 50  # points that are looked at together


@dataclass(frozen=True)
class Cut:
    """A change point: the index of the first value of the new level."""

    index: int
    p: float


def change_points(values: Sequence[float], *, p: float = STRICT) -> tuple[Cut, ...]:
    """The change points of positive values in the order of time."""
    logs = np.log(np.asarray(values, dtype=float))
    return _strict(logs, _weak(logs, weakest=p * WEAK / STRICT), p)


def _weak(logs: Any, *, weakest: float) -> list[int]:
    """Cuts that may be change points, window by window; each window begins in the last one's second half or at its last cut."""
    found: set[int] = set()
    start = 0
    while start < len(logs):
        inside = [start + cut for cut in _divide(logs[start : start + WINDOW], weakest)]
        found.update(inside)
        if start + WINDOW >= len(logs):
            break
        start = max(start + WINDOW // 2, *inside) if inside else start + WINDOW // 2
    return sorted(found)


def _divide(logs: Any, weakest: float) -> list[int]:
    """The cuts of one window: the best one, if it is significant, and then those on either side of it."""
    cut, end = best_cut(logs)
    level = weakest if end == len(logs) else weakest * STRICT / WEAK  # who chose two ends must be surer
    if not cut or t_test(logs[:cut], logs[cut:end]) > level:
        return []
    return [*_divide(logs[:cut], weakest), cut, *(cut + each for each in _divide(logs[cut:], weakest))]


def _strict(logs: Any, cuts: list[int], p: float) -> tuple[Cut, ...]:
    """Those that stay when the weakest is taken out, as long as one is too weak between its neighbours, or too near to one."""
    while cuts:
        edges = list(zip([0, *cuts], cuts, [*cuts[1:], len(logs)], strict=False))
        tested = [Cut(cut, t_test(logs[before:cut], logs[cut:after])) for before, cut, after in edges]
        near = [each for each, (_, cut, after) in zip(tested, edges, strict=True) if after - cut < FEWEST_POINTS]
        weakest = max(near or tested, key=lambda each: each.p)
        if weakest.p <= p and not near:
            return tuple(tested)
        cuts = [cut for cut in cuts if cut != weakest.index]
    return ()


def best_cut(logs: Any) -> tuple[int, int]:
    """The cut, and the end of what is right of it, with the largest energy distance between left and right.

    (0, 0): there are too few values.
    """
    count = len(logs)
    if count < 2 * FEWEST_POINTS:
        return 0, 0
    # sums[a, b]: all distances between the first a values and the first b
    sums = np.pad(np.abs(logs[:, None] - logs[None, :]).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    cut, end = np.triu_indices(count + 1, k=FEWEST_POINTS)
    cut, end = cut[cut >= FEWEST_POINTS], end[cut >= FEWEST_POINTS]
    left, right = cut, end - cut
    across = sums[cut, end] - sums[cut, cut]
    inside_left = sums[cut, cut]
    inside_right = sums[end, end] - 2 * sums[cut, end] + sums[cut, cut]
    distance = 2 * across / (left * right) - inside_left / (left * (left - 1)) - inside_right / (right * (right - 1))
    best = np.argmax(distance * left * right / (left + right))
    return int(cut[best]), int(end[best])


def t_test(left: Any, right: Any) -> float:
    """Student's two-sided p-value for a difference of means, with one variance for both sides."""
    freedom = len(left) + len(right) - 2
    squares = len(left) * np.var(left) + len(right) * np.var(right)
    difference = abs(float(np.mean(right) - np.mean(left)))
    error = float(np.sqrt(squares / freedom * (1 / len(left) + 1 / len(right))))
    if error < 1e-12:  # values that do not vary at all, but for the last bit
        return 0.0 if difference > 1e-9 else 1.0
    return float(2 * stdtr(freedom, -difference / error))
