"""The verb `measure`: makes a cell's outcome from what was recorded of it. Pure on its inputs: the same files, the same outcome.

It ends with an outcome whatever the files hold: a missing or damaged one is the outcome's reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

from steps.attribution.reading import traced
from steps.drivers.keepers import read_readings
from steps.drivers.search import knee_of
from steps.drivers.series import read_series
from steps.errors import LabError, MeasureError, UsageError
from steps.model import (
    CellOutcome,
    DeployRecord,
    Environment,
    Experiment,
    Load,
    LoadRecord,
    Measurement,
    Model,
    Ramp,
    cell_of,
    digest,
    hops_of,
    now,
)
from steps.statistics.figures import Facts, Figure, figure, shares_of
from steps.statistics.histogram import read_log
from steps.statistics.ramp import (
    Ramped,
    doubts_of,
    failures_of,
    figures_of,
    lateness_at,
    metric_doubts_of,
    steady_at,
    surroundings_at,
)
from steps.statistics.settling import steady_of
from steps.statistics.surroundings import surroundings_of, worst_of
from steps.statistics.validity import doubts, failures, metric_doubts

UNKNOWN = "unknown"
ANOTHER_LOAD = "the load that was sent is not the one that the experiment declares"
TAGS = {"response": "ok", "service": "ok", "wait": "ok", "lateness": None, "error": "error", "timeout": "timeout"}  # → in counts

M = TypeVar("M", bound=Model)


def run(
    *,
    run: str,
    cell: str,
    experiment: Path,
    environment: Path,
    deploy: Path,
    load: Path,
    outcome: Path,
    trace: Path | None = None,
) -> None:
    """Writes the outcome of one cell.

    deploy, load, trace: what those steps left; a path that does not exist says that they left nothing.
    Raises MeasureError: the cell failed; the outcome is written and says why.
    """
    inputs = Inputs(run=run, cell=cell, experiment=experiment, environment=environment, deploy=deploy, load=load, trace=trace)
    found = outcome_of(inputs, at=now())
    outcome.parent.mkdir(parents=True, exist_ok=True)
    outcome.write_text(found.to_json(), encoding="utf-8")
    if found.status == "failed":
        raise MeasureError(found.reasons[0])


@dataclass(frozen=True)
class Inputs:
    """Where the records of a cell are."""

    run: str
    cell: str
    experiment: Path
    environment: Path
    deploy: Path
    load: Path  # the folder
    trace: Path | None = None  # the folder; None: the experiment asks for none


def outcome_of(inputs: Inputs, *, at: str) -> CellOutcome:
    """The outcome of a cell. Raises UsageError: the cell's name cannot be one."""
    base: dict[str, Any] = {
        "run": inputs.run,
        "at": at,
        "experiment_digest": UNKNOWN,
        "environment_digest": UNKNOWN,
        **_named(inputs.cell),
    }
    try:
        experiment = _read(Experiment, inputs.experiment, "the experiment")
        base |= {"experiment_digest": digest(experiment), **_planned(experiment, inputs.cell)}
        environment = _read(Environment, inputs.environment, "provision")
        base |= {"environment_digest": digest(environment.identity)}
        deploy, record = _records(inputs)
        base |= _recorded(deploy, record)
        if isinstance(record.load, Ramp):
            return _judged_ramp(base, experiment, environment, _ramped(inputs, experiment, deploy, record))
        base |= {"trace": traced(experiment, inputs.trace, inputs.load)}
        facts = replace(_facts(inputs, experiment, deploy, record), trace=base["trace"])
        return _judged(base, experiment, environment, facts)
    except LabError as error:
        return CellOutcome(**base, status="failed", reasons=(str(error),))


def _judged(base: dict[str, Any], experiment: Experiment, environment: Environment, facts: Facts) -> CellOutcome:
    figures = {metric.name: figure(metric.name, facts) for metric in experiment.metrics}
    surroundings, steady = surroundings_of(facts, environment.canary), steady_of(facts)
    base |= {"surroundings": surroundings, "steady": steady, "components": shares_of(facts)}
    wrong, suspicions = failures(facts, figures), doubts(facts, environment, surroundings)
    suspect = metric_doubts(facts, figures, steady)
    return _outcome(base, figures, wrong=tuple(wrong), suspicions=tuple(suspicions), suspect=suspect)


