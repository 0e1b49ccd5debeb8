"""Cost against rate, and where two contenders cost the same."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steps.costs.curves import usd_per_hour, usd_per_unit
from steps.costs.unit_costs import costs_of
from steps.model.cost import Reserved
from steps.model.unit_cost import PER_MILLION_REQUESTS as UNIT
from tests.steps.costs.books import arm, at_500rps, direct, pricing, use

E2 = pricing("gcp")


def load(*arms):
    """The costs under one load."""
    return costs_of([at_500rps(direct(use()), *arms)], E2, UNIT).loads[0]


LEAN = arm("lean", use(vcpus=0.05, memory_gib=0.01))  # 100 µs a request
FAT = arm("fat", use(vcpus=0.02, memory_gib=0.25))  # 40 µs a request


def test_a_curve_goes_through_what_was_measured():
    """At the rate of the measurement it is the unit cost."""
    found = load(LEAN).arms[1]

    assert abs(usd_per_unit(found.curve, Decimal(500), UNIT) - found.own.value) < Decimal("1e-15")


def test_two_contenders_break_even_where_the_formula_says():
    """(F_A − F_B) / (v_B − v_A): below it the one with less memory is cheaper, above it the one with less CPU."""
    (crossing,) = load(LEAN, FAT).crossings

    fixed = (Decimal("0.25") - Decimal("0.01")) * E2.memory.usd  # an hour
    by_request = Decimal("60e-6") / 3600 * E2.vcpu.usd
    assert float(crossing.rate_rps) == pytest.approx(float(fixed / by_request / 3600), rel=1e-6)
    assert (crossing.below, crossing.above) == ("lean", "fat")


def test_both_cost_the_same_at_a_break_even():
    """By the hour and by the unit."""
    found = load(LEAN, FAT)
    (crossing,) = found.crossings
    one, other = (usd_per_hour(each.curve, crossing.rate_rps, UNIT) for each in found.arms[1:])

    assert one == pytest.approx(other, rel=Decimal("1e-6"))


def test_who_needs_less_of_all_is_cheaper_at_every_rate():
    """Then there is no break-even."""
    assert load(LEAN, arm("more", use(vcpus=0.06, memory_gib=0.02))).crossings == ()


def test_what_is_reserved_is_paid_until_more_is_used():
    """One that reserves half a core costs the same from the first request to the one that fills it."""
    keeps = arm("keeps", use(vcpus=0.01, memory_gib=0.001), reserved=Reserved(vcpus=0.5))  # 20 µs a request
    found = load(keeps, LEAN).crossings

    assert [(each.below, each.above) for each in found] == [("lean", "keeps")]
    flat = load(keeps).arms[1].curve
    assert usd_per_hour(flat, Decimal(1), UNIT) == usd_per_hour(flat, Decimal(20_000), UNIT)
    assert usd_per_hour(flat, Decimal(50_000), UNIT) > usd_per_hour(flat, Decimal(25_000), UNIT)
