"""samples.csv: every planned cell's every metric on a line of its own, for whoever takes the figures elsewhere.

CSV and not Parquet: every tool reads it, and the library for Parquet is larger than the rest of a step's image.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from steps.evidence import CellEvidence, Evidence
from steps.model import CellSummary, Experiment, Measurement, Metric, Report, digest
from steps.statistics.words import sentence

COLUMNS = {
    "run": "the run's name",
    "phase": "the phase of its experiment",
    "experiment": "what was asked",
    "cell": "one contender under one load in one repetition; its raw data are in raw/cells/CELL",
    "contender": "the contender, or the baseline",
    "load": "the load's label",
    "repetition": "from 1; the same number is the same round, where the machine was most alike",
    "order": "the cell's place in the run, from 1",
    "metric": "the metric's name, which ends in its unit",
    "unit": "the unit in words",
    "better": "lower or higher",
    "value": "the value; empty when it could not be measured: zero means that zero was measured",
    "reason": "why there is no value",
    "status": "of the cell: ok, suspect (never decides), failed or missing",
    "suspect": "why the value may not decide: a doubt about the cell, or about this metric alone",
    "coarse": "true for a percentile from few answers",
    "planned": "requests of the measured window that were due",
    "ok": "those that got a right answer",
    "window_start": "begin of the measured window, UTC",
    "window_end": "its end",
    "versions_digest": "of what the cell's components said of their versions",
    "experiment_digest": "of the definition; figures of two definitions do not belong together",
    "environment_digest": "of the circumstances; nor do those of two places",
}


def samples(report: Report, evidence: Evidence) -> str:
    """The table as text, in the order in which the cells were run; only the header when it is not known what was planned."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(COLUMNS), restval="", lineterminator="\n")
    writer.writeheader()
    if evidence.experiment is not None:
        for cell, found in zip(report.cells, evidence.cells, strict=True):
            writer.writerows(_rows(report, evidence.experiment, cell, found))
    return text.getvalue()


def _rows(report: Report, experiment: Experiment, cell: CellSummary, found: CellEvidence) -> Iterator[dict[str, object]]:
    outcome, counts = found.outcome, cell.counts
    window = outcome.window if outcome else None
    common = {
        "run": report.run,
        "phase": report.phase,
        "experiment": report.experiment,
        "cell": cell.id,
        "contender": cell.contender,
        "load": cell.load,
        "repetition": cell.repetition,
        "order": cell.order,
        "status": cell.status,
        "planned": counts.planned if counts else "",
        "ok": counts.ok if counts else "",
        "window_start": window.started_at if window else "",
        "window_end": window.ended_at if window else "",
        "versions_digest": digest(outcome.versions) if outcome else "",
        "experiment_digest": outcome.experiment_digest if outcome else "",
        "environment_digest": outcome.environment_digest if outcome else "",
    }
    measured = {each.metric: each for each in outcome.measurements} if outcome else {}
    for metric in experiment.metrics:
        yield {**common, **_value(metric, measured.get(metric.name), cell)}


def _value(metric: Metric, measured: Measurement | None, cell: CellSummary) -> dict[str, object]:
    told = {"metric": metric.name, "unit": metric.unit, "better": metric.better}
    if measured is None or measured.value is None:
        why = measured.reason if measured and measured.reason else next(iter(cell.reasons), "it was not measured")
        return {**told, "reason": sentence(why)}
    doubts = [*(cell.reasons if cell.status == "suspect" else ()), *([measured.suspect] if measured.suspect else [])]
    coarse = "true" if measured.coarse else "false"
    return {**told, "value": repr(measured.value), "suspect": "; ".join(map(sentence, doubts)), "coarse": coarse}
