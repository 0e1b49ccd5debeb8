"""`teardown`: ends and removes what belongs to a cell, or to the run, and proves that it is gone.

It needs nothing of the steps before it and runs whatever became of them; a second time it finds nothing and is content. The
store may be what broke: everything is removed first, and only then is the store told.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from steps.errors import LeftBehind, StoreError
from steps.model import TeardownRecord, now
from steps.places import here


def run(*, run: str, cell: str, prefix: str, record: Path, logs: Path, environment: Mapping[str, str] | None = None) -> None:
    """Tears a cell down; its components' logs and configurations are in `logs`, what happened in `record`.

    Raises LeftBehind: something is still there; StoreError: all is gone, but the store could not be told.
    """
    logs.mkdir(parents=True, exist_ok=True)
    _tear_down(run, cell, prefix=prefix, record=record, logs=logs, environment=environment)


def run_all(*, run: str, prefix: str, record: Path, environment: Mapping[str, str] | None = None) -> None:
    """The same for all that is left of the whole run."""
    _tear_down(run, None, prefix=prefix, record=record, logs=None, environment=environment)


def _tear_down(
    run: str, cell: str | None, *, prefix: str, record: Path, logs: Path | None, environment: Mapping[str, str] | None
) -> None:
    place = here(os.environ if environment is None else environment)
    ledger = place.ledger(run, prefix=prefix)
    removal = place.remove(run, cell, ledger=ledger, logs=logs)
    unclosed, reason = ((), None) if removal.left else ledger.close(cell, proof=removal.proof)
    done = TeardownRecord(run=run, cell=cell, at=now(), removed=removal.removed, left=removal.left, unclosed=unclosed)
    record.write_text(done.to_json())
    of_what = f"cell {cell}" if cell else f"run {run}"
    if removal.left:
        message = f"{of_what}: still there after teardown: {', '.join(removal.left)}"
        raise LeftBehind(message)
    if reason is not None:
        message = f"{of_what} is gone, but {len(unclosed)} of its ledger entries could not be closed in the store: {reason}"
        raise StoreError(message) from reason
