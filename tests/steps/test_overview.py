"""The page of a phase's run, from the reports of its experiments alone."""

import json

import pytest

from steps import overview
from steps.model import RunVerdict
from steps.model.overview import Overview
from steps.page.overview import counts, render
from tests.steps.sealed_runs import objects, run
from tests.steps.simulated import Story

REPORT = run("a-run").report


def made(**reports):
    return overview.overview_of("phase-4", "phase-4-run", {name.replace("_", "-"): each for name, each in reports.items()})


def test_each_experiment_is_a_row_that_links_its_page():
    """Its question, its answer in one sentence, its verdict."""
    found = made(gateway_comparison=REPORT, other=REPORT.model_copy(update={"verdict": RunVerdict.INCONCLUSIVE}))

    first = found.rows[0]
    assert (first.question, first.answer, first.verdict) == (REPORT.question, REPORT.answer.lead, RunVerdict.ANSWERED)
    assert [row.page for row in found.rows] == ["gateway-comparison/index.html", "other/index.html"]
    page = render(found)
    assert all(f'href="{row.page}"' in page for row in found.rows)
    assert counts(found) == "2 experiments: 1 answered and 1 inconclusive."


def test_an_experiment_without_a_report_is_a_row_with_its_reason():
    """The page is made all the same, and the phase has failed."""
    found = made(gateway_comparison=REPORT, other="it left no report")

    assert found.verdict is RunVerdict.FAILED
    assert "it left no report" in render(found)
    assert "1 without a report" in counts(found)


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [("AA", "A"), ("AI", "I"), ("PI", "I"), ("PP", "P"), ("PF", "F"), ("", "F")],
    ids=lambda each: each or "none",
)
def test_the_phase_is_as_good_as_its_worst_experiment(verdicts, worst):
    """One that failed fails it; a phase of nothing has failed too."""
    by_letter = {each.value[0]: each for each in RunVerdict}

    assert overview.verdict_of([by_letter[each] for each in verdicts]) is by_letter[worst]


def test_the_step_reads_the_reports_in_the_store(store, store_environment, tmp_path):
    """One experiment left its report, another a damaged one, a third nothing."""
    report = objects("phase-4-run", cells=False, story=Story())["report/report.json"]
    store.put("runs/phase-44/gateway-comparison/phase-44-run/report/report.json", report)
    store.put("runs/phase-44/damaged/phase-44-run/report/report.json", b"{}")
    places = {name: tmp_path / name for name in ("page", "json", "verdict")}
    names = json.dumps(["gateway-comparison", "damaged", "nothing"])

    overview.run(run="phase-44-run", phase="phase-44", experiments=names, environment=store_environment, **places)

    found = Overview.from_json(places["json"].read_bytes(), source="json")
    assert [row.verdict for row in found.rows] == [RunVerdict.ANSWERED, None, None]
    assert "is not a valid Report" in found.rows[1].reasons[0]
    assert found.rows[2].reasons == ("it left no report",)
    assert places["verdict"].read_text() == "Failed"
    assert "gateway-comparison/index.html" in places["page"].read_text()
