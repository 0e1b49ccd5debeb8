"""Costs of a run on a real Argo: pods are billed what they reserve, and the report tells it from what they use."""

from __future__ import annotations

import pytest

from phases.catalogue.gateways import GATEWAYS, NGINX
from steps.model import RunVerdict
from tests.cluster.small_run import SmallRun, small

pytestmark = [pytest.mark.argo, pytest.mark.evidence]


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
