"""`overview`: the page of a phase's run, which links those of its experiments; made from their report.json and nothing else.

It is the last step of the exit handler. An experiment that left no report is a row with that reason, never a lost page.
"""

from __future__ import annotations

import json as texts
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from steps.errors import MissingObject, UsageError
from steps.model import Report, RunVerdict
from steps.model.overview import Overview, OverviewRow
from steps.page.overview import render
from steps.store import Store


def run(
    *,
    run: str,
    phase: str,
    experiments: str,
    page: Path,
    json: Path,
    verdict: Path,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Reads the reports of a phase's run and writes the page that links them.

    experiments: their names, as a JSON list in the order of the phase. Raises StoreError: the store cannot be read.
    """
    store = Store.from_environment(environment)
    names: list[str] = texts.loads(experiments)
    found = overview_of(phase, run, {name: _report(store, f"runs/{phase}/{name}/{run}") for name in names})
    for path, text in ((page, render(found)), (json, found.to_json()), (verdict, found.verdict.value)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _report(store: Store, prefix: str) -> Report | str:
    """An experiment's report, or why there is none."""
    key = f"{prefix}/report/report.json"
    try:
        return Report.from_json(store.get(key), source="its report.json")
    except MissingObject:
        return "it left no report"
    except UsageError as error:
        return str(error)


def overview_of(phase: str, run: str, reports: Mapping[str, Report | str]) -> Overview:
    """The overview over these reports, by experiment. Pure."""
    there = [each for each in reports.values() if isinstance(each, Report)]
    began, ended = (
        zip(*((each.circumstances.started_at, each.circumstances.ended_at) for each in there), strict=True) if there else ((), ())
    )
    return Overview(
        run=run,
        phase=phase,
        verdict=verdict_of([each.verdict if isinstance(each, Report) else None for each in reports.values()]),
        rows=tuple(_row(name, report) for name, report in reports.items()),
        started_at=min(filter(None, began), default=None),
        ended_at=max(filter(None, ended), default=None),
    )


def _row(name: str, report: Report | str) -> OverviewRow:
    page = f"{name}/index.html"
    if isinstance(report, str):
        return OverviewRow(experiment=name, reasons=(report,), page=page)
    return OverviewRow(
        experiment=name,
        question=report.question,
        verdict=report.verdict,
        answer=report.answer.lead,
        reasons=report.reasons,
        doubtful=_outside(report),
        page=page,
    )


def _outside(report: Report) -> tuple[str, ...]:
    """The figures outside of what others found."""
    return tuple(each.said for each in report.references if each.verdict == "outside")


WORST_FIRST = (RunVerdict.FAILED, RunVerdict.INCONCLUSIVE, RunVerdict.PREVIEW, RunVerdict.ANSWERED)


def verdict_of(verdicts: Sequence[RunVerdict | None]) -> RunVerdict:
    """The worst of them; an experiment without a report has failed."""
    told: Iterable[RunVerdict] = [each or RunVerdict.FAILED for each in verdicts]
    return min(told, key=WORST_FIRST.index, default=RunVerdict.FAILED)
