"""Which further rounds the evidence needs: for suspect cells, and for a precision that was asked for. Pure.

- A suspect cell is repeated once, in a new round with the baseline beside it; a suspect baseline means a round of all arms.
  So does a suspect layer for all layers: their parts are made from rounds that have every one of them.
  It stays on the report, and so does its repeat. Where repeats were suspect too, and an arm lacks valid rounds to decide, a
  second pass makes as many as it lacks, and no third follows. (Without it, two decisive runs on a shared virtual machine ended
  with one contender at five rounds of six.) Nor does a second where many cells are suspect: that machine is busy, and stays so.
- A precision asks for the interval of contender over baseline, in the main metric, to be narrow enough for every contender
  under every load. A pass adds as many rounds as the interval so far predicts; the last one may take all that the budget has
  left, so that a run ends in one of two ways: precise enough, or at the end of its budget.
- A run with a failed or missing cell is Failed, whatever would follow: nothing is added. Nor is anything in a preview.

The interval is looked at after each pass, and a run stops when it is narrow, which favours narrow ones: in 2,000 simulated runs
at each of 2 to 10 % noise between repetitions it held the true ratio in 94.1 to 96.7 %, where it says 95 % or more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from steps.model import CellOutcome, Experiment, Figure, Plan, Point, Precision
from steps.statistics.answer import OWN, main_metric
from steps.statistics.comparison import can_decide, paired_effect
from steps.statistics.intervals import FEWEST, rank_for
from steps.statistics.knees import bounded_figure

MOST_EXTENSIONS = 5  # passes of a run that a precision was asked of
REPEATING_PASSES = 2  # of a run without a precision
MANY = 0.25  # suspect cells, of all
FEWEST_ADDED = 2  # rounds of a pass: looking costs a step, and each look is a chance to stop too early

Arm = tuple[str, str]  # contender, load


@dataclass(frozen=True)
class Width:
    """How far a contender's interval under a load reaches from its middle."""

    contender: str
    load: str
    figure: Figure  # contender over baseline; of a metric that a direct baseline has not, the contender's own

    @property
    def half(self) -> float | None:
        """Half of the interval as a share of the figure; None: there is no interval, or no figure above zero."""
        if self.figure.interval is None or not self.figure.value or self.figure.value < 0:
            return None
        return (self.figure.interval.high - self.figure.interval.low) / 2 / self.figure.value

    def within(self, precision: Precision) -> bool:
        """Whether it is narrow enough, and enough rounds say so."""
        return can_decide(self.figure) and self.half is not None and self.half <= precision.half_width


def suspect(outcome: CellOutcome, metric: str) -> bool:
    """Whether a cell may not decide about a metric: as a whole, or because that measurement is suspect."""
    return outcome.status == "suspect" or any(each.suspect and each.metric == metric for each in outcome.measurements)


def extended(experiment: Experiment, plan: Plan, outcomes: Mapping[str, CellOutcome], *, at: str) -> Plan:
    """The plan with the rounds that its evidence still needs; the same plan, when it needs none.

    outcomes: of the plan's cells, by id. at: the moment, for the record.
    """
    done = [outcomes[cell.id] for cell in plan.cells if cell.id in outcomes]
    if experiment.preview or len(done) < len(plan.cells) or any(each.status == "failed" for each in done):
        return plan
    again, repeated = repeats(experiment, plan, outcomes)
    more = _more(experiment, plan, done)
    if more:
        everyone = [(arm.name, load.label) for arm, load in experiment.pairs]
        return plan.extended([everyone] * max(more, len(again)), why="precision", repeats=repeated, at=at)
    return plan.extended(again, why="suspect", repeats=repeated, at=at) if again else plan


