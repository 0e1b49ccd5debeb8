"""A run's page and data on this machine: fetched from the store, whoever ran it."""

from __future__ import annotations

import shutil
from pathlib import Path

from steps.model import Experiment, Plan
from steps.store import Store


def bring(store: Store, prefix: str, target: Path) -> Path | None:
    """Brings everything below a run's prefix to `target`, the page on top and the data in raw/. None: there is no page.

    Raises StoreError.
    """
    if not store.exists(f"{prefix}/report/index.html"):
        return None
    shutil.rmtree(target / "raw", ignore_errors=True)
    for key in store.list(f"{prefix}/"):
        own = key.removeprefix(f"{prefix}/")
        store.download(key, target / (own.removeprefix("report/") if own.startswith("report/") else f"raw/{own}"))
    return target / "index.html"


def missing(store: Store, experiment: Experiment, run: str) -> tuple[str, ...]:
    """The cells of a run without a valid outcome: what a retry would make. Raises StoreError."""
    from steps.provision import valid

    prefix = f"{experiment.key}/{run}"
    kept = {key for key in store.list(f"{prefix}/cells/") if key.endswith("/outcome.json")}
    keys = {cell.id: f"{prefix}/cells/{cell.id}/outcome.json" for cell in Plan.of(experiment, run=run, seed=0).cells}
    return tuple(cell for cell, key in keys.items() if key not in kept or not valid(store, key, experiment))
