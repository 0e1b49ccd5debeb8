"""Forty of the year's additions, labelled by hand before they were scored: how good are the ten that come out on top?"""

import csv
from pathlib import Path

from phases.discovery import DISCOVERY
from steps.discover import scoring
from steps.discover.settings import Covered
from tests.steps.discover.snapshots_of_2026 import NOW, YEAR_BEFORE, compared, entries

LABELLED = list(csv.DictReader((Path(__file__).parent / "labelled.csv").read_text().splitlines()))
# What the lab had when they were labelled: one that joins the catalogue later changes neither the labels nor what the docs say.
COVERAGE = (
    *(
        Covered(component=title.lower(), title=title, landscape="Orchestration & Management / Service Proxy")
        for title in ("nginx", "HAProxy", "Envoy", "Caddy")
    ),
    Covered(component="traefik", title="Traefik", landscape="Orchestration & Management / API Gateway"),
    *(
        Covered(component=title.lower(), title=title, landscape="App Definition and Development / Database")
        for title in ("PostgreSQL", "MariaDB")
    ),
)
DOCS = (Path(__file__).parents[3] / "docs" / "discovery.md").read_text()


def top_ten():
    scores = scoring.of_landscape(entries(NOW), DISCOVERY.model_copy(update={"coverage": COVERAGE}))
    labelled = {each["key"] for each in LABELLED}
    return [score.key for score in scores if score.key in labelled][:10]


def test_labels_are_of_the_years_additions():
    """Forty of them, each an addition of the year, each with its reason; neither all good nor all bad."""
    added = {change.key for change in compared(YEAR_BEFORE, NOW).of("added")}

    assert len({each["key"] for each in LABELLED}) == 40
    assert {each["key"] for each in LABELLED} <= added
    assert all(each["why"] for each in LABELLED)
    assert 10 < sum(each["worth"] == "yes" for each in LABELLED) < 30


def test_precision_of_the_top_ten_is_what_the_docs_say():
    """From the landscape alone, which is all that can be had of past days."""
    worth = {each["key"] for each in LABELLED if each["worth"] == "yes"}
    right = sum(key in worth for key in top_ten())

    assert f"**{right} of 10**" in DOCS
    assert right > 10 * len(worth) / len(LABELLED)  # better than chance
