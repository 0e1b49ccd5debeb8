"""Options that verbs in several modules share. Nothing heavy is imported here: `--help` answers at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

quick = click.option("--quick", is_flag=True, help="A preview: few and short repetitions, which decide nothing.")
pilot = click.option("--pilot", is_flag=True, help="An A/A run: the baseline against itself, to see the noise.")
settings = click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change a load, as in rate_rps=200.")
_PRECISION = click.option("--precision", metavar="SHARE", help="Add rounds until intervals are so narrow, as in 5%.")
_MOST_ROUNDS = click.option(
    "--most-rounds", type=click.IntRange(6, 99), metavar="N", help="The budget of --precision, in rounds: 30 unless told."
)


def precision(command: F) -> F:
    """How precise a run is to become, and what it may take: `precision` and `most_rounds`."""
    return _PRECISION(_MOST_ROUNDS(command))
