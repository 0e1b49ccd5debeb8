"""What each layer adds to each hop of a chain: the whole that it adds in a round, divided by the hops. Pure.

A chain's hops do the same work one after the other, so that the mean of them is a figure of one. For p99 it is no more than a
share: the slow requests of a chain are those that were slow at some hop, not at each.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from steps.costs.money import GibHours, VcpuHours, exact
from steps.costs.rates import memory_rate, vcpu_rate
from steps.costs.uses import MIB_PER_GIB
from steps.costs.vocabulary import fixed_month
from steps.model import Arm, Experiment, Figure, LoadSection, Point, hops_of
from steps.model.chain import Chain, PerHop
from steps.model.cost import CostFigure, Costs, LoadUse, Reserved
from steps.statistics.answer import OWN
from steps.statistics.comparison import figure_of, paired_effect
from steps.statistics.waterfall import METRICS, NO_ROUND, Seen, arms_by_name, cost_figure, paths_of, steps_of, why_missing


def chains_of(
    experiment: Experiment, sections: Sequence[LoadSection], uses: Sequence[LoadUse], costs: Sequence[Costs]
) -> tuple[Chain, ...]:
    """The chain under each load; nothing, where no load has hops or the experiment declares no layers."""
    if not experiment.layers:
        return ()
    return tuple(
        _chain(experiment, section, hops, paths_of(section, uses, costs), costs)
        for section in sections
        if (hops := hops_of(section.load)) is not None
    )


def _chain(
    experiment: Experiment, section: LoadSection, hops: int, paths: dict[str, list[Seen[Decimal]]], costs: Sequence[Costs]
) -> Chain:
    by_name = arms_by_name(experiment, section)
    layers = [by_name[name] for name in experiment.layers]
    pairs = [*pairwise(layers), *([(layers[0], layers[-1])] if len(layers) > 2 else [])]
    sidecars = experiment.component(layers[-1].name).parts_under(hops)
    asked = sidecars[-1].resources
    reserved = Reserved(vcpus=asked.cpu_request_cores, memory_gib=asked.memory_mib / MIB_PER_GIB)
    return Chain(
        load=section.label,
        hops=hops,
        unit=costs[0].unit.title if costs else None,
        steps=tuple(_step(below, above, hops, paths, costs) for below, above in pairs),
        tax_percent=_tax(section, layers[-1].name, costs),
        sidecars=len(sidecars),
        reserved=reserved,
        reserved_month_usd=_month(reserved, costs),
    )


def _step(below: Arm, above: Arm, hops: int, paths: dict[str, list[Seen[Decimal]]], costs: Sequence[Costs]) -> PerHop:
    names = [name for name in METRICS if name in above.figures]
    money = steps_of([paths.get(below.name, []), paths.get(above.name, [])])[1]
    shares = [Seen(each.repetition, each.value / hops, each.suspect) for each in money]
    reason = why_missing(above) or why_missing(below) or NO_ROUND
    return PerHop(
        arm=above.name,
        over=below.name,
        title=f"{above.title} over {below.title}",
        added={name: per_hop(added(name, below, above), hops) for name in names},
        usd=cost_figure(shares, reason, costs),
    )


def added(metric: str, below: Arm, above: Arm) -> Figure:
    """What an arm adds to another in the same round; to a direct path, which has nothing of its own, all that it has."""
    if below.direct and metric in OWN:
        return above.figures[metric]
    return paired_effect(above.figures[metric], below.figures[metric]).difference


def per_hop(whole: Figure, hops: int) -> Figure:
    """A figure of a chain as the mean of its hops; its interval is that of the whole, divided too."""
    if whole.value is None:
        return whole
    points = [Point(repetition=each.repetition, value=each.value / hops, suspect=each.suspect) for each in whole.points]
    return figure_of(points, reason=NO_ROUND, coarse=whole.coarse)


def _tax(section: LoadSection, arm: str, costs: Sequence[Costs]) -> CostFigure:
    """As the costs have it already, over the baseline."""
    for load in costs[0].loads if costs else ():
        for each in load.arms:
            if (load.load, each.name) == (section.label, arm):
                return each.tax_percent
    return CostFigure(reason="its cost is not known")


def _month(reserved: Reserved, costs: Sequence[Costs]) -> Decimal | None:
    """What a sidecar reserves in a month; None: no cost was asked for."""
    if not costs:
        return None
    pricing = costs[0].pricing
    vcpus, memory = VcpuHours(exact(reserved.vcpus)), GibHours(exact(reserved.memory_gib))
    return fixed_month(1, vcpus, memory, vcpu=vcpu_rate(pricing), gib=memory_rate(pricing)).value
