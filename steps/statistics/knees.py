"""What a ramp found, over its repetitions: knees with their bounds, the searches' paths, and the answer in a sentence.

A knee that is known only not to be below a rate must not be averaged away: where one valid repetition has such a bound, the arm's
figure has no value, but a bound of its own. It is the median with each bound in the place of the value above it, which the true
median cannot be below.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from steps.evidence import CellEvidence, Evidence
from steps.model import Answer, Arm, Figure, LoadSection, Point, Ramp, RunVerdict, SearchPath
from steps.model.metric import KNEE
from steps.statistics.answer import UNRANKED, span
from steps.statistics.comparison import can_decide, figure_of, tiers
from steps.statistics.words import common_decimals, counted, listed, number, with_interval


def bounded_figure(points: Sequence[Point], bounds: Sequence[Point], *, reason: str, coarse: bool = False) -> Figure:
    """The figure of an arm; `bounds` are the repetitions of which only a bound is known, and `reason` is one of theirs."""
    some_valid = any(not each.suspect for each in (*points, *bounds))
    known, open_ = ([each.value for each in given if not (some_valid and each.suspect)] for given in (points, bounds))
    if not open_:
        return figure_of(points, reason=reason, coarse=coarse)
    least, n = median([*known, *open_]), len(known) + len(open_)
    why = reason.partition(": ")[2] or reason
    where = "" if len(open_) == n else f" (in {len(open_)} of {counted(n, 'repetition')})"
    unit = reason.partition(":")[0].split()[-1] if reason.startswith("at least ") else KNEE.unit
    said = f"at least {number(least, 0)} {unit}: {why}{where}"
    return Figure(reason=said, at_least=least, n=n, suspect=not some_valid, points=tuple(points))


def path_of(found: CellEvidence) -> SearchPath | None:
    """The probes of a cell; None: it has none."""
    if found.load is None or found.load.search is None:
        return None
    suspect = bool(found.outcome and found.outcome.status == "suspect")
    return SearchPath(repetition=found.cell.repetition, suspect=suspect, probes=found.load.search.probes)


def knee_reasons(evidence: Evidence) -> tuple[str, ...]:
    """Why a ramp that did not fail decides nothing: not one contender's knee was found. Empty: one was, or it is no ramp."""
    experiment = evidence.experiment
    if experiment is None or experiment.shape != "ramp":
        return ()
    contenders = {arm.name for arm in experiment.contenders}
    outcomes = [each.outcome for each in evidence.cells if each.outcome and each.cell.contender in contenders]
    knees = [one for outcome in outcomes for one in outcome.measurements if one.metric == KNEE.name]
    if any(one.value is not None for one in knees):
        return ()
    said = next((one.reason for one in knees if one.at_least is not None), "")
    return (f"no contender's knee was found: {said}",) if said else ("no contender's knee was found",)


def knee_answer(loads: Sequence[LoadSection], verdict: RunVerdict) -> Answer:
    """What the run says about its question."""
    section = loads[0]
    if verdict is not RunVerdict.ANSWERED:
        return Answer(decided=False, lead=f"{': '.join(filter(None, (UNRANKED[verdict], _seen(section))))}.")
    figures = {arm.name: arm.figures[KNEE.name] for arm in section.arms[1:]}
    decided = {name: figure for name, figure in figures.items() if can_decide(figure)}
    groups = tuple(reversed(tiers(decided)))
    bounded = [arm for arm in section.arms[1:] if arm.figures[KNEE.name].at_least is not None]
    titles = {arm.name: arm.title for arm in section.arms}
    lead = _lead(groups, decided, titles, after=bounded, unit=unit_of(section))
    more = [_between(groups, titles), *map(_bound, bounded), _baseline(section)]
    return Answer(
        decided=bool(groups),
        lead=f"{lead} with {_objective(section)}." if groups else "No contender's knee was found in enough repetitions.",
        more=tuple(line for line in more if line),
        tiers=tuple(reversed(groups)),
    )


def unit_of(section: LoadSection) -> str:
    """Of a knee's rate: requests or transactions."""
    return section.load.unit if isinstance(section.load, Ramp) else KNEE.unit


def _objective(section: LoadSection) -> str:
    load = section.load
    return f"p99 at most {load.slo.p99_ms:g} ms" if isinstance(load, Ramp) else ""


def _seen(section: LoadSection) -> str:
    """Between which rates the knees are, without saying whose is where."""
    known = [figure for arm in section.arms[1:] if (figure := arm.figures[KNEE.name]).value is not None]
    if not known:
        bounds = sorted(least for arm in section.arms[1:] if (least := arm.figures[KNEE.name].at_least) is not None)
        each = (
            f"; {counted(len(bounds), 'contender')} sustained at least {number(bounds[0], 0)} {unit_of(section)}"
            if bounds
            else ""
        )
        return f"no knee was found{each}"
    values = sorted(figure.value or 0.0 for figure in known)
    digits, contenders = common_decimals(known), len(section.arms) - 1
    doubt = " (in suspect cells only)" if all(figure.suspect for figure in known) else ""
    if len(known) == 1:
        return f"one contender sustains {number(values[0], digits)} {unit_of(section)} with {_objective(section)}{doubt}"
    who = "all contenders" if len(known) == contenders else f"{len(known)} of {contenders} contenders"
    between = f"between {number(values[0], digits)} and {number(values[-1], digits)} {unit_of(section)}"
    return f"{who} sustain {between} with {_objective(section)}{doubt}"


def _lead(
    groups: Sequence[Sequence[str]], figures: dict[str, Figure], titles: dict[str, str], *, after: Sequence[Arm], unit: str
) -> str:
    """Who sustains most and least. after: whose knees are not known, and may be higher than all of these."""
    if not groups:
        return ""
    first, last = ([titles[name] for name in group] for group in (groups[0], groups[-1]))
    most, least = (span(group, figures, unit) for group in (groups[0], groups[-1]))
    if len(groups) == 1 and len(first) > 1:
        return f"{listed(first)} cannot be told apart: they sustain {most}"
    whole = f"Of those whose knee was found, {listed(first)}" if after else listed(first)
    lead = f"{whole} {_verb(first)} most: {most}"
    return lead if len(groups) == 1 else f"{lead}; {listed(last)} least: {least},"


def _verb(names: Sequence[str]) -> str:
    return "sustains" if len(names) == 1 else "sustain"


def _between(groups: Sequence[Sequence[str]], titles: dict[str, str]) -> str:
    order = " > ".join(" ≈ ".join(titles[name] for name in group) for group in groups[1:-1])
    legend = " (≈: cannot be told apart)" if "≈" in order else ""
    direction = ", from more to less" if ">" in order else ""
    return f"Between them{direction}: {order}{legend}." if order else ""


def _bound(arm: Arm) -> str:
    return f"{arm.title}: {arm.figures[KNEE.name].reason}."


def _baseline(section: LoadSection) -> str:
    figure = section.arms[0].figures[KNEE.name]
    said = figure.reason if figure.value is None else with_interval(figure, unit_of(section))
    return f"{section.arms[0].title}, the baseline: {said}."
