"""The page of a review: what was read, contest by contest who stands where, what the rule comes to, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from steps.costs.words import by_the_month, money, prices_taken, range_of
from steps.model import Figure, Report
from steps.model.cost import CostFigure
from steps.model.review import Contest, Duty, Market, Review, Source
from steps.page.cost_charts import Pictures
from steps.page.effects import position
from steps.page.record import record
from steps.page.templates import environment, style
from steps.page.waterfall import Cell
from steps.reviewing.contests import priced, standings
from steps.reviewing.deciding import rule_said
from steps.statistics.words import DASH, decimals_of, listed, number, percent, range_text


@dataclass(frozen=True)
class Row:
    """A contender's row in a contest."""

    title: str
    hue: int
    p99: Cell
    usd: Cell
    memory: Cell
    on_front: bool
    market: Market | None


@dataclass(frozen=True)
class ContestView:
    """A contest in words and tables."""

    contest: Contest
    number: int

    def rows(self) -> Iterator[Row]:
        """The contenders of which all is known, in the author's order."""
        markets = {each.contender: each for each in self.contest.markets}
        for each in standings(self.contest):
            yield Row(
                title=each.arm.title,
                hue=position(self.contest.section, each.arm),
                p99=_cell(each.p99),
                usd=_usd(each.cost.used),
                memory=_cell(each.memory),
                on_front=each.arm.name in self.contest.front,
                market=markets.get(each.arm.name),
            )

    def front(self) -> str:
        """Who is on the front, as a sentence."""
        who = [self.contest.titles[name] for name in self.contest.front]
        verb = "is" if len(who) == 1 else "are"
        return f"By the medians {listed(who)} {verb} on the Pareto front: nobody has less of p99, cost and memory all at once."

    def pictures(self) -> tuple[Markup, Markup] | None:
        """Cost beside p99 and against the rate, for wide and for narrow screens."""
        drawn = Pictures(self.contest.section, self.contest.cost, self.contest.use, self.contest.unit)
        wide = drawn.draw(width=1040, stacked=False, name=f"r{self.number}w")
        narrow = drawn.draw(width=358, stacked=True, name=f"r{self.number}n")
        return (wide, narrow) if wide and narrow else None

    def crossings(self) -> list[str]:
        """The break-evens in words."""
        titles, work = self.contest.titles, self.contest.unit.work
        return [
            f"Up to {each.rate_rps:,.0f} {work}/s {titles[each.below]} costs less than {titles[each.above]}, beyond that more."
            for each in self.contest.cost.crossings
        ]

    def duties(self) -> list[tuple[Duty, Cell]]:
        """Each contender's months, and how long its first request waits."""
        return [(each, _cell(each.cold)) for each in self.contest.duties]


@dataclass(frozen=True)
class ReviewView:
    """The words around a review."""

    report: Report
    review: Review | None

    @property
    def where(self) -> str:
        made = self.report.circumstances.started_at
        when = f"{datetime.fromisoformat(made):%Y-%m-%d %H:%M} UTC" if made else ""
        return " · ".join(filter(None, (self.report.phase, self.report.experiment, self.report.run, when)))

    def contests(self) -> list[ContestView]:
        found = priced(self.review.contests) if self.review else []
        return [ContestView(contest, at) for at, contest in enumerate(found)]

    def said(self, source: Source) -> str:
        """What came of an experiment: its answer, or why it is not used."""
        return source.reason or source.answer

    def prices(self) -> list[str]:
        """What was taken, and what is doubtful in it."""
        taken = [each for each in (self.review.pricing, self.review.spot) if each] if self.review else []
        return [line for each in taken for line in (prices_taken(each), *each.warnings)]

    def cycle(self) -> str:
        """The duty cycle in words."""
        duty = self.review.duty if self.review else None
        if duty is None:
            return ""
        return f"needed anew {duty.wakes_per_day:g} times a day, and held up {duty.hold_s:g} s after its last request"

    def rule(self) -> str:
        """The rule in words."""
        return rule_said(self.review.rule) if self.review and self.review.rule else ""

    def record(self) -> str:
        """The decision record as it is stored."""
        return record(self.report, self.review) if self.review and self.review.rule else ""


def render(report: Report, review: Review | None) -> str:
    """The page. The same report and review give the same bytes."""
    page = environment(("review.html", "head.html")).get_template("review.html")
    words = {"month": by_the_month, "share": lambda share: percent(float(share)), "money": money}
    return page.render(report=report, review=review, view=ReviewView(report, review), style=style(), **words)


def _cell(figure: Figure) -> Cell:
    if figure.value is None:
        return Cell(DASH, reason=figure.reason or "")
    digits = decimals_of(figure)
    return Cell(number(figure.value, digits), range_text(figure, digits) if figure.interval else "once")


def _usd(figure: CostFigure) -> Cell:
    return Cell(money(figure.value), range_of(figure)) if figure.value is not None else Cell(DASH, reason=figure.reason or "")
