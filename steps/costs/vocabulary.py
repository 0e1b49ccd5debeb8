"""Unit costs and overheads of what is to be measured: transactions, messages, gigabytes, series, spans, sidecars.

Each takes what a window cost and the work that was done right in it. Cost per nothing has no value: it is an error, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from steps.costs.money import (
    HOURS_PER_MONTH,
    SECONDS_PER_HOUR,
    GibHours,
    GibMonths,
    Gigabytes,
    Hours,
    Rate,
    Usd,
    VcpuHours,
    total,
)
from steps.errors import MeasureError
from steps.model.unit_cost import UnitCost


def per_unit(cost: Usd, done: int, unit: UnitCost) -> Usd:
    """Dollars per unit: requests answered right, transactions committed, messages acknowledged, spans received or kept."""
    if done <= 0:
        message = f"nothing was done right, so {unit.title} has no value"
        raise MeasureError(message)
    return Usd(cost.value * unit.per / done)


def per_transaction(hops: Mapping[str, Usd], committed: int, unit: UnitCost) -> tuple[Usd, dict[str, Decimal]]:
    """Of the whole path, gateway to database; with each hop's share of it."""
    whole = total(hops.values())
    shares = {name: cost / whole for name, cost in hops.items()} if whole.value else {}
    return per_unit(whole, committed, unit), shares


def per_gigabyte_ingested(cost: Usd, raw: Gigabytes) -> Usd:
    """Of agents and ingesters, per GB before compression."""
    if raw.value <= 0:
        message = "nothing was ingested, so a GB of it has no cost"
        raise MeasureError(message)
    return Usd(cost.value / raw.value)


def per_gigabyte_kept(compression: Decimal, months: Decimal, price: Rate[GibMonths]) -> Usd:
    """Storage of one raw GB for so long; compression: raw bytes over stored ones, as measured."""
    return price.of(GibMonths(GIB_PER_GB / compression * months))


GIB_PER_GB = Decimal(10**9) / Decimal(2**30)


def per_million_series_month(cost: Usd, window: Hours, active: int, unit: UnitCost) -> Usd:
    """Of a time series database and its scrapers, for active series over a month of 730 hours."""
    if window.value <= 0:
        message = "a window without time has no cost by the month"
        raise MeasureError(message)
    return per_unit(Usd(cost.value / window.value * HOURS_PER_MONTH), active, unit)


def samples_per_month(series: int, every_s: int) -> Decimal:
    """How many samples so many series come to in a month."""
    return series * HOURS_PER_MONTH * SECONDS_PER_HOUR / every_s


def across_zones(replication: int, zones: int) -> Decimal:
    """Bytes that cross a zone's border per byte produced, where brokers and readers are spread evenly and readers know no rack.

    In: to a leader elsewhere. Copies: to the other replicas, each in a zone of its own. Out: from a leader elsewhere.
    """
    elsewhere = Decimal(zones - 1) / zones
    return elsewhere + (replication - 1) + elsewhere


def fixed_month(instances: int, vcpus: VcpuHours, memory: GibHours, *, vcpu: Rate[VcpuHours], gib: Rate[GibHours]) -> Usd:
    """What so many sidecars reserve in a month, whatever they do; vcpus, memory: of one of them in an hour."""
    return (vcpu.of(vcpus) + gib.of(memory)) * instances * HOURS_PER_MONTH


def month(per_hour: Sequence[Usd]) -> Usd:
    """Things that are paid by the hour, for a month of 730."""
    return total(per_hour) * HOURS_PER_MONTH


def saving(before: Usd, after: Usd) -> tuple[Usd, Decimal]:
    """How much less, and in percent."""
    return before - after, 100 * ((before - after) / before)
