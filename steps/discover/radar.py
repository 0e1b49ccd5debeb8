"""The verdicts as a file that ThoughtWorks' "Build your own radar" reads. Pure.

Its rules, from its source (src/util of thoughtworks/build-your-own-radar): an array of objects in which every value is a text, at
most four rings, and its own four quadrants; a blip in any other is left out without a word. So the landscape's categories are
folded into those, and the description names the category. `status` tells of movement.
"""

from __future__ import annotations

import html
import json

from steps.discover import words
from steps.discover.records import Findings, Score, Verdict
from steps.discover.verdicts import ORDER

PLATFORMS, TOOLS, LANGUAGES = "platforms", "tools", "languages & frameworks"  # nothing here is of the fourth, techniques
_OF_LEVEL = {"Orchestration & Management": PLATFORMS, "Serverless": PLATFORMS, "Runtime": PLATFORMS, "Platform": PLATFORMS}
_OF_CATEGORY = {
    "Orchestration & Management / Remote Procedure Call": LANGUAGES,
    "Serverless / Framework": LANGUAGES,
    "Wasm / Runtimes": LANGUAGES,
}


def radar(found: Findings) -> str:
    """The candidates that are not on hold, best first, and what the lab has; as JSON."""
    verdicts = {verdict.key: verdict for verdict in found.verdicts}
    new = {change.key for change in found.diff.of("added")}
    blips = [
        _blip(score, verdicts[score.key], found, is_new=score.key in new)
        for score in found.scores
        if score.covered_by or verdicts[score.key].verdict != "hold"
    ]
    return json.dumps(blips, indent=2, ensure_ascii=False) + "\n"


def quadrant(category: str) -> str:
    """The quadrant of a category of the landscape."""
    return _OF_CATEGORY.get(category) or _OF_LEVEL.get(category.partition(" / ")[0], TOOLS)


def _blip(score: Score, verdict: Verdict, found: Findings, *, is_new: bool) -> dict[str, str]:
    return {
        "name": score.name,
        "ring": "adopt" if score.covered_by else verdict.verdict,
        "quadrant": quadrant(score.category),
        "isNew": "TRUE" if is_new else "FALSE",
        "status": "New" if is_new else "No Change" if score.covered_by else _status(verdict, found),
        "description": html.escape(f"{score.category}. {words.points(score)}", quote=False),
    }


def _status(verdict: Verdict, found: Findings) -> str:
    """Whether it moved at this date, and which way: inwards is towards adopt."""
    if verdict.since != found.date or verdict.before in {None, verdict.verdict}:
        return "No Change"
    return "Moved In" if ORDER.index(verdict.verdict) > ORDER.index(verdict.before or "hold") else "Moved Out"
