"""Prices and costs as people read them in a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from pipelines.tables import columns
from steps.costs.book import PriceBook
from steps.costs.curves import usd_per_unit
from steps.costs.money import HOURS_PER_MONTH
from steps.costs.words import by_the_month, money, prices_taken, with_range
from steps.model import Report, digest
from steps.model.cost import ArmCost, Costs, LoadCost, Pricing
from steps.model.price import Price
from steps.statistics.words import DASH

RATES_RPS = tuple(Decimal(10) ** power for power in range(6))


def book(found: PriceBook) -> str:
    """Where there are prices, with those of CPU and memory."""
    head = ("PROVIDER", "REGION", "MARKET", "USD/vCPU-HOUR", "USD/GiB-HOUR", "PRICES", "AS OF", "")
    rows = []
    for provider, region, spot in dict.fromkeys((price.provider, price.region, price.spot) for price in found.prices):
        here = [price for price in found.prices if (price.provider, price.region, price.spot) == (provider, region, spot)]
        by_item = {price.item: price for price in here}
        vcpu, memory = by_item.get("vcpu"), by_item.get("memory")
        rows.append(
            (
                provider,
                region,
                "spot" if spot else "on demand",
                f"{vcpu.usd:.6f}" if vcpu else DASH,
                f"{memory.usd:.6f}" if memory else DASH,
                str(len(here)),
                str(min(price.as_of for price in here)),
                "modelled" if any(price.modelled for price in here) else "",
            )
        )
    return columns([head, *rows]) + f"\nprice book {digest(found)}"


def prices(rows: Iterable[Price]) -> str:
    """Each price with its unit, date and source."""
    head = ("REGION", "ITEM", "USD", "PER", "AS OF", "", "SOURCE")
    body = [
        (
            price.region,
            price.item + (" (spot)" if price.spot else ""),
            f"{round(price.usd, 9).normalize():f}",
            price.unit.removeprefix("usd_per_").replace("_", " "),
            str(price.as_of),
            "modelled" if price.modelled else "",
            "; ".join(filter(None, (price.source, price.how))),
        )
        for price in rows
    ]
    return columns([head, *body])


def costs(report: Report, found: Sequence[Costs], *, pair: tuple[str, str] | None = None) -> str:
    """One set of prices in full, or a table over several."""
    unit = found[0].unit.title
    lines = [f"{report.run}: {unit} done right (median, and interval over repetitions)"]
    lines += [f"a {report.verdict.value} run: its figures decide nothing"] if not report.answer.decided else []
    for number, load in enumerate(found[0].loads):
        lines += ["", f"at {load.at}"]
        lines += _detail(found[0], load) if len(found) == 1 else _over(found, number)
        lines += _break_even(found[0], load, pair) if pair else []
    lines += ["", *_told(found)]
    return "\n".join(lines)


def _over(found: Sequence[Costs], number: int) -> list[str]:
    """A column for each provider."""
    head = ("CONTENDER", *(each.pricing.named.upper() for each in found))
    names = [arm.title for arm in found[0].loads[number].arms if arm.own.value is not None]
    cells = [{arm.title: with_range(arm.own) for arm in each.loads[number].arms} for each in found]
    return [columns([head, *((name, *(by_name[name] for by_name in cells)) for name in names)]), *_absent(found[0].loads[number])]


def _detail(costs: Costs, load: LoadCost) -> list[str]:
    head = (
        "CONTENDER",
        "OWN",
        "OF IT USED",
        "OVER THE BASELINE'S PATH",
        "A MONTH AT THIS RATE",
        "WITHOUT A REQUEST",
        "ON MACHINES OF ITS OWN",
    )
    rows = [_row(arm) for arm in load.arms if arm.own.value is not None]
    return [columns([head, *rows]), *_absent(load), *_crossings(load, costs)]


def _row(arm: ArmCost) -> tuple[str, ...]:
    percent = f" (+{arm.tax_percent.value:.0f} %)" if arm.tax_percent.value is not None else ""
    alone = arm.alone
    whole = f"{money(alone.usd)} ({alone.machines} × {alone.machine}, {alone.idle_percent:.1f} % idle)" if alone else DASH
    month, idle = by_the_month(arm.month_usd), by_the_month(arm.idle_month_usd)
    return (arm.title, with_range(arm.own), money(arm.used.value), with_range(arm.tax) + percent, month, idle, whole)


def _absent(load: LoadCost) -> list[str]:
    return [f"{arm.title}: {DASH} {arm.own.reason}" for arm in load.arms if arm.own.value is None]


def _crossings(load: LoadCost, costs: Costs) -> Iterator[str]:
    for crossing in load.crossings:
        usd = money(crossing.usd)
        yield (
            f"below {crossing.rate_rps:,.0f} {costs.unit.work}/s {crossing.below} costs less, above it {crossing.above} "
            f"(there {usd} {costs.unit.title})"
        )


def _break_even(costs: Costs, load: LoadCost, pair: tuple[str, str]) -> list[str]:
    """The curves of two, and where they cross."""
    arms = {arm.name: arm for arm in load.arms}
    one, other = (arms[name].curve for name in pair)
    if one is None or other is None:
        return []
    rows = [
        (f"{rps:,}", money(usd_per_unit(one, rps, costs.unit)), money(usd_per_unit(other, rps, costs.unit))) for rps in RATES_RPS
    ]
    crossing = [each for each in load.crossings if {each.below, each.above} == set(pair)]
    cheaper = min(pair, key=lambda name: usd_per_unit(arms[name].curve or one, RATES_RPS[-1], costs.unit))
    work = costs.unit.work
    said = [f"break-even at {each.rate_rps:,.0f} {work}/s: below it {each.below}, above it {each.above}" for each in crossing]
    return [
        "",
        columns([(f"{work.upper()}/S", *(name.upper() for name in pair)), *rows]),
        *(said or [f"no break-even between {RATES_RPS[0]:,} and {RATES_RPS[-1]:,} {work}/s: {cheaper} costs less at each"]),
        "a model from one rate: CPU by the request, memory by the hour",
    ]


def _told(found: Sequence[Costs]) -> Iterator[str]:
    """What the prices are, and what is in none of the figures."""
    for costs in found:
        yield prices_taken(costs.pricing)
        yield from (f"  {warning}" for warning in costs.pricing.warnings)
        if costs.pricing.fixed:
            yield f"  paid whatever runs, and in no figure: {_fixed(costs.pricing)}"
    yield f"price book {found[0].pricing.book}"


def _fixed(pricing: Pricing) -> str:
    return ", ".join(f"{price.item} {by_the_month(price.usd * HOURS_PER_MONTH)} USD a month" for price in pricing.fixed)
