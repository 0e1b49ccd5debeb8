"""The answer of an experiment in watching: what all of it takes, and what each signal takes alone. Pure."""

from __future__ import annotations

from steps.costs.words import money, with_range
from steps.model import Answer, RunVerdict
from steps.model.watching import WatchedArm, Watching
from steps.statistics.answer import UNRANKED
from steps.statistics.comparison import may_be_said, unsaid
from steps.statistics.words import listed, number, with_interval


def watched_answer(answer: Answer, found: Watching, verdict: RunVerdict) -> Answer:
    """The same answer, said of the arm with the most signals; as it is, where that arm has no figures.

    A run that decides says nothing from rounds too few to decide, but that.
    """
    most = max(found.arms, key=lambda arm: len(arm.kept))
    figures = (most.tax_us, most.watchers_us, most.watchers_mib)
    if not all(may_be_said(each, verdict) for each in figures):
        return unsaid(answer, "What watching takes", figures)
    tax, own = with_interval(most.tax_us, "µs", signed=True), with_interval(most.watchers_us, "µs")
    lead = (
        f"at {found.at}, {_signals(most)}{' together' if len(most.kept) > 1 else ''} take {tax} of CPU a request from the "
        f"application, and {own} and {number(most.watchers_mib.value or 0.0, 0)} MiB of their own"
    )
    more = tuple(f"{line}." for line in (_dollars(found, most, verdict), *(_unit(arm, verdict) for arm in found.arms)) if line)
    if verdict is RunVerdict.ANSWERED:
        return answer.model_copy(update={"lead": f"{lead[0].upper()}{lead[1:]}.", "more": more})
    return answer.model_copy(update={"lead": f"{UNRANKED[verdict]}: {lead}.", "more": more})


def _signals(arm: WatchedArm) -> str:
    named = {"series": "metrics", "lines": "logs", "spans": "traces"}
    return listed(named[each.what] for each in arm.kept)


def _dollars(found: Watching, most: WatchedArm, verdict: RunVerdict) -> str:
    """What they add to a million requests: of all together, then of each that is alone."""
    if found.unit is None or not may_be_said(most.usd, verdict):
        return ""
    alone = [
        f"{money(arm.usd.value)} {arm.title}"
        for arm in found.arms
        if len(arm.kept) == 1 and arm is not most and arm.usd.value is not None and may_be_said(arm.usd, verdict)
    ]
    return f"{found.unit}, added: {with_range(most.usd)}" + (f"; alone {listed(alone)}" if alone else "")


def _unit(arm: WatchedArm, verdict: RunVerdict) -> str:
    """What a unit of what is kept costs at this rate."""
    told = [f"{each.unit}: {with_range(each.usd)} in {each.title}" for each in arm.kept if may_be_said(each.usd, verdict)]
    return "; ".join(told)
