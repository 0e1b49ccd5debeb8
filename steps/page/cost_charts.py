"""The pictures of cost: beside latency, with the Pareto front; and against the rate, with the break-evens.

A picture has no money in it: what is drawn are the decimals' nearest pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from steps.costs.curves import usd_per_unit
from steps.costs.pareto import front
from steps.costs.words import money
from steps.model import Figure, LoadSection
from steps.model.cost import ArmCost, CostFigure, LoadCost, LoadUse
from steps.model.unit_cost import UnitCost
from steps.page.effects import position
from steps.page.svg import MUTED, PAPER, Canvas, Scale, line_color, spread, text_color

TOP, FOOT, LEFT, RIGHT, GAP = 34.0, 30.0, 64.0, 74.0, 36.0
STEPS = tuple(Decimal(10) ** power for power in range(-9, 6))


@dataclass(frozen=True)
class Spot:
    """A contender in the plane of latency and cost."""

    arm: ArmCost
    hue: int
    p99: Figure
    cost: CostFigure

    @property
    def pair(self) -> tuple[float, Decimal]:
        return self.p99.value or 0.0, self.cost.value or Decimal(0)


@dataclass(frozen=True)
class Pictures:
    """A load's figures, costs and uses."""

    section: LoadSection
    load: LoadCost
    use: LoadUse
    unit: UnitCost

    @property
    def usd(self) -> str:
        """What the dollars are for."""
        return self.unit.under(self.section.load)

    def spots(self) -> list[Spot]:
        """Every contender of which both are known."""
        figures = {arm.name: arm.figures.get(self.use.p99) for arm in self.section.arms}
        hues = {arm.name: position(self.section, arm) for arm in self.section.arms}
        return [
            Spot(arm, hues[arm.name], p99, arm.used)
            for arm in self.load.arms
            if (p99 := figures[arm.name]) is not None and p99.value is not None and arm.used.value is not None
        ]

    def draw(self, *, width: float, stacked: bool, name: str) -> Markup | None:
        """Both panels beside or below each other; None: nobody has both figures."""
        spots = self.spots()
        if not spots:
            return None
        each = width if stacked else (width - GAP) / 2
        height = 300.0
        canvas = Canvas(width, height * (2 if stacked else 1) + (20 if stacked else 0))
        _Plane(canvas, (0.0, 0.0, each, height), self.usd).scatter(spots)
        corner = (0.0, height + 20) if stacked else (each + GAP, 0.0)
        _Plane(canvas, (*corner, each, height), self.usd).curves(spots, self)
        title = f"{self.usd}, beside p99 and against the rate"
        return canvas.svg(name=name, title=title, description=_description(spots, self.usd))


