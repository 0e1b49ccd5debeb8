"""From stored runs to contests: who stands against whom, at which cost, on which front. Pure.

A contest is one experiment under one load, because only its contenders are alternatives; so requests are never put beside
transactions, and a gateway never beside a database. All are priced anew by one price book: what was used is physical.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from steps.costs.duty import duty_of
from steps.costs.markets import markets_of
from steps.costs.pareto import front
from steps.costs.reported import repriced
from steps.costs.uses import basis_of, uses_of
from steps.model import Arm, Figure, LoadSection
from steps.model.cost import ArmCost, LoadCost, LoadUse, Pricing
from steps.model.review import Contest, Duty
from steps.model.reviewing import DutyCycle
from steps.model.unit_cost import UnitCost
from steps.sealed import Sealed


@dataclass(frozen=True)
class Prices:
    """What everything is priced at."""

    on_demand: Pricing
    spot: Pricing | None


def contests_of(run: Sealed, prices: Prices, *, cycle: DutyCycle | None) -> tuple[Contest, ...]:
    """A contest for each load of a run whose cost can be told; none, where there is no cost or no choice."""
    if not run.report.costs or stacked(run):
        return ()
    on_demand = repriced(run.report, prices.on_demand)
    spot = repriced(run.report, prices.spot) if prices.spot else None
    sections = {section.label: section for section in run.report.loads}
    uses = run.report.uses or uses_of(run.report.loads)
    return tuple(
        _contest(run, sections[use.load], use, cost, on_demand.unit, cycle=cycle, spot=spot.loads[number] if spot else None)
        for number, (use, cost) in enumerate(zip(uses, on_demand.loads, strict=True))
    )


def stacked(run: Sealed) -> bool:
    """Whether the contenders are layers upon each other, or the same watched by more: more costs more, and that is no choice."""
    asked = run.experiment
    return bool(asked.layers) or any(part.keeps for arm in asked.arms for part in arm.parts)


def _contest(
    run: Sealed,
    section: LoadSection,
    use: LoadUse,
    cost: LoadCost,
    unit: UnitCost,
    *,
    cycle: DutyCycle | None,
    spot: LoadCost | None,
) -> Contest:
    basis = basis_of(section)
    memory = basis.memory if basis else "memory_mib"
    found = Contest(
        experiment=run.report.experiment,
        run=run.name,
        unit=unit,
        memory=memory,
        section=_slim(section),
        use=use,
        cost=cost,
        front=(),
        markets=tuple(markets_of(cost, spot)) if spot else (),
        duties=tuple(_duties(section, use, cost, cycle, unit)) if cycle else (),
    )
    return found.model_copy(update={"front": front_of(found), "unpriced": tuple(_unpriced(found))})


def _slim(section: LoadSection) -> LoadSection:
    """Without what only its own page shows."""
    nothing: dict[str, object] = {"curves": (), "tracks": (), "paths": (), "effects": {}}
    return section.model_copy(update={"arms": tuple(arm.model_copy(update=nothing) for arm in section.arms)})


@dataclass(frozen=True)
class Standing:
    """A contender's three figures: what there is to choose by."""

    arm: Arm
    cost: ArmCost
    p99: Figure
    memory: Figure


def standings(contest: Contest) -> list[Standing]:
    """Every contender of which all three are known, in the author's order."""
    costs = {arm.name: arm for arm in contest.cost.arms}
    found = []
    for arm in contest.section.arms:
        p99, memory = arm.figures.get(contest.use.p99), arm.figures.get(contest.memory)
        known = p99 is not None and memory is not None and None not in {p99.value, memory.value}
        if known and costs[arm.name].used.value is not None:
            found.append(Standing(arm, costs[arm.name], p99, memory))  # type: ignore[arg-type]  # `known` says that they are there
    return found


def front_of(contest: Contest) -> tuple[str, ...]:
    """Who is on the front of p99, USD and memory, by the medians."""
    return front({each.arm.name: (each.p99.value, each.cost.used.value, each.memory.value) for each in standings(contest)})


def _unpriced(contest: Contest) -> Iterator[str]:
    """Who lacks one of the three, and why. A direct path is no choice, and lacks nothing."""
    known = {each.arm.name for each in standings(contest)}
    costs = {arm.name: arm for arm in contest.cost.arms}
    for arm in contest.section.arms:
        if arm.name not in known and not arm.direct:
            figures = (arm.figures.get(contest.use.p99), arm.figures.get(contest.memory))
            reasons = [costs[arm.name].used.reason, *(figure.reason if figure else "it was not measured" for figure in figures)]
            yield f"{arm.title}: {arm.failure or next((reason for reason in reasons if reason), 'it was not measured')}"


def _duties(section: LoadSection, use: LoadUse, cost: LoadCost, cycle: DutyCycle, unit: UnitCost) -> Iterator[Duty]:
    costs, uses = ({arm.name: arm for arm in cost.arms}, {arm.contender: arm for arm in use.arms})
    for arm in section.arms:
        if not arm.direct:
            yield duty_of(arm, costs[arm.name], uses[arm.name], cycle=cycle, unit=unit)


def priced(contests: Sequence[Contest]) -> list[Contest]:
    """Those in which there is somebody to choose."""
    return [contest for contest in contests if contest.front]
