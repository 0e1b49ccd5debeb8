"""The reducer: given a manifest and the nodes so far, what has to be started now, and what has to be stopped.

Nothing here waits, reads a file or starts a process. `advance` walks down from the entrypoint, creates the nodes whose time
has come and returns a `Decision`; `ended` takes in what became of a step. Called again without news it decides nothing.
The rules are those of Argo's controller (4.1), whose node trees are the tests (tests/golden/argo).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from pipelines.local import dag, ending, gotext, groups, names, prepare, retries, room, scope, substitution
from pipelines.local.board import Board, Origin
from pipelines.local.decision import Decision, Pod
from pipelines.local.ending import Shutdown
from pipelines.local.failures import Full, NodeFailure
from pipelines.local.manifest import Key, Manifest
from pipelines.local.nodes import Node, Phase, Status
from pipelines.local.spec import Arguments, Call, Outputs, RetryStrategy, Step, Task, Template
from pipelines.local.substitution import Lookup, Tag

_LATE = ("workflow.failures", "workflow.duration")  # not final before a step starts


class Walk:
    """One run of a manifest."""

    def __init__(
        self, manifest: Manifest, *, name: str, uid: str, parameters: Mapping[str, str], clock: Callable[[], datetime]
    ) -> None:
        self.manifest = manifest
        self.board = Board(name, clock)
        self.clock = clock
        self.shutdown: Shutdown = ""
        self.phase: Phase = "Running"
        self.message = ""
        self.started_at = clock()
        self.finished_at: datetime | None = None
        self.prepared: dict[str, Template] = {}  # by node: worked out once, and again after nothing
        self.keys: dict[str, Key] = {}
        self.turns: dict[str, tuple[Call, ...]] = {}
        self.arguments = _arguments(manifest, parameters)
        self._fixed = scope.of_workflow(manifest, name=name, uid=uid, started_at=self.started_at, parameters=dict(parameters))
        self.arguments = substitution.fill(self.arguments, scope.table(self._fixed))
        self._status: Phase = "Running"
        self._outside = ""
        self._failures: str | None = None  # as the exit handler was told them in this advance
        self.patient = True  # whether a tag without a value may still get one
        self._starts: list[Pod] = []
        self._wake_at: datetime | None = None

    # ---- what comes in and what goes out

    def advance(self) -> Decision:
        """Goes as far as it can. Changes the board."""
        self._starts, self._wake_at, self.patient, self._failures = [], None, True, None
        stops = ending.to_stop(self)
        ending.close_retries(self)
        self._go_on()
        if self._stuck():
            # Argo would look again for ever; here whatever cannot be resolved any more fails.
            self.patient = False
            self._go_on()
            if self._stuck():
                self._end("Error", "nothing is left to do, and yet the run is not over")
        deadline = ending.deadline(self)
        if deadline and self.finished_at is None and not ending.past_deadline(self):
            self.wake_at(deadline)
        return Decision(start=tuple(self._starts), stop=stops, wake_at=self._wake_at)

    def _go_on(self) -> None:
        """Walks until nothing changes: an ending may make room for a node that was looked at before it."""
        before = -1
        while self.finished_at is None and self.board.endings != before:
            before = self.board.endings
            self._workflow()

    def _stuck(self) -> bool:
        return self.finished_at is None and self._wake_at is None and not self.board.active_pods()

    def running(self, node_id: str, at: datetime) -> None:
        """A step has started."""
        node = self.board.nodes[node_id]
        if not node.fulfilled:
            self.board.put(replace(node, phase="Running", started_at=min(node.started_at, at)))

    def ended(self, node_id: str, *, phase: Phase, message: str, outputs: Outputs | None, at: datetime) -> None:
        """A step is over."""
        node = self.board.nodes[node_id]
        self.board.put(replace(node, phase=phase, message=message, outputs=outputs, finished_at=at))
        self.board.publish(outputs)

    def fail(self, why: str) -> None:
        """Ends the run because of something outside of it: as a stop does, and as an Error with that message."""
        self._outside = why
        self.shutdown = self.shutdown or "Stop"

    def status(self) -> Status:
        """The run at this moment."""
        return Status(
            workflow=self.board.workflow,
            phase=self.phase,
            message=self.message,
            started_at=self.started_at,
            finished_at=self.finished_at,
            nodes=dict(self.board.nodes),
            outputs=self.board.outputs,
            at=self.clock(),
        )

    def wake_at(self, at: datetime) -> None:
        """Asks to be called again at that time."""
        self._wake_at = at if self._wake_at is None else min(self._wake_at, at)

    def known(self, tag: str) -> str | Tag:
        """What the workflow knows about itself."""
        if tag == "workflow.status":
            return self._status
        if tag == "workflow.failures":
            return self._failures or scope.failures(self.board)
        if tag == "workflow.duration":
            return f"{(self.clock() - self.started_at).total_seconds():f}"
        if tag.startswith("workflow.outputs.parameters."):
            name = tag.removeprefix("workflow.outputs.parameters.")
            return next((each.value for each in self.board.outputs.parameters if each.name == name and each.value), Tag.UNKNOWN)
        return self._fixed.get(tag, Tag.UNKNOWN)

    # ---- the workflow

    def _workflow(self) -> None:
        root = self._entry(self.manifest.spec.entrypoint or "", self.board.workflow, Origin(), "entry template")
        if root is None or not root.fulfilled:
            return
        self._status = _as_workflow(root.phase)
        if ending.to_stop(self):
            # On a cluster the exit handler starts while stopped pods are still ending. Here it would tear down under the
            # hands of a step that is deploying, so it waits for their processes.
            return
        # Told once: what an ending brings down with it in the same advance is news of the next, as in Argo.
        self._failures = self._failures or scope.failures(self.board)
        handler = None
        name = names.exit_name(self.board.workflow)
        if self.manifest.spec.on_exit and (self.shutdown != "Terminate" or self.board.get(name)):
            handler = self._entry(self.manifest.spec.on_exit, name, Origin(on_exit=True, hooked=True), "exit template")
            if handler is None or not handler.fulfilled:
                return
        self._finish(root, handler)

    def _entry(self, template: str, name: str, origin: Origin, what: str) -> Node | None:
        try:
            return self.execute(name, template, "", self.arguments, replace(origin, template_name=template))
        except Full:
            return None
        except NodeFailure as error:
            space = " " if what == "exit template" else ""
            self._end("Error", f"error in {what} execution{space}: {error}")
            return None

    def _finish(self, root: Node, handler: Node | None) -> None:
        if self._status == "Succeeded" and handler is not None and handler.failed:
            self._end(handler.phase, handler.message)
        elif root.failed and self.shutdown:
            self._end(root.phase, f"Stopped with strategy '{self.shutdown}'")
        else:
            self._end(_as_workflow(root.phase), root.message)

    def _end(self, phase: Phase, message: str) -> None:
        self.phase = "Error" if self._outside else phase
        self.message = self._outside or message
        self.finished_at = self.clock()

    # ---- templates

    def execute(self, name: str, call: Call | str, from_scope: str, arguments: Arguments, origin: Origin) -> Node | None:
        """Goes on with a node, and creates it if its time has come.

        Raises NodeFailure: it cannot be; Full: not yet.
        """
        key = self.manifest.called(call, from_scope)
        node = self.board.get(name)
        if node is not None and node.fulfilled:
            return node
        template = self._prepare(name, key, call, arguments, origin)
        room.check(self, template, node, origin)
        strategy = template.retry_strategy or (self.manifest.spec.retry_strategy if template.container else None)
        if strategy is not None:
            return self._retry(name, template, key, strategy, origin)
        return self.dispatch(name, template, key, origin)

    def dispatch(self, name: str, template: Template, key: Key, origin: Origin) -> Node:
        """Goes on with a template whose inputs are known. Raises NodeFailure after marking the node."""
        self.keys[name] = key
        try:
            if template.dag is not None:
                return dag.execute(self, name, template, key, origin)
            if template.steps:
                return groups.execute(self, name, template, key, origin)
            return self._container(name, template, origin)
        except NodeFailure as error:
            if self.board.get(name):
                self.board.mark(name, "Error", str(error))
            raise

    def _prepare(self, name: str, key: Key, call: Call | str, arguments: Arguments, origin: Origin) -> Template:
        if name in self.prepared:
            return self.prepared[name]
        raw = self.manifest.templates[key]
        local = {"node.name": name}
        if isinstance(call, Task):
            local["tasks.name"] = call.name
        if isinstance(call, Step):
            local["steps.name"] = call.name
        if raw.container and not raw.retry_strategy and not self.manifest.spec.retry_strategy:
            local["pod.name"] = names.pod_name(self.board.workflow, name, raw.name)
        known = scope.chain(scope.table(local), self.known if raw.container else scope.without(self.known, *_LATE))
        try:
            self.prepared[name] = prepare.template(raw, arguments, known)
        except NodeFailure as error:
            if self.board.get(name) is None:
                self.board.create(name, "Skipped", "Error", origin, message=str(error))
            raise
        return self.prepared[name]

    def _retry(self, name: str, template: Template, key: Key, strategy: RetryStrategy, origin: Origin) -> Node:
        node = self.board.get(name) or self.board.create(name, "Retry", "Running", origin, inputs=template.inputs)
        while True:
            attempt = retries.next_attempt(self, node, strategy)
            if attempt is None:
                return self.board.nodes[node.id]
            child = f"{name}({attempt})"
            self.board.connect(name, child)
            if child not in self.prepared:
                known: Lookup = scope.chain(scope.table(retries.tags(self.board, node, template, attempt)), self.known)
                self.prepared[child] = substitution.fill(template, known)
            try:
                child_node = self.dispatch(child, self.prepared[child], key, replace(origin, retried=True))
            except NodeFailure:
                if strategy.retry_policy == "OnFailure":
                    raise
                child_node = self.board.nodes[self.board.id(child)]
            if not child_node.fulfilled:
                return self.board.nodes[node.id]
            node = self.board.nodes[node.id]

    def _container(self, name: str, template: Template, origin: Origin) -> Node:
        node = self.board.get(name)
        if node is not None:
            return node
        node = self.board.create(name, "Pod", "Pending", origin, inputs=template.inputs)
        if not ending.may_start(self, on_exit=origin.on_exit):
            return self.board.mark(name, "Failed", f"workflow shutdown with strategy: {self.shutdown}")
        if ending.past_deadline(self) and not origin.on_exit:
            return self.board.mark(name, "Failed", "Step exceeded its deadline")
        pod = names.pod_name(self.board.workflow, name, template.name)
        deadline_s = _deadline_s(name, template)
        self._starts.append(Pod(node.id, pod, template, self._result_is_read(name, origin), deadline_s))
        return node

    def _result_is_read(self, name: str, origin: Origin) -> bool:
        """Whether the DAG or the steps around a step speak of what it prints."""
        boundary = self.board.nodes.get(origin.boundary_id)
        return boundary is not None and names.task_of(name) in self.manifest.results_read[self.keys[boundary.name]]


def _arguments(manifest: Manifest, parameters: Mapping[str, str]) -> Arguments:
    """The workflow's own arguments, with the values that this run was given."""
    own = manifest.spec.arguments
    return own.model_copy(
        update={
            "parameters": tuple(
                each.model_copy(update={"value": parameters.get(each.name, each.value)}) for each in own.parameters
            )
        }
    )


def _as_workflow(phase: Phase) -> Phase:
    """A workflow is never skipped or omitted: it succeeded then."""
    return "Succeeded" if phase in {"Skipped", "Omitted"} else phase


def _deadline_s(name: str, template: Template) -> float | None:
    """The tighter of a step's two limits, in seconds."""
    try:
        limits = [gotext.seconds(each) for each in (template.active_deadline_seconds, template.timeout) if each]
    except ValueError as error:
        message = f"{name}: {error}"
        raise NodeFailure(message) from error
    return min(limits, default=None)
