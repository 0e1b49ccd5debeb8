"""What watching costs: the application's tax, those that watch, and the price of what they keep. Pure.

The tax is paired within a round, like every effect. The price of a unit is that of those that watch (agents and stores) by what
they use in the window, over the units of that window; the application's tax is not in it, and is told beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from steps.costs import vocabulary
from steps.costs.money import SECONDS_PER_HOUR, GibHours, Gigabytes, Hours, Usd, VcpuHours, exact
from steps.costs.rates import memory_rate, vcpu_rate
from steps.costs.unit_costs import Value
from steps.costs.unit_costs import figure as cost_of
from steps.costs.uses import MIB_PER_GIB
from steps.evidence import CellEvidence, Evidence
from steps.model import Arm, CellOutcome, Component, Experiment, Figure, LoadSection, Point
from steps.model.cost import CostFigure, Costs, LoadUse, Pricing
from steps.model.keeping import Kept, Signal
from steps.model.unit_cost import PER_MILLION_SERIES, PER_MILLION_SPANS
from steps.model.watching import KeptUnit, WatchedArm, Watching
from steps.statistics.comparison import figure_of

OWN = "own_cpu_us_per_request"
UNITS: dict[Signal, str] = {
    "series": "USD per million series and month",
    "lines": "USD per GB of lines",
    "spans": PER_MILLION_SPANS.title,
}
NOT_COUNTED = "no cell tells of it"
SHARED = "its programs serve several signals: what each costs stands where it is alone"
UNPRICED = "no unit cost was asked for"
UNTOLD = "the store does not tell it"


@dataclass(frozen=True)
class Seen:
    """What those that watch used in the window of one cell, and what a store kept of its load."""

    repetition: int
    suspect: bool
    cpu_us: float  # per right answer
    mib: float
    answered: int
    seconds: float
    kept: tuple[Kept, ...]

    def share(self, kept: Kept, whole: float) -> Decimal:
        """Of what was counted over the whole load, what fell into the window."""
        return exact(whole) * self.answered / kept.requests


def watching_of(
    experiment: Experiment, evidence: Evidence, sections: Sequence[LoadSection], uses: Sequence[LoadUse], costs: Sequence[Costs]
) -> tuple[Watching, ...]:
    """By load; nothing, where no arm has anybody who keeps something."""
    watched = [arm for arm in experiment.arms if any(part.keeps for part in arm.parts)]
    if not watched:
        return ()
    at = {each.load: each.at for each in uses}
    return tuple(
        Watching(
            load=section.label,
            at=at.get(section.label, section.load.said),
            unit=costs[0].unit.title if costs else None,
            arms=tuple(_arm(arm, section, evidence, costs) for arm in watched),
        )
        for section in sections
    )


def _arm(component: Component, section: LoadSection, evidence: Evidence, costs: Sequence[Costs]) -> WatchedArm:
    arm = next(each for each in section.arms if each.name == component.name)
    seen = list(_seen(component, section, evidence))
    why = arm.failure or NOT_COUNTED
    stores = [part for part in component.parts if part.keeps]
    alone = costs[0].pricing if costs and len(stores) == 1 else None
    why_not = UNPRICED if not costs else SHARED if len(stores) > 1 else why
    return WatchedArm(
        arm=arm.name,
        title=arm.title,
        own_us=arm.figures.get(OWN, Figure(reason=f"{OWN} is not among the metrics")),
        tax_us=_tax(arm),
        watchers_us=_figure(seen, lambda each: each.cpu_us, why),
        watchers_mib=_figure(seen, lambda each: each.mib, why),
        usd=_added(arm, section, costs),
        kept=tuple(_unit(store, seen, alone, why, why_not) for store in stores),
    )


def _tax(arm: Arm) -> Figure:
    effect = arm.effects.get(OWN)
    return effect.difference if effect else Figure(reason="it is the baseline" if arm.baseline else f"{OWN} was not measured")


def _added(arm: Arm, section: LoadSection, costs: Sequence[Costs]) -> CostFigure:
    """What it adds to the path, as the run's costs have it."""
    loads = [each for each in costs[0].loads if each.load == section.label] if costs else []
    found = next((each.tax for load in loads for each in load.arms if each.name == arm.name), None)
    return found or CostFigure(reason=arm.failure or UNPRICED)


