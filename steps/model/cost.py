"""What a run cost, as part of its report: what was used, at which prices, and what the unit of work comes to.

Money is decimal text in JSON, so that no reader rounds it. Uses are physical: pricing them anew changes no measurement.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from steps.model.price import EGRESS, Number, Price
from steps.model.unit_cost import UnitCost
from steps.model.values import Finite, Model, Name, Positive


class Use(Model):
    """What one arm used in one repetition. `around` is what stands beside every contender; None: it was not measured."""

    repetition: int
    suspect: bool
    rate_rps: Positive  # right answers per second
    vcpus: float = Field(default=0.0, ge=0)  # CPU seconds per second; a direct path has no program of its own
    memory_gib: float = Field(default=0.0, ge=0)
    around_vcpus: float | None = Field(default=None, ge=0)
    around_memory_gib: float | None = Field(default=None, ge=0)
    disk_gib: float | None = Field(default=None, ge=0)  # what it keeps after the load; None: nothing that is looked at
    answer_bytes: Finite | None = None  # what the network carries for a right answer; None: nobody counted
    unattributed_vcpus: Finite | None = None  # what no component, keeper or driver accounts for; below zero: readings disagree


class Reserved(Model):
    """What a pod asks for, and gets, used or not; nothing for a process."""

    vcpus: float = Field(default=0.0, ge=0)
    memory_gib: float = Field(default=0.0, ge=0)


class ArmUse(Model):
    """What one arm used under one load. Without repetitions: the reason."""

    contender: Name
    title: str
    direct: bool = False
    uses: tuple[Use, ...] = ()
    reason: str | None = None
    reserved: Reserved = Reserved()


class LoadUse(Model):
    """What all arms used under one load, and at which rate: "500 requests/s"."""

    load: str
    at: str
    p99: str  # the metric that tells of its slow requests
    arms: tuple[ArmUse, ...]
    around_reserved: Reserved = Reserved()


class Pricing(Model):
    """The prices that were taken."""

    provider: Name
    region: str
    spot: bool = False
    replicas: int = Field(default=1, ge=1)
    vcpu: Price
    memory: Price
    machines: tuple[Price, ...] = ()  # cheapest first
    storage: Price | None = None  # of what is kept on disk; None: the book has none, and the bill says so
    fixed: tuple[Price, ...] = ()  # paid whatever runs, and in no unit cost
    egress: tuple[Price, ...] = ()  # of data that leaves: by how far it goes
    traffic: Price | None = None  # the one of them that answers are billed at; None: they are not, for they stay where they are
    book: str  # digest of the price book
    warnings: tuple[str, ...] = ()

    @property
    def named(self) -> str:
        """`gcp europe-west1, spot, 3 replicas`."""
        place = self.provider if self.region == "here" else f"{self.provider} {self.region}"
        told = ("spot" if self.spot else "", f"{self.replicas} replicas" if self.replicas > 1 else "", self._sent)
        return ", ".join([place, *filter(None, told)])

    @property
    def _sent(self) -> str:
        where = self.traffic.item.removeprefix(EGRESS) if self.traffic else ""
        return where and f"answers to {'the internet' if where == 'internet' else f'another {where}'}"

    @property
    def modelled(self) -> bool:
        """Whether CPU or memory has a price that no list has."""
        return self.vcpu.modelled or self.memory.modelled


class CostLine(Model):
    """A line of a bill: the larger of what was reserved and what was used, at its price."""

    what: str
    quantity: Number
    unit: str  # "vCPU-hours"
    usd_per_unit: Number
    usd: Number
    idle_usd: Number  # of it, for what was reserved and not used


class Bill(Model):
    """What one repetition's unit of work costs: the sum of its lines."""

    repetition: int
    suspect: bool
    lines: tuple[CostLine, ...]

    @property
    def usd(self) -> Decimal:
        return sum((line.usd for line in self.lines), start=Decimal(0))

    @property
    def used_usd(self) -> Decimal:
        """Without what was reserved and not used."""
        return self.usd - sum((line.idle_usd for line in self.lines), start=Decimal(0))


class CostFigure(Model):
    """Dollars or percent: the median over repetitions with its order-statistic interval, or why there is none."""

    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    coverage: Finite | None = None
    n: int = 0
    suspect: bool = False
    reason: str | None = None

    @model_validator(mode="after")
    def _value_or_reason(self) -> Self:
        if (self.value is None) == (self.reason is None):
            message = "a cost has either a value or a reason"
            raise ValueError(message)
        return self


class CostCurve(Model):
    """What an arm costs at any rate, as a model: memory, disk and what is reserved by the hour, CPU by the unit of work."""

    memory_usd_per_hour: Number
    reserved_usd_per_hour: Number  # of CPU: paid as long as less is used
    usd_per_unit: Number  # of CPU
    disk_usd_per_hour: Number = Decimal(0)  # paid also when nothing runs
    sent_usd_per_unit: Number = Decimal(0)  # of the network, where answers are billed


class Alone(Model):
    """The smallest machine that holds an arm at its rate, were it paid for this arm alone."""

    machine: str
    machines: int
    usd: Number  # per unit of work
    idle_percent: Number


class ArmCost(Model):
    """What a unit of work costs with one arm."""

    name: Name
    title: str
    own: CostFigure  # of the contender itself: what it reserves, or uses beyond that
    path: CostFigure  # with what stands around it
    tax: CostFigure  # what it adds to the baseline's path in the same round
    tax_percent: CostFigure
    unattributed: CostFigure  # CPU that no component accounts for, in none of the others
    bills: tuple[Bill, ...] = ()
    curve: CostCurve | None = None
    month_usd: Number | None = None  # a month at this rate
    idle_month_usd: Number | None = None  # a month without any request
    alone: Alone | None = None
    used: CostFigure = CostFigure(reason="the report does not tell")  # of `own`, what it uses: tells apart who reserves the same


class Crossing(Model):
    """The rate at which two arms cost the same: below it the first is cheaper."""

    below: Name
    above: Name
    rate_rps: Number
    usd: Number  # per unit of work, of both


class LoadCost(Model):
    """All arms under one load."""

    load: str
    at: str
    arms: tuple[ArmCost, ...]
    crossings: tuple[Crossing, ...] = ()


class BudgetResult(Model):
    """What became of an experiment's budget."""

    usd: Number
    spent_usd: Number
    passed: bool


class Costs(Model):
    """A run's cost at one set of prices."""

    unit: UnitCost
    pricing: Pricing
    loads: tuple[LoadCost, ...]
