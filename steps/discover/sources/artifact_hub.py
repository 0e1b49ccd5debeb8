"""Packages at Artifact Hub that bear a candidate's name: that somebody packs it for Kubernetes is a mention."""

from __future__ import annotations

import json
from collections.abc import Sequence

from steps.discover import identity
from steps.discover.records import Entry, Fact
from steps.discover.snapshots import Received


def parse(answer: Received, entries: Sequence[Entry]) -> Sequence[Fact]:
    """How many packages are called like the candidate, and the one with the most stars."""
    packages = json.loads(answer.content)["packages"]
    names = {identity.plain_name(entry.name) for entry in entries if entry.key == answer.key}
    same = [each for each in packages if identity.plain_name(str(each["normalized_name"])) in names]
    facts = [Fact(key=answer.key, name="packages", value=len(same), source="artifact-hub", url=answer.url)]
    if same:
        best = max(same, key=lambda each: each.get("stars") or 0)
        title = f"{best['normalized_name']} {best.get('version', '')}".strip()
        facts.append(Fact(key=answer.key, name="mention", value=title, source="artifact-hub", url=answer.url))
    return facts
