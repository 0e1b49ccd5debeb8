"""The verbs that only a cluster has: submit, watch, terminate, delete. `pipelines.__main__` puts them beside the others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines import options, whereabouts
from pipelines.whereabouts import Where
from steps.errors import LabError, UsageError

if TYPE_CHECKING:
    from pipelines.cluster.api import Argo, Document
    from pipelines.cluster.runs import Kept
    from pipelines.pages import Brought

# Nothing heavy is imported up here: `--help` answers at once.

INTERRUPTED = 130

run_argument = click.argument("run", metavar="RUN", default=whereabouts.LATEST)


@click.command()
@click.argument("what", metavar="PHASE|EXPERIMENT")
@options.quick
@options.pilot
@options.settings
@options.precision
@options.image
@click.option("--watch", is_flag=True, help="Show the run until it is over.")
@click.option("--wait", is_flag=True, help="Wait for its end without a word.")
@click.option("--gate", is_flag=True, help="Exit status 3 when a hypothesis does not hold.")
@options.reports
@click.option("--dry-run", is_flag=True, help="Let the cluster check everything, and keep nothing.")
@whereabouts.argo_options
def submit(
    what: str,
    *,
    pilot: bool,
    image: str | None,
    watch: bool,
    wait: bool,
    gate: bool,
    reports: Path,
    dry_run: bool,
    where: Where,
    **asked: Any,
) -> None:
    """Run on a cluster: a WorkflowTemplate for each experiment, and a Workflow from it."""
    from pipelines import building, select
    from pipelines.cluster import submit as work

    argo = where.argo()
    declared = select.experiments(what, pilot=pilot)
    chosen = [building.in_pods(select.prepared(each, **asked)) for each in declared]
    made = work.documents(chosen, declared=declared, image=image)
    run = work.submit(argo, made, dry_run=dry_run)
    name = run["metadata"]["name"]
    if dry_run:
        for each in [*made[:-1], run]:
            click.echo(f"would create {each['kind']} {each['metadata']['name']}")
        click.echo(f"{argo.where} takes it, in namespace {argo.namespace}")
        return
    if not watch:
        click.echo(name)
        click.echo(
            f"under way in namespace {argo.namespace} of {argo.where}; to watch it: python -m pipelines watch {name}", err=True
        )
    if watch or wait:
        sys.exit(to_its_end(argo, run, quiet=not watch, reports=reports, gate=gate))


@click.command()
@run_argument
@options.reports
@whereabouts.argo_options
def watch(run: str, *, reports: Path, where: Where) -> None:
    """Show a run on a cluster until it is over; its page is fetched then."""
    argo, document = the_run(run, where)
    sys.exit(to_its_end(argo, document, quiet=False, reports=reports, gate=False))


@click.command()
@run_argument
@options.dry_run
@whereabouts.argo_options
def terminate(run: str, *, dry_run: bool, where: Where) -> None:
    """End a run on a cluster at once, without its exit handler; what it left is removed."""
    from pipelines.cluster import ending

    argo, document = the_run(run, where)
    for line in ending.terminate(argo, document, dry_run=dry_run):
        click.echo(line)


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option("--force", is_flag=True, help="Also when it is under way.")
@options.dry_run
@whereabouts.argo_options
def delete(runs: tuple[str, ...], *, force: bool, dry_run: bool, where: Where) -> None:
    """Remove runs from a cluster; their results in the store stay."""
    from pipelines.cluster import ending

    for run in runs:
        argo, document = the_run(run, where)
        click.echo(ending.delete(argo, document, force=force, dry_run=dry_run))


def the_run(name: str, where: Where) -> tuple[Argo, Document]:
    """A run on the cluster that is meant. Raises UsageError: there is none; ClusterError."""
    from pipelines.cluster import runs

    found = whereabouts.find(name, where)
    if found.argo is None:
        message = f"run {name} is on this machine: `get`, `logs`, `stop`, `retry` and `report` follow it"
        raise UsageError(message)
    return found.argo, runs.document(found.argo, found.name)


def to_its_end(argo: Argo, document: Document, *, quiet: bool, reports: Path, gate: bool) -> int:
    """Follows a run to its end, brings its page, and returns the exit status."""
    from pipelines import outcome
    from pipelines.cluster import follow

    with _leaving(document["metadata"]["name"]):
        kept = follow.wait(argo, document) if quiet else follow.show(argo, document)
        brought = _brought(argo, kept, reports)
    return outcome.tell(kept.status, kept.reasons, brought=brought, gate=gate)


def _brought(argo: Argo, kept: Kept, reports: Path) -> Brought:
    """The run's pages; that they cannot be fetched is told, and takes nothing from the run."""
    from pipelines.cluster import report
    from pipelines.pages import Brought

    try:
        return report.bring(argo, kept.document, reports=reports)
    except LabError as error:
        click.echo(f"no report was fetched: {error}", err=True)
        return Brought([])


@contextmanager
def _leaving(name: str) -> Iterator[None]:
    """Ctrl-C leaves the run alone and says so."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(
            f"\nrun {name} goes on; to see it again: python -m pipelines watch {name}; to stop it: … stop {name}", err=True
        )
        sys.exit(INTERRUPTED)
