"""The verbs that look at several runs: compare and history. `pipelines.__main__` puts them beside the others."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pipelines import completion, options, whereabouts
from pipelines.comparing.files import Files
from pipelines.comparing.files import options as file_options
from pipelines.whereabouts import Where
from steps.errors import UsageError

# Nothing heavy is imported up here: `--help` answers at once.

WORSE, CANNOT_TELL = 3, 4

despite_option = click.option("--despite", multiple=True, metavar="KEY", help="Let a difference pass, as in kernel; it is told.")
band_option = click.option(
    "--band", metavar="SHARE", help="What is no difference that matters, as in 5%; else the experiment's own."
)
gate_option = click.option("--gate", is_flag=True, help="Exit status 3 when something is worse, 4 when nothing can be told.")


@click.command()
@click.argument("before", metavar="BEFORE[,…]", shell_complete=completion.runs)
@click.argument("after", metavar="AFTER[,…]", shell_complete=completion.runs)
@despite_option
@click.option("--experiment", metavar="NAME", help="Which one, of runs of a whole phase.", shell_complete=completion.names)
@band_option
@gate_option
@file_options
@options.as_json
@whereabouts.options
def compare(
    before: str,
    after: str,
    *,
    despite: tuple[str, ...],
    experiment: str | None,
    band: str | None,
    gate: bool,
    junit: Path | None,
    markdown: Path | None,
    as_json: bool,
    where: Where,
) -> None:
    """Two runs, or two sets of runs: what is worse now, by how much, how surely. A run is a name or a report's folder."""
    from pipelines.comparing import library, text
    from steps.model import ChangeVerdict
    from steps.statistics import comparing

    share = share_of(band)
    with library.opened(where, experiment) as shelf:
        found = comparing.compare(shelf.runs(before), shelf.runs(after), despite=despite, band=share)
    click.echo(found.to_json() if as_json else text.comparison(found), nl=not as_json)
    Files(junit, markdown).tell_comparison(found)
    if gate and found.of(ChangeVerdict.WORSE):
        sys.exit(WORSE)
    if gate and found.blind:
        sys.exit(CANNOT_TELL)


@click.command()
@click.argument("what", metavar="EXPERIMENT", shell_complete=completion.names)
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Only this one, as in p50_ms.")
@click.option("--contender", "contenders", multiple=True, metavar="NAME", help="Only this one.")
@click.option("--since", metavar="RUN", help="Begin with this run: what came before is accepted.")
@click.option("--reports", type=click.Path(path_type=Path), metavar="FOLDER", help="The runs in a folder, not in the store.")
@despite_option
@band_option
@gate_option
@options.as_json
@whereabouts.options
def history(
    what: str,
    *,
    metrics: tuple[str, ...],
    contenders: tuple[str, ...],
    since: str | None,
    reports: Path | None,
    despite: tuple[str, ...],
    band: str | None,
    gate: bool,
    as_json: bool,
    where: Where,
) -> None:
    """An experiment's sealed runs in the order of time: where a level changed, since when, for better or worse."""
    from pipelines.comparing import text, timeline

    found, headline = timeline.of(
        what, where, reports=reports, metrics=metrics, contenders=contenders, since=since, despite=despite, band=share_of(band)
    )
    click.echo(found.to_json() if as_json else text.history(found, shown=metrics or headline), nl=not as_json)
    if gate and found.worse:
        sys.exit(WORSE)
    if gate and not timeline.long_enough(found):
        sys.exit(CANNOT_TELL)


def share_of(text: str | None) -> float | None:
    """`5%`, or `0.05`; None: nothing was said. Raises UsageError: it is no share between 0 and 1."""
    if text is None:
        return None
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        message = f"--band {text}: write a share between 0 and 1, as 5% or 0.05"
        raise UsageError(message)
    return share


VERBS = (compare, history)
