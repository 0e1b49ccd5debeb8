"""Where a run is: on this machine or on a cluster. A name is looked up here first; `@latest` is the newest of both."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steps.errors import ClusterError, UsageError

if TYPE_CHECKING:
    from pipelines.cluster.api import Argo, Brief

LATEST = "@latest"


@dataclass(frozen=True)
class Where:
    """What a call says about the place to look in."""

    only_local: bool = False
    only_argo: bool = False
    namespace: str | None = None
    certificate_authority: Path | None = None

    def argo(self) -> Argo:
        """The Argo that the environment and the call name. Raises UsageError: there is none."""
        from pipelines.cluster import api

        return api.connect(namespace=self.namespace, certificate_authority=self.certificate_authority)

    @property
    def asks_argo(self) -> bool:
        """Whether a cluster is looked at."""
        from pipelines.cluster import api

        return not self.only_local and (self.only_argo or api.configured())


@dataclass(frozen=True)
class Found:
    """A run's name, and the Argo that has it; None: this machine has."""

    name: str
    argo: Argo | None


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say where to look; the command gets them as `where`."""

    @click.option("--local", "only_local", is_flag=True, help="Only on this machine.")
    @argo_options
    @click.option("--argo", "only_argo", is_flag=True, help="Only on the cluster.")
    @functools.wraps(command)
    def with_where(*args: Any, where: Where, only_local: bool, only_argo: bool, **given: Any) -> Any:
        if only_local and only_argo:
            message = "--local and --argo exclude each other"
            raise UsageError(message)
        chosen = Where(only_local, only_argo, where.namespace, where.certificate_authority)
        return command(*args, where=chosen, **given)

    return with_where


def argo_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which Argo is meant; the command gets them as `where`."""

    @click.option("-n", "--namespace", metavar="NAME", help="Else ARGO_NAMESPACE, or that of the kubeconfig's context.")
    @click.option(
        "--certificate-authority",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The CA that signed the certificate of ARGO_SERVER.",
    )
    @functools.wraps(command)
    def with_argo(*args: Any, namespace: str | None, certificate_authority: Path | None, **given: Any) -> Any:
        return command(*args, where=Where(False, True, namespace, certificate_authority), **given)  # noqa: FBT003

    return with_argo


def find(name: str, where: Where) -> Found:
    """Which run is meant, and where it is. Raises UsageError: there is none at all; ClusterError."""
    from pipelines.local import runs

    if not where.asks_argo:
        return Found(name, None)
    if name == LATEST:
        return _latest(where)
    if not where.only_argo and name in runs.names():
        return Found(name, None)
    return Found(name, where.argo())


def _latest(where: Where) -> Found:
    here = None if where.only_argo else _newest_here()
    try:
        argo = where.argo()
        there = _newest_there(argo)
    except (ClusterError, UsageError) as error:
        if here is None:
            raise
        click.echo(f"only this machine was looked at: {error}", err=True)
        return Found(here[0], None)
    if there is not None and (here is None or there.created_at > here[1]):
        return Found(there.name, argo)
    if here is None:
        nor = "" if where.only_argo else ", nor on this machine"
        message = (
            f"there is no run in namespace {argo.namespace} of {argo.where}{nor}; "
            "start one: python -m pipelines submit gateway-comparison --quick"
        )
        raise UsageError(message)
    return Found(here[0], None)


def _newest_here() -> tuple[str, datetime] | None:
    from pipelines.local import runs

    kept = runs.all_of()
    return (kept[0].name, kept[0].status.started_at) if kept else None


def _newest_there(argo: Argo) -> Brief | None:
    from pipelines.cluster import runs

    return runs.newest(argo)
