"""`python -m pipelines VERB …`: the words of the lab. Verbs only, each one function; what they do stands elsewhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from pipelines import building, completion, confirming, options, whereabouts
from pipelines.cluster import commands
from pipelines.cluster import verbs as cluster
from pipelines.comparing import files
from pipelines.comparing import verbs as comparing
from pipelines.costs import verbs as costs
from pipelines.discovery import verbs as discovering
from pipelines.group import Lab
from pipelines.whereabouts import Where
from steps.errors import UsageError

# Nothing heavy is imported up here: `list`, `show` and `--help` answer at once.

experiment_argument = click.argument("what", metavar="PHASE|EXPERIMENT", shell_complete=completion.names)
run_argument = click.argument("run", metavar="RUN", default="@latest", shell_complete=completion.runs)


@click.group(cls=Lab, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="benchlab", message="%(version)s")
def cli() -> None:
    """Your own numbers: how fast, how much, and where the time goes.

    A phase holds experiments; an experiment asks one question of several contenders. RUN is a run's name or @latest.
    """


@cli.command("list")
@click.option("--runs", is_flag=True, help="The runs instead, as `get` lists them.")
@options.as_json
@whereabouts.options
def list_(*, runs: bool, as_json: bool, where: Where) -> None:
    """Phases and their experiments; with --runs, the runs here and on the cluster."""
    from pipelines import select, tables

    if runs:
        _list_runs(where, as_json=as_json)
        return
    rows = [(phase, experiment) for phase in select.phases() for experiment in phase.experiments]
    click.echo(tables.experiments_json(rows) if as_json else tables.experiments(rows))


@cli.command()
@experiment_argument
@options.as_json
def show(what: str, as_json: bool) -> None:
    """One experiment in words: question, contenders, loads, metrics, hypotheses."""
    from pipelines import select, tables

    found = select.experiments(what)
    if as_json:
        click.echo(json.dumps([each.model_dump(mode="json") for each in found], indent=2))
    else:
        click.echo("\n\n".join(tables.experiment(each) for each in found))


@cli.command()
@experiment_argument
@options.quick
@options.pilot
@options.settings
@options.precision
@options.reports
@options.as_json
def plan(what: str, pilot: bool, reports: Path, as_json: bool, **asked: Any) -> None:
    """The cells of a run, an order of them, how long it takes, and how small a difference it finds."""
    from pipelines import noise, select, tables

    found = [select.prepared(each, **asked) for each in select.experiments(what, pilot=pilot)]
    seen = [noise.known(each, reports) for each in found]
    if as_json:
        plain = [tables.plan_json(each) | noise.as_json(each, known) for each, known in zip(found, seen, strict=True)]
        click.echo(json.dumps(plain, indent=2))
    else:
        texts = [tables.plan(each, finds=noise.lines(each, known)) for each, known in zip(found, seen, strict=True)]
        click.echo("\n\n".join([*texts, *([tables.in_all(found)] if len(found) > 1 else [])]))


@cli.command("compile")
@experiment_argument
@options.quick
@options.pilot
@options.settings
@options.precision
@options.as_json
def compile_(what: str, pilot: bool, as_json: bool, **asked: Any) -> None:
    """The Argo manifest of an experiment, as YAML."""
    from pipelines import select
    from pipelines.manifest import documents, to_yaml

    made = documents([select.prepared(each, **asked) for each in select.experiments(what, pilot=pilot)])
    click.echo(json.dumps(made, indent=2) if as_json else to_yaml(made), nl=False)


@cli.command()
@click.argument("what", metavar="[PHASE|EXPERIMENT|FILE]...", nargs=-1, shell_complete=completion.names)
@options.as_json
def lint(what: tuple[str, ...], as_json: bool) -> None:
    """Check manifests without a cluster: all experiments, those named, or files."""
    from pipelines import lint as linter

    results = linter.all_of(what)
    if as_json:
        click.echo(json.dumps([{"name": name, "problems": problems} for name, problems in results], indent=2))
    for name, problems in results:
        for problem in problems:
            click.echo(problem if problem.startswith(name) else f"{name}: {problem}", err=True)
        if not problems and not as_json:
            click.echo(f"{name}: fine")
    if any(problems for _, problems in results):
        sys.exit(UsageError.exit_status)


@cli.command()
@experiment_argument
@options.quick
@options.pilot
@options.settings
@options.precision
@options.reports
@click.option("--gate", is_flag=True, help="Exit status 3 when a hypothesis does not hold.")
@files.options
@click.option("--dry-run", is_flag=True, help="Say what would be run.")
def run(
    what: str,
    pilot: bool,
    reports: Path,
    gate: bool,
    junit: Path | None,
    markdown: Path | None,
    dry_run: bool,
    **asked: Any,
) -> None:
    """Run here: the compiled manifest on this machine, with real programs as processes."""
    from pipelines import select, tables

    found = [select.prepared(each, **asked) for each in select.experiments(what, pilot=pilot)]
    if dry_run:
        click.echo("\n\n".join(tables.plan(each) for each in found))
        return
    from pipelines.local import session

    sys.exit(session.run(*found, reports=reports, gate=gate, files=files.Files(junit, markdown)))


@cli.command()
@run_argument
@options.reports
@click.option("--watch", is_flag=True, help="On a cluster: show the run until it is over.")
@click.option("--dry-run", is_flag=True, help="Say which cells would be made.")
@whereabouts.options
def retry(run: str, *, reports: Path, watch: bool, dry_run: bool, where: Where) -> None:
    """Finish a run: only its cells without a valid outcome."""
    from pipelines import everywhere

    sys.exit(everywhere.retry(run, where, reports=reports, dry_run=dry_run, watch=watch))


@cli.command()
@click.argument("run", metavar="[RUN]", required=False, shell_complete=completion.runs)
@options.as_json
@whereabouts.options
def get(run: str | None, *, as_json: bool, where: Where) -> None:
    """A run's tree of steps; without a name, the runs here and on the cluster."""
    from pipelines import everywhere
    from pipelines.local import views

    if run is None:
        _list_runs(where, as_json=as_json)
        return
    kept = everywhere.get(run, where)
    click.echo(json.dumps(kept.document, indent=2) if as_json else views.tree(kept))


