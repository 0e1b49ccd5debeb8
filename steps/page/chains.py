"""A chain of services, hop by hop: the table of what each layer adds to one of them."""

from __future__ import annotations

from dataclasses import dataclass

from steps.costs.uses import MIB_PER_GIB
from steps.costs.words import by_the_month, money, range_of
from steps.model import Figure, Metric, Report
from steps.model.chain import Chain, PerHop
from steps.model.cost import CostFigure
from steps.page.waterfall import NOT_ADDITIVE, SIGNED, Cell, cell_of, money_cell
from steps.statistics.words import DASH, common_decimals, counted


@dataclass(frozen=True)
class ChainView:
    """A report's chain under one of its loads."""

    report: Report
    found: Chain

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return tuple(metric for metric in self.report.metrics if metric.name in self.found.steps[0].added)

    def share_only(self, metric: Metric) -> bool:
        """Whether a hop's figure is no more than its share of the whole."""
        return metric.name in NOT_ADDITIVE

    def lede(self) -> str:
        """What was divided by what."""
        many = counted(self.found.hops, "service")
        return (
            f"Through a chain of {many}: what each arm adds to the one before it in the same round, divided by "
            f"{counted(self.found.hops, 'hop')}; the last row is all of it together. A hop is one call: through the caller's "
            f"sidecar and the called one's. Memory is that of the sidecars alone, of which there is one more than of services."
        )

    def rows(self) -> list[tuple[str, tuple[Cell, ...]]]:
        """A row for each step, by name."""
        return [(step.title, self._cells(step)) for step in self.found.steps]

    def _title(self, arm: str) -> str:
        titles = {each.name: each.title for section in self.report.loads for each in section.arms}
        return (titles | {each.name: each.title for each in self.report.absent}).get(arm, arm)

    def _cells(self, step: PerHop) -> tuple[Cell, ...]:
        cells = [self._cell(step.added[metric.name], metric.name) for metric in self.metrics]
        return (*cells, *([money_cell(step.usd, signed=SIGNED)] if self.found.unit else []))

    def _cell(self, figure: Figure, metric: str) -> Cell:
        digits = common_decimals(step.added[metric] for step in self.found.steps)
        return cell_of(figure, digits, signed=SIGNED)

    def notes(self) -> list[str]:
        """Why there are dashes, each reason once; what p99 is; and the tax in money."""
        reasons = [
            f"{DASH} {step.title}: {why}"
            for step in self.found.steps
            for why in (*(figure.reason for figure in step.added.values()), step.usd.reason if self.found.unit else None)
            if why
        ]
        share = (
            "A chain's slow requests were slow at some hop and not at each: p99 by the hop is a share of it, and no hop's p99."
        )
        return [*dict.fromkeys(reasons), share, *self._tax()]

    def _tax(self) -> list[str]:
        if not self.found.unit:
            return []
        month, asked = self.found.reserved_month_usd, self.found.reserved
        each = f"{asked.vcpus:g} of a core and {MIB_PER_GIB * asked.memory_gib:g} MiB each"
        reserved = (
            f" Whatever they do, {counted(self.found.sidecars, 'sidecar')} at {each} come to "
            f"{by_the_month(month * self.found.sidecars)} USD a month, if that is what they reserve."
            if month is not None
            else ""
        )
        lowest, topmost = self.found.steps[0].over, self.found.steps[-1].arm
        dearer = f"{self._title(topmost)} makes a request {_percent(self.found.tax_percent)} dearer than {self._title(lowest)}"
        return [f"The sidecars' tax: {dearer}.{reserved}"]


def _percent(figure: CostFigure) -> str:
    """`+310 % (295 to 330)`, or a dash with its reason."""
    if figure.value is None:
        return f"{DASH} % ({figure.reason})"
    return f"{money(figure.value)} % ({range_of(figure)}){' †' if figure.suspect else ''}"
