"""Blogs as RSS or Atom: an item mentions a candidate when it links to its repository or page, or names it in its title.

Dates of feeds are often wrong, so an item counts when it is in the feed. Titles hold HTML: only their text is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import feedparser
from selectolax.lexbor import LexborHTMLParser

from steps.discover import identity
from steps.discover.records import Entry, Fact
from steps.discover.snapshots import Received

SHORTEST_NAME = 4  # `ko` and `KCL` are found in any text
_LINK = re.compile(r"https?://[^\s\"'<>)]+")


def parse(answer: Received, entries: Sequence[Entry]) -> Sequence[Fact]:
    """How many items the feed has, and which candidates they mention."""
    found = feedparser.parse(answer.content)
    if not found.version or not found.entries:
        message = "it is not a feed, or an empty one"
        raise ValueError(message)
    facts = [Fact(key="", name="items", value=len(found.entries), source="feeds", url=answer.url)]
    for item in found.entries:
        title = text(str(item.get("title", "")))
        places = set(_places(item))
        facts += [
            Fact(key=entry.key, name="mention", value=title, source="feeds", url=str(item.get("link") or answer.url))
            for entry in entries
            if entry.key in places or _named(entry.name, title)
        ]
    return facts


def text(html: str) -> str:
    """What a person would read of HTML, on one line; scripts and styles are not read."""
    tree = LexborHTMLParser(html)
    tree.strip_tags(["script", "style"])
    return " ".join((tree.body.text(separator=" ") if tree.body else "").split())


def _places(item: feedparser.FeedParserDict) -> Iterator[str]:
    whole = " ".join([str(item.get("link", "")), str(item.get("summary", ""))])
    for link in _LINK.findall(whole):
        found = identity.repository(link)
        if found:
            yield found


def _named(name: str, title: str) -> bool:
    """Whether a title holds a name, as words and in its spelling."""
    return len(name) >= SHORTEST_NAME and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", title) is not None
