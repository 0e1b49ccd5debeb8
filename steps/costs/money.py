"""Money, quantities and prices as types: like is added to like, a price takes the quantity it is for, and no float is money.

Everything inside is Decimal. A measured value enters through `exact`, which changes nothing: a float is a binary fraction, and
every binary fraction is a decimal one. An amount of money is rounded once, when it is made, to 10⁻¹⁸ USD; sums and differences
are then exact, in whatever order (up to 10¹⁰ USD, where the 28 digits of a Decimal end).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Generic, Self, TypeVar

from steps.errors import MeasureError

FINEST_USD = Decimal("1e-18")
HOURS_PER_MONTH = Decimal(730)  # as price lists have it; one provider's calculator takes 744
SECONDS_PER_HOUR = Decimal(3600)


def exact(measured: float) -> Decimal:
    """The very value of a measured number. Raises MeasureError: it is no finite number."""
    value = Decimal(measured)
    if not value.is_finite():
        message = f"{measured} is no measured value, so it has no cost"
        raise MeasureError(message)
    return value


@dataclass(frozen=True)
class Amount:
    """A number with a unit, which is its type."""

    value: Decimal

    def __post_init__(self) -> None:
        if not isinstance(self.value, Decimal):
            message = f"{type(self).__name__} is made of a Decimal, not of the {type(self.value).__name__} {self.value!r}"
            raise TypeError(message)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.value + self._alike(other))

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.value - self._alike(other))

    def __mul__(self, times: Decimal | int) -> Self:
        if not isinstance(times, Decimal | int):
            message = f"{type(self).__name__} × {type(times).__name__}: take a Decimal, or `exact` for a measured value"
            raise TypeError(message)
        return type(self)(self.value * times)

    def __truediv__(self, other: Self) -> Decimal:
        return self.value / self._alike(other)

    def _alike(self, other: Amount) -> Decimal:
        if type(other) is not type(self):
            message = f"{type(self).__name__} and {type(other).__name__} do not mix"
            raise TypeError(message)
        return other.value


class Usd(Amount):
    """US dollars."""

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            rounded = self.value.quantize(FINEST_USD, rounding=ROUND_HALF_EVEN)
        except InvalidOperation as error:
            message = f"{self.value:.3g} USD is no cost of a run"
            raise MeasureError(message) from error
        object.__setattr__(self, "value", rounded)


class VcpuHours(Amount):
    """A vCPU for an hour: one core as the system counts them, often a thread of a real one."""


class GibHours(Amount):
    """A GiB of memory for an hour."""


class GibMonths(Amount):
    """A GiB of storage for a month."""


class Gigabytes(Amount):
    """Data sent, 10⁹ bytes: a GiB is 7 % more."""


class Hours(Amount):
    """A whole thing (a machine, a load balancer) for an hour."""


Q = TypeVar("Q", VcpuHours, GibHours, GibMonths, Gigabytes, Hours)


@dataclass(frozen=True)
class Rate(Generic[Q]):
    """A price: dollars for one of `unit`."""

    usd: Decimal
    unit: type[Q]

    def of(self, quantity: Q) -> Usd:
        """What so much costs."""
        if type(quantity) is not self.unit:
            message = f"a price per {self.unit.__name__} is not one of {type(quantity).__name__}"
            raise TypeError(message)
        return Usd(self.usd * quantity.value)


def rounded(value: Decimal) -> Decimal:
    """To a millionth: of percentages and rates, which are shown and not added up."""
    return value.quantize(Decimal("1e-6"))


def total(amounts: Iterable[Usd]) -> Usd:
    """Their sum."""
    return sum(amounts, start=Usd(Decimal(0)))


def share_out(whole: Usd, weights: Iterable[Decimal]) -> tuple[Usd, ...]:
    """A cost in parts by weights, which sum to the whole: what rounding leaves is in the last part.

    So a machine's price becomes one of CPU and one of memory where the provider's own split does not add up to it: the ratio of
    the parts stays (OpenCost's rule: 35 with 30 : 30 : 10 is 15, 15 and 5). Raises ValueError: no weight is above zero.
    """
    every = tuple(weights)
    if not any(every) or min(every) < 0:
        message = f"a cost cannot be shared out by the weights {', '.join(map(str, every))}"
        raise ValueError(message)
    parts = [whole * (weight / sum(every)) for weight in every[:-1]]
    return (*parts, whole - total(parts))
