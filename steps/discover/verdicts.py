"""From scores to verdicts that do not flicker. Pure.

A candidate that is new stands where its score says, but not above `assess`. It moves when a second date says the same as the
first: one snapshot above a line is pending, two are a move. What a person decided holds until its date, whatever the score says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from steps.discover.records import Score, Verdict, VerdictName
from steps.discover.settings import Override, Weights

ORDER: tuple[VerdictName, ...] = ("hold", "assess", "trial", "adopt")


def line(score: Score, weights: Weights) -> VerdictName:
    """Where the score alone would put a candidate; with too little known, not above `assess`."""
    lines: tuple[tuple[float, VerdictName], ...] = (
        (weights.adopt, "adopt"),
        (weights.trial, "trial"),
        (weights.assess, "assess"),
    )
    found: VerdictName = next((name for least, name in lines if score.value >= least), "hold")
    return _at_most("assess", found) if score.known < weights.enough_known else found


def notes(overrides: Iterable[Override], scores: Iterable[Score], date: dt.date) -> Iterator[str]:
    """Overrides that overrule nothing: nobody would miss a mistyped address, or one that has ended."""
    known = {score.key for score in scores}
    for each in overrides:
        if date > each.until:
            yield f"the override of {each.key} ended on {each.until}: the score decides again"
        elif each.key not in known:
            yield f"the override of {each.key} overrules nothing: no candidate has that address"


def _at_most(most: VerdictName, name: VerdictName) -> VerdictName:
    return min(most, name, key=ORDER.index)


def decide(
    scores: Iterable[Score],
    before: Mapping[str, Verdict],
    *,
    date: dt.date,
    weights: Weights,
    overrides: Iterable[Override] = (),
) -> tuple[Verdict, ...]:
    """A verdict for each score. before: those of an earlier date, by key."""
    persons = {each.key: each for each in overrides if date <= each.until}
    return tuple(_decide(score, before.get(score.key), date, weights, persons.get(score.key)) for score in scores)


def _decide(score: Score, old: Verdict | None, date: dt.date, weights: Weights, person: Override | None) -> Verdict:
    if person is not None:
        return _overruled(score, old, date, person)
    said = line(score, weights)
    if old is None:
        first = _at_most("assess", said)
        pending = said if said != first else None
        return _verdict(score, first, date, pending=pending, pending_since=date if pending else None, why="new here")
    if said == old.verdict:
        return _verdict(score, old.verdict, old.since, before=old.before)
    if old.pending == said and old.pending_since is not None and old.pending_since < date:
        why = f"{old.verdict} before; {said} on {old.pending_since} and on {date}"
        return _verdict(score, said, date, why=why, before=old.verdict)
    pending_since = old.pending_since if old.pending == said else date
    return _verdict(
        score, old.verdict, old.since, pending=said, pending_since=pending_since, before=old.before, why="a second date decides"
    )


def _overruled(score: Score, old: Verdict | None, date: dt.date, person: Override) -> Verdict:
    stays = old is not None and old.by == "person" and old.verdict == person.verdict
    since, before = (old.since, old.before) if old and stays else (date, old.verdict if old else None)
    return Verdict(
        key=score.key, name=score.name, verdict=person.verdict, since=since, before=before, by="person", why=person.why
    )


def _verdict(
    score: Score,
    verdict: VerdictName,
    since: dt.date,
    *,
    pending: VerdictName | None = None,
    pending_since: dt.date | None = None,
    before: VerdictName | None = None,
    why: str = "",
) -> Verdict:
    return Verdict(
        key=score.key,
        name=score.name,
        verdict=verdict,
        since=since,
        pending=pending,
        pending_since=pending_since,
        before=before,
        why=why,
    )
