"""A stored run, priced anew: its report is read, and nothing of it is changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pipelines.comparing import library
from pipelines.whereabouts import Where
from steps.costs.book import load
from steps.costs.rates import Choice, pricing_of
from steps.costs.reported import repriced
from steps.errors import UsageError
from steps.model import Report
from steps.model.cost import Costs


def report_of(run: str, where: Where, *, experiment: str | None) -> Report:
    """The report of one sealed run. Raises UsageError: there is none, or it was changed; StoreError, ClusterError."""
    with library.opened(where, experiment) as shelf:
        found = shelf.runs(run)
    if len(found) > 1:
        message = f"{run} names {len(found)} runs: their costs are asked for one by one"
        raise UsageError(message)
    return found[0].report


def priced(report: Report, choices: Sequence[Choice], *, book: Path | None, replicas: int = 1) -> tuple[Costs, ...]:
    """The run at each of the choices; without any, at every provider of the book.

    Raises UsageError: the book lacks a price, or the run has nothing that could be priced.
    """
    found, today = load(book), datetime.now(UTC).date()
    wanted = choices or [Choice(provider, replicas=replicas) for provider in found.providers]
    costs = tuple(repriced(report, pricing_of(found, choice, today=today)) for choice in wanted)
    if not any(load_.arms for each in costs for load_ in each.loads):
        message = f"run {report.run} measured no CPU per request, so there is nothing to price"
        raise UsageError(message)
    return costs


def pair_of(costs: Costs, names: tuple[str, str]) -> tuple[str, str]:
    """Two contenders that have a cost. Raises UsageError: one has none, or is none."""
    known = [arm.name for arm in costs.loads[0].arms if arm.curve]
    for name in names:
        if name not in known:
            message = f"--break-even {name}: there is a cost of {', '.join(known) or 'nobody'}"
            raise UsageError(message)
    if names[0] == names[1]:
        message = f"--break-even {names[0]} {names[1]}: name two"
        raise UsageError(message)
    return names