@dataclass(frozen=True)
class _Plane:
    """A panel with two logarithmic axes."""

    canvas: Canvas
    box: tuple[float, float, float, float]  # left, top, width, height
    usd: str  # what it is for

    def scatter(self, spots: Sequence[Spot]) -> None:
        """A dot for each, with its intervals; the front as a line through those that are on it."""
        across = self._across(edge for spot in spots for edge in _edges(spot.p99))
        down = self._down(edge for spot in spots for edge in _usd_edges(spot.cost))
        self._frame(across, down, "p99 in ms", [(tick, f"{tick:g}") for tick in across.ticks(5)])
        best = front({spot.arm.name: spot.pair for spot in spots})
        places = {spot.arm.name: (across(spot.pair[0]), down(float(spot.pair[1]))) for spot in spots}
        if len(best) > 1:
            self.canvas.line([places[name] for name in best], MUTED, 1.2, zorder=1, linestyle=(0, (4, 3)))
        heights = spread([places[spot.arm.name][1] for spot in spots], 15)
        for spot, beside in zip(spots, heights, strict=True):
            x, y = places[spot.arm.name]
            color = line_color(spot.hue)
            self.canvas.line([(across(edge), y) for edge in _edges(spot.p99)], color, 1.6, zorder=3)
            self.canvas.line([(x, down(edge)) for edge in _usd_edges(spot.cost)], color, 1.6, zorder=3)
            doubtful = spot.cost.suspect or spot.p99.suspect
            self.canvas.dot((x, y), 9, PAPER if doubtful else color, color if doubtful else PAPER, 1.4, zorder=4)
            text = spot.arm.title + (" ◂" if spot.arm.name in best else "")
            self.canvas.text(across.end + 10, beside, text, 12, color=text_color(spot.hue), weight="bold")

    def curves(self, spots: Sequence[Spot], of: Pictures) -> None:
        """A curve for each over the rates around the measured one, where its dot is; a ring where two cross."""
        measured = {arm.contender: arm.uses[0].rate_rps for arm in of.use.arms if arm.uses}
        rates = [measured[spot.arm.name] for spot in spots]
        low, high = max(1.0, min(rates) / 50), max(rates) * 50
        across = Scale(low, high, self.box[0] + LEFT, self.box[0] + self.box[2] - RIGHT, log=True)
        grid = [Decimal(repr(low * (high / low) ** (step / 60))) for step in range(61)]
        lines = {
            spot.arm.name: [float(usd_per_unit(spot.arm.curve, rps, of.unit)) for rps in grid] for spot in spots if spot.arm.curve
        }
        down = self._down(usd for line in lines.values() for usd in line)
        ticks = [(float(step), f"{step:,f}") for step in STEPS if low <= float(step) <= high]
        self._frame(across, down, f"{of.unit.work}/s", ticks)
        ends = spread([down(lines[spot.arm.name][-1]) for spot in spots], 15)
        for spot, end in zip(spots, ends, strict=True):
            color = line_color(spot.hue)
            places = [(across(float(rps)), down(usd)) for rps, usd in zip(grid, lines[spot.arm.name], strict=True)]
            self.canvas.line(places, color, 2.0, zorder=3)
            rate = measured[spot.arm.name]
            self.canvas.dot((across(rate), down(float(spot.arm.own.value or 0))), 7, color, PAPER, 1.2, zorder=4)
            self.canvas.text(across.end + 10, end, spot.arm.title, 12, color=text_color(spot.hue), weight="bold")
        for crossing in of.load.crossings:
            rps = float(crossing.rate_rps)
            if low <= rps <= high:
                self.canvas.dot((across(rps), down(float(crossing.usd))), 8, PAPER, MUTED, 1.4, zorder=5)

    def _across(self, values: Iterable[float]) -> Scale:
        every = list(values)
        return Scale(min(every) * 0.9, max(every) * 1.1, self.box[0] + LEFT, self.box[0] + self.box[2] - RIGHT, log=True)

    def _down(self, values: Iterable[float]) -> Scale:
        every = list(values)
        top, height = self.box[1], self.box[3]
        return Scale(min(every) * 0.85, max(every) * 1.15, top + height - FOOT, top + TOP, log=True)

    def _frame(self, across: Scale, down: Scale, title: str, ticks: Sequence[tuple[float, str]]) -> None:
        self.canvas.rules(((across(tick), down.start), (across(tick), down.end)) for tick, _ in ticks)
        for tick, text in ticks:
            self.canvas.text(across(tick), down.start + 13, text, 11, color=MUTED, ha="center")
        steps = _usd_ticks(down)
        self.canvas.rules(((across.start, down(float(step))), (across.end, down(float(step)))) for step in steps)
        for step in steps:
            self.canvas.text(across.start - 7, down(float(step)), money(step, digits=1), 11, color=MUTED, ha="right")
        self.canvas.text(self.box[0], self.box[1] + 10, f"{self.usd}, over {title}", 12)


def _usd_ticks(down: Scale) -> list[Decimal]:
    """Round amounts within the scale: of ones, twos and fives, or of ones where those are too many."""
    every = [digit * step for step in STEPS for digit in (1, 2, 5) if down.low <= float(digit * step) <= down.high]
    return every if len(every) <= 7 else [step for step in every if step in STEPS]


def _edges(figure: Figure) -> tuple[float, float]:
    value = figure.value or 0.0
    return (figure.interval.low, figure.interval.high) if figure.interval else (value, value)


def _usd_edges(figure: CostFigure) -> tuple[float, float]:
    value = figure.value or Decimal(0)
    low, high = (value, value) if figure.low is None or figure.high is None else (figure.low, figure.high)
    return float(low), float(high)


def _description(spots: Sequence[Spot], usd: str) -> str:
    best: Mapping[str, str] = dict.fromkeys(front({spot.arm.name: spot.pair for spot in spots}), ", on the Pareto front")
    return "; ".join(
        f"{spot.arm.title}: p99 {spot.pair[0]:.2f} ms, {money(spot.cost.value)} {usd}{best.get(spot.arm.name, '')}"
        for spot in spots
    )
