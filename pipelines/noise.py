"""How small a difference a run will find, from the noise that an earlier one saw: the newest pilot of the experiment.

Reports are looked for where pages go (`./reports`): that takes milliseconds, and the object store need not be started. Without a
pilot the newest decided run serves, with its noisiest contender: its rounds were longer and its contenders' own noise is in it,
but it costs what the plan wants to know beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.tables import columns
from steps.errors import UsageError
from steps.model import Experiment, Report
from steps.statistics.intervals import FEWEST
from steps.statistics.noise import noise_of
from steps.statistics.words import percent


@dataclass(frozen=True)
class Known:
    """What an earlier run saw: load → metric → standard deviation of the logarithms of the rounds' ratios."""

    run: str
    pilot: bool
    place: str
    rounds: int
    family: int  # metrics that were tested together; 0: nothing was decided in it
    by_load: Mapping[str, Mapping[str, float]]


def known(experiment: Experiment, reports: Path) -> Known | None:
    """The noise of the newest pilot in `reports` that shows one, else of the newest decided run. None: there is neither run.

    Where none shows any, the newest, with `family` 0.
    """
    name = experiment.name.removesuffix("-pilot") if experiment.pilot else experiment.name
    seen: list[Known] = []
    for wanted in (f"{name}-pilot", name):
        seen += [_seen(report, pilot=wanted != name) for report in sorted(_of(wanted, reports), key=_when, reverse=True)]
    return next((each for each in seen if each.family), seen[0] if seen else None)


def _when(report: Report) -> str:
    return report.circumstances.started_at or ""


def _of(experiment: str, reports: Path) -> Iterator[Report]:
    """The reports on an experiment; what cannot be read is none. A phase's run has a folder for each of its experiments."""
    mark = f'"experiment": "{experiment}"'.encode()
    for path in (*reports.glob("*/report.json"), *reports.glob("*/*/report.json")):
        try:
            text = path.read_bytes()
            if mark in text:
                yield Report.from_json(text, source=str(path))
        except (OSError, UsageError):
            continue


def _seen(report: Report, *, pilot: bool) -> Known:
    """The noise in a report."""
    decisions = [
        effect.decision
        for section in report.loads
        for arm in section.arms
        for effect in arm.effects.values()
        if effect.decision and effect.decision.log_sd is not None
    ]
    return Known(
        run=report.run,
        pilot=pilot,
        place="as processes on one machine" if report.circumstances.place == "process" else f"in {report.circumstances.place}",
        rounds=min((each.n for each in decisions), default=0),
        family=max((each.family for each in decisions), default=0),
        by_load={section.label: noise_of(section.arms) for section in report.loads},
    )


def lines(experiment: Experiment, found: Known | None) -> list[str]:
    """What `plan` says of it."""
    if experiment.pilot or experiment.reviews:
        return []
    if experiment.preview or experiment.repetitions < FEWEST:
        return [f"finds no difference: it takes {FEWEST} repetitions that are no preview to decide"]
    if found is None or not found.family:
        command = f"python -m pipelines run {experiment.phase}/{experiment.name} --pilot"
        why = f" ({found.run} decided nothing)" if found else ""
        return [f"how small a difference it finds is not known yet{why}: {command}"]
    return [
        f"finds a difference of at least this in 4 of 5 runs, at the noise of {_source(found)}:",
        *(f"  {line}" for line in columns([("LOAD", "METRIC", "NOISE", "DIFFERENCE"), *_rows(experiment, found)]).splitlines()),
        _how_sure(experiment, found),
    ]


def _source(found: Known) -> str:
    instead = "" if found.pilot else "; there is no pilot, so of its noisiest contender"
    return f"{found.run} ({found.rounds} rounds {found.place}{instead})"


def _how_sure(experiment: Experiment, found: Known) -> str:
    from steps.statistics.power import sureness

    low, high = sureness(found.rounds)
    return (
        f"  (noise: of the ratio from round to round; {found.rounds} rounds know it to a factor of {low:.1f} to {high:.1f}; "
        f"less than {percent(experiment.band)} does not matter)"
    )


def _rows(experiment: Experiment, found: Known) -> Iterator[tuple[str, ...]]:
    for load in experiment.loads:
        noise = found.by_load.get(load.label)
        if noise is None:
            yield load.label, "-", "-", f"not known: it was made at {', '.join(found.by_load)}"
            continue
        for metric in experiment.metrics:
            if metric.name in noise:
                ratio = _smallest(experiment, found, noise[metric.name])
                difference = f"{100 * (ratio - 1):.0f} % more or {100 * (1 - 1 / ratio):.0f} % less"
                yield load.label, metric.name, percent(noise[metric.name]), difference


def _smallest(experiment: Experiment, found: Known, noise: float) -> float:
    from steps.statistics.power import smallest_ratio

    ratio = smallest_ratio(noise, experiment.repetitions, band=experiment.band, family=found.family)
    assert ratio is not None  # noqa: S101  # the caller looked at the repetitions
    return ratio


def as_json(experiment: Experiment, found: Known | None) -> dict[str, Any]:
    """The same for programs: per load and metric the noise and the smallest ratio, where both are known."""
    decides = not experiment.preview and experiment.repetitions >= FEWEST
    return {
        "noise_from": found.run if found and found.family else None,
        "smallest": [
            {"load": load.label, "metric": metric, "noise": noise, "ratio": _smallest(experiment, found, noise)}
            for load in experiment.loads
            for metric, noise in (found.by_load.get(load.label, {}) if found else {}).items()
            if found and decides
        ],
    }
