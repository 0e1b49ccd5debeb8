"""A run on this machine from its first word to its last: lock, store, manifest, tree, page, exit status."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from pipelines import building, duration, outcome, pages
from pipelines.comparing.files import Files
from pipelines.costs import budget
from pipelines.local import live, objects, read, runs
from pipelines.local.manifest import Manifest
from pipelines.local.nodes import Status
from pipelines.local.run import Run
from pipelines.local.state import RunFolder, State
from steps import sweep as sweeper
from steps.errors import LeftBehind, StoreError, UsageError
from steps.model import Experiment, Plan
from steps.store import Store


def run(experiment: Experiment, *, reports: Path, gate: bool, files: Files | None = None) -> int:
    """Runs an experiment here and returns the exit status. Raises LabError: it could not be started."""
    from pipelines.manifest import documents

    budget.check(experiment)
    experiment = building.prepared(experiment)
    made = documents([experiment])
    name = f"{experiment.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    return _run(read.documents(made), experiment, name=name, reports=reports, gate=gate, files=files)


def retry(name: str, *, reports: Path, dry_run: bool) -> int:
    """Finishes a run: the same manifest under the same name, of which `provision` plans only what is missing.

    Raises UsageError: there is no such run, or it has nothing left to do.
    """
    folder = runs.find(name)
    documents = _manifest_of(folder)
    experiment = _experiment_in(documents)
    if dry_run:
        missing = _missing(folder, experiment)
        click.echo("\n".join(missing) if missing else "every cell has a valid outcome")
        return 0
    building.make([*experiment.arms, *experiment.around])
    return _run(read.documents(documents), experiment, name=folder.name, reports=reports, gate=False)


def _run(manifest: Manifest, experiment: Experiment, *, name: str, reports: Path, gate: bool, files: Files | None = None) -> int:
    state = State.from_environment(os.environ)
    with state.hold(name) as folder:
        try:
            with objects.serve(state, os.environ) as found:
                todo = _todo(found.store, experiment, name)
                resumed = _keep_earlier(folder)  # not before all that: a run that cannot go on stays as it was
                _swept(state, found, own=name if resumed else None)
                folder.create()
                status = _execute(manifest, experiment, todo=todo, folder=folder, found=found)
                page = _fetch(found.store, experiment, name=name, reports=reports)
        finally:
            folder.clear()
        return outcome.tell(status, partial(runs.reason, folder), pages=[page] if page else [], gate=gate, files=files)


def _swept(state: State, found: objects.Objects, *, own: str | None) -> None:
    """Removes what lost runs left, an earlier part of this one too (`own`): it would disturb the measurement."""
    for each in sweeper.sweep(state, {**os.environ, **found.environment}, own=own):
        if each.removed:
            click.echo(f"removed what {each.run} left: {', '.join(each.removed)}")
        if each.left:
            click.echo(f"{each.run} left what does not go: {', '.join(each.left)}", err=True)


def _keep_earlier(folder: RunFolder) -> bool:
    """A run that is finished later keeps the status and logs of its first part. Returns whether there was one."""
    if not (folder.folder / "workflow.json").exists():
        return False
    number = 1 + sum(1 for _ in folder.folder.glob("earlier-*"))
    earlier = folder.folder / f"earlier-{number}"
    earlier.mkdir()
    for part in ("workflow.json", "manifest.json", "logs"):
        if (folder.folder / part).exists():
            (folder.folder / part).rename(earlier / part)
    return True


def _todo(store: Store, experiment: Experiment, run: str) -> tuple[str, ...]:
    """The cells that are to be made. Raises UsageError: there is none."""
    todo = pages.missing(store, experiment, run)
    if not todo:
        message = f"every cell of {run} has a valid outcome: there is nothing left to do"
        raise UsageError(message)
    return todo


def _execute(
    manifest: Manifest, experiment: Experiment, *, todo: tuple[str, ...], folder: RunFolder, found: objects.Objects
) -> Status:
    plan = Plan.of(experiment, run=folder.name, seed=0).model_copy(update={"todo": todo})
    each_s = (duration.of_plan(experiment, plan) - duration.RUN_S) / len(todo)
    title = f"{folder.name}: {len(todo)} cells, about {duration.spoken(duration.of_plan(experiment, plan))}"
    found.store.put(f"{experiment.key}/{folder.name}/manifest.json", json.dumps(list(manifest.documents), indent=2))
    environment = {
        **os.environ,
        "BENCHLAB_PLACE": "process",
        "BENCHLAB_STATE": str(folder.state.folder),
        "BENCHLAB_IGNORED_FIELDS": ", ".join(manifest.ignored),
    }
    if manifest.ignored:
        click.echo(f"without meaning on one machine, and not used: {', '.join(manifest.ignored)}")
    with live.watching(title, live.Progress(len(todo), each_s), partial(runs.reason, folder)) as observe:
        work = Run(
            manifest,
            folder=folder,
            store=found.store,
            secrets=found.secrets,
            environment=environment,
            parameters={"run": folder.name},
            observe=observe,
        )
        with _interruptible(work):
            return work.execute()


@contextmanager
def _interruptible(work: Run) -> Iterator[None]:
    """Ctrl-C stops as `argo stop` does: the exit handler runs. A second one terminates."""
    asked: list[int] = []

    def ask(number: int, _: object) -> None:
        if asked:
            click.echo("terminating: the exit handler is not waited for; `sweep` removes what is left", err=True)
            work.terminate()
        else:
            click.echo("stopping: the exit handler still runs (once more to terminate)", err=True)
            work.stop()
        asked.append(number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _manifest_of(folder: RunFolder) -> list[dict[str, Any]]:
    path = folder.folder / "manifest.json"
    if not path.exists():
        message = f"there is no run {folder.name} on this machine; `get` lists those that there are"
        raise UsageError(message)
    try:
        found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"run {folder.name} cannot be gone on with: {path}: {error}"
        raise UsageError(message) from error
    return found


def experiment_of(folder: RunFolder) -> Experiment:
    """What a run of this machine compares. Raises UsageError: there is no such run."""
    return _experiment_in(_manifest_of(folder))


def _experiment_in(documents: list[dict[str, Any]]) -> Experiment:
    # The Workflow is the last, and says what differs from its template.
    arguments = [each.get("spec", {}).get("arguments") or {} for each in reversed(documents)]
    for each in (parameter for given in arguments for parameter in given.get("parameters", ())):
        if each["name"] == "experiment":
            return Experiment.from_json(each["value"], source="the manifest's experiment")
    message = "the manifest has no parameter experiment: it was not made here"
    raise UsageError(message)


def _missing(folder: RunFolder, experiment: Experiment) -> tuple[str, ...]:
    with folder.state.hold(folder.name), objects.serve(folder.state, os.environ) as found:
        return pages.missing(found.store, experiment, folder.name)


def report(name: str, *, reports: Path) -> str:
    """Fetches a run's page and raw data once more, and returns the page's path. Raises UsageError, StoreError."""
    folder = runs.find(name)
    experiment = experiment_of(folder)
    with objects.serve(folder.state, os.environ) as found:
        page = _fetch(found.store, experiment, name=folder.name, reports=reports)
    if page is None:
        message = f"run {folder.name} has no report: `get {folder.name}` says how far it came"
        raise UsageError(message)
    return str(page)


def _fetch(store: Store, experiment: Experiment, *, name: str, reports: Path) -> Path | None:
    """Brings the run's page and data; that they cannot be had is told, and the run's own outcome stands."""
    try:
        return pages.bring(store, f"{experiment.key}/{name}", reports / name)
    except StoreError as error:
        click.echo(f"the report could not be fetched: {error}", err=True)
        return None


def sweep(*, dry_run: bool) -> list[str]:
    """Removes what lost runs left, and says what it was. Raises LeftBehind: something would not go."""
    state = State.from_environment(os.environ)
    sockets = [] if dry_run else objects.sweep(state)
    done = sweeper.sweep(state, os.environ, dry_run=dry_run)
    left = [f"{each.run}: {what}" for each in done for what in each.left]
    if left:
        message = f"still there: {'; '.join(left)}"
        raise LeftBehind(message)
    if dry_run:
        return [f"{each.run}: something is left" for each in done]
    removed = [f"{each.run}: removed {what}" for each in done for what in each.removed]
    open_entries = [(each.run, len(each.unclosed)) for each in done if each.unclosed]
    return [
        *removed,
        *(f"the object store: removed {socket}" for socket in sockets),
        *(f"{run}: {count} ledger entries are closed in the store by the next run" for run, count in open_entries),
    ]
