"""GitHub's trending page: HTML that changes every year or two, so it is optional, and an empty page is a failure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

from steps.discover import identity
from steps.discover.records import Entry, Fact
from steps.discover.snapshots import Received

_NUMBER = re.compile(r"[\d,]+")


def parse(answer: Received, entries: Sequence[Entry]) -> Sequence[Fact]:  # noqa: ARG001
    """The repositories of the page with their new stars. The first link of a row may be a sponsor's: the name is in its h2."""
    facts = []
    for row in LexborHTMLParser(answer.content.decode("utf-8", "replace")).css("article.Box-row"):
        link = row.css_first("h2 a[href]")
        path = (link.attributes.get("href") or "").strip("/") if link else ""
        key = identity.repository(f"https://github.com/{path}") if path.count("/") == 1 else None
        if key:
            facts.append(
                Fact(key=key, name="trending", value=_new_stars(row), source="trending", url=f"https://github.com/{path}")
            )
    return facts


def _new_stars(row: LexborNode) -> float | str:
    told = row.css_first("span.float-sm-right")
    found = _NUMBER.search(told.text()) if told else None
    return float(found[0].replace(",", "")) if found else "unknown"
