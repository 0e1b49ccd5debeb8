"""`provision`: is this place fit to measure, what is it like, and which cells are to be made?

It fails before anything is deployed when the store does not keep what it is given. A run that is finished later (`retry`) comes
here again: it keeps the recorded order and plans only the cells without a valid outcome. There may be none: of a phase in which
other experiments lack some, or of a run that lost nothing but its report. A new run always has cells; but a review has none, and
nothing is calibrated for it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from steps import extend
from steps.drivers import canary
from steps.drivers.calibration import calibrate
from steps.errors import MissingObject, StoreError, UsageError
from steps.model import CellOutcome, Environment, Experiment, Plan, digest, now
from steps.places import here
from steps.statistics.unlike import circumstances, told
from steps.store import Store

CALIBRATION_S = 5.0
PREVIEW_CALIBRATION_S = 2.0
SONGS, PREVIEW_SONGS = 20, 10  # of the canary: 0.1 s each


def run(*, run: str, experiment: Path, stored: Path, plan: Path, environment: Path) -> None:
    """Checks the place, records it, calibrates the driver, stores the experiment and writes the plan.

    Raises StoreError, UsageError: the store is not fit, or the run cannot be gone on with here.
    """
    asked = Experiment.from_json(experiment.read_bytes(), source="the experiment")
    store = Store.from_environment()
    _prove_that_it_keeps(store, f"{asked.key}/{run}/probe")
    if asked.reviews:
        _same_definition(store, f"{asked.key}/{run}", asked)
        stored.write_text(asked.to_json())
        environment.write_text(here().facts(asked, run=run).to_json())
        plan.write_text("[]")
        return
    made, found = begin(store, asked, run=run, found=_circumstances(asked, run=run, folder=environment.parent))
    stored.write_text(asked.to_json())
    environment.write_text(found.to_json())
    plan.write_text(json.dumps(made.todo))


def begin(store: Store, asked: Experiment, *, run: str, found: Environment) -> tuple[Plan, Environment]:
    """Stores and returns the plan of a new run, or what is left of one that is gone on with, and the circumstances it has.

    found: the circumstances of now. Raises UsageError: the run was begun otherwise.
    """
    prefix = f"{asked.key}/{run}"
    earlier = _earlier(store, prefix)
    if earlier is None:
        made = Plan.of(asked, run=run, seed=_seed(run))
    else:
        _same_definition(store, prefix, asked)
        found = _same_place(store, prefix, found)
        made = _resumed(store, prefix, earlier, asked)
    if asked.budget_usd is not None:
        made = made.model_copy(update={"begun_at": now()})
    store.put(f"{prefix}/plan.json", made.to_json())
    return made, found


def _seed(run: str) -> int:
    """The same run name gives the same order; the plan records it."""
    return int.from_bytes(hashlib.sha256(run.encode()).digest()[:4], "big")


def _prove_that_it_keeps(store: Store, key: str) -> None:
    """Writes, reads back and removes an object. Raises StoreError."""
    store.ensure_bucket()
    said = now().encode()
    store.put(key, said)
    kept = store.get(key)
    store.delete(key)
    if kept != said:
        message = f"bucket {store.bucket} at {store.endpoint} gave back other bytes than it was given"
        raise StoreError(message)


def _circumstances(asked: Experiment, *, run: str, folder: Path) -> Environment:
    place = here()
    facts = place.facts(asked, run=run)
    driver_cpus, system_cpus = place.cores()
    quick = asked.preview and asked.shape != "ramp"  # a search ends where the driver does, so that has to be known well
    seconds = PREVIEW_CALIBRATION_S if quick else CALIBRATION_S
    calibration = calibrate(driver_cpus=driver_cpus, system_cpus=system_cpus, seconds=seconds)
    usual = canary.reference(folder, cpus=system_cpus, times=PREVIEW_SONGS if asked.preview else SONGS)
    return facts.model_copy(update={"calibration": calibration, "canary": usual})


def _earlier(store: Store, prefix: str) -> Plan | None:
    """The plan of this run's first part; None when there was none that got beyond this step."""
    try:
        text = store.get(f"{prefix}/plan.json")
    except MissingObject:
        return None
    begun = all(store.exists(f"{prefix}/{name}.json") for name in ("experiment", "environment"))
    return Plan.from_json(text, source=f"{prefix}/plan.json") if begun else None


def _same_definition(store: Store, prefix: str, asked: Experiment) -> None:
    """Raises UsageError: an earlier part of this run had another."""
    key = f"{prefix}/experiment.json"
    if not store.exists(key):
        return
    before = Experiment.from_json(store.get(key), source=key)
    if digest(before) != digest(asked):
        message = f"{prefix} was begun with another definition of {asked.name}: start a new run instead"
        raise UsageError(message)


def _same_place(store: Store, prefix: str, found: Environment) -> Environment:
    """The circumstances of the run's first part, which must be those of today. Raises UsageError naming what differs."""
    key = f"{prefix}/environment.json"
    before = Environment.from_json(store.get(key), source=key)
    differences = circumstances(before, found)
    if differences:
        message = f"{prefix} was begun in other circumstances ({'; '.join(map(told, differences))}): start a new run instead"
        raise UsageError(message)
    return before


def _resumed(store: Store, prefix: str, earlier: Plan, asked: Experiment) -> Plan:
    """The earlier plan with what is left to do of it. What earlier attempts left is set aside, not lost."""
    made = remaining(store, prefix, earlier, asked)
    for cell in made.todo:
        _set_aside(store, f"{prefix}/cells/{cell}")
    return made


def remaining(store: Store, prefix: str, earlier: Plan, asked: Experiment) -> Plan:
    """The plan with only those cells to do that have no valid outcome; where all have one, with the rounds that are due then."""
    todo = tuple(cell.id for cell in earlier.cells if not valid(store, f"{prefix}/cells/{cell.id}/outcome.json", asked))
    left = earlier.model_copy(update={"todo": todo})
    return left if todo else extend.due(store, prefix, asked, left)


def valid(store: Store, key: str, asked: Experiment) -> bool:
    """Whether the outcome under that key may be used in a run of this experiment."""
    try:
        outcome = CellOutcome.from_json(store.get(key), source=key)
    except (MissingObject, UsageError):
        return False
    return outcome.status != "failed" and outcome.experiment_digest == digest(asked)


def _set_aside(store: Store, here_: str) -> None:
    """Moves an attempt's objects to `earlier/N/`, so that none of them is taken for the next attempt's."""
    keys = [key for key in store.list(f"{here_}/") if not key.startswith(f"{here_}/earlier/")]
    number = 1 + len({key.split("/earlier/")[1].split("/")[0] for key in store.list(f"{here_}/earlier/")})
    for key in keys:
        store.put(f"{here_}/earlier/{number}/{key.removeprefix(f'{here_}/')}", store.get(key))
        store.delete(key)
