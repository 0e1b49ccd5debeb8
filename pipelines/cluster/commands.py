"""The verbs that look after a cluster: install, uninstall, cron, and the cluster's half of sweep and doctor.

`pipelines.__main__` puts them beside the others.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from pipelines import options

if TYPE_CHECKING:
    from pipelines.local.doctor import Finding

# Nothing heavy is imported up here: `--help` answers at once.

namespace_option = click.option("-n", "--namespace", metavar="NAME", help="Else ARGO_NAMESPACE, or the kubeconfig's.")


@click.command()
@namespace_option
@options.dry_run
@click.option(
    "--s3", "own_s3", is_flag=True, help="Keep runs in the S3 of BENCHLAB_S3_BUCKET, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID …"
)
@click.option("--storage", metavar="SIZE", help="A volume for the cluster's own store, such as 10Gi; else its pod's disk.")
@click.option("--storage-class", metavar="NAME", help="Of that volume; else the cluster's default.")
@options.image
@click.option("--objects-image", metavar="REF", help="SeaweedFS, for the cluster's own store.")
@click.option("--pods", type=click.IntRange(min=5), help="The quota: so many pods at once.  [default: 60]")
@click.option("--pod-security", type=click.Choice(["restricted", "baseline", "privileged"]), help="Of the namespace's pods.")
@click.option("--no-nodes", is_flag=True, help="No right to read nodes, which are the whole cluster's: no cross-check then.")
@click.option("--no-tracing", is_flag=True, help="No namespace for tracers, whose pods have a right on the node: no traces then.")
@click.option("--sweep-every", metavar="SCHEDULE", help="When lost runs are looked for.  [default: */30 * * * *]")
@click.option("--force", is_flag=True, help="Take over what somebody else has set in the objects that are needed.")
@click.option("--wait/--no-wait", default=True, help="Until the store answers.  [default: wait]")
def install(
    namespace: str | None,
    *,
    dry_run: bool,
    own_s3: bool,
    force: bool,
    wait: bool,
    no_nodes: bool,
    no_tracing: bool,
    **chosen: str | int | None,
) -> None:
    """Put what the lab needs into a cluster, beside its Argo Workflows. A second time changes only what differs."""
    from pipelines.cluster import access, installation
    from pipelines.cluster import install as work
    from steps.errors import UsageError

    try:
        kube = access.connect(namespace=namespace)
    except UsageError:
        if not dry_run:
            raise
        kube = None
    where = kube.namespace if kube else namespace or access.DEFAULT_NAMESPACE
    settings = installation.settings(where, os.environ, own_s3=own_s3, kube=kube, nodes=not no_nodes, **chosen)
    settings = settings.model_copy(update={"tracing": not no_tracing})
    if dry_run:
        click.echo(work.to_yaml(work.plan(kube, settings)), nl=False)
    elif kube is not None:
        work.install(kube, settings, force=force, wait=wait, say=click.echo)


@click.command()
@namespace_option
@options.dry_run
@click.option("--keep-results", is_flag=True, help="Leave the store's volume and credentials for a later installation.")
def uninstall(namespace: str | None, *, dry_run: bool, keep_results: bool) -> None:
    """Remove all of it: what install and cron made, the lab's Workflows, and the store with its results."""
    from pipelines.cluster import access
    from pipelines.cluster import install as work

    work.uninstall(access.connect(namespace=namespace), keep_results=keep_results, dry_run=dry_run, say=click.echo)


@click.group()
def cron() -> None:
    """Runs at a time of the week: create, list, suspend, resume, delete."""


@cron.command()
@click.argument("what", metavar="PHASE|EXPERIMENT")
@click.option("--schedule", "when", required=True, metavar="CRON", help="Such as '0 3 * * 6' or @weekly.")
@click.option("--timezone", default="Etc/UTC", show_default=True, metavar="ZONE", help="Such as Europe/Berlin.")
@click.option("--name", help="Of the schedule; else that of what it runs.")
@options.image
@options.quick
@options.settings
@namespace_option
@options.dry_run
def create(
    what: str,
    when: str,
    timezone: str,
    *,
    name: str | None,
    image: str | None,
    quick: bool,
    settings: tuple[str, ...],
    namespace: str | None,
    dry_run: bool,
) -> None:
    """Run a phase or experiment at these times; a schedule of that name is changed. Never two runs at once."""
    from pipelines import manifest, schedule, select
    from pipelines.cluster import access, crons

    schedule.check(when)
    schedule.check_timezone(timezone)
    declared = select.experiments(what)
    found = [select.prepared(each, quick=quick, settings=settings) for each in declared]
    wanted = crons.documents(
        manifest.documents(found, declared=declared, image=image), what=what, name=name, when=when, timezone=timezone
    )
    if dry_run:
        click.echo(manifest.to_yaml(wanted), nl=False)
        return
    kube = access.connect(namespace=namespace)
    crons.create(kube, wanted)
    click.echo(f"{wanted[-1]['metadata']['name']}: runs {what} at {when!r}, {timezone}, in {kube.namespace}")


@cron.command("list")
@namespace_option
@options.as_json
def list_(namespace: str | None, *, as_json: bool) -> None:
    """The schedules, when they ran last, and what is wrong with them."""
    from pipelines.cluster import access, crons

    found = crons.all_of(access.connect(namespace=namespace))
    click.echo(crons.as_json(found) if as_json else crons.as_text(found))


@cron.command()
@click.argument("name")
@namespace_option
def suspend(name: str, namespace: str | None) -> None:
    """Start no further runs until it is resumed; a run that is under way goes on."""
    _switch(name, namespace, suspended=True)


@cron.command()
@click.argument("name")
@namespace_option
def resume(name: str, namespace: str | None) -> None:
    """Go on with a suspended schedule."""
    _switch(name, namespace, suspended=False)


def _switch(name: str, namespace: str | None, *, suspended: bool) -> None:
    from pipelines.cluster import access, crons

    crons.suspend(access.connect(namespace=namespace), name, suspended=suspended)
    click.echo(f"{name}: {'suspended' if suspended else 'resumed'}")


@cron.command()
@click.argument("name")
@namespace_option
def delete(name: str, namespace: str | None) -> None:
    """Remove a schedule; the runs that it made stay, also the one that is under way."""
    from pipelines.cluster import access, crons

    crons.delete(access.connect(namespace=namespace), name)
    click.echo(f"{name}: removed; its runs stay")


def swept(namespace: str | None, *, dry_run: bool) -> list[str]:
    """What lost runs left in a namespace, and what became of it."""
    from pipelines.cluster import access, settings, sweeping

    kube = access.connect(namespace=namespace)
    ttl_s = settings.Settings(namespace=kube.namespace, image="any").time_to_live_s
    return sweeping.sweep(kube, time_to_live_s=ttl_s, dry_run=dry_run)


def examined(namespace: str | None, image: str | None) -> list[Finding]:
    """What the cluster lacks."""
    from pipelines.cluster import access, doctor, installation

    kube = access.connect(namespace=namespace)
    return doctor.findings(
        kube, installation.settings(kube.namespace, os.environ, own_s3=False, kube=kube, nodes=True, image=image)
    )
