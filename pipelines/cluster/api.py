"""Argo, however it is reached: what the verbs need of it, and which of the two ways is taken.

The Kubernetes API is the default; Argo Server is asked when ARGO_SERVER is set, as the `argo` CLI does. Documents are Argo's own,
as dicts: models of it would drop what they do not know.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from steps.kube import Kube

Document = dict[str, Any]
Shutdown = Literal["Stop", "Terminate"]

OF_THE_LAB = "benchlab.dev/phase"  # a label that every run of ours has
RUN = "benchlab.dev/run"
PHASE = "workflows.argoproj.io/phase"
IDLE_S = 20.0  # a watch that was silent for so long is asked anew: nothing happened, or the connection is dead


@dataclass(frozen=True)
class Brief:
    """What a list of runs needs."""

    name: str
    run: str  # whose results it makes; another name when it finishes an earlier run
    created_at: datetime
    phase: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Brief:
        """From a Workflow, or its metadata alone."""
        metadata = document["metadata"]
        labels = metadata.get("labels") or {}
        phase = (document.get("status") or {}).get("phase") or labels.get(PHASE) or "Pending"
        created_at = datetime.fromisoformat(metadata["creationTimestamp"])
        return cls(metadata["name"], labels.get(RUN, metadata["name"]), created_at, phase)


class Argo(Protocol):
    """An Argo in one namespace. Every method raises ClusterError; Unreachable where another try may help."""

    namespace: str
    kube: Kube | None  # what only the Kubernetes API can do; None: it is not at hand

    @property
    def where(self) -> str:
        """What answers, for people."""
        ...

    def version(self) -> str:
        """The version of Argo; empty when it cannot be known."""
        ...

    def workflow(self, name: str) -> Document:
        """A Workflow with its nodes. Raises Absent."""
        ...

    def briefs(self) -> list[Brief]:
        """The lab's runs, the newest first."""
        ...

    def changes(self, document: Document) -> Iterator[Document]:
        """The Workflow each time it is not as it was; ends, or raises Unreachable, when the connection does."""
        ...

    def offer(self, template: Document, *, dry_run: bool) -> None:
        """Makes the WorkflowTemplate be as given."""
        ...

    def create(self, workflow: Document, *, dry_run: bool) -> Document:
        """Creates the Workflow. Raises ConflictError: there is one of that name."""
        ...

    def shut_down(self, name: str, how: Shutdown) -> None:
        """Asks a Workflow to end, with its exit handler (Stop) or without."""
        ...

    def delete(self, name: str) -> None:
        """Removes a Workflow and what it owns. Raises Absent."""
        ...

    def log(self, workflow: str, pod: str, *, since: datetime | None = None, last: int | None = None) -> list[str]:
        """What the main container of a step printed, each line with its time in front. Raises Absent: its pod is gone.

        since: only from that second on; last: only so many lines.
        """
        ...


def configured(environment: Mapping[str, str] | None = None) -> bool:
    """Whether there is anything that says where a cluster is. Nothing is sent, nothing heavy imported."""
    given = os.environ if environment is None else environment
    if given.get("ARGO_SERVER") or given.get("KUBERNETES_SERVICE_HOST"):
        return True
    files = (given.get("KUBECONFIG") or str(Path(given.get("HOME", "~")).expanduser() / ".kube" / "config")).split(os.pathsep)
    return any(Path(each).is_file() for each in files if each)


def connect(
    environment: Mapping[str, str] | None = None, *, namespace: str | None = None, certificate_authority: Path | None = None
) -> Argo:
    """Argo Server where ARGO_SERVER is set, else the cluster of the kubeconfig. Nothing is sent yet. Raises UsageError."""
    given = os.environ if environment is None else environment
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # its retries are not for people; what comes of them is told
    if given.get("ARGO_SERVER"):
        from pipelines.cluster.server import Server

        return Server.from_environment(given, namespace=namespace, certificate_authority=certificate_authority)
    from pipelines.cluster import access
    from pipelines.cluster.direct import Direct

    return Direct(access.connect(given, namespace=namespace))
