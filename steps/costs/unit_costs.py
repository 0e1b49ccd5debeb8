"""What a unit of work costs with each arm: what was used, at the prices that were chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from steps.costs.bill import Need, cpu_line, disk_line, machine_idle, memory_line, sent_line
from steps.costs.curves import crossings_of, curve_of
from steps.costs.laptop import LAPTOP
from steps.costs.money import HOURS_PER_MONTH, SECONDS_PER_HOUR, Gigabytes, Usd, exact, rounded
from steps.costs.rates import egress_rate, memory_rate, storage_rate, vcpu_rate
from steps.model.cost import (
    Alone,
    ArmCost,
    ArmUse,
    Bill,
    CostCurve,
    CostFigure,
    CostLine,
    Costs,
    LoadCost,
    LoadUse,
    Pricing,
    Reserved,
    Use,
)
from steps.model.price import STORAGE
from steps.model.unit_cost import UnitCost
from steps.statistics.intervals import coverage_of, rank_for

NO_PROGRAM = "the direct path has no program of its own"
BASELINE = "it is the baseline"
UNCOUNTED = "nobody counted the bytes of its answers, so what they cost on the network is not known"
BYTES_PER_GB = Decimal(10**9)


def sent_of(answer_bytes: float, unit: UnitCost) -> Gigabytes:
    """What the answers to a unit of work come to on the network."""
    return Gigabytes(exact(answer_bytes) * unit.per / BYTES_PER_GB)


@dataclass(frozen=True)
class Value:
    """What one repetition comes to."""

    repetition: int
    suspect: bool
    usd: Decimal


def costs_of(uses: Iterable[LoadUse], pricing: Pricing, unit: UnitCost) -> Costs:
    """What each load's unit of work costs. The uses are read and nothing else: pricing them anew changes costs only."""
    every = tuple(uses)
    pricing = _doubted(pricing, every)
    return Costs(unit=unit, pricing=pricing, loads=tuple(_load(use, Priced(pricing, unit)) for use in every))


def _doubted(pricing: Pricing, every: Iterable[LoadUse]) -> Pricing:
    """With a word on what is kept on a disk that has no price; that of a laptop is in the machine's."""
    kept = any(use.disk_gib is not None for load in every for arm in load.arms for use in arm.uses)
    if not kept or pricing.storage or pricing.provider == LAPTOP:
        return pricing
    said = f"what is kept on disk is not billed: the price book has no price of {STORAGE} at {pricing.provider} {pricing.region}"
    return pricing.model_copy(update={"warnings": (*pricing.warnings, said)})


def _load(use: LoadUse, priced: Priced) -> LoadCost:
    arms = tuple(priced.arm(arm, use.arms[0], use.around_reserved) for arm in use.arms)
    return LoadCost(load=use.load, at=use.at, arms=arms, crossings=crossings_of(arms, priced.unit))


