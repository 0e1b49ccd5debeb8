"""The verbs that follow a run, wherever it is: each is one call here, and goes to this machine or to the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from pipelines import whereabouts
from pipelines.local.views import Kept
from pipelines.whereabouts import Where
from steps.errors import ClusterError, UsageError

if TYPE_CHECKING:
    from pipelines.cluster.api import Argo
    from pipelines.pages import Brought


class Documented(Kept, Protocol):
    """A run with the document that it was read from."""

    @property
    def document(self) -> dict[str, Any]: ...


def get(run: str, where: Where) -> Documented:
    """A run with its status. Raises UsageError, ClusterError."""
    found = whereabouts.find(run, where)
    if found.argo is None:
        from pipelines.local import runs

        return runs.status(found.name)
    from pipelines.cluster import runs as there

    return there.find(found.argo, found.name)


def all_of(where: Where) -> list[Kept]:
    """The runs of this machine and of the cluster, the newest first; a cluster that does not answer is told, and left out."""
    from pipelines.local import runs

    found: list[Kept] = [] if where.only_argo else [*runs.all_of()]
    if where.asks_argo:
        from pipelines.cluster import runs as there

        try:
            found += there.all_of(where.argo())
        except (ClusterError, UsageError) as error:
            if where.only_argo:
                raise
            click.echo(f"only this machine was looked at: {error}", err=True)
    return sorted(found, key=lambda each: each.status.started_at, reverse=True)


def logs(run: str, step: str | None, where: Where, *, follow: bool) -> Iterator[str]:
    """The lines that a run's steps printed. Raises UsageError, ClusterError."""
    found = whereabouts.find(run, where)
    if found.argo is None:
        from pipelines.local import runs

        return runs.logs(found.name, step, follow=follow)
    from pipelines.cluster import logs as there

    return there.lines(found.argo, found.name, step, follow_on=follow)


def stop(run: str, where: Where) -> str:
    """Asks a run to stop. Raises UsageError, ClusterError."""
    found = whereabouts.find(run, where)
    if found.argo is None:
        from pipelines.local import runs

        return runs.stop(found.name)
    from pipelines.cluster import ending
    from pipelines.cluster import runs as there

    return ending.stop(found.argo, there.document(found.argo, found.name))


def report(run: str, where: Where, *, reports: Path) -> Brought:
    """Brings a run's pages and data here. Raises UsageError, StoreError, ClusterError."""
    found = whereabouts.find(run, where)
    if found.argo is None:
        from pipelines.local import session

        return session.report(found.name, reports=reports)
    from pipelines.cluster import report as page
    from pipelines.cluster import runs as there

    return page.bring(found.argo, there.document(found.argo, found.name), reports=reports)


def retry(run: str, where: Where, *, reports: Path, dry_run: bool, watch: bool) -> int:
    """Finishes a run: only its cells without a valid outcome; returns the exit status. Raises UsageError, ClusterError."""
    found = whereabouts.find(run, where)
    if found.argo is None:
        from pipelines.local import session

        return session.retry(found.name, reports=reports, dry_run=dry_run)
    return _retry_there(found.argo, found.name, reports=reports, dry_run=dry_run, watch=watch)


def _retry_there(argo: Argo, run: str, *, reports: Path, dry_run: bool, watch: bool) -> int:
    from pipelines.cluster import ending, report, runs, submit, verbs

    document = ending.ended(argo, runs.document(argo, run))
    if dry_run:
        left = report.left(argo, document)
        click.echo("\n".join(left) if left else "every cell has a valid outcome")
        return 0
    part = 1 + sum(each.run == runs.run_of(document) for each in argo.briefs())
    made = submit.create(argo, submit.stamped(submit.continued(document, part=part)), dry_run=False)
    name = made["metadata"]["name"]
    click.echo(name)
    if watch:
        return verbs.to_its_end(argo, made, quiet=False, reports=reports, gate=False)
    click.echo(f"finishes {runs.run_of(document)}; to watch it: python -m pipelines watch {name}", err=True)
    return 0
