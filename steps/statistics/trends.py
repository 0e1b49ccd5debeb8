"""From the sealed runs of an experiment to its history: series over runs of like circumstances, and where their level changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from steps.errors import UsageError
from steps.model import (
    ChangePoint,
    ChangeVerdict,
    Difference,
    Group,
    History,
    Metric,
    RunVerdict,
    Series,
    SeriesPoint,
)
from steps.sealed import Sealed
from steps.statistics.changes import STRICT, Cut, change_points
from steps.statistics.comparing import differences, refuse_other_question, valid
from steps.statistics.intervals import FEWEST
from steps.statistics.unlike import allowed

Runs = Sequence[Sealed]


def history_of(
    phase: str,
    experiment: str,
    runs: Runs,
    *,
    left_out: Mapping[str, str],
    despite: Sequence[str] = (),
    band: float | None = None,
    wanted: Callable[[str, str], bool] = lambda contender, metric: True,  # noqa: ARG005
) -> History:
    """The history of these runs.

    left_out: others, and why. band: another one than the newest experiment's. wanted: of a contender and a metric, whether it is
    shown. Raises UsageError: none of the runs decides anything.
    """
    told = dict(left_out)
    fit: list[Sealed] = []
    for run in sorted(runs, key=lambda each: (each.at, each.name)):
        if why := _unfit(run):
            told[run.name] = why
        else:
            fit.append(run)
    if not fit:
        why = next((f": {name}: {why}" for name, why in told.items()), "")
        message = f"no run of {phase}/{experiment} decides anything{why}"
        raise UsageError(message)
    groups = _groups(fit, despite)
    share = fit[-1].experiment.band if band is None else band
    passed = {each for members in groups for each in differences(members[0], members[1:])}
    return History(
        phase=phase,
        experiment=experiment,
        band=share,
        level=STRICT,
        groups=tuple(_group(number, members, groups[0][0]) for number, members in enumerate(groups, start=1)),
        series=tuple(
            series
            for number, members in enumerate(groups, start=1)
            for series in _series(members, number=number, band=share, wanted=wanted)
        ),
        left_out=told,
        despite=tuple(sorted(passed, key=lambda each: each.key)),
    )


def _unfit(run: Sealed) -> str | None:
    if run.report.preview:
        return "a preview decides nothing"
    if run.report.verdict is RunVerdict.FAILED:
        return f"it failed: {run.report.reasons[0]}"
    if run.report.unlike:
        return f"its cells are unlike: {run.report.unlike[0]}"
    return None


def _groups(runs: Runs, despite: Sequence[str]) -> list[list[Sealed]]:
    """Runs whose every difference is let pass stand together; the group of the newest run is the last."""
    groups: list[list[Sealed]] = []
    for run in runs:
        own = next((group for group in groups if _alike(group[0], run, despite)), None)
        if own is None:
            groups.append([run])
        else:
            own.append(run)
    return sorted(groups, key=lambda group: (group[-1].at, group[-1].name))


def _alike(first: Sealed, other: Sealed, despite: Sequence[str]) -> bool:
    try:
        refuse_other_question(first, other)
    except UsageError:  # other loads under the same labels
        return False
    return all(allowed(each, despite) for each in differences(first, [other]))


def _group(number: int, members: Runs, first: Sealed) -> Group:
    return Group(
        number=number,
        runs=tuple(run.name for run in members),
        differences=differences(first, members[:1]) if members[0] is not first else (),
    )


def _series(members: Runs, *, number: int, band: float, wanted: Callable[[str, str], bool]) -> Iterable[Series]:
    newest = members[-1].report
    for section in newest.loads:
        for arm in section.arms:
            for metric in newest.metrics:
                points = [point for run in members if (point := _point(run, section.label, arm.name, metric.name))]
                if points and wanted(arm.name, metric.name):
                    yield Series(
                        contender=arm.name,
                        title=arm.title,
                        load=section.label,
                        metric=metric,
                        group=number,
                        points=tuple(points),
                        change_points=_change_points(points, metric, members, band=band),
                    )


def _point(run: Sealed, load: str, contender: str, metric: str) -> SeriesPoint | None:
    """The median of a run's valid repetitions; none where fewer than six decide."""
    arm = run.arm(load, contender)
    values = valid(arm, metric) if arm else ()
    return SeriesPoint(run=run.name, at=run.at, value=median(values)) if len(values) >= FEWEST else None


def _change_points(points: Sequence[SeriesPoint], metric: Metric, members: Runs, *, band: float) -> tuple[ChangePoint, ...]:
    values = [point.value for point in points]
    if min(values) <= 0:  # levels change by factors, and zero has none
        return ()
    cuts = change_points(values)
    edges = [0, *(cut.index for cut in cuts), len(values)]
    by_name = {run.name: run for run in members}
    found = []
    for number, cut in enumerate(cuts):
        levels = [median(values[start:end]) for start, end in zip(edges[number:], edges[number + 1 : number + 3], strict=False)]
        runs = [by_name[points[at].run] for at in (cut.index - 1, cut.index)]
        found.append(_change_point(cut, levels, runs, metric, band=band))
    return tuple(found)


def _change_point(cut: Cut, levels: Sequence[float], runs: Runs, metric: Metric, *, band: float) -> ChangePoint:
    before, after = levels
    return ChangePoint(
        run=runs[1].name,
        index=cut.index,
        before=before,
        after=after,
        ratio=after / before,
        p=cut.p,
        verdict=_verdict(after / before, metric, band),
        despite=_between(runs),
    )


def _between(runs: Runs) -> tuple[Difference, ...]:
    return differences(runs[0], runs[1:])


def _verdict(ratio: float, metric: Metric, band: float) -> ChangeVerdict:
    """A level that is surely another one may still not matter."""
    if 1 / (1 + band) < ratio < 1 + band:
        return ChangeVerdict.SAME
    return ChangeVerdict.WORSE if (ratio > 1) == (metric.better == "lower") else ChangeVerdict.BETTER