def _judged_ramp(base: dict[str, Any], experiment: Experiment, environment: Environment, ramped: Ramped) -> CellOutcome:
    figures = figures_of([metric.name for metric in experiment.metrics], ramped)
    surroundings, steady = surroundings_at(ramped, environment.canary), steady_at(ramped)
    base |= {"surroundings": worst_of(surroundings.values()), "lateness_ms": lateness_at(ramped)}
    base |= {"steady": {f"{name} at {percent}": found for percent, each in steady.items() for name, found in each.items()}}
    wrong, suspicions = failures_of(ramped, figures), doubts_of(ramped, environment, surroundings)
    suspect = metric_doubts_of(ramped, figures, steady)
    return _outcome(base, figures, wrong=tuple(wrong), suspicions=tuple(suspicions), suspect=suspect)


def _outcome(
    base: dict[str, Any],
    figures: dict[str, Figure],
    *,
    wrong: tuple[str, ...],
    suspicions: tuple[str, ...],
    suspect: dict[str, str],
) -> CellOutcome:
    if wrong:
        return CellOutcome(**base, status="failed", reasons=wrong, measurements=_withheld(figures))
    status = "suspect" if suspicions else "ok"
    measured = tuple(found.named(name, suspect.get(name)) for name, found in figures.items())
    return CellOutcome(**base, status=status, reasons=suspicions, measurements=measured)


def _withheld(figures: dict[str, Figure]) -> tuple[Measurement, ...]:
    """A failed cell has no figures: each says so, or why there was none anyway."""
    return tuple(
        Measurement(metric=name, value=None, reason=found.reason or "the cell failed") for name, found in figures.items()
    )


def _named(cell: str) -> dict[str, Any]:
    """What a cell's name says of it."""
    parts = re.fullmatch(r"([a-z][a-z0-9-]*)-([0-9a-z]+[rtm]ps|ramp)-r(\d+)", cell)
    if parts is None:
        message = f"{cell!r} is not the name of a cell: they look like nginx-500rps-r1"
        raise UsageError(message)
    return {"cell": cell, "contender": parts[1], "load": parts[2], "repetition": int(parts[3])}


def _planned(experiment: Experiment, cell: str) -> dict[str, Any]:
    """What the experiment says of the cell. Raises UsageError: it has no such cell."""
    planned = cell_of(experiment, cell)
    return {"contender": planned.contender, "load": planned.load, "repetition": planned.repetition}


def _read(kind: type[M], path: Path, who: str) -> M:
    """A record. Raises MeasureError: it is not there. Raises UsageError: it is damaged, and at which field."""
    try:
        return kind.from_json(path.read_bytes(), source=path.name)
    except (FileNotFoundError, IsADirectoryError) as error:  # in a pod, an optional input without an object is an empty folder
        message = f"{who} left no {path.name}"
        raise MeasureError(message) from error
    except OSError as error:
        message = f"{path.name} cannot be read: {error.strerror or error}"
        raise MeasureError(message) from error


def _records(inputs: Inputs) -> tuple[DeployRecord, LoadRecord]:
    """What deploy and load recorded; the failure of the first is the reason for what the second lacks."""
    deploy = _read(DeployRecord, inputs.deploy, "deploy")
    if deploy.failure:
        raise MeasureError(deploy.failure)
    record = _read(LoadRecord, inputs.load / "load.json", "load")
    for who, one in (("deploy", deploy), ("load", record)):
        if (one.run, one.cell) != (inputs.run, inputs.cell):
            message = f"the record of {who} is of cell {one.cell} in run {one.run}, not of {inputs.cell} in {inputs.run}"
            raise MeasureError(message)
    return deploy, record


