"""Steps templates: groups of calls, one group after the other, the calls of a group side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.local import calls, outputs, scope, when
from pipelines.local.board import Origin
from pipelines.local.calls import Surroundings
from pipelines.local.failures import Full, NodeFailure, NotYet
from pipelines.local.manifest import Key
from pipelines.local.nodes import Node
from pipelines.local.spec import Artifact, Step, Template

if TYPE_CHECKING:
    from pipelines.local.walk import Walk


def execute(walk: Walk, name: str, template: Template, key: Key, origin: Origin) -> Node:
    """Goes on with steps. Raises NodeFailure: an output of them cannot be made."""
    node = walk.board.get(name) or walk.board.create(name, "Steps", "Running", origin, inputs=template.inputs)
    visit = _Visit(walk, node, template, key, on_exit=origin.on_exit)
    for index in range(len(template.steps)):
        group = visit.group(index)
        if not group.fulfilled:
            return walk.board.nodes[node.id]
        if group.failed:
            visit.set_outbound(index)
            return walk.board.mark(name, "Failed", group.message)
    visit.set_outbound(len(template.steps) - 1)
    visit.put_out()
    return walk.board.mark(name, "Succeeded")


def fail_last(walk: Walk, node: Node, message: str) -> None:
    """Fails the group that was being run."""
    groups = [each for each in walk.board.nodes.values() if each.boundary_id == node.id and each.kind == "StepGroup"]
    if groups and not groups[-1].fulfilled:
        walk.board.mark(groups[-1].name, "Failed", message)


class _Visit:
    """One look at a steps template."""

    def __init__(self, walk: Walk, node: Node, template: Template, key: Key, *, on_exit: bool) -> None:
        self.walk = walk
        self.board = walk.board
        self.node = node
        self.template = template
        self.scope = key[0]
        self.on_exit = on_exit

    def group(self, index: int) -> Node:
        """Goes on with one group, and starts it if the one before is over."""
        name = self._group_name(index)
        group = self.board.get(name)
        if group is None:
            group = self.board.create(name, "StepGroup", "Running", self._origin(None))
            self._connect_group(index, name)
        if group.fulfilled:
            return group
        try:
            turns = self._turns(index)
            for turn in turns:
                self._turn(name, turn)
        except NodeFailure as error:
            if isinstance(error, NotYet) and self.walk.patient:
                return self.board.nodes[group.id]
            return self.board.mark(name, "Error", str(error))
        return self._assess(name, index)

    def _turns(self, index: int) -> tuple[Step, ...]:
        name = self._group_name(index)
        if name not in self.walk.turns:
            around = self._around(index)
            resolved = [calls.resolve(step, around) for step in self.template.steps[index]]
            self.walk.turns[name] = tuple(turn for step in resolved for turn in calls.unroll(step, around.known))
        return tuple(turn for turn in self.walk.turns[name] if isinstance(turn, Step))

    def _turn(self, group: str, turn: Step) -> None:
        """Goes on with one call. Raises NodeFailure: the whole group fails with it."""
        name = f"{group}.{turn.name}"
        node = self.board.get(name)
        if node is not None and node.fulfilled:
            return
        origin = self._origin(turn)
        if node is None and not self._runs(group, name, turn, origin):
            return
        try:
            if self.walk.execute(name, turn, self.scope, turn.arguments, origin) is not None:
                self.board.connect(group, name)
        except Full:
            return
        except NodeFailure as error:
            self.board.connect(group, name)
            message = f"step group deemed errored due to child {name} error: {error}"
            raise NodeFailure(message) from error

    def _runs(self, group: str, name: str, turn: Step, origin: Origin) -> bool:
        try:
            runs = when.holds(turn.when or "")
        except NodeFailure as error:
            self.board.create(name, "Skipped", "Error", origin, message=str(error))
            self.board.connect(group, name)
            raise
        if not runs:
            self.board.create(name, "Skipped", "Skipped", origin, message=f"when '{turn.when}' evaluated false")
            self.board.connect(group, name)
        return runs

    def _assess(self, name: str, index: int) -> Node:
        group = self.board.nodes[self.board.id(name)]
        turns = {self.board.id(f"{name}.{turn.name}"): turn for turn in self._turns(index)}
        nodes = [self.board.nodes.get(each) for each in turns]
        if any(node is None or not node.fulfilled for node in nodes):
            return group
        for child in (self.board.nodes[each] for each in group.children):
            lenient = turns[child.id].continue_on
            forgiven = lenient is not None and (lenient.failed if child.phase == "Failed" else lenient.error)
            if child.failed and not forgiven:
                return self.board.mark(name, "Failed", f"child '{child.id}' failed")
        return self.board.mark(name, "Succeeded")

    def _around(self, index: int) -> Surroundings:
        """What a step can speak of: the steps of the groups before."""
        places = {step.name: at for at, group in enumerate(self.template.steps[:index]) for step in group}
        known_steps = {step.name: step for group in self.template.steps for step in group}

        def node_of(name: str) -> Node | None:
            if name not in places:
                return None
            group = self._group_name(places[name])
            return self.board.get(f"{group}.{name}") or self.board.get(group)

        def template_of(name: str) -> Template:
            return self.walk.manifest.templates[self.walk.manifest.called(known_steps[name], self.scope)]

        steps = scope.Calls(self.board, "steps", node_of, template_of)

        def artifact(tag: str) -> Artifact | None:
            return outputs.input_artifact(self.template, tag) or outputs.public_artifact(self.board, tag) or steps.artifact(tag)

        own = scope.table(scope.of_inputs(self.template.inputs))
        return Surroundings(known=scope.chain(steps, own, self.walk.known), artifact=artifact)

    def put_out(self) -> None:
        """Makes the outputs of the steps."""
        made = outputs.make(self.template, self._around(len(self.template.steps)))
        if made is not None:
            self.board.publish(made)
            self.board.put(replace(self.board.nodes[self.node.id], outputs=made))

    def set_outbound(self, index: int) -> None:
        """What comes after the steps follows the ends of the last group that was run."""
        group = self.board.nodes[self.board.id(self._group_name(index))]
        ends = tuple(each for child in group.children for each in self.board.outbound(child))
        self.board.put(replace(self.board.nodes[self.node.id], outbound=ends))

    def _connect_group(self, index: int, name: str) -> None:
        """A group follows the ends of the one before; the first follows the steps themselves."""
        if index == 0:
            self.board.connect(self.node.name, name)
            return
        before = self.board.nodes[self.board.id(self._group_name(index - 1))]
        ends = [each for child in before.children for each in self.board.outbound(child)]
        for end in ends or [before.id]:
            self.board.connect(self.board.nodes[end].name, name)

    def _group_name(self, index: int) -> str:
        return f"{self.node.name}[{index}]"

    def _origin(self, step: Step | None) -> Origin:
        return Origin(
            template_name=(step.template or "") if step else "",
            template_ref=step.template_ref if step else None,
            scope=self.scope or f"local/{self.board.workflow}",
            boundary_id=self.node.id,
            on_exit=self.on_exit,
        )
