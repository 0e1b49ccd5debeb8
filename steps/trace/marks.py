"""How `load` and `trace` of a cell find each other: small objects in the store, beside what the cell leaves.

    trace.ready    from trace, before the load begins: {"reason"}, null where a trace can be had
    trace.begun    from load, once its measured window is over: {"end_ns"} of the traced load that has just begun, or {"reason"};
                   of pods {}: the load waits for
    trace.attached from trace of pods: {"end_unix_ns"} until when its tracer will count

Waiting is limited: either step may have died. A moment is of CLOCK_MONOTONIC, which is one for all on a machine, or of the wall
clock, for a load on another node.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from steps.errors import MeasureError, MissingObject
from steps.model import Experiment, Load
from steps.store import Store

READY, BEGUN, ATTACHED = "trace.ready", "trace.begun", "trace.attached"
SILENT = "the load did not say why it was not sent for the trace"
POLL_S = 0.2
MORE_S = 60.0  # than a load may take: checks, canaries, the store


class Marks:
    """The marks of one cell."""

    def __init__(self, store: Store, folder: str) -> None:
        self._store = store
        self._folder = folder

    @classmethod
    def of(cls, experiment: Experiment, run: str, cell: str, environment: Mapping[str, str] | None = None) -> Marks:
        """Raises UsageError: the environment names no store."""
        return cls(Store.from_environment(environment), f"{experiment.key}/{run}/cells/{cell}")

    def put(self, name: str, **said: Any) -> None:
        """Raises StoreError."""
        self._store.put(f"{self._folder}/{name}", json.dumps(said))

    def wait(self, name: str, *, within_s: float) -> dict[str, Any]:
        """What a mark says, once it is there. Raises MeasureError: not in time; StoreError."""
        give_up = time.monotonic() + within_s
        while True:
            try:
                said: dict[str, Any] = json.loads(self._store.get(f"{self._folder}/{name}"))
            except MissingObject:
                if time.monotonic() > give_up:
                    message = f"{name} did not come within {within_s:g} s"
                    raise MeasureError(message) from None
                time.sleep(POLL_S)
            else:
                return said

    def await_load(self, load: Load) -> dict[str, Any]:
        """What the load says once its measured window is over. Nobody asks the store while it lasts. Raises as `wait` does."""
        time.sleep(load.warmup_s + load.window_s)
        return self.wait(BEGUN, within_s=load.longest_s + MORE_S)
