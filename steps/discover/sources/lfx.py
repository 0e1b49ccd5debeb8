"""The health of a project, from the public API of LFX Insights (frontend/docs/openapi.json of linuxfoundation/insights, 1.0.0).

Its `contributorCount` counts everybody who ever contributed: what tells of a program that is alive is who did in the last year.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from steps.discover.records import Entry, Fact
from steps.discover.snapshots import Received

FIELDS = {"health": "healthScore", "contributors": "activeContributorsLast365Days"}
PAGE = "https://insights.linuxfoundation.org/project/"


def parse(answer: Received, entries: Sequence[Entry]) -> Sequence[Fact]:  # noqa: ARG001
    """Health from 0 to 100, and who contributed in the last 365 days. A field that is null was not measured."""
    found = json.loads(answer.content)
    slug = found.get("slug")
    url = f"{PAGE}{slug}" if isinstance(slug, str) and slug else answer.url
    facts = [
        Fact(key=answer.key, name=name, value=float(value), source="lfx", url=url)
        for name, field in FIELDS.items()
        if isinstance(value := found.get(field), int | float) and not isinstance(value, bool) and value >= 0
    ]
    if not facts:
        message = f"has none of {', '.join(FIELDS.values())}"
        raise ValueError(message)
    return facts
