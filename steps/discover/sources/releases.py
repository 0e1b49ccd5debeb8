"""Releases of a repository: GitHub's REST list, or the Atom feed that other forges have. Drafts and pre-releases do not count.

Not GitHub's own feed: its robots.txt disallows `/*.atom$`, and what is for programs there is the API.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence

import feedparser

from steps.discover.records import Entry, Fact
from steps.discover.snapshots import Received

_EARLY = re.compile(r"(?i)(alpha|beta|nightly|snapshot|preview|canary|(?<![a-z])(rc|dev|pre)(?![a-z]))")
YEAR_DAYS = 365
_Release = tuple[dt.date, str]  # when, and its tag


def parse(answer: Received, entries: Sequence[Entry]) -> Sequence[Fact]:  # noqa: ARG001
    """Releases in the year before the newest, when that was and its tag. A list without releases tells 0: that was measured."""
    listed = answer.content.lstrip()[:1] == b"["
    told = list(_listed(answer.content) if listed else _fed(answer.content))
    told.reverse()  # lists begin with the newest, of one day too
    found = sorted(told, key=lambda release: release[0])
    url = _page(answer)
    if not found:
        return (_fact(answer.key, "releases_12m", 0, url),)
    last, tag = found[-1]
    recent = [day for day, _ in found if day > last - dt.timedelta(days=YEAR_DAYS)]
    return (
        _fact(answer.key, "releases_12m", len(recent), url),
        _fact(answer.key, "last_release", last.isoformat(), url),
        _fact(answer.key, "release", tag, url),
    )


def _listed(content: bytes) -> Iterator[_Release]:
    """Of `GET /repos/OWNER/NAME/releases`. Raises TypeError, KeyError, ValueError: it is something else."""
    for each in json.loads(content):
        if not (each["draft"] or each["prerelease"] or _EARLY.search(each["tag_name"])):
            yield dt.date.fromisoformat(str(each["published_at"])[:10]), str(each["tag_name"])


def _fed(content: bytes) -> Iterator[_Release]:
    found = feedparser.parse(content)
    if not found.version:
        message = "it is neither a list of releases nor a feed"
        raise ValueError(message)
    for entry in found.entries:
        tag, day = str(entry.get("id", "")).rpartition("/")[2], _day(entry)
        if day and not _EARLY.search(tag):
            yield day, tag


def _page(answer: Received) -> str:
    """Where a person sees them."""
    return f"https://{answer.key}/releases" if answer.key.startswith("github.com/") else answer.url


def _fact(key: str, name: str, value: float | str, url: str) -> Fact:
    return Fact(key=key, name=name, value=value, source="releases", url=url)


def _day(entry: feedparser.FeedParserDict) -> dt.date | None:
    told = entry.get("updated_parsed") or entry.get("published_parsed")
    return dt.datetime.fromtimestamp(calendar.timegm(told), tz=dt.UTC).date() if told else None
