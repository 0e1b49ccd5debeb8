"""Cost against rate, as a model: memory and disk are paid by the hour, CPU by the request, but at least what is reserved of it.

Two such curves cross where the one with the larger fixed part has paid it back: (F_A − F_B) / (v_B − v_A), within each stretch
between the rates at which either begins to use more than it reserved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations, pairwise

from steps.costs.bill import Need
from steps.costs.money import SECONDS_PER_HOUR, GibHours, Usd, VcpuHours, rounded
from steps.costs.rates import memory_rate, vcpu_rate
from steps.model.cost import ArmCost, CostCurve, Crossing, Pricing
from steps.model.unit_cost import UnitCost

LOWEST_RPS, HIGHEST_RPS = Decimal(1), Decimal(100_000)  # beyond, one measurement says too little


def curve_of(cpu: Need, memory: Need, *, vcpus: Decimal, rps: Decimal, pricing: Pricing, unit: UnitCost) -> CostCurve:
    """An arm's curve, from what it needs and uses at one rate."""
    hours_per_unit = vcpus / (rps * SECONDS_PER_HOUR) * unit.per
    return CostCurve(
        memory_usd_per_hour=memory_rate(pricing).of(GibHours(memory.billed)).value,
        reserved_usd_per_hour=vcpu_rate(pricing).of(VcpuHours(cpu.reserved)).value,
        usd_per_unit=vcpu_rate(pricing).of(VcpuHours(hours_per_unit)).value,
    )


def usd_per_hour(curve: CostCurve, rps: Decimal, unit: UnitCost) -> Decimal:
    """What an hour at that rate costs."""
    units = _units_per_hour(rps, unit)
    cpu = max(curve.reserved_usd_per_hour, curve.usd_per_unit * units)
    return curve.memory_usd_per_hour + curve.disk_usd_per_hour + cpu + curve.sent_usd_per_unit * units


def usd_per_unit(curve: CostCurve, rps: Decimal, unit: UnitCost) -> Decimal:
    """What a unit of work costs at that rate."""
    return usd_per_hour(curve, rps, unit) / _units_per_hour(rps, unit)


def _units_per_hour(rps: Decimal, unit: UnitCost) -> Decimal:
    return rps * SECONDS_PER_HOUR / unit.per


def crossings_of(arms: Sequence[ArmCost], unit: UnitCost) -> tuple[Crossing, ...]:
    """The rates at which two arms cost the same, from the lowest on."""
    known = [arm for arm in arms if arm.curve]
    found = [crossing for one, other in combinations(known, 2) for crossing in _crossings(one, other, unit)]
    return tuple(sorted(found, key=lambda crossing: crossing.rate_rps))


def _crossings(one: ArmCost, other: ArmCost, unit: UnitCost) -> Iterator[Crossing]:
    first, second = one.curve, other.curve
    if first is None or second is None:
        return
    for low, high in pairwise(_bends(first, second, unit)):
        at_low, at_high = (usd_per_hour(first, rps, unit) - usd_per_hour(second, rps, unit) for rps in (low, high))
        if at_low * at_high < 0:
            rps = low + (high - low) * at_low / (at_low - at_high)
            below, above = (one, other) if at_low < 0 else (other, one)
            usd = Usd(usd_per_unit(first, rps, unit))
            yield Crossing(below=below.name, above=above.name, rate_rps=rounded(rps), usd=usd.value)


def _bends(first: CostCurve, second: CostCurve, unit: UnitCost) -> list[Decimal]:
    """The ends of the range, and the rates between them at which a curve turns: there it uses what it reserved."""
    turns = [
        curve.reserved_usd_per_hour / curve.usd_per_unit * unit.per / SECONDS_PER_HOUR
        for curve in (first, second)
        if curve.usd_per_unit
    ]
    return sorted({LOWEST_RPS, *(turn for turn in turns if LOWEST_RPS < turn < HIGHEST_RPS), HIGHEST_RPS})