def _list_runs(where: Where, *, as_json: bool) -> None:
    from pipelines import everywhere
    from pipelines.local import views

    found = everywhere.all_of(where)
    click.echo(views.runs_json(found) if as_json else views.runs(found))


@cli.command()
@run_argument
@click.argument("node", metavar="[STEP]", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on as the run does.")
@whereabouts.options
def logs(run: str, node: str | None, *, follow: bool, where: Where) -> None:
    """What a run's steps printed: all, or those whose name contains STEP."""
    from pipelines import everywhere

    for line in everywhere.logs(run, node, where, follow=follow):
        click.echo(line)


@cli.command()
@run_argument
@whereabouts.options
def stop(run: str, *, where: Where) -> None:
    """Stop a run that is under way: its exit handler still runs."""
    from pipelines import everywhere

    click.echo(everywhere.stop(run, where))


@cli.command()
@run_argument
@options.reports
@files.options
@whereabouts.options
def report(run: str, *, reports: Path, junit: Path | None, markdown: Path | None, where: Where) -> None:
    """A run's page and raw data, fetched from the store once more."""
    from pipelines import everywhere, outcome

    brought = everywhere.report(run, where, reports=reports)
    for page in brought.told:
        click.echo(page)
    if junit or markdown:
        files.Files(junit, markdown).tell(outcome.read(brought.pages), run=run, why="its report cannot be read")


@cli.command()
@click.option("--dry-run", is_flag=True, help="Only say what is left.")
@click.option("--argo", is_flag=True, help="In the cluster, not on this machine.")
@commands.namespace_option
@options.as_json
def sweep(*, dry_run: bool, argo: bool, namespace: str | None, as_json: bool) -> None:
    """Remove what lost runs left, and say what it was."""
    from pipelines.local import session

    removed = commands.swept(namespace, dry_run=dry_run) if argo else session.sweep(dry_run=dry_run)
    click.echo(json.dumps(removed, indent=2) if as_json else "\n".join(removed or ["nothing was left"]))


@cli.command()
@click.option("--argo", is_flag=True, help="In the cluster: a Workflow of two small steps looks from inside.")
@commands.namespace_option
@click.option("--image", metavar="REF", help="With --argo: what steps run in, when it is not this code's.")
@options.as_json
def doctor(*, argo: bool, namespace: str | None, image: str | None, as_json: bool) -> None:
    """What is missing for a run, here or in the cluster, and the command that mends it."""
    from pipelines.local import doctor as checks

    findings = commands.examined(namespace, image) if argo else checks.findings()
    click.echo(checks.as_json(findings) if as_json else checks.as_text(findings))
    if not all(finding.fine for finding in findings):
        sys.exit(1)


for verb in (
    building.build,
    cluster.submit,
    cluster.watch,
    cluster.terminate,
    cluster.delete,
    confirming.confirm,
    *comparing.VERBS,
    *costs.VERBS,
    discovering.discover,
    commands.cron,
    commands.install,
    commands.uninstall,
):
    cli.add_command(verb)


if __name__ == "__main__":
    cli(prog_name="python -m pipelines")
