"""`confirm`: a verdict of a run held against the same contender without its bottleneck, side by side in one new run.

Not two runs beside each other: the same contender as it was is the baseline of the new one, so that both are measured in the same
rounds, and the statistics are those of every other comparison.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines import completion, options, whereabouts
from pipelines.whereabouts import Where
from steps.errors import UsageError

if TYPE_CHECKING:  # pydantic takes its time, and `--help` needs none of it
    from steps.attribution.raising import Raised
    from steps.model import Component, Experiment, Report
    from steps.model.trace import ArmTrace

DECISIVE = 6  # rounds
HERE = "process"  # the place that this machine is


@click.command()
@click.argument("run", metavar="RUN", default="@latest", shell_complete=completion.runs)
@click.option("--experiment", metavar="NAME", help="Which one, of runs of a whole phase.", shell_complete=completion.names)
@click.option("--contender", metavar="NAME", help="Whose verdict; else the heaviest that can be confirmed here.")
@click.option("--load", metavar="NAME", help="Under which load.")
@options.quick
@options.settings
@options.reports
@click.option("--gate", is_flag=True, help="Exit status 3 when the response did not come.")
@click.option("--dry-run", is_flag=True, help="Say what would be run.")
@whereabouts.options
def confirm(
    run: str,
    *,
    experiment: str | None,
    contender: str | None,
    load: str | None,
    reports: Path,
    gate: bool,
    dry_run: bool,
    where: Where,
    **asked: Any,
) -> None:
    """Run a contender beside itself with its bottleneck raised, and say whether the response came."""
    from pipelines import select, tables
    from pipelines.comparing import library

    with library.opened(where, experiment) as shelf:
        (found,) = shelf.runs(run)
    made = select.prepared(confirming(found.experiment, found.report, contender=contender, load=load), **asked)
    if dry_run:
        click.echo(tables.plan(made))
        return
    from pipelines.local import session

    sys.exit(session.run(made, reports=reports, gate=gate))


def confirming(experiment: Experiment, report: Report, *, contender: str | None, load: str | None) -> Experiment:
    """The experiment that asks whether a verdict of that report was right. Raises UsageError: none of them can be tried."""
    if report.circumstances.place != HERE:
        message = (
            f"run {report.run} was made in pods, and what stood in the way there need not do so on this machine; "
            f"run it here first: python -m pipelines run {experiment.name}"
        )
        raise UsageError(message)
    from steps.places.process import ProcessPlace

    system = ProcessPlace({}).cores()[1]
    trace, more = _chosen(experiment, _asked_for(report, contender, load), cores=len(system) if system else 1)
    return _beside(experiment, report.run, experiment.component(trace.name), trace, more)


def _asked_for(report: Report, contender: str | None, load: str | None) -> list[ArmTrace]:
    """The verdicts on contenders themselves, the heaviest first."""
    found = [
        each
        for each in report.traces
        if each.verdict and each.target == each.name and contender in {None, each.name} and _called(each.load, load)
    ]
    if not found:
        why = next(
            (reason for each in report.traces for reason in each.reasons), "it traced nobody of that name under such a load"
        )
        message = f"run {report.run} has no verdict that could be confirmed: {why}"
        raise UsageError(message)
    return sorted(found, key=lambda each: -each.verdict.weight if each.verdict else 0.0)


def _called(label: str, load: str | None) -> bool:
    return load is None or label == load or label.rpartition("-")[0] == load


def _chosen(experiment: Experiment, found: Sequence[ArmTrace], *, cores: int) -> tuple[ArmTrace, Raised]:
    """The first verdict whose bottleneck can be taken away. Raises UsageError: none can, and why."""
    from steps.attribution.raising import raised

    reasons = []
    for each in found:
        assert each.verdict is not None  # noqa: S101  # those without were left out
        more = raised(experiment.component(each.name), each.verdict, cores=cores, configs=experiment.configs)
        if not isinstance(more, str):
            return each, more
        reasons.append(f"{each.title} under {each.load}: {more}")
    message = f"nothing can be confirmed here: {'; '.join(reasons)}"
    raise UsageError(message)


def _beside(experiment: Experiment, run: str, arm: Component, trace: ArmTrace, more: Raised) -> Experiment:
    """The contender as it was, and the one that has more, under all loads: those where it waited, and those where it did not."""
    from steps.model import Experiment as Model
    from steps.model import Hypothesis
    from steps.model.metric import P50, TRACED

    gone = [metric for metric in TRACED if metric.name == more.share]
    named = {metric.name: metric for metric in (*experiment.metrics, P50, *gone)}
    under = experiment.load_called(trace.load)
    changes = {
        "name": f"{experiment.name}-confirm",
        "question": f"Does {arm.title} answer sooner with {more.what}?",
        "baseline": arm,
        "contenders": (more.arm,),
        "repetitions": max(experiment.repetitions, DECISIVE),
        "metrics": tuple(named.values()),
        "hypotheses": (
            Hypothesis(
                statement=f"The response comes: {more.arm.title}, answers sooner at the median{under.under}, as {run} says",
                metric=P50.name,
                of=more.arm,
                over=arm,
                added_below=0.0,
                load=trace.load,
            ),
            *(
                Hypothesis(
                    statement=f"It came from there: {each.title} is less than {more.most:g} % of its active time",
                    metric=each.name,
                    of=more.arm,
                    below=more.most,
                    load=trace.load,
                )
                for each in gone
            ),
        ),
        "preview": False,
        "confirms": run,
        **dict.fromkeys(("layers", "tunings", "absent", "quick_loads"), ()),
    }
    return Model.model_validate(dict(experiment) | changes)
