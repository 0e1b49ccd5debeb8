"""Which candidates the other sources are asked about, and with which addresses. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, quote_plus

from steps.discover import scoring
from steps.discover.records import Entry
from steps.discover.settings import Discovery, Source

PLACEHOLDER = re.compile(r"@\{(\w+)\}")
MENTIONED_DAYS = 30


def chosen(entries: Sequence[Entry], discovery: Discovery, *, most: int) -> list[Entry]:
    """The candidates that the landscape alone makes most worth a look, best first; one per repository."""
    scores = {score.key: score for score in scoring.of_landscape(entries, discovery)}
    one_each = {entry.key: entry for entry in reversed(entries) if entry.repository and entry.key in scores}
    ordered = sorted(one_each.values(), key=lambda entry: (-scores[entry.key].value, entry.name.casefold()))
    return ordered[:most]


def addresses(source: Source, entries: Iterable[Entry], *, date: dt.date) -> list[tuple[str, str]]:
    """(address, key of the candidate) of every request of a day."""
    found: list[tuple[str, str]] = []
    for url in source.urls:
        wanted = set(PLACEHOLDER.findall(url))
        if not wanted:
            found.append((url, ""))
            continue
        for entry in entries:
            values = _values(entry, date)
            if wanted <= values.keys():
                found.append((PLACEHOLDER.sub(lambda match, known=values: known[match[1]], url), entry.key))  # type: ignore[misc]
    return found[: source.most]


def _values(entry: Entry, date: dt.date) -> dict[str, str]:
    since = dt.datetime.combine(date - dt.timedelta(days=MENTIONED_DAYS), dt.time(), tzinfo=dt.UTC)
    values = {"name": quote_plus(entry.name), "since": str(int(since.timestamp()))}
    host, _, path = entry.key.partition("/")
    if host == "github.com" and path.count("/") == 1:
        values["repository"] = quote(path)
    if entry.project:
        values["project"] = quote(entry.project, safe="")
    return values
