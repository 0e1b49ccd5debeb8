"""What does not fit in a price book, and what is doubtful in it: each in a sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise

from steps.costs.book import PriceBook
from steps.model.price import Price

OLD_DAYS = 365


def errors(book: PriceBook) -> list[str]:
    """What cannot be: a bigger machine of a family that costs less, spot that costs no less."""
    return [*_cheaper_sizes(book), *_dear_spot(book)]


def old(prices: Iterable[Price], *, today: date) -> list[str]:
    """A sentence for each source that is older than a year."""
    ages = {(price.source, price.as_of) for price in prices if (today - price.as_of).days > OLD_DAYS}
    return [f"prices of {as_of} are older than a year: {source}" for source, as_of in sorted(ages)]


def _cheaper_sizes(book: PriceBook) -> Iterator[str]:
    families: dict[tuple[str, str, str, bool], list[Price]] = defaultdict(list)
    for price in book.prices:
        if price.machine and price.family:
            families[price.provider, price.region, price.family, price.spot].append(price)
    for sizes in families.values():
        for smaller, bigger in pairwise(sorted(sizes, key=_size)):
            if _size(smaller) < _size(bigger) and bigger.usd < smaller.usd:
                yield f"{bigger.named} is bigger than {smaller.item} and cheaper: {bigger.usd} against {smaller.usd} USD an hour"


def _size(price: Price) -> tuple[Decimal, Decimal]:
    return (price.vcpus or Decimal(0), price.memory_gib or Decimal(0))


def _dear_spot(book: PriceBook) -> Iterator[str]:
    on_demand = {(price.provider, price.region, price.item): price for price in book.prices if not price.spot}
    for price in book.prices:
        usual = on_demand.get((price.provider, price.region, price.item))
        if price.spot and usual is not None and price.usd >= usual.usd:
            yield f"{price.named} costs {price.usd} USD, and {usual.usd} on demand: spot is below it"


def not_yet(book: PriceBook, *, today: date) -> list[str]:
    """A sentence for each price of a day to come."""
    return [f"{price.named} is dated {price.as_of}, which is still to come" for price in book.prices if price.as_of > today]
