"""A discovery on this machine: the interpreter executes the Workflow, and its report is brought here."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from pipelines import duration, secret
from pipelines.discovery import documents
from pipelines.local import objects, read, runs
from pipelines.local.live import SIGNS
from pipelines.local.nodes import Status, now
from pipelines.local.run import Run
from pipelines.local.state import RunFolder, State
from steps.errors import UsageError
from steps.store import Store

TOKEN = "GITHUB_TOKEN"  # noqa: S105  # a variable's name
FILES = ("digest.md", "index.html", "radar.json", "findings.json", "diff.json", "issue.md", "settings.json")
WRITTEN = "written.json"  # where a language model was asked


def run(name: str, *, date: str, publish: bool, reports: Path) -> int:
    """Runs a discovery here and returns the exit status: 0, or 1 where no report was made. Raises LabError."""
    if publish and not os.environ.get(TOKEN):
        message = f"the week's issue cannot be published: {TOKEN} is not set"
        raise UsageError(message)
    manifest = read.documents(documents.documents(name, date=date, publish=publish, discovery=documents.polite()))
    state = State.from_environment(os.environ)
    with state.hold(f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}") as folder:
        try:
            with objects.serve(state, os.environ) as found:
                folder.create()
                work = Run(
                    manifest,
                    folder=folder,
                    store=found.store,
                    secrets={**found.secrets, **_tokens(os.environ)},
                    environment={**os.environ, "BENCHLAB_PLACE": "process", "BENCHLAB_STATE": str(state.folder)},
                    parameters={"run": folder.name},
                    observe=_Told(folder),
                )
                with _interruptible(work):
                    status = work.execute()
                return _tell(status, found.store, name.removeprefix("discovery-"), folder, reports, publish=publish)
        finally:
            folder.clear()


def _tokens(environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The secrets of the steps that speak to others, as in a pod: from the environment, and each may be missing."""
    found: dict[str, dict[str, str]] = {}
    for variable, name, key in {each for of_verb in secret.TOKENS.values() for each in of_verb}:
        found.setdefault(name, {}).update({key: environment[variable]} if environment.get(variable) else {})
    return found


def _tell(status: Status, store: Store, cadence: str, folder: RunFolder, reports: Path, *, publish: bool) -> int:
    """Says what the run came to, and where its report is."""
    if not status.succeeded:
        click.echo(f"{status.phase}: {status.message or 'no report was made'}", err=True)
        return 1
    given = [each for node in status.nodes.values() if node.outputs for each in node.outputs.parameters]
    day = next(each.value for each in given if each.name == "day")
    prefix = f"discovery/{cadence}/{day}"
    target = reports / folder.name
    for file in (*FILES, *((WRITTEN,) if store.exists(f"{prefix}/{WRITTEN}") else ())):
        store.download(f"{prefix}/{file}", target / file)
    click.echo(status.output("summary") or "")
    if not publish:
        click.echo(f"the week's issue, not published: {target / 'issue.md'}")
    click.echo(target / "index.html")
    return 0


class _Told:
    """A line for each step that is over, and why when it failed."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._told: set[str] = set()

    def __call__(self, status: Status) -> None:
        for node in status.nodes.values():
            if node.kind == "Pod" and node.fulfilled and node.id not in self._told:
                self._told.add(node.id)
                name = node.display_name.removesuffix("(0)")
                why = runs.reason(self._folder, status, node) if node.failed else ""
                click.echo(f"{SIGNS.get(node.phase, '?')} {name}  {duration.exact(node.duration_s(now()))}  {why}".rstrip())


@contextmanager
def _interruptible(work: Run) -> Iterator[None]:
    """Ctrl-C ends what is under way; the snapshots that are whole stay."""

    def stop(_number: int, _frame: object) -> None:
        click.echo("stopping: what was read so far is kept", err=True)
        work.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
