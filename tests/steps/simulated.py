"""A run's objects as its steps would leave them, from known distributions: what the report is tested and looked at with."""

from __future__ import annotations

from phases.phase_04 import PHASE
from steps.model import (
    Cell,
    CellOutcome,
    DeployRecord,
    Experiment,
    Model,
    Plan,
    TeardownRecord,
)
from steps.statistics.rounds import extended
from tests.steps.simulated_cell import NATURES, RUN, Nature, Simulation, Story, at, environment, outcome_of


def gateway_comparison(*, preview: bool = False) -> Experiment:
    """The experiment that is simulated."""
    given = next(each for each in PHASE.experiments if each.name == "gateway-comparison")
    whole = given.model_copy(update={"phase": "phase-4"})
    return whole.as_preview() if preview else whole


def small(**changes: object) -> Experiment:
    """The same experiment at 100 requests/s for 4 s: simulated in a fraction of a second."""
    given = gateway_comparison()
    load = given.loads[0].model_copy(update={"rate_rps": 100.0, "duration_s": 4.0, "warmup_s": 1.0})
    return given.model_copy(update={"loads": (load,), **changes})


def tiny() -> Experiment:
    """Two of its gateways: a third of the objects."""
    given = small()
    two = tuple(each for each in given.contenders if each.name in {"nginx", "envoy"})
    return given.model_copy(update={"contenders": two, "hypotheses": given.hypotheses[:1]})


SIMULATED: dict[tuple[str, str], dict[str, bytes]] = {}  # each run is simulated once


def simulate(experiment: Experiment, story: Story | None = None) -> dict[str, bytes]:
    """Every object of a run, by its key below the run's prefix."""
    told = story or Story()
    key = (experiment.to_json(), repr(told))
    if key not in SIMULATED:
        SIMULATED[key] = _simulate(experiment, told)
    return dict(SIMULATED[key])


def _simulate(experiment: Experiment, told: Story) -> dict[str, bytes]:
    plan = Plan.of(experiment, run=RUN, seed=told.seed)
    objects: dict[str, bytes] = {}
    _put(objects, "experiment.json", experiment)
    _put(objects, "environment.json", environment())
    _cells(objects, plan, experiment, told)
    while told.extended and (further := extended(experiment, plan, _outcomes(objects, plan), at=at(0))) is not plan:
        plan = further
        _cells(objects, plan, experiment, told)
    _put(objects, "plan.json", plan)
    last = TeardownRecord(run=RUN, cell=None, at=at(9999), left=told.left)
    _put(objects, "teardown.json", last)
    return objects


def _cells(objects: dict[str, bytes], plan: Plan, experiment: Experiment, told: Story) -> None:
    """The objects of the cells that are to be done."""
    for number, cell in enumerate(plan.cells):
        if cell.id in plan.todo and cell.id not in told.missing:
            for name, content in _cell(cell, experiment, told, number).items():
                objects[f"cells/{cell.id}/{name}"] = content


def _outcomes(objects: dict[str, bytes], plan: Plan) -> dict[str, CellOutcome]:
    keys = {cell.id: f"cells/{cell.id}/outcome.json" for cell in plan.cells}
    return {cell: CellOutcome.from_json(objects[key], source=key) for cell, key in keys.items() if key in objects}


def _put(objects: dict[str, bytes], key: str, value: Model) -> None:
    objects[key] = value.to_json().encode()


def _cell(cell: Cell, experiment: Experiment, story: Story, number: int) -> dict[str, bytes]:
    arm = experiment.component(cell.contender)
    load = next(each for each in experiment.loads if each.label == cell.load)
    objects: dict[str, bytes] = {}
    failure = story.failing.get(cell.id) or story.failing.get(cell.contender)
    _put(objects, "teardown.json", TeardownRecord(run=RUN, cell=cell.id, at=at(number * 18 + 17)))
    objects[f"logs/{cell.contender}.log"] = b"started\n"
    if failure:
        _put(objects, "deploy.json", DeployRecord(run=RUN, cell=cell.id, at=at(number * 18), failure=failure))
        _put(objects, "outcome.json", outcome_of(cell, experiment, status="failed", reasons=(failure,)))
        return objects
    made = Simulation(cell, arm, experiment, load, story=story, number=number)
    return {**objects, **made.objects()}


__all__ = ["NATURES", "RUN", "Nature", "Story", "gateway_comparison", "simulate", "small", "tiny"]
