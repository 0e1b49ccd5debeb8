"""What a rule comes to among the contenders of a contest. Pure.

A bound is kept when the whole interval is below it, as with hypotheses; who cannot be told apart from the least is chosen beside
it, not behind it. Where somebody unsure of the bound might have less still, nothing is decided.
"""

from __future__ import annotations

from collections.abc import Sequence

from steps.costs.words import with_range
from steps.model.review import Contest, Outcome
from steps.model.reviewing import Least, Rule
from steps.reviewing.contests import Standing, standings
from steps.statistics.words import listed, with_interval

Span = tuple[float, float, float]  # low, median, high
LEAST: dict[Least, str] = {"usd": "cost", "p99_ms": "p99", "memory_mib": "memory"}


def rule_said(rule: Rule) -> str:
    """The rule in a sentence: the only place where its numbers are written."""
    bound = f"whose p99 stays below {rule.p99_below_ms:g} ms with the whole interval"
    return f"of those {bound}, the one with the least {LEAST[rule.least]}"


def decide(contest: Contest, rule: Rule, *, doubt: str | None) -> Outcome:
    """The outcome. doubt: why nothing is decided, whatever the figures are; None: nothing stands against it."""
    found = standings(contest)
    kept = [each for each in found if _span(each, "p99_ms")[2] < rule.p99_below_ms and not _suspect(each)]
    broke = [each for each in found if _span(each, "p99_ms")[0] >= rule.p99_below_ms]
    unsure = [each for each in found if each not in kept and each not in broke]
    sides = {"kept": _names(kept), "broke": _names(broke), "unsure": _names(unsure)}
    if not found:
        return Outcome(decided=False, said="nobody has all three figures, so there is nothing to choose", **sides)
    if not kept:
        nobody = f"nobody keeps its p99 below {rule.p99_below_ms:g} ms with the whole interval"
        return Outcome(decided=False, said=doubt or nobody, **sides)
    chosen = _least(kept, rule.least)
    rivals = [each for each in unsure if _span(each, rule.least)[0] <= _span(chosen[0], rule.least)[2]]
    against = doubt or _rivalled(rivals)
    said = (
        f"{against}; by the medians it would be {_said(chosen, rule.least, contest)}"
        if against
        else _said(chosen, rule.least, contest)
    )
    return Outcome(decided=not against, said=said, chosen=_names(chosen), **sides)


def _least(kept: Sequence[Standing], least: Least) -> list[Standing]:
    """The one with the least, first, and those whose intervals touch its own."""
    in_order = sorted(kept, key=lambda each: _span(each, least)[1])
    return [each for each in in_order if _span(each, least)[0] <= _span(in_order[0], least)[2]]


def _rivalled(rivals: Sequence[Standing]) -> str | None:
    if not rivals:
        return None
    return f"whether {listed(each.arm.title for each in rivals)} kept the bound cannot be told, and might have less"


def _said(chosen: Sequence[Standing], least: Least, contest: Contest) -> str:
    figures = listed(f"{each.arm.title} at {_figure(each, least, contest)}" for each in chosen)
    return figures if len(chosen) == 1 else f"{figures}, which cannot be told apart"


def _figure(standing: Standing, least: Least, contest: Contest) -> str:
    if least == "usd":
        return f"{with_range(standing.cost.used)} {contest.usd}"
    return with_interval(standing.p99 if least == "p99_ms" else standing.memory, "ms" if least == "p99_ms" else "MiB")


def _span(standing: Standing, least: Least) -> Span:
    """The interval around a figure; of one that was measured once, the value itself."""
    if least == "usd":
        cost = standing.cost.used
        value = float(cost.value or 0)
        return (value if cost.low is None else float(cost.low), value, value if cost.high is None else float(cost.high))
    figure = standing.p99 if least == "p99_ms" else standing.memory
    at = figure.value or 0.0
    return (figure.interval.low, at, figure.interval.high) if figure.interval else (at, at, at)


def _suspect(standing: Standing) -> bool:
    return standing.p99.suspect or standing.cost.used.suspect


def _names(standings_: Sequence[Standing]) -> tuple[str, ...]:
    return tuple(each.arm.name for each in standings_)