@dataclass(frozen=True)
class Priced:
    """Prices, and the unit that they are asked for."""

    pricing: Pricing
    unit: UnitCost

    def arm(self, arm: ArmUse, baseline: ArmUse, around: Reserved) -> ArmCost:
        """Everything that one arm costs."""
        if self.pricing.traffic and any(use.answer_bytes is None for use in arm.uses):
            arm = arm.model_copy(update={"uses": (), "reason": UNCOUNTED})
        bills = () if arm.direct else tuple(self.bill(use, arm.reserved) for use in arm.uses)
        path, base = self.paths(arm, around), self.paths(baseline, around)
        tax, percent = _tax(path, base) if arm is not baseline else ([], [])
        unknown = arm.reason or ("the path around it was not measured" if not path else None)
        untaxed = BASELINE if arm is baseline else unknown or "no round has both the contender and the baseline"
        no_cost = NO_PROGRAM if arm.direct else arm.reason or ""
        own = figure([Value(bill.repetition, bill.suspect, bill.usd) for bill in bills], no_cost)
        return ArmCost(
            name=arm.contender,
            title=arm.title,
            own=own,
            used=figure([Value(bill.repetition, bill.suspect, bill.used_usd) for bill in bills], no_cost),
            path=figure(path, unknown or ""),
            tax=figure(tax, untaxed),
            tax_percent=figure(percent, untaxed),
            unattributed=figure(self._unattributed(arm), arm.reason or "the machine's own counters do not tell"),
            bills=bills,
            **(self._at_its_rate(arm, own) if bills else {}),
        )

    def bill(self, use: Use, reserved: Reserved) -> Bill:
        """What a unit of work costs in the contender itself."""
        needs = _needs(use.vcpus, use.memory_gib, reserved, self.pricing.replicas)
        lines = (*self._lines("", needs, use), *self._disk(use), *self._sent(use))
        return Bill(repetition=use.repetition, suspect=use.suspect, lines=lines)

    def _lines(self, where: str, needs: tuple[Need, Need], use: Use) -> tuple[CostLine, CostLine]:
        hours = self._hours(use)
        return (
            cpu_line(f"CPU{where}", needs[0], hours, vcpu_rate(self.pricing)),
            memory_line(f"memory{where}", needs[1], hours, memory_rate(self.pricing)),
        )

    def _disk(self, use: Use) -> tuple[CostLine, ...]:
        """What it keeps, for as long as the unit of work takes; each replica keeps as much. Nothing without a price of it."""
        if use.disk_gib is None or self.pricing.storage is None:
            return ()
        need = Need(exact(use.disk_gib) * self.pricing.replicas)
        return (disk_line("disk", need, self._hours(use), storage_rate(self.pricing.storage)),)

    def _disk_usd_per_hour(self, arm: ArmUse) -> Decimal:
        """In the median of its repetitions; a bill's line is for as long as a unit of work takes."""
        return median([sum((line.usd for line in self._disk(use)), start=Decimal(0)) / self._hours(use) for use in arm.uses])

    def _sent(self, use: Use) -> tuple[CostLine, ...]:
        """What the answers cost that leave; nothing where they are not billed."""
        if self.pricing.traffic is None or use.answer_bytes is None:
            return ()
        return (sent_line("network", sent_of(use.answer_bytes, self.unit), egress_rate(self.pricing.traffic)),)

    def paths(self, arm: ArmUse, reserved: Reserved) -> list[Value]:
        """The whole path in each repetition of which it is known."""
        known = []
        for use in arm.uses:
            if use.around_vcpus is not None and use.around_memory_gib is not None:
                around = self._lines(" around", _needs(use.around_vcpus, use.around_memory_gib, reserved, 1), use)
                own = self._sent(use) if arm.direct else self.bill(use, arm.reserved).lines
                known.append(Value(use.repetition, use.suspect, sum((line.usd for line in (*own, *around)), start=Decimal(0))))
        return known

    def _unattributed(self, arm: ArmUse) -> list[Value]:
        """Below zero readings disagree: it is counted as zero, and the cell's own checks tell of it."""
        known = [
            (use, Need(max(Decimal(0), exact(use.unattributed_vcpus)))) for use in arm.uses if use.unattributed_vcpus is not None
        ]
        return [
            Value(use.repetition, use.suspect, cpu_line("unattributed", need, self._hours(use), vcpu_rate(self.pricing)).usd)
            for use, need in known
        ]

    def _hours(self, use: Use) -> Decimal:
        """How long a unit of work takes."""
        return self.unit.per / (exact(use.rate_rps) * SECONDS_PER_HOUR)

    def _at_its_rate(self, arm: ArmUse, own: CostFigure) -> dict[str, object]:
        """By the month, at any rate, and on a machine of its own; from the medians of what was used."""
        rps, vcpus, gib = _middle(arm.uses)
        cpu, memory = _needs(vcpus, gib, arm.reserved, self.pricing.replicas)
        curve = curve_of(cpu, memory, vcpus=exact(vcpus), rps=exact(rps), pricing=self.pricing, unit=self.unit)
        sent = [line.usd for use in arm.uses for line in self._sent(use)]
        curve = curve.model_copy(update={"sent_usd_per_unit": median(sent)}) if sent else curve
        curve = curve.model_copy(update={"disk_usd_per_hour": self._disk_usd_per_hour(arm)})
        month = None if own.value is None else Usd(own.value * _per_month(rps) / self.unit.per)
        idle = Usd((curve.memory_usd_per_hour + curve.disk_usd_per_hour + curve.reserved_usd_per_hour) * HOURS_PER_MONTH)
        return {
            "curve": curve,
            "month_usd": month.value if month else None,
            "idle_month_usd": idle.value,
            "alone": self._alone(cpu, memory, exact(rps), curve),
        }

    def _alone(self, cpu: Need, memory: Need, rps: Decimal, curve: CostCurve) -> Alone | None:
        """On the cheapest machine that holds one replica; None: the price book has none so big."""
        replicas = self.pricing.replicas
        vcpus, gib = cpu.billed / replicas, memory.billed / replicas
        fitting = [each for each in self.pricing.machines if (each.vcpus or 0) >= vcpus and (each.memory_gib or 0) >= gib]
        if not fitting:
            return None
        machine = fitting[0]
        idle = machine_idle(machine, vcpus=vcpus, memory_gib=gib, vcpu=vcpu_rate(self.pricing), memory=memory_rate(self.pricing))
        by_the_hour = machine.usd * replicas + curve.disk_usd_per_hour
        usd = Usd(by_the_hour * self.unit.per / (rps * SECONDS_PER_HOUR) + curve.sent_usd_per_unit)
        return Alone(machine=machine.item, machines=replicas, usd=usd.value, idle_percent=rounded(idle.percent))


