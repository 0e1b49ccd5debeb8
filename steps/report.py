"""`report`: the page, the data behind it, and the seal; made from what the store holds of a run, and nothing else.

It runs in the exit handler, whatever became of the run, so a missing or damaged object is a reason on the page. It fails when the
run did, but only after everything is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from steps.errors import LabError
from steps.evidence import Evidence, fetch, read
from steps.model import Report, RunVerdict
from steps.page import render
from steps.page.samples import samples
from steps.seal import next_name, seal
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
    objects, unread = fetch(store, prefix)
    evidence = own(read(objects, run=run, prefix=prefix, status=status, failures=text_of(failures)), task)
    whole = with_problems(evidence, unread)
    found = report_of(whole)
    html, data = render(found), found.to_json()
    for path, text in ((page, html), (json, data), (verdict, found.verdict.value)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    made = {
        "report/index.html": html.encode(),
        "report/report.json": data.encode(),
        "report/samples.csv": samples(found, whole).encode(),
    }
    for key, content in made.items():
        store.put(f"{prefix}/{key}", content)
    sealed = seal({**objects, **made}, run=run, verdict=found.verdict)
    store.put(f"{prefix}/{next_name(objects)}", sealed.to_json())
    raise_if_failed(found)


def own(evidence: Evidence, task: str) -> Evidence:
    """The evidence without what the workflow says of other experiments of its phase.

    Argo names the failed nodes of the whole workflow. Where the task of this experiment is not among them, none of them is of it;
    that its own part was never begun is seen from what it stored.
    """
    if not task or any(node.name == task for node in evidence.failures):
        return evidence
    return replace(evidence, status="Succeeded", failures=())


def text_of(failures: Path) -> str:
    """What the workflow says of its failures; nothing, when it says nothing."""
    return failures.read_text(encoding="utf-8", errors="replace") if failures.is_file() else ""


def with_problems(evidence: Evidence, unread: tuple[str, ...]) -> Evidence:
    return replace(evidence, problems=(*evidence.problems, *unread))


def raise_if_failed(found: Report) -> None:
    if found.verdict is RunVerdict.FAILED:
        more = f" (and {len(found.reasons) - 1} more)" if len(found.reasons) > 1 else ""
        message = f"the run failed: {found.reasons[0]}{more}; the report shows what there is"
        raise LabError(message)
