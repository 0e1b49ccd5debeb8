"""The history of one experiment, by the words of a user."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines import select
from pipelines.comparing import library
from pipelines.whereabouts import Where
from steps.errors import UsageError
from steps.model import Experiment, History
from steps.sealed import Sealed
from steps.statistics.changes import FEWEST_POINTS
from steps.statistics.trends import history_of


def of(
    what: str,
    where: Where,
    *,
    reports: Path | None,
    metrics: Sequence[str],
    contenders: Sequence[str],
    since: str | None,
    despite: Sequence[str],
    band: float | None,
) -> tuple[History, tuple[str, ...]]:
    """The history, and the metrics that its newest report draws first. Raises UsageError: there is nothing to show, and why."""
    experiment = _the_one(what)
    with library.opened(where) as shelf:
        runs, left_out = shelf.all_of(experiment, reports=reports)
    runs = sorted(runs, key=lambda run: (run.at, run.name))
    if since is not None:
        runs = _since(runs, since)
    _check(runs, left_out, experiment, metrics=metrics, contenders=contenders)
    found = history_of(
        experiment.phase,
        experiment.name,
        runs,
        left_out=left_out,
        despite=despite,
        band=band,
        wanted=lambda contender, metric: (not contenders or contender in contenders) and (not metrics or metric in metrics),
    )
    return found, runs[-1].report.headline


def long_enough(found: History) -> bool:
    """Whether any contender's series of the runs that are like the newest could show a change at all."""
    return any(len(each.points) >= 2 * FEWEST_POINTS for each in found.newest if not each.direct)


def _the_one(what: str) -> Experiment:
    found = select.experiments(what)
    if len(found) > 1:
        message = f"{what} has {len(found)} experiments: name one of {', '.join(each.name for each in found)}"
        raise UsageError(message)
    return found[0]


def _since(runs: Sequence[Sealed], since: str) -> list[Sealed]:
    names = [run.name for run in runs]
    if since not in names:
        message = f"--since {since}: there is no sealed run of that name; there are {', '.join(names) or 'none'}"
        raise UsageError(message)
    return list(runs[names.index(since) :])


def _check(
    runs: Sequence[Sealed],
    left_out: dict[str, str],
    experiment: Experiment,
    *,
    metrics: Sequence[str],
    contenders: Sequence[str],
) -> None:
    """Raises UsageError: there are no runs, or a name that none of them knows."""
    if not runs:
        why = next((f" ({why})" for why in left_out.values()), "")
        message = f"there is no sealed run of {experiment.phase}/{experiment.name}{why}"
        raise UsageError(message)
    for option, given, known in (
        ("--metric", metrics, {metric.name for run in runs for metric in run.report.metrics}),
        ("--contender", contenders, {arm.name for run in runs for arm in run.experiment.arms}),
    ):
        if wrong := next((name for name in given if name not in known), None):
            message = f"{option} {wrong}: the runs have {', '.join(sorted(known))}"
            raise UsageError(message)
