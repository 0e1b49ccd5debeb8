"""What a unit of work costs, in words and tables: the section of the page between the figures and the cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from steps.costs.laptop import LAPTOP
from steps.costs.money import HOURS_PER_MONTH, Gigabytes
from steps.costs.pareto import front
from steps.costs.rates import egress_rate
from steps.costs.unit_costs import sent_of
from steps.costs.words import by_the_month, money, prices_taken, range_of
from steps.model import Report
from steps.model.cost import ArmCost, Bill, CostFigure, Costs, LoadCost, Pricing
from steps.model.price import EGRESS
from steps.page.cost_charts import Pictures
from steps.statistics.words import listed, percent


@dataclass(frozen=True)
class Money:
    """A figure in a table, or why there is none."""

    text: str
    interval: str = ""
    reason: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Row:
    """A contender's row."""

    arm: ArmCost
    hue: int
    own: Money
    parts: str  # of its own: of CPU, of memory
    used: str  # of it, where more is reserved
    tax: Money
    percent: str
    month: str
    without: str
    alone: str


@dataclass(frozen=True)
class CostView:
    """A report's costs under one of its loads."""

    report: Report
    number: int

    @property
    def costs(self) -> Costs:
        return self.report.costs[0]

    @property
    def load(self) -> LoadCost:
        return self.costs.loads[self.number]

    @property
    def title(self) -> str:
        """`What a million requests cost`."""
        return f"What a {self.costs.unit.title.removeprefix('USD per ')} cost"

    @property
    def heads(self) -> tuple[str, ...]:
        """The other prices, as heads of columns."""
        return tuple(costs.pricing.named for costs in self.report.costs)

    @property
    def pictures(self) -> Pictures:
        section = next(each for each in self.report.loads if each.label == self.load.load)
        use = next(each for each in self.report.uses if each.load == self.load.load)
        return Pictures(section, self.load, use, self.costs.unit)

    def best(self) -> str:
        """Who is on the Pareto front, as a sentence."""
        spots = self.pictures.spots()
        names = front({spot.arm.title: spot.pair for spot in spots})
        if not names:
            return ""
        who = listed(names)
        verb = "is" if len(names) == 1 else "are"
        return f"By their medians {who} {verb} on the Pareto front (◂): nobody is both faster at p99 and cheaper."

    def rows(self) -> list[Row]:
        """The contenders that have a program of their own, in the author's order."""
        arms = [(hue, arm) for hue, arm in enumerate(self.load.arms) if hue or arm.bills]
        return [_row(arm, hue) for hue, arm in arms]

    def elsewhere(self) -> list[tuple[ArmCost, int, list[Money]]]:
        """Each contender's own cost at each of the prices."""
        return [
            (arm, hue, [_money(costs.loads[self.number].arms[hue].own) for costs in self.report.costs])
            for hue, arm in enumerate(self.load.arms)
            if arm.own.value is not None
        ]

    def prices(self) -> Iterator[str]:
        """What was taken, what is doubtful in it, and what is paid beside it."""
        for costs in self.report.costs:
            taken = [prices_taken(costs.pricing), *costs.pricing.warnings]
            fixed = _fixed(costs.pricing)
            yield "; ".join([*taken, *([f"beside it, whatever runs: {fixed}"] if fixed else [])])

    def crossings(self) -> list[str]:
        """The break-evens in words."""
        titles, work = {arm.name: arm.title for arm in self.load.arms}, self.costs.unit.work
        return [
            f"Up to {each.rate_rps:,.0f} {work}/s {titles[each.below]} costs less than {titles[each.above]}, beyond that more."
            for each in self.load.crossings
        ]

    def traffic(self) -> str:
        """What the answers would cost that leave, by how far they go: beside the figures, for here they stay."""
        arms = next(each.arms for each in self.report.uses if each.load == self.load.load)
        sizes = [use.answer_bytes for arm in arms for use in arm.uses if use.answer_bytes is not None]
        if not sizes:
            return "No network is in the figures: nobody counted the bytes of an answer."
        sent = sent_of(median(sizes), self.costs.unit)
        told = [f"{each.pricing.provider} {_sent(each.pricing, sent)}" for each in self.report.costs if each.pricing.egress]
        where = f": {'; '.join(told)}" if told else ""
        return f"No network is in the figures: an answer is {median(sizes):,.0f} bytes, in USD where it leaves its zone{where}."

    def storage(self) -> str:
        """Whether what is kept on disk is in the figures, by what the prices have; and what is never in them."""
        arms = next(each.arms for each in self.report.uses if each.load == self.load.load)
        if not any(use.disk_gib is not None for arm in arms for use in arm.uses):
            return "No storage, load balancer or control plane is in them either."
        pricing = self.costs.pricing
        without = (
            "in the price of the machine" if pricing.provider == LAPTOP else "not in them: the price book has no price of it"
        )
        here = "billed, by the month" if pricing.storage else without
        billed = [costs.pricing.provider for costs in self.report.costs if costs.pricing is not pricing and costs.pricing.storage]
        elsewhere = f", and as if it ran elsewhere billed by the month ({listed(billed)})" if billed else ""
        return f"What is kept on disk is {here}{elsewhere}. No load balancer or control plane is in them either."

    def unattributed(self) -> str:
        """What is in none of the figures, in the medians of the arms."""
        told = [arm.unattributed for arm in self.load.arms if arm.bills]
        known = [figure.value for figure in told if figure.value is not None]
        if not known:
            why = next((f": {figure.reason}" for figure in told), "")
            return f"CPU that no component accounts for is not known{why}."
        span = " to ".join(dict.fromkeys((money(min(known)), money(max(known)))))
        return f"In none of the figures: {span} USD of CPU that no component accounts for."


def _row(arm: ArmCost, hue: int) -> Row:
    valid: Sequence[Bill] = [bill for bill in arm.bills if not bill.suspect] or arm.bills
    alone = arm.alone
    parts = [percent(_share(valid, line)) for line in range(2)] if valid else []
    idles = any(line.idle_usd for bill in valid for line in bill.lines)
    return Row(
        arm=arm,
        hue=hue,
        own=_money(arm.own),
        parts=" + ".join(parts),
        used=money(arm.used.value) if idles else "",
        tax=_money(arm.tax),
        percent="" if arm.tax_percent.value is None else f"+{arm.tax_percent.value:,.0f} %",
        month=by_the_month(arm.month_usd),
        without=by_the_month(arm.idle_month_usd),
        alone=f"{money(alone.usd)}, {alone.idle_percent:.1f} % idle ({alone.machine})" if alone else "",
    )


def _share(bills: Sequence[Bill], line: int) -> float:
    """How much of the bill a line is, in the median; no money any more."""
    return round(float(median(bill.lines[line].usd / bill.usd for bill in bills if bill.usd)), 2)


def _money(figure: CostFigure) -> Money:
    if figure.value is None:
        return Money(text=money(None), reason=figure.reason or "")
    return Money(text=money(figure.value), interval=range_of(figure), mark="†" if figure.suspect else "")


def _sent(pricing: Pricing, sent: Gigabytes) -> str:
    """`0.033 (internet) and 0.0074 (zone)`"""
    prices = ((price.item.removeprefix(EGRESS), egress_rate(price).of(sent).value) for price in pricing.egress)
    return listed(f"{money(usd, digits=2)} ({how_far})" for how_far, usd in prices)


def _fixed(pricing: Pricing) -> str:
    return listed(f"{price.item} {by_the_month(price.usd * HOURS_PER_MONTH)} USD a month" for price in pricing.fixed)
