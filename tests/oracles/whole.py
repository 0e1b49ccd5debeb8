"""From simulated time to a report, through the code of every run: load's files, measure, the store's objects, findings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from steps.drivers.recording import Flown
from steps.evidence import read
from steps.measure import Inputs, outcome_of
from steps.model import (
    Calibration,
    Cell,
    Check,
    Component,
    DeployedComponent,
    DeployRecord,
    Environment,
    Experiment,
    HttpLoad,
    Plan,
    Port,
    Process,
    Program,
    Ready,
    Report,
    TeardownRecord,
)
from steps.model.metric import GOODPUT, LATENCY
from steps.sent import Sent, write
from steps.statistics.findings import report_of

RUN, AT = "simulated", "2026-11-23T15:04:05.678Z"

Fly = Callable[[Cell, HttpLoad], Flown]


def arm(name: str) -> Component:
    """A contender that exists in simulated time only."""
    return Component(
        name=name,
        title=name,
        version="1",
        ports=(Port(name="http", number=8080),),
        process=Process(program=Program(wheel="none", file=name, version_argv=("-v",)), argv=(name,)),
        ready=Ready(path="/"),
    )


def experiment(*names: str, loads: tuple[HttpLoad, ...], **fields: object) -> Experiment:
    """A comparison of those arms, the first as the baseline: what clients see, and nothing else."""
    first, *others = map(arm, names)
    given = {
        "name": "oracle",
        "question": "Does the lab find what theory knows?",
        "baseline": first,
        "contenders": tuple(others),
        "loads": loads,
        "metrics": (*LATENCY, GOODPUT),
        "phase": "phase-0",
        **fields,
    }
    return Experiment.model_validate(given)


def report_on(asked: Experiment, fly: Fly, folder: Path) -> Report:
    """The report on a run in which each cell's load flew like that. Its objects stay in the folder, under their keys."""
    plan = Plan.of(asked, run=RUN, seed=1)
    environment = Environment(
        run=RUN, at=AT, place="process", driver={}, node={}, cluster={}, calibration=Calibration(ceiling_rps=1e6)
    )
    teardown = TeardownRecord(run=RUN, cell=None, at=AT)
    records = {"experiment.json": asked, "plan.json": plan, "environment.json": environment, "teardown.json": teardown}
    for name, record in records.items():
        (folder / name).write_text(record.to_json())
    for cell in plan.cells:
        _measure(asked, cell, fly, folder)
    objects = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return report_of(read(objects, run=RUN, prefix=f"{asked.key}/{RUN}", status="Succeeded", failures="[]"))


def _measure(asked: Experiment, cell: Cell, fly: Fly, folder: Path) -> None:
    own = folder / "cells" / cell.id
    inputs = Inputs(
        run=RUN,
        cell=cell.id,
        experiment=folder / "experiment.json",
        environment=folder / "environment.json",
        deploy=own / "deploy.json",
        load=own / "load",
    )
    inputs.load.mkdir(parents=True)
    name = cell.contender
    deployed = DeployedComponent(name=name, program=name, version="1", argv=(name,), config_digest=None, ready_ms=50)
    inputs.deploy.write_text(DeployRecord(run=RUN, cell=cell.id, at=AT, components=(deployed,)).to_json())
    load = next(each for each in asked.loads if each.label == cell.load)
    check = Check(when="before", right=True, what="200, as expected")
    write(Sent(checks=[check], flown=fly(cell, load)), folder=inputs.load, run=RUN, cell=cell.id, load=load, cpus=(0,))
    (own / "outcome.json").write_text(outcome_of(inputs, at=AT).to_json())
