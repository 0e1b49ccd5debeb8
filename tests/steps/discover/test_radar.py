"""The radar file is one that ThoughtWorks' program reads: by its rules, as its source has them."""

import datetime as dt
import json

import pytest

from phases.discovery import DISCOVERY, SCOPE
from steps.discover import radar, scoring, verdicts
from steps.discover.records import Diff, Findings, Part, Score, Verdict
from tests.steps.discover.snapshots_of_2026 import NOW, YEAR_BEFORE, compared, entries

DAY = dt.date(2026, 8, 7)
RINGS = {"adopt", "trial", "assess", "hold"}
QUADRANTS = {"techniques", "platforms", "tools", "languages & frameworks"}


def test_whole_radar_is_read_by_the_rules_of_its_program():
    """Every value a text (it trims them), rings and quadrants of its own: it leaves out what is in any other."""
    scores = scoring.of_landscape(entries(NOW), DISCOVERY)
    decided = verdicts.decide(scores, {}, date=DAY, weights=DISCOVERY.weights)
    found = Findings(cadence="weekly", date=DAY, diff=compared(YEAR_BEFORE, NOW), scores=scores, verdicts=decided)

    blips = json.loads(radar.radar(found))

    assert len(blips) > 50
    for blip in blips:
        assert blip.keys() == {"name", "ring", "quadrant", "isNew", "status", "description"}
        assert all(isinstance(value, str) for value in blip.values())
        assert (blip["ring"] in RINGS, blip["quadrant"] in QUADRANTS) == (True, True)
        assert (blip["isNew"] == "TRUE") == (blip["status"] == "New")
    assert {blip["quadrant"] for blip in blips} == QUADRANTS - {"techniques"}
    assert {radar.quadrant(category) for category in SCOPE} <= QUADRANTS


@pytest.mark.parametrize(
    ("before", "now", "since", "expected"),
    [
        ("assess", "trial", DAY, "Moved In"),
        ("trial", "assess", DAY, "Moved Out"),
        ("assess", "trial", DAY - dt.timedelta(days=7), "No Change"),
        (None, "assess", DAY, "No Change"),
    ],
)
def test_movement_is_that_of_this_date(before, now, since, expected):
    """Inwards is towards adopt; what moved a week ago stands still."""
    part = Part(name="gap", points=1, most=1, why="w")
    score = Score(key="k", name="<b>K", category="A / <i>", repository=None, parts=(part,), value=60, known=60)
    verdict = Verdict(key="k", name="K", verdict=now, since=since, before=before)
    diff = Diff(before=None, after=DAY, changes=())
    found = Findings(cadence="weekly", date=DAY, diff=diff, scores=(score,), verdicts=(verdict,))

    (blip,) = json.loads(radar.radar(found))

    assert blip["status"] == expected
    assert blip["description"].startswith("A / &lt;i&gt;. gap 1/1")
