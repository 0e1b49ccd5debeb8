"""Is a metric another one now? Two samples that are not paired: the repetitions of two runs, or the runs of two sets.

Figures of speed and cost change by factors, so everything is done on logarithms; the ratio is that of geometric means, with
the interval that belongs to the test, so that the two never disagree.

- One run a side: the repetition is the unit, and Welch's t takes the two spreads as they are. What varies from run to run is
  not in that interval, and no arithmetic gets it out of two runs. The baseline stands in for it: nothing was changed there, so
  how far it moved is how far a run moves by itself (`reach`).
- Sets of runs: the run is the unit (Kalibera and Jones, ISMM'13: repeat at the level that varies), by the geometric mean of
  its repetitions. Student's t with one spread for both sides: how much runs vary is the place's doing, and sets are small.

A verdict of "worse" or "better" needs both: significant after Holm, and the whole interval outside the band and outside all
that the baseline's interval holds. "No difference that matters" needs the whole interval, and the baseline's, inside the band.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean, variance
from typing import Literal

from scipy.special import stdtr, stdtrit

from steps.errors import MeasureError
from steps.model import ChangeVerdict, Interval
from steps.statistics.intervals import COVERAGE, FEWEST
from steps.statistics.words import counted, percent

LEVEL = 0.05  # of the whole table, after Holm
FEWEST_RUNS = 3  # of both sides together: two runs show nothing of how runs vary


@dataclass(frozen=True)
class Estimate:
    """After over before: geometric means, their ratio with its interval, and how surely it is not 1."""

    before: float
    after: float
    ratio: float
    interval: Interval
    p: float
    n_before: int
    n_after: int

    @property
    def reach(self) -> float:
        """The farthest from 1 that the interval goes, as a factor of at least 1."""
        return max(self.interval.high, 1 / self.interval.low, 1.0)


def of_repetitions(before: Sequence[float], after: Sequence[float]) -> Estimate:
    """From the valid repetitions of one run each. Raises MeasureError: fewer than six on a side, or a value of zero."""
    fewest = min(len(before), len(after))
    if fewest < FEWEST:
        message = f"{counted(fewest, 'valid repetition')} on one side; it takes {FEWEST}"
        raise MeasureError(message)
    return _estimate(_logs(before), _logs(after), shared=False)


def of_runs(before: Sequence[Sequence[float]], after: Sequence[Sequence[float]]) -> Estimate:
    """From the valid repetitions of several runs on at least one side.

    Raises MeasureError: too few runs have six, or a value is zero.
    """
    return _of_sides(*([fmean(_logs(run)) for run in runs if len(run) >= FEWEST] for runs in (before, after)))


def of_levels(before: Sequence[float], after: Sequence[float]) -> Estimate:
    """From one value for each of several runs, such as its median. Raises MeasureError: too few runs, or a value of zero."""
    return _of_sides(_logs(before), _logs(after))


def _of_sides(before: Sequence[float], after: Sequence[float]) -> Estimate:
    if not before or not after or len(before) + len(after) < FEWEST_RUNS:
        message = f"{len(before)} and {counted(len(after), 'run')} with {FEWEST} valid repetitions; it takes 1 and 2"
        raise MeasureError(message)
    return _estimate(before, after, shared=True)


def _logs(values: Sequence[float]) -> list[float]:
    if min(values, default=1) <= 0:
        message = "a value of zero has no ratio"
        raise MeasureError(message)
    return [log(value) for value in values]


def _estimate(before: Sequence[float], after: Sequence[float], *, shared: bool) -> Estimate:
    difference = fmean(after) - fmean(before)
    error, freedom = (_student if shared else _welch)(before, after)
    half = _quantile(freedom) * error
    low, high = exp(difference - half), exp(difference + half)
    return Estimate(
        before=exp(fmean(before)),
        after=exp(fmean(after)),
        ratio=exp(difference),
        interval=Interval(low=low, high=high, coverage=COVERAGE),
        p=_p_value(difference, error, freedom),
        n_before=len(before),
        n_after=len(after),
    )


def _welch(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Standard error of the difference of means, and Welch and Satterthwaite's degrees of freedom."""
    shares = [variance(side) / len(side) for side in (one, other)]
    total = sum(shares)
    if not total:
        return 0.0, len(one) + len(other) - 2
    parts = sum(share**2 / (len(side) - 1) for share, side in zip(shares, (one, other), strict=True))
    return sqrt(total), total**2 / parts


def _student(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """The same with one variance for both sides; a side may have a single value."""
    freedom = len(one) + len(other) - 2
    squares = sum((len(side) - 1) * variance(side) for side in (one, other) if len(side) > 1)
    return sqrt(squares / freedom * (1 / len(one) + 1 / len(other))), freedom


def _quantile(freedom: float) -> float:
    return float(stdtrit(freedom, (1 + COVERAGE) / 2))


def _p_value(difference: float, error: float, freedom: float) -> float:
    """Two-sided. Values that do not vary at all differ surely, or not at all (a rate that is met exactly)."""
    if not error:
        return 0.0 if abs(difference) > 1e-12 else 1.0
    return float(2 * stdtr(freedom, -abs(difference) / error))


def judged(
    estimate: Estimate,
    *,
    p_holm: float,
    better: Literal["lower", "higher"],
    band: float,
    reach: float = 1.0,
) -> tuple[ChangeVerdict, str]:
    """What the interval allows to say, and why.

    band: a share; a ratio inside (1 / (1 + band), 1 + band) does not matter. reach: the baseline's (`Estimate.reach`).
    """
    low, high = estimate.interval.low, estimate.interval.high
    matters, clear = 1 + band, max(1 + band, reach)
    moved = f"the baseline's own interval reaches {_factor(reach)}"
    if low > clear or high < 1 / clear:
        if p_holm >= LEVEL:
            return ChangeVerdict.CANNOT_TELL, f"not significant among all that was compared (p {p_holm:.2g} after Holm)"
        more = low > clear
        beyond = moved if clear > matters else f"the band of {percent(band)}"
        verdict = ChangeVerdict.WORSE if more == (better == "lower") else ChangeVerdict.BETTER
        return verdict, f"the whole interval is {'above' if more else 'below'} {beyond}"
    if 1 / matters < low and high < matters:
        if reach > matters:
            return ChangeVerdict.CANNOT_TELL, moved
        return ChangeVerdict.SAME, f"the whole interval is inside the band of {percent(band)}"
    if low > matters or high < 1 / matters:
        return ChangeVerdict.CANNOT_TELL, moved
    return ChangeVerdict.CANNOT_TELL, f"the interval reaches over the edge of the band of {percent(band)}"


def _factor(reach: float) -> str:
    return f"\N{MULTIPLICATION SIGN}{reach:.2f}"
