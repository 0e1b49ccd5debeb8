"""A run's page and data on this machine: fetched from the store, whoever ran it."""

from __future__ import annotations

import shutil
from pathlib import Path

from steps.errors import MissingObject
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
    """The cells of a run that a retry would make: those without a valid outcome, else further rounds. Raises StoreError."""
    from steps.provision import remaining

    prefix = f"{experiment.key}/{run}"
    try:
        plan = Plan.from_json(store.get(f"{prefix}/plan.json"), source=f"{prefix}/plan.json")
    except MissingObject:
        return Plan.of(experiment, run=run, seed=0).todo
    return remaining(store, prefix, plan, experiment).todo
