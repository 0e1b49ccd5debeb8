"""What the page says in words and tables: every text that the template shows and that is more than a field of the report."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from steps.model import (
    Arm,
    CellSummary,
    Figure,
    HypothesisResult,
    HypothesisVerdict,
    LoadSection,
    MessageLoad,
    ParityRow,
    Ramp,
    Report,
    RunVerdict,
)
from steps.page import alike
from steps.page.decisions import Line, lines
from steps.page.doubts import Doubt, doubts_of, suspect_values
from steps.page.effects import ordered_arms, position
from steps.page.figure_table import Table, table_of
from steps.statistics.intervals import FEWEST, coverage_of
from steps.statistics.words import counted, decimals_of, listed, number, percent, range_text

MANY = 4


class View:
    """The words around a report's figures."""

    def __init__(self, report: Report) -> None:
        self.report = report

    @property
    def verdict_class(self) -> str:
        return self.report.verdict.name.lower()

    @property
    def when(self) -> str:
        """`23 November 2026, 15:04 to 15:15 UTC`; windows only, so a moment after the start of the run."""
        start, end = self.report.circumstances.started_at, self.report.circumstances.ended_at
        if not start or not end:
            return "nothing was measured"
        one, other = _moment(start), _moment(end)
        return f"{one.day} {one:%B %Y}, {one:%H:%M} to {other:%H:%M} UTC"

    @property
    def where(self) -> str:
        """Phase, experiment and run; a run's name often begins with its experiment's."""
        report = self.report
        names = (
            [report.phase, report.run]
            if report.run.startswith(report.experiment)
            else [report.phase, report.experiment, report.run]
        )
        return " · ".join([*names, self.when])

    @property
    def hypotheses_line(self) -> str:
        """`4 of 6 hypotheses hold, 1 does not, 1 cannot be told`."""
        results = self.report.hypotheses
        if not results:
            return ""
        counts = Counter(result.verdict for result in results)
        if counts[HypothesisVerdict.CANNOT_TELL] == len(results):
            return "None of the hypotheses can be decided." if len(results) > 1 else "The hypothesis cannot be decided."
        holds, broken, open_ = (counts[each] for each in HypothesisVerdict)
        if holds == len(results) > 1:
            return f"All {holds} hypotheses hold."
        parts = [f"{holds} of {len(results)} hypotheses {'holds' if holds == 1 else 'hold'}"]
        parts += [f"{broken} {'does' if broken == 1 else 'do'} not"] if broken else []
        parts += [f"{open_} cannot be decided"] if open_ else []
        return f"{', '.join(parts)}."

    def coverage(self) -> str:
        """What the intervals are."""
        arms = [arm for section in self.report.loads for arm in section.arms]
        counts = {figure.n for arm in arms for figure in (*arm.figures.values(), *_differences(arm))} - {0}
        if not counts:
            return "nothing was measured"
        if counts == {1}:
            return "one repetition, so no interval"
        n, fewest = max(counts), min(counts)
        if n != fewest:
            ends = "from the smallest to the largest" if n <= 8 else "between two of them"
            return f"median of {fewest} to {n} repetitions, interval {ends} (how sure: in the table)"
        if n > 8:  # up to 8: min..max
            return f"median of {counted(n, 'repetition')}, interval between two of them (at least {percent(0.95)} for the median)"
        sure = percent(coverage_of(n, 1))
        return f"median of {counted(n, 'repetition')}, interval from the smallest to the largest ({sure} for the median)"

    def at(self, section: LoadSection) -> str:
        """Which load a heading speaks of, when there are several; of messages always: size and class are part of it."""
        return section.load.under if len(self.report.loads) > 1 or isinstance(section.load, MessageLoad) else ""

    def load_sentence(self, section: LoadSection) -> str:
        load = section.load
        over = "unacknowledged at most" if isinstance(load, MessageLoad) else "connections"
        return f"{load.said}, {'with' if isinstance(load, MessageLoad) else 'over'} {load.connections} {over}"

    def arms(self, section: LoadSection) -> list[Arm]:
        return ordered_arms(self.report, section)

    def table(self, section: LoadSection) -> Table:
        """The figures of a load."""
        return table_of(self.report, section)

    def decisions(self, section: LoadSection) -> list[tuple[Arm, int, list[Line]]]:
        """Each contender with its colour, its effects and how they were decided; nothing, when there is no effect at all."""
        baseline = section.arms[0]
        return [
            (arm, position(section, arm), found)
            for arm in self.arms(section)[1:]
            if (found := lines(arm, baseline, self.report.metrics))
        ]

    def cells_line(self) -> str:
        """`36 cells planned and 2 added: 37 valid and 1 suspect.`"""
        kinds: Counter[str] = Counter(cell.status for cell in self.report.cells)
        if not kinds:
            return "It is not known which cells were planned."
        words = (("ok", "valid"), ("suspect", "suspect"), ("failed", "failed"), ("missing", "without an outcome"))
        if len(kinds) == 1 and "ok" in kinds and not any(cell.added for cell in self.report.cells):
            return f"All {len(self.report.cells)} planned cells were measured, and {suspect_values(self.report.cells)}."
        parts = listed(f"{kinds[status]} {word}" for status, word in words if kinds[status])
        added = sum(cell.added is not None for cell in self.report.cells)
        planned = f"{counted(len(self.report.cells) - added, 'cell')} planned{f' and {added} added' if added else ''}"
        return f"{planned}: {parts}."

    def same_for_all(self) -> list[tuple[str, str]]:
        """What is set the same for every contender: (what, how); it needs no column."""
        return alike.same_for_all(self.report)

    def without_reference(self) -> str:
        """The metrics for which nobody's figures are known: `p50, memory and start to ready`; empty: there are none."""
        held = {each.metric for each in self.report.references}
        return listed([metric.title for metric in self.report.metrics if metric.name not in held])

    def parity_columns(self) -> list[str]:
        """The headings of what differs."""
        return alike.columns(self.report)

    def parity(self, row: ParityRow) -> dict[str, str]:
        """How a contender is set, by heading."""
        return alike.settings(row)

    def doubtful(self) -> list[Doubt]:
        """Why cells failed, or they or values of theirs are suspect."""
        return doubts_of(self.report.cells, {metric.name: metric.title for metric in self.report.metrics})

    def decided_by(self, result: HypothesisResult) -> str:
        """`0.23 ms (0.21 to 0.25), n = 6, 96.9 %`."""
        metric = next(metric for metric in self.report.metrics if metric.name == result.metric)
        return _evidence(result.figure, metric.unit)

    def title(self) -> str:
        return f"{self.report.verdict}: {self.report.question}"

    def answers(self, cell: CellSummary) -> str:
        """`all 6,000`, or `5,990 of 6,000`."""
        if cell.counts is None:
            return ""
        ok, planned = cell.counts.ok, cell.counts.planned
        return f"all {ok:,}" if ok == planned else f"{ok:,} of {planned:,}"

    def order(self, section: LoadSection) -> str:
        """How the arms of an answered run are sorted."""
        main = self.report.metrics[0]
        return f"Sorted by {main.title}." if isinstance(section.load, Ramp) else f"Sorted by what is added at the {main.title}."

    def file(self, key: str) -> str:
        """What the link to an object of a cell says: its name, and its folder where the cell has several of that name."""
        parts = key.split("/")
        return "/".join(parts[2:] if "earlier" in parts else parts[3:] if parts[3:-1] else parts[-1:])

    def raw(self, key: str) -> str:
        """The link to an object of the run: it is fetched to beside the page."""
        return f"raw/{key}"

    @property
    def decides(self) -> bool:
        return self.report.verdict is RunVerdict.ANSWERED

    fewest = FEWEST
    many = MANY


def _differences(arm: Arm) -> list[Figure]:
    return [effect.difference for effect in arm.effects.values()]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _evidence(figure: Figure, unit: str) -> str:
    if figure.value is None:
        return ""
    digits = decimals_of(figure)
    if figure.interval is None:
        return f"{number(figure.value, digits)} {unit}, measured once"
    return (
        f"{number(figure.value, digits)} {unit} ({range_text(figure, digits)}), "
        f"n = {figure.n}, {percent(figure.interval.coverage)}"
    )
