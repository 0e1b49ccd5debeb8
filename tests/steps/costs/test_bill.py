"""Bills: the larger of reserved and used, with what is idle in it and beside it. The vectors are OpenCost's rule by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.costs.bill import Need, cpu_line, machine_idle, memory_line
from steps.costs.money import GibHours, Rate, VcpuHours
from steps.costs.rates import memory_rate, vcpu_rate
from tests.steps.costs.books import pricing

E2 = pricing("gcp")
TEN_MINUTES = Decimal(10) / 60
amounts = st.decimals(min_value=0, max_value=1000, places=6)


def test_prices_of_the_vectors_are_those_of_the_book():
    """E2 in us-central1."""
    assert (str(E2.vcpu.usd), str(E2.memory.usd)) == ("0.02181159", "0.00292353")


def pod():
    """Half a core reserved and 0.8 used, 512 MiB reserved and 300 used, for ten minutes."""
    cpu = cpu_line("CPU", Need(Decimal("0.8"), Decimal("0.5")), TEN_MINUTES, vcpu_rate(E2))
    memory = memory_line("memory", Need(Decimal(300) / 1024, Decimal("0.5")), TEN_MINUTES, memory_rate(E2))
    return cpu, memory


def test_a_pod_pays_the_larger_of_what_it_reserves_and_uses():
    """0.8 cores and 512 MiB for ten minutes: 0.00315184."""
    cpu, memory = pod()

    assert round(cpu.usd + memory.usd, 8) == Decimal("0.00315184")


def test_what_is_reserved_and_not_used_is_said():
    """Memory: 212 of 512 MiB are idle; CPU used more than it reserved, so none of it is."""
    cpu, memory = pod()

    assert cpu.idle_usd == 0
    assert abs(memory.idle_usd - memory.usd * 212 / 512) < Decimal("1e-17")


def test_opencosts_default_prices_make_a_machine():
    """Its per-hour figures are N1's: 0.031611 for a vCPU and 0.004237 for each of 3.75 GiB make the list price 0.04749975."""
    vcpus, gib = Rate(Decimal("0.031611"), VcpuHours), Rate(Decimal("0.004237"), GibHours)
    hour = Decimal(1)

    whole = cpu_line("CPU", Need(hour), hour, vcpus).usd + memory_line("memory", Need(Decimal("3.75")), hour, gib).usd

    assert whole == Decimal("0.04749975")


@given(amounts, amounts, amounts)
def test_a_line_is_never_less_than_use_or_reservation(used, reserved, hours):
    """And its idle part is what lies between."""
    rate = Rate(Decimal("0.02"), VcpuHours)
    line = cpu_line("CPU", Need(used, reserved), hours, rate)

    assert line.usd >= rate.of(VcpuHours(used * hours)).value
    assert line.usd >= rate.of(VcpuHours(reserved * hours)).value
    assert abs(line.usd - line.idle_usd - rate.of(VcpuHours(used * hours)).value) <= Decimal("2e-18")


def machine(name="e2-standard-4"):
    return next(each for each in E2.machines if each.item == name)


def idle(vcpus, gib, name="e2-standard-4"):
    """The idle part of a machine."""
    taken = {"vcpus": Decimal(vcpus), "memory_gib": Decimal(gib)}
    return machine_idle(machine(name), **taken, vcpu=vcpu_rate(E2), memory=memory_rate(E2))


def test_a_machines_idle_part_is_what_nobody_took():
    """2.5 of 4 cores and 8 of 16 GiB of an e2-standard-4: 0.0561056 an hour, 41.9 %."""
    found = idle("2.5", 8)

    assert round(found.usd_per_hour.value, 7) == Decimal("0.0561056")
    assert round(found.percent, 1) == Decimal("41.9")
    assert found.warning is None


@pytest.mark.parametrize(("vcpus", "gib", "percent"), [(0, 0, 100), (4, 16, 0)])
def test_an_empty_machine_is_all_idle_and_a_full_one_is_not(vcpus, gib, percent):
    """To the last digit."""
    assert idle(vcpus, gib).percent == percent


@pytest.mark.parametrize(("vcpus", "gib"), [("4.5", 8), (2, 17)])
def test_negative_idle_is_told_and_is_zero(vcpus, gib):
    """More was taken than there is: some reading is wrong, and no money comes back for it."""
    found = idle(vcpus, gib)

    assert (found.usd_per_hour.value, found.percent) == (0, 0)
    assert found.warning.startswith(f"{vcpus} vCPU and {gib} GiB were taken of e2-standard-4, which has 4 and 16")
