"""What watching costs, as a section of the page: a bar for each way to watch, the table behind it, the price of what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from steps.costs.words import money, range_of
from steps.model import Figure, LoadSection, Report
from steps.model.cost import CostFigure
from steps.model.watching import KeptUnit, WatchedArm, Watching
from steps.page.svg import MUTED, RULE, Canvas, Scale, line_color, text_color
from steps.page.waterfall import Cell
from steps.statistics.watching import OWN
from steps.statistics.words import DASH, common_decimals, number, number_of, range_text

NAMES, TEXT, HEAD, ROW, FOOT, BAR = 96.0, 170.0, 30.0, 30.0, 24.0, 13.0
FONT = 12.5
WIDE, NARROW = 1040.0, 358.0


@dataclass(frozen=True)
class Bar:
    """CPU a request, one way to watch: the application's own, what watching takes from it, those that watch. None: not known."""

    name: str
    hue: int
    own_us: float | None
    tax_us: float | None
    watchers_us: float | None


@dataclass(frozen=True)
class WatchingView:
    """A report's watching under one of its loads."""

    report: Report
    section: LoadSection
    found: Watching

    def rows(self) -> list[tuple[WatchedArm, int, tuple[Cell, ...]]]:
        """Each way to watch: the application's tax, those that watch, and dollars."""
        arms = self.found.arms
        tax, own, mib = (
            common_decimals(each)
            for each in ([a.tax_us for a in arms], [a.watchers_us for a in arms], [a.watchers_mib for a in arms])
        )
        return [
            (
                arm,
                self._hue(arm.arm),
                (
                    _figure(arm.tax_us, tax, signed=True),
                    _figure(arm.watchers_us, own),
                    _figure(arm.watchers_mib, mib),
                    *([_money(arm.usd)] if self.found.unit else []),
                ),
            )
            for arm in arms
        ]

    def units(self) -> list[tuple[WatchedArm, KeptUnit, int, tuple[Cell, ...]]]:
        """What each store keeps, and the price of a unit."""
        return [
            (
                arm,
                unit,
                self._hue(arm.arm),
                (
                    _plain(unit.count),
                    _plain(unit.raw_bytes),
                    _plain(unit.stored_bytes),
                    _money(unit.usd),
                    _money(unit.memory_usd),
                ),
            )
            for arm in self.found.arms
            for unit in arm.kept
        ]

    def reasons(self) -> list[str]:
        """Why there are dashes, each reason once."""
        told = [
            f"{DASH} {arm.title}: {figure.reason}"
            for arm in self.found.arms
            for figure in (arm.tax_us, arm.watchers_us, arm.watchers_mib, arm.usd)
            if figure.reason
        ]
        units = [
            f"{DASH} {unit.title}, {arm.title}: {figure.reason}"
            for arm in self.found.arms
            for unit in arm.kept
            for figure in (unit.count, unit.stored_bytes, unit.usd)
            if figure.reason
        ]
        return list(dict.fromkeys((*told, *units)))

    @property
    def suspect(self) -> bool:
        """Whether a figure has only suspect repetitions behind it."""
        arms = self.found.arms
        figures = [figure for arm in arms for figure in (arm.tax_us, arm.watchers_us, arm.watchers_mib, arm.usd)]
        prices = [figure for arm in arms for unit in arm.kept for figure in (unit.usd, unit.memory_usd)]
        return any(each.suspect for each in (*figures, *prices))

    def bars(self) -> tuple[Bar, ...]:
        """The baseline, then each way to watch; the application's own part is the baseline's, with the tax beside it."""
        baseline = self.section.arms[0]
        own = baseline.figures[OWN].value if OWN in baseline.figures else None
        watched = [Bar(arm.title, self._hue(arm.arm), own, arm.tax_us.value, arm.watchers_us.value) for arm in self.found.arms]
        return (Bar(baseline.title, 0, own, None, None), *watched)

    def draw(self, *, width: float, name: str) -> Markup | None:
        """The bars; None: nothing is known."""
        bars = self.bars()
        ends = [(bar.own_us or 0.0) + max(bar.tax_us or 0.0, 0.0) + (bar.watchers_us or 0.0) for bar in bars]
        if not any(ends):
            return None
        canvas = Canvas(width, HEAD + ROW * len(bars) + FOOT)
        text = TEXT if width == WIDE else 92.0
        scale = Scale(0.0, max(ends) * 1.02, NAMES, width - text)
        last = HEAD + ROW * len(bars)
        canvas.rules(((scale(tick), HEAD), (scale(tick), last)) for tick in scale.ticks(5))
        canvas.line([(NAMES, HEAD), (NAMES, last)], RULE, 1.0, zorder=1)
        parts = ": the application, what watching takes from it, those that watch" if width == WIDE else ""
        canvas.text(NAMES, 14, f"CPU a request, µs{parts}", FONT)
        for tick in scale.ticks(5):
            canvas.text(scale(tick), last + 12, f"{tick:g}", FONT - 1.5, color=MUTED, ha="center")
        for place, bar in enumerate(bars):
            _draw(canvas, bar, scale, HEAD + ROW * (place + 0.5), words=width == WIDE)
        told = "; ".join(f"{bar.name}: {_said(bar)}" for bar in bars)
        return canvas.svg(name=name, title="What watching takes", description=told)

    def _hue(self, arm: str) -> int:
        return next((place for place, each in enumerate(self.section.arms) if each.name == arm), 0)


