"""The answer of an experiment in layers: what the whole takes, and how much of it each layer adds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from steps.costs.words import money
from steps.model import Answer, Layer, RunVerdict, Waterfall
from steps.statistics.answer import UNRANKED
from steps.statistics.comparison import may_be_said, unsaid
from steps.statistics.words import common_decimals, listed, number, with_interval

TIME, CPU = "p50_ms", "path_cpu_us_per_request"


def layered_answer(answer: Answer, found: Waterfall, verdict: RunVerdict) -> Answer:
    """The same answer, said by layers, up to the first that is missing; as it is, where fewer than two are there.

    A run that decides says no parts from rounds too few to decide: then the answer stays, and says that.
    """
    layers = tuple(takewhile(lambda layer: _known(layer, TIME, verdict), found.layers))
    last = max((at for at, layer in enumerate(found.layers, 1) if _value(layer, TIME) is not None), default=0)
    if last < 2:
        return answer
    if len(layers) < last:
        return unsaid(answer, "What each layer adds", [layer.added[TIME] for layer in found.layers[:last]])
    stack = "the whole stack" if len(layers) == len(found.layers) else f"the stack up to {layers[-1].title}"
    whole = with_interval(found.whole[TIME], "ms")
    lead = f"through {stack} a transaction takes {whole} at the median: {_shares(layers, TIME, 'ms')}"
    more = tuple(f"{line}." for line in (_cpu(found, layers, verdict), _usd(found, layers, verdict)) if line)
    if verdict is RunVerdict.ANSWERED:
        return answer.model_copy(update={"lead": f"{lead[0].upper()}{lead[1:]}.", "more": more})
    return answer.model_copy(update={"lead": f"{UNRANKED[verdict]}: {lead}.", "more": more})


def _known(layer: Layer, metric: str, verdict: RunVerdict) -> bool:
    return metric in layer.added and may_be_said(layer.added[metric], verdict)


def _value(layer: Layer, metric: str) -> float | None:
    figure = layer.added.get(metric)
    return figure.value if figure else None


def _shares(layers: Sequence[Layer], metric: str, unit: str) -> str:
    """`1.21 ms of App, 0.30 of Gateway and 0.84 of Mesh`."""
    digits = common_decimals(layer.added[metric] for layer in layers)
    first, *others = [f"{number(_value(layer, metric) or 0.0, digits)} of {layer.title}" for layer in layers]
    return listed([first.replace(" of ", f" {unit} of ", 1), *others])


def _cpu(found: Waterfall, layers: Sequence[Layer], verdict: RunVerdict) -> str:
    if not all(_known(layer, CPU, verdict) for layer in layers):
        return ""
    return f"CPU {with_interval(found.whole[CPU], 'µs')} a transaction: {_shares(layers, CPU, 'µs')}"


def _usd(found: Waterfall, layers: Sequence[Layer], verdict: RunVerdict) -> str:
    costs = {layer.title: layer.usd for layer in layers}
    if found.unit is None or not all(may_be_said(each, verdict) for each in (found.usd, *costs.values())):
        return ""
    parts = listed(f"{money(usd.value)} of {title}" for title, usd in costs.items() if usd.value is not None)
    return f"{found.unit} {money(found.usd.value)}: {parts}" if found.usd.value is not None else ""
