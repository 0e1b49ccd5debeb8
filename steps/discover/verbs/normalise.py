"""Makes rows of every snapshot of the day: from here on nobody asks a server."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from steps.discover import reading
from steps.discover.snapshots import Snapshots
from steps.store import Store


def run(*, date: str, settings: Path, result: Path, store: Store | None = None) -> None:
    """A snapshot of which nothing can be made is told, and fails nothing; the report then uses the one before it."""
    store = store or Store.from_environment()
    day = dt.date.fromisoformat(date)
    entries = reading.entries(store, until=day)
    said = [f"landscape: {len(entries)} entries"]
    for source in reading.discovery(settings).sources:
        if source.kind != reading.LANDSCAPE and Snapshots(store, source.kind).has(day):
            problem = reading.normalised(store, source.kind, day, entries)
            said.append(f"{source.kind}: {problem or 'read'}")
    result.write_text("\n".join(said), encoding="utf-8")
    print("\n".join(said))
