"""A run's costs as its report tells them: at the usual prices, and as if it ran at each provider."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from steps.costs.book import PriceBook, load
from steps.costs.rates import Choice, pricing_of
from steps.costs.unit_costs import costs_of
from steps.costs.uses import beside_of, uses_of
from steps.errors import LabError
from steps.evidence import Evidence
from steps.model import LoadSection, Report
from steps.model.cost import Costs, LoadUse, Pricing
from steps.model.unit_cost import PER_MILLION_REQUESTS, UnitCost

Found = tuple[tuple[LoadUse, ...], tuple[Costs, ...], tuple[str, ...]]  # uses, costs, and what stood in the way


def reported(evidence: Evidence, sections: Sequence[LoadSection]) -> Found:
    """What was used and what it costs; nothing, when the experiment asks for no unit cost. Stops for nothing."""
    experiment = evidence.experiment
    if experiment is None or experiment.unit_cost is None:
        return (), (), ()
    try:
        in_pods = evidence.environment is not None and evidence.environment.place == "kubernetes"
        uses = uses_of(sections, experiment=experiment, reserves=in_pods, cells=beside_of(evidence))
        return uses, everywhere(uses, load(), experiment.unit_cost, today=_day(evidence)), ()
    except LabError as error:
        return (), (), (f"what it costs cannot be told: {error}",)


def _day(evidence: Evidence) -> date | None:
    """When the run was made: by that day a price is old, so that a report made once more says the same."""
    return date.fromisoformat(evidence.environment.at[:10]) if evidence.environment else None


def everywhere(uses: Sequence[LoadUse], book: PriceBook, unit: UnitCost, *, today: date | None) -> tuple[Costs, ...]:
    """At each provider's usual region, on demand; the first is the usual one, with its bills and curves."""
    pricings = [pricing_of(book, Choice(provider), today=today) for provider in book.providers]
    usual, *others = (costs_of(uses, pricing, unit) for pricing in pricings)
    return (usual, *map(_short, others))


def _short(costs: Costs) -> Costs:
    """Without bills and curves: the uses in them are those of the first."""
    loads = tuple(
        load.model_copy(update={"arms": tuple(arm.model_copy(update={"bills": (), "curve": None}) for arm in load.arms)})
        for load in costs.loads
    )
    return costs.model_copy(update={"loads": loads})


def repriced(report: Report, pricing: Pricing) -> Costs:
    """A stored run at other prices. A run from before there were costs is priced by its figures, without what stood around."""
    uses = report.uses or uses_of(report.loads)
    return costs_of(uses, pricing, report.costs[0].unit if report.costs else PER_MILLION_REQUESTS)
