"""Figures, effects over the baseline, orders and hypotheses: what intervals allow to say, and no more.

The repetition is the unit of evidence. An effect is paired within a round, where the machine was the same for both arms.
Two arms are ranked only when their intervals do not touch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from steps.model import Answer, Effect, Experiment, Figure, Hypothesis, HypothesisVerdict, Interval, Point, RunVerdict
from steps.model.cost import CostFigure
from steps.statistics.intervals import FEWEST, median_interval


def figure_of(points: Sequence[Point], *, reason: str, coarse: bool = False) -> Figure:
    """The median over the valid repetitions; over the suspect ones, marked so, when there is no valid one.

    reason: why there is no figure, when there are no points at all.
    """
    ordered = tuple(sorted(points, key=lambda point: point.repetition))
    valid = [point.value for point in ordered if not point.suspect]
    counted = valid or [point.value for point in ordered]
    if not counted:
        return Figure(reason=reason)
    value, interval = median_interval(counted)
    spread = interval if len(counted) > 1 else None  # one value lies in no interval
    return Figure(value=value, interval=spread, n=len(counted), suspect=not valid, coarse=coarse, points=ordered)


def paired_effect(contender: Figure, baseline: Figure) -> Effect:
    """Contender minus baseline, and contender over baseline, round by round."""
    if contender.value is None or baseline.value is None:
        absent = contender.reason if contender.value is None else f"the baseline has no value: {baseline.reason}"
        return Effect(difference=Figure(reason=absent), ratio=Figure(reason=absent))
    base = {point.repetition: point for point in baseline.points}
    pairs = [(point, base[point.repetition]) for point in contender.points if point.repetition in base]
    unpaired = "no round has both the contender and the baseline"
    coarse = contender.coarse or baseline.coarse
    differences = [_joint(one, other, one.value - other.value) for one, other in pairs]
    ratios = [_joint(one, other, one.value / other.value) for one, other in pairs if other.value > 0]
    return Effect(
        difference=figure_of(differences, reason=unpaired, coarse=coarse),
        ratio=figure_of(ratios, reason=unpaired if not pairs else "the baseline's value is zero", coarse=coarse),
    )


def _joint(one: Point, other: Point, value: float) -> Point:
    return Point(repetition=one.repetition, value=value, suspect=one.suspect or other.suspect)


def can_decide(figure: Figure | CostFigure) -> bool:
    """Whether enough valid repetitions stand behind a figure."""
    return figure.value is not None and not figure.suspect and figure.n >= FEWEST


def may_be_said(figure: Figure | CostFigure, verdict: RunVerdict) -> bool:
    """Whether an answer may have this figure in it: where the run decides, one that decides too; else any that there is."""
    return can_decide(figure) or (figure.value is not None and verdict is not RunVerdict.ANSWERED)


def unsaid(answer: Answer, what: str, figures: Sequence[Figure | CostFigure]) -> Answer:
    """The answer of a run that decides, and why what these figures tell is no part of it.

    As it is, where there are none, or one has no value: its own place on the page says why.
    """
    if not figures or any(figure.value is None for figure in figures):
        return answer
    n = min(figure.n for figure in figures)
    doubted = any(figure.suspect for figure in figures)
    why = "its rounds are suspect" if doubted else f"a decision takes {FEWEST} rounds with all of its parts, and there are {n}"
    return answer.model_copy(update={"more": (*answer.more, f"{what} is not said: {why}.")})


def tiers(figures: Mapping[str, Figure], late: Mapping[str, float] | None = None) -> tuple[tuple[str, ...], ...]:
    """Names from least to most; those whose intervals touch, directly or through others, stand together.

    late: by how much the driver was later with each than with the baseline, in their unit; that may make no order.
    """
    by_median = {name: figure.value or 0.0 for name, figure in figures.items() if figure.interval}
    reaches = [
        (*_reach(figure.interval, (late or {}).get(name, 0.0)), name) for name, figure in figures.items() if figure.interval
    ]
    groups: list[list[str]] = []
    reach = float("-inf")
    for low, high, name in sorted(reaches, key=lambda each: (each[0], by_median[each[2]], each[2])):
        if not groups or low > reach:
            groups.append([])
        groups[-1].append(name)
        reach = max(reach, high)
    return tuple(tuple(sorted(group, key=lambda name: (by_median[name], name))) for group in groups)


def _reach(interval: Interval, late: float) -> tuple[float, float]:
    """The interval, as wide as it is with the driver's lateness in it and without."""
    return interval.low - max(late, 0.0), interval.high + max(-late, 0.0)


def judge(hypothesis: Hypothesis, figure: Figure, *, preview: bool) -> tuple[HypothesisVerdict, str]:
    """What the interval says of the bound, and why that.

    figure: the metric of the hypothesis's contender, or what it adds over another's.
    """
    bound, wants_below = bound_of(hypothesis)
    if figure.value is None:
        return HypothesisVerdict.CANNOT_TELL, "there is no figure; the reason stands under Cells"
    if preview:
        return HypothesisVerdict.CANNOT_TELL, "a preview decides nothing"
    if figure.interval is None or not can_decide(figure):
        which = "suspect" if figure.suspect else "valid"
        return HypothesisVerdict.CANNOT_TELL, f"{figure.n} {which} {_rounds(figure.n)}; it takes {FEWEST} valid ones"
    low, high = figure.interval.low, figure.interval.high
    inside = high < bound if wants_below else low > bound
    outside = low >= bound if wants_below else high <= bound
    below, above = ("below", "not below") if wants_below else ("above", "not above")
    if inside:
        return HypothesisVerdict.HOLDS, f"the whole interval is {below} {bound:g}"
    if outside:
        return HypothesisVerdict.DOES_NOT_HOLD, f"the whole interval is {above} {bound:g}"
    return HypothesisVerdict.CANNOT_TELL, f"the interval reaches over {bound:g}"


def bound_text(hypothesis: Hypothesis, experiment: Experiment) -> str:
    """What is compared with what: `p50 of Envoy minus that of Direct, below 1 ms`; with its load, where there are several."""
    metric = next(metric for metric in experiment.metrics if metric.name == hypothesis.metric)
    bound, below = bound_of(hypothesis)
    of = experiment.component(hypothesis.of).title
    minus = f" minus that of {experiment.component(hypothesis.over).title}" if hypothesis.over else ""
    under = experiment.load_called(hypothesis.load).under if len(experiment.loads) > 1 else ""
    return f"{metric.title} of {of}{minus}{under}, {'below' if below else 'above'} {bound:g} {metric.unit}"


def _rounds(n: int) -> str:
    return "round" if n == 1 else "rounds"


def bound_of(hypothesis: Hypothesis) -> tuple[float, bool]:
    """The bound of a statement, in the unit of its metric, and whether it says "below"."""
    for value, below in (
        (hypothesis.below, True),
        (hypothesis.added_below, True),
        (hypothesis.above, False),
        (hypothesis.added_above, False),
    ):
        if value is not None:
            return value, below
    message = "the model admits no hypothesis without a bound"
    raise AssertionError(message)
