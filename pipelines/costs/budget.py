"""What a run will cost, and whether that is within its budget."""

from __future__ import annotations

from pipelines import duration
from steps.costs.budget import cost_of
from steps.costs.money import Usd
from steps.costs.words import money, written
from steps.errors import UsageError
from steps.model import Experiment


def estimate(experiment: Experiment) -> Usd:
    """What the planned rounds will cost."""
    return cost_of(duration.of_experiment(experiment))


def said(experiment: Experiment) -> str:
    """`costs about 0.0076 USD on a laptop (modelled), within its budget of 0.05 USD`."""
    expected = estimate(experiment)
    about = f"costs about {money(expected.value, digits=2)} USD on a laptop (modelled)"
    if experiment.budget_usd is None:
        return about
    within = "within" if expected.value <= experiment.budget_usd else "more than"
    return f"{about}, {within} its budget of {written(experiment.budget_usd)} USD"


def check(experiment: Experiment) -> None:
    """Raises UsageError: the run would cost more than its budget."""
    if experiment.budget_usd is not None and estimate(experiment).value > experiment.budget_usd:
        message = f"{experiment.name} {said(experiment)}: plan less, or raise it with --set budget_usd=…"
        raise UsageError(message)
