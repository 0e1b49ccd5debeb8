"""The health of a project, from the public API of LFX Insights.

Its shape was not seen: health and contributors are looked for under names like those of its badges. Where none is there, the
report says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from steps.discover.records import Entry, Fact
from steps.discover.snapshots import Received

NAMES = {
    "health": ("healthScore", "health_score", "score"),
    "contributors": ("activeContributors", "contributorCount", "contributors"),
}


def parse(answer: Received, entries: Sequence[Entry]) -> Sequence[Fact]:  # noqa: ARG001
    """Health from 0 to 100, and active contributors."""
    found = json.loads(answer.content)
    facts = [
        Fact(key=answer.key, name=name, value=value, source="lfx", url=answer.url)
        for name, fields in NAMES.items()
        if (value := _number(found, fields)) is not None
    ]
    if not facts:
        message = f"has none of {', '.join(field for fields in NAMES.values() for field in fields)}"
        raise ValueError(message)
    return facts


def _number(found: Any, fields: Sequence[str]) -> float | None:
    """The first of the fields that holds a number, at the top or one level below."""
    levels = [found, *(found.values() if isinstance(found, Mapping) else ())]
    for level in levels:
        for field in fields if isinstance(level, Mapping) else ():
            value = level.get(field)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return float(value)
    return None
