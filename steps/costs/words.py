"""Money as people read it."""

from __future__ import annotations

from decimal import Decimal

from steps.model.cost import CostFigure, Pricing
from steps.statistics.words import DASH

DIGITS = 3  # an interval of some percent supports no more


def money(usd: Decimal | None, *, digits: int = DIGITS) -> str:
    """`0.000302`, `12.4`, `1,250`: three digits, never an exponent."""
    if usd is None:
        return DASH
    if not usd:
        return "0"
    decimals = max(0, digits - 1 - usd.adjusted())
    text = f"{round(usd, decimals):,.{decimals}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def written(usd: Decimal) -> str:
    """As its author wrote it: `0.05`."""
    return f"{usd.normalize():f}"


def by_the_month(usd: Decimal | None) -> str:
    """`7.20`: cents, or three digits of less than a cent."""
    if usd is None:
        return DASH
    return f"{usd:,.2f}" if usd >= Decimal("0.1") or not usd else money(usd, digits=2)


def with_range(figure: CostFigure) -> str:
    """`0.000302 (0.000283 to 0.000315)`, or a dash."""
    if figure.value is None:
        return DASH
    mark = " †" if figure.suspect else ""
    return f"{money(figure.value)} ({range_of(figure)}){mark}"


def range_of(figure: CostFigure) -> str:
    """`0.000283 to 0.000315`, or that it was measured once."""
    return "once" if figure.low is None else f"{money(figure.low)} to {money(figure.high)}"


def prices_taken(pricing: Pricing) -> str:
    """`gcp us-central1, on demand, list prices of 2026-08-03`."""
    market = "" if pricing.spot or pricing.region == "here" else ", on demand"
    kind = "modelled from" if pricing.modelled else "list prices of"
    what = f"{kind} {pricing.vcpu.how}" if pricing.modelled else f"{kind} {pricing.vcpu.as_of}"
    return f"{pricing.named}{market}: {what}"
