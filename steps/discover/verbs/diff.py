"""What changed in the landscape since a day, a week or a month before."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import cast

from steps.discover import diff, reading
from steps.discover.records import Cadence
from steps.store import Store


def run(*, date: str, cadence: str, settings: Path, changes: Path, store: Store | None = None) -> None:
    """Writes the Diff. Raises MeasureError: there is no landscape at all."""
    store = store or Store.from_environment()
    discovery = reading.discovery(settings)
    day = dt.date.fromisoformat(date)
    before, after = reading.days_compared(store, cast("Cadence", cadence), day)
    told, _, _ = reading.facts(store, discovery, cadence=cadence, date=day)
    aliases = reading.with_renames(discovery, told).aliases
    entries = reading.landscape(store, after)
    found = diff.compare(reading.landscape(store, before) if before else None, entries, dates=(before, after), aliases=aliases)
    happened = reading.happened(store, entries, before=before, after=day, aliases=aliases)
    found = found.model_copy(update={"changes": (*found.changes, *happened)})
    changes.write_text(found.to_json(), encoding="utf-8")
    print(f"{len(found.changes)} changes between {before or 'nothing'} and {after}")
