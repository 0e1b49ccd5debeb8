"""Price books for tests: small ones, and the vectors' own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from steps.costs.book import PriceBook, load, read
from steps.costs.rates import Choice, pricing_of
from steps.model.cost import ArmUse, LoadUse, Pricing, Reserved, Use

TODAY = date(2026, 11, 25)

HEAD = """
sources:
  list: {as_of: 2026-08-01, what: a list}
prices:
"""


def book(*rows: str) -> PriceBook:
    """A book of these rows, all from one source unless they say otherwise."""
    return read(HEAD + "".join(f"  - {{{row}{'' if 'source:' in row else ', source: list'}}}\n" for row in rows), source="mine")


def pricing(provider="gcp", **choice) -> Pricing:
    """Prices of the shipped book; gcp's are those of the vectors (E2 in us-central1)."""
    return pricing_of(load(), Choice(provider, **choice), today=TODAY)


def dear(times: int, given: Pricing) -> Pricing:
    """The same with every price so many times as high."""

    def risen(price):
        return price.model_copy(update={"usd": price.usd * times})

    changes = {name: risen(getattr(given, name)) for name in ("vcpu", "memory")}
    machines = tuple(map(risen, given.machines))
    return given.model_copy(update={**changes, "machines": machines, "fixed": tuple(map(risen, given.fixed))})


def use(repetition=1, *, rate_rps=500.0, vcpus=0.02, memory_gib=0.01, suspect=False, around=(0.01, 0.006)) -> Use:
    """What an arm used."""
    return Use(
        repetition=repetition,
        suspect=suspect,
        rate_rps=rate_rps,
        vcpus=vcpus,
        memory_gib=memory_gib,
        around_vcpus=around[0],
        around_memory_gib=around[1],
    )


def arm(name="nginx", *uses: Use, **fields) -> ArmUse:
    """An arm's uses."""
    return ArmUse(contender=name, title=name, uses=uses, **fields)


def direct(*uses: Use) -> ArmUse:
    """The baseline, which has no program of its own."""
    return arm("direct", *uses, direct=True)


def at_500rps(*arms: ArmUse, around: Reserved | None = None) -> LoadUse:
    """The arms under one load."""
    return LoadUse(load="500rps", at="500 requests/s", p99="p99_ms", arms=arms, around_reserved=around or Reserved())


def usd(text: str) -> Decimal:
    """Money in a test."""
    return Decimal(text)
