"""The verb `discover`. `run`, `submit`, `compile`, `lint` and `cron create` of a discovery's name lead here too."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from pipelines import options, whereabouts
from pipelines.discovery import CADENCES, NAMES
from pipelines.whereabouts import Where
from steps.errors import UsageError

# Nothing heavy is imported up here: `--help` answers at once.

cadence_option = click.option("--cadence", type=click.Choice(CADENCES), default="weekly", show_default=True)
name_argument = click.argument("name", metavar="DISCOVERY", type=click.Choice(NAMES))
date_option = click.option(
    "--date", default="today", show_default=True, metavar="DATE", help="A day that is over is not fetched."
)
publish_option = click.option("--publish", is_flag=True, help="Write the week's issue at GitHub; else it is only made.")
namespace_option = click.option("-n", "--namespace", metavar="NAME", help="Else ARGO_NAMESPACE, or the kubeconfig's.")


@click.group()
def discover() -> None:
    """What to compare next: what changed in the field, scored by what this lab lacks."""


@discover.command()
@name_argument
@date_option
@publish_option
@options.reports
@options.dry_run
def run(name: str, *, date: str, publish: bool, reports: Path, dry_run: bool) -> None:
    """Read the sources, compare, score and report, here."""
    if dry_run:
        from pipelines.discovery import documents

        for source in documents.settings().sources:
            click.echo(f"{source.kind}: {', '.join(source.urls) if source.enabled else 'switched off'}")
        return
    from pipelines.discovery import session

    sys.exit(session.run(name, date=date, publish=publish, reports=reports))


@discover.command()
@name_argument
@date_option
@publish_option
@options.image
@click.option("--watch", is_flag=True, help="Show it until it is over.")
@options.dry_run
@whereabouts.argo_options
def submit(name: str, *, date: str, publish: bool, image: str | None, watch: bool, dry_run: bool, where: Where) -> None:
    """The same on a cluster; its report is in the store, as DISCOVERY/DATE."""
    from pipelines import outcome
    from pipelines.cluster import follow
    from pipelines.cluster import submit as work
    from pipelines.discovery import documents

    argo = where.argo()
    polite = documents.polite()
    made = documents.documents(name, date=date, publish=publish, image=image, discovery=polite)
    run = work.submit(argo, made, dry_run=dry_run)
    click.echo(f"would create {run['metadata']['name']}" if dry_run else run["metadata"]["name"])
    if watch and not dry_run:
        kept = follow.show(argo, run)
        if summary := kept.status.output("summary"):
            click.echo(summary)
        else:
            outcome.tell_failures(kept.status, kept.reasons)
        sys.exit(0 if kept.status.succeeded else 1)


@discover.command("compile")
@name_argument
@date_option
@options.image
def compile_(name: str, *, date: str, image: str | None) -> None:
    """Its Argo manifest, as YAML."""
    from pipelines.discovery import documents
    from pipelines.manifest import to_yaml

    click.echo(to_yaml(documents.documents(name, date=date, image=image)), nl=False)


@discover.command()
@click.argument("names", metavar="[DISCOVERY]...", nargs=-1, type=click.Choice(NAMES))
def lint(names: tuple[str, ...]) -> None:
    """Check its manifest without a cluster."""
    from pipelines import lint as linter
    from pipelines.discovery import documents

    for name in names or NAMES:
        problems = linter.of_documents(documents.documents(name))
        click.echo("\n".join(problems) or f"{name}: fine")
        if problems:
            sys.exit(UsageError.exit_status)


@discover.group()
def cron() -> None:
    """A discovery at a time of the day, week or month."""


@cron.command()
@name_argument
@click.option(
    "--schedule", "when", metavar="CRON", help="Else 04:30 each day, 05:30 each Monday, 06:30 on the first of the month."
)
@click.option("--timezone", default="Etc/UTC", show_default=True, metavar="ZONE", help="Such as Europe/Berlin.")
@publish_option
@options.image
@namespace_option
@options.dry_run
def create(
    name: str, *, when: str | None, timezone: str, publish: bool, image: str | None, namespace: str | None, dry_run: bool
) -> None:
    """Put it on a schedule of the cluster; one of that name is changed. Never two at once."""
    from pipelines.cluster import access, crons
    from pipelines.discovery import documents
    from pipelines.manifest import to_yaml

    discovery = documents.settings() if dry_run else documents.polite()
    made = documents.documents(name, publish=publish, image=image, discovery=discovery)
    schedule = when or WHEN[name]
    wanted = crons.documents(made, what=name, name=None, when=schedule, timezone=timezone)
    if dry_run:
        click.echo(to_yaml(wanted), nl=False)
        return
    kube = access.connect(namespace=namespace)
    crons.create(kube, wanted)
    click.echo(f"{name}: at {schedule!r}, {timezone}, in {kube.namespace}")


# An hour apart: where two fall on one day, the later one finds what the earlier one read and asks for the rest alone.
WHEN = {"discovery-daily": "30 4 * * *", "discovery-weekly": "30 5 * * 1", "discovery-monthly": "30 6 1 * *"}


@discover.command()
@click.argument("before", metavar="DATE|FILE")
@click.argument("after", metavar="DATE|FILE")
@options.as_json
def diff(before: str, after: str, *, as_json: bool) -> None:
    """What changed in the landscape between two days that are stored, or between two files landscape.yml(.gz)."""
    from pipelines.discovery import stored, text

    found = stored.diff(before, after)
    click.echo(found.to_json() if as_json else text.diff(found), nl=not as_json)


@discover.command()
@cadence_option
@options.as_json
def show(*, cadence: str, as_json: bool) -> None:
    """The newest report: what changed, and what is worth a look."""
    from pipelines.discovery import stored
    from steps.discover import digest

    found, written = stored.report(cadence)
    click.echo(found.to_json() if as_json else digest.markdown(found, written), nl=False)


@discover.command()
@click.argument("name")
@cadence_option
@options.as_json
def explain(name: str, *, cadence: str, as_json: bool) -> None:
    """Every point of a candidate's score, with its evidence. NAME: of the candidate, or its repository."""
    from pipelines.discovery import stored
    from steps.discover import words

    score, verdict = stored.candidate(stored.findings(cadence), name)
    if as_json:
        click.echo(json.dumps({"score": score.model_dump(mode="json"), "verdict": verdict.model_dump(mode="json")}, indent=2))
    else:
        click.echo(words.explain(score, verdict))


@discover.command()
@click.argument("name")
@cadence_option
def stub(name: str, *, cadence: str) -> None:
    """A catalogue entry and an experiment for a candidate, as a patch that compiles; what a person must fill in is marked."""
    from pipelines.discovery import stored
    from pipelines.discovery import stub as stubs

    score, _ = stored.candidate(stored.findings(cadence), name)
    made = stubs.of(score)
    stubs.check(made)
    click.echo(stubs.patch(made), nl=False)
