"""A stack taken apart: what each layer adds to those before it, in milliseconds, CPU and dollars. Pure.

A layer's part is the median, over rounds, of its arm minus the arm before it. Only rounds count in which every layer was
measured, so that all parts speak of the same minutes; valid ones, or where there is none the suspect ones, marked so. In each
such round the parts make the whole exactly. Their medians need not, and percentiles of sums are not sums of percentiles: what is
left between the whole and its parts is told as the remainder and never spread over them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Generic, TypeVar

from steps.costs.unit_costs import Priced, Value
from steps.costs.unit_costs import figure as cost_of
from steps.evidence import Evidence
from steps.model import Arm, CellOutcome, Experiment, Figure, Layer, LoadSection, Part, Point, Tuned, Waterfall, hops_of
from steps.model.cost import CostFigure, Costs, LoadUse
from steps.statistics.answer import OWN
from steps.statistics.comparison import figure_of, paired_effect
from steps.statistics.published import published_of

METRICS = ("p50_ms", "p99_ms", "path_cpu_us_per_request", "memory_mib")
NO_ROUND = "no round has a figure of every layer"
UNPRICED = "no unit cost was asked for"

N = TypeVar("N", float, Decimal)


@dataclass(frozen=True)
class Seen(Generic[N]):
    """One repetition's value of an arm, or what an arm adds in one round."""

    repetition: int
    value: N
    suspect: bool


def steps_of(arms: Sequence[Sequence[Seen[N]]]) -> list[list[Seen[N]]]:
    """What each arm adds to the one before it, round by round; the first adds its own value.

    An arm without any value adds nothing that is known, nor does the one after it.
    """
    rounds = _rounds([arm for arm in arms if arm])
    kept = [{each.repetition: each for each in arm if each.repetition in rounds} for arm in arms]
    added = [list(kept[0].values())]
    for below, above in pairwise(kept):
        pairs = [(above[at], below[at]) for at in sorted(above.keys() & below.keys())]
        added.append([Seen(one.repetition, one.value - other.value, one.suspect or other.suspect) for one, other in pairs])
    return added


def _rounds(arms: Sequence[Sequence[Seen[N]]]) -> set[int]:
    """The rounds that all of them have: in which nothing is suspect, or if there is no such round, any."""
    every = [{each.repetition for each in arm} for arm in arms]
    common = set.intersection(*every) if every else set()
    doubted = {each.repetition for arm in arms for each in arm if each.suspect}
    return common - doubted or common


def waterfalls_of(
    experiment: Experiment, evidence: Evidence, sections: Sequence[LoadSection], uses: Sequence[LoadUse], costs: Sequence[Costs]
) -> tuple[Waterfall, ...]:
    """The stack under each load; nothing, where the experiment declares no layers."""
    if not experiment.layers:
        return ()
    return tuple(_waterfall(experiment, evidence, section, paths_of(section, uses, costs), costs) for section in sections)


def tuned_of(
    experiment: Experiment, sections: Sequence[LoadSection], uses: Sequence[LoadUse], costs: Sequence[Costs]
) -> tuple[Tuned, ...]:
    """Before and after each tuning, under each load."""
    found = []
    for section in sections:
        arms, paths = arms_by_name(experiment, section), paths_of(section, uses, costs)
        for tuning in experiment.tunings:
            before, after = arms[tuning.over], arms[tuning.arm]
            names = [name for name in METRICS if name in after.figures]
            money = steps_of([paths.get(before.name, []), paths.get(after.name, [])])[1]
            found.append(
                Tuned(
                    load=section.label,
                    what=tuning.what,
                    before=before.name,
                    after=after.name,
                    added={name: paired_effect(after.figures[name], before.figures[name]).difference for name in names},
                    usd=cost_figure(money, why_missing(after) or why_missing(before) or NO_ROUND, costs),
                )
            )
    return tuple(found)


def _waterfall(
    experiment: Experiment,
    evidence: Evidence,
    section: LoadSection,
    paths: Mapping[str, list[Seen[Decimal]]],
    costs: Sequence[Costs],
) -> Waterfall:
    by_name = arms_by_name(experiment, section)
    arms = [by_name[name] for name in experiment.layers]
    metrics = [name for name in METRICS if name in arms[0].figures]
    added = {name: _figures(arms, name) for name in metrics}
    money = [
        cost_figure(found, _missing(arms, place), costs)
        for place, found in enumerate(steps_of([paths.get(a.name, []) for a in arms]))
    ]
    top = next((arm for arm in reversed(arms) if arm.ok or arm.suspect), arms[0])
    whole = {name: _whole(arms, top, name) for name in metrics}
    usd = cost_figure(_kept(paths, arms, top), _missing(arms, len(arms) - 1), costs)
    return Waterfall(
        load=section.label,
        unit=costs[0].unit.title if costs else None,
        layers=tuple(
            Layer(arm=arm.name, title=arm.title, added={name: added[name][place] for name in metrics}, usd=money[place])
            for place, arm in enumerate(arms)
        ),
        whole=whole,
        usd=usd,
        remainder={name: _left(whole[name].value, [each.value for each in _adding(arms, added[name], name)]) for name in metrics},
        remainder_usd=_left(usd.value, [each.value for each in money]),
        parts=_parts(experiment, evidence, section, top),
        published=published_of(experiment, evidence, section),
    )


