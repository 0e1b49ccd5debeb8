"""Budgets: a run that would cost more is not begun, and one that does is stopped between two cells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from steps.costs import budget
from steps.errors import BudgetPassed
from steps.evidence import read
from steps.model import Plan
from steps.statistics.findings import report_of
from steps.store import Store
from tests.lab import experiment
from tests.steps.simulated import RUN, simulate, tiny

CELL = "envoy-500rps-r1"
PER_HOUR = budget.machine().usd


def test_an_hour_costs_what_the_laptop_does():
    """Amortisation and power, as the price book has them."""
    assert round(budget.cost_of(3600).value, 12) == round(PER_HOUR, 12)
    assert budget.between("2026-11-25T10:00:00.000Z", "2026-11-25T10:30:00.000Z") == budget.cost_of(1800)


@pytest.mark.parametrize(("spent_s", "is_passed"), [(3600, False), (3601, True)])
def test_a_budget_is_passed_when_more_is_spent(spent_s, is_passed):
    """Not when all of it is."""
    said = budget.passed(budget.cost_of(3600).value, budget.cost_of(spent_s))

    assert (said is not None) == is_passed


def begun(lab, *, seconds_ago):
    """A run with a budget of an hour, begun so long ago."""
    lab.asked = experiment().model_copy(update={"budget_usd": PER_HOUR})
    at = (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()
    plan = Plan.of(lab.asked, run=lab.run, seed=1).model_copy(update={"begun_at": at})
    Store.from_environment(lab.environment).put(f"{lab.prefix}/plan.json", plan.to_json())


def test_a_cell_after_the_budget_is_not_begun(lab):
    """Nothing of it is deployed, and its record says what was spent of how much."""
    begun(lab, seconds_ago=4000)

    with pytest.raises(
        BudgetPassed, match=r"the budget of 0\.0432\d+ USD is passed: 0\.0480 USD are spent, at a laptop's 0\.0432"
    ):
        lab.deploy(CELL)

    assert lab.deployed().components == ()
    assert lab.deployed().failure.startswith("the budget of")
    assert (lab.processes(), lab.ledger()) == ([], [])


def test_a_cell_within_the_budget_is_deployed(lab):
    """An hour is not over yet."""
    begun(lab, seconds_ago=1800)

    lab.deploy(CELL)

    assert [each.name for each in lab.deployed().components] == ["upstream", "envoy"]
    assert lab.teardown(CELL).left == ()


def report(budget_usd, begun_at):
    """The report on a run with that budget, which ended at 17:50:44."""
    asked = tiny().model_copy(update={"budget_usd": budget_usd})
    objects = simulate(asked)
    plan = Plan.from_json(objects["plan.json"], source="plan").model_copy(update={"begun_at": begun_at})
    objects["plan.json"] = plan.to_json().encode()
    return report_of(read(objects, run=RUN, prefix=f"runs/phase-4/x/{RUN}", status="Succeeded", failures=""))


@pytest.mark.parametrize(("usd", "is_passed", "word"), [("0.05", True, "more than"), ("0.5", False, "of")])
def test_a_report_tells_what_became_of_the_budget(usd, is_passed, word):
    """What the run cost, up to its last teardown, and of how much."""
    found = report(Decimal(usd), "2026-11-23T15:04:05.000Z")

    assert found.budget.passed == is_passed
    assert found.budget.spent_usd == budget.cost_of(9999).value
    assert f"the run cost 0.120 USD, {word} its budget of {usd} USD, at a laptop's 0.0432 USD an hour" in found.notes


@pytest.mark.parametrize("begun_at", [None, "yesterday", "2026-11-23T15:04:05"])
def test_a_run_of_which_nobody_knows_when_it_began_has_no_result(begun_at):
    """And no crash."""
    assert report(Decimal(1), begun_at).budget is None
