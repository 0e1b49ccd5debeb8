"""How long a run will take: what its loads say, and what a cell costs beside them."""

from __future__ import annotations

from steps.model import Experiment, Plan, cell_of, trace_program

# Measured on two cores with real gateways: deploy, checks, measure and teardown of one cell, without its load.
CELL_S = 3.0
# provision with calibration and canary, the closing steps and the start of the store.
RUN_S = 14.0


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
    return of_plan(whole, Plan.of(whole, run="any", seed=0))


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