def _draw(canvas: Canvas, bar: Bar, scale: Scale, middle: float, *, words: bool) -> None:
    canvas.text(0, middle, bar.name, FONT + 0.5, color=text_color(bar.hue), weight="bold")
    at = 0.0
    parts = ((bar.own_us, MUTED, 1.0), (bar.tax_us, line_color(bar.hue), 1.0), (bar.watchers_us, line_color(bar.hue), 0.45))
    for value, color, alpha in parts:
        if value is not None and value > 0:
            ends = [(scale(at), middle), (scale(at + value), middle)]
            canvas.line(ends, color, BAR, alpha=alpha, zorder=2, solid_capstyle="butt")
            at += value
    canvas.text(scale(at) + 8, middle, _said(bar) if words else number_of(at), FONT, color=MUTED)


def _said(bar: Bar) -> str:
    """`80 + 12 + 230 µs`."""
    if bar.own_us is None:
        return DASH
    parts = [bar.own_us] if bar.hue == 0 else [bar.own_us, bar.tax_us, bar.watchers_us]
    return f"{' + '.join(DASH if part is None else number_of(part) for part in parts)} µs"


def _figure(figure: Figure, digits: int, *, signed: bool = False) -> Cell:
    if figure.value is None:
        return Cell(DASH, reason=figure.reason or "")
    mark = " †" if figure.suspect else ""
    interval = range_text(figure, digits, signed=signed) if figure.interval else ""
    return Cell(number(figure.value, digits, signed=signed) + mark, _of(figure.n, interval))


def _plain(figure: Figure) -> Cell:
    """A count or a size, which hardly differs from round to round."""
    if figure.value is None:
        return Cell(DASH, reason=figure.reason or "")
    value = figure.value
    return Cell(f"{value:,.0f}" if value >= 100 or value.is_integer() else number_of(value))


def _money(figure: CostFigure) -> Cell:
    if figure.value is None:
        return Cell(DASH, reason=figure.reason or "")
    return Cell(f"{money(figure.value)}{' †' if figure.suspect else ''}", _of(figure.n, range_of(figure)))


def _of(n: int, interval: str) -> str:
    """`0.31 to 0.35, n = 6`: of how many repetitions the median is, too."""
    return f"{interval}, n = {n}" if n > 1 and interval else "once"


def views(report: Report) -> dict[str, tuple[WatchingView, Sequence[Markup] | None]]:
    """By load: the section, and its picture for wide and for narrow screens, where there is one."""
    sections = {section.label: section for section in report.loads}
    found: dict[str, tuple[WatchingView, Sequence[Markup] | None]] = {}
    for place, each in enumerate(report.watching):
        view = WatchingView(report, sections[each.load], each)
        wide, narrow = view.draw(width=WIDE, name=f"v{place}w"), view.draw(width=NARROW, name=f"v{place}n")
        found[each.load] = (view, (wide, narrow) if wide and narrow else None)
    return found
