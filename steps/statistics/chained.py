"""The answer of an experiment on a chain of services: what each hop takes more, and how much of it each layer adds. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from steps.costs.words import money
from steps.model import Answer, RunVerdict, Waterfall
from steps.model.chain import Chain, PerHop
from steps.model.watching import Watching
from steps.statistics.answer import UNRANKED
from steps.statistics.comparison import may_be_said, unsaid
from steps.statistics.layered import layered_answer
from steps.statistics.watched import watched_answer
from steps.statistics.words import counted, with_interval

TIME, CPU, MEMORY = "p50_ms", "path_cpu_us_per_request", "memory_mib"


def taken_apart(
    answer: Answer, waterfalls: Sequence[Waterfall], chains: Sequence[Chain], watching: Sequence[Watching], verdict: RunVerdict
) -> Answer:
    """The answer by layers, of a chain by its hops, or of watching by its signals; as it is, where there are none."""
    if watching:
        return watched_answer(answer, watching[0], verdict)
    if chains:
        return chained_answer(answer, chains, verdict)
    return layered_answer(answer, waterfalls[0], verdict) if waterfalls else answer


def chained_answer(answer: Answer, chains: Sequence[Chain], verdict: RunVerdict) -> Answer:
    """The same answer, said by the hops of each chain; as it is, where of none something is known.

    A run that decides says nothing from rounds too few to decide, but that.
    """
    known = [chain for chain in chains if _known(chain.steps[-1], TIME, verdict)]
    if not known:
        there = [whole for chain in chains if (whole := chain.steps[-1].added.get(TIME)) and whole.value is not None]
        return unsaid(answer, "What sidecars add to a hop", there)
    lead = f"sidecars add {_said(known[-1], verdict)}"
    more = (
        *(f"{_capital(_said(chain, verdict))}." for chain in known[:-1]),
        *(line for chain in known for line in _parts(chain, verdict)),
    )
    if verdict is RunVerdict.ANSWERED:
        return answer.model_copy(update={"lead": f"{_capital(lead)}.", "more": more})
    return answer.model_copy(update={"lead": f"{UNRANKED[verdict]}: {lead}.", "more": more})


def _said(chain: Chain, verdict: RunVerdict) -> str:
    """`0.31 ms (0.29 to 0.34) at the median and 240 µs (…) of CPU to each of 3 hops`."""
    whole = chain.steps[-1]
    cpu = f" and {with_interval(whole.added[CPU], 'µs')} of CPU" if _known(whole, CPU, verdict) else ""
    hops = "the one hop of a chain of 1 service" if chain.hops == 1 else f"each of {chain.hops} hops"
    return f"{with_interval(whole.added[TIME], 'ms')} at the median{cpu} to {hops}"


def _parts(chain: Chain, verdict: RunVerdict) -> list[str]:
    """What the last layer adds by itself, and what all of them cost."""
    lines = []
    if len(chain.steps) > 2 and all(_known(chain.steps[-2], name, verdict) for name in (TIME, CPU)):
        own = chain.steps[-2].added
        through = counted(chain.hops, "service")
        lines.append(
            f"{chain.steps[-2].title}, through {through}: {with_interval(own[TIME], 'ms', signed=True)} "
            f"and {with_interval(own[CPU], 'µs', signed=True)} of CPU a hop."
        )
    usd = chain.steps[-1].usd
    if chain.unit and usd.value is not None and may_be_said(usd, verdict):
        lines.append(f"{chain.unit}, through {counted(chain.hops, 'service')}: {money(usd.value)} a hop.")
    return lines


def _known(step: PerHop, metric: str, verdict: RunVerdict) -> bool:
    return metric in step.added and may_be_said(step.added[metric], verdict)


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
