"""samples.csv: every planned cell's every metric, for other tools."""

import csv
import io
from pathlib import Path

from steps.evidence import read
from steps.model import CellOutcome
from steps.page.samples import COLUMNS, samples
from steps.statistics.findings import report_of
from tests.steps.sealed_runs import PREFIX
from tests.steps.simulated import RUN, Story, simulate, tiny

DOCS = Path(__file__).parents[3] / "docs" / "data.md"


def table(story=None, *, without=()):
    """The rows of a simulated run, and its report."""
    objects = {key: content for key, content in simulate(tiny(), story or Story()).items() if key not in without}
    evidence = read(objects, run=RUN, prefix=PREFIX, status="Succeeded", failures="null")
    report = report_of(evidence)
    return list(csv.DictReader(io.StringIO(samples(report, evidence)))), report


def test_each_cell_and_metric_is_one_row():
    """With the value that the report's figure has for that repetition."""
    rows, report = table()
    asked = tiny()

    assert len(rows) == len(report.cells) * len(asked.metrics)
    assert set(rows[0]) == set(COLUMNS)
    arms = {arm.name: arm for arm in report.loads[0].arms}
    for row in rows:
        points = {point.repetition: point.value for point in arms[row["contender"]].figures[row["metric"]].points}
        value = points.get(int(row["repetition"]))
        assert row["value"] == ("" if value is None else repr(value))
        assert bool(row["reason"]) == (value is None)
    assert [int(row["order"]) for row in rows] == sorted(int(row["order"]) for row in rows)
    assert {row["experiment_digest"][:7] for row in rows} == {"sha256:"}
    assert rows[0]["window_start"].endswith("Z")


def test_missing_is_empty_with_its_reason_and_never_zero():
    """Failed, missing, and what a direct path does not have; none of the cells disappears."""
    story = Story(failing={"envoy-100rps-r2": "it crashed"}, missing=frozenset({"nginx-100rps-r1"}))
    rows, _ = table(story)
    of = {(row["cell"], row["metric"]): row for row in rows}

    crashed, lost, direct = of["envoy-100rps-r2", "p50_ms"], of["nginx-100rps-r1", "p50_ms"], of["direct-100rps-r1", "memory_mib"]
    assert (crashed["value"], crashed["status"], crashed["reason"]) == ("", "failed", "it crashed")
    assert (lost["value"], lost["status"], lost["window_start"]) == ("", "missing", "")
    assert lost["reason"] == "no outcome was stored, and no step says why"
    assert (direct["value"], direct["reason"]) == ("", "direct traffic has no program of its own")


def test_suspicion_stands_beside_the_value():
    """The value is there, and whom it is suspected to be of."""
    rows, _ = table(Story(suspect={"nginx-100rps-r1": "suspect: generator: it was late"}))
    (row,) = [each for each in rows if (each["cell"], each["metric"]) == ("nginx-100rps-r1", "p50_ms")]

    assert row["value"]
    assert (row["status"], row["suspect"]) == ("suspect", "suspect: generator: it was late")


def test_a_doubt_about_one_metric_stands_beside_that_one_alone():
    """The cell is valid, and so are its other metrics."""
    objects = simulate(tiny(), Story())
    key = "cells/nginx-100rps-r1/outcome.json"
    outcome = CellOutcome.from_json(objects[key], source=key)
    doubted = tuple(
        each.model_copy(update={"suspect": "suspect: generator: late"}) if each.metric == "p99_ms" else each
        for each in outcome.measurements
    )
    objects[key] = outcome.model_copy(update={"measurements": doubted}).to_json().encode()
    evidence = read(objects, run=RUN, prefix=PREFIX, status="Succeeded", failures="null")

    rows = csv.DictReader(io.StringIO(samples(report_of(evidence), evidence)))

    assert {(row["cell"], row["metric"]) for row in rows if row["suspect"]} == {("nginx-100rps-r1", "p99_ms")}


def test_a_run_whose_experiment_is_lost_leaves_the_header():
    """Nobody knows what was to be measured."""
    rows, _ = table(without=("experiment.json",))

    assert rows == []


def test_every_column_is_documented():
    """docs/data.md explains each in the same words."""
    text = DOCS.read_text(encoding="utf-8")

    assert [name for name, meaning in COLUMNS.items() if f"| `{name}` | {meaning} |" not in text] == []
