"""The sweeper's work, done from here: what lost runs left goes, and then the store is told."""

from __future__ import annotations

from pipelines.cluster import report
from steps.errors import LabError
from steps.kube import Kube
from steps.places import lost, lost_ledgers


def sweep(kube: Kube, *, time_to_live_s: float, dry_run: bool = False) -> list[str]:
    """Removes what lost runs left in the namespace and closes their ledgers; says what was done, or with `dry_run` would be.

    That the store cannot be told is said, and left to the sweeper. Raises LeftBehind, ClusterError.
    """
    found = lost.sweep(kube, time_to_live_s=time_to_live_s, dry_run=dry_run)
    if dry_run:
        return [f"would remove {each}" for each in found]
    return [f"removed {each}" for each in found] + _told(kube)


def _told(kube: Kube) -> list[str]:
    if not lost_ledgers.gone(kube):
        return []
    try:
        with report.store_of(kube) as store:
            return [f"closed in the ledger: {each}" for each in lost_ledgers.close(kube, store)]
    except LabError as error:
        return [f"the store could not be told: {error}; the sweeper will try again"]
