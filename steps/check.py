"""`check`: what a pod of the lab sees: the store, the API, the clock. `doctor --argo` runs it in the cluster.

It reports and does not judge: each finding is a text, and `doctor` says what mends it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from steps.errors import LabError
from steps.kube import Kube
from steps.store import Store

KEY = "doctor/probe"


def run(*, found: Path) -> None:
    """Writes what was found as JSON: {"store", "store_error", "clock_s", "clock_error"}; what could not be found out is null."""
    said = {**_store(), **_clock()}
    print(json.dumps(said))
    found.write_text(json.dumps(said))


def _store() -> dict[str, str | None]:
    """Whether the store keeps what it is given."""
    try:
        store = Store.from_environment()
        store.ensure_bucket()
        store.put(KEY, "kept")
        kept = store.get(KEY)
        store.delete(KEY)
    except LabError as error:
        return {"store": None, "store_error": str(error)}
    where = f"bucket {store.bucket} at {store.endpoint}"
    return {"store": where, "store_error": None if kept == b"kept" else f"{where} gave back other bytes than it was given"}


def _clock() -> dict[str, float | str | None]:
    """How far this node's clock is ahead of the API server's, in seconds; the API tells whole seconds."""
    try:
        api = Kube.in_pod().clock()
    except LabError as error:
        return {"clock_s": None, "clock_error": str(error)}
    ahead_s = (datetime.now(UTC) - api).total_seconds()
    return {"clock_s": round(ahead_s - 0.5, 1), "clock_error": None}
