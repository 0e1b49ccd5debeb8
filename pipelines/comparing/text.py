"""Comparisons and histories as people read them in a terminal: the effect first, then why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from pipelines.tables import columns
from steps.model import ChangePoint, ChangeVerdict, Comparison, History, Series
from steps.page.markdown import verdict_of
from steps.statistics.changes import FEWEST_POINTS
from steps.statistics.comparing import summary
from steps.statistics.unlike import told
from steps.statistics.words import DASH, counted, listed, number_of, ratio_text

ORDER = list(ChangeVerdict)  # worse first
BARS = "▁▂▃▄▅▆▇█"
WIDEST = 40  # runs in a line


def comparison(found: Comparison) -> str:
    """The verdict, what differs, and a line for each metric of each arm."""
    rows = sorted(found.changes, key=lambda each: ORDER.index(each.verdict))
    table = [
        (
            each.contender,
            each.load,
            each.metric.name,
            number_of(each.before) if each.before is not None else DASH,
            number_of(each.after) if each.after is not None else DASH,
            ratio_text(each),
            each.verdict.value,
            each.why,
        )
        for each in rows
    ]
    head = ("CONTENDER", "LOAD", "METRIC", "BEFORE", "AFTER", "RATIO (95 %)", "VERDICT", "WHY")
    lines = [
        f"{listed(found.before)} → {listed(found.after)}: {verdict_of(found)} ({summary(found)})",
        *(f"despite {told(each)}" for each in found.despite),
        *([f"unknown in both: {', '.join(found.unknown)}"] if found.unknown else []),
        *found.notes,
        "",
        columns([head, *table]),
    ]
    return "\n".join(lines)


def history(found: History, *, shown: Sequence[str]) -> str:
    """A line for each series: those of the metrics in `shown`, and every other whose level changed."""
    lines = [_head(found), *_left_out(found), *(f"despite {told(each)}" for each in found.despite)]
    for group in found.groups:
        differing = [told(each) for each in group.differences]
        if len(found.groups) > 1:
            lines += ["", f"circumstances {group.number}: {counted(len(group.runs), 'run')}, {group.runs[0]} to {group.runs[-1]}"]
            lines += [f"  {each} (--despite {each.split(' ')[0]} would join them)" for each in differing]
        if len(group.runs) < 2 * FEWEST_POINTS:
            lines.append(f"too few runs for a change point: {len(group.runs)}, it takes {2 * FEWEST_POINTS}")
        series = [each for each in found.series if each.group == group.number]
        chosen = [each for each in series if each.metric.name in shown or each.change_points]
        if not series:
            lines.append("no metric has six valid repetitions in any of these runs")
            continue
        lines += ["", columns([HEAD, *(row for each in chosen for row in _rows(each, found, among=len(series)))])]
        if len(chosen) < len(series):
            lines.append(f"({len(series) - len(chosen)} more without a change point: --json, or --metric NAME)")
    return "\n".join(lines)


HEAD = ("CONTENDER", "LOAD", "METRIC", "RUNS", "TREND", "LAST LEVEL", "CHANGE")


def _head(found: History) -> str:
    runs = [run for group in found.groups for run in group.runs]
    worse = [f"{each.contender} {each.metric.name}" for each in found.worse]
    verdict = f"worse since the last change point: {listed(worse)}" if worse else "the newest level of nothing is worse"
    return f"{found.phase}/{found.experiment}: {counted(len(runs), 'run')}; {verdict}"


def _left_out(found: History) -> Iterable[str]:
    for run, why in found.left_out.items():
        yield f"left out: {run}: {why}"


def _rows(series: Series, found: History, *, among: int) -> list[tuple[str, ...]]:
    last = series.change_points[-1].index if series.change_points else 0
    level = median(point.value for point in series.points[last:])
    first = (
        series.contender,
        series.load,
        series.metric.name,
        str(len(series.points)),
        sparkline(series, band=found.band),
        f"{number_of(level)} {series.metric.unit}",
    )
    changes = [
        _change(each, series.metric.unit) + (f"; may be chance among {among} series" if each.p * among > found.level else "")
        for each in series.change_points
    ] or [""]
    return [(*first, changes[0]), *(("",) * len(first) + (each,) for each in changes[1:])]


def _change(point: ChangePoint, unit: str) -> str:
    levels = f"{number_of(point.before)} → {number_of(point.after)} {unit}"
    moved = f"; {_moved(point)}" if point.verdict is ChangeVerdict.CANNOT_TELL else ""
    also = f" [{'; '.join(told(each) for each in point.despite)}]" if point.despite else ""
    return f"{point.verdict.value}: ×{point.ratio:.2f} since {point.run} ({levels}){moved}{also}"


def _moved(point: ChangePoint) -> str:
    """Why a level that surely is another one is nobody's doing."""
    if point.reach is None:
        return "how far the baseline moved is not known"
    return f"the baseline's own interval reaches ×{point.reach:.2f} between the same runs"


def sparkline(series: Series, *, band: float) -> str:
    """The newest runs as bars, with a line where the level changed. A range inside the band stays flat: noise is no mountain."""
    values = [point.value for point in series.points]
    start = max(0, len(values) - WIDEST)
    low, high = min(values[start:]), max(values[start:])
    middle = (low + high) / 2
    half = max((high - low) / 2, band * middle) or 1.0
    cuts = {point.index for point in series.change_points}
    return "".join(
        ("│" if start + at in cuts and at else "") + BARS[round((value - middle + half) / (2 * half) * (len(BARS) - 1))]
        for at, value in enumerate(values[start:])
    )
