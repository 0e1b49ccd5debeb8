"""The sweeper's work, done from here: what lost runs left goes, and then the store is told."""

from __future__ import annotations

from pipelines.cluster import report
from steps.errors import LabError
from steps.kube import Kube
from steps.places import lost, lost_ledgers, tracer_pod
from steps.refusals import Denied


def sweep(kube: Kube, *, time_to_live_s: float, dry_run: bool = False) -> list[str]:
    """Removes what lost runs left in the namespace and closes their ledgers; says what was done, or with `dry_run` would be.

    That the store cannot be told is said, and left to the sweeper. Raises LeftBehind, ClusterError.
    """
    tracing, unseen = _tracing(kube)
    found = lost.sweep(kube, time_to_live_s=time_to_live_s, tracing=tracing, dry_run=dry_run)
    if dry_run:
        return [f"would remove {each}" for each in found] + unseen
    return [f"removed {each}" for each in found] + unseen + _told(kube, tracing)


def _tracing(kube: Kube) -> tuple[Kube | None, list[str]]:
    """The namespace of the tracers, if this one looks after some, and what is to be said of it."""
    tracing = kube.into(tracer_pod.namespace_of(kube.namespace))
    try:
        tracing.list("Pod")
    except Denied as error:
        return None, [f"tracers were not looked for: {error}"] if _there(tracing) else []
    return tracing, []


def _there(tracing: Kube) -> bool:
    """Whether there is such a namespace; True too where that may not be known."""
    try:
        return tracing.get("Namespace", tracing.namespace) is not None
    except Denied:
        return True


def _told(kube: Kube, tracing: Kube | None) -> list[str]:
    if not lost_ledgers.gone(kube, tracing):
        return []
    try:
        with report.store_of(kube) as store:
            return [f"closed in the ledger: {each}" for each in lost_ledgers.close(kube, store, tracing=tracing)]
    except LabError as error:
        return [f"the store could not be told: {error}; the sweeper will try again"]
