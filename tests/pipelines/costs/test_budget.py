"""What a run is expected to cost, and the refusal of one that would cost more than it may."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pipelines import outcome, select
from pipelines.costs import budget
from pipelines.local.nodes import Status
from pipelines.local.spec import Outputs
from steps.costs.budget import cost_of
from steps.errors import UsageError
from steps.model import Report, RunVerdict
from steps.model.cost import BudgetResult
from tests.pipelines.costs.test_verbs import ask
from tests.steps.sealed_runs import run as a_run


def priced(*settings):
    """The gateway comparison with these settings."""
    (found,) = select.experiments("gateway-comparison")
    return select.changed(found, settings)


def test_plan_tells_what_a_run_costs():
    """11 minutes on a laptop, 0.0079 USD; in JSON to the last digit."""
    said, status = ask("plan", "gateway-comparison")

    assert (status, "costs about 0.0079 USD on a laptop (modelled)" in said) == (0, True)
    (plain,) = json.loads(ask("plan", "gateway-comparison", "--json")[0])
    assert Decimal(plain["usd"]) == cost_of(plain["seconds"]).value


@pytest.mark.parametrize(("usd", "word"), [("0.05", "within"), ("0.001", "more than")])
def test_plan_holds_the_estimate_against_the_budget(usd, word):
    """And shows the plan either way."""
    said, status = ask("plan", "gateway-comparison", "--set", f"budget_usd={usd}")

    assert status == 0
    assert f"costs about 0.0079 USD on a laptop (modelled), {word} its budget of {usd} USD" in said


def test_a_run_that_would_cost_more_than_its_budget_is_not_begun():
    """Exit status 2, with the way out."""
    said, status = ask("run", "gateway-comparison", "--set", "budget_usd=0.001")

    assert status == 2
    assert said.startswith("run: gateway-comparison costs about 0.0079 USD")
    assert "raise it with --set budget_usd=…" in said


def test_a_budget_that_holds_is_no_hindrance():
    """Nor is having none."""
    budget.check(priced("budget_usd=0.05"))
    budget.check(priced())
    with pytest.raises(UsageError, match="budget_usd"):
        priced("budget_usd=-1")


def report(*, passed) -> Report:
    """A report whose budget was passed, or not."""
    result = BudgetResult(usd=Decimal(1), spent_usd=Decimal(2), passed=passed)
    return a_run("a", budget=result, verdict=RunVerdict.ANSWERED, hypotheses=()).report


@pytest.mark.parametrize(
    ("phase", "passed", "gate", "status"),
    [
        ("Succeeded", True, True, 3),
        ("Succeeded", True, False, 0),
        ("Succeeded", False, True, 0),
        ("Failed", True, True, 3),
        ("Failed", True, False, 1),
        ("Failed", False, True, 1),
    ],
)
def test_the_gate_tells_a_budget_that_was_passed(phase, passed, gate, status):
    """With 3, also where the run failed because of it; without the gate a run is what its cells came to."""
    then = datetime(2026, 11, 25, tzinfo=UTC)
    done = Status("w", phase, "", started_at=then, finished_at=then, nodes={}, outputs=Outputs(), at=then)

    assert outcome.exit_status(done, [report(passed=passed)], gate=gate) == status
