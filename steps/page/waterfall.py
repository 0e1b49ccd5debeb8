"""The stack taken apart: a bar for each layer that begins where the one before it ends, and the table behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from steps.costs.words import money, range_of
from steps.model import Figure, Layer, LoadSection, Metric, Report, Tuned, Waterfall
from steps.model.cost import CostFigure
from steps.page.svg import MUTED, RULE, Canvas, Scale, line_color, text_color
from steps.statistics.words import DASH, common_decimals, counted, number, range_text

DRAWN = ("p50_ms", "path_cpu_us_per_request")  # and dollars: what adds up, nearly
NOT_ADDITIVE = ("p99_ms",)
SIGNED, OWN = True, False
HEAD, ROW, FOOT, BAR = 34.0, 31.0, 26.0, 13.0
NAMES, TEXT, GAP = 92.0, 118.0, 18.0
WIDE, NARROW = 1040.0, 358.0
FONT = 12.5


@dataclass(frozen=True)
class Bar:
    """A row of a panel. None: it has no length, and `text` says so."""

    name: str
    start: float
    length: float | None
    text: str
    interval: str
    hue: int | None  # the arm's place in the experiment; None: the remainder, or the whole


@dataclass(frozen=True)
class Panel:
    """One quantity from the lowest layer to the whole."""

    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Cell:
    """A figure in the table, or why there is none."""

    text: str
    interval: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Row:
    name: str
    hue: int | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class WaterfallView:
    """A report's stack under one of its loads."""

    report: Report
    section: LoadSection
    found: Waterfall

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return tuple(metric for metric in self.report.metrics if metric.name in self.found.whole)

    @property
    def unit(self) -> str | None:
        return self.found.unit

    def additive(self, metric: Metric) -> bool:
        return metric.name not in NOT_ADDITIVE

    def rounds(self) -> str:
        """How many rounds the parts are made from."""
        counts = {figure.n for layer in self.found.layers for figure in layer.added.values() if figure.value is not None}
        if not counts:
            return "no round has two layers that follow each other"
        many = counted(max(counts), "round") if len(counts) == 1 else f"{min(counts)} to {max(counts)} rounds"
        return f"medians over {many} in which every layer was measured"

    def rows(self) -> list[Row]:
        """The layers, what is left, the whole."""
        names = [metric.name for metric in self.metrics]
        rows = [self._row(place, layer, names) for place, layer in enumerate(self.found.layers)]
        left = [self._left(name) for name in names]
        whole = [cell_of(self.found.whole[name], self._digits(name), signed=OWN) for name in names]
        if self.unit:
            left.append(self._left_usd())
            whole.append(money_cell(self.found.usd))
        return [*rows, Row("remainder", None, tuple(left)), Row("whole", None, tuple(whole))]

    def _row(self, place: int, layer: Layer, names: Sequence[str]) -> Row:
        cells = [cell_of(layer.added[name], self._digits(name), signed=place > 0) for name in names]
        priced = [money_cell(layer.usd, signed=place > 0)] if self.unit else []
        return Row(_called(place, layer), self._hue(layer.arm), (*cells, *priced))

    def _left(self, name: str) -> Cell:
        left = None if name in NOT_ADDITIVE else self.found.remainder[name]
        return Cell(DASH) if left is None else Cell(number(left, self._digits(name), signed=SIGNED))

    def _left_usd(self) -> Cell:
        left = self.found.remainder_usd
        return Cell(DASH) if left is None else Cell(f"{'+' if left > 0 else ''}{money(left)}")

    def _digits(self, name: str) -> int:
        return common_decimals([*(layer.added[name] for layer in self.found.layers), self.found.whole[name]])

    def _hue(self, arm: str) -> int | None:
        return next((place for place, each in enumerate(self.section.arms) if each.name == arm), None)

    def reasons(self) -> list[str]:
        """Why there are dashes, each reason once."""
        told = [
            f"{DASH} {_called(place, layer)}: {why}"
            for place, layer in enumerate(self.found.layers)
            for why in (*(figure.reason for figure in layer.added.values()), layer.usd.reason if self.unit else None)
            if why
        ]
        return list(dict.fromkeys(told))

    def parts(self) -> list[tuple[str, Cell, Cell]]:
        """What each component of the whole used by itself."""
        cpu = common_decimals(part.cpu_us_per_request for part in self.found.parts)
        memory = common_decimals(part.memory_mib for part in self.found.parts)
        return [
            (part.title, cell_of(part.cpu_us_per_request, cpu, signed=OWN), cell_of(part.memory_mib, memory, signed=OWN))
            for part in self.found.parts
        ]

    def tunings(self) -> list[tuple[Tuned, tuple[Cell, ...]]]:
        """What each tuning changed."""
        names = [metric.name for metric in self.metrics]
        return [
            (
                each,
                (
                    *(cell_of(each.added[name], common_decimals([each.added[name]]), signed=SIGNED) for name in names),
                    *([money_cell(each.usd, signed=SIGNED)] if self.unit else []),
                ),
            )
            for each in self.report.tuned
            if each.load == self.found.load
        ]

    def title_of(self, arm: str) -> str:
        titles = {arm.name: arm.title for arm in self.section.arms} | {each.name: each.title for each in self.report.absent}
        return titles.get(arm, arm)

    def panels(self) -> tuple[Panel, ...]:
        """Those that something is known of."""
        drawn = [metric for metric in self.metrics if metric.name in DRAWN]
        panels = [self._panel(metric) for metric in drawn]
        if self.unit:
            panels.append(self._dollars(self.unit))
        return tuple(panel for panel in panels if any(bar.length for bar in panel.bars))

    def _panel(self, metric: Metric) -> Panel:
        digits = self._digits(metric.name)
        figures = [layer.added[metric.name] for layer in self.found.layers]
        texts = [cell_of(figure, digits, signed=place > 0) for place, figure in enumerate(figures)]
        whole = self.found.whole[metric.name]
        return Panel(
            f"{metric.title}, {metric.unit}",
            self._bars(
                [figure.value for figure in figures],
                texts,
                whole.value,
                cell_of(whole, digits, signed=OWN),
                self._left(metric.name),
            ),
        )

    def _dollars(self, unit: str) -> Panel:
        costs = [layer.usd for layer in self.found.layers]
        texts = [money_cell(each, signed=place > 0) for place, each in enumerate(costs)]
        whole = self.found.usd
        return Panel(
            unit,
            self._bars([_float(each.value) for each in costs], texts, _float(whole.value), money_cell(whole), self._left_usd()),
        )

    def _bars(
        self, values: Sequence[float | None], texts: Sequence[Cell], whole: float | None, said: Cell, left: Cell
    ) -> tuple[Bar, ...]:
        bars, at = [], 0.0
        for place, (layer, value, cell) in enumerate(zip(self.found.layers, values, texts, strict=True)):
            bars.append(Bar(_called(place, layer), at, value, cell.text, cell.interval, self._hue(layer.arm)))
            at += value or 0.0
        known = whole is not None and None not in values
        bars.append(Bar("remainder", at, whole - at if known and whole is not None else None, left.text, "", None))
        return (*bars, Bar("whole", 0.0, whole, said.text, said.interval, None))

    def draw(self, *, width: float, name: str) -> Markup | None:
        """Panels side by side, or on a narrow screen below each other; None: nothing is known."""
        panels = self.panels()
        if not panels:
            return None
        stacked = width < WIDE
        block = HEAD + ROW * len(panels[0].bars) + FOOT
        canvas = Canvas(width, block * (len(panels) if stacked else 1))
        plot = width - NAMES - TEXT if stacked else (width - NAMES - GAP * (len(panels) - 1)) / len(panels) - TEXT
        for place, panel in enumerate(panels):
            top = block * place if stacked else 0.0
            left = NAMES if stacked else NAMES + place * (plot + TEXT + GAP)
            _draw(canvas, panel, left=left, plot=plot, top=top, named=stacked or place == 0)
        told = "; ".join(f"{panel.title}: {', '.join(f'{bar.name} {bar.text}' for bar in panel.bars)}" for panel in panels)
        return canvas.svg(name=name, title="What each layer adds", description=told)


