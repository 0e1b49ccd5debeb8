"""Node trees as the real controller made them (Argo 4.1.2), and how ours is held against one.

The goldens are what `kubectl get workflow -o json` said, cut down to what both sides can know: no times, pods' addresses or
resources. Children are compared as sets, because Argo's own order of them is random, except where they are turns or attempts.
"""

from __future__ import annotations

from typing import Any

from pipelines.local.nodes import Node, Status


def differences(golden: dict[str, Any], status: Status, *, but: frozenset[str] = frozenset()) -> list[str]:
    """What is not as in the golden, a line each; `but`: fields of nodes that are not compared, as `NAME.message`."""
    ours = {node.name: _as_golden(node, status) for node in status.nodes.values()}
    found = [f"node {name} is missing" for name in golden["nodes"] if name not in ours]
    found += [f"node {name} is too much" for name in ours if name not in golden["nodes"]]
    found += _unequal("workflow", golden, {"phase": status.phase, "message": status.message}, but)
    if _sorted(golden["outputs"]["parameters"]) != _sorted(_parameters(status.outputs)) and "workflow.outputs" not in but:
        found.append(f"workflow outputs: {_parameters(status.outputs)}, in Argo {golden['outputs']['parameters']}")
    for name, node in ours.items():
        found += _unequal(name, _without_order(golden["nodes"].get(name)), node, but)
    return found


def _unequal(name: str, golden: dict[str, Any] | None, ours: dict[str, Any], but: frozenset[str]) -> list[str]:
    if golden is None:
        return []
    keys = [key for key in ours if f"{name}.{key}" not in but and golden[key] != ours[key]]
    return [f"{name} {key}: {ours[key]!r}, in Argo {golden[key]!r}" for key in keys]


def _as_golden(node: Node, status: Status) -> dict[str, Any]:
    names = {each.id: each.name for each in status.nodes.values()}
    outputs: dict[str, Any] = {"parameters": _parameters(node.outputs), "artifacts": _artifacts(node.outputs)}
    if node.outputs and node.outputs.exit_code is not None:
        outputs["exitCode"] = node.outputs.exit_code
    if node.outputs and node.outputs.result is not None:
        outputs["result"] = node.outputs.result
    found = {
        "id": node.id,
        "displayName": node.display_name,
        "type": node.kind,
        "phase": node.phase,
        "message": node.message,
        "templateName": node.template_name,
        "boundary": names.get(node.boundary_id, ""),
        "children": [names.get(each, each) for each in node.children],
        "inputs": {"parameters": _parameters(node.inputs), "artifacts": _names(node.inputs)},
        "outputs": outputs,
    }
    if node.template_ref:
        found["templateRef"] = f"{node.template_ref.name}/{node.template_ref.template}"
    return _without_order(found)


def _without_order(node: dict[str, Any] | None) -> dict[str, Any] | None:
    if node is None or node["type"] in {"TaskGroup", "Retry"}:
        return node
    return node | {"children": sorted(node["children"])}


def _parameters(part: Any) -> list[dict[str, str]]:
    listed = part.parameters if part else ()
    return [{"name": each.name} | ({"value": each.value} if each.value is not None else {}) for each in listed]


def _artifacts(part: Any) -> list[dict[str, str]]:
    return [{"name": each.name, "key": each.s3.key if each.s3 else ""} for each in (part.artifacts if part else ())]


def _names(part: Any) -> list[dict[str, str]]:
    return [{"name": each.name} for each in (part.artifacts if part else ())]


def _sorted(parameters: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(parameters, key=lambda each: each["name"])
