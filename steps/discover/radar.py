"""The verdicts as a file that ThoughtWorks' "Build your own radar" reads: name, ring, quadrant, isNew, description. Pure.

That radar has four quadrants and the landscape many categories: its top levels are folded into four.
"""

from __future__ import annotations

import json

from steps.discover import words
from steps.discover.records import Findings

QUADRANTS = {
    "Orchestration & Management": "Traffic and orchestration",
    "Serverless": "Traffic and orchestration",
    "App Definition and Development": "Data and delivery",
    "Data": "Data and delivery",
    "Runtime": "Runtime and platform",
    "Provisioning": "Runtime and platform",
    "Platform": "Runtime and platform",
    "Wasm": "Runtime and platform",
}
OTHER = "Observation and AI"


def radar(found: Findings) -> str:
    """The candidates that are not on hold, best first, and what the lab has; as JSON."""
    verdicts = {verdict.key: verdict for verdict in found.verdicts}
    new = {change.key for change in found.diff.of("added")}
    blips = [
        {
            "name": score.name,
            "ring": "adopt" if score.covered_by else verdicts[score.key].verdict,
            "quadrant": QUADRANTS.get(score.category.partition(" / ")[0], OTHER),
            "isNew": "TRUE" if score.key in new else "FALSE",
            "description": words.points(score),
        }
        for score in found.scores
        if score.covered_by or verdicts[score.key].verdict != "hold"
    ]
    return json.dumps(blips, indent=2, ensure_ascii=False) + "\n"
