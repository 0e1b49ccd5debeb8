"""What a run itself costs, and whether its budget is passed: time on the price book's laptop, a modelled price.

Nobody knows what the nodes of a cluster cost; there the same price is taken, so a budget is a limit of time in dollars' clothes.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from steps.costs.book import load
from steps.costs.laptop import LAPTOP
from steps.costs.money import SECONDS_PER_HOUR, Hours, Rate, Usd, exact
from steps.costs.words import money, written
from steps.evidence import Evidence
from steps.model.cost import BudgetResult
from steps.model.price import Price


def machine() -> Price:
    """What a run is priced by."""
    return next(price for price in load().prices if price.item == LAPTOP)


def cost_of(seconds: float) -> Usd:
    """What a run of so long costs."""
    return Rate(machine().usd, Hours).of(Hours(exact(seconds) / SECONDS_PER_HOUR))


def between(begun_at: str, at: str) -> Usd:
    """What a run has cost from one moment to the other."""
    return cost_of((datetime.fromisoformat(at) - datetime.fromisoformat(begun_at)).total_seconds())


def passed(budget_usd: Decimal, spent: Usd) -> str | None:
    """A sentence when more was spent than there was; None: it was not."""
    if spent.value <= budget_usd:
        return None
    return f"the budget of {written(budget_usd)} USD is passed: {money(spent.value)} USD are spent, at a laptop's {_price()}"


def _price() -> str:
    return f"{money(machine().usd)} USD an hour"


def budget_of(evidence: Evidence) -> BudgetResult | None:
    """What became of a run's budget, up to its last teardown; None: it had none, or nobody recorded when it began or ended."""
    budget = evidence.experiment.budget_usd if evidence.experiment else None
    begun_at = evidence.plan.begun_at if evidence.plan else None
    if budget is None or begun_at is None or evidence.teardown is None:
        return None
    try:
        spent = between(begun_at, evidence.teardown.at)
    except (ValueError, TypeError):  # somebody wrote other times
        return None
    return BudgetResult(usd=budget, spent_usd=spent.value, passed=passed(budget, spent) is not None)


def told(result: BudgetResult | None) -> tuple[str, ...]:
    """The same in a sentence."""
    if result is None:
        return ()
    spent, usd = money(result.spent_usd), written(result.usd)
    what = "more than" if result.passed else "of"
    return (f"the run cost {spent} USD, {what} its budget of {usd} USD, at a laptop's {_price()}",)
