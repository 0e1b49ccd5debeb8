"""The status of a run as text and back: a Workflow as Argo would show it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pipelines.local import gotext
from pipelines.local.manifest import Manifest
from pipelines.local.nodes import Node, Status
from pipelines.local.spec import Inputs, Outputs, TemplateRef


class Writer:
    """Writes the status of one run again and again; a node that did not change is not turned into text twice."""

    def __init__(self, manifest: Manifest, *, uid: str, created_at: datetime) -> None:
        workflow = next(each for each in manifest.documents if each.get("kind") == "Workflow")
        self._head = {key: value for key, value in workflow.items() if key != "status"}
        self._uid = uid
        self._created_at = gotext.rfc3339(created_at)
        self._texts: dict[str, tuple[Node, str]] = {}
        self._before = ""

    def text(self, status: Status) -> str:
        """The whole document."""
        if not self._before:
            metadata = self._head.get("metadata", {}) | {
                "name": status.workflow,
                "uid": self._uid,
                "creationTimestamp": self._created_at,
            }
            self._before = json.dumps(self._head | {"metadata": metadata})[:-1]
        whole = status.as_argo(with_nodes=False)
        head = json.dumps(whole)[:-1]
        nodes = ", ".join(self._node(each) for each in status.nodes.values())
        return f'{self._before}, "status": {head}, "nodes": {{{nodes}}}}}}}\n'

    def _node(self, node: Node) -> str:
        known = self._texts.get(node.id)
        if known is None or known[0] is not node:
            known = (node, f"{json.dumps(node.id)}: {json.dumps(node.as_argo())}")
            self._texts[node.id] = known
        return known[1]


def read(document: Mapping[str, Any], name: str) -> Status:
    """The status in a Workflow's document, Argo's own included."""
    raw = document.get("status") or {}
    nodes = {key: _node(each) for key, each in (raw.get("nodes") or {}).items()}
    started_at = _time(raw.get("startedAt")) or datetime.now(UTC)
    finished_at = _time(raw.get("finishedAt"))
    ends = [each.finished_at or each.started_at for each in nodes.values()]
    return Status(
        workflow=(document.get("metadata") or {}).get("name", name),
        phase=raw.get("phase") or "Pending",
        message=raw.get("message") or "",
        started_at=started_at,
        finished_at=finished_at,
        nodes=nodes,
        outputs=_outputs(raw.get("outputs")),
        at=finished_at or max([started_at, *ends]),
    )


def _node(raw: Mapping[str, Any]) -> Node:
    flag = raw.get("nodeFlag") or {}
    reference = raw.get("templateRef")
    return Node(
        id=raw["id"],
        name=raw["name"],
        display_name=raw.get("displayName", raw["name"]),
        kind=raw["type"],
        phase=raw.get("phase") or "Pending",
        started_at=_time(raw.get("startedAt")) or datetime.now(UTC),
        template_name=raw.get("templateName", ""),
        template_ref=TemplateRef.model_validate(reference) if reference else None,
        scope=raw.get("templateScope", ""),
        boundary_id=raw.get("boundaryID", ""),
        message=raw.get("message") or "",
        finished_at=_time(raw.get("finishedAt")),
        inputs=Inputs.model_construct(parameters=_outputs(raw["inputs"]).parameters) if raw.get("inputs") else None,
        outputs=_outputs(raw["outputs"]) if raw.get("outputs") else None,
        children=tuple(raw.get("children") or ()),
        outbound=tuple(raw.get("outboundNodes") or ()),
        retried=bool(flag.get("retried")),
        hooked=bool(flag.get("hooked")),
    )


def _outputs(raw: Mapping[str, Any] | None) -> Outputs:
    """What is asked for later: values. Artifacts of a real cluster carry more than we have names for; they are left out."""
    found = raw or {}
    parameters = [{key: each[key] for key in ("name", "value") if key in each} for each in found.get("parameters") or ()]
    return Outputs.model_validate({"parameters": parameters, "result": found.get("result"), "exitCode": found.get("exitCode")})


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
