"""Unit costs and overheads of work that is still to be measured: each formula with a vector by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steps.costs import vocabulary
from steps.costs.money import GibHours, GibMonths, Gigabytes, Hours, Rate, Usd, VcpuHours
from steps.costs.rates import memory_rate, vcpu_rate
from steps.errors import MeasureError
from steps.model.unit_cost import (
    PER_GIGABYTE,
    PER_MILLION_MESSAGES,
    PER_MILLION_REQUESTS,
    PER_MILLION_SERIES,
    PER_MILLION_SPANS,
    PER_MILLION_TRANSACTIONS,
    unpriced,
)
from tests.steps.costs.books import pricing

E2, AWS = pricing("gcp"), pricing("aws")


def usd(text) -> Usd:
    return Usd(Decimal(text))


@pytest.mark.parametrize(
    "unit", [PER_MILLION_REQUESTS, PER_MILLION_TRANSACTIONS, PER_MILLION_MESSAGES, PER_MILLION_SPANS, PER_GIGABYTE]
)
def test_cost_per_nothing_has_no_value(unit):
    """It is an error, and no zero."""
    with pytest.raises(MeasureError, match="nothing was done right"):
        vocabulary.per_unit(usd(1), 0, unit)


def test_titles_say_the_unit():
    """As the head of a column."""
    assert PER_MILLION_REQUESTS.title == "USD per million requests"
    assert PER_GIGABYTE.title == "USD per gigabyte"


def test_a_transaction_pays_for_its_whole_path():
    """Gateway, application and database; with each one's share."""
    per_million, shares = vocabulary.per_transaction(
        {"gateway": usd(1), "app": usd(3), "database": usd(4)}, 2_000_000, PER_MILLION_TRANSACTIONS
    )

    assert per_million == usd(4)
    assert shares == {"gateway": Decimal("0.125"), "app": Decimal("0.375"), "database": Decimal("0.5")}


def test_a_gigabyte_of_logs_is_ingested_and_kept():
    """Kept: 10⁹ bytes, compressed as measured, at the price of a GiB and month."""
    assert vocabulary.per_gigabyte_ingested(usd(3), Gigabytes(Decimal(6))) == usd("0.5")
    kept = vocabulary.per_gigabyte_kept(Decimal(10), Decimal(3), Rate(Decimal("0.10"), GibMonths))
    assert round(kept.value, 6) == Decimal("0.027940")
    with pytest.raises(MeasureError, match="nothing was ingested"):
        vocabulary.per_gigabyte_ingested(usd(3), Gigabytes(Decimal(0)))


def test_a_million_series_are_paid_by_the_month():
    """0.05 USD an hour for 250,000 active series: 146 a month for a million; at 15 s they are 175.2 thousand million samples."""
    per_month = vocabulary.per_million_series_month(usd("0.05"), Hours(Decimal(1)), 250_000, PER_MILLION_SERIES)

    assert per_month == usd(146)
    assert vocabulary.samples_per_month(1_000_000, every_s=15) == Decimal("175.2e9")


def test_spans_are_counted_as_received_and_as_kept():
    """Two figures, because of sampling."""
    received, kept = (vocabulary.per_unit(usd(2), spans, PER_MILLION_SPANS) for spans in (4_000_000, 400_000))

    assert (received, kept) == (usd("0.5"), usd(5))


def test_a_replicated_message_crosses_zones():
    """Three replicas in three zones: 2/3 + 2 + 2/3 = 3.33 bytes moved per byte, 0.067 USD per GB at 0.02."""
    moved = vocabulary.across_zones(replication=3, zones=3)

    assert round(moved, 2) == Decimal("3.33")
    assert round(Rate(Decimal("0.02"), Gigabytes).of(Gigabytes(moved)).value, 3) == Decimal("0.067")
    assert vocabulary.per_unit(usd("0.5"), 250_000, PER_MILLION_MESSAGES) == usd(2)


def test_twenty_sidecars_cost_seven_dollars_a_month():
    """20 millicores and 20 MiB each, on E2: 7.20, whatever they do."""
    found = vocabulary.fixed_month(
        20, VcpuHours(Decimal("0.02")), GibHours(Decimal(20) / 1024), vcpu=vcpu_rate(E2), gib=memory_rate(E2)
    )

    assert round(found.value, 2) == Decimal("7.20")


def hourly(machine) -> Usd:
    return usd(next(each.usd for each in AWS.machines if each.item == machine))


@pytest.mark.parametrize(
    ("smaller", "bigger", "more"), [("m6i.xlarge", "m6i.2xlarge", "140.16"), ("m6i.large", "r6i.large", "21.90")]
)
def test_a_bigger_machine_costs_so_much_more_a_month(smaller, bigger, more):
    """730 hours of the difference."""
    assert vocabulary.month([hourly(bigger) - hourly(smaller)]) == usd(more)


def test_a_cheaper_remedy_saves_the_difference():
    """50 for a cache where 200 for CPU would not have helped: 150, which is 75 %."""
    assert vocabulary.saving(usd(200), usd(50)) == (usd(150), 75)


@pytest.mark.parametrize(
    ("unit", "metrics", "said"),
    [
        (None, [], None),
        (PER_MILLION_REQUESTS, ["goodput_rps", "cpu_us_per_request", "memory_mib"], None),
        (PER_MILLION_REQUESTS, ["goodput_rps", "memory_mib"], "its unit cost needs cpu_us_per_request among the metrics"),
        (PER_MILLION_REQUESTS, ["knee_rps", "cpu_at_75_us_per_request", "memory_at_75_mib"], None),
        (
            PER_MILLION_REQUESTS,
            ["knee_rps", "cpu_at_75_us_per_request"],
            "its unit cost needs memory_at_75_mib among the metrics",
        ),
        (PER_MILLION_SPANS, ["p50_ms"], "no load of spans is there to be priced; loads are of requests, transactions, messages"),
    ],
)
def test_an_experiment_measures_what_its_unit_cost_needs(unit, metrics, said):
    """Else its author is told, before anything runs."""
    assert unpriced(unit, metrics) == said
