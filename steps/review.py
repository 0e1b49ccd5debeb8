"""`review`: what the stored runs of a phase come to together; its page, the data behind it, a decision record, and the seal.

It stands in the exit handler where other experiments have `report`: in a phase's run the reports of the others are made there,
before it, and it reads what is sealed. So it has no cells, measures nothing, and every figure in it has a run's name beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from steps.costs.book import load
from steps.evidence import Evidence
from steps.model import now
from steps.model.review import Review
from steps.page.record import record
from steps.page.review import render
from steps.reporting import close, gather
from steps.reviewing.newest import newest
from steps.reviewing.report import Told, report_of, review_of
from steps.store import Store


def run(
    *,
    run: str,
    prefix: str,
    task: str = "",
    status: str,
    failures: Path,
    page: Path,
    json: Path,
    verdict: Path,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Reads the newest runs of the experiments it names, writes its report here and into the store, and seals it.

    Raises LabError: the verdict is Failed; StoreError: the store does not list or keep.
    """
    store = Store.from_environment(environment)
    objects, evidence = gather(store, run=run, prefix=prefix, task=task, status=status, failures=failures)
    told = Told(evidence, _reviewed(store, evidence))
    found, review = report_of(told), told.review
    beside = {}
    if review is not None:
        beside["review.json"] = review.to_json()
    if review is not None and review.rule is not None:
        beside["decision-record.md"] = record(found, review)
    close(store, found, render(found, review), beside=beside, objects=objects, page=page, json=json, verdict=verdict)


def _reviewed(store: Store, evidence: Evidence) -> Review | None:
    """What it comes to; None: its own definition cannot be read. Raises StoreError."""
    asked = evidence.experiment
    if asked is None:
        return None
    found = [newest(store, asked.phase, name, previews=asked.preview) for name in asked.reads]
    return review_of(asked, found, load(), run=evidence.run, at=evidence.environment.at if evidence.environment else now())
