"""At a glance, for a report on brokers: a table for each durability class, and in it each load, broker by broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steps.model import Arm, Figure, LoadSection, MessageLoad, Report
from steps.model.durability import CLASSES, SURVIVES, DurabilityClass
from steps.model.metric import CATCH_UP, DELIVERED, DELIVERY_P50, DELIVERY_P99, DUPLICATES, LOST, OUT_OF_ORDER
from steps.page.effects import position
from steps.statistics.words import DASH, common_decimals, number, range_text

ACKNOWLEDGED_P50, ACKNOWLEDGED_P99 = "p50_ms", "p99_ms"
TIMES = (ACKNOWLEDGED_P50, ACKNOWLEDGED_P99, DELIVERY_P50.name, DELIVERY_P99.name)
COUNTS = (LOST.name, DUPLICATES.name, OUT_OF_ORDER.name)
COLUMNS = (*TIMES, DELIVERED.name, *COUNTS, CATCH_UP.name)


@dataclass(frozen=True)
class Cell:
    """A figure; `share` is the length of its bar, of the longest in its group, in percent."""

    text: str
    interval: str = ""
    reason: str = ""
    share: float | None = None
    bad: bool = False  # something that should not be


@dataclass(frozen=True)
class Row:
    """A broker under one load, or why it is not measured there."""

    title: str
    hue: int = 0
    cells: tuple[Cell, ...] = ()
    reason: str = ""
    failed: str = ""  # how many of its cells have no part in its figures, and why


@dataclass(frozen=True)
class Group:
    """A load, and everyone under it."""

    heading: str
    rows: tuple[Row, ...]


class MessageView:
    """What a report on brokers shows first."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def classes(self) -> list[tuple[DurabilityClass, str, list[Group]]]:
        """By durability class: what it means, and its loads; nothing, where the loads are none of messages."""
        found: dict[DurabilityClass, list[Group]] = {each: [] for each in CLASSES}
        for section in self._report.loads:
            if isinstance(section.load, MessageLoad):
                found[section.load.durability].append(self._group(section, section.load))
        return [(each, SURVIVES[each], groups) for each, groups in found.items() if groups]

    def _group(self, section: LoadSection, load: MessageLoad) -> Group:
        restart = ", a consumer restarted" if load.away_s else ""
        digits = {name: common_decimals(_figures(section, name)) for name in COLUMNS}
        longest_ms = max((figure.value or 0 for name in TIMES for figure in _figures(section, name)), default=0.0)
        rows = [_row(section, arm, digits, longest_ms) for arm in section.arms]
        others = [Row(each.title, reason=f"not in this class: {each.reason}") for each in section.lacking]
        others += [Row(each.title, reason=f"not available here: {each.reason}") for each in self._report.absent]
        return Group(f"{load.size_bytes:,} bytes {load.to_whom}, {load.rate_mps:g} messages/s{restart}", (*rows, *others))


def _row(section: LoadSection, arm: Arm, digits: Mapping[str, int], longest_ms: float) -> Row:
    """A broker's figures; where it has none, why."""
    hue = position(section, arm)
    if arm.failure and not any(figure.value is not None for figure in arm.figures.values()):
        return Row(arm.title, hue, reason=f"failed: {arm.failure}")
    failed = f"{arm.failed} of {arm.planned} cells failed: {arm.failure}" if arm.failed else ""
    return Row(arm.title, hue, tuple(_cell(arm, name, digits[name], longest_ms) for name in COLUMNS), failed=failed)


def _figures(section: LoadSection, name: str) -> Sequence[Figure]:
    return [arm.figures[name] for arm in section.arms if name in arm.figures]


def _cell(arm: Arm, name: str, digits: int, longest_ms: float) -> Cell:
    figure = arm.figures.get(name)
    if figure is None or figure.value is None:
        return Cell(DASH, reason=(figure.reason if figure else None) or "it was not asked for")
    text = number(figure.value, digits)
    interval = range_text(figure, digits) if figure.interval else ""
    share = 100 * figure.value / longest_ms if name in TIMES and longest_ms else None
    same = interval == f"{text} to {text}"
    mark = "†" if figure.suspect else ""
    # One loss is one too many, whatever the median is; what a failed cell lost is not in the figure.
    bad = name == LOST.name and (arm.failed > 0 or any(point.value > 0 for point in figure.points))
    return Cell(f"{text}{mark}", "" if same else interval, share=share, bad=bad)
