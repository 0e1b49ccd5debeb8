"""What the report says of rounds that were added: why each cell was, and how precise the run became. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import ceil

from steps.model import CellOutcome, Experiment, Plan, Precision, PrecisionResult
from steps.statistics.answer import main_metric
from steps.statistics.comparison import can_decide
from steps.statistics.intervals import FEWEST
from steps.statistics.rounds import Width, suspect, widths
from steps.statistics.words import counted, listed, number


def why_added(plan: Plan) -> dict[str, str]:
    """For each cell that was added, by id, why: `added to repeat nginx-500rps-r2`."""
    return {
        cell: "added for precision" if extension.why == "precision" else _repeats(plan, cell, extension.repeats)
        for extension in plan.extensions
        for cell in extension.cells
    }


def _repeats(plan: Plan, cell_id: str, repeated: Sequence[str]) -> str:
    cell = plan.cell(cell_id)
    under = [each for each in map(plan.cell, repeated) if each.load == cell.load]
    own = [each.id for each in under if each.contender == cell.contender]
    return f"added to repeat {listed(own)}" if own else f"added beside the repeat of {listed(each.id for each in under)}"


def precision_of(experiment: Experiment, plan: Plan | None, outcomes: Sequence[CellOutcome]) -> PrecisionResult | None:
    """Whether a run became as precise as was asked, and if not, what ended it; None: nothing was asked."""
    asked = experiment.precision
    if asked is None or plan is None:
        return None
    found = widths(experiment, outcomes)
    enough = all(width.within(asked) for width in found)
    known = [(width.half, width) for width in found if width.half is not None and can_decide(width.figure)]
    if len(known) < len(found):
        unknown = next(width for width in found if width not in [each for _, each in known])
        reached, said = None, f"How precise the run is cannot be told: {_why(unknown)}"
    else:
        reached, widest = max(known, key=lambda each: each[0])
        ending = _ending(asked, plan.rounds, reached, _name(experiment, widest), enough=enough)
        said = f"{ending}; {_percent(asked.half_width)} was asked for"
    return PrecisionResult(
        asked=asked.half_width, reached=reached, enough=enough, rounds=plan.rounds, most_rounds=asked.most_rounds, said=said
    )


def _ending(asked: Precision, rounds: int, reached: float, widest: str, *, enough: bool) -> str:
    if enough:
        return f"Precise enough: {_percent(reached)} after {rounds} rounds"
    if rounds >= asked.most_rounds:
        return f"The budget of {rounds} rounds ended at {_percent(reached)} ({widest})"
    return f"{_percent(reached)} ({widest}) after {rounds} of at most {asked.most_rounds} rounds"


def _name(experiment: Experiment, width: Width) -> str:
    """`Caddy at p50`."""
    where = f" under {width.load}" if len(experiment.loads) > 1 else ""
    return f"{experiment.component(width.contender).title} at {main_metric(experiment).title}{where}"


def _percent(share: float) -> str:
    """`±4.1 %`, rounded up: what is wider than was asked for must not read like it."""
    return f"±{number(ceil(round(1000 * share, 6)) / 10, 1).removesuffix('.0')} %"


def _why(width: Width) -> str:
    valid = "no valid round" if width.figure.suspect else counted(width.figure.n, "valid round")
    return width.figure.reason or f"{width.contender} under {width.load} has {valid}, it takes {FEWEST}"


def few_rounds(experiment: Experiment, outcomes: Sequence[CellOutcome]) -> tuple[str, ...]:
    """Contenders with enough valid cells, as the baseline has, but too few of both in the same rounds."""
    metric = main_metric(experiment).name
    valid = Counter((each.contender, each.load) for each in outcomes if each.status == "ok" and not suspect(each, metric))
    return tuple(
        f"{width.contender}: in {counted(width.figure.n, 'round')} both its cell and the baseline's are valid, it takes {FEWEST}"
        for width in widths(experiment, outcomes)
        if width.figure.value is not None
        and not can_decide(width.figure)
        and min(valid[width.contender, width.load], valid[experiment.baseline.name, width.load]) >= FEWEST
    )
