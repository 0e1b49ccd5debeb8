"""The answer in one sentence, made from the figures by a rule.

Arms are ranked only in a run that answered, and only when their intervals do not touch; the rest "cannot be told apart".
Otherwise the sentence says between which figures the contenders are, and names none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from steps.model import Answer, Arm, EffectVerdict, Experiment, Figure, LoadSection, Metric, RunVerdict
from steps.model.metric import KNEE
from steps.statistics.comparison import can_decide, tiers
from steps.statistics.noise import pilot_answer
from steps.statistics.words import common_decimals, decimals_of, listed, number, with_interval

CPU_METRIC = "cpu_us_per_request"
# A direct baseline has none of these, or (its knee) none that a contender could add to: the value itself is what counts.
OWN = frozenset({CPU_METRIC, "memory_mib", "idle_memory_mib", "ready_ms", KNEE.name})


UNRANKED = {
    RunVerdict.PREVIEW: "Seen, not ranked",
    RunVerdict.INCONCLUSIVE: "Too little evidence to rank",
    RunVerdict.FAILED: "The run failed, so nothing is ranked",
}
HEADLINE = ("p50_ms", "p99_ms", CPU_METRIC)


def main_metric(experiment: Experiment) -> Metric:
    """The metric that ranks: the first that the author named."""
    return experiment.metrics[0]


def headline_of(experiment: Experiment) -> tuple[str, ...]:
    """The three metrics that are drawn first: the one that ranks, then the usual ones, then the author's next."""
    names = [metric.name for metric in experiment.metrics]
    order = (names[0], *(name for name in HEADLINE if name in names), *names)
    return tuple(dict.fromkeys(order))[:3]


def added(arm: Arm, metric: str, baseline: Arm) -> Figure:
    """What a contender adds to the baseline; where a direct path has no such thing, the contender's own value."""
    if baseline.direct and metric in OWN:
        return arm.figures[metric]
    return arm.effects[metric].difference


def answer_of(experiment: Experiment | None, loads: Sequence[LoadSection], verdict: RunVerdict) -> Answer:
    """What the run says about its question."""
    if experiment is None:
        return Answer(decided=False, lead="Nothing can be said: the experiment could not be read.")
    if verdict is RunVerdict.ANSWERED and experiment.pilot:
        return pilot_answer(experiment, loads)
    if verdict is RunVerdict.ANSWERED:
        answers = [_ranked(experiment, section, several=len(loads) > 1) for section in loads]
        first, *others = answers  # the author's first load leads; what the others came to follows
        return Answer(
            decided=any(answer.decided for answer in answers),
            lead=first.lead,
            more=(*first.more, *(line for answer in others for line in (answer.lead, *answer.more))),
            tiers=first.tiers if not others else (),
        )
    seen = [line for section in loads if (line := _seen(experiment, section, several=len(loads) > 1))]
    more = tuple(f"{line[0].upper()}{line[1:]}." for line in seen[1:])
    return Answer(decided=False, lead=f"{': '.join((UNRANKED[verdict], *seen[:1]))}.", more=more)


def _seen(experiment: Experiment, section: LoadSection, *, several: bool) -> str:
    """Between which medians the contenders are, without saying who is where."""
    metric, baseline = main_metric(experiment), section.arms[0]
    if not baseline.direct:
        return _seen_standing(section, metric, _at(section, several=several))
    figures = [figure for arm in section.arms[1:] if (figure := added(arm, metric.name, baseline)).value is not None]
    if not figures:
        return ""
    digits = common_decimals(figures)
    values = sorted(figure.value or 0.0 for figure in figures)
    doubt = " (in suspect cells only)" if all(figure.suspect for figure in figures) else ""
    who = "all contenders" if len(figures) == len(section.arms) - 1 else f"{len(figures)} of {len(section.arms) - 1} contenders"
    where = _where(metric) + _at(section, several=several)
    if len(figures) == 1:
        return f"one contender adds {number(values[0], digits)} {metric.unit} {where} over direct traffic{doubt}"
    least, most = number(values[0], digits), number(values[-1], digits)
    return f"{who} add between {least} and {most} {metric.unit} {where} over direct traffic{doubt}"


def _where(metric: Metric) -> str:
    return {"p50": "at the median"}.get(metric.title, f"at {metric.title}")


def programs_of(section: LoadSection) -> tuple[Arm, ...]:
    """The arms that are programs: a direct baseline is none, and one that is a program stands in the order like the others."""
    return section.arms[1:] if section.arms[0].direct else section.arms


