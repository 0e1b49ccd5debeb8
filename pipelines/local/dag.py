"""DAG templates: which tasks may start, and what the whole comes to."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.local import calls, outputs, scope, when
from pipelines.local.board import Origin
from pipelines.local.calls import Surroundings
from pipelines.local.depends import Result
from pipelines.local.failures import Full, NodeFailure, NotYet
from pipelines.local.manifest import Key
from pipelines.local.nodes import FAILED, Node, Phase
from pipelines.local.spec import Artifact, Call, Task, Template

if TYPE_CHECKING:
    from pipelines.local.walk import Walk

_PHASE_OF: dict[Result, Phase] = {
    "Succeeded": "Succeeded",
    "Failed": "Failed",
    "Errored": "Error",
    "Skipped": "Skipped",
    "Omitted": "Omitted",
}


def execute(walk: Walk, name: str, template: Template, key: Key, origin: Origin) -> Node:
    """Goes on with a DAG. Raises NodeFailure: an output of it cannot be made."""
    node = walk.board.get(name) or walk.board.create(name, "DAG", "Running", origin, inputs=template.inputs)
    visit = _Visit(walk, node, template, key, on_exit=origin.on_exit)
    for task in visit.graph.order:
        visit.task(task)
    phase = visit.assess()
    if phase == "Running":
        return walk.board.nodes[node.id]
    if phase == "Succeeded":
        visit.put_out()
    visit.set_outbound()
    return walk.board.mark(name, phase)


class _Visit:
    """One look at a DAG: every task that can go on, goes on."""

    def __init__(self, walk: Walk, node: Node, template: Template, key: Key, *, on_exit: bool) -> None:
        self.walk = walk
        self.board = walk.board
        self.node = node
        self.template = template
        self.scope = key[0]
        self.graph = walk.manifest.graphs[key]
        self.on_exit = on_exit
        self._tasks = {task.name: task for task in template.dag.tasks} if template.dag else {}

    def task(self, name: str) -> None:
        """Goes on with one task; those it waits for were looked at before."""
        node = self._node(name)
        if node is not None and node.fulfilled:
            return
        full_name = self._full(name)
        if node is None:
            before = [self._node(each) for each in self.graph.depends[name].tasks]
            if any(each is None or not each.fulfilled for each in before):
                return
            if not self.graph.depends[name].holds(self._came_to):
                self._create(name, "Omitted", "omitted: depends condition not met")
                return
        if full_name not in self.walk.turns and not self._unroll(name):
            return
        self._turns(name)

    def _unroll(self, name: str) -> bool:
        """Works out the turns of a task; False when there is nothing to run."""
        task = self._tasks[name]
        around = self._around(name)
        try:
            resolved = calls.resolve(task, around)
            turns = calls.unroll(resolved, around.known)
        except NodeFailure as error:
            if not (isinstance(error, NotYet) and self.walk.patient):
                self._create(name, "Error", str(error))
            return False
        if task.loops and not turns:
            self._create(name, "Skipped", "Skipped, empty params")
            return False
        self.walk.turns[self._full(name)] = turns
        if task.loops:
            self._connect(name, self._full(name))
            self.board.create(self._full(name), "TaskGroup", "Running", self._origin(task))
        return True

    def _turns(self, name: str) -> None:
        turns = self.walk.turns[self._full(name)]
        for turn in turns:
            if not self._turn(name, turn):
                return
        if self._tasks[name].loops:
            nodes = [self.board.get(self._full(turn.name)) for turn in turns]
            if all(node is not None and node.fulfilled for node in nodes):
                phases = [node.phase for node in nodes if node is not None and node.failed]
                self.board.mark(self._full(name), phases[-1] if phases else "Succeeded")

    def _turn(self, name: str, turn: Call) -> bool:
        """Goes on with one turn; False when the ones after it have to wait."""
        task, full_name = self._tasks[name], self._full(turn.name)
        origin = self._origin(task)
        node = self.board.get(full_name)
        if node is not None and node.fulfilled:
            return True
        if node is None:
            self._connect(name, full_name)
            try:
                runs = when.holds(turn.when or "")
            except NodeFailure as error:
                self.board.create(full_name, "Skipped", "Error", origin, message=str(error))
                return True
            if not runs:
                self.board.create(full_name, "Skipped", "Skipped", origin, message=f"when '{turn.when}' evaluated false")
                return True
        try:
            return self.walk.execute(full_name, turn, self.scope, turn.arguments, origin) is not None
        except Full:
            return node is not None
        except NodeFailure as error:
            self.board.mark(full_name, "Error", f"task '{full_name}' errored: {error}")
            return False

    # ---- what others came to

    def _came_to(self, name: str, result: Result) -> bool:
        node = self._node(name)
        if node is None:
            return False
        if result in _PHASE_OF:
            return node.phase == _PHASE_OF[result]
        if result == "Daemoned" or node.kind != "TaskGroup":
            return False
        phases = [self.board.nodes[each].phase for each in node.children]
        return "Succeeded" in phases if result == "AnySucceeded" else all(each == "Failed" for each in phases)

    def _around(self, name: str | None) -> Surroundings:
        """What a task can speak of: its ancestors; None: what the DAG's own outputs can, every task."""

        def node_of(other: str) -> Node | None:
            allowed = other in self._tasks if name is None else self.graph.is_before(other, name)
            return self._node(other) if allowed else None

        def template_of(other: str) -> Template:
            return self.walk.manifest.templates[self.walk.manifest.called(self._tasks[other], self.scope)]

        tasks = scope.Calls(self.board, "tasks", node_of, template_of)

        def artifact(tag: str) -> Artifact | None:
            return outputs.input_artifact(self.template, tag) or outputs.public_artifact(self.board, tag) or tasks.artifact(tag)

        own = scope.table(scope.of_inputs(self.template.inputs))
        return Surroundings(known=scope.chain(tasks, own, self.walk.known), artifact=artifact)

    # ---- the whole

    def assess(self) -> Phase:
        """The phase of the DAG: that of its targets, where an omitted one inherits what its branch came to."""
        if self.walk.shutdown and not self.on_exit:
            return "Failed"
        found: dict[str, Phase | None] = {self.board.id(self._full(each)): None for each in self.graph.targets}
        waiting: deque[tuple[str, Phase]] = deque((each, "Succeeded") for each in self.board.nodes[self.node.id].children)
        seen = set(waiting)
        while waiting:
            node_id, branch = waiting.popleft()
            node = self.board.nodes.get(node_id)
            if node is None or not node.fulfilled:
                return "Running"
            phase = branch if node.phase in {"Skipped", "Omitted"} else node.phase
            if node_id in found and found[node_id] not in FAILED:
                found[node_id] = phase
            for each in self._after(node):
                if (each, phase) not in seen:
                    seen.add((each, phase))
                    waiting.append((each, phase))
        return self._verdict(found)

    def _after(self, node: Node) -> tuple[str, ...]:
        """What follows a node; the attempts of a retried one do not count, only what follows them does."""
        if node.kind != "Retry":
            return node.children
        return tuple(after for each in reversed(node.children) for after in self.board.nodes[each].children)

    def _verdict(self, found: dict[str, Phase | None]) -> Phase:
        fail_fast = self.template.dag is None or self.template.dag.fail_fast
        verdict: Phase = "Succeeded"
        for target in self.graph.targets:
            phase = found[self.board.id(self._full(target))]
            if phase is None:
                verdict = "Running"
                if not fail_fast:
                    break
            elif phase in FAILED and not self._forgiven(target, phase):
                verdict = phase
                if fail_fast:
                    break
        return verdict

    def _forgiven(self, target: str, phase: Phase) -> bool:
        lenient = self._tasks[target].continue_on
        return lenient is not None and (lenient.failed if phase == "Failed" else lenient.error)

    def put_out(self) -> None:
        """Makes the outputs of the DAG from those of its tasks."""
        for name in self._tasks:
            node = self._node(name)
            if node is not None:
                self.board.publish(node.outputs)
        made = outputs.make(self.template, self._around(None))
        if made is not None:
            self.board.put(replace(self.board.nodes[self.node.id], outputs=made))

    def set_outbound(self) -> None:
        """What comes after the DAG follows the ends of its targets."""
        found = [self.board.outbound(node.id) for each in self.graph.targets if (node := self._node(each))]
        ends = tuple(each for some in found for each in some)
        self.board.put(replace(self.board.nodes[self.node.id], outbound=ends))

    # ---- nodes

    def _full(self, name: str) -> str:
        return f"{self.node.name}.{name}"

    def _node(self, name: str) -> Node | None:
        return self.board.get(self._full(name))

    def _origin(self, task: Task) -> Origin:
        return Origin(
            template_name=task.template or "",
            template_ref=task.template_ref,
            scope=self.scope or f"local/{self.board.workflow}",
            boundary_id=self.node.id,
            on_exit=self.on_exit,
        )

    def _create(self, name: str, phase: Phase, message: str) -> None:
        """Adds a task that does not run."""
        self.board.create(self._full(name), "Skipped", phase, self._origin(self._tasks[name]), message=message)
        self._connect(name, self._full(name))

    def _connect(self, name: str, full_name: str) -> None:
        """Lets a node follow its group, else the ends of the tasks it waited for, else the DAG."""
        group = self._node(name)
        before = self.graph.depends[name].tasks
        if group is not None and group.kind == "TaskGroup":
            self.board.connect(group.name, full_name)
        elif not before:
            self.board.connect(self.node.name, full_name)
        else:
            for each in before:
                node = self._node(each)
                for end in self.board.outbound(node.id) if node else ():
                    self.board.connect(self.board.nodes[end].name, full_name)
