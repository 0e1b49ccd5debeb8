"""Which day it is for this run, and which sources are read beside the landscape: side by side, but those of one host in turn."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from steps.discover import reading
from steps.discover.settings import Source
from steps.discover.verbs.fetch import AND
from steps.errors import UsageError


def run(*, date: str, cadence: str, settings: Path, stored: Path, day: Path, sources: Path) -> None:
    """date: as YYYY-MM-DD; `today`: in UTC. Raises UsageError: it is none, or no source is switched on."""
    discovery = reading.discovery(settings)
    chosen = [source for source in discovery.sources if source.enabled and cadence in source.cadences]
    if reading.LANDSCAPE not in {source.kind for source in chosen}:
        message = f"the landscape is switched off for {cadence}: without it there is nothing to compare"
        raise UsageError(message)
    shutil.copyfile(settings, stored)
    day.write_text(_day(date).isoformat(), encoding="utf-8")
    others = [source for source in chosen if source.kind != reading.LANDSCAPE]
    sources.write_text(json.dumps(groups(others)), encoding="utf-8")


def groups(sources: Sequence[Source]) -> list[str]:
    """Kinds that may be read side by side; those that share a server are joined by `+`, for it is asked one thing at a time."""
    found: list[tuple[set[str], list[str]]] = []
    for source in sources:
        servers = {urlsplit(url).netloc.lower() for url in source.urls}
        kinds: list[str] = [source.kind]
        for other in [each for each in found if each[0] & servers]:
            found.remove(other)
            servers, kinds = servers | other[0], other[1] + kinds
        found.append((servers, kinds))
    return [AND.join(kinds) for _, kinds in found]


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
