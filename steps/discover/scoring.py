"""How much a candidate is worth a look in this lab: visible parts, each with its weight, its reason and its evidence. Pure.

A score is the points of the parts that are known, out of what those can give, times 100; then penalties. A part that no source
told about is None and counts for nothing, in either direction; how much is known stands beside every score, and verdicts need
enough of it. Stars never decide: they are a part of `growth`, which gives 15 of 100 and nothing without a second date.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from steps.discover import identity
from steps.discover.parts import growth_part, guide, health_part, maturity_part, mentions_part, penalties, rhythm_part
from steps.discover.records import Entry, Fact, Part, Score
from steps.discover.settings import Covered, Discovery

RANK = {"graduated": 0, "incubating": 1, "sandbox": 2, None: 3, "archived": 4}


@dataclass(frozen=True)
class Known:
    """What the sources told, by candidate."""

    facts: Mapping[str, Sequence[Fact]] = field(default_factory=dict)
    stars_before: Mapping[str, tuple[float, dt.date]] = field(default_factory=dict)


def facts_by_key(facts: Iterable[Fact], aliases: Mapping[str, str]) -> dict[str, list[Fact]]:
    """Facts by the repository that they are about, under its name of today."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        found[identity.canonical(fact.key, aliases)].append(fact)
    return found


def of_landscape(entries: Sequence[Entry], discovery: Discovery) -> tuple[Score, ...]:
    """Scores from the landscape alone."""
    return scores(entries, discovery, Known(), date=dt.date.max)


def scores(entries: Sequence[Entry], discovery: Discovery, known: Known, *, date: dt.date) -> tuple[Score, ...]:
    """A score for each repository in the lab's scope, best first. Of several entries of one, the most mature speaks for it."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[identity.canonical(entry.key, discovery.aliases)].append(entry)
    gains = _gains(groups, known)
    found = [
        _score(group, discovery, known, gains=gains, date=date)
        for group in groups.values()
        if any(_relevance(each, discovery) for each in group)
    ]
    return tuple(sorted(found, key=lambda score: (-score.value, -score.known, score.name.casefold())))


def _speaker(group: Sequence[Entry], discovery: Discovery) -> Entry:
    inside = [entry for entry in group if _relevance(entry, discovery)]
    return min(inside, key=lambda entry: (RANK[entry.maturity], -discovery.scope.get(entry.category, 0)))


def _relevance(entry: Entry, discovery: Discovery) -> float:
    return max(discovery.scope.get(path, 0.0) for path in (entry.category, *entry.also))


def _gains(groups: Mapping[str, Sequence[Entry]], known: Known) -> dict[str, dict[str, float]]:
    """New stars by category and repository, where two dates are known."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for key, group in groups.items():
        now = _number(known.facts.get(key, ()), "stars")
        if now is not None and key in known.stars_before:
            for entry in group:
                found[entry.category][key] = max(0.0, now - known.stars_before[key][0])
    return found


def _number(facts: Iterable[Fact], name: str) -> float | None:
    return next((float(fact.value) for fact in facts if fact.name == name and not isinstance(fact.value, str)), None)


def _score(
    group: Sequence[Entry], discovery: Discovery, known: Known, *, gains: Mapping[str, Mapping[str, float]], date: dt.date
) -> Score:
    entry = _speaker(group, discovery)
    key = identity.canonical(entry.key, discovery.aliases)
    facts, weights, gained = known.facts.get(key, ()), discovery.weights, gains.get(entry.category, {})
    maturity = min((each.maturity for each in group), key=RANK.__getitem__)
    parts = (
        _gap_part(entry, discovery),
        maturity_part(entry, maturity, weights),
        rhythm_part(facts, weights, date),
        growth_part(key, gained, known.stars_before.get(key), facts, weights),
        health_part(facts, weights),
        mentions_part(facts, weights),
    )
    off = tuple(penalties(entry, facts, weights, maturity=maturity, date=date, new_stars=gained.get(key)))
    covered = covering(group, discovery)
    return Score(
        key=key,
        name=entry.name,
        category=entry.category,
        repository=entry.repository,
        maturity=maturity,
        description=entry.description,
        covered_by=covered.component if covered else None,
        parts=parts,
        penalties=off,
        value=_value(parts, off),
        known=sum(part.most for part in parts if part.points is not None),
    )


def _value(parts: Sequence[Part], off: Sequence[Part]) -> float:
    """The points out of those that the known parts can give, times 100, less the penalties."""
    points = [(part.points, part.most) for part in parts if part.points is not None]
    share = sum(got for got, _ in points) / sum(most for _, most in points)
    return round(min(100.0, max(0.0, 100 * share + sum(part.points or 0.0 for part in off))), 1)


def covering(group: Sequence[Entry], discovery: Discovery) -> Covered | None:
    """The component of the lab that a candidate is: by its repository, else by its name within the category."""
    for each in discovery.coverage:
        for entry in group:
            same_name = each.landscape == entry.category and identity.plain_name(each.title) == identity.plain_name(entry.name)
            if each.repository == entry.key or same_name:
                return each
    return None


def _gap_part(entry: Entry, discovery: Discovery) -> Part:
    """All of it where the lab has nothing; less for each contender that it has; nothing outside of what it can measure."""
    weights = discovery.weights
    path = max((entry.category, *entry.also), key=lambda each: discovery.scope.get(each, 0.0))
    relevance = discovery.scope.get(path, 0.0)
    have = discovery.covered(path)
    gap = max(weights.least_gap, weights.gap - weights.off_per_contender * len(have))
    names = ", ".join(each.title for each in have) or "nothing"
    return Part(
        name="gap",
        points=round(gap * relevance, 1),
        most=weights.gap,
        why=f"the lab has {names} of {path}, and can measure {relevance:.0%} of what matters there",
        evidence=(guide(path),),
    )
