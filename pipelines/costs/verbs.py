"""The verbs about money: prices and cost. `pipelines.__main__` puts them beside the others."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from pipelines import completion, options, whereabouts
from pipelines.whereabouts import Where
from steps.errors import UsageError

# Nothing heavy is imported up here: `--help` answers at once.

prices_option = click.option(
    "--prices", "book", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="A price book of your own."
)


def _providers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    from steps.costs.book import load

    return [name for name in load().providers if name.startswith(incomplete)]


@click.group()
def prices() -> None:
    """The price book: what CPU, memory, machines, storage and traffic cost, since when, and who says so."""


@prices.command("list")
@prices_option
@options.as_json
def list_(*, book: Path | None, as_json: bool) -> None:
    """Where there are prices, and what CPU and memory cost there."""
    from pipelines.costs import text
    from steps.costs.book import load

    found = load(book)
    click.echo(found.to_json() if as_json else text.book(found), nl=not as_json)


@prices.command()
@click.argument("provider", shell_complete=_providers)
@click.argument("region", required=False)
@prices_option
@options.as_json
def show(provider: str, region: str | None, *, book: Path | None, as_json: bool) -> None:
    """Every price of a provider, with its date and source."""
    from pipelines.costs import text
    from steps.costs.book import load

    found = load(book)
    rows = [price for price in found.prices if price.provider == provider and region in {None, price.region}]
    if not rows:
        message = f"there are no prices of {provider} {region or ''}".rstrip() + f"; there are {', '.join(found.providers)}"
        raise UsageError(message)
    plain = [price.model_dump(mode="json") for price in rows]
    click.echo(json.dumps(plain, indent=2) if as_json else text.prices(rows))


@prices.command()
@prices_option
@options.as_json
def check(*, book: Path | None, as_json: bool) -> None:
    """What does not fit in a price book (exit status 2), and what is doubtful."""
    from datetime import UTC, datetime

    from steps.costs import checks
    from steps.costs.book import load

    found, today = load(book), datetime.now(UTC).date()
    wrong = [*checks.errors(found), *checks.not_yet(found, today=today)]
    doubts = checks.old(found.prices, today=today)
    if as_json:
        click.echo(json.dumps({"errors": wrong, "doubts": doubts}, indent=2))
    else:
        click.echo("\n".join([*wrong, *doubts, f"{len(found.prices)} prices" + ("" if wrong else " fit")]))
    if wrong:
        sys.exit(UsageError.exit_status)


@click.command()
@click.argument("run", metavar="RUN", default="@latest", shell_complete=completion.runs)
@click.option("--provider", metavar="NAME", help="Only there; else a table over all.", shell_complete=_providers)
@click.option("--region", metavar="NAME", help="With --provider; else its first in the price book.")
@click.option("--spot", is_flag=True, help="With --provider: at what was paid on the spot market.")
@click.option("--replicas", type=click.IntRange(1, 10_000), default=1, show_default=True, help="How many share the load.")
@click.option(
    "--traffic",
    type=click.Choice(["internet", "region", "zone"]),
    help="With --provider: answers go to the internet, to another region or zone, and are billed for it.",
)
@click.option("--break-even", nargs=2, metavar="ONE OTHER", help="The rate at which two contenders cost the same.")
@click.option("--experiment", metavar="NAME", help="Which one, of a run of a whole phase.", shell_complete=completion.names)
@prices_option
@options.as_json
@whereabouts.options
def cost(
    run: str,
    *,
    provider: str | None,
    region: str | None,
    spot: bool,
    replicas: int,
    traffic: str | None,
    break_even: tuple[str, str] | None,
    experiment: str | None,
    book: Path | None,
    as_json: bool,
    where: Where,
) -> None:
    """A stored run's cost at any prices; what was measured stays. A run is a name or a report's folder."""
    from pipelines.costs import stored, text
    from steps.costs.rates import Choice

    if provider is None and (region or spot or traffic):
        message = "--region, --spot and --traffic go with --provider, as in --provider gcp --region europe-west1 --spot"
        raise UsageError(message)
    report = stored.report_of(run, where, experiment=experiment)
    choices = [Choice(provider, region, spot, replicas, traffic)] if provider else []
    found = stored.priced(report, choices, book=book, replicas=replicas)
    pair = stored.pair_of(found[0], break_even) if break_even else None
    if as_json:
        click.echo(json.dumps([costs.model_dump(mode="json") for costs in found], indent=2))
    else:
        click.echo(text.costs(report, found, pair=pair))


VERBS = (cost, prices)