def arms_by_name(experiment: Experiment, section: LoadSection) -> dict[str, Arm]:
    """The arms; one that could not be had where it ran is there without figures, with its reason."""
    gone = {
        each.name: Arm(
            name=each.name,
            title=each.title,
            planned=0,
            ok=0,
            suspect=0,
            failed=0,
            failure=each.reason,
            figures={metric.name: Figure(reason=each.reason) for metric in experiment.metrics},
        )
        for each in experiment.absent
    }
    return gone | {arm.name: arm for arm in section.arms}


def _left(whole: N | None, parts: Iterable[N | None]) -> N | None:
    """The whole less its parts; None: one of them is not known."""
    left = whole
    for part in parts:
        if left is None or part is None:
            return None
        left = left - part
    return left


def _adding(arms: Sequence[Arm], figures: Sequence[Figure], metric: str) -> Sequence[Figure]:
    """The layers' parts without that of a direct path, which has nothing of its own."""
    return figures[1:] if arms[0].direct and metric in OWN else figures


def _seen(figure: Figure) -> list[Seen[float]]:
    return [Seen(point.repetition, point.value, point.suspect) for point in figure.points] if figure.value is not None else []


def _figures(arms: Sequence[Arm], metric: str) -> list[Figure]:
    lowest, *others = arms
    if lowest.direct and metric in OWN and others:  # it has none: the first that has some adds all of it
        return [Figure(reason=lowest.figures[metric].reason or NO_ROUND), *_figures(others, metric)]
    found = steps_of([_seen(arm.figures[metric]) for arm in arms])
    coarse = any(arm.figures[metric].coarse for arm in arms)
    return [_figure(each, _missing(arms, place), coarse=coarse) for place, each in enumerate(found)]


def _whole(arms: Sequence[Arm], top: Arm, metric: str) -> Figure:
    """The topmost layer's own value, over the rounds that its parts are made from."""
    rounds = _rounds([seen for arm in arms if (seen := _seen(arm.figures[metric]))])
    kept = [each for each in _seen(top.figures[metric]) if each.repetition in rounds]
    return _figure(kept, why_missing(top) or NO_ROUND, coarse=top.figures[metric].coarse)


def _kept(paths: Mapping[str, list[Seen[Decimal]]], arms: Sequence[Arm], top: Arm) -> list[Seen[Decimal]]:
    rounds = _rounds([found for arm in arms if (found := paths.get(arm.name, []))])
    return [each for each in paths.get(top.name, []) if each.repetition in rounds]


def _figure(found: Sequence[Seen[float]], reason: str, *, coarse: bool) -> Figure:
    points = [Point(repetition=each.repetition, value=each.value, suspect=each.suspect) for each in found]
    return figure_of(points, reason=reason, coarse=coarse)


def cost_figure(found: Sequence[Seen[Decimal]], reason: str, costs: Sequence[Costs]) -> CostFigure:
    values = [Value(each.repetition, each.suspect, each.value) for each in found]
    return cost_of(values, reason if costs else UNPRICED)


def _missing(arms: Sequence[Arm], place: int) -> str:
    """Why a layer's part is not known: its own arm, or the one before it, has no figures."""
    below = arms[place - 1] if place else None
    before = f"{below.title}, the layer before it: {why_missing(below)}" if below and why_missing(below) else None
    return why_missing(arms[place]) or before or NO_ROUND


def why_missing(arm: Arm) -> str | None:
    """Why an arm has no figures; None: it has some."""
    if arm.ok or arm.suspect:
        return None
    reasons = [figure.reason for figure in arm.figures.values() if figure.reason]
    return arm.failure or next(iter(reasons), "it was not measured")


def paths_of(section: LoadSection, uses: Sequence[LoadUse], costs: Sequence[Costs]) -> dict[str, list[Seen[Decimal]]]:
    """What a unit of work costs on each arm's whole path, by repetition, at the usual prices."""
    use = next((each for each in uses if each.load == section.label), None)
    if use is None or not costs:
        return {}
    priced = Priced(costs[0].pricing, costs[0].unit)
    return {
        arm.contender: [Seen(v.repetition, v.usd, v.suspect) for v in priced.paths(arm, use.around_reserved)] for arm in use.arms
    }


def _parts(experiment: Experiment, evidence: Evidence, section: LoadSection, top: Arm) -> tuple[Part, ...]:
    """What each component of the whole stack used, by itself."""
    outcomes = [outcome for _, outcome in evidence.with_figures(top.name, section.label)]
    hops = hops_of(section.load)
    components = (*experiment.around_under(hops), *experiment.component(top.name).parts_under(hops))
    return tuple(
        Part(
            component=each.name,
            title=each.title,
            cpu_us_per_request=_own(outcomes, each.name, "cpu_us_per_request"),
            memory_mib=_own(outcomes, each.name, "memory_mib"),
        )
        for each in components
        if not each.direct
    )


def _own(outcomes: Sequence[CellOutcome], component: str, what: str) -> Figure:
    points = []
    for each in outcomes:
        value = getattr(each.components.get(component), what, None)
        if value is not None:
            points.append(Point(repetition=each.repetition, value=value, suspect=each.status == "suspect"))
    return figure_of(points, reason="no cell tells of it")
