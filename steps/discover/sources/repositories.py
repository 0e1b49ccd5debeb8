"""A repository at GitHub, from its REST API: stars, licence, age, whether it is archived, and its name now."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from steps.discover import identity
from steps.discover.records import Entry, Fact
from steps.discover.snapshots import Received


def parse(answer: Received, entries: Sequence[Entry]) -> Sequence[Fact]:  # noqa: ARG001
    """What `GET /repos/OWNER/NAME` tells. A renamed repository answers under its new name: that is a fact too."""
    found = json.loads(answer.content)
    url = str(found["html_url"])
    licence = found.get("license") or {}
    told: dict[str, float | str | None] = {
        "stars": float(found["stargazers_count"]),
        "archived": float(bool(found["archived"])),
        "licence": str(licence.get("spdx_id") or "none"),
        "created": _day(found["created_at"]),
        "pushed": _day(found["pushed_at"]) if found.get("pushed_at") else None,
    }
    now = identity.repository(url)
    told["renamed_to"] = now if now != answer.key else None
    return [
        Fact(key=answer.key, name=name, value=value, source="repositories", url=url)
        for name, value in told.items()
        if value is not None
    ]


def _day(told: Any) -> str:
    """The day of a time. Raises ValueError: it is none, which has to be told here and not when the score is made."""
    return dt.date.fromisoformat(str(told)[:10]).isoformat()
