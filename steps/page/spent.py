"""What an answer costs in time, by contender and load on one scale, and what one should buy: for tired people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steps.model import Arm, Figure, LoadSection, Report
from steps.model.trace import ArmTrace, Option
from steps.page.traces import NAMES, Part

LEAST_SHOWN = 0.005  # of an answer's active time: less is no piece of a bar
ALIKE = 0.10  # CPU that differs by less than this is told as the same
WAITS = {  # what is no computing
    "cpu_wait": "waits for a core",
    "disk": "waits for the disk",
    "network": "waits to send",
    "lock": "waits for locks",
    "other": "is stopped",
}


@dataclass(frozen=True)
class Row:
    """One contender under one load. active_ms: what an answer takes of its threads' time, idling left out."""

    arm: ArmTrace
    section: LoadSection
    active_ms: float

    def ms(self, part: str) -> float:
        """What an answer takes of one thing."""
        return self.active_ms * self.arm.percent.get(part, 0.0) / 100

    @property
    def found(self) -> Arm:
        """What was measured of it without a trace."""
        return next(each for each in self.section.arms if each.name == self.arm.name)


class SpentView:
    """The traces of a report, as time for an answer."""

    def __init__(self, report: Report) -> None:
        sections = {each.label: each for each in report.loads}
        self.rows = [
            Row(each, sections[each.load], each.active_ms_per_request)
            for arm in dict.fromkeys(each.name for each in report.traces)
            for each in report.traces
            if each.name == arm and each.active_ms_per_request and each.verdict
        ]
        self._several = len(report.loads) > 1
        self._longest_ms = max((row.active_ms for row in self.rows), default=0.0)

    @property
    def noun(self) -> str:
        """What the load asks for."""
        kinds = {row.section.load.kind for row in self.rows}
        return "transaction" if kinds == {"sql"} else "request"

    def load(self, row: Row) -> str:
        """Which of several loads."""
        load = row.section.load
        return str(getattr(load, "name", None) or load.label) if self._several else ""

    def bar(self, row: Row) -> Iterator[Part]:
        """Pieces as wide as their time, the longest bar being 100 %."""
        for hue, (name, text) in enumerate(NAMES.items()):
            if row.ms(name) >= LEAST_SHOWN * row.active_ms:
                yield Part(name, f"{text} {spoken(row.ms(name))}", 100 * row.ms(name) / self._longest_ms, hue)

    def total(self, row: Row) -> str:
        """`3.5 ms`."""
        return spoken(row.active_ms)

    def sentences(self) -> Iterator[str]:
        """Of each contender that was seen under several loads: whether they differ in CPU or in waits."""
        for name in dict.fromkeys(row.arm.name for row in self.rows):
            first, *others = [row for row in self.rows if row.arm.name == name]
            for other in others:
                yield f"{first.arm.title}: {self._contrast(first, other)}"

    def _contrast(self, one: Row, other: Row) -> str:
        names = (self.load(one), self.load(other))
        part = max(WAITS, key=lambda each: abs(one.ms(each) - other.ms(each)))
        times = f"{spoken(one.ms(part))} of a {self.noun} under {names[0]}, {spoken(other.ms(part))} under {names[1]}"
        return f"{_cpu(one, other, self.noun)}; it {WAITS[part]} for {times}."

    def buy(self, row: Row) -> list[str]:
        """What helps, with its price."""
        options = row.arm.verdict.options if row.arm.verdict else ()
        return [_priced(each) for each in options if each.helps]

    def waste(self, row: Row) -> list[str]:
        """What would cost money and help nothing, and why."""
        options = row.arm.verdict.options if row.arm.verdict else ()
        return [f"{_priced(each)}: {each.why}" for each in options if not each.helps]


def spoken(ms: float) -> str:
    """`3.5 ms`, or `420 µs` of less than a millisecond."""
    if ms >= 1:
        return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.2g} ms"
    return f"{1000 * ms:.0f} µs" if ms >= 0.01 else f"{1000 * ms:.2g} µs"


def _cpu(one: Row, other: Row, noun: str) -> str:
    """Whether both need as much CPU, as it was measured without a trace."""
    found = [row.found.figures.get("cpu_us_per_request") for row in (one, other)]
    values = [each.value for each in found if each and each.value]
    if len(values) < 2:
        return f"CPU a {noun} was not measured under both"
    both = f"({values[0]:.0f} and {values[1]:.0f} µs a {noun})"
    if abs(values[1] / values[0] - 1) <= ALIKE:
        return f"the same CPU {both}"
    if _overlap(found):
        return f"no difference in CPU that could be told {both}"
    return f"{100 * (1 - min(values) / max(values)):.0f} % apart in CPU {both}"


def _overlap(found: list[Figure | None]) -> bool:
    intervals = [each.interval for each in found if each and each.interval]
    return len(intervals) == 2 and intervals[0].low <= intervals[1].high and intervals[1].low <= intervals[0].high


def _priced(option: Option) -> str:
    return option.what if option.usd_per_month is None else f"{option.what} (+{option.usd_per_month:,.2f} USD a month)"
