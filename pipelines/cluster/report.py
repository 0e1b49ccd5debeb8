"""Brings a run's page and data from the store to this machine.

The store is the one that the environment names (BENCHLAB_S3_BUCKET …); else the one of the secret that the steps use, reached
directly or, where only the cluster can, by a port-forward; else, with nothing but an Argo Server, the page comes as the artifact
that the report step left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pipelines import pages, secret
from pipelines.closing import OVERVIEW
from pipelines.cluster import forward, runs
from pipelines.cluster.api import Argo, Document
from pipelines.cluster.server import Server
from pipelines.local.nodes import Node
from steps.errors import ClusterError, UsageError
from steps.kube import Kube
from steps.model import Experiment
from steps.store import Store


def bring(api: Argo, document: Document, *, reports: Path) -> pages.Brought:
    """The pages of a run, one for each experiment, with the data beside them. Raises UsageError, StoreError, ClusterError."""
    run, experiments = runs.run_of(document), runs.experiments_of(document)
    if isinstance(api, Server) and not os.environ.get("BENCHLAB_S3_BUCKET"):
        return _from_artifacts(api, document, experiments, reports=reports / run)
    with store(api) as found:
        brought = pages.bring_all(found, experiments, run, reports=reports)
    if not brought.pages:
        message = f"run {run} has no report of {', '.join(brought.without)} yet: `get {run}` says how far it came"
        raise UsageError(message)
    return brought


def left(api: Argo, document: Document) -> list[str]:
    """What a retry would make. Raises UsageError, StoreError, ClusterError."""
    with store(api) as found:
        return pages.left(found, runs.experiments_of(document), runs.run_of(document))


@contextmanager
def store(api: Argo) -> Iterator[Store]:
    """The store of a cluster's runs, as it is reached from here. Raises UsageError, ClusterError."""
    if api.kube is None and not os.environ.get("BENCHLAB_S3_BUCKET"):
        message = f"{api.where} gives no way to the store: name it in BENCHLAB_S3_BUCKET and AWS_ENDPOINT_URL"
        raise UsageError(message)
    with store_of(api.kube) as found:
        yield found


@contextmanager
def store_of(kube: Kube | None) -> Iterator[Store]:
    """The store that the environment names, else that of the lab in this namespace. Raises UsageError, ClusterError."""
    if kube is None or os.environ.get("BENCHLAB_S3_BUCKET"):
        yield Store.from_environment()
        return
    with _reachable(kube, settings_of(kube)) as reachable:
        yield Store.from_environment(reachable)


def settings_of(kube: Kube) -> dict[str, str]:
    """The store's settings, from the secret that the steps use. Raises UsageError, ClusterError."""
    import base64

    found = kube.get("Secret", secret.NAME)
    if found is None:
        message = (
            f"there is no secret {secret.NAME} in namespace {kube.namespace} that says where the store is: "
            "run `python -m pipelines install`, or name the store in BENCHLAB_S3_BUCKET and AWS_ENDPOINT_URL"
        )
        raise UsageError(message)
    data: Mapping[str, str] = found.get("data") or {}
    return {name: base64.b64decode(data[key]).decode() for name, key, _ in secret.SETTINGS if data.get(key)}


@contextmanager
def _reachable(kube: Kube, settings: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The settings with an endpoint that leads to the store from here."""
    address = urlsplit(settings.get("AWS_ENDPOINT_URL", ""))
    service, namespace = inside(address.hostname or "", kube.namespace)
    if service is None:
        yield settings
        return
    where = kube.into(namespace)
    port = address.port or (443 if address.scheme == "https" else 80)
    pod, target = forward.pod_behind(where, service, port)
    with forward.opened(where, pod, target) as here:
        yield {**settings, "AWS_ENDPOINT_URL": f"{address.scheme}://127.0.0.1:{here}", "BENCHLAB_S3_ADDRESSING": "path"}


def inside(host: str, namespace: str) -> tuple[str | None, str]:
    """The Service and namespace of a host name that only the cluster knows; None: the whole world may know it."""
    parts = host.split(".")
    if len(parts) == 1 and host and host != "localhost":
        return host, namespace
    if len(parts) == 2 or parts[2:3] == ["svc"]:
        return parts[0], parts[1]
    return None, namespace


# The steps that hand a page and its data to Argo, as artifacts.
REPORTING = ("report", "review", OVERVIEW)


def _from_artifacts(api: Server, document: Document, experiments: Sequence[Experiment], *, reports: Path) -> pages.Brought:
    """The pages and their data alone, as the steps that made them handed them to Argo."""
    status = runs.status_of(document)
    made = {_folder_of(node, experiments): node for node in status.pods() if node.template in REPORTING and node.fulfilled}
    if not made:
        message = f"run {runs.run_of(document)} has no report yet: `get {status.workflow}` says how far it came"
        raise UsageError(message)
    found = {folder: _artifacts(api, status.workflow, node, reports / folder) for folder, node in made.items()}
    overview = found.pop("", None) if len(experiments) > 1 else None
    return pages.Brought(list(found.values()), overview)


def _folder_of(node: Node, experiments: Sequence[Experiment]) -> str:
    """Where a step's page goes: of a phase, to the folder of its experiment, whose task is in the step's name."""
    named = (each.name for each in experiments if f".{each.name}." in node.name)
    return next(named, "") if len(experiments) > 1 else ""


def _artifacts(api: Server, workflow: str, node: Node, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for artifact, name in (("page", "index.html"), ("json", "report.json")):
            (folder / name).write_bytes(api.artifact(workflow, node.id, artifact))
    except ClusterError as error:
        message = f"{api.where} does not hand out the report ({error}): name the store in BENCHLAB_S3_BUCKET and AWS_ENDPOINT_URL"
        raise ClusterError(message) from error
    return folder / "index.html"