def _recorded(deploy: DeployRecord, record: LoadRecord) -> dict[str, Any]:
    """What an outcome repeats of the records."""
    return {
        "counts": record.counts,
        "errors": record.errors,
        "window": record.window,
        "driver": record.driver,
        "cross_checks": record.cross_checks,
        "kept": record.kept,
        "answer_bytes": _answer_bytes(record),
        "kept_bytes": record.kept_bytes,
        "versions": {component.name: component.version for component in deploy.components},
    }


def _answer_bytes(record: LoadRecord) -> float | None:
    """How long a right answer is; None: it is no HTTP, or nobody counted."""
    sizes = [check.answer_bytes for check in record.checks if check.right and check.answer_bytes is not None]
    return fmean(sizes) if sizes else None


def _declared(inputs: Inputs, experiment: Experiment) -> Load:
    """The load that the experiment declares for the cell."""
    return {load.label: load for load in experiment.loads}[cell_of(experiment, inputs.cell).load]


def _ramped(inputs: Inputs, experiment: Experiment, deploy: DeployRecord, record: LoadRecord) -> Ramped:
    """Everything recorded of a ramp. Raises MeasureError: a part is missing, damaged, or does not fit the others."""
    declared = _declared(inputs, experiment)
    if record.failure or record.search is None:
        raise MeasureError(record.failure or "load recorded no search")
    if not isinstance(declared, Ramp) or record.load != declared:
        raise MeasureError(ANOTHER_LOAD)
    knee = knee_of(declared, record.search)
    shares: dict[int, Facts] = {}
    if knee.rps is not None:
        for percent in declared.shares_percent:
            part, at = replace(inputs, load=inputs.load / f"share-{percent}"), declared.share_of(knee.rps, percent)
            try:
                shares[percent] = _facts(part, experiment, deploy, _records(part)[1], declared=at)
            except LabError as error:
                message = f"at {percent} % of the knee: {error}"
                raise MeasureError(message) from error
    return Ramped(slo=declared.slo, knee=knee, shares=shares)


def _facts(
    inputs: Inputs, experiment: Experiment, deploy: DeployRecord, record: LoadRecord, *, declared: Load | None = None
) -> Facts:
    """Everything recorded of a load. Raises MeasureError: a part is missing, damaged, or does not fit the others.

    declared: what was to be sent, where that is not the cell's whole load.
    """
    window, counts, driver = record.window, record.counts, record.driver
    if window is None or counts is None or driver is None:
        raise MeasureError(record.failure or "load recorded no window")
    if isinstance(record.load, Ramp) or record.load != (declared or _declared(inputs, experiment)):
        raise MeasureError(ANOTHER_LOAD)
    histograms = read_log(inputs.load / "load.hdr")
    found = Facts(
        contender=experiment.component(cell_of(experiment, inputs.cell).contender),
        around=tuple(component.name for component in experiment.around_under(hops_of(record.load))),
        load=record.load,
        deploy=deploy,
        record=record,
        window=window,
        counts=counts,
        driver=driver,
        histograms=histograms,
        readings=read_readings(inputs.load / "usage.csv"),
        series=read_series(inputs.load / "series.csv"),
    )
    _fit(found)
    return found


def _fit(facts: Facts) -> None:
    """The four files of a load say the same. Raises MeasureError: where they do not."""
    counts, messages = facts.counts, facts.record.messages
    if messages is not None and "delivery" not in facts.histograms:
        message = "load.hdr is damaged: it has no histogram delivery"
        raise MeasureError(message)
    for tag, counted in TAGS.items():
        if tag not in facts.histograms:
            message = f"load.hdr is damaged: it has no histogram {tag}"
            raise MeasureError(message)
        stored, expected = facts.histograms[tag].get_total_count(), getattr(counts, counted) if counted else None
        if expected not in {None, stored}:
            message = f"load.hdr is damaged: its histogram {tag} holds {stored:,} values, load.json says {expected:,}"
            raise MeasureError(message)
    if facts.series.counts != counts:
        message = (
            f"series.csv is damaged: its seconds add up to {facts.series.counts.planned:,} requests, "
            f"load.json says {counts.planned:,}"
        )
        raise MeasureError(message)