def _standing(section: LoadSection, metric: Metric, at: str) -> Answer:
    """Who is lowest and who highest, where the baseline is a program like the others: their own figures, not what they add."""
    titles = {arm.name: arm.title for arm in section.arms}
    figures = {arm.name: arm.figures[metric.name] for arm in section.arms if can_decide(arm.figures[metric.name])}
    groups = tiers(figures, _late(section, metric))
    if not groups:
        return Answer(decided=False, lead=f"No contender has a figure for {metric.title}{at}.")
    where = f"{_where(metric)}{at}"
    told = [f"{span(each, figures, metric.unit)}{_cpu_of(section, metric, each)}" for each in groups]
    if len(figures) == 1:
        lead = f"Only {_who(groups[0], titles)} has a figure {where} that decides: {told[0]}."
    elif len(groups) == 1:
        lead = f"{_who(groups[0], titles)} {untold(groups[0], figures)} {where}: {told[0]}."
    else:
        verb = "is" if len(groups[0]) == 1 else "are"
        lead = f"{_who(groups[0], titles)} {verb} lowest {where}: {told[0]}; {_who(groups[-1], titles)} highest: {told[-1]}."
    more = [line for line in (_ties(groups, titles, at), _cpu_line(section, titles, at)) if line]
    return Answer(decided=True, lead=lead, more=tuple(more), tiers=groups)


def _seen_standing(section: LoadSection, metric: Metric, at: str) -> str:
    """Between which medians all arms are, without saying who is where."""
    figures = [figure for arm in section.arms if (figure := arm.figures[metric.name]).value is not None]
    if not figures:
        return ""
    digits = common_decimals(figures)
    values = sorted(figure.value or 0.0 for figure in figures)
    doubt = " (in suspect cells only)" if all(figure.suspect for figure in figures) else ""
    who = f"{'all' if len(figures) == len(section.arms) else f'{len(figures)} of'} {len(section.arms)}"
    low, high = number(values[0], digits), number(values[-1], digits)
    return f"{who} are between {low} and {high} {metric.unit} {_where(metric)}{at}{doubt}"


def _ranked(experiment: Experiment, section: LoadSection, *, several: bool) -> Answer:
    metric, baseline = main_metric(experiment), section.arms[0]
    if not baseline.direct:
        return _standing(section, metric, _at(section, several=several))
    titles = {arm.name: arm.title for arm in section.arms}
    figures = {arm.name: added(arm, metric.name, baseline) for arm in section.arms[1:]}
    suspect = {arm.name: doubt for arm in section.arms[1:] if (doubt := _suspect(arm, metric))}
    decided = {name: figure for name, figure in figures.items() if can_decide(figure) and name not in suspect}
    groups = tiers(decided, _late(section, metric))
    at = _at(section, several=several)
    if not groups:
        lead = f"No contender has a figure for {metric.title}{at} that decides."
        return Answer(decided=False, lead=lead, more=_not_ranked(suspect, titles))
    lead = _lead(groups, decided, section, metric, at)
    more = [line for line in (_ties(groups, titles, at), _cpu_line(section, titles, at)) if line]
    return Answer(decided=True, lead=lead, more=(*more, *_not_ranked(suspect, titles)), tiers=groups)


def _late(section: LoadSection, metric: Metric) -> dict[str, float]:
    """By how much the driver was later with each arm than with the baseline."""
    decisions = {arm.name: arm.effects[metric.name].decision for arm in section.arms if metric.name in arm.effects}
    return {name: each.lateness_gap_ms for name, each in decisions.items() if each and each.lateness_gap_ms is not None}


def _suspect(arm: Arm, metric: Metric) -> str | None:
    """Why the comparison with the baseline is suspect; None: it is not."""
    decision = arm.effects[metric.name].decision if metric.name in arm.effects else None
    return decision.suspect if decision else None


