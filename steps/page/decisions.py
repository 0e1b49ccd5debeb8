"""How each effect was decided, in words and figures: what stands on the page below the line with its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from steps.model import Arm, Decision, Effect, EffectVerdict, Figure, Metric
from steps.statistics.decision import ALPHA, limits
from steps.statistics.intervals import rank_for
from steps.statistics.lateness import LATENESS_SHARE
from steps.statistics.words import common_decimals, counted, number, percent, probability, range_text, with_interval

CLASSES = {EffectVerdict.DIFFERS: "differs", EffectVerdict.NO_DIFFERENCE: "same", EffectVerdict.CANNOT_TELL: "open"}


@dataclass(frozen=True)
class Round:
    """Both arms' values in a round, and their ratio."""

    number: int
    baseline: str
    contender: str
    ratio: str
    suspect: bool


@dataclass(frozen=True)
class Line:
    """A metric of a contender: its effect, the verdict on it, and how that came about. Without an effect: the reason."""

    metric: Metric
    ratio: str
    difference: str
    reason: str
    verdict: str
    css: str
    rounds: tuple[Round, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()  # what, and its formula with its figures


def lines(arm: Arm, baseline: Arm, metrics: Sequence[Metric]) -> list[Line]:
    """A line for each metric of which the baseline has a value."""
    return [_line(metric, arm, baseline) for metric in metrics if baseline.figures[metric.name].value is not None]


def _line(metric: Metric, arm: Arm, baseline: Arm) -> Line:
    effect = arm.effects[metric.name]
    ratio, decision = effect.ratio, effect.decision
    if ratio.value is None or decision is None:
        return Line(metric, "", "", ratio.reason or "it was not decided", "", "none")
    return Line(
        metric=metric,
        ratio=f"{number(ratio.value, 2)} ({range_text(ratio, 2)})" if ratio.interval else f"{number(ratio.value, 2)} (once)",
        difference=with_interval(effect.difference, metric.unit, signed=True),
        reason="",
        verdict=decision.verdict,
        css=CLASSES[decision.verdict],
        rounds=tuple(_rounds(ratio, arm.figures[metric.name], baseline.figures[metric.name])),
        steps=tuple(_steps(effect, decision, arm, baseline)),
    )


def _rounds(ratio: Figure, contender: Figure, baseline: Figure) -> list[Round]:
    own = {point.repetition: point.value for point in contender.points}
    base = {point.repetition: point.value for point in baseline.points}
    digits = 1 + common_decimals((contender, baseline))
    return [
        Round(
            number=point.repetition,
            baseline=number(base[point.repetition], digits),
            contender=number(own[point.repetition], digits),
            ratio=number(point.value, 4),
            suspect=point.suspect,
        )
        for point in ratio.points
    ]


def _steps(effect: Effect, decision: Decision, arm: Arm, baseline: Arm) -> list[tuple[str, str]]:
    """From the rounds to the verdict."""
    steps = [("effect", _effect(effect.ratio, decision))] if decision.interval else []
    if decision.p is not None:
        steps += [("test", _test(decision)), ("Holm", _holm(decision, arm)), ("band", _band(decision))]
    checked = decision.lateness_gap_ms is not None and (decision.suspect or decision.verdict is EffectVerdict.DIFFERS)
    steps += [("driver", _driver(decision, effect.difference, arm, baseline))] if checked else []
    return [*steps, ("decision", f"{decision.verdict}: {decision.why}")]


def _effect(ratio: Figure, decision: Decision) -> str:
    assert decision.interval is not None  # noqa: S101  # the caller looked
    n, rank = ratio.n, rank_for(ratio.n)
    which = "the smallest and the largest" if rank == 1 else f"the {rank} smallest but {rank - 1} and the largest but {rank - 1}"
    return (
        f"median of {counted(n, 'ratio')} = {number(ratio.value or 0.0, 4)}; {which}, {number(decision.interval.low, 4)} and "
        f"{number(decision.interval.high, 4)}, hold the true median with 1 − 2 P(Bin({n}, ½) < {rank}) = "
        f"{percent(decision.interval.coverage)}"
    )


def _test(decision: Decision) -> str:
    mean, sd = decision.log_mean or 0.0, decision.log_sd or 0.0
    if decision.t is None:
        return f"the ratios do not vary, so t has no value; p is {probability(decision.p or 0.0)}"
    return (
        f"t = mean ÷ (sd ÷ √n) of ln ratio = {number(mean, 5)} ÷ ({number(sd, 5)} ÷ {number(sqrt(decision.n), 4)}) = "
        f"{number(decision.t, 2)}; with {decision.n - 1} degrees of freedom, two-sided, p is {probability(decision.p or 0.0)}"
    )


def _holm(decision: Decision, arm: Arm) -> str:
    p = decision.p_holm or 0.0
    compared = "below" if p < ALPHA else "not below"
    return f"over {counted(decision.family, 'metric')} of {arm.title}, p is {probability(p)}: {compared} {ALPHA:g}"


def _band(decision: Decision) -> str:
    least, most = limits(decision.band)
    return f"what lies between 1 ÷ {1 + decision.band:g} = {least:.3f} and {most:g} does not matter"


def _driver(decision: Decision, difference: Figure, arm: Arm, baseline: Arm) -> str:
    gap_ms, effect_ms = decision.lateness_gap_ms or 0.0, abs(difference.value or 0.0)
    verb = "may not be" if decision.suspect else "may be"
    return (
        f"later by {number(gap_ms, 4)} ms with {arm.title} than with {baseline.title} at this percentile, or the nearest one "
        f"told; {percent(LATENESS_SHARE)} of the effect, {number(LATENESS_SHARE * effect_ms, 4)} ms, {verb} borne"
    )
