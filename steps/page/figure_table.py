"""The table of a load's figures: arms by metrics, with what their marks and their gaps mean."""

from __future__ import annotations

from dataclasses import dataclass, field

from steps.model import Arm, Figure, LoadSection, Metric, Report
from steps.page.doubts import why_suspect
from steps.page.effects import ordered_arms, position
from steps.statistics.words import DASH, common_decimals, number, percent, range_text


@dataclass(frozen=True)
class TableCell:
    """A figure in a table; `note` is the number of the footnote that says why there is none, or why some of it is suspect."""

    text: str
    interval: str = ""
    n: str = ""
    reason: str = ""
    note: int = 0
    marks: str = ""


@dataclass(frozen=True)
class TableRow:
    arm: Arm
    hue: int
    cells: tuple[TableCell, ...]
    coverage: str  # of the row's intervals


@dataclass(frozen=True)
class Table:
    """Arms by metrics, with what their missing figures and marks mean."""

    metrics: tuple[Metric, ...]
    rows: tuple[TableRow, ...]
    notes: tuple[str, ...]
    suspect: bool
    coarse: bool


@dataclass
class Footnotes:
    """Reasons, each once, numbered in the order in which they are met."""

    texts: list[str] = field(default_factory=list)

    def number(self, reason: str) -> int:
        if reason not in self.texts:
            self.texts.append(reason)
        return self.texts.index(reason) + 1


def table_of(report: Report, section: LoadSection) -> Table:
    """The figures of a load."""
    notes = Footnotes()
    arms = ordered_arms(report, section)
    digits = {metric.name: common_decimals(arm.figures[metric.name] for arm in arms) for metric in report.metrics}
    rows = tuple(
        TableRow(
            arm=arm,
            hue=position(section, arm),
            coverage=_coverage(arm),
            cells=tuple(
                _table_cell(arm.figures[metric.name], digits[metric.name], arm, notes, _doubt(report, section, arm, metric))
                for metric in report.metrics
            ),
        )
        for arm in arms
    )
    figures = [figure for arm in arms for figure in arm.figures.values()]
    return Table(
        metrics=report.metrics,
        rows=rows,
        notes=tuple(notes.texts),
        suspect=any(figure.suspect for figure in figures),
        coarse=any(figure.coarse for figure in figures if figure.value is not None),
    )


def _doubt(report: Report, section: LoadSection, arm: Arm, metric: Metric) -> str:
    why = why_suspect(report.cells, arm.name, section.label, metric.name)
    return f"{arm.title}, {metric.title}: {why}" if why else ""


def _coverage(arm: Arm) -> str:
    """Of the intervals over all valid repetitions; a figure that has fewer tells its own."""
    usual = arm.ok or arm.suspect
    intervals = [figure.interval for figure in arm.figures.values() if figure.interval and figure.n == usual]
    return percent(intervals[0].coverage) if intervals else ""


def _few(figure: Figure) -> str:
    """`n = 4, 87.5 %`."""
    return f"n = {figure.n}, {percent(figure.interval.coverage)}" if figure.interval else f"n = {figure.n}"


def _table_cell(figure: Figure, digits: int, arm: Arm, notes: Footnotes, doubt: str) -> TableCell:
    """doubt: why some of its repetitions are not counted."""
    if figure.value is None:
        reason = figure.reason or ""
        note = notes.number(f"{arm.title}: {reason}" if arm.failure else reason)
        return TableCell(text=DASH, reason=reason, note=note)
    usual = arm.ok or arm.suspect
    text = number(figure.value, digits)
    interval = range_text(figure, digits) if figure.interval else "once"
    return TableCell(
        text=text,
        interval="in each" if interval == f"{text} to {text}" and figure.n > 1 else interval,
        n=_few(figure) if figure.n != usual else "",
        note=notes.number(doubt) if doubt else 0,
        marks=("†" if figure.suspect else "") + ("~" if figure.coarse else ""),
    )
