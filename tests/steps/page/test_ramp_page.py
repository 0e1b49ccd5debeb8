"""The page of a ramp: knees, searches, and what is not known of them."""

from __future__ import annotations

import re

import pytest

from pipelines.select import experiments
from steps.evidence import read
from steps.page import render
from steps.statistics.findings import report_of
from tests.steps.page.test_page import Elements
from tests.steps.simulated_cell import RUN
from tests.steps.simulated_ramp import CAPACITIES, Climb, gateway_capacity, simulate

DEATH = "caddy ended with status -11 (in the search, at 4,000 req/s)"
STORIES = {
    "good": Climb(),
    "beyond the driver": Climb(capacities={**CAPACITIES, "nginx": 40_000.0}, driver_rps_of={"envoy-ramp-r3": 5_000}),
    "no knee": Climb(driver_rps=2_000),
    "one died": Climb(failing={"caddy": DEATH}),
}


def report(story):
    objects = simulate(gateway_capacity().model_copy(update={"repetitions": 3}), STORIES[story])
    return report_of(read(objects, run=RUN, prefix=f"runs/phase-4/gateway-capacity/{RUN}", status="Succeeded", failures=""))


@pytest.fixture(scope="module")
def pages():
    """The page of each story."""
    return {story: render(report(story)) for story in STORIES}


@pytest.mark.parametrize("story", STORIES)
def test_page_of_a_ramp_is_whole(pages, story):
    """Well-formed, with ids of its own, whatever is missing in it."""
    html = pages[story]
    elements = Elements(html)
    ids = [attrs["id"] for _, attrs in elements.tags if "id" in attrs]

    assert (elements.wrong, elements.open) == ([], [])
    assert len(ids) == len(set(ids))
    assert "<h2>The knee of each</h2>" in html
    assert "<h2>How it was found</h2>" in html
    assert "What each adds" not in html


def test_knees_are_drawn_with_their_figures(pages):
    """Those of the report; the same report gives the same bytes."""
    found = report("good")
    knee = next(arm for arm in found.loads[0].arms if arm.name == "envoy").figures["knee_rps"]

    assert f">{knee.value:,.0f}<" in pages["good"]
    assert render(found) == pages["good"]


def test_bound_is_drawn_as_one_and_told_in_the_table(pages):
    """Never as a value."""
    html = pages["beyond the driver"]
    row = re.search(r'<th scope="row"><span[^>]*></span>nginx</th>(.*?)</tr>', html, re.DOTALL)[1]

    assert ">≥ 19,200<" in html
    assert 'title="at least 19,200 req/s: the driver ends there, not the contender"' in row
    assert "19,200</b>" not in row


def test_each_shares_raw_data_is_told_apart():
    """Three histograms of a cell have three names."""
    objects = simulate(gateway_capacity().model_copy(update={"repetitions": 1})) | {
        f"cells/envoy-ramp-r1/load/share-{percent}/load.hdr": b"" for percent in (50, 75, 90)
    }
    html = render(report_of(read(objects, run=RUN, prefix="runs/phase-4/x/y", status="Succeeded", failures="")))

    assert 'href="raw/cells/envoy-ramp-r1/load/share-75/load.hdr">share-75/load.hdr</a>' in html


def test_databases_sustain_transactions_and_not_requests():
    """A rate is in the unit of what was sent, in the answer, in the pictures and in bounds."""
    (asked,) = experiments("database-capacity")
    story = Climb(capacities={"postgres": 700.0, "postgres-grouped": 900.0, "mariadb": 99_000.0})
    objects = simulate(asked, story)
    found = report_of(read(objects, run=RUN, prefix=f"{asked.key}/{RUN}", status="Succeeded", failures=""))

    html = render(found)

    assert re.match(r"Of those whose knee was found, PG grouped sustains most: [\d,]+ tx/s", found.answer.lead)
    assert "at least 19,200 tx/s: " in html
    assert "req/s" not in html
    assert "TPS at the SLO" in html
    assert "USD per million transactions" in html
