"""Costs of a run on a real Argo: pods are billed what they reserve, and the report tells it from what they use."""

from __future__ import annotations

from decimal import Decimal

import pytest

from phases.catalogue.gateways import GATEWAYS, NGINX
from steps.model import RunVerdict
from tests.cluster.small_run import SmallRun, small

pytestmark = pytest.mark.argo


def test_a_run_stops_when_its_budget_is_passed(installed):
    """Nothing more is deployed, the report says what was spent, the cells before it keep their figures, and nothing stays."""
    some_seconds = small(repetitions=2).model_copy(update={"budget_usd": Decimal("0.0003")})
    run = SmallRun.begin(installed.kube, some_seconds)
    try:
        run.wait()
        found, left = run.report(), run.there()
    finally:
        run.delete()

    assert found.verdict == RunVerdict.FAILED
    assert found.budget.passed
    assert any("the budget of 0.0003 USD is passed" in reason for reason in found.reasons), found.reasons
    assert sum(arm.ok + arm.suspect for arm in found.loads[0].arms) > 0
    assert left == []


@pytest.mark.evidence
def test_every_gateway_in_a_pod_has_a_cost(installed, need_images):
    """At each provider, with the idle part of what it reserves; at 200 requests/s a quarter of a core is mostly that."""
    need_images(*(gateway.image.reference for gateway in GATEWAYS))
    run = SmallRun.begin(installed.kube, small(*GATEWAYS))
    try:
        run.wait()
        found = run.report()
    finally:
        run.delete()

    assert found.verdict == RunVerdict.PREVIEW, found.reasons
    assert {arm.reserved.vcpus for arm in found.uses[0].arms if not arm.direct} == {NGINX.resources.cpu_request_cores}
    for costs in found.costs:
        assert [arm.name for arm in costs.loads[0].arms if arm.own.value is None] == ["direct"]
    arms = found.costs[0].loads[0].arms[1:]
    assert len({arm.used.value for arm in arms}) == len(arms)
    for arm in arms:
        (bill,) = arm.bills
        print(arm.name, arm.own.value, arm.used.value, arm.tax.value, arm.tax.reason)
        assert all(line.usd > line.idle_usd >= 0 for line in bill.lines)
        assert sum(line.idle_usd for line in bill.lines) > 0