def _not_ranked(suspect: Mapping[str, str], titles: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{titles[name]} is not ranked: {doubt}." for name, doubt in suspect.items())


def _lead(
    groups: Sequence[Sequence[str]],
    figures: Mapping[str, Figure],
    section: LoadSection,
    metric: Metric,
    at: str,
) -> str:
    titles = {arm.name: arm.title for arm in section.arms}
    where = _where(metric) + at
    if len(groups) == 1 and len(groups[0]) > 1:
        names = listed(titles[name] for name in groups[0])
        said = untold(groups[0], figures)
        return f"{names} {said} {where}: {span(groups[0], figures, metric.unit)} over direct traffic."
    first, last = groups[0], groups[-1]
    cpu = _cpu_of(section, metric, first)
    verb = "adds" if len(first) == 1 else "add"
    lead = f"{_who(first, titles)} {verb} least {where}: {span(first, figures, metric.unit)} over direct traffic{cpu}"
    if len(first) == 1:
        lead += _doubt(section, first[0], metric, figures[first[0]])
    if len(groups) == 1:
        return f"{lead}."
    return f"{lead}; {_who(last, titles)} most: {span(last, figures, metric.unit)}{_cpu_of(section, metric, last)}."


def untold(names: Sequence[str], figures: Mapping[str, Figure]) -> str:
    """Of a tier: its intervals may all touch, or each the next only, and then its ends are not alike."""
    intervals = [interval for name in names if (interval := figures[name].interval)]
    alike = max(each.low for each in intervals) <= min(each.high for each in intervals)
    return "cannot be told apart" if alike else "cannot be told from their neighbours"


def _who(names: Sequence[str], titles: Mapping[str, str]) -> str:
    return listed(titles[name] for name in names)


def span(names: Sequence[str], figures: Mapping[str, Figure], unit: str) -> str:
    """One figure with its interval; for several the range of their medians, and of their intervals."""
    if len(names) == 1:
        return with_interval(figures[names[0]], unit)
    members = [figures[name] for name in names]
    digits = max(decimals_of(figure) for figure in members)
    values = sorted(figure.value or 0.0 for figure in members)
    low = min(figure.interval.low for figure in members if figure.interval)
    high = max(figure.interval.high for figure in members if figure.interval)
    medians = f"{number(values[0], digits)} to {number(values[-1], digits)} {unit}"
    return f"{medians} (intervals {number(low, digits)} to {number(high, digits)})"


def _doubt(section: LoadSection, name: str, metric: Metric, figure: Figure) -> str:
    """What keeps the least that is added from being a difference: that it is too small to matter, or to be seen."""
    decision = next(arm.effects[metric.name].decision for arm in section.arms if arm.name == name)
    if decision and decision.verdict is EffectVerdict.NO_DIFFERENCE:
        return f", {decision.verdict}"
    spans_zero = figure.interval is not None and figure.interval.low <= 0 <= figure.interval.high
    return ", no more than can be seen" if spans_zero else ""


def _cpu_of(section: LoadSection, metric: Metric, names: Sequence[str]) -> str:
    """`, at 31 µs CPU a request`, for one arm that has such a figure; nothing beside a ranking by just that."""
    if metric.name == CPU_METRIC:
        return ""
    figure = next((arm.figures.get(CPU_METRIC) for arm in section.arms if [arm.name] == list(names)), None)
    if figure is None or figure.value is None or not can_decide(figure):
        return ""
    return f", at {number(figure.value, 0)} µs of CPU a request"


def _ties(groups: Sequence[Sequence[str]], titles: Mapping[str, str], at: str) -> str:
    """Who stands between the first and the last, from less to more."""
    between = groups[1:-1]
    if not between:
        return ""
    order = " < ".join(_tier(group, titles) for group in between)
    return f"Between them{at}, from less to more: {order}{_legend(between)}."


def _tier(group: Sequence[str], titles: Mapping[str, str]) -> str:
    return " ≈ ".join(titles[name] for name in group)


def _legend(groups: Sequence[Sequence[str]]) -> str:
    return " (≈: cannot be told apart)" if any(len(group) > 1 for group in groups) else ""


def _cpu_line(section: LoadSection, titles: Mapping[str, str], at: str) -> str:
    figures = {arm.name: arm.figures[CPU_METRIC] for arm in programs_of(section) if CPU_METRIC in arm.figures}
    decided = {name: figure for name, figure in figures.items() if can_decide(figure)}
    groups = tiers(decided)
    if len(decided) < 2:  # an order takes two
        return ""
    named = {name: f"{titles[name]} {number(figure.value or 0.0, 0)}" for name, figure in decided.items()}
    order = " < ".join(_tier(group, named) for group in groups)
    return f"By CPU per request{at}, in µs: {order}{_legend(groups)}."


def _at(section: LoadSection, *, several: bool) -> str:
    return section.load.under if several else ""
