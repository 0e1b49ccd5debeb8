"""The command line's frame: verbs in the order in which one needs them, and every expected failure in one sentence."""

from __future__ import annotations

from typing import Any

import click

from pipelines.discovery import NAMES
from steps.errors import LabError

# Verbs that take a discovery where they take an experiment: `run discovery-weekly` is `discover run discovery-weekly`.
_OF_DISCOVERY = (["run"], ["submit"], ["compile"], ["lint"], ["cron", "create"])


class Lab(click.Group):
    """Verbs in the order in which one needs them; every expected failure is one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if any(args[: len(verb)] == verb for verb in _OF_DISCOVERY) and set(args) & set(NAMES):
            return super().resolve_command(ctx, ["discover", *args])
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LabError as error:
            click.echo(f"{ctx.invoked_subcommand}: {error}", err=True)
            ctx.exit(error.exit_status)
        except OSError as error:  # a full disk above all
            click.echo(f"{ctx.invoked_subcommand}: {error.filename or 'this machine'}: {error.strerror or error}", err=True)
            ctx.exit(1)
