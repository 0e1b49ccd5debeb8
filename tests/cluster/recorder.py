"""A Workflow's status cut down to what a golden keeps: no times, addresses or resources."""

from __future__ import annotations

from typing import Any


def record(workflow: dict[str, Any]) -> dict[str, Any]:
    """What the goldens in tests/golden/argo are made of."""
    status = workflow.get("status", {})
    nodes = status.get("nodes", {})
    names = {key: node["name"] for key, node in nodes.items()}
    return {
        "phase": status.get("phase", ""),
        "message": status.get("message", ""),
        "outputs": _outputs(status.get("outputs", {})),
        "nodes": {node["name"]: _node(node, names) for node in nodes.values()},
    }


def _node(node: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    outputs, inputs = node.get("outputs", {}), node.get("inputs", {})
    kept = _outputs(outputs) | {key: outputs[key] for key in ("exitCode", "result") if key in outputs}
    kept["artifacts"] = [each for each in kept["artifacts"] if each["name"] != "main-logs"]
    found = {
        "displayName": node["displayName"],
        "type": node["type"],
        "phase": node.get("phase", ""),
        "message": node.get("message", ""),
        "templateName": node.get("templateName", ""),
        "id": node["id"],
        "boundary": names.get(node.get("boundaryID", ""), ""),
        "children": [names.get(each, f"missing:{each}") for each in node.get("children", [])],
        "outputs": kept,
        "inputs": {
            "parameters": _parameters(inputs),
            "artifacts": [{"name": each["name"]} for each in inputs.get("artifacts", [])],
        },
    }
    if reference := node.get("templateRef"):
        found["templateRef"] = f"{reference['name']}/{reference['template']}"
    return found


def _outputs(outputs: dict[str, Any]) -> dict[str, Any]:
    artifacts = [{"name": each["name"], "key": each.get("s3", {}).get("key", "")} for each in outputs.get("artifacts", [])]
    return {"parameters": _parameters(outputs), "artifacts": artifacts}


def _parameters(part: dict[str, Any]) -> list[dict[str, str]]:
    return [{key: each[key] for key in ("name", "value") if key in each} for each in part.get("parameters", [])]


def differences(golden: Any, anew: Any, path: str = "") -> list[str]:
    """What is not as recorded, a line each. Children are sets: Argo's own order of them comes out of a map."""
    if isinstance(golden, dict) and isinstance(anew, dict):
        return [
            line
            for key in sorted(golden.keys() | anew.keys())
            for line in differences(_plain(key, golden.get(key)), _plain(key, anew.get(key)), f"{path}/{key}")
        ]
    return [] if golden == anew else [f"{path}: recorded {golden!r}, now {anew!r}"]


def _plain(key: str, value: Any) -> Any:
    return sorted(value) if key == "children" and isinstance(value, list) else value
