"""What the report says of rounds that were added."""

from __future__ import annotations

import re

import pytest

from steps.evidence import read
from steps.model import Plan, Precision, RunVerdict
from steps.page import render
from steps.statistics import additions
from steps.statistics.findings import report_of
from tests.steps.simulated import NATURES, RUN, Nature, Story, simulate, tiny

LATE = "suspect: generator: its lateness (p99) is 1.42 ms"
SUSPECT = "nginx-100rps-r2"


def report(story, **changes):
    """The report on a simulated run of direct traffic, nginx and Envoy."""
    objects = simulate(tiny().model_copy(update=changes), story)
    return report_of(read(objects, run=RUN, prefix=f"runs/phase-4/gateway-comparison/{RUN}", status="Succeeded", failures="null"))


def arm(found, name):
    return next(arm for arm in found.loads[0].arms if arm.name == name)


def test_a_repeated_cell_lets_a_run_answer():
    """Six valid rounds of each arm, one of them added; the suspect cell stays, is shown and is not counted."""
    found = report(Story(suspect={SUSPECT: LATE}, extended=True))

    cells = {cell.id: cell for cell in found.cells}
    assert (found.verdict, found.reasons) == (RunVerdict.ANSWERED, ())
    assert cells[SUSPECT].status == "suspect"
    assert cells["nginx-100rps-r7"].added == f"added to repeat {SUSPECT}"
    assert cells["direct-100rps-r7"].added == f"added beside the repeat of {SUSPECT}"
    assert [cell.id for cell in found.cells if cell.added] == [cell.id for cell in found.cells][-2:]
    assert (arm(found, "nginx").planned, arm(found, "nginx").figures["p50_ms"].n) == (7, 6)


def test_a_partial_round_is_paired_within_itself():
    """The effect of the repeat is over the baseline of its own round; arms that were not in it have their six."""
    found = report(Story(suspect={SUSPECT: LATE}, extended=True))

    pairs = {name: arm(found, name).effects["p50_ms"].ratio for name in ("nginx", "envoy")}
    values = {
        name: {point.repetition: point.value for point in arm(found, name).figures["p50_ms"].points}
        for name in ("direct", "nginx")
    }
    assert [point.repetition for point in pairs["nginx"].points if not point.suspect] == [1, 3, 4, 5, 6, 7]
    assert [point.repetition for point in pairs["envoy"].points] == [1, 2, 3, 4, 5, 6]
    assert pairs["nginx"].points[-1].value == values["nginx"][7] / values["direct"][7]


def test_a_suspect_repeat_leaves_a_run_inconclusive():
    """Twice is enough: all stay visible, and five valid repetitions decide nothing."""
    found = report(Story(suspect=dict.fromkeys((SUSPECT, "nginx-100rps-r7", "nginx-100rps-r8"), LATE), extended=True))

    assert found.reasons == (f"nginx: 5 of 8 repetitions are valid, it takes 6: {LATE}",)
    assert arm(found, "nginx").suspect == 3


def test_enough_cells_in_different_rounds_are_not_enough():
    """Six valid cells of nginx and of the baseline, but only four rounds in which both are."""
    added = ("nginx-100rps-r7", "direct-100rps-r8", "nginx-100rps-r9", "direct-100rps-r10")
    suspect = dict.fromkeys((SUSPECT, "direct-100rps-r3", *added), LATE)
    found = report(Story(suspect=suspect, extended=True))

    assert found.verdict is RunVerdict.INCONCLUSIVE
    assert "nginx: in 4 rounds both its cell and the baseline's are valid, it takes 6" in found.reasons


def test_a_precise_run_says_so_first():
    """With the half width it reached and the rounds it took; the run is answered."""
    found = report(Story(extended=True), precision=Precision(half_width=0.05))

    precision = found.precision
    assert found.verdict is RunVerdict.ANSWERED
    assert precision.enough
    assert precision.reached <= 0.05
    assert re.fullmatch(r"Precise enough: ±\d(\.\d)? % after \d+ rounds; ±5 % was asked for", precision.said)
    assert f'<p class="more">{precision.said}.</p>' in render(found)
    assert found.repeat.endswith("gateway-comparison --precision 5% --most-rounds 30")


@pytest.fixture(scope="module")
def wide():
    """A run that asked for more than its budget gives."""
    natures = {name: Nature(**{**vars(nature), "noise": 0.2}) for name, nature in NATURES.items()}
    return report(Story(natures=natures, extended=True), precision=Precision(half_width=0.01, most_rounds=9))


def test_the_end_of_the_budget_is_named_with_what_was_reached(wide):
    """Its user set the bar, so the run is inconclusive; what is widest is named, and all cells are shown with their reason."""
    assert wide.verdict is RunVerdict.INCONCLUSIVE
    assert wide.reasons == (wide.precision.said,)
    assert wide.precision.said.startswith("The budget of 9 rounds ended at ±")
    assert wide.precision.said.endswith(" at p50); ±1 % was asked for")
    assert {cell.added for cell in wide.cells if cell.repetition > 6} == {"added for precision"}
    assert len(wide.cells) == 27


def test_the_page_tells_added_cells_from_planned_ones(wide):
    """In the counts, and beside each cell; the interval of nine rounds is not said to reach from the smallest to the largest."""
    page = render(wide)

    assert "18 cells planned and 9 added: 27 valid." in page
    assert page.count("<small>added for precision</small>") == 9
    assert "median of 9 repetitions, interval between two of them" in page
    assert page.count(wide.precision.said) == 1


def test_where_nothing_is_valid_the_precision_is_not_told():
    """No figure from suspect cells passes for one."""
    found = report(Story(suspect={"envoy": LATE}, extended=True), precision=Precision())

    assert (found.precision.reached, found.precision.enough) == (None, False)
    assert "How precise the run is cannot be told: envoy under 100rps has no valid round, it takes 6" in found.reasons


@pytest.mark.parametrize(("share", "said"), [(0.0496, "±5 %"), (0.05, "±5 %"), (0.0501, "±5.1 %"), (0.3, "±30 %")])
def test_what_is_too_wide_never_reads_like_what_was_asked_for(share, said):
    """Half widths are rounded up."""
    assert additions._percent(share) == said


def test_a_plan_of_an_older_run_is_read():
    """It knew no extensions."""
    plan = Plan.of(tiny(), run=RUN, seed=1)
    text = plan.model_dump_json(exclude={"extensions"})

    assert Plan.from_json(text, source="plan.json") == plan