def _needs(vcpus: float, memory_gib: float, reserved: Reserved, replicas: int) -> tuple[Need, Need]:
    """CPU and memory. Replicas share the work; each of them reserves, and holds the memory that one was measured with."""
    return (
        Need(exact(vcpus), exact(reserved.vcpus) * replicas),
        Need(exact(memory_gib) * replicas, exact(reserved.memory_gib) * replicas),
    )


def _per_month(rps: float) -> Decimal:
    return exact(rps) * SECONDS_PER_HOUR * HOURS_PER_MONTH


def _middle(uses: Sequence[Use]) -> tuple[float, float, float]:
    """The medians of rate, vCPU and GiB."""
    valid = [use for use in uses if not use.suspect] or uses
    rates, vcpus, gib = zip(*((use.rate_rps, use.vcpus, use.memory_gib) for use in valid), strict=True)
    return median(rates), median(vcpus), median(gib)


def _tax(path: Sequence[Value], base: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """What the arm's path costs beyond the baseline's in the same round: in dollars, and in percent of the baseline's."""
    without = {value.repetition: value for value in base}
    pairs = [(value, without[value.repetition]) for value in path if value.repetition in without]
    added = [_joint(one, other, one.usd - other.usd) for one, other in pairs]
    percent = [_joint(one, other, rounded(100 * (one.usd - other.usd) / other.usd)) for one, other in pairs if other.usd]
    return added, percent


def _joint(one: Value, other: Value, usd: Decimal) -> Value:
    return Value(one.repetition, one.suspect or other.suspect, usd)


def figure(values: Sequence[Value], reason: str) -> CostFigure:
    """The median over the valid repetitions, or the suspect ones when there are no others; the reason, when there is none."""
    valid = [value.usd for value in values if not value.suspect]
    counted = sorted(valid or [value.usd for value in values])
    if not counted:
        return CostFigure(reason=reason)
    n = len(counted)
    rank = rank_for(n)
    interval = {"low": counted[rank - 1], "high": counted[-rank], "coverage": coverage_of(n, rank)} if n > 1 else {}
    return CostFigure(value=median(counted), n=n, suspect=not valid, **interval)
