"""A machine that nobody sells by the hour, priced by what it cost and what it draws."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from steps.costs.money import Usd, share_out
from steps.model import Model
from steps.model.price import Above, Price

LAPTOP, HERE = "laptop", "here"


class Like(Model):
    """The ratio in which the machine's price is shared out over CPU and memory."""

    usd_per_vcpu_hour: Above
    usd_per_gib_hour: Above


class Laptop(Model):
    """The settings in a price book."""

    as_of: date
    source: str
    bought_usd: Above
    years: Above
    hours_per_year: Above
    watts: Above
    usd_per_kwh: Above
    vcpus: Above
    memory_gib: Above
    like: Like

    @property
    def usd_per_hour(self) -> Usd:
        """Amortisation and power."""
        return Usd(self.bought_usd / (self.years * self.hours_per_year) + self.watts / 1000 * self.usd_per_kwh)

    @property
    def how(self) -> str:
        """The formula with its figures."""
        return (
            f"{self.bought_usd} USD over {self.years} years of {self.hours_per_year} hours, and {self.watts} W at "
            f"{self.usd_per_kwh} USD per kWh, for {self.vcpus} vCPU and {self.memory_gib} GiB"
        )

    def prices(self) -> tuple[Price, ...]:
        """CPU and memory apart, and the whole machine."""
        weights = (self.vcpus * self.like.usd_per_vcpu_hour, self.memory_gib * self.like.usd_per_gib_hour)
        vcpus, memory = share_out(self.usd_per_hour, weights)
        return (
            self._price(item="vcpu", unit="usd_per_vcpu_hour", usd=_each(vcpus, self.vcpus)),
            self._price(item="memory", unit="usd_per_gib_hour", usd=_each(memory, self.memory_gib)),
            self._price(
                item=LAPTOP,
                unit="usd_per_hour",
                usd=self.usd_per_hour.value,
                vcpus=self.vcpus,
                memory_gib=self.memory_gib,
            ),
        )

    def _price(self, **fields: Any) -> Price:
        return Price(provider=LAPTOP, region=HERE, as_of=self.as_of, source=self.source, modelled=True, how=self.how, **fields)


def _each(whole: Usd, count: Decimal) -> Decimal:
    return Usd(whole.value / count).value
