"""Spot against on demand: what the spot market saves, and how much of that interruptions may eat up.

Nobody here is interrupted, so what an interruption costs is not measured: work that is done again, and requests that fail. What
can be told is how much more work there may be before the spot market is the dearer one.
"""

from __future__ import annotations

from collections.abc import Iterator

from steps.costs.book import PriceBook
from steps.costs.money import rounded
from steps.costs.rates import Choice
from steps.model.cost import LoadCost
from steps.model.review import Market


def with_a_spot_market(book: PriceBook) -> str | None:
    """The first provider of the book that sells CPU and memory on the spot market in its usual region; None: none does."""
    sold = {(price.provider, price.region, price.item) for price in book.prices if price.spot}
    usual = [(provider, book.regions(provider)[0]) for provider in book.providers]
    return next((name for name, region in usual if {(name, region, "vcpu"), (name, region, "memory")} <= sold), None)


def choices(book: PriceBook) -> tuple[Choice, Choice | None]:
    """Where a review prices everything, and the same on the spot market: where there is one, else the book's first place."""
    provider = with_a_spot_market(book)
    return (Choice(provider), Choice(provider, spot=True)) if provider else (Choice(book.providers[0]), None)


def markets_of(on_demand: LoadCost, spot: LoadCost) -> Iterator[Market]:
    """A row for each contender of which both are known."""
    there = {arm.name: arm for arm in spot.arms}
    for arm in on_demand.arms:
        dear, cheap = arm.used, there[arm.name].used
        if dear.value and cheap.value:
            yield Market(
                contender=arm.name,
                title=arm.title,
                on_demand=dear,
                spot=cheap,
                saved_percent=rounded(100 * (1 - cheap.value / dear.value)),
                bearable_percent=rounded(100 * (dear.value / cheap.value - 1)),
            )