def repeats(experiment: Experiment, plan: Plan, outcomes: Mapping[str, CellOutcome]) -> tuple[list[list[Arm]], tuple[str, ...]]:
    """The rounds that make good for those in which something is suspect, and the suspect cells that are repeated by them."""
    metric, baseline = main_metric(experiment).name, experiment.baseline.name
    before = {cell for extension in plan.extensions for cell in extension.repeats}
    doubtful = [cell for cell in plan.cells if suspect(outcomes[cell.id], metric)]
    if plan.extensions and (
        experiment.precision or len(plan.extensions) >= REPEATING_PASSES or len(doubtful) > MANY * len(plan.cells)
    ):
        return [], ()
    valid = {(cell.contender, cell.load, cell.repetition) for cell in plan.cells} - {
        (cell.contender, cell.load, cell.repetition) for cell in doubtful
    }
    enough = min(experiment.repetitions, FEWEST) if plan.extensions else experiment.repetitions
    lost: dict[Arm, int] = {}  # rounds that an arm has to make again
    for contender, load in ((arm.name, load.label) for arm, load in experiment.pairs if arm is not experiment.baseline):
        beside = {contender, baseline, *(_layers(experiment, load) if contender in experiment.layers else ())}
        whole = [number for number in range(1, plan.rounds + 1) if {(each, load, number) for each in beside} <= valid]
        lost[contender, load] = max(0, enough - len(whole))
    room = experiment.precision.most_rounds - plan.rounds if experiment.precision else experiment.repetitions
    rounds = []
    for number in range(1, min(room, max(lost.values())) + 1):
        arms = [arm for arm, times in lost.items() if times >= number]
        rounds.append([*((baseline, load) for load in dict.fromkeys(load for _, load in arms)), *arms])
    repeated = tuple(cell.id for cell in doubtful if cell.id not in before)
    return rounds, repeated if rounds else ()


def _layers(experiment: Experiment, label: str) -> set[str]:
    """The layers that are measured under a load."""
    return {arm.name for arm, load in experiment.pairs if load.label == label and arm.name in experiment.layers}


def widths(experiment: Experiment, outcomes: Iterable[CellOutcome]) -> list[Width]:
    """How precise each contender's figure in the main metric is, under each load."""
    metric = main_metric(experiment).name
    done = list(outcomes)
    alone = experiment.baseline.direct and metric in OWN
    found = []
    for load in experiment.loads:
        baseline = _figure(done, experiment.baseline.name, load.label, metric)
        for contender in (arm for arm in experiment.under(load) if arm is not experiment.baseline):
            own = _figure(done, contender.name, load.label, metric)
            found.append(Width(contender.name, load.label, own if alone else paired_effect(own, baseline).ratio))
    return found


def _figure(outcomes: Sequence[CellOutcome], contender: str, load: str, metric: str) -> Figure:
    found = [
        (outcome, measured)
        for outcome in outcomes
        if (outcome.contender, outcome.load) == (contender, load) and outcome.status != "failed"
        for measured in outcome.measurements
        if measured.metric == metric
    ]
    points, bounds = (
        [
            Point(repetition=outcome.repetition, value=value, suspect=suspect(outcome, metric))
            for outcome, measured in found
            if (value := getattr(measured, name)) is not None
        ]
        for name in ("value", "at_least")
    )
    bounded = next((measured.reason for _, measured in found if measured.at_least is not None), None)
    return bounded_figure(points, bounds, reason=bounded or f"{contender} has no {metric} under {load}")


def _more(experiment: Experiment, plan: Plan, outcomes: Sequence[CellOutcome]) -> int:
    """How many rounds a precision still needs, as far as the budget has them; 0: none, or none was asked for."""
    precision = experiment.precision
    if precision is None:
        return 0
    room = precision.most_rounds - plan.rounds
    found = widths(experiment, outcomes)
    wide = [width for width in found if not width.within(precision)]
    if room <= 0 or not wide or any(width.figure.value is None or width.figure.suspect for width in found):
        return 0  # where an arm has no valid round, more of the same does not help
    if len(plan.extensions) >= MOST_EXTENSIONS - 1:
        return room
    needed = max(enough(width, precision) - width.figure.n for width in wide)
    return min(room, max(FEWEST_ADDED, needed))


def enough(width: Width, precision: Precision) -> int:
    """How many rounds will make an interval narrow enough, about: as the one so far shrinks, were its values normal."""
    now = width.half
    if now is None or width.figure.n < 2:
        return FEWEST
    reach = now / _reach(width.figure.n)
    numbers = range(max(FEWEST, width.figure.n + 1), precision.most_rounds)
    return next((n for n in numbers if reach * _reach(n) <= precision.half_width), precision.most_rounds)


def _reach(n: int) -> float:
    """How far the end of the interval of n normal values is from their middle, in standard deviations (Blom, 1958)."""
    return NormalDist().inv_cdf((n - rank_for(n) + 1 - 0.375) / (n + 0.25))
