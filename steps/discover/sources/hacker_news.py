"""Stories at Hacker News, from its search. A name that is a plain word says nothing: the story has to lead to the candidate."""

from __future__ import annotations

import json
from collections.abc import Sequence

from steps.discover import identity
from steps.discover.records import Entry, Fact
from steps.discover.snapshots import Received

STORY = "https://news.ycombinator.com/item?id="


def parse(answer: Received, entries: Sequence[Entry]) -> Sequence[Fact]:
    """How many stories were found, and those whose link is the candidate's repository or page."""
    hits = json.loads(answer.content)["hits"]
    places = {place for entry in entries if entry.key == answer.key for place in _places(entry)}
    facts = [Fact(key=answer.key, name="stories", value=len(hits), source="hacker-news", url=answer.url)]
    for hit in hits:
        link = str(hit.get("url") or "")
        if identity.repository(link) in places or (identity.homepage(link) or "").partition("/")[0] in places:
            title = str(hit.get("title") or "a story")
            facts.append(Fact(key=answer.key, name="mention", value=title, source="hacker-news", url=f"{STORY}{hit['objectID']}"))
    return facts


def _places(entry: Entry) -> set[str]:
    """The repository, and the host of a homepage that is the candidate's own."""
    host = (identity.homepage(entry.homepage) or "").partition("/")[0]
    return {entry.key} | ({host} if host and host not in {"github.com", "gitlab.com"} else set())
