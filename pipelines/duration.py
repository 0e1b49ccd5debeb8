"""How long a run will take: what its loads say, and what a cell costs beside them."""

from __future__ import annotations

from steps.model import Experiment, Plan, cell_of, trace_program

# Measured on two cores with real gateways: deploy, checks, measure and teardown of one cell, without its load.
CELL_S = 3.0
# provision with calibration and canary, the closing steps and the start of the store.
RUN_S = 14.0
REVIEW_S = 6.0  # no calibration; a few stored reports are read, and one is made


def of_experiment(experiment: Experiment) -> float:
    """Seconds that a whole run will take on this machine, about."""
    return REVIEW_S if experiment.reviews else of_plan(experiment, Plan.of(experiment, run="any", seed=0))


def of_rest(experiment: Experiment, todo: tuple[str, ...]) -> float:
    """Seconds that the cells which are left will take; where none is left, a report is made."""
    if experiment.reviews or not todo:
        return REVIEW_S
    return of_plan(experiment, Plan.of(experiment, run="any", seed=0).model_copy(update={"todo": todo}))


def of_cells(experiment: Experiment) -> int:
    """How many cells a whole run has, before any are added."""
    return len(experiment.pairs) * experiment.repetitions


def of_plan(experiment: Experiment, plan: Plan) -> float:
    """Seconds that the cells still to do will take on this machine, about."""
    sending = {load.label: load.usual_s for load in experiment.loads}
    beside_s = CELL_S + trace_program.usual_s(experiment.trace)
    return RUN_S + sum(sending[cell_of(experiment, cell).load] + beside_s for cell in plan.todo)


def at_most(experiment: Experiment) -> float | None:
    """Seconds that a run will take if it needs every round that its precision may take; None: no precision is asked for."""
    if experiment.precision is None:
        return None
    whole = experiment.model_copy(update={"repetitions": experiment.precision.most_rounds})
    return of_experiment(whole)


def spoken(seconds: float) -> str:
    """A duration as people say it: `45 s`, `12 min 30 s`, `1 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def exact(seconds: float) -> str:
    """A short duration with its tenths: `3.2 s`; a long one as `spoken` has it."""
    return f"{seconds:.1f} s" if seconds < 60 else spoken(seconds)
