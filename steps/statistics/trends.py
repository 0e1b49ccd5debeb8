"""From the sealed runs of an experiment to its history: series over runs of like circumstances, and where their level changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from steps.errors import MeasureError, UsageError
from steps.model import (
    Arm,
    ChangePoint,
    ChangeVerdict,
    Difference,
    Group,
    History,
    Interval,
    Metric,
    RunVerdict,
    Series,
    SeriesPoint,
)
from steps.sealed import Sealed
from steps.statistics.between import of_levels
from steps.statistics.changes import STRICT, Cut, change_points
from steps.statistics.comparing import differences, nothing_there, refuse_other_question, valid
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
        baseline = next((arm for arm in section.arms if arm.baseline), None)
        for arm in section.arms:
            asked = baseline if arm is not baseline else None
            for metric in newest.metrics:
                points = [point for run in members if (point := _point(run, section.label, arm.name, metric.name))]
                if points and wanted(arm.name, metric.name):
                    yield Series(
                        contender=arm.name,
                        title=arm.title,
                        direct=arm.direct,
                        load=section.label,
                        metric=metric,
                        group=number,
                        points=tuple(points),
                        change_points=_change_points(
                            points, metric, members, band=band, control=_control(asked, members, section.label, metric)
                        ),
                    )


def _point(run: Sealed, load: str, contender: str, metric: str) -> SeriesPoint | None:
    """The median of a run's valid repetitions; none where fewer than six decide."""
    arm = run.arm(load, contender)
    values = valid(arm, metric) if arm else ()
    return SeriesPoint(run=run.name, at=run.at, value=median(values)) if len(values) >= FEWEST else None


def _control(baseline: Arm | None, members: Runs, load: str, metric: Metric) -> dict[str, float] | None:
    """Run → the baseline's median; None: there is no baseline to ask, or one that cannot have the metric."""
    arms = [arm for run in members if baseline and (arm := run.arm(load, baseline.name))]
    if baseline is None or nothing_there([arms], metric):
        return None
    points = (_point(run, load, baseline.name, metric.name) for run in members)
    return {point.run: point.value for point in points if point}


def _reach(before: Sequence[SeriesPoint], after: Sequence[SeriesPoint], control: Mapping[str, float] | None) -> float | None:
    """How far the baseline moved between the same runs, as a factor, by the rule of `compare`; None: it is not known."""
    if control is None:
        return 1.0
    try:
        return of_levels(*([control[each.run] for each in side if each.run in control] for side in (before, after))).reach
    except MeasureError:
        return None


def _change_points(
    points: Sequence[SeriesPoint],
    metric: Metric,
    members: Runs,
    *,
    band: float,
    control: Mapping[str, float] | None,
) -> tuple[ChangePoint, ...]:
    values = [point.value for point in points]
    if min(values) <= 0:  # levels change by factors, and zero has none
        return ()
    cuts = change_points(values)
    edges = [0, *(cut.index for cut in cuts), len(values)]
    by_name = {run.name: run for run in members}
    found = []
    for number, cut in enumerate(cuts):
        before, after = points[edges[number] : cut.index], points[cut.index : edges[number + 2]]
        runs = (by_name[before[-1].run], by_name[after[0].run])
        found.append(_change_point(cut, (before, after), runs, metric, band=band, reach=_reach(before, after, control)))
    return tuple(found)


def _change_point(
    cut: Cut,
    levels: tuple[Sequence[SeriesPoint], Sequence[SeriesPoint]],
    runs: Runs,
    metric: Metric,
    *,
    band: float,
    reach: float | None,
) -> ChangePoint:
    sides = [[point.value for point in level] for level in levels]
    before, after = map(median, sides)
    return ChangePoint(
        run=runs[1].name,
        index=cut.index,
        before=before,
        after=after,
        ratio=after / before,
        p=cut.p,
        verdict=_verdict(after / before, of_levels(*sides).interval, metric, band, reach),
        reach=reach,
        despite=_between(runs),
    )


def _between(runs: Runs) -> tuple[Difference, ...]:
    return differences(runs[0], runs[1:])


def _verdict(ratio: float, interval: Interval, metric: Metric, band: float, reach: float | None) -> ChangeVerdict:
    """A level that is surely another one may still not matter, or be one to which the baseline may have moved as well."""
    if 1 / (1 + band) < ratio < 1 + band:
        return ChangeVerdict.SAME
    if reach is None or (interval.low <= reach and interval.high >= 1 / reach):
        return ChangeVerdict.CANNOT_TELL
    return ChangeVerdict.WORSE if (ratio > 1) == (metric.better == "lower") else ChangeVerdict.BETTER