def _seen(component: Component, section: LoadSection, evidence: Evidence) -> Iterator[Seen]:
    """The cells that have figures, and in which everything that watches was read."""
    for each, outcome in evidence.with_figures(component.name, section.label):
        found = _of_cell(component, each, outcome)
        if found is not None:
            yield found


def _of_cell(component: Component, cell: CellEvidence, outcome: CellOutcome) -> Seen | None:
    used = [outcome.components.get(part.name) for part in component.beside]
    cpu = [each.cpu_us_per_request for each in used if each and each.cpu_us_per_request is not None]
    mib = [each.memory_mib for each in used if each and each.memory_mib is not None]
    if min(len(cpu), len(mib)) < len(used) or outcome.counts is None or outcome.window is None or not outcome.counts.ok:
        return None
    return Seen(
        repetition=cell.cell.repetition,
        suspect=outcome.status == "suspect",
        cpu_us=sum(cpu),
        mib=sum(mib),
        answered=outcome.counts.ok,
        seconds=outcome.window.seconds,
        kept=tuple(each for each in outcome.kept if each.requests),
    )


def _figure(seen: Sequence[Seen], value: Callable[[Seen], float | None], reason: str) -> Figure:
    points = [
        Point(repetition=each.repetition, value=found, suspect=each.suspect)
        for each in seen
        if (found := value(each)) is not None
    ]
    return figure_of(points, reason=reason)


def _unit(store: Component, seen: Sequence[Seen], pricing: Pricing | None, why: str, why_not: str) -> KeptUnit:
    assert store.keeps is not None  # noqa: S101  # those without one are not asked for
    what = store.keeps.what
    found = [(each, kept) for each in seen for kept in each.kept if kept.store == store.name and kept.kept]
    of = {id(each): kept for each, kept in found}
    cells = [each for each, _ in found]

    def each_of(value: Callable[[Kept], float | None], reason: str) -> Figure:
        return _figure(cells, lambda cell: value(of[id(cell)]), reason if cells else why)

    priced = [(cell, _price(cell, kept, pricing)) for cell, kept in found] if pricing else []
    return KeptUnit(
        store=store.name,
        title=store.title,
        what=what,
        count=each_of(lambda kept: kept.kept / (1 if what == "series" else kept.requests), why),
        raw_bytes=each_of(lambda kept: None if kept.raw_bytes is None else kept.raw_bytes / kept.kept, UNTOLD),
        stored_bytes=each_of(lambda kept: None if kept.stored_bytes is None else kept.stored_bytes / kept.kept, UNTOLD),
        unit=UNITS[what],
        usd=_cost([(cell, both[0] + both[1]) for cell, both in priced if both], why_not),
        memory_usd=_cost([(cell, both[1]) for cell, both in priced if both], why_not),
    )


def _cost(priced: Sequence[tuple[Seen, Usd]], reason: str) -> CostFigure:
    return cost_of([Value(cell.repetition, cell.suspect, usd.value) for cell, usd in priced], reason)


def _price(cell: Seen, kept: Kept, pricing: Pricing) -> tuple[Usd, Usd] | None:
    """What a unit costs in CPU, and in memory; None: there is no telling how much of it came."""
    hours = exact(cell.seconds) / SECONDS_PER_HOUR
    cpu = vcpu_rate(pricing).of(VcpuHours(exact(cell.cpu_us) * cell.answered / 1_000_000 / SECONDS_PER_HOUR))
    memory = memory_rate(pricing).of(GibHours(exact(cell.mib) / MIB_PER_GIB * hours))
    priced = [_per(part, cell, kept, Hours(hours)) for part in (cpu, memory)]
    return (priced[0], priced[1]) if priced[0] is not None and priced[1] is not None else None


def _per(cost: Usd, cell: Seen, kept: Kept, window: Hours) -> Usd | None:
    if kept.what == "series":
        return vocabulary.per_million_series_month(cost, window, kept.kept, PER_MILLION_SERIES)
    if kept.what == "spans":
        return vocabulary.per_unit(cost, round(cell.share(kept, kept.kept)), PER_MILLION_SPANS)
    if not kept.raw_bytes:
        return None
    return vocabulary.per_gigabyte_ingested(cost, Gigabytes(cell.share(kept, kept.raw_bytes) / 10**9))
