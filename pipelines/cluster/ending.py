"""Ends runs on a cluster: stop, terminate and delete. After a terminate nothing of the run may stay, so what it left is swept."""

from __future__ import annotations

from contextlib import suppress

from pipelines.cluster import follow, runs, sweeping
from pipelines.cluster.api import Argo, Document
from pipelines.local.nodes import ENDED
from steps.errors import ConflictError, UsageError
from steps.places import pod_removal
from steps.places.pods import selector
from steps.places.tracer_pod import namespace_of
from steps.refusals import Denied

SPARED_S = 7200.0  # what names a run but belongs to no Workflow is left alone for so long


def stop(api: Argo, document: Document) -> str:
    """Asks a run to stop: its exit handler still runs. Raises UsageError: it is over; ClusterError."""
    name = _under_way(document)
    api.shut_down(name, "Stop")
    return f"run {name} was asked to stop; its exit handler still runs: watch {name}"


def terminate(api: Argo, document: Document, *, dry_run: bool = False) -> list[str]:
    """Ends a run without its exit handler, waits until it is over, and removes what it left. Says what was done.

    Raises UsageError: it is over; LeftBehind: something would not go; ClusterError.
    """
    name = _under_way(document)
    if dry_run:
        return [f"would end run {name} ({follow.phase(document)}) in namespace {api.namespace}, and remove what it left"]
    api.shut_down(name, "Terminate")
    last = document
    for last in follow.changes(api, api.workflow(name), patience_s=60):  # noqa: B007
        pass
    return [f"run {name} is over: {follow.phase(last)}", *_swept(api)]


def _swept(api: Argo) -> list[str]:
    """What lost runs left in the namespace is removed; Argo Server has no way to it, so the sweeper must."""
    if api.kube is None:
        return ["what it left goes with `delete`, or when the sweeper next comes: Argo Server cannot remove it"]
    return sweeping.sweep(api.kube, time_to_live_s=SPARED_S) or ["nothing of it was left"]


def delete(api: Argo, document: Document, *, force: bool, dry_run: bool) -> str:
    """Removes a run from the cluster with all that it owns; its results in the store stay.

    Raises UsageError: it is under way, and that is not forced; ClusterError.
    """
    name: str = document["metadata"]["name"]
    if not follow.over(document) and not force:
        message = f"run {name} is under way: stop it first (python -m pipelines stop {name}), or delete it with --force"
        raise UsageError(message)
    if dry_run:
        return f"would delete run {name} ({follow.phase(document)}) from namespace {api.namespace}; its results stay in the store"
    api.delete(name)
    _forget_tracers(api, runs.run_of(document))
    return f"run {name} is deleted; its results stay in the store"


def _forget_tracers(api: Argo, run: str) -> None:
    """A run's components go with its Workflow; nothing is owned across namespaces. Who may not look leaves it to the sweeper."""
    if api.kube is not None:
        with suppress(Denied):
            pod_removal.remove_tracers(api.kube.into(namespace_of(api.namespace)), selector(run, None))


def _under_way(document: Document) -> str:
    name: str = document["metadata"]["name"]
    if follow.over(document):
        message = f"run {name} is not under way: it is over ({follow.phase(document)})"
        raise UsageError(message)
    return name


def ended(api: Argo, document: Document) -> Document:
    """A run that is over, as `retry` wants it. Raises ConflictError: it is under way, or being finished already."""
    run = runs.run_of(document)
    under_way = [each.name for each in api.briefs() if each.run == run and each.phase not in ENDED]
    if under_way or not follow.over(document):
        what = ", ".join(under_way) or run
        message = f"run {run} is under way in namespace {api.namespace} ({what}): wait for it, or stop it"
        raise ConflictError(message)
    return document
