"""Which prices of a book are meant: one provider in one region, on demand or on the spot market."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from steps.costs.book import PriceBook
from steps.costs.checks import errors, old
from steps.costs.laptop import LAPTOP
from steps.costs.money import GibHours, GibMonths, Gigabytes, Rate, VcpuHours
from steps.errors import UsageError
from steps.model import digest
from steps.model.cost import Pricing
from steps.model.price import EGRESS, FIXED, STORAGE, Price


@dataclass(frozen=True)
class Choice:
    """What is wanted. region None: the provider's first in the book."""

    provider: str = LAPTOP
    region: str | None = None
    spot: bool = False
    replicas: int = 1
    traffic: str | None = None  # where answers go: internet, region, zone; None: they stay in the zone, which costs nothing


def pricing_of(book: PriceBook, choice: Choice, *, today: date | None) -> Pricing:
    """The prices of a choice. today: what is older than a year then is told.

    Raises UsageError: the book does not fit, or has no such price.
    """
    if wrong := errors(book):
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        message = f"the price book does not fit: {wrong[0]}{more}"
        raise UsageError(message)
    region = choice.region or next(iter(book.regions(choice.provider)), "")
    here = [price for price in book.prices if (price.provider, price.region) == (choice.provider, region)]
    if not here:
        places = ", ".join(f"{provider} {region}" for provider in book.providers for region in book.regions(provider))
        message = f"the price book has nothing of {choice.provider} {choice.region or ''}".rstrip() + f"; it has {places}"
        raise UsageError(message)
    sold = [price for price in here if price.spot == choice.spot]
    used = (_the(sold, "vcpu", choice, region), _the(sold, "memory", choice, region))
    machines = tuple(sorted((price for price in sold if price.machine), key=lambda price: price.usd))
    storage = next((price for price in here if price.item == STORAGE), None)
    fixed = tuple(price for price in here if price.item in FIXED)
    egress = tuple(price for price in here if price.item.startswith(EGRESS))
    traffic = _the(here, f"{EGRESS}{choice.traffic}", choice, region) if choice.traffic else None
    return Pricing(
        provider=choice.provider,
        region=region,
        spot=choice.spot,
        replicas=choice.replicas,
        vcpu=used[0],
        memory=used[1],
        machines=machines,
        storage=storage,
        fixed=fixed,
        egress=egress,
        traffic=traffic,
        book=digest(book),
        warnings=tuple(old((*used, *machines, *fixed, *egress, *([storage] if storage else [])), today=today)) if today else (),
    )


def _the(sold: list[Price], item: str, choice: Choice, region: str) -> Price:
    found = [price for price in sold if price.item == item]
    if not found:
        market = "on the spot market" if choice.spot else "on demand"
        message = f"the price book has no price of {item} at {choice.provider} {region} {market}; add a row: --prices FILE"
        raise UsageError(message)
    return found[0]


def vcpu_rate(pricing: Pricing) -> Rate[VcpuHours]:
    """The price of CPU."""
    return Rate(pricing.vcpu.usd, VcpuHours)


def memory_rate(pricing: Pricing) -> Rate[GibHours]:
    """The price of memory."""
    return Rate(pricing.memory.usd, GibHours)


def storage_rate(price: Price) -> Rate[GibMonths]:
    """The price of what is kept on disk."""
    return Rate(price.usd, GibMonths)


def egress_rate(price: Price) -> Rate[Gigabytes]:
    """The price of data that leaves."""
    return Rate(price.usd, Gigabytes)
