"""The answer of an experiment in layers: what the whole takes, and how much of it each layer adds. Pure."""

from __future__ import annotations

from decimal import Decimal

from steps.costs.words import money
from steps.model import Answer, Figure, RunVerdict, Waterfall
from steps.statistics.answer import UNRANKED
from steps.statistics.words import common_decimals, listed, number, with_interval

TIME, CPU = "p50_ms", "path_cpu_us_per_request"


def layered_answer(answer: Answer, found: Waterfall, verdict: RunVerdict) -> Answer:
    """The same answer, said by layers; as it is, where a layer is missing."""
    parts = {layer.title: layer.added.get(TIME, Figure(reason="it is not among the metrics")) for layer in found.layers}
    if any(part.value is None for part in parts.values()):
        return answer
    whole = with_interval(found.whole[TIME], "ms")
    lead = f"through the whole stack a transaction takes {whole} at the median: {_shares(parts, 'ms')}"
    more = tuple(f"{line}." for line in (_cpu(found), _usd(found)) if line)
    if verdict is RunVerdict.ANSWERED:
        return answer.model_copy(update={"lead": f"{lead[0].upper()}{lead[1:]}.", "more": more})
    return answer.model_copy(update={"lead": f"{UNRANKED[verdict]}: {lead}.", "more": more})


def _shares(parts: dict[str, Figure], unit: str) -> str:
    """`1.21 ms of App, 0.30 of Gateway and 0.84 of Mesh`."""
    digits = common_decimals(parts.values())
    said = [f"{number(part.value or 0.0, digits)} of {title}" for title, part in parts.items()]
    first, *others = said
    return listed([first.replace(" of ", f" {unit} of ", 1), *others])


def _cpu(found: Waterfall) -> str:
    parts = {layer.title: layer.added.get(CPU, Figure(reason="it is not among the metrics")) for layer in found.layers}
    if any(part.value is None for part in parts.values()):
        return ""
    return f"CPU {with_interval(found.whole[CPU], 'µs')} a transaction: {_shares(parts, 'µs')}"


def _usd(found: Waterfall) -> str:
    costs: dict[str, Decimal | None] = {layer.title: layer.usd.value for layer in found.layers}
    if found.unit is None or found.usd.value is None or None in costs.values():
        return ""
    return f"{found.unit} {money(found.usd.value)}: {listed(f'{money(usd)} of {title}' for title, usd in costs.items())}"
