"""What a tag stands for: things of the workflow, of a template's inputs, and of the tasks that came before."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from pipelines.local import gotext, items, names
from pipelines.local.board import Board
from pipelines.local.failures import Unresolved
from pipelines.local.manifest import Manifest
from pipelines.local.nodes import Node
from pipelines.local.spec import Artifact, Inputs, Outputs, Template
from pipelines.local.substitution import Lookup, Tag


def chain(*lookups: Lookup) -> Lookup:
    """Asks one after the other; the first that knows the tag answers."""

    def look(tag: str) -> str | Tag:
        for lookup in lookups:
            found = lookup(tag)
            if found is not Tag.UNKNOWN:
                return found
        return Tag.UNKNOWN

    return look


def table(values: Mapping[str, str]) -> Lookup:
    """Knows what is in a table."""
    return lambda tag: values.get(tag, Tag.UNKNOWN)


def without(lookup: Lookup, *tags: str) -> Lookup:
    """Leaves tags for later whose value is not final yet."""
    return lambda tag: Tag.UNKNOWN if tag in tags else lookup(tag)


def of_workflow(
    manifest: Manifest, *, name: str, uid: str, started_at: datetime, parameters: Mapping[str, str]
) -> dict[str, str]:
    """What does not change while the workflow runs."""
    listed = gotext.to_json([{"name": key, "value": value} for key, value in parameters.items()])
    created = gotext.rfc3339(started_at)
    return {
        "workflow.name": name,
        "workflow.namespace": manifest.namespace,
        "workflow.uid": uid,
        "workflow.mainEntrypoint": manifest.spec.entrypoint or "",
        "workflow.serviceAccountName": manifest.spec.service_account_name,
        "workflow.creationTimestamp": created,
        "workflow.creationTimestamp.RFC3339": created,
        "workflow.creationTimestamp.s": str(int(started_at.timestamp())),
        **{f"workflow.creationTimestamp.{sign}": started_at.strftime(f"%{sign}") for sign in "YmdHMSBbajyIpAFT"},
        "workflow.parameters": listed,
        "workflow.parameters.json": listed,
        **{f"workflow.parameters.{key}": value for key, value in parameters.items()},
        **{f"workflow.labels.{key}": value for key, value in manifest.labels.items()},
        **{f"workflow.annotations.{key}": value for key, value in manifest.annotations.items()},
    }


def of_inputs(inputs: Inputs) -> dict[str, str]:
    """The input parameters of a template, one by one and all at once."""
    found = {f"inputs.parameters.{each.name}": each.value for each in inputs.parameters if each.value is not None}
    found["inputs.parameters"] = gotext.to_json([each.to_dict() for each in inputs.parameters])
    return found


def of_paths(template: Template, place: Callable[[str], str]) -> dict[str, str]:
    """Where a container finds its inputs and leaves its outputs; `place` turns a declared path into one that is there."""
    found = {f"inputs.artifacts.{each.name}.path": place(each.path) for each in template.inputs.artifacts if each.path}
    found |= {f"outputs.artifacts.{each.name}.path": place(each.path) for each in template.outputs.artifacts if each.path}
    for parameter in template.outputs.parameters:
        if parameter.value_from and parameter.value_from.path:
            found[f"outputs.parameters.{parameter.name}.path"] = place(parameter.value_from.path)
    return found


def failures(board: Board) -> str:
    """`workflow.failures`: a quoted JSON list of the nodes that failed so far."""
    found = [
        {
            "displayName": node.display_name,
            "message": node.message,
            "templateName": node.template,
            "phase": node.phase,
            "podName": names.pod_name(board.workflow, node.name, node.template),
            "finishedAt": gotext.rfc3339(node.finished_at) if node.finished_at else None,
        }
        for node in board.nodes.values()
        if node.failed
    ]
    return gotext.quote(gotext.to_json(found or None))


class Calls:
    """What tasks or steps have come to: `tasks.NAME.…`, for those names that may be spoken of."""

    def __init__(
        self, board: Board, prefix: str, node_of: Callable[[str], Node | None], template_of: Callable[[str], Template]
    ) -> None:
        self._board = board
        self._prefix = f"{prefix}."
        self._node_of = node_of
        self._template_of = template_of

    def __call__(self, tag: str) -> str | Tag:
        """The value of a tag, if it is about a task that has one."""
        if not tag.startswith(self._prefix):
            return Tag.UNKNOWN
        name, _, what = tag.removeprefix(self._prefix).partition(".")
        node = self._node_of(name)
        if node is None:
            return Tag.UNKNOWN
        if node.kind in {"TaskGroup", "StepGroup"} and what.startswith("outputs."):
            return aggregate(self._turns(node, name), what)
        value = of_node(self._board.last_attempt(node), what)
        return self._default(name, node, what) if value is Tag.UNKNOWN else value

    def artifact(self, tag: str) -> Artifact | None:
        """The artifact that a tag names."""
        name, _, what = tag.removeprefix(self._prefix).partition(".")
        node = self._node_of(name) if tag.startswith(self._prefix) else None
        outputs = self._board.last_attempt(node).outputs if node else None
        return next((each for each in outputs.artifacts if what == f"outputs.artifacts.{each.name}"), None) if outputs else None

    def _turns(self, group: Node, name: str) -> list[Node]:
        before = f"{group.name}(" if group.kind == "TaskGroup" else f"{group.name}.{name}("
        children = (self._board.nodes.get(each) for each in group.children)
        return [each for each in children if each is not None and each.name.startswith(before)]

    def _default(self, name: str, node: Node, what: str) -> str | Tag:
        """A task that did not run has the outputs its template declares: the default of each, or none."""
        if node.phase not in {"Skipped", "Omitted"} or not what.startswith("outputs.parameters."):
            return Tag.UNKNOWN
        for parameter in self._template_of(name).outputs.parameters:
            if what == f"outputs.parameters.{parameter.name}":
                default = parameter.value_from.default if parameter.value_from else None
                return Tag.ABSENT if default is None else default
        return Tag.UNKNOWN


def of_node(node: Node, what: str) -> str | Tag:
    """One thing about a node: its status, its times, what it put out."""
    outputs = node.outputs or Outputs()
    if what.startswith("outputs.parameters."):
        name = what.removeprefix("outputs.parameters.")
        value = next((each.value for each in outputs.parameters if each.name == name), None)
    else:
        value = {
            "id": node.id,
            "status": node.phase,
            "startedAt": gotext.rfc3339(node.started_at),
            "finishedAt": gotext.rfc3339(node.finished_at) if node.finished_at else None,
            "outputs.result": outputs.result,
            "exitCode": outputs.exit_code,
        }.get(what)
    return Tag.UNKNOWN if value is None else value


def aggregate(turns: list[Node], what: str) -> str | Tag:
    """What the turns of a loop put out, as a JSON list; turns that did not succeed are left out.

    Raises Unresolved: a result is no JSON.
    """
    outputs = [each.outputs for each in turns if each.phase == "Succeeded" and each.outputs]
    if what == "outputs.result":
        return "[" + ",".join(_json(each.result) for each in outputs if each.result is not None) + "]"
    if what == "outputs.parameters":
        listed = [{each.name: each.value or "" for each in one.parameters} for one in outputs if one.parameters]
        return gotext.to_json([dict(sorted(each.items())) for each in listed])
    name = what.removeprefix("outputs.parameters.")
    values = [each.value or "" for one in outputs for each in one.parameters if each.name == name]
    return _values(values) if values else Tag.UNKNOWN


def _json(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as error:
        message = f"a result of the loop is not JSON: {error}"
        raise Unresolved(message) from error
    return items.compact(text)


def _values(values: list[str]) -> str:
    """Parsed when all of them are lists or maps, else as strings."""
    parsed = []
    for each in values:
        try:
            parsed.append(json.loads(each))
        except ValueError:
            return gotext.to_json(values)
    if all(isinstance(each, list | dict) for each in parsed):
        return gotext.to_json([_sorted(each) for each in parsed])
    return gotext.to_json(values)


def _sorted(value: object) -> object:
    """Go writes maps in the order of their keys."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value
