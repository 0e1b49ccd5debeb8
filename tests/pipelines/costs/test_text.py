"""Costs in a terminal: the work that they are of is called by its name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipelines.costs import text
from steps.costs.book import load
from steps.costs.rates import Choice, pricing_of
from steps.costs.reported import repriced
from steps.model.cost import Crossing
from steps.model.unit_cost import PER_MILLION_MESSAGES, PER_MILLION_TRANSACTIONS, UnitCost
from steps.page.review import ContestView
from tests.steps.reviewing.test_contests import review, stored
from tests.steps.sealed_runs import run

CROSSING = Crossing(below="nginx", above="envoy", rate_rps=Decimal(1200), usd=Decimal("0.001"))


@pytest.mark.parametrize("unit", [PER_MILLION_MESSAGES, PER_MILLION_TRANSACTIONS], ids=lambda unit: unit.work)
@pytest.mark.parametrize("crossings", [(CROSSING,), ()], ids=["crossing", "none"])
def test_rates_are_of_the_work_that_is_paid_for(unit: UnitCost, crossings: tuple[Crossing, ...]):
    """A break-even of brokers is at so many messages a second, and none is at requests."""
    report = run("a").report
    priced = repriced(report, pricing_of(load(), Choice("gcp"), today=None))
    loads = tuple(each.model_copy(update={"crossings": crossings, "at": f"100 {unit.work}/s"}) for each in priced.loads)
    costs = priced.model_copy(update={"unit": unit, "loads": loads})

    said = text.costs(report, [costs], pair=("nginx", "envoy"))

    assert "requests/s" not in said.lower()
    assert f"{unit.work.upper()}/S" in said
    assert (f"below 1,200 {unit.work}/s nginx costs less" in said) == bool(crossings)
    assert f"break-even {'at 1,200' if crossings else 'between 1 and 100,000'} {unit.work}/s" in said


def test_a_reviews_rates_are_too():
    """In the sentence below its table."""
    (contest,) = review(stored()).contests
    brokers = contest.model_copy(
        update={"unit": PER_MILLION_MESSAGES, "cost": contest.cost.model_copy(update={"crossings": (CROSSING,)})}
    )

    assert ContestView(brokers, 0).crossings() == ["Up to 1,200 messages/s nginx costs less than Envoy, beyond that more."]
