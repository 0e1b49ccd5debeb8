"""A ramp's run as its steps would leave it, of contenders whose capacities are known: for tests of its report, and to look at."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from phases.phase_04 import PHASE
from steps.drivers.search import Knee, Until, judged, search
from steps.model import (
    Cell,
    CellOutcome,
    Experiment,
    LoadRecord,
    Measurement,
    Plan,
    Probe,
    Ramp,
    Search,
    TeardownRecord,
    Window,
)
from steps.model.metric import at_share
from tests.steps.simulated_cell import RUN, at, environment, outcome_of

CAPACITIES = {"direct": 26_000.0, "nginx": 8_900.0, "haproxy": 9_800.0, "envoy": 6_100.0, "traefik": 4_200.0, "caddy": 3_300.0}
DRIVER_RPS = 19_200.0


@dataclass(frozen=True)
class Climb:
    """What happens in a simulated run of a ramp."""

    capacities: Mapping[str, float] = field(default_factory=lambda: CAPACITIES)
    driver_rps: float = DRIVER_RPS
    driver_rps_of: Mapping[str, float] = field(default_factory=dict)  # cell id → where the driver ends there
    suspect: Mapping[str, str] = field(default_factory=dict)  # cell id → why
    failing: Mapping[str, str] = field(default_factory=dict)  # contender → why
    seed: int = 4


def gateway_capacity(*, preview: bool = False) -> Experiment:
    """The experiment that is simulated."""
    given = next(each for each in PHASE.experiments if each.name == "gateway-capacity")
    whole = given.model_copy(update={"phase": "phase-4"})
    return whole.as_preview() if preview else whole


def simulate(experiment: Experiment, story: Climb | None = None) -> dict[str, bytes]:
    """Every object of a run, by its key below the run's prefix."""
    told = story or Climb()
    plan = Plan.of(experiment, run=RUN, seed=told.seed)
    objects = {
        "experiment.json": experiment.to_json().encode(),
        "plan.json": plan.to_json().encode(),
        "environment.json": environment().to_json().encode(),
        "teardown.json": TeardownRecord(run=RUN, cell=None, at=at(9999)).to_json().encode(),
    }
    for number, cell in enumerate(plan.cells):
        load, outcome = _cell(cell, experiment, told, number)
        objects[f"cells/{cell.id}/load/load.json"] = load.to_json().encode()
        objects[f"cells/{cell.id}/outcome.json"] = outcome.to_json().encode()
    return objects


def _cell(cell: Cell, experiment: Experiment, story: Climb, number: int) -> tuple[LoadRecord, CellOutcome]:
    (load,) = experiment.loads
    assert isinstance(load, Ramp)
    chance = random.Random(f"{story.seed} {cell.id}")
    capacity = story.capacities[cell.contender] * chance.gauss(1, 0.02)
    until = Until.of(load, story.driver_rps_of.get(cell.id, story.driver_rps))
    knee, probes = _searched(load, until, capacity, chance)
    found = Search(ends_rps=until.rps, ends_why=until.why, probes=probes)
    failure, suspicion = story.failing.get(cell.contender), story.suspect.get(cell.id)
    record = LoadRecord(run=RUN, cell=cell.id, load=load, search=found, failure=failure)
    if failure:
        return record, outcome_of(cell, experiment, status="failed", reasons=(failure,))
    begin = number * 45.0
    outcome = outcome_of(
        cell,
        experiment,
        status="suspect" if suspicion else "ok",
        reasons=(suspicion,) if suspicion else (),
        measurements=tuple(_measured(metric.name, knee, capacity, chance) for metric in experiment.metrics),
        window=Window(
            started_at=at(begin), ended_at=at(begin + 21), start_ns=round(begin * 1e9), end_ns=round((begin + 21) * 1e9)
        ),
    )
    return record, outcome


def _searched(load: Ramp, until: Until, capacity: float, chance: random.Random) -> tuple[Knee, tuple[Probe, ...]]:
    searching, probes = search(load, until), []
    rate = next(searching)
    while True:
        p99_ms = _p99_ms(rate, capacity) * chance.lognormvariate(0, 0.1)
        late_ms, planned = 0.1, round(rate * load.probe_s)
        given = {"planned": planned, "p50_ms": p99_ms / 3, "p99_ms": p99_ms, "errors": 0.0, "sent": 1.0, "late_ms": late_ms}
        probes.append(judged(load.slo, rate_rps=rate, **given))
        try:
            rate = searching.send(probes[-1])
        except StopIteration as done:
            return done.value, tuple(probes)


def _p99_ms(rate: float, capacity: float) -> float:
    """A p99 that meets 20 ms at the capacity, and is a backlog above."""
    share = rate / capacity
    return 0.5 + 0.5 / (1.026 - share) if share < 1 else 20 + 900 * (1 - 1 / share)


def _measured(name: str, knee: Knee, capacity: float, chance: random.Random) -> Measurement:
    share = at_share(name)
    if share is None:
        return Measurement(metric=name, value=knee.rps, reason=knee.reason, at_least=knee.at_least_rps)
    if knee.rps is None:
        return Measurement(metric=name, value=None, reason=f"the knee is not known: {knee.reason}")
    plain, percent = share
    value = _p99_ms(knee.rps * percent / 100, capacity) if plain == "p99_ms" else 4e5 / capacity
    return Measurement(metric=name, value=value * chance.lognormvariate(0, 0.05))
