"""Whether a contender differs from the baseline, decided metric by metric from the rounds of a run.

The effect comes first: the ratio of both within a round, its median over rounds, and the interval of order statistics around it.
Two things must then come together before it says "differs":

1. The test: a paired t on the logarithms of the ratios, two-sided, after Holm below 5 %. On logarithms, because what disturbs a
   machine multiplies times, and so that twice as long and half as long weigh the same.
2. The size: the whole interval lies outside the band, 1/(1+band) to 1+band. A difference can be certain and too small to matter.

An interval wholly inside the band says "no difference that matters"; anything else says "cannot tell". A test alone would call a
real 0.1 % a difference once there are enough rounds, an interval alone has no account of how many metrics were looked at.

The family of Holm is the metrics of one contender under one load: together they answer one question, "does it differ from the
baseline in anything?", and a false alarm in any of them answers it wrongly. Other contenders and other loads are other questions,
with readers of their own: nginx does not become less certain because Caddy was measured too. So where five contenders are all
the same as the baseline, each may show a false alarm of the test with 5 %; the second condition makes "differs" far rarer than
that (docs/numbers.md counts it). Holm asks nothing of how tests depend on each other: p50, p90 and p99 rise and fall together.

Rank tests were rejected: six pairs can reach p = 0.031 at best, which Holm over two metrics already undoes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import fmean, stdev

from scipy.special import stdtr

from steps.model import Arm, CellSummary, Decision, Effect, EffectVerdict, Figure
from steps.statistics.holm import holm
from steps.statistics.intervals import FEWEST
from steps.statistics.lateness import lateness_gap_ms, suspect_of
from steps.statistics.words import counted, probability

ALPHA = 0.05
NO_SPREAD = 1e-12  # of logarithms: less is the rounding of equal values


@dataclass(frozen=True)
class Test:
    """A paired t: are the logarithms of the ratios zero on average?"""

    log_mean: float
    log_sd: float
    t: float | None  # None: the ratios do not vary, and nothing can be divided by that
    p: float


def paired_t(ratios: Sequence[float]) -> Test:
    """The two-sided test of at least two ratios, all above zero."""
    logs = [log(ratio) for ratio in ratios]
    mean, sd = fmean(logs), stdev(logs)
    if sd < NO_SPREAD:
        return Test(mean, 0.0, None, 1.0 if abs(mean) < NO_SPREAD else 0.0)
    t = mean / (sd / sqrt(len(logs)))
    return Test(mean, sd, t, float(2 * stdtr(len(logs) - 1, -abs(t))))


def limits(band: float) -> tuple[float, float]:
    """Between which ratios a difference does not matter: on logarithms as far below one as above it."""
    return 1 / (1 + band), 1 + band


def decided(
    arm: Arm, baseline: Arm, cells: Iterable[CellSummary], *, band: float, preview: bool, unlike: Sequence[str] = ()
) -> Arm:
    """The arm with a decision on each of its effects that has a ratio.

    cells: of the load under which both were measured; they say how late the driver was.
    unlike: how the circumstances of the run's cells differ; where they do, nothing is decided.
    """
    nothing = "a preview decides nothing" if preview else next(iter(unlike), None)
    shown = {metric: effect for metric, effect in arm.effects.items() if effect.ratio.value is not None}
    untested = {metric: why for metric, effect in shown.items() if (why := nothing or _untestable(effect))}
    tests = {metric: paired_t(_valid(effect.ratio)) for metric, effect in shown.items() if metric not in untested}
    corrected = dict(zip(tests, holm([test.p for test in tests.values()]), strict=True))
    own = [cell for cell in cells if cell.contender in {arm.name, baseline.name}]
    decisions = {metric: _undecided(shown[metric].ratio, why, band) for metric, why in untested.items()}
    for metric, test in tests.items():
        gap_ms = lateness_gap_ms(metric, shown[metric].ratio, own, of=arm.name, over=baseline.name)
        found = _tested(shown[metric].ratio, test, p_holm=corrected[metric], family=len(tests), band=band)
        decisions[metric] = _cleared(found, shown[metric].difference, gap_ms)
    effects = {metric: effect.model_copy(update={"decision": decisions.get(metric)}) for metric, effect in arm.effects.items()}
    return arm.model_copy(update={"effects": effects})


def _valid(ratio: Figure) -> list[float]:
    return [point.value for point in ratio.points if not point.suspect]


def _untestable(effect: Effect) -> str | None:
    """Why there is no test of this ratio; None: there is one."""
    valid, rounds = _valid(effect.ratio), len(_valid(effect.difference))
    if len(valid) < rounds:
        return f"the baseline's value is zero in {rounds - len(valid)} of {counted(rounds, 'round')}, which has no ratio"
    if len(valid) < FEWEST:
        return f"{counted(len(valid), 'valid round')}; it takes {FEWEST}"
    return None if min(valid) > 0 else "the contender's value is zero in a round, and zero has no logarithm"


def _undecided(ratio: Figure, why: str, band: float) -> Decision:
    return Decision(verdict=EffectVerdict.CANNOT_TELL, why=why, band=band, n=len(_valid(ratio)), interval=ratio.interval)


def _tested(ratio: Figure, test: Test, *, p_holm: float, family: int, band: float) -> Decision:
    verdict, why = _verdict(ratio, p_holm, family, band)
    return Decision(
        verdict=verdict,
        why=why,
        band=band,
        n=len(_valid(ratio)),
        interval=ratio.interval,
        log_mean=test.log_mean,
        log_sd=test.log_sd,
        t=test.t,
        p=test.p,
        p_holm=p_holm,
        family=family,
    )


def _verdict(ratio: Figure, p_holm: float, family: int, band: float) -> tuple[EffectVerdict, str]:
    """What interval and test say together, and why."""
    least, most = limits(band)
    assert ratio.interval is not None  # noqa: S101  # six valid rounds have one
    low, high = ratio.interval.low, ratio.interval.high
    after = f"p is {probability(p_holm)} after Holm over {counted(family, 'metric')}"
    if least < low and high < most:
        return EffectVerdict.NO_DIFFERENCE, f"the whole interval is between {least:.3g} and {most:.3g}"
    if least <= high and low <= most:
        return EffectVerdict.CANNOT_TELL, f"the interval reaches into the band from {least:.3g} to {most:.3g}, and out of it"
    if p_holm >= ALPHA:
        return EffectVerdict.CANNOT_TELL, f"{after}, which is not below {ALPHA:g}"
    where = f"above {most:.3g}" if low > most else f"below {least:.3g}"
    return EffectVerdict.DIFFERS, f"the whole interval is {where}, and {after}"


def _cleared(found: Decision, difference: Figure, gap_ms: float | None) -> Decision:
    """The decision, unless the driver's lateness may be what it calls a difference."""
    told = found.model_copy(update={"lateness_gap_ms": gap_ms})
    doubt = suspect_of(gap_ms, abs(difference.value or 0.0), "the effect")
    if found.verdict is not EffectVerdict.DIFFERS or doubt is None:
        return told
    return told.model_copy(update={"verdict": EffectVerdict.CANNOT_TELL, "why": doubt, "suspect": doubt})
