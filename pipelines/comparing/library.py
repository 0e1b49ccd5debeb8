"""Sealed runs by the words of a user: of this machine or of a cluster, one that only the store has, or a report's folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import select, whereabouts
from pipelines.whereabouts import Where
from steps.errors import UsageError
from steps.model import Experiment
from steps.sealed import InFolder, InStore, Objects, Sealed, unseal
from steps.store import Store

if TYPE_CHECKING:
    from pipelines.cluster.api import Argo

READERS = 8


@dataclass
class Library:
    """Opens runs; a store is opened once."""

    where: Where
    experiment: str | None  # which one is meant of a run of several
    stack: ExitStack
    stores: dict[str, Store] = field(default_factory=dict)

    def runs(self, words: str) -> tuple[Sealed, ...]:
        """The runs of `NAME,NAME`. Raises UsageError: there is none, or it is not to be relied on; StoreError, ClusterError."""
        chosen = [word for word in words.split(",") if word]
        if not chosen:
            message = f"{words!r} names no run"
            raise UsageError(message)
        return tuple(unseal(self._objects(word)) for word in chosen)

    def all_of(self, experiment: Experiment, *, reports: Path | None) -> tuple[list[Sealed], dict[str, str]]:
        """Every run of an experiment that is in the store, or below a folder, and why others cannot be relied on."""
        found = _below(reports) if reports else self._stored(experiment)
        sealed: list[Sealed] = []
        left_out: dict[str, str] = {}
        with ThreadPoolExecutor(READERS) as pool:
            for name, run in zip(found, pool.map(_unsealed, found.values()), strict=True):
                if isinstance(run, str):
                    left_out[name] = run
                elif (run.report.phase, run.report.experiment) == (experiment.phase, experiment.name):
                    sealed.append(run)
        return sealed, left_out

    def _objects(self, word: str) -> Objects:
        path = Path(word)
        if "/" in word or path.exists():
            return _folder(path)
        found = whereabouts.find(word, self.where)
        return self._of_cluster(found.argo, found.name) if found.argo else self._of_machine(found.name)

    def _of_machine(self, name: str) -> InStore:
        from pipelines.local import runs, session

        folder = runs.find(name)
        if (folder.folder / "manifest.json").exists():
            chosen = self._chosen(folder.name, session.experiments_of(folder))
            return InStore(self._store(), f"{chosen.key}/{folder.name}")
        return self._only_in_store(folder.name)

    def _only_in_store(self, name: str) -> InStore:
        """A run that was made elsewhere, with the same store. Its name begins with its experiment's, as ours give them."""
        every = [each for phase in select.phases() for each in select.experiments(phase.id)]
        for each in sorted(every, key=lambda experiment: not name.startswith(experiment.name)):
            found = InStore(self._store(), f"{each.key}/{name}")
            if keys := frozenset(found.keys()):
                return InStore(found.store, found.prefix, keys)
        message = f"there is no run {name} on this machine, nor in its store; `get` lists the runs; a report's folder will do too"
        raise UsageError(message)

    def _of_cluster(self, argo: Argo, name: str) -> InStore:
        from pipelines.cluster import runs

        document = runs.document(argo, name)
        run = runs.run_of(document)
        return InStore(self._store(argo), f"{self._chosen(run, runs.experiments_of(document)).key}/{run}")

    def _chosen(self, run: str, experiments: Sequence[Experiment]) -> Experiment:
        """The experiment that is meant of a run. Raises UsageError: it holds several, and nobody said which."""
        chosen = [each for each in experiments if self.experiment in {None, each.name, f"{each.phase}/{each.name}"}]
        if len(chosen) != 1:
            names = ", ".join(each.name for each in experiments)
            message = f"run {run} holds {len(experiments)} experiments: say which with --experiment ({names})"
            raise UsageError(message)
        return chosen[0]

    def _stored(self, experiment: Experiment) -> Mapping[str, Objects]:
        store = self._store(self.where.argo() if self.where.only_argo else None)
        keys: dict[str, set[str]] = {}
        for key in store.list(f"{experiment.key}/"):
            run, _, own = key.removeprefix(f"{experiment.key}/").partition("/")
            keys.setdefault(run, set()).add(own)
        return {run: InStore(store, f"{experiment.key}/{run}", frozenset(own)) for run, own in keys.items()}

    def _store(self, argo: Argo | None = None) -> Store:
        name = argo.where if argo else "here"
        if name not in self.stores:
            self.stores[name] = self.stack.enter_context(_opened(argo))
        return self.stores[name]


@contextmanager
def opened(where: Where, experiment: str | None = None) -> Iterator[Library]:
    """A library for the time of the block."""
    with ExitStack() as stack:
        yield Library(where, experiment, stack)


@contextmanager
def _opened(argo: Argo | None) -> Iterator[Store]:
    if argo is not None:
        from pipelines.cluster import report

        with report.store(argo) as there:
            yield there
        return
    from pipelines.local import objects
    from pipelines.local.state import State

    with objects.serve(State.from_environment(os.environ), os.environ) as here:
        yield here.store


def _folder(path: Path) -> InFolder:
    """The folder of a report, named by itself or by its report.json. Raises UsageError: it is none."""
    folder = path.parent if path.name == "report.json" else path
    if not (folder / "report.json").is_file():
        message = f"{folder} is no report: there is no report.json in it; `report RUN` brings a run's folder here"
        raise UsageError(message)
    return InFolder(folder)


def _below(reports: Path) -> Mapping[str, Objects]:
    """The reports in a folder, and those of several experiments in one more."""
    if not reports.is_dir():
        message = f"there is no folder {reports}"
        raise UsageError(message)
    found = sorted({*reports.glob("*/report.json"), *reports.glob("*/*/report.json")})
    return {path.parent.relative_to(reports).as_posix(): InFolder(path.parent) for path in found}


def _unsealed(objects: Objects) -> Sealed | str:
    """The run, or why it cannot be relied on."""
    try:
        return unseal(objects)
    except UsageError as error:
        return str(error)
