"""A price as a price book has it: how much, for what, where, since when, and who says so."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from steps.model.values import Model, Name


def _no_float(given: Any) -> Any:
    if isinstance(given, float):
        message = f"{given} is a float; write money as a string or a Decimal"
        raise ValueError(message)  # noqa: TRY004  # pydantic turns it into a message that names the field
    return given


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


# Kept as text in JSON, so that no reader rounds it.
Number = Annotated[Decimal, BeforeValidator(_no_float), PlainSerializer(_plain, when_used="json")]
Above = Annotated[Number, Field(gt=0)]

PriceUnit = Literal[
    "usd_per_vcpu_hour", "usd_per_gib_hour", "usd_per_gib_month", "usd_per_gb_egress", "usd_per_hour", "usd_per_iops_month"
]
STORAGE = "block-storage"
OF_ITEM: dict[str, PriceUnit] = {
    "vcpu": "usd_per_vcpu_hour",
    "memory": "usd_per_gib_hour",
    STORAGE: "usd_per_gib_month",
    "egress-internet": "usd_per_gb_egress",
    "egress-zone": "usd_per_gb_egress",
    "egress-region": "usd_per_gb_egress",
    "block-iops": "usd_per_iops_month",
}  # everything else is a whole thing, paid by the hour
FIXED = ("control-plane", "load-balancer")
EGRESS = "egress-"  # then how far it goes: internet, zone (another one), region (another one)


class Price(Model):
    """One price."""

    provider: Name
    region: str
    item: str  # vcpu, memory, a machine's name …
    unit: PriceUnit
    usd: Above
    as_of: date
    source: str
    spot: bool = False
    modelled: bool = False  # no list has it
    how: str | None = None  # what a modelled one was made from
    family: str | None = None
    vcpus: Above | None = None  # of a machine
    memory_gib: Above | None = None

    @property
    def machine(self) -> bool:
        return self.vcpus is not None

    @property
    def named(self) -> str:
        """`gcp us-central1 e2-standard-2 (spot)`."""
        return f"{self.provider} {self.region} {self.item}{' (spot)' if self.spot else ''}"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        unit = OF_ITEM.get(self.item, "usd_per_hour")
        if self.unit != unit:
            message = f"{self.named} is priced in {unit}, not in {self.unit}"
            raise ValueError(message)
        if (self.vcpus is None) != (self.memory_gib is None):
            message = f"{self.named}: a machine has vcpus and memory_gib"
            raise ValueError(message)
        if self.modelled and not self.how:
            message = f"{self.named} is modelled and does not say how"
            raise ValueError(message)
        return self
