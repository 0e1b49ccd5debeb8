"""`report`: the page, the data behind it, and the seal; made from what the store holds of a run, and nothing else.

It runs in the exit handler, whatever became of the run, so a missing or damaged object is a reason on the page. It fails when the
run did, but only after everything is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from steps.page import render
from steps.page.samples import samples
from steps.reporting import close, gather
from steps.statistics.findings import report_of
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
    """Reads everything below `prefix`, writes the report here and into the store, and seals the run.

    status, failures: what the workflow says of itself (`workflow.status`, `workflow.failures`).
    task: which task of a phase's workflow this run is; empty: the workflow is this run alone.
    Raises LabError: the verdict is Failed; StoreError: the store does not list or keep.
    """
    store = Store.from_environment(environment)
    objects, evidence = gather(store, run=run, prefix=prefix, task=task, status=status, failures=failures)
    found = report_of(evidence)
    beside = {"samples.csv": samples(found, evidence)}
    close(store, found, render(found), beside=beside, objects=objects, page=page, json=json, verdict=verdict)
