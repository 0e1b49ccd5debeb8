"""`extend`: which further rounds does the evidence need? It comes after the cells, and the cells that it names come after it.

An empty list is the usual answer. What is to be added is decided in `steps.statistics.rounds`; here the evidence is read, and
the plan is stored before its cells begin, so that a run which breaks off among them is finished by `retry` and adds none twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from steps.errors import MissingObject, UsageError
from steps.evidence import READERS
from steps.model import CellOutcome, Experiment, Plan, now
from steps.statistics import rounds
from steps.store import Store


def run(*, prefix: str, plan: Path) -> None:
    """Adds to the stored plan what its evidence lacks, and gives the list of the added cells, often an empty one.

    Raises StoreError, UsageError: experiment or plan cannot be read, or the plan cannot be stored.
    """
    store = Store.from_environment()
    asked = Experiment.from_json(store.get(f"{prefix}/experiment.json"), source=f"{prefix}/experiment.json")
    before = Plan.from_json(store.get(f"{prefix}/plan.json"), source=f"{prefix}/plan.json")
    todo = _handed_out(store, prefix, before)
    if not todo:
        made = due(store, prefix, asked, before)
        if made is not before:
            store.put(f"{prefix}/plan.json", made.to_json())
            todo = made.todo
    plan.write_text(json.dumps(todo))


def due(store: Store, prefix: str, experiment: Experiment, plan: Plan) -> Plan:
    """The plan with the rounds that are due after what its cells came to; the same plan, when none are. Raises StoreError."""
    return rounds.extended(experiment, plan, _outcomes(store, prefix, (cell.id for cell in plan.cells)), at=now())


def _handed_out(store: Store, prefix: str, plan: Plan) -> tuple[str, ...]:
    """The newest extension's cells when none of them has begun: an attempt of this step added them, and its word was lost."""
    newest = plan.extensions[-1].cells if plan.extensions else ()
    return newest if not any(any(store.list(f"{prefix}/cells/{cell}/")) for cell in newest) else ()


def _outcomes(store: Store, prefix: str, cells: Iterable[str]) -> dict[str, CellOutcome]:
    """The outcomes that there are and that can be read, by cell."""

    def one(cell: str) -> CellOutcome | None:
        key = f"{prefix}/cells/{cell}/outcome.json"
        try:
            return CellOutcome.from_json(store.get(key), source=key)
        except (MissingObject, UsageError):
            return None

    with ThreadPoolExecutor(max_workers=READERS) as pool:
        return {found.cell: found for found in pool.map(one, cells) if found is not None}
