"""What makes an experiment one that can be run: each check says what is wrong with it, or that nothing is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from steps.model.asked import names_of
from steps.model.component import EMBEDDED, Component
from steps.model.messaging import MessageLoad
from steps.model.ramp import hops_of, misfit
from steps.model.trace_program import untraceable
from steps.model.unit_cost import unpriced

if TYPE_CHECKING:
    from steps.model.experiment import Experiment


def wrong_with(experiment: Experiment) -> str | None:
    """The first thing that is wrong, in words that follow the experiment's name; None: it can be run."""
    return next((wrong for check in CHECKS if (wrong := check(experiment))), None)


def _measures_or_reviews(experiment: Experiment) -> str | None:
    """What only one of the two sorts has, and must have."""
    given = {name: bool(getattr(experiment, name)) for name in ("contenders", "loads", "metrics")}
    measuring = {"baseline": not experiment.measures_nothing, **given}
    unfit = [name for name, is_given in measuring.items() if is_given == experiment.reviews]
    if unfit:
        return f"shape {experiment.shape} {'takes no' if experiment.reviews else 'needs'} {unfit[0]}"
    reviewing = [name for name in ("reads", "duty", "rule") if getattr(experiment, name)]
    return f"{reviewing[0]} goes with shape review" if reviewing and not experiment.reviews else None


def _one_of_each_name(experiment: Experiment) -> str | None:
    for what, names in (
        ("components", [each.name for each in (*experiment.arms, *experiment.around)]),
        *((f"components of {arm.name}", [each.name for each in (*arm.parts, *experiment.around)]) for arm in experiment.arms),
        ("loads", [load.label for load in experiment.loads]),
        ("metrics", [metric.name for metric in experiment.metrics]),
    ):
        if twice := next((one for one, other in pairwise(sorted(names)) if one == other), None):
            return f"two {what} are called {twice}"
    return None


def _something_answers(experiment: Experiment) -> str | None:
    unanswered = experiment.baseline.direct and not (experiment.around or experiment.reviews)
    return "the direct baseline needs something in `around` to answer" if unanswered else None


def _within_its_budget(experiment: Experiment) -> str | None:
    most = experiment.precision.most_rounds if experiment.precision else experiment.repetitions
    over = experiment.repetitions > most
    return f"plans {experiment.repetitions} repetitions, more than the {most} rounds of its budget" if over else None


def _supposes_of_its_own(experiment: Experiment) -> str | None:
    """Hypotheses speak of its metrics and of its arms."""
    measured, arms = {metric.name for metric in experiment.metrics}, _arms_and_absent(experiment)
    for each in experiment.hypotheses:
        if each.metric not in measured:
            return f"{each.statement!r} needs {each.metric} among the metrics"
        for named in (each.of, each.over):
            if named is not None and named not in arms:
                return f"{each.statement!r} names {named}, which is not a contender"
    return None


def _comparable_under_every_load(experiment: Experiment) -> str | None:
    for load in experiment.loads:
        if reason := experiment.lacking(experiment.baseline, load):
            return f"its baseline is not measured under load {load.label}: {reason}"
        undeclared = [arm.name for arm in experiment.arms if isinstance(load, MessageLoad) and not arm.classes]
        if undeclared:
            return f"load {load.label} is for brokers, and {undeclared[0]} declares no durability class"
    return None


def _layered(experiment: Experiment) -> str | None:
    arms = _arms_and_absent(experiment)
    named = (*experiment.layers, *(name for tuning in experiment.tunings for name in (tuning.arm, tuning.over)))
    if nobody := next((name for name in named if name not in arms), None):
        return f"its layers and tunings name {nobody}, which is not a contender"
    layers = experiment.layers
    return "layers are two arms or more, each once" if layers and len(set(layers)) < max(2, len(layers)) else None


def _same_program(experiment: Experiment) -> str | None:
    """Versions are kept by name, so one name is one program, whatever its settings are in each arm."""
    known: dict[str, Component] = {}
    for each in experiment.everyone:
        other = known.setdefault(each.name, each)
        mine, its = ((one.process.program if one.process else None, one.image) for one in (each, other))
        if mine != its:
            return f"two arms bring different programs under the name {each.name}"
    return None


def _speaks_of_its_loads(experiment: Experiment) -> str | None:
    known = [name for load in experiment.loads for name in names_of(load)]
    for named in (*experiment.quick_loads, *(each.load for each in experiment.hypotheses if each.load)):
        if known.count(named) != 1:
            which = "more than one load" if named in known else "no load"
            return f"{which} is called {named}; there are {', '.join(load.label for load in experiment.loads)}"
    return None


def _supposes_what_is_measured(experiment: Experiment) -> str | None:
    for each in experiment.hypotheses:
        load = experiment.load_called(each.load)
        named = [arm for arm in experiment.arms if arm.name in {each.of, each.over}]
        if unmeasured := [arm.name for arm in named if experiment.lacking(arm, load)]:
            return f"{each.statement!r} speaks of {unmeasured[0]} under {load.label}, where it is not measured"
    return None


def _of_one_shape(experiment: Experiment) -> str | None:
    metrics = [metric.name for metric in experiment.metrics]
    return None if experiment.reviews else misfit(experiment.shape, experiment.loads, metrics)


def _of_one_class(experiment: Experiment) -> str | None:
    """A library that is called, and a server that is asked, are not set beside each other."""
    embedded = {arm.name: arm.speaks in EMBEDDED for arm in experiment.arms}
    if len(set(embedded.values())) < 2:
        return None
    library = next(name for name, is_so in embedded.items() if is_so)
    return f"{library} is a library in the process that uses it, and no contender of servers"


def _traceable(experiment: Experiment) -> str | None:
    return untraceable(experiment.shape, experiment.trace, events=experiment.trace_events)


def _has_a_chain(experiment: Experiment) -> str | None:
    """Loads in hops and components with a place in a chain go together, each place once and none left out."""
    longest = max((hops_of(load) or 0 for load in experiment.loads), default=0)
    for what in (experiment.around, *(arm.brings for arm in experiment.arms)):
        places = sorted(each.hop for each in what if each.hop is not None)
        if places != list(range(1, len(places) + 1)) or (places and len(places) < longest):
            return f"a chain of {longest} hops needs the places 1 to {longest}, each once"
    placeless = longest and not any(each.hop for each in experiment.everyone)
    return "its loads have hops, and none of its components has a place in a chain" if placeless else None


def _priced(experiment: Experiment) -> str | None:
    return unpriced(experiment.unit_cost, [metric.name for metric in experiment.metrics])


def _arms_and_absent(experiment: Experiment) -> set[str]:
    """Who may be named: also a contender that is not to be had where it runs."""
    return {each.name for each in experiment.arms} | {each.name for each in experiment.absent}


# In this order: each takes for granted what those before it found.
CHECKS: tuple[Callable[[Experiment], str | None], ...] = (
    _measures_or_reviews,
    _one_of_each_name,
    _something_answers,
    _within_its_budget,
    _supposes_of_its_own,
    _comparable_under_every_load,
    _layered,
    _same_program,
    _speaks_of_its_loads,
    _supposes_what_is_measured,
    _of_one_shape,
    _of_one_class,
    _traceable,
    _has_a_chain,
    _priced,
)
