"""How a report comes about, whatever it is of: evidence is gathered, and what was made of it is written, stored and sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from steps.errors import LabError
from steps.evidence import Evidence, fetch, read
from steps.model import Report, RunVerdict
from steps.seal import next_name, seal
from steps.store import Store


def gather(store: Store, *, run: str, prefix: str, task: str, status: str, failures: Path) -> tuple[dict[str, bytes], Evidence]:
    """What the store holds below `prefix`, and what it says. Raises StoreError: the store does not list.

    status, failures: what the workflow says of itself (`workflow.status`, `workflow.failures`).
    task: which task of a phase's workflow this run is; empty: the workflow is this run alone.
    """
    objects, unread = fetch(store, prefix)
    text = failures.read_text(encoding="utf-8", errors="replace") if failures.is_file() else ""
    evidence = _own(read(objects, run=run, prefix=prefix, status=status, failures=text), task)
    return objects, replace(evidence, problems=(*evidence.problems, *unread))


def close(
    store: Store,
    found: Report,
    html: str,
    *,
    beside: Mapping[str, str],
    objects: Mapping[str, bytes],
    page: Path,
    json: Path,
    verdict: Path,
) -> None:
    """Writes a report here and into the store, and seals its run.

    beside: further texts below `report/`, by name; objects: what the run has stored so far.
    Raises LabError: the verdict is Failed, after everything is stored; StoreError: the store does not keep.
    """
    data = found.to_json()
    for path, text in ((page, html), (json, data), (verdict, found.verdict.value)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    texts = {"index.html": html, "report.json": data, **beside}
    made = {f"report/{name}": text.encode() for name, text in texts.items()}
    for key, content in made.items():
        store.put(f"{found.prefix}/{key}", content)
    sealed = seal({**objects, **made}, run=found.run, verdict=found.verdict)
    store.put(f"{found.prefix}/{next_name(objects)}", sealed.to_json())
    if found.verdict is RunVerdict.FAILED:
        more = f" (and {len(found.reasons) - 1} more)" if len(found.reasons) > 1 else ""
        message = f"the run failed: {found.reasons[0]}{more}; the report shows what there is"
        raise LabError(message)


def _own(evidence: Evidence, task: str) -> Evidence:
    """The evidence without what the workflow says of other experiments of its phase.

    Argo names the failed nodes of the whole workflow. Where the task of this experiment is not among them, none of them is of it;
    that its own part was never begun is seen from what it stored.
    """
    if not task or any(node.name == task for node in evidence.failures):
        return evidence
    return replace(evidence, status="Succeeded", failures=())
