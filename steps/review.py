"""`review`: what the stored runs of a phase come to together; its page, the data behind it, a decision record, and the seal.

It stands in the exit handler where other experiments have `report`: in a phase's run the reports of the others are made there,
before it, and it reads what is sealed. So it has no cells, measures nothing, and every figure in it has a run's name beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from steps.costs.book import load
from steps.evidence import Evidence, fetch, read
from steps.model import now
from steps.model.review import Review
from steps.page.record import record
from steps.page.review import render
from steps.report import own, raise_if_failed, text_of, with_problems
from steps.reviewing.newest import newest
from steps.reviewing.report import Told, report_of, review_of
from steps.seal import next_name, seal
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
    objects, unread = fetch(store, prefix)
    evidence = own(read(objects, run=run, prefix=prefix, status=status, failures=text_of(failures)), task)
    told = Told(with_problems(evidence, unread), _reviewed(store, evidence))
    found = report_of(told)
    html, data = render(found, told.review), found.to_json()
    for path, text in ((page, html), (json, data), (verdict, found.verdict.value)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    made = {"report/index.html": html.encode(), "report/report.json": data.encode()}
    if told.review is not None:
        made["report/review.json"] = told.review.to_json().encode()
    if told.review is not None and told.review.rule is not None:
        made["report/decision-record.md"] = record(found, told.review).encode()
    for key, content in made.items():
        store.put(f"{prefix}/{key}", content)
    store.put(f"{prefix}/{next_name(objects)}", seal({**objects, **made}, run=run, verdict=found.verdict).to_json())
    raise_if_failed(found)


def _reviewed(store: Store, evidence: Evidence) -> Review | None:
    """What it comes to; None: its own definition cannot be read. Raises StoreError."""
    asked = evidence.experiment
    if asked is None:
        return None
    found = [newest(store, asked.phase, name, previews=asked.preview) for name in asked.reads]
    return review_of(asked, found, load(), run=evidence.run, at=evidence.environment.at if evidence.environment else now())
