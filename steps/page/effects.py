"""The first picture: what each contender adds, as a dot with its interval, one panel for each headline metric."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from steps.model import Arm, Figure, LoadSection, Metric, Ramp, Report
from steps.model.metric import KNEE
from steps.page.svg import MUTED, PAPER, Canvas, Place, Scale, line_color, text_color
from steps.statistics.answer import OWN, added
from steps.statistics.words import DASH, common_decimals, number, range_text, with_interval


@dataclass(frozen=True)
class Layout:
    """Pixels."""

    width: float
    names: float  # room for the arms' names
    plot: float
    text: float  # room for the figures beside a plot
    gap: float
    row: float
    head: float
    foot: float
    stacked: bool  # panels below each other, each with its names
    font: float


WIDE = Layout(width=1040, names=84, plot=166, text=132, gap=21, row=31, head=34, foot=28, stacked=False, font=12.5)
NARROW = Layout(width=358, names=64, plot=150, text=132, gap=12, row=29, head=40, foot=30, stacked=True, font=12)
DIGIT, GLYPH = 0.62, 0.36  # widths in em of the bold figures, for the place of what follows them


def effects(report: Report, section: LoadSection, layout: Layout, *, name: str) -> Markup:
    """The drawing of a load's effects."""
    metrics = [metric for wanted in report.headline for metric in report.metrics if metric.name == wanted]
    rows = ordered_arms(report, section)
    block = layout.head + layout.row * len(rows) + layout.foot
    canvas = Canvas(layout.width, block * (len(metrics) if layout.stacked else 1))
    for place, metric in enumerate(metrics):
        top = block * place if layout.stacked else 0
        left = layout.names + (0 if layout.stacked else place * (layout.plot + layout.text + layout.gap))
        drawn = _Panel(canvas, metric, section, rows=rows, layout=layout, corner=(left, top))
        if layout.stacked or place == 0:
            drawn.names()
        drawn.draw()
    return canvas.svg(name=name, title=_title(metrics), description=_description(metrics, rows, section))


def ordered_arms(report: Report, section: LoadSection) -> list[Arm]:
    """The baseline, then the contenders: by what they add (or the highest knee first) when that is decided, else as declared."""
    baseline, *contenders = section.arms
    if report.answer.decided and isinstance(section.load, Ramp):
        contenders.sort(key=lambda arm: -(arm.figures[KNEE.name].value or arm.figures[KNEE.name].at_least or 0.0))
    elif report.answer.decided:
        main = report.headline[0]
        contenders.sort(key=lambda arm: value if (value := added(arm, main, baseline).value) is not None else float("inf"))
    return [baseline, *contenders]


def position(section: LoadSection, arm: Arm) -> int:
    """The arm's place in the experiment, which is its colour."""
    return [each.name for each in section.arms].index(arm.name)


class _Panel:
    """One metric's rows."""

    def __init__(
        self, canvas: Canvas, metric: Metric, section: LoadSection, *, rows: Sequence[Arm], layout: Layout, corner: Place
    ) -> None:
        self.canvas, self.metric, self.section, self.rows, self.layout = canvas, metric, section, rows, layout
        self.left, self.top = corner
        self.baseline = section.arms[0]
        self.own = self.baseline.direct and metric.name in OWN
        self.figures = {arm.name: added(arm, metric.name, self.baseline) for arm in section.arms[1:]}
        self.digits = common_decimals(self.figures.values())
        self.scale = _scale(self.figures.values(), self.left, self.left + layout.plot)

    def names(self) -> None:
        for row, arm in enumerate(self.rows):
            color = text_color(position(self.section, arm))
            self.canvas.text(0, self._middle(row), arm.title, self.layout.font + 0.5, color=color, weight="bold")

    def draw(self) -> None:
        self._frame()
        for row, arm in enumerate(self.rows):
            if arm is self.baseline:
                self._zero(row)
            else:
                self._row(row, arm)

    def _middle(self, row: int) -> float:
        return self.top + self.layout.head + self.layout.row * (row + 0.5)

    def _frame(self) -> None:
        top = self.top + self.layout.head
        bottom = top + self.layout.row * len(self.rows)
        ticks = self.scale.ticks(4)
        self.canvas.rules(((self.scale(tick), top), (self.scale(tick), bottom)) for tick in ticks)
        zero = self.scale(0)
        self.canvas.line([(zero, top), (zero, bottom)], MUTED, 1.0, zorder=1)
        for tick in ticks:
            self.canvas.text(self.scale(tick), bottom + 13, f"{tick:g}", self.layout.font - 1.5, color=MUTED, ha="center")
        word = "" if self.own else "added "
        self.canvas.text(self.left, self.top + 16, f"{word}{self.metric.title}, {self.metric.unit}", self.layout.font + 0.5)

    def _zero(self, row: int) -> None:
        """The baseline's row: what zero stands for."""
        found = self.baseline.figures[self.metric.name]
        text = "no program of its own" if self.own else DASH
        if not self.own and found.value is not None:
            text = f"0 stands for {number(found.value, max(2, self.digits))} {self.metric.unit}"
        self.canvas.text(self._beside, self._middle(row), text, self.layout.font - 1, color=MUTED)

    @property
    def _beside(self) -> float:
        return self.left + self.layout.plot + 12

    def _row(self, row: int, arm: Arm) -> None:
        found, middle = self.figures[arm.name], self._middle(row)
        if found.value is None:
            text = f"{DASH} failed" if arm.failed and not arm.ok else f"{DASH} no figure"
            self.canvas.text(self._beside, middle, text, self.layout.font - 1, color=MUTED, style="italic")
            return
        color = line_color(position(self.section, arm))
        for point in found.points:
            fill = PAPER if point.suspect else color
            self.canvas.dot((self.scale(point.value), middle + 8), 3.4, fill, color, 0.8 if point.suspect else 0, alpha=0.75)
        if found.interval:
            ends = [(self.scale(end), middle) for end in (found.interval.low, found.interval.high)]
            self.canvas.line(ends, color, 2.4, zorder=3)
        fill, edge = (PAPER, color) if found.suspect else (color, PAPER)
        self.canvas.dot((self.scale(found.value), middle), 9, fill, edge, 1.4, zorder=4)
        self._figures(found, middle)

    def _figures(self, found: Figure, middle: float) -> None:
        size = self.layout.font + 0.5
        text = number(found.value or 0.0, self.digits, signed=not self.own)
        self.canvas.text(self._beside, middle, text, size, weight="bold")
        width = sum(GLYPH if glyph in ".," else DIGIT for glyph in text) * size
        mark = " †" if found.suspect else ""
        beside = range_text(found, self.digits) if found.interval else "once"
        after = self._beside + width + 6
        self.canvas.text(after, middle, beside + mark, self.layout.font - 1.5, color=MUTED)


def _scale(figures: Iterable[Figure], start: float, end: float) -> Scale:
    values = [point.value for figure in figures for point in figure.points]
    low, high = min([0.0, *values]), max([0.0, *values])
    room = (high - low or 1.0) * 0.03
    return Scale(low - room if low < 0 else 0.0, high + room, start, end)


def _title(metrics: Sequence[Metric]) -> str:
    return "What each contender adds: " + ", ".join(metric.title for metric in metrics)


def _description(metrics: Sequence[Metric], rows: Sequence[Arm], section: LoadSection) -> str:
    parts = []
    for metric in metrics:
        for arm in rows[1:]:
            found = added(arm, metric.name, section.arms[0])
            parts.append(f"{arm.title} {metric.title} {with_interval(found, metric.unit)}")
    return "; ".join(parts)
