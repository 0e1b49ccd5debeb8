"""Scores every candidate in the lab's scope, and says where each stands now."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import cast

from steps.discover import reading, scoring, verdicts
from steps.discover.records import Cadence, Diff, Findings
from steps.store import Store


def run(
    *, date: str, cadence: str, settings: Path, changes: Path, findings: Path, used: Path, store: Store | None = None
) -> None:
    """Writes the Findings, and the settings beside them. Equal snapshots, settings and earlier findings give equal bytes."""
    store = store or Store.from_environment()
    day = dt.date.fromisoformat(date)
    changed = Diff.from_json(changes.read_bytes(), source="the diff")
    told, days, troubles = reading.facts(store, reading.discovery(settings), cadence=cadence, date=day)
    entries = reading.landscape(store, changed.after)
    discovery = reading.with_renames(reading.discovery(settings), told, changed, entries)
    facts = scoring.facts_by_key(told, discovery.aliases)
    known = scoring.Known(facts=facts, stars_before=reading.stars_before(store, date=day, aliases=discovery.aliases))
    scores = scoring.scores(entries, discovery, known, date=day)
    before = reading.verdicts(store, cadence, before=day, aliases=discovery.aliases)
    decided = verdicts.decide(scores, before, date=day, weights=discovery.weights, overrides=discovery.overrides)
    found = Findings(
        cadence=cast("Cadence", cadence),
        date=day,
        diff=changed,
        scores=scores,
        verdicts=decided,
        troubles=tuple(troubles),
        sources=tuple(days),
        notes=tuple(verdicts.notes(discovery.overrides, scores, day)),
    )
    shutil.copyfile(settings, used)
    findings.write_text(found.to_json(), encoding="utf-8")
    print(f"{len(scores)} candidates, {sum(each.verdict in {'adopt', 'trial'} for each in decided)} of them worth an experiment")