def _called(place: int, layer: Layer) -> str:
    return layer.title if place == 0 else f"+ {layer.title.lower()}"


def _float(usd: Decimal | None) -> float | None:
    return None if usd is None else float(usd)


def cell_of(figure: Figure, digits: int, *, signed: bool) -> Cell:
    if figure.value is None:
        return Cell(DASH, reason=figure.reason or "")
    marks = " †" if figure.suspect else ""
    interval = range_text(figure, digits) if figure.interval else "once"
    return Cell(number(figure.value, digits, signed=signed) + marks, interval)


def money_cell(figure: CostFigure, *, signed: bool = OWN) -> Cell:
    if figure.value is None:
        return Cell(DASH, reason=figure.reason or "")
    sign = "+" if signed and figure.value > 0 else ""
    return Cell(f"{sign}{money(figure.value)}{' †' if figure.suspect else ''}", range_of(figure))


def _draw(canvas: Canvas, panel: Panel, *, left: float, plot: float, top: float, named: bool) -> None:
    ends = [end for bar in panel.bars if bar.length is not None for end in (bar.start, bar.start + bar.length)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    scale = Scale(low, high + (high - low or 1.0) * 0.02, left, left + plot)
    first, last = top + HEAD, top + HEAD + ROW * len(panel.bars)
    canvas.rules(((scale(tick), first), (scale(tick), last)) for tick in scale.ticks(4))
    canvas.line([(left, last - ROW), (left + plot + TEXT, last - ROW)], RULE, 1.0, zorder=1)
    canvas.text(left, top + 16, panel.title, FONT + 0.5)
    for tick in scale.ticks(4):
        canvas.text(scale(tick), last + 12, f"{tick:g}", FONT - 1.5, color=MUTED, ha="center")
    for row, bar in enumerate(panel.bars):
        middle = first + ROW * (row + 0.5)
        if named:
            color = MUTED if bar.hue is None else text_color(bar.hue)
            canvas.text(0, middle, bar.name, FONT + 0.5, color=color, weight="bold")
        _bar(canvas, bar, scale, middle)


def _bar(canvas: Canvas, bar: Bar, scale: Scale, middle: float) -> None:
    beside = scale.end + 10
    if bar.length is not None:
        one, other = sorted((scale(bar.start), scale(bar.start + bar.length)))
        color = MUTED if bar.hue is None else line_color(bar.hue)
        canvas.line([(one, middle), (max(other, one + 1.0), middle)], color, BAR, zorder=2, solid_capstyle="butt")
    canvas.text(beside, middle - (5 if bar.interval else 0), bar.text, FONT + 0.5, weight="bold")
    if bar.interval:
        canvas.text(beside, middle + 9, bar.interval, FONT - 2, color=MUTED)
