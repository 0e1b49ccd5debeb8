"""The nodes of a run, and the status they make up: Argo's document, as values that never change.

The reducer replaces nodes; whoever watches holds a `Status`, which is a picture of one moment and safe in any thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from pipelines.local import gotext, names
from pipelines.local.spec import Inputs, Outputs, TemplateRef

Phase = Literal["Pending", "Running", "Succeeded", "Failed", "Error", "Skipped", "Omitted"]
Kind = Literal["Pod", "DAG", "Steps", "StepGroup", "TaskGroup", "Retry", "Skipped"]

FAILED: frozenset[Phase] = frozenset({"Failed", "Error"})
ENDED: frozenset[Phase] = frozenset({"Succeeded", "Failed", "Error", "Skipped", "Omitted"})


@dataclass(frozen=True, slots=True)
class Node:
    """A template that was called, or what holds several of its calls together."""

    id: str
    name: str
    display_name: str
    kind: Kind
    phase: Phase
    started_at: datetime
    template_name: str = ""
    template_ref: TemplateRef | None = None
    scope: str = ""
    boundary_id: str = ""
    message: str = ""
    finished_at: datetime | None = None
    inputs: Inputs | None = None
    outputs: Outputs | None = None
    children: tuple[str, ...] = ()
    outbound: tuple[str, ...] = ()
    retried: bool = False
    hooked: bool = False

    @property
    def fulfilled(self) -> bool:
        """Whether it is over, one way or another."""
        return self.phase in ENDED

    @property
    def failed(self) -> bool:
        """Whether it failed, or could not be run."""
        return self.phase in FAILED

    @property
    def template(self) -> str:
        """The name of its template, wherever that is."""
        return self.template_ref.template if self.template_ref else self.template_name

    def duration_s(self, now: datetime) -> float:
        """How long it took, or has been taking, in seconds."""
        return ((self.finished_at or now) - self.started_at).total_seconds()

    def as_argo(self) -> dict[str, Any]:
        """The node as it stands in a Workflow's status."""
        flag = {"retried": True} if self.retried else {}
        flag |= {"hooked": True} if self.hooked else {}
        done = 1 if self.fulfilled else 0
        fields: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "displayName": self.display_name,
            "type": self.kind,
            "templateName": self.template_name,
            "templateRef": self.template_ref.to_dict() if self.template_ref else None,
            "templateScope": self.scope,
            "phase": self.phase,
            "boundaryID": self.boundary_id,
            "message": self.message,
            "startedAt": gotext.milliseconds(self.started_at),
            "finishedAt": gotext.milliseconds(self.finished_at) if self.finished_at else None,
            "progress": f"{done}/1" if self.kind == "Pod" else None,
            "nodeFlag": flag or None,
            "inputs": self.inputs.to_dict() if self.inputs else None,
            "outputs": self.outputs.to_dict() if self.outputs else None,
            "children": list(self.children) or None,
            "outboundNodes": list(self.outbound) or None,
        }
        always = {"id", "name", "displayName", "type", "phase", "startedAt", "finishedAt"}
        return {key: value for key, value in fields.items() if value not in (None, "") or key in always}


@dataclass(frozen=True)
class Row:
    """A line of the tree."""

    depth: int
    node: Node


@dataclass(frozen=True)
class Status:
    """A run at one moment."""

    workflow: str
    phase: Phase
    message: str
    started_at: datetime
    finished_at: datetime | None
    nodes: Mapping[str, Node]  # by id, in the order in which they came
    outputs: Outputs
    at: datetime

    @property
    def fulfilled(self) -> bool:
        """Whether the run is over."""
        return self.phase in ENDED

    @property
    def succeeded(self) -> bool:
        """Whether the run is over, and well."""
        return self.phase == "Succeeded"

    @property
    def duration_s(self) -> float:
        """How long the run took, or has been taking, in seconds."""
        return ((self.finished_at or self.at) - self.started_at).total_seconds()

    @property
    def progress(self) -> tuple[int, int]:
        """How many of the steps that are known so far have ended."""
        pods = self.pods()
        return sum(node.fulfilled for node in pods), len(pods)

    def pods(self) -> tuple[Node, ...]:
        """The steps that ran, run, or are about to."""
        return tuple(node for node in self.nodes.values() if node.kind == "Pod")

    def running(self) -> tuple[Node, ...]:
        """The steps that run now."""
        return tuple(node for node in self.pods() if node.phase == "Running")

    def failures(self) -> tuple[Node, ...]:
        """The nodes that failed, in the order in which they came."""
        return tuple(node for node in self.nodes.values() if node.failed)

    def output(self, name: str) -> str | None:
        """An output parameter of the whole run (one with a globalName)."""
        return next((each.value for each in self.outputs.parameters if each.name == name), None)

    def by_name(self, name: str) -> Node | None:
        """A node by its full name."""
        return self.nodes.get(names.node_id(self.workflow, name))

    def pod_name(self, node: Node) -> str:
        """The name of a step's pod, and of its log."""
        return names.pod_name(self.workflow, node.name, node.template)

    def tree(self) -> tuple[Row, ...]:
        """The nodes as people read them: calls below what they belong to, turns and attempts below their group."""
        return tuple(self._below("", 0))

    def _below(self, parent: str, depth: int) -> Iterator[Row]:
        for node in self._children_of.get(parent, ()):
            yield Row(depth, node)
            yield from self._below(node.id, depth + 1)

    @cached_property
    def _children_of(self) -> dict[str, list[Node]]:
        groups = {
            child: node.id
            for node in self.nodes.values()
            if node.kind in {"TaskGroup", "Retry", "StepGroup"}
            for child in node.children
            if child in self.nodes and _belongs(self.nodes[child], node)
        }
        found: dict[str, list[Node]] = {}
        for node in self.nodes.values():
            found.setdefault(groups.get(node.id, node.boundary_id), []).append(node)
        return found

    def as_argo(self, *, with_nodes: bool = True) -> dict[str, Any]:
        """The part `status` of a Workflow."""
        done, known = self.progress
        found: dict[str, Any] = {
            "phase": self.phase,
            "message": self.message,
            "startedAt": gotext.milliseconds(self.started_at),
            "finishedAt": gotext.milliseconds(self.finished_at) if self.finished_at else None,
            "progress": f"{done}/{known}",
            "outputs": self.outputs.to_dict(),
        }
        return found | ({"nodes": {node.id: node.as_argo() for node in self.nodes.values()}} if with_nodes else {})


def _belongs(child: Node, group: Node) -> bool:
    """A group's children are also what follows it; only those within have its name in front."""
    return child.name.startswith((f"{group.name}(", f"{group.name}."))


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
