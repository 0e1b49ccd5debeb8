"""From sealed runs to a comparison: refused where it would compare unlike things, and judged where it may."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from steps.errors import MeasureError, UsageError
from steps.model import Arm, Change, ChangeVerdict, Comparison, Difference, Metric, RunVerdict
from steps.sealed import Sealed
from steps.statistics.between import Estimate, judged, of_repetitions, of_runs
from steps.statistics.holm import holm
from steps.statistics.unlike import allowed, circumstances, definitions, loads, told, unknown_in_both
from steps.statistics.words import counted, listed

ONE_RUN_A_SIDE = (
    "One run a side: the intervals hold what varies between repetitions, not what varies between runs; how far the baseline "
    "moved stands in for it, where it has the metric. Several runs a side, made in turn, would show it."
)
NOT_IN_TURN = "All runs of one side were made before all of the other: a change of the machine in between would look the same."


def compare(
    before: Sequence[Sealed], after: Sequence[Sealed], *, despite: Sequence[str] = (), band: float | None = None
) -> Comparison:
    """The runs that came after held against those before.

    despite: keys of differences that are let pass, and told. band: another one than the experiment's.
    Raises UsageError: they cannot be compared, and why.
    """
    runs = (*before, *after)
    differing = differences(runs[0], runs[1:])
    refuse_unlike(runs[0], runs[1:], differing, despite)
    first = before[0]
    share = first.experiment.band if band is None else band
    return Comparison(
        phase=first.report.phase,
        experiment=first.report.experiment,
        before=tuple(run.name for run in before),
        after=tuple(run.name for run in after),
        main=first.report.metrics[0].name if first.report.metrics else "",
        unit="run" if len(runs) > 2 else "repetition",
        band=share,
        despite=differing,
        unknown=tuple(sorted({key for run in runs[1:] for key in unknown_in_both(first.environment, run.environment)})),
        notes=tuple(_notes(before, after)),
        changes=_judged(list(_pairs(before, after)), band=share, undecided=_undecided(runs)),
    )


def differences(first: Sealed, others: Iterable[Sealed]) -> tuple[Difference, ...]:
    """How any of the others differs from the first, in its circumstances and in what was asked; each kind once."""
    found = chain.from_iterable(
        (*circumstances(first.environment, other.environment), *definitions(first.experiment, other.experiment))
        for other in others
    )
    return tuple(dict.fromkeys(found))


def refuse_unlike(first: Sealed, others: Sequence[Sealed], differing: Sequence[Difference], despite: Sequence[str]) -> None:
    """Raises UsageError: another experiment, another load, the same run twice, or a difference that the call does not name."""
    names = [run.name for run in (first, *others)]
    for other in others:
        refuse_other_question(first, other)
    if twice := next((name for name in names if names.count(name) > 1), None):
        message = f"run {twice} is named twice: a run differs from itself in nothing"
        raise UsageError(message)
    refused = [each for each in differing if not allowed(each, despite)]
    if refused:
        keys = " ".join(f"--despite {key}" for key in dict.fromkeys(each.key for each in refused))
        message = f"these runs are not alike: {'; '.join(map(told, refused))}. To compare them all the same: {keys}"
        raise UsageError(message)


def refuse_other_question(first: Sealed, other: Sealed) -> None:
    """Raises UsageError: nothing lets these two be compared."""
    asked, also = (f"{run.report.phase}/{run.report.experiment}" for run in (first, other))
    if asked != also:
        message = f"{first.name} is a run of {asked} and {other.name} one of {also}: they answer different questions"
        raise UsageError(message)
    if first.report.preview != other.report.preview:
        preview, decisive = (first, other) if first.report.preview else (other, first)
        message = f"{preview.name} is a preview and {decisive.name} is not: their repetitions are not the same thing"
        raise UsageError(message)
    if unlike := loads(first.experiment, other.experiment):
        message = f"{first.name} and {other.name} were made under other loads: {'; '.join(map(told, unlike))}"
        raise UsageError(message)
    labels = [{load.label for load in run.experiment.loads} for run in (first, other)]
    if not labels[0] & labels[1]:
        message = f"{first.name} and {other.name} have no load in common: {listed(sorted(labels[0] | labels[1]))}"
        raise UsageError(message)


def _undecided(runs: Sequence[Sealed]) -> str | None:
    """Why nothing is decided, whatever the figures are."""
    if runs[0].report.preview:
        return "a preview decides nothing"
    for run in runs:
        if run.report.verdict is RunVerdict.FAILED:
            return f"run {run.name} failed: {run.report.reasons[0]}"
        if run.report.unlike:
            return f"the cells of run {run.name} are unlike: {run.report.unlike[0]}"
    return None


def _notes(before: Sequence[Sealed], after: Sequence[Sealed]) -> Iterable[str]:
    if len(before) + len(after) == 2:
        yield ONE_RUN_A_SIDE
    elif _one_after_the_other(before, after) or _one_after_the_other(after, before):
        yield NOT_IN_TURN
    arms = [{arm.name for run in side for arm in run.experiment.arms} for side in (before, after)]
    if only := sorted(arms[0] ^ arms[1]):
        yield f"Not in both, so not compared: {listed(only)}."
    for run in (*before, *after):
        if run.report.verdict is RunVerdict.INCONCLUSIVE:
            yield f"Run {run.name} is inconclusive: {run.report.reasons[0]}"


def _one_after_the_other(earlier: Sequence[Sealed], later: Sequence[Sealed]) -> bool:
    return max(run.at for run in earlier) < min(run.at for run in later)


@dataclass(frozen=True)
class _Pair:
    """A metric of an arm under a load: the valid values of each run before and after, and what they come to."""

    arm: Arm
    load: str
    metric: Metric
    before: tuple[tuple[float, ...], ...]
    after: tuple[tuple[float, ...], ...]
    reason: str | None  # why there is nothing to compare
    estimate: Estimate | None = None


def _pairs(before: Sequence[Sealed], after: Sequence[Sealed]) -> Iterable[_Pair]:
    first = before[0].report
    for section in first.loads:
        for arm in section.arms:
            found = [[run.arm(section.label, arm.name) for run in side] for side in (before, after)]
            if all(each is not None for side in found for each in side):
                sides = [[each for each in side if each] for side in found]
                yield from (_pair(arm, section.label, each, sides) for each in first.metrics if not nothing_there(sides, each))


def nothing_there(sides: Sequence[Sequence[Arm]], metric: Metric) -> bool:
    """Whether it is a direct path, which has no program whose figure this could be."""
    arms = [arm for side in sides for arm in side if metric.name in arm.figures]
    return all(arm.direct and not arm.failed and not arm.figures[metric.name].points for arm in arms)


def _pair(arm: Arm, load: str, metric: Metric, sides: Sequence[Sequence[Arm]]) -> _Pair:
    before, after = (tuple(valid(each, metric.name) for each in side) for side in sides)
    absent = [each.figures[metric.name].reason for side in sides for each in side if metric.name in each.figures]
    reason = next((why for why in absent if why), None)
    try:
        estimate = of_repetitions(before[0], after[0]) if len(before) + len(after) == 2 else of_runs(before, after)
    except MeasureError as error:
        return _Pair(arm, load, metric, before, after, reason or str(error))
    return _Pair(arm, load, metric, before, after, None, estimate)


def valid(arm: Arm, metric: str) -> tuple[float, ...]:
    """The values of an arm's valid repetitions; suspect ones never count.

    None where only a bound is known: the repetitions that have a value are the lower ones, so they would say too little.
    """
    figure = arm.figures.get(metric)
    if figure is None or figure.at_least is not None:
        return ()
    return tuple(point.value for point in figure.points if not point.suspect)


def _judged(pairs: Sequence[_Pair], *, band: float, undecided: str | None) -> tuple[Change, ...]:
    """Holm's family is the whole table, which is read as one question: did anything become worse?

    The baseline's pair of the same load and metric is the control of the others.
    """
    estimates = [pair.estimate for pair in pairs if pair.estimate]
    adjusted = dict(zip(map(id, estimates), holm([each.p for each in estimates]), strict=True))
    controls = {(pair.load, pair.metric.name): pair for pair in pairs if pair.arm.baseline}
    return tuple(
        _change(
            pair,
            p_holm=adjusted[id(pair.estimate)] if pair.estimate else None,
            control=None if pair.arm.baseline else controls.get((pair.load, pair.metric.name)),
            band=band,
            undecided=undecided,
        )
        for pair in pairs
    )


def _change(pair: _Pair, *, p_holm: float | None, control: _Pair | None, band: float, undecided: str | None) -> Change:
    """control: the baseline's pair; None: it is the baseline itself, or one that cannot have the metric."""
    common = {
        "contender": pair.arm.name,
        "title": pair.arm.title,
        "baseline": pair.arm.baseline,
        "direct": pair.arm.direct,
        "load": pair.load,
        "metric": pair.metric,
    }
    found = pair.estimate
    if found is None or p_holm is None:
        return Change(**common, verdict=ChangeVerdict.CANNOT_TELL, why=undecided or pair.reason or "there is no figure")
    reach = control.estimate.reach if control and control.estimate else 1.0
    verdict, why = judged(found, p_holm=p_holm, better=pair.metric.better, band=band, reach=reach)
    if undecided := undecided or _uncontrolled(control):
        verdict, why = ChangeVerdict.CANNOT_TELL, undecided
    return Change(
        **common,
        before=found.before,
        after=found.after,
        ratio=found.ratio,
        interval=found.interval,
        n_before=found.n_before,
        n_after=found.n_after,
        p=found.p,
        p_holm=p_holm,
        verdict=verdict,
        why=why,
    )


def _uncontrolled(control: _Pair | None) -> str | None:
    """Why nobody knows how far the baseline moved, which is not that it stood still."""
    if control is None or control.estimate:
        return None
    return f"how far the baseline moved is not known: {control.reason or 'it has no figure'}"


def summary(comparison: Comparison) -> str:
    """`2 worse, 1 better, 30 no difference that matters, 15 cannot tell`."""
    counts = [(len(comparison.of(verdict)), verdict.value) for verdict in ChangeVerdict]
    return ", ".join(f"{count} {word}" for count, word in counts if count) or counted(0, "comparison")
