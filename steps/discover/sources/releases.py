"""Releases of a repository at GitHub, from its Atom feed: no token needed, the newest ten, pre-releases among them."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Sequence

import feedparser

from steps.discover.records import Entry, Fact
from steps.discover.snapshots import Received

_EARLY = re.compile(r"(?i)(alpha|beta|nightly|snapshot|preview|canary|(?<![a-z])(rc|dev|pre)(?![a-z]))")
YEAR_DAYS = 365


def parse(answer: Received, entries: Sequence[Entry]) -> Sequence[Fact]:  # noqa: ARG001
    """Releases in the year before the newest, and when that was. A feed without releases tells 0: that was measured."""
    found = feedparser.parse(answer.content)
    if not found.version:
        message = "it is not a feed"
        raise ValueError(message)
    url = answer.url.removesuffix(".atom")
    final = [entry for entry in found.entries if not _EARLY.search(str(entry.get("id", "")).rpartition("/")[2])]
    days = sorted(filter(None, map(_day, final)))
    if not days:
        return (_fact(answer.key, "releases_12m", 0, url),)
    recent = [day for day in days if day > days[-1] - dt.timedelta(days=YEAR_DAYS)]
    return (
        _fact(answer.key, "releases_12m", len(recent), url),
        _fact(answer.key, "last_release", days[-1].isoformat(), url),
    )


def _fact(key: str, name: str, value: float | str, url: str) -> Fact:
    return Fact(key=key, name=name, value=value, source="releases", url=url)


def _day(entry: feedparser.FeedParserDict) -> dt.date | None:
    told = entry.get("updated_parsed") or entry.get("published_parsed")
    return dt.datetime.fromtimestamp(calendar.timegm(told), tz=dt.UTC).date() if told else None
