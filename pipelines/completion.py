"""Names that complete in the shell."""

from __future__ import annotations

import click


def names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Phases and experiments."""
    from pipelines import select

    return [name for name in select.names() if name.startswith(incomplete)]


def built(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Programs that are built from sources of ours."""
    from pipelines import building

    return [name for name in building.buildable() if name.startswith(incomplete)]


def runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """The runs of this machine; after a comma, one more of a set."""
    from pipelines.local import runs as kept

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in ("@latest", *kept.names()) if name.startswith(last)]
