"""A run's pages and data on this machine: fetched from the store, whoever ran it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.closing import overview_key
from steps.errors import MissingObject
from steps.model import Experiment, Plan
from steps.seal import newest_name
from steps.store import Store

REPORT = "the report"  # what is left to do where every cell has an outcome


@dataclass(frozen=True)
class Brought:
    """A run's pages here."""

    pages: list[Path]  # one for each experiment that has one
    overview: Path | None = None  # of a phase: the page that links them
    without: tuple[str, ...] = ()  # the experiments that have none

    @property
    def told(self) -> list[Path]:
        """The pages in the order in which they are told: the one that leads to the others comes last."""
        return [*self.pages, *([self.overview] if self.overview else [])]


def bring_all(store: Store, experiments: Sequence[Experiment], run: str, *, reports: Path) -> Brought:
    """Brings the pages of a run: of one experiment to the run's folder, of several to folders in it. Raises StoreError."""
    target = reports / run
    if len(experiments) == 1:
        page = bring(store, f"{experiments[0].key}/{run}", target)
        return Brought([page] if page else [], without=() if page else (experiments[0].name,))
    found = {each.name: bring(store, f"{each.key}/{run}", target / each.name) for each in experiments}
    without = tuple(name for name, page in found.items() if page is None)
    return Brought([page for page in found.values() if page], _overview(store, experiments[0].phase, run, target), without)


def _overview(store: Store, phase: str, run: str, target: Path) -> Path | None:
    """The page of a phase's run; None: it has none yet, or was made before there were any."""
    key = f"{overview_key(phase)}/{run}"
    if not store.exists(f"{key}/index.html"):
        return None
    for name in ("index.html", "report.json"):
        store.download(f"{key}/{name}", target / name)
    return target / "index.html"


def bring(store: Store, prefix: str, target: Path) -> Path | None:
    """Brings everything below a run's prefix to `target`, the page on top and the data in raw/. None: there is no page.

    Raises StoreError.
    """
    if not store.exists(f"{prefix}/report/index.html"):
        return None
    shutil.rmtree(target / "raw", ignore_errors=True)
    for key in store.list(f"{prefix}/"):
        own = key.removeprefix(f"{prefix}/")
        store.download(key, target / (own.removeprefix("report/") if own.startswith("report/") else f"raw/{own}"))
    return target / "index.html"


def left(store: Store, experiments: Sequence[Experiment], run: str) -> list[str]:
    """What a retry would make: cells, and the reports of experiments that have nothing else to do. Raises StoreError."""
    found: list[str] = []
    for each in experiments:
        cells = missing(store, each, run)
        report = () if cells or _sealed(store, f"{each.key}/{run}") else (REPORT,)
        found += [f"{each.name}: {what}" if len(experiments) > 1 else what for what in (*cells, *report)]
    if len(experiments) > 1 and not store.exists(f"{overview_key(experiments[0].phase)}/{run}/index.html"):
        found.append("the page of the phase")
    return found


def _sealed(store: Store, prefix: str) -> bool:
    return newest_name(key.removeprefix(f"{prefix}/") for key in store.list(f"{prefix}/seal-")) is not None


def missing(store: Store, experiment: Experiment, run: str) -> tuple[str, ...]:
    """The cells of a run that a retry would make: those without a valid outcome, else further rounds. Raises StoreError."""
    from steps.provision import remaining

    if experiment.reviews:
        return ()
    prefix = f"{experiment.key}/{run}"
    try:
        plan = Plan.from_json(store.get(f"{prefix}/plan.json"), source=f"{prefix}/plan.json")
    except MissingObject:
        return Plan.of(experiment, run=run, seed=0).todo
    return remaining(store, prefix, plan, experiment).todo
