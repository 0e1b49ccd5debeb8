"""Options that verbs in several modules share. Nothing heavy is imported here: `--help` answers at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

quick = click.option("--quick", is_flag=True, help="A preview: few and short repetitions, which decide nothing.")
pilot = click.option("--pilot", is_flag=True, help="An A/A run: the baseline against itself, to see the noise.")
settings = click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change a load, as in rate_rps=200.")
reports = click.option(
    "--reports", type=click.Path(path_type=Path), default=Path("reports"), show_default=True, help="Where pages go."
)
as_json = click.option("--json", "as_json", is_flag=True, help="For programs.")
image = click.option("--image", metavar="REF", help="What steps run in; else the one that `make images` builds from this code.")
dry_run = click.option("--dry-run", is_flag=True, help="Only say what would be done.")
_PRECISION = click.option("--precision", metavar="SHARE", help="Add rounds until intervals are so narrow, as in 5%.")
_MOST_ROUNDS = click.option(
    "--most-rounds", type=click.IntRange(6, 99), metavar="N", help="The budget of --precision, in rounds: 30 unless told."
)


def precision(command: F) -> F:
    """How precise a run is to become, and what it may take: `precision` and `most_rounds`."""
    return _PRECISION(_MOST_ROUNDS(command))
