"""The pictures of a ramp: each arm's knee and what it costs to come near it; and the searches that found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup

from steps.model import Arm, Figure, LoadSection, Probe, Ramp, Report
from steps.model.metric import KNEE, at_share
from steps.page.effects import ordered_arms, position
from steps.page.svg import MUTED, PAPER, Canvas, Scale, line_color, text_color
from steps.statistics.knees import unit_of
from steps.statistics.words import DASH, number, range_text, with_interval

NAMES, ROW, HEAD, FOOT = 84.0, 31.0, 34.0, 28.0
TEXT = 150.0  # room for a knee's figures
SEARCH_HEIGHT, SEARCH_HEAD, SEARCH_FOOT, LEFT, BETWEEN = 150.0, 34.0, 30.0, 44.0, 16.0
FAR = 20.0  # a p99 this many times the SLO's is drawn there: how far beyond it went says nothing


def knees(report: Report, section: LoadSection, *, width: float, stacked: bool, name: str) -> Markup:
    """Knees with their intervals, and beside (or below) them each arm's p99 at the shares."""
    rows = ordered_arms(report, section)
    block = HEAD + ROW * len(rows) + FOOT
    canvas = Canvas(width, block * (2 if stacked else 1))
    half = (width if stacked else width / 2) - NAMES
    panel = _Rows(canvas, section, rows, top=0.0)
    panel.names(0.0)
    panel.knees(NAMES, NAMES + half - TEXT)
    beside = _Rows(canvas, section, rows, top=block if stacked else 0.0)
    if stacked:
        beside.names(0.0)
    start = NAMES if stacked else width / 2 + NAMES
    beside.shares(start, width - 60)
    return canvas.svg(name=name, title="Knee, and p99 at shares of it", description=_description(report, rows))


@dataclass(frozen=True)
class _Rows:
    """One row for each arm."""

    canvas: Canvas
    section: LoadSection
    rows: Sequence[Arm]
    top: float

    def names(self, left: float) -> None:
        for row, arm in enumerate(self.rows):
            color = text_color(position(self.section, arm))
            self.canvas.text(left, self._middle(row), arm.title, 13, color=color, weight="bold")

    def knees(self, start: float, end: float) -> None:
        figures = [arm.figures[KNEE.name] for arm in self.rows]
        known = [value for figure in figures for value in (figure.at_least, *(point.value for point in figure.points)) if value]
        scale = Scale(0.0, max(known, default=1.0) * 1.03, start, end)
        self._frame(scale, f"{KNEE.title}, {unit_of(self.section)}")
        for row, (arm, figure) in enumerate(zip(self.rows, figures, strict=True)):
            self._knee(scale, row, arm, figure)

    def _knee(self, scale: Scale, row: int, arm: Arm, figure: Figure) -> None:
        middle, color = self._middle(row), line_color(position(self.section, arm))
        for point in figure.points:
            fill = PAPER if point.suspect else color
            self.canvas.dot((scale(point.value), middle + 8), 3.4, fill, color, 0.8 if point.suspect else 0, alpha=0.75)
        value = figure.at_least if figure.value is None else figure.value
        if value is None:
            self.canvas.text(scale.end + 12, middle, f"{DASH} failed", 11.5, color=MUTED, style="italic")
            return
        if figure.value is None:  # open to the right
            self.canvas.line([(scale(value), middle), (scale.end, middle)], color, 1.6, zorder=3, linestyle=(0, (1, 2)))
        if figure.interval:
            ends = [(scale(edge), middle) for edge in (figure.interval.low, figure.interval.high)]
            self.canvas.line(ends, color, 2.4, zorder=3)
        fill, edge = (color, PAPER) if figure.value is not None and not figure.suspect else (PAPER, color)
        self.canvas.dot((scale(value), middle), 9, fill, edge, 1.4, zorder=4)
        text = number(value, 0) if figure.value is not None else f"≥ {number(value, 0)}"
        self.canvas.text(scale.end + 12, middle, text, 13, weight="bold")
        beside = range_text(figure, 0) if figure.interval else "" if figure.value is None else "once"
        self.canvas.text(scale.end + 62, middle, beside + (" †" if figure.suspect else ""), 11, color=MUTED)

    def shares(self, start: float, end: float) -> None:
        """A dot for each share, the highest one largest; the SLO as a line."""
        load = self.section.load
        assert isinstance(load, Ramp)  # noqa: S101  # only a ramp has knees
        found = {arm.name: _shares(arm) for arm in self.rows}
        values = [load.slo.p99_ms, *(figure.value for each in found.values() for _, figure in each if figure.value)]
        scale = Scale(min(values) * 0.8, max(values) * 1.15, start, end, log=True)
        self._frame(scale, "p99 at shares of the own knee, ms")
        limit = scale(load.slo.p99_ms)
        bottom = self.top + HEAD + ROW * len(self.rows)
        self.canvas.line([(limit, self.top + HEAD), (limit, bottom)], MUTED, 1.2, linestyle=(0, (4, 3)))
        self.canvas.text(limit, self.top + HEAD - 7, "SLO", 11, color=MUTED, ha="center")
        for row, arm in enumerate(self.rows):
            self._dots(scale, row, arm, found[arm.name])

    def _dots(self, scale: Scale, row: int, arm: Arm, found: Sequence[tuple[int, Figure]]) -> None:
        middle, color = self._middle(row), line_color(position(self.section, arm))
        known = [(percent, figure, figure.value) for percent, figure in found if figure.value is not None]
        if not known:
            self.canvas.text(scale.start, middle, f"{DASH} the knee is not known", 11.5, color=MUTED, style="italic")
            return
        self.canvas.line([(scale(value), middle) for *_, value in known], color, 1.4, zorder=2)
        for size, (percent, figure, value) in zip((6.0, 7.5, 9.0), known, strict=False):
            fill, edge = (PAPER, color) if figure.suspect else (color, PAPER)
            self.canvas.dot((scale(value), middle), size, fill, edge, 1.2, zorder=4)
            if percent == known[-1][0]:
                self.canvas.text(scale.end + 10, middle, f"{number(value, 2)}", 12)

    def _middle(self, row: int) -> float:
        return self.top + HEAD + ROW * (row + 0.5)

    def _frame(self, scale: Scale, title: str) -> None:
        top, bottom = self.top + HEAD, self.top + HEAD + ROW * len(self.rows)
        ticks = scale.ticks(4)
        self.canvas.rules(((scale(tick), top), (scale(tick), bottom)) for tick in ticks)
        for tick in ticks:
            self.canvas.text(scale(tick), bottom + 13, _tick(tick), 11, color=MUTED, ha="center")
        self.canvas.text(scale.start, self.top + 12, title, 13)


