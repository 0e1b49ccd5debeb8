"""The nodes of a run while they are being worked on, and the few things that are done to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.local import names
from pipelines.local.nodes import ENDED, Kind, Node, Phase
from pipelines.local.spec import Inputs, Outputs, Parameter, TemplateRef


@dataclass(frozen=True)
class Origin:
    """Where a node comes from: the same for a node, its turns and its attempts."""

    template_name: str = ""
    template_ref: TemplateRef | None = None
    scope: str = ""
    boundary_id: str = ""
    on_exit: bool = False  # it belongs to the exit handler, which runs even when the run is stopped
    hooked: bool = False
    retried: bool = False


class Board:
    """Nodes by id, in the order in which they came. The only state that the reducer changes."""

    def __init__(self, workflow: str, clock: Callable[[], datetime]) -> None:
        self.workflow = workflow
        self.nodes: dict[str, Node] = {}
        self.outputs = Outputs()
        self.endings = 0  # how many nodes have come to an end by the reducer's own doing
        self._clock = clock

    def id(self, name: str) -> str:
        """The id that a node of that name has."""
        return names.node_id(self.workflow, name)

    def get(self, name: str) -> Node | None:
        """The node of that name, if there is one yet."""
        return self.nodes.get(self.id(name))

    def create(
        self, name: str, kind: Kind, phase: Phase, origin: Origin, *, message: str = "", inputs: Inputs | None = None
    ) -> Node:
        """Adds a node; one that is over at once ends when it starts."""
        boundary = self.nodes.get(origin.boundary_id)
        at = self._clock()
        node = Node(
            id=self.id(name),
            name=name,
            display_name=names.display_name(name, boundary.name if boundary else None),
            kind=kind,
            phase=phase,
            started_at=at,
            template_name=origin.template_name,
            template_ref=origin.template_ref,
            scope=origin.scope,
            boundary_id=origin.boundary_id,
            message=message,
            inputs=inputs if inputs and (inputs.parameters or inputs.artifacts) else None,
            retried=origin.retried,
            hooked=origin.hooked,
        )
        self.endings += node.fulfilled
        return self.put(replace(node, finished_at=at) if node.fulfilled else node)

    def put(self, node: Node) -> Node:
        """Replaces a node."""
        self.nodes[node.id] = node
        return node

    def mark(self, name: str, phase: Phase, message: str | None = None) -> Node:
        """Sets a node's phase, and its message unless that is None."""
        node = self.nodes[self.id(name)]
        self.endings += phase in ENDED and not node.fulfilled
        node = replace(node, phase=phase, message=node.message if message is None else message)
        if node.fulfilled and node.finished_at is None:
            node = replace(node, finished_at=self._clock())
        return self.put(node)

    def connect(self, parent: str, child: str) -> None:
        """Makes one node follow another; both are named, and the child need not be there yet."""
        node = self.nodes[self.id(parent)]
        child_id = self.id(child)
        if child_id not in node.children:
            self.put(replace(node, children=(*node.children, child_id)))

    def outbound(self, node_id: str) -> tuple[str, ...]:
        """The nodes that a node ends with: what comes after it follows them."""
        node = self.nodes.get(node_id)
        if node is None:
            return ()  # a turn that waited for room when the run was stopped
        if node.kind in {"Skipped", "Pod"}:
            return (node.id,)
        if node.kind == "Retry":
            return tuple(each for each in node.children[-1:] if each in self.nodes)
        inner = node.children if node.kind == "TaskGroup" else node.outbound
        if node.kind == "TaskGroup" and not inner:
            return (node.id,)
        return tuple(found for each in inner for found in self.outbound(each))

    def last_attempt(self, node: Node) -> Node:
        """The last attempt of a retried node; any other node is its own."""
        if node.kind != "Retry" or not node.children:
            return node
        return self.nodes.get(node.children[-1], node)

    def active_pods(self) -> int:
        """How many steps run, or are about to."""
        return sum(node.kind == "Pod" and not node.fulfilled for node in self.nodes.values())

    def active_children(self, boundary_id: str, kinds: frozenset[str]) -> int:
        """How many direct members of a DAG or of steps run, or are about to."""
        return sum(node.boundary_id == boundary_id and node.kind in kinds and not node.fulfilled for node in self.nodes.values())

    def failed_children(self, boundary_id: str) -> int:
        """How many direct members of a DAG or of steps failed."""
        kinds = {"Pod", "Steps", "DAG"}
        return sum(node.boundary_id == boundary_id and node.kind in kinds and node.failed for node in self.nodes.values())

    def of_exit_handler(self, node: Node) -> bool:
        """Whether a node is the exit handler, or within it."""
        while not node.display_name.endswith(".onExit"):
            if node.boundary_id not in self.nodes:
                return False
            node = self.nodes[node.boundary_id]
        return True

    def publish(self, outputs: Outputs | None) -> None:
        """Makes what carries a globalName an output of the whole run; the last writer wins."""
        if outputs is None:
            return
        for parameter in outputs.parameters:
            if parameter.global_name:
                public = Parameter(name=parameter.global_name, value=parameter.value)
                self.outputs = self.outputs.model_copy(update={"parameters": _with(self.outputs.parameters, public)})
        for artifact in outputs.artifacts:
            if artifact.global_name:
                shared = artifact.model_copy(update={"name": artifact.global_name, "global_name": None, "path": None})
                others = tuple(each for each in self.outputs.artifacts if each.name != shared.name)
                self.outputs = self.outputs.model_copy(update={"artifacts": (*others, shared)})


def _with(parameters: tuple[Parameter, ...], new: Parameter) -> tuple[Parameter, ...]:
    if new.name not in {each.name for each in parameters}:
        return (*parameters, new)
    return tuple(new if each.name == new.name and new.value is not None else each for each in parameters)
