"""Bills: of each resource the larger of what was reserved and what was used, at its price; what is idle is said, never left out.

The rule is OpenCost's (specification 0.1): a container is billed max(request, usage) of CPU and of memory, storage by its size
and months, data by its bytes. Two sorts of idle: of a workload, what it reserved and did not use, which is part of its bill; of a
machine, what nobody reserved or used, which is beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from steps.costs.money import HOURS_PER_MONTH, GibHours, GibMonths, Gigabytes, Hours, Q, Rate, Usd, VcpuHours, share_out
from steps.model.cost import CostLine
from steps.model.price import Price

NOTHING = Usd(Decimal(0))


@dataclass(frozen=True)
class Need:
    """How much of a resource: what is reserved for it, and what it uses."""

    used: Decimal
    reserved: Decimal = Decimal(0)

    @property
    def billed(self) -> Decimal:
        return max(self.used, self.reserved)

    @property
    def idle(self) -> Decimal:
        return self.billed - self.used


def cpu_line(what: str, need: Need, hours: Decimal, rate: Rate[VcpuHours]) -> CostLine:
    """CPU for so long; the need is in vCPU."""
    return _line(what, "vCPU-hours", VcpuHours(need.billed * hours), VcpuHours(need.idle * hours), rate)


def memory_line(what: str, need: Need, hours: Decimal, rate: Rate[GibHours]) -> CostLine:
    """Memory for so long; the need is in GiB."""
    return _line(what, "GiB-hours", GibHours(need.billed * hours), GibHours(need.idle * hours), rate)


def disk_line(what: str, need: Need, hours: Decimal, rate: Rate[GibMonths]) -> CostLine:
    """What is kept on disk for so long; the need is in GiB."""
    months = hours / HOURS_PER_MONTH
    return _line(what, "GiB-months", GibMonths(need.billed * months), GibMonths(need.idle * months), rate)


def sent_line(what: str, sent: Gigabytes, rate: Rate[Gigabytes]) -> CostLine:
    """Data that leaves: nothing of it is reserved."""
    return _line(what, "GB", sent, Gigabytes(Decimal(0)), rate)


def _line(what: str, unit: str, billed: Q, idle: Q, rate: Rate[Q]) -> CostLine:
    return CostLine(
        what=what,
        quantity=billed.value,
        unit=unit,
        usd_per_unit=rate.usd,
        usd=rate.of(billed).value,
        idle_usd=rate.of(idle).value,
    )


@dataclass(frozen=True)
class Idle:
    """What of a machine's price pays for nothing."""

    usd_per_hour: Usd
    percent: Decimal
    warning: str | None = None  # more was taken than there is


def machine_idle(machine: Price, *, vcpus: Decimal, memory_gib: Decimal, vcpu: Rate[VcpuHours], memory: Rate[GibHours]) -> Idle:
    """The idle part of a machine of which so much is taken. More than there is would be negative: it is told, and is zero.

    The machine's price is shared out in the ratio of the prices of CPU and memory.
    """
    whole = Rate(machine.usd, Hours).of(Hours(Decimal(1)))
    all_vcpus, all_gib = machine.vcpus or Decimal(0), machine.memory_gib or Decimal(0)
    cpu_part, memory_part = share_out(whole, (all_vcpus * vcpu.usd, all_gib * memory.usd))
    left = cpu_part * (1 - vcpus / all_vcpus) + memory_part * (1 - memory_gib / all_gib)
    if vcpus > all_vcpus or memory_gib > all_gib:
        warning = (
            f"{vcpus:f} vCPU and {memory_gib:f} GiB were taken of {machine.item}, which has {all_vcpus:f} and {all_gib:f}: "
            "its idle part is not known, and counted as zero"
        )
        return Idle(NOTHING, Decimal(0), warning)
    return Idle(left, 100 * (left / whole))
