"""What one could do against a bottleneck, with what it costs at list price: also what would cost much and help nothing."""

from __future__ import annotations

from decimal import Decimal

from steps.costs.book import PriceBook
from steps.model.trace import Bottleneck, Option

PROVIDER, REGION = "aws", "us-east-1"
HOURS = 730  # of a month
MORE_IOPS = 4000
MORE_GIB = 8


def with_options(found: Bottleneck, book: PriceBook, *, cores: int | None) -> Bottleneck:
    """The bottleneck with what could be bought. cores: that it has; so many more is what "more CPU" means."""
    prices = {
        price.item: price.usd
        for price in book.prices
        if (price.provider, price.region, price.spot) == (PROVIDER, REGION, False) and not price.machine
    }
    more = cores or 2
    cpu = f"{more} more core{'s' if more > 1 else ''}", _monthly(prices.get("vcpu"), more * HOURS)
    disk = f"{MORE_IOPS:,} more IOPS", _monthly(prices.get("block-iops"), MORE_IOPS)
    memory = f"{MORE_GIB} GiB more memory", _monthly(prices.get("memory"), MORE_GIB * HOURS)
    share = f"{100 * found.weight:.0f} %"
    options = {
        "cpu": [
            _option(
                cpu,
                helps=found.kind != "one thread",
                why="one thread cannot use them" if found.kind == "one thread" else "it is CPU that it wants",
            )
        ],
        "throttling": [
            Option(what="a higher limit on CPU", usd_per_month=None, helps=True, why="what the machine has free costs no more"),
        ],
        "disk": [
            _option(disk, helps=True, why=f"{share} of its active time is waiting for disk"),
            _option(cpu, helps=False, why=f"{share} of its active time is no work for a core"),
        ],
        "memory": [_option(memory, helps=True, why="what it frees is read again")],
        "lock": [
            Option(what="a finer lock", usd_per_month=None, helps=True, why=f"{share} of its active time is waiting for a lock"),
            _option(cpu, helps=False, why="who waits for a lock needs no core"),
        ],
        "network": [_option(cpu, helps=False, why="the network takes no more")],
        "none": [_option(cpu, helps=False, why="it does not use what it has")],
    }[found.resource]
    if found.kind == "busy":  # whether more would help is not known
        options = []
    if found.kind == "others":  # a core more would be theirs, too
        options = [Option(what="a machine without the others", usd_per_month=None, helps=True, why="they have the core it wants")]
    return found.model_copy(update={"options": tuple(options)})


def _option(offer: tuple[str, float | None], *, helps: bool, why: str) -> Option:
    what, usd = offer
    return Option(what=what, usd_per_month=usd, helps=helps, why=why)


def _monthly(usd: Decimal | None, units: int) -> float | None:
    return None if usd is None else float(usd * units)
