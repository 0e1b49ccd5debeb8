"""Removes what runs left that nobody carries on with: the lock is free, or another run holds it.

Called before a run and by hand. It needs no store; entries that the store still thinks open stay in the local ledger until
a sweep can tell it. `run` is the step of the cluster's sweeper, which does the same in a namespace.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steps import processes
from steps.errors import UsageError
from steps.kube import Kube
from steps.ledger import Ledger
from steps.places import leftovers
from steps.state import State, holder
from steps.store import Store


@dataclass(frozen=True)
class Swept:
    """What became of one run's leftovers."""

    run: str
    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    unclosed: tuple[str, ...] = ()  # ledger entries of which the store could not be told


def run(*, time_to_live_s: str, removed: Path, tracing: str | None = None) -> None:
    """Removes what lost runs left in the namespace of this pod; what it was is printed, and a list in `removed`.

    tracing: the namespace of its tracers, where tracing is installed.
    Their ledgers are closed after that: the store may be what broke.
    Raises LeftBehind, ClusterError, StoreError, UsageError.
    """
    from steps.places import lost, lost_ledgers

    try:
        patience_s = float(time_to_live_s)
    except ValueError as error:
        message = f"--time-to-live-s {time_to_live_s!r} is not a number of seconds"
        raise UsageError(message) from error
    kube = Kube.in_pod()
    tracers = kube.into(tracing) if tracing else None
    done = lost.sweep(kube, time_to_live_s=patience_s, tracing=tracers)
    print("\n".join(f"removed {each}" for each in done) or "nothing was left")
    removed.write_text(json.dumps(done))
    for each in lost_ledgers.close(kube, Store.from_environment(), tracing=tracers):
        print(f"closed in the ledger: {each}")


def sweep(state: State, environment: Mapping[str, str], *, own: str | None = None, dry_run: bool = False) -> list[Swept]:
    """Removes what every abandoned run left; with `dry_run` only says which those are.

    own: the run of the caller, who holds the lock and has not begun: what an earlier part of it left goes too.
    """
    return [Swept(run) if dry_run else _sweep(state, run, environment) for run in abandoned(state, own=own)]


def abandoned(state: State, *, own: str | None = None) -> list[str]:
    """The runs that have something here and that nobody carries on with."""
    found = holder(state.lock)
    if found is None:
        return state.runs()
    pid = found.get("pid")
    if not isinstance(pid, int) or processes.look(pid) is None:
        return []  # a run is just starting: the lock still says who had it before
    return [run for run in state.runs() if run != found.get("run") or run == own]


def _sweep(state: State, run: str, environment: Mapping[str, str]) -> Swept:
    """As a run's teardown does, and its steps' processes and scratch files too."""
    ledger = Ledger(state.ledger(run), prefix="", environment=environment)  # each entry knows its key in the store
    still_open = [entry for entry in ledger.entries() if not entry.closed_at]
    removal = leftovers.remove(state.work(run), entries=still_open, logs=state.kept_logs(run))
    unclosed = () if removal.left else ledger.close(None, proof=removal.proof)[0]
    return Swept(run, removal.removed, removal.left, unclosed)
