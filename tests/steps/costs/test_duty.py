"""Spot markets and duty cycles, by hand."""

from decimal import Decimal

import pytest

from steps.costs.book import load
from steps.costs.duty import duty_of
from steps.costs.markets import choices, markets_of, with_a_spot_market
from steps.costs.pareto import front
from steps.costs.unit_costs import costs_of
from steps.model import Arm, DutyCycle, Figure
from steps.model.cost import ArmUse, LoadUse, Use
from steps.model.unit_cost import PER_MILLION_REQUESTS
from tests.steps.costs.books import book, pricing

# Half a vCPU and half a GiB at 100 requests/s.
USE = Use(repetition=1, suspect=False, rate_rps=100.0, vcpus=0.5, memory_gib=0.5)
LOAD = LoadUse(load="100rps", at="100 requests/s", p99="p99_ms", arms=(ArmUse(contender="app", title="App", uses=(USE,)),))
VCPU, GIB = Decimal("0.02181159"), Decimal("0.00292353")


def duty(cycle, *, cold_ms=1000.0):
    cold = Figure(value=cold_ms) if cold_ms is not None else Figure(reason="nobody looked")
    arm = Arm(name="app", title="App", planned=1, ok=1, suspect=0, failed=0, figures={"ready_ms": cold})
    cost = costs_of((LOAD,), pricing(), PER_MILLION_REQUESTS).loads[0].arms[0]
    return duty_of(arm, cost, LOAD.arms[0], cycle=cycle, unit=PER_MILLION_REQUESTS)


def test_a_month_by_hand():
    """A tenth busy: memory for 730 h, or for 73 h and 24 wakes a day of 301 s; CPU for 73 h either way."""
    (month,) = duty(DutyCycle(busy_shares=(0.1,), wakes_per_day=24, hold_s=300)).months

    cpu = 73 * VCPU / 2
    held = 24 * Decimal(730) / 24 * 301 / 3600
    assert float(month.always_usd) == pytest.approx(float(cpu + 730 * GIB / 2))
    assert float(month.to_zero_usd) == pytest.approx(float(cpu + (73 + held) * GIB / 2))
    assert float(month.saved_percent) == pytest.approx(float(100 * (1 - month.to_zero_usd / month.always_usd)), abs=1e-5)


def test_the_break_even_is_where_it_is_never_down():
    """An hour's wake held 301 s leaves 1 − 301/3600 of the time; beyond that both cost the same."""
    found = duty(DutyCycle(busy_shares=(0.5, 0.95), wakes_per_day=24, hold_s=300))

    assert float(found.break_even_share) == pytest.approx(1 - 301 / 3600, abs=1e-6)
    below, beyond = found.months
    assert below.saved_percent > 0
    assert beyond.always_usd == beyond.to_zero_usd


def test_a_start_that_was_not_measured_gives_no_month():
    """It is a reason, never a zero."""
    found = duty(DutyCycle(busy_shares=(0.5,), wakes_per_day=1, hold_s=0), cold_ms=None)

    assert (found.months, found.reason) == ((), "nobody looked")


def test_what_the_spot_market_saves_and_what_interruptions_may_eat():
    """gcp: on demand 0.0218 and 0.0029, on the spot market 0.01309 and 0.001754."""
    usual, spot = (costs_of((LOAD,), pricing(spot=each), PER_MILLION_REQUESTS).loads[0] for each in (False, True))

    (market,) = markets_of(usual, spot)
    dear, cheap = VCPU / 2 + GIB / 2, Decimal("0.01309") / 2 + Decimal("0.001754") / 2
    assert float(market.saved_percent) == pytest.approx(float(100 * (1 - cheap / dear)), rel=1e-5)
    assert float(market.bearable_percent) == pytest.approx(float(100 * (dear / cheap - 1)), rel=1e-5)


def test_where_nobody_sells_on_a_spot_market_there_is_no_such_price():
    """Then a review is priced at the book's first place, on demand alone."""
    small = book(
        "provider: here, region: lab, item: vcpu, usd_per_vcpu_hour: 0.01",
        "provider: here, region: lab, item: memory, usd_per_gib_hour: 0.001",
    )

    assert with_a_spot_market(small) is None
    assert [each and each.provider for each in choices(small)] == ["here", None]
    assert with_a_spot_market(load()) == "gcp"


def test_the_front_takes_any_number_of_figures():
    """Nobody else is as good in all of them; who ties in all stands beside."""
    assert front({"a": (1, 9, 9), "b": (9, 1, 9), "c": (9, 9, 1), "d": (9, 9, 9)}) == ("a", "b", "c")
    assert front({"a": (1, 1), "b": (1, 1)}) == ("a", "b")
