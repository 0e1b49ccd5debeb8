"""Which day it is for this run, and which sources are to be read beside the landscape."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

from steps.discover import reading
from steps.errors import UsageError


def run(*, date: str, cadence: str, settings: Path, stored: Path, day: Path, sources: Path) -> None:
    """date: as YYYY-MM-DD; `today`: in UTC. Raises UsageError: it is none, or no source is switched on."""
    discovery = reading.discovery(settings)
    chosen = [source.kind for source in discovery.sources if source.enabled and cadence in source.cadences]
    if "landscape" not in chosen:
        message = f"the landscape is switched off for {cadence}: without it there is nothing to compare"
        raise UsageError(message)
    shutil.copyfile(settings, stored)
    day.write_text(_day(date).isoformat(), encoding="utf-8")
    sources.write_text(json.dumps([kind for kind in chosen if kind != "landscape"]), encoding="utf-8")


def _day(said: str) -> dt.date:
    today = dt.datetime.now(dt.UTC).date()
    if said == "today":
        return today
    try:
        found = dt.date.fromisoformat(said)
    except ValueError as error:
        message = f"date {said!r}: write it as 2026-08-07, or today"
        raise UsageError(message) from error
    if found > today:
        message = f"date {said}: is to come; what it will bring is not known yet"
        raise UsageError(message)
    return found
