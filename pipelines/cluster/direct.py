"""Argo through the Kubernetes API: its objects are all there is to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from pipelines.cluster.api import IDLE_S, OF_THE_LAB, Brief, Document, Shutdown
from pipelines.cluster.compressed import opened
from steps.errors import ClusterError
from steps.kube import KINDS, Kube
from steps.refusals import Absent, Unreachable

_WORKFLOWS, _TEMPLATES, _PODS = KINDS["Workflow"], KINDS["WorkflowTemplate"], KINDS["Pod"]
_PAGE = 500  # names of a list's page
_GONE = 410


class Direct:
    """One namespace of a cluster that has Argo in it."""

    def __init__(self, kube: Kube) -> None:
        self.kube: Kube | None = kube
        self._kube = kube
        self.namespace = kube.namespace

    @property
    def where(self) -> str:
        return self._kube.where

    def version(self) -> str:
        """Unknown: the controller may run anywhere, and its objects do not say. Raises Absent: there is no Argo at all."""
        self._kube.call("GET", f"/apis/{_WORKFLOWS.version}")
        return ""

    def workflow(self, name: str) -> Document:
        return opened(self._kube.call("GET", _WORKFLOWS.path(self.namespace, name)))

    def briefs(self) -> list[Brief]:
        found: list[Brief] = []
        more = ""
        while True:
            page = self._page(more)
            found += [Brief.of(each) for each in page.get("items") or ()]
            more = (page.get("metadata") or {}).get("continue") or ""
            if not more:
                return sorted(found, key=lambda each: each.created_at, reverse=True)

    def _page(self, more: str) -> Document:
        """Names and labels alone: whole Workflows are up to a megabyte each."""
        query = {"labelSelector": OF_THE_LAB, "limit": str(_PAGE)} | ({"continue": more} if more else {})
        only_metadata = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        return self._kube.call("GET", _WORKFLOWS.path(self.namespace), query=query, accept=only_metadata)

    def changes(self, document: Document) -> Iterator[Document]:
        metadata = document["metadata"]
        query = {
            "watch": "true",
            "fieldSelector": f"metadata.name={metadata['name']}",
            "resourceVersion": metadata["resourceVersion"],
            "timeoutSeconds": "3600",
        }
        for line in self._kube.lines(_WORKFLOWS.path(self.namespace), query=query, idle_s=IDLE_S):
            yield self._changed(json.loads(line), metadata["name"])

    def _changed(self, event: Document, name: str) -> Document:
        kind, found = event["type"], event["object"]
        if kind == "DELETED":
            message = f"run {name} was deleted"
            raise Absent(message)
        if kind == "ERROR":
            # 410 means that the version asked for is too old to go on from: the run is read anew.
            said = str(found.get("message", "no reason given"))
            raise Unreachable(said) if found.get("code", _GONE) in {_GONE, 500, 504} else ClusterError(f"{self.where}: {said}")
        return opened(found)

    def offer(self, template: Document, *, dry_run: bool) -> None:
        # By force: whoever installed an older one, by whatever means, meant this one.
        self._kube.apply(template, force=True, dry_run=dry_run)

    def create(self, workflow: Document, *, dry_run: bool) -> Document:
        query = {"fieldManager": "benchlab", "fieldValidation": "Strict"} | ({"dryRun": "All"} if dry_run else {})
        return self._kube.call("POST", _WORKFLOWS.path(self.namespace), query=query, body=workflow)

    def shut_down(self, name: str, how: Shutdown) -> None:
        self._kube.patch("Workflow", name, {"spec": {"shutdown": how}})

    def delete(self, name: str) -> None:
        if not self._kube.delete("Workflow", name):
            message = f"there is no run {name} to delete"
            raise Absent(message)

    def log(self, workflow: str, pod: str, *, since: datetime | None = None, last: int | None = None) -> list[str]:  # noqa: ARG002
        query = {"container": "main", "timestamps": "true"}
        query |= {"sinceTime": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"} if since else {}
        query |= {"tailLines": str(last)} if last else {}
        return self._kube.text(f"{_PODS.path(self.namespace, pod)}/log", query=query).splitlines()
