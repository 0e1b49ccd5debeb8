"""Starts runs on a cluster: the WorkflowTemplates first, then the Workflow that is the run.

A run is named here and not by the cluster, so that its name is known before anything is sent: what was sent twice because an
answer got lost is told from what another created.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from pipelines.cluster import runs
from pipelines.cluster.api import RUN, Argo, Document
from steps.errors import ClusterError, ConflictError, ManifestError
from steps.kube import KINDS
from steps.model import Experiment
from steps.refusals import Unreachable

T = TypeVar("T")

PATIENCE_S = 60.0
# The controller learns of templates and Workflows by two watches: a Workflow that it saw first ended as "not found" (4.1.2), and
# would use an older template where there is one.
SEEN_AFTER_S = 1.0
TESTED, OLDEST = "4.1", (4, 0)  # of Argo Workflows: what the manifests were run on, and the oldest that takes them
_SUBMISSION = "benchlab.dev/submission"  # which call of ours created it
_OF_THE_CLUSTER = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")


def documents(chosen: Sequence[Experiment], *, declared: Sequence[Experiment], image: str | None) -> list[Document]:
    """What is created for experiments, checked as far as that can be done here. Raises ManifestError, UsageError.

    chosen: as they will run; declared: as their author wrote them, which is what the templates are made of.
    """
    from pipelines import lint, manifest
    from pipelines.costs import budget

    for each in chosen:
        budget.check(each)
    made = manifest.documents(chosen, declared=declared, image=image)
    if problems := lint.of_documents(made):
        raise ManifestError(problems[0])
    return made


def submit(api: Argo, documents: Sequence[Document], *, at: datetime | None = None, dry_run: bool = False) -> Document:
    """Creates what the documents say, of which the last is the Workflow, and returns that.

    dry_run: the cluster checks everything and keeps nothing. Raises ClusterError, ConflictError.
    """
    check_version(api)  # also the first contact: a wrong address fails here at once, and is not insisted on
    *templates, workflow = documents
    for template in templates:
        _insisting(lambda each=template: api.offer(each, dry_run=dry_run))  # type: ignore[misc]
    if templates and not dry_run:
        time.sleep(SEEN_AFTER_S)
    return create(api, named(workflow, at or datetime.now(UTC)), dry_run=dry_run)


def check_version(api: Argo) -> None:
    """Raises ClusterError: this Argo is too old. One that does not tell its version is tried."""
    version = api.version()
    numbers = tuple(int(part) for part in version.removeprefix("v").split(".")[:2] if part.isdigit())
    if len(numbers) == 2 and numbers < OLDEST:
        message = f"{api.where} is version {version}: the manifests need {'.'.join(map(str, OLDEST))} or later (run on {TESTED})"
        raise ClusterError(message)


def named(workflow: Document, at: datetime) -> Document:
    """The Workflow under the name that the run will have: `gateway-comparison-20261123-164000`."""
    metadata = {key: value for key, value in workflow["metadata"].items() if key not in {"generateName", *_OF_THE_CLUSTER}}
    name = metadata.get("name") or f"{workflow['metadata']['generateName']}{at.astimezone(UTC):%Y%m%d-%H%M%S}"
    labels = {RUN: name} | metadata.get("labels", {})
    labels = {key: name if "{{" in value else value for key, value in labels.items()}
    return stamped({**workflow, "metadata": {**metadata, "name": name, "labels": labels}})


def stamped(workflow: Document) -> Document:
    """The Workflow with a mark by which we know it again."""
    metadata = workflow["metadata"]
    annotations = metadata.get("annotations", {}) | {_SUBMISSION: uuid.uuid4().hex}
    return {**workflow, "metadata": {**metadata, "annotations": annotations}}


def create(api: Argo, workflow: Document, *, dry_run: bool) -> Document:
    """Creates a named Workflow, once. Raises ConflictError: there is another of that name; ClusterError."""
    metadata = workflow["metadata"]
    try:
        return _insisting(lambda: api.create(workflow, dry_run=dry_run))
    except ConflictError as error:
        # The answer to an earlier attempt may have got lost on its way to us.
        found = api.workflow(metadata["name"])
        if found["metadata"].get("annotations", {}).get(_SUBMISSION) == metadata["annotations"][_SUBMISSION]:
            return found
        message = f"there is a run {metadata['name']} in namespace {api.namespace} already: try again in a second"
        raise ConflictError(message) from error


def _insisting(call: Callable[[], T]) -> T:
    """Tries again while there is no answer, for a while. Raises ClusterError."""
    until = time.monotonic() + PATIENCE_S
    attempt = 0
    while True:
        try:
            return call()
        except Unreachable:
            if time.monotonic() > until:
                raise
        time.sleep(min(5.0, 0.5 * 2**attempt))
        attempt += 1


def continued(document: Document, *, part: int = 2) -> Document:
    """The Workflow that finishes a run: the same spec as was executed, with `run` being the old one's.

    part: how many Workflows make this run with it, which is in its name; a short one, for pods are named after it.
    `provision` then plans only the cells without a valid outcome. Argo's own retry would leave a failed step alone once something
    after it had succeeded.
    """
    run = runs.run_of(document)
    status, spec, metadata = document.get("status") or {}, document["spec"], document["metadata"]
    executed = {**(status.get("storedWorkflowTemplateSpec") or spec)}
    # Its metadata would put the new Workflow's name where the run's belongs.
    for field in ("workflowTemplateRef", "workflowMetadata", "shutdown", "suspend"):
        executed.pop(field, None)
    values = runs.arguments(document) | {"run": run}
    executed["arguments"] = {"parameters": [{"name": name, "value": value} for name, value in values.items()]}
    kept = {key: value for key, value in metadata.get("labels", {}).items() if key.startswith("benchlab.dev/")}
    titles = {key: value for key, value in metadata.get("annotations", {}).items() if key.startswith("workflows.argoproj.io/")}
    return {
        "apiVersion": KINDS["Workflow"].version,
        "kind": "Workflow",
        "metadata": {
            "name": f"{run}-{part}",
            "labels": kept | {RUN: run},
            "annotations": titles,
        },
        "spec": executed,
    }