def _tick(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


def _shares(arm: Arm) -> list[tuple[int, Figure]]:
    """The arm's p99 at each share, by percent."""
    found = [(at_share(name), figure) for name, figure in arm.figures.items()]
    return sorted(((at[1], figure) for at, figure in found if at and at[0] == "p99_ms"), key=lambda pair: pair[0])


def searches(section: LoadSection, *, width: float, columns: int, name: str) -> Markup:
    """Every probe of every repetition: its rate across, its p99 up; full where the SLO held."""
    load = section.load
    assert isinstance(load, Ramp)  # noqa: S101  # only a ramp has searches
    block = SEARCH_HEAD + SEARCH_HEIGHT + SEARCH_FOOT
    canvas = Canvas(width, block * ceil(len(section.arms) / columns))
    column = (width - LEFT - BETWEEN * (columns - 1)) / columns
    probes = [probe for arm in section.arms for path in arm.paths for probe in path.probes]
    rates = [probe.rate_rps for probe in probes]
    slo_ms = load.slo.p99_ms
    fastest = min((probe.p99_ms for probe in probes if probe.p99_ms), default=slo_ms / 10)
    for place, arm in enumerate(section.arms):
        left, top = LEFT + (place % columns) * (column + BETWEEN), (place // columns) * block
        canvas.text(left, top + 12, arm.title, 12.5, color=text_color(place), weight="bold")
        across = Scale(min(rates) * 0.9, max(rates) * 1.1, left, left + column, log=True)
        bottom = top + SEARCH_HEAD + SEARCH_HEIGHT
        down = Scale(max(fastest, 1e-3) * 0.8, slo_ms * FAR, bottom, top + SEARCH_HEAD, log=True)
        _search_frame(canvas, across, down, slo_ms=slo_ms, first=place % columns == 0)
        _search(canvas, arm, place, across, down)
    return canvas.svg(name=name, title="The search for each knee", description=_paths(section))


def _search_frame(canvas: Canvas, across: Scale, down: Scale, *, slo_ms: float, first: bool) -> None:
    ticks = down.ticks(3)
    canvas.rules(((across.start, down(tick)), (across.end, down(tick))) for tick in ticks)
    canvas.line([(across.start, down(slo_ms)), (across.end, down(slo_ms))], MUTED, 1.2, linestyle=(0, (4, 3)))
    if first:
        for tick in ticks:
            unit = " ms" if tick == ticks[-1] else ""
            canvas.text(across.start - 6, down(tick), f"{tick:g}{unit}", 11, color=MUTED, ha="right")
    for tick in across.ticks(2):
        canvas.text(across(tick), down.start + 13, _tick(tick), 11, color=MUTED, ha="center")


def _search(canvas: Canvas, arm: Arm, place: int, across: Scale, down: Scale) -> None:
    color = line_color(place)
    knee = arm.figures[KNEE.name].value
    if knee is not None:
        canvas.line([(across(knee), down.start), (across(knee), down.end)], color, 1.2, zorder=1.5, alpha=0.6)
    probes = [each for path in arm.paths for each in path.probes]
    for verdict, fill, edge in (("met", color, color), ("broken", PAPER, color), ("driver", PAPER, MUTED)):
        places = [(across(each.rate_rps), down(_height(each, down))) for each in probes if each.verdict == verdict]
        if places:
            canvas.dots(places, 4.6, fill, edge, 0.9, zorder=3, alpha=0.85)


def _height(probe: Probe, down: Scale) -> float:
    """Where a probe stands; without a p99, and far beyond the SLO, at the top."""
    return down.high if probe.p99_ms is None else min(max(probe.p99_ms, down.low), down.high)


def _paths(section: LoadSection) -> str:
    parts = []
    for arm in section.arms:
        probes = [probe for path in arm.paths for probe in path.probes]
        met = [probe.rate_rps for probe in probes if probe.verdict == "met"]
        if met:
            parts.append(f"{arm.title}: {len(probes)} probes, the highest that held at {number(max(met), 0)} {unit_of(section)}")
    return "; ".join(parts)


def _description(report: Report, rows: Sequence[Arm]) -> str:
    units = {metric.name: metric for metric in report.metrics}
    return "; ".join(
        f"{arm.title} {units[name].title} {with_interval(figure, units[name].unit)}"
        for arm in rows
        for name, figure in arm.figures.items()
    )
