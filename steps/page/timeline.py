"""The third picture: response time, CPU and memory over time, a column for each arm, the warm-up shaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup

from steps.model import Arm, LoadSection, Track
from steps.model.report import TrackName
from steps.page.svg import MUTED, WASH, Canvas, Scale, line_color, text_color


@dataclass(frozen=True)
class Row:
    """A quantity and its tracks: the strong line first, a thin one after it."""

    title: str
    tracks: tuple[TrackName, ...]
    height: float
    unit: str
    log: bool = False
    factor: float = 1.0


ROWS = (
    Row("response, ms", ("p50_ms", "p99_ms"), 120, "ms", log=True),
    Row("CPU, % of a core", ("cpu_cores", "around_cpu_cores"), 70, "% of a core", factor=100.0),
    Row("memory, MiB", ("memory_mib",), 70, "MiB"),
)
LABELS: dict[TrackName, str] = {"p50_ms": "p50", "p99_ms": "p99", "around_cpu_cores": "upstream"}
HEAD, ABOVE, FOOT, LEFT, BETWEEN = 28.0, 30.0, 34.0, 36.0, 14.0


def timeline(section: LoadSection, *, width: float, columns: int, name: str) -> Markup:
    """The drawing of a load's tracks, with so many arms side by side."""
    rows = [row for row in ROWS if any(_find(arm, track) for arm in section.arms for track in row.tracks)]
    block = HEAD + sum(row.height + ABOVE for row in rows) + FOOT
    canvas = Canvas(width, block * ceil(len(section.arms) / columns))
    column = (width - LEFT - BETWEEN * (columns - 1)) / columns
    seconds = [second for arm in section.arms for track in arm.tracks for second in track.seconds]
    for place, arm in enumerate(section.arms):
        left, top = LEFT + (place % columns) * (column + BETWEEN), (place // columns) * block
        canvas.text(left, top + 12, arm.title, 12.5, color=text_color(place), weight="bold")
        across = Scale(min(seconds), max(seconds) + 1, left, left + column)
        down = top + HEAD
        for row in rows:
            plot = _Plot(canvas, row, across, _vertical(section.arms, row, down + ABOVE), first=place % columns == 0)
            plot.frame(seconds=row is rows[-1])
            plot.draw(arm, place, labels=place == 0)
            if row is ROWS[0]:
                plot.settled(arm, label=place == 0)
            down += row.height + ABOVE
    return canvas.svg(name=name, title="Response time, CPU and memory over time", description=_description(section, rows))


def _find(arm: Arm, name: TrackName) -> Track | None:
    return next((track for track in arm.tracks if track.name == name), None)


def _vertical(arms: Sequence[Arm], row: Row, top: float) -> Scale:
    """One scale for all columns."""
    found = [track for arm in arms for name in row.tracks if (track := _find(arm, name))]
    low = min(min(track.low) for track in found) * row.factor
    high = max(max(track.high) for track in found) * row.factor
    if row.log and low > 0:
        return Scale(low * 0.9, high * 1.1, top + row.height, top, log=True)
    return Scale(0.0, high * 1.05 or 1.0, top + row.height, top)


@dataclass(frozen=True)
class _Plot:
    """One quantity of one arm."""

    canvas: Canvas
    row: Row
    across: Scale
    down: Scale
    first: bool  # in its line: carries the scale and the title

    def frame(self, *, seconds: bool) -> None:
        ticks = self.down.ticks(3)
        left, right, bottom = self.across.start, self.across.end, self.down.start
        if self.across.low < 0:
            self.canvas.box(left, self.down.end, self.across(0) - left, bottom - self.down.end, WASH)
        self.canvas.rules(((left, self.down(tick)), (right, self.down(tick))) for tick in (*ticks, self.down.low))
        if self.first:
            self.canvas.text(0, self.down.end - 14, self.row.title, 11.5)
            for tick in ticks:
                self.canvas.text(left - 6, self.down(tick), f"{tick:g}", 11, color=MUTED, ha="right")
        if seconds:
            self._seconds(bottom + 13)

    def _seconds(self, middle: float) -> None:
        last = self.across.high
        for second in {0.0, last}:
            unit = " s" if second == last else ""
            self.canvas.text(self.across(second), middle, f"{second:g}{unit}", 11, color=MUTED, ha="right" if unit else "center")

    def draw(self, arm: Arm, place: int, *, labels: bool) -> None:
        for number, name in enumerate(self.row.tracks):
            track = _find(arm, name)
            if track is None:
                if not number:
                    self._nothing(arm)
                continue
            color = MUTED if name == "around_cpu_cores" else line_color(place)
            low, middle, high = (self._places(track, values) for values in (track.low, track.median, track.high))
            self.canvas.band(high, low, color)
            self.canvas.line(middle, color, 1.1 if number else 2.1, zorder=3)
            if labels and name in LABELS:
                edge = min(down for _, down in high[-3:])
                self.canvas.text(middle[-1][0], edge - 7, LABELS[name], 10.5, color=MUTED, ha="right")

    def _places(self, track: Track, values: Sequence[float]) -> list[tuple[float, float]]:
        pairs = zip(track.seconds, values, strict=True)
        return [(self.across(second + 0.5), self.down(value * self.row.factor)) for second, value in pairs]

    def settled(self, arm: Arm, *, label: bool) -> None:
        """The second from which the response times had settled, in all repetitions."""
        if arm.settled_s is None:
            return
        across, top = self.across(arm.settled_s), self.down.end
        self.canvas.line(((across, top), (across, self.down.start)), MUTED, 0.9, linestyle=(0, (2, 2)), zorder=2)
        if label:
            self.canvas.text(across + 3, top + 6, "settled", 10.5, color=MUTED)

    def _nothing(self, arm: Arm) -> None:
        middle = (self.across.start + self.across.end) / 2
        text = "failed" if arm.failed and not arm.tracks else "no program" if arm.direct else "not measured"
        self.canvas.text(middle, self.down.end + 12, text, 10.5, color=MUTED, ha="center", style="italic")


def _description(section: LoadSection, rows: Sequence[Row]) -> str:
    parts = []
    for arm in section.arms:
        for row in rows:
            for name in row.tracks:
                track = _find(arm, name)
                pairs = zip(track.seconds, track.median, strict=True) if track else ()
                window = [value * row.factor for second, value in pairs if second >= 0]
                if window:
                    parts.append(f"{arm.title} {LABELS.get(name, row.title)} {min(window):.4g} to {max(window):.4g} {row.unit}")
    return "; ".join(parts)
